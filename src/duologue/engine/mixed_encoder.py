"""Sentence vectors to learn from few examples with: the encoder with attention, and a share of the static one in English too.

Implements `protocol.Encoder`. It runs the very network of `attentive_encoder.py` and remembers with it: a text that was searched
for is not read again. The search itself takes English by attention alone, where a share of the static encoder loses.
"""

from pathlib import Path

from duologue.engine.folder_encoder import FolderEncoder
from duologue.lm.vectors.attentive_model import EMBEDDED, ENGLISH_SHARE, AttentiveModel


class MixedEncoder(FolderEncoder):
    """The mixed encoder of a folder; some ms of a thread's time for a text. Raises FileNotFoundError."""

    def __init__(self, folder: Path = EMBEDDED, share: float = ENGLISH_SHARE) -> None:
        super().__init__(folder, AttentiveModel.load)
        if isinstance(self._model, AttentiveModel):
            self._model = self._model.mix(share)
