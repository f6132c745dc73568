"""How a local model is run. Free of torch, so that who joins the parts can say it before anything heavy is imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Precision = Literal["auto", "fp32", "fp16", "int8"]


@dataclass(frozen=True, slots=True)
class Options:
    """`max_batch` sequences are written at once, `max_waiting` more may wait, a step reads about `step_tokens`.

    `cache_tokens` 0 leaves the size of the cache to the program. At most `lookup` tokens are guessed by looking up what followed
    the last time (0: none); a `draft` model, of the same vocabulary and at least the same context, guesses `draft_tokens` instead.
    `adapters` are PEFT folders by name. `build_dir` keeps the compiled step; None is the user's cache folder.
    """

    precision: Precision = "auto"
    threads: int = 1
    max_batch: int = 32
    max_waiting: int = 256
    step_tokens: int = 256
    cache_tokens: int = 0
    lookup: int = 4
    draft: Path | None = None
    draft_tokens: int = 4
    adapters: Mapping[str, Path] = field(default_factory=dict)
    build_dir: Path | None = None
