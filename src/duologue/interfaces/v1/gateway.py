"""What stands behind /v1: the models by name, the encoder, who may ask, how often, and what is counted.

`bootstrap` makes one, for the platform or for the engine alone.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from duologue.accounts.keys.model import SCOPES
from duologue.engine.protocol import Encoder, Engine
from duologue.engine.speech import Hear, Say
from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.kept import KeptResponses
from duologue.interfaces.v1.measure import Meter


@dataclass(frozen=True, slots=True)
class Served:
    """A model under the name by which clients ask for it. `adapters` are served as models `name:adapter`."""

    name: str
    engine: Engine
    created: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the id of his key, what it is good for, and where the tokens that he used are counted.

    Without keys everybody is the same caller.
    """

    key_id: str = ""
    scopes: frozenset[str] = frozenset(SCOPES)
    spend: Callable[[int], None] = lambda tokens: None


Authenticate = Callable[[str], Awaitable[Caller]]
"""Whose bearer token this is. Raises NotSignedIn, or TooManyRequests where the key is used too often."""


@dataclass(kw_only=True)
class Gateway:
    """The models and their callers. Without `authenticate` no key is needed."""

    models: Mapping[str, Served]
    encoders: Mapping[str, Encoder] = field(default_factory=dict)
    hear: Hear | None = None
    say: Say | None = None
    authenticate: Authenticate | None = None
    meter: Meter = field(default_factory=Meter)
    responses: KeptResponses = field(default_factory=KeptResponses)

    def find(self, name: str) -> tuple[Served, str]:
        """A model by name, and the adapter that the name asks for. Raises RequestError 404, as OpenAI does."""
        if name in self.models:
            return self.models[name], ""
        base, _, adapter = name.rpartition(":")
        if base in self.models and adapter in self.models[base].engine.info.adapters:
            return self.models[base], adapter
        if name in self.encoders:
            raise RequestError(f"The model `{name}` makes embeddings and writes no text.", param="model", code="model_not_found")
        if name in self.speech():
            raise RequestError(f"The model `{name}` is for speech and writes no text.", param="model", code="model_not_found")
        raise _no_model(name)

    def speech(self) -> list[str]:
        """The names of the models of speech."""
        return [port.name for port in (self.hear, self.say) if port is not None]

    def find_hear(self, name: str) -> Hear:
        """The model that listens, if this is its name. Raises RequestError."""
        if self.hear is None or self.hear.name != name:
            raise _no_model(name)
        return self.hear

    def find_say(self, name: str) -> Say:
        """The model that speaks, if this is its name. Raises RequestError."""
        if self.say is None or self.say.name != name:
            raise _no_model(name)
        return self.say

    def find_encoder(self, name: str) -> Encoder:
        """An encoder by name. Raises RequestError."""
        if name in self.encoders:
            return self.encoders[name]
        if name in self.models:
            listed = ", ".join(self.encoders) or "none"
            raise RequestError(
                f"The model `{name}` makes no embeddings; those that do: {listed}.", param="model", code="model_not_found"
            )
        raise _no_model(name)

    def render_metrics(self) -> str:
        """The models' part of /metrics."""
        return self.meter.render((s.name, s.engine) for s in self.models.values())

    def names(self) -> Sequence[tuple[str, int]]:
        """All names that can be asked for, with the time of their start."""
        started = int(self.meter.started)
        written = [(s.name, s.created) for s in self.models.values()]
        adapted = [(f"{s.name}:{a}", s.created) for s in self.models.values() for a in s.engine.info.adapters]
        return [*written, *adapted, *((name, started) for name in (*self.encoders, *self.speech()))]


def _no_model(name: str) -> RequestError:
    sentence = f"The model `{name[:200]}` does not exist or you do not have access to it."
    return RequestError(sentence, param="model", code="model_not_found", status=404)


def get_gateway(request: Request) -> Gateway:
    """The gateway of the application that answers this request."""
    gateway: Gateway = request.app.state.gateway
    return gateway


Joined = Annotated[Gateway, Depends(get_gateway)]
