"""The port for text recognition, and the library behind it (extra `ocr`): RapidOCR with its wheel's models, English and Chinese.

Knows pixels and lines of text; no PDF, no homework.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from duologue.kit.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read, and how sure the reader is, in 0–1. `top`, `left`, `height`, `width` in pixels."""

    text: str
    confidence: float
    top: float = 0.0
    left: float = 0.0
    height: float = 0.0
    width: float = 0.0


class ReadsImages(Protocol):
    """Reads the text of a picture."""

    def read(self, pixels: Any) -> Sequence[Line]:
        """The lines of an (h, w, 3) array of bytes in RGB, in no order, read as the picture lies. Safe from several threads."""
        ...


class RapidReader:
    """RapidOCR on onnxruntime, with the models that its wheel carries; nothing is fetched."""

    def __init__(self) -> None:
        import logging

        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.WARNING)
        self._engine: Any = RapidOCR(params={"Global.log_level": "warning", "EngineConfig.onnxruntime.intra_op_num_threads": 1})
        self._lock = threading.Lock()

    def read(self, pixels: Any) -> Sequence[Line]:
        """See `ReadsImages`."""
        with self._lock:
            # without the library's turning of single lines: a sheet upside down would be read well, in the wrong order
            found = self._engine(pixels[:, :, ::-1].copy(), use_cls=False)
        import numpy as np

        if found.txts is None or found.boxes is None or found.scores is None:
            return ()
        return [
            Line(str(text), float(score), float(box[:, 1].min()), float(box[:, 0].min()), float(np.ptp(box[:, 1])),
                 float(np.ptp(box[:, 0])))
            for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
        ]  # fmt: skip


def is_installed() -> bool:
    """Whether photographs can be read."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def make_reader(has_extra: bool) -> ReadsImages:
    """A reader. Raises Unavailable with a sentence where the extra is not installed."""
    if not has_extra:
        raise Unavailable(
            "Photographs and scans cannot be read here: text recognition is not installed (pip install 'duologue[ocr]'). "
            "Type the answer, or send a PDF that holds text."
        )
    return RapidReader()


@cache
def get_reader() -> ReadsImages:
    """The reader of this process, made at its first use. Raises Unavailable."""
    return make_reader(is_installed())
