"""The encoder that needs no training: hashed character n-grams. It finds typos and inflections, not meaning, and no translation.

Feature hashing: Weinberger et al., ICML 2009. Knows no model; a trained one comes through the same port (`model.Encode`).
"""

import asyncio
import zlib
from collections.abc import Sequence

import numpy as np

from duologue.kit.text import normalise, words

DIM = 512


class HashingEncoder:
    """Unit vectors of hashed n-grams: 3 to 5 letters of Latin words with their borders, 1 to 2 characters of Chinese ones."""

    name = "hashing-1"
    dim = DIM

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, (n, dim); zeros for a text without words."""
        return await asyncio.to_thread(lambda: [self.encode_one(text).tolist() for text in texts])

    def encode_one(self, text: str) -> np.ndarray:
        """One vector, (dim,) float32."""
        vector = np.zeros(DIM, np.float32)
        for gram, count in _grams(text).items():
            code = zlib.crc32(gram.encode())
            vector[code % DIM] += (1.0 if code >> 31 else -1.0) * np.sqrt(count)
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


def _grams(text: str) -> dict[str, int]:
    grams: dict[str, int] = {}
    for word in words(normalise(text)):
        if word.isascii():
            marked = f"<{word}>"
            parts = [marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)] or [marked]
        else:
            parts = [*word, *(word[i : i + 2] for i in range(len(word) - 1))]
        for part in parts:
            grams[part] = grams.get(part, 0) + 1
    return grams
