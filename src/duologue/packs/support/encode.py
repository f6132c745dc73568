"""The encoder as the pack's models see it: texts in, vectors out. Knows no model; the program hands one in, or none."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encode(Protocol):
    """Sentence vectors in the language of the text. Vectors of different names are never mixed."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text, (n, d), of unit length; a row of zeros for a text it cannot read."""
        ...
