"""No model at all: what answers where none is set up, or where none may be asked. Knows no setting."""

from collections.abc import AsyncIterator

from duologue.engine.protocol import EngineInfo, GenerationRequest, TokenEvent
from duologue.kit.errors import ModelUnavailable


class NoEngine:
    """Answers are made of quotes, earlier verdicts and what tools say. `why` is what `generate` raises."""

    def __init__(self, why: str = "No language model is set up (DUOLOGUE_ENGINE=none).") -> None:
        self._why = why

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("none", "none", 0, False, False)

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """Always raises ModelUnavailable."""
        raise ModelUnavailable(self._why)
        yield

    async def aclose(self) -> None:
        """Nothing is held."""
