"""`duologue eval parity | text | lm`: language models beside independent ones, on texts, and on the tasks of others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.table import Table

from duologue.interfaces.cli.run import err, out, print_json
from duologue.kit.errors import Invalid, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def print_parity(*, as_json: bool) -> None:
    """The table of comparisons. Raises Invalid where one is further apart than it may be, after printing all."""
    _need_torch()
    from duologue.lm.judging.parity import compare_all

    rows = list(_watched("comparing …", compare_all()))
    _print(rows, "allowed", as_json=as_json)
    apart = [row for row in rows if row["value"] is not None and not row["value"] <= row["baseline"]]
    if apart:
        raise Invalid(f"{len(apart)} of {len(rows)} comparisons are further apart than they may be, first {apart[0]['note']}.")


def print_texts(name: str, places: Sequence[str], *, as_json: bool) -> None:
    """A model's figures on texts."""
    _need_torch()
    from duologue.lm.checkpoints.convert import find_model
    from duologue.lm.judging.evaluate import evaluate_texts

    _print(list(_watched("reading …", evaluate_texts(find_model(name), places))), "baseline", as_json=as_json)


def print_harness(name: str, tasks: Sequence[str], limit: int | None, num_fewshot: int | None, *, as_json: bool) -> None:
    """A model's figures on tasks of lm-evaluation-harness."""
    _need_torch()
    from duologue.lm.checkpoints.convert import find_model
    from duologue.lm.judging.harness import run_harness

    _print(run_harness(find_model(name), list(tasks), limit, num_fewshot), "baseline", as_json=as_json)


def _watched(words: str, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    with err.status(words):
        yield from rows


def _print(rows: Sequence[dict[str, Any]], beside: str, *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(row | {k: None for k in ("value", "baseline") if row[k] is not None and not math.isfinite(row[k])})
        return
    table = Table("task", "metric", "value", beside, "n", "note", box=None)
    for row in rows:
        table.add_row(row["task"], row["metric"], _figure(row["value"]), _figure(row["baseline"]), str(row["n"]), row["note"])
    out.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as error:
        raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[local]'.") from error
