"""Sentence vectors from the small bilingual encoder that comes with the program: numpy only, no torch, no network.

Implements `protocol.Encoder`. What it is made of and measured at: the model card beside its weights.
"""

from collections.abc import Sequence
from pathlib import Path

from duologue.engine.folder_encoder import FolderEncoder
from duologue.lm.vectors.static_model import EMBEDDED, StaticModel


class StaticEncoder(FolderEncoder):
    """The encoder of a folder. Raises FileNotFoundError where there is none."""

    def __init__(self, folder: Path = EMBEDDED) -> None:
        super().__init__(folder, StaticModel.load)

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, (n, dim)."""
        if len(texts) == 1:  # a question: less work than the way to a thread and back
            return [self._model.encode(texts)[0].tolist()]
        return await super().encode(texts)
