"""Sentence vectors from the bilingual encoder with attention that comes with the program: numpy only, no torch, no network.

Implements `protocol.Encoder`. What it is made of and measured at: the model card beside its weights. The static encoder
(`static_encoder.py`) is a hundred times as fast and knows words, not sentences.
"""

from pathlib import Path

from duologue.engine.folder_encoder import FolderEncoder
from duologue.lm.vectors.attentive_model import EMBEDDED, AttentiveModel


class AttentiveEncoder(FolderEncoder):
    """The encoder of a folder; some ms of a thread's time for a text, more for a long one. Raises FileNotFoundError."""

    def __init__(self, folder: Path = EMBEDDED) -> None:
        super().__init__(folder, AttentiveModel.load)
