"""A run on the screen: a bar with the loss, bits per byte by language, tokens per second, share of the peak, time left."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """A progress bar; a context. `peak` gives the share of the peak from tokens per second, or None."""

    def __init__(self, total: int, done: int, *, show: bool, peak: Callable[[float], float] | None = None) -> None:
        columns = (
            TextColumn("{task.completed}/{task.total}"),
            BarColumn(bar_width=18),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not show)
        self._task = self._progress.add_task("starting", total=total, completed=done)
        self._peak, self._measured, self._speed = peak, "", 0.0

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *gone: object) -> None:
        self._progress.stop()

    def show(self, row: Mapping[str, Any]) -> None:
        """Move on to the step of a log's row."""
        if measured := row.get("bits_per_byte"):
            self._measured = " ".join(f"{lang} {value:.3f}" for lang, value in measured.items()) + " bpb"
        words = [f"loss {row['loss']:.3f}"]
        if "margin" in row:
            words.append(f"margin {row['margin']:.2f} right {row['accuracy']:.0%}")
        if speed := row.get("tokens_per_s"):
            self._speed = speed if not self._speed else 0.8 * self._speed + 0.2 * speed
            words.append(f"{self._speed:.0f} tok/s")
            if self._peak is not None:
                words.append(f"{self._peak(self._speed):.0%} of peak")
        words.append(self._measured)
        self._progress.update(self._task, completed=row["step"], description=" ".join(w for w in words if w))
