"""What `duologue eval education` prints: each figure beside its baseline, one module for each task.

Knows which module measures which task and which row belongs to which; knows no model. Rows are dicts
`{"task", "metric", "value", "baseline", "n", "note"}`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid

Row = dict[str, object]
Rows = list[dict[str, Any]]
Measure = Callable[[Rows, Rows, Path | None], Iterator[Row]]
"""`measure(train, test, data_dir)`: the rows of one task; both lists are empty where no folder was named."""

TASKS = ("tracing", "grading", "math", "essay", "code", "tutor", "path", "resources")
"""Each is the name of the module here that measures it."""
ALONE = ("math", "code", "tutor", "path", "resources")
"""Tasks that the pack's own material can measure, without a folder."""

_KEYS: tuple[tuple[str, frozenset[str]], ...] = (
    ("tracing", frozenset({"user", "correct"})),
    ("grading", frozenset({"question", "answer", "label"})),
    ("math", frozenset({"key", "answer", "correct"})),
    ("essay", frozenset({"text", "scores"})),
    ("code", frozenset({"program", "correct"})),
    ("tutor", frozenset({"problem", "first_wrong_step"})),
    ("tutor", frozenset({"reply", "reveals"})),
    ("resources", frozenset({"query", "resource", "relevant"})),
)


def run(
    tasks: Sequence[str] = (), data_dir: Path | None = None, encode: object | None = None, sentences: object | None = None
) -> Iterator[Row]:
    """The figures of the named tasks, one row at a time; without a name, of all tasks for which there is something to measure.

    `data_dir` holds `test.jsonl` and mostly `train.jsonl`; without it the pack's own sets are measured. Raises Invalid for an
    unknown task, a missing file, or a named task without rows.
    """
    unknown = [name for name in tasks if name not in TASKS]
    if unknown:
        raise Invalid(f"Unknown task {unknown[0]!r}; choose of {', '.join(TASKS)}.")
    train: dict[str, Rows] = {}
    test: dict[str, Rows] = {}
    unreadable = 0
    if data_dir is not None:
        test, unreadable = _read(data_dir / "test.jsonl")
        if (data_dir / "train.jsonl").is_file():
            train, more = _read(data_dir / "train.jsonl")
            unreadable += more
    there = [name for name in TASKS if (test.get(name) if data_dir is not None else name in ALONE) and _is_there(name)]
    chosen = [name for name in TASKS if name in tasks] if tasks else there
    empty = [name for name in chosen if name != "path" and name not in there]
    if empty or not chosen:
        where = "test.jsonl has no rows" if data_dir is not None else "The pack has no set of its own"
        raise Invalid(
            f"{where} for {empty[0] if empty else 'any task'}; name a folder that has with --data.", unreadable=unreadable
        )
    for name in chosen:
        module = import_module(f"{__package__}.{name}")
        given: dict[str, Any] = {}
        if name == "grading":
            given = {"encode": encode, "sentences": sentences}
        elif name == "resources":
            given = {"encode": sentences or encode}
        yield from module.measure(train.get(name, []), test.get(name, []), data_dir, **given)
    if unreadable:
        yield {"task": "rows", "metric": "unreadable", "value": unreadable, "baseline": None, "n": unreadable,
               "note": "rows that could not be read were left out"}  # fmt: skip


def _is_there(task: str) -> bool:
    return find_spec(f"{__package__}.{task}") is not None


def _read(path: Path) -> tuple[dict[str, Rows], int]:
    """The rows by task, and how many could not be read. Raises Invalid where the file is missing or no text."""
    if not path.is_file():
        raise Invalid(f"There is no {path.name} in the data folder; it holds one JSON object per line.", file=path.name)
    found: dict[str, Rows] = {}
    unreadable = 0
    with path.open(encoding="utf-8-sig") as lines:
        try:
            for line in lines:
                if not line.strip():
                    continue
                task, row = _sort(line)
                if row is None:
                    unreadable += 1
                else:
                    found.setdefault(task, []).append(row)
        except UnicodeDecodeError as error:
            raise Invalid(f"{path.name} is not UTF-8 text; save it in UTF-8.", file=path.name) from error
    return found, unreadable


def _sort(line: str) -> tuple[str, dict[str, Any] | None]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(row, dict):
        return "", None
    for task, keys in _KEYS:
        if keys <= row.keys():
            return task, row
    return "", None
