"""Sentence vectors from the bilingual encoder with attention that comes with the program: numpy only, no torch, no network.

Implements `protocol.Encoder`. What it is made of and measured at: the model card beside its weights. The static encoder
(`static_encoder.py`) is a hundred times as fast and knows words, not sentences.
"""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from duologue.lm.attentive_model import EMBEDDED, AttentiveModel

_lock = threading.Lock()
_loaded: dict[Path, AttentiveModel] = {}


class AttentiveEncoder:
    """The encoder of a folder; read once in a process. Raises FileNotFoundError where there is none."""

    def __init__(self, folder: Path = EMBEDDED) -> None:
        with _lock:
            if folder not in _loaded:
                _loaded[folder] = AttentiveModel.load(folder)
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
        """One unit-length vector per text, (n, dim); some ms of a thread's time each, more for long ones."""
        if not len(texts):
            return []
        vectors: list[list[float]] = (await asyncio.to_thread(self._model.encode, list(texts))).tolist()
        return vectors
