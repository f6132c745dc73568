"""Ordinary texts: some hold a model while it learns, on others it is measured what it has forgotten.

Two kinds: the house's own, half of which hold it, and general ones, the reading that packs bring, of which none does. A text of
the house is never general too. Knows files and texts only.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_TEXT, MOST_MEASURED = 1_200, 48
"""Characters of a text that are read, and texts of each kind on which forgetting is measured."""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """`replay` may be read while it learns; `house` and `general` are only measured on."""

    replay: tuple[str, ...]
    house: tuple[str, ...]
    general: tuple[str, ...]


def read_texts(folders: Iterable[Path]) -> list[str]:
    """The Markdown texts under these folders, without their heads."""
    paths = sorted({path for folder in folders for path in folder.glob("**/*.md")})
    return [path.read_text("utf-8").split("---", 2)[-1].strip() for path in paths]


def split_texts(house: Sequence[str], general: Sequence[str]) -> Ordinary:
    """Which text serves for what. Drawn by content alone: by their titles, all Chinese ones would stand in one half."""
    own = _draw(house)
    half = len(own) // 2
    known = {line.strip() for text in house for line in text.splitlines()}
    others = [text for text in _draw(general) if not _is_of(text, known)]
    return Ordinary(tuple(own[:half]), tuple(own[half:][:MOST_MEASURED]), tuple(others[:MOST_MEASURED]))


def _draw(texts: Sequence[str]) -> list[str]:
    cut = {text.strip()[:LONGEST_TEXT] for text in texts if text.strip()}
    return sorted(cut, key=lambda text: hashlib.sha256(text.encode()).digest())


def _is_of(text: str, known: Collection[str]) -> bool:
    """Whether most lines of a text are the house's, for one that was taken in may have lost its head or its end."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return sum(line in known for line in lines) * 2 > len(lines)
