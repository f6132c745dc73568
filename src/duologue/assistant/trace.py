"""The steps of a turn as they were: input, output, time. Personal data are masked before they are kept."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from duologue.assistant.guard import Mask
from duologue.assistant.model import Step
from duologue.kit.clock import Clock

MOST_CHARS = 2_000


class Trace:
    """Collects the steps of one turn; what was reached stays readable when the turn is cut short."""

    def __init__(self, clock: Clock, mask: Mask) -> None:
        self._clock = clock
        self._mask = mask
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str, **given: Any) -> Iterator[dict[str, Any]]:
        """Time a step; fill the dictionary with its output."""
        started, began = self._clock.now(), time.perf_counter()
        out: dict[str, Any] = {}
        try:
            yield out
        except BaseException as error:
            out.setdefault("error", type(error).__name__)
            raise
        finally:
            ms = round((time.perf_counter() - began) * 1000, 2)
            self.steps.append(Step(name, started, ms, self._show(given), self._show(out)))

    def _show(self, values: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self._mask_all(values)
        return shown

    def _mask_all(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask.hide(value[:MOST_CHARS])
        if isinstance(value, dict):
            return {str(k): self._mask_all(v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._mask_all(v) for v in value]
        return value if value is None or isinstance(value, bool | int | float) else self._mask.hide(str(value)[:MOST_CHARS])
