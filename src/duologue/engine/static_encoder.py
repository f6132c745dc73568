"""Sentence vectors from the small bilingual encoder that comes with the program: numpy only, no torch, no network.

Implements `protocol.Encoder`. What it is made of and measured at: the model card beside its weights.
"""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from duologue.lm.static_model import EMBEDDED, StaticModel

_lock = threading.Lock()
_loaded: dict[Path, StaticModel] = {}


class StaticEncoder:
    """The encoder of a folder; read once in a process. Raises FileNotFoundError where there is none."""

    def __init__(self, folder: Path = EMBEDDED) -> None:
        with _lock:
            if folder not in _loaded:
                _loaded[folder] = StaticModel.load(folder)
        self._model = _loaded[folder]

    @property
    def name(self) -> str:
        """Name and version; vectors of different names are never compared."""
        return self._model.name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._model.dim

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, (n, dim)."""
        if len(texts) == 1:  # a question: less work than the way to a thread and back
            return [self._model.encode(texts)[0].tolist()]
        vectors: list[list[float]] = (await asyncio.to_thread(self._model.encode, list(texts))).tolist()
        return vectors
