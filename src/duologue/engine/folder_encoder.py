"""Sentence vectors from a model that stands in a folder: read once in a process, run off the event loop.

What `static_encoder` and `attentive_encoder` share; implements `protocol.Encoder`. Knows no weights.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class VectorModel(Protocol):
    """What a folder holds: texts in, unit-length vectors out."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dim)."""
        ...


_lock = threading.Lock()
_loaded: dict[Path, VectorModel] = {}


class FolderEncoder:
    """The encoder of a folder, as `load` reads it. Raises FileNotFoundError where there is none."""

    def __init__(self, folder: Path, load: Callable[[Path], VectorModel]) -> None:
        with _lock:
            if folder not in _loaded:
                _loaded[folder] = load(folder)
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
        if not len(texts):
            return []
        vectors: list[list[float]] = (await asyncio.to_thread(self._model.encode, list(texts))).tolist()
        return vectors

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `encode`, in the caller's own thread: for one short text that is waited for."""
        return self._model.encode(list(texts))

    async def pieces(self, texts: Sequence[str]) -> list[tuple[list[int], NDArray[np.float32]]] | None:
        """Each text's piece numbers and their unit vectors in the last layer, (T, D); None for a model without layers."""
        read = getattr(self._model, "pieces", None)
        return None if read is None else await asyncio.to_thread(read, list(texts))
