"""The figures of `--task tutor`: the first wrong step beside simple rules, leaks at scripted pupils, the leak rule beside people.

A row: `problem`, `solution` (the learner's, a list or a text), `dialogue`, `first_wrong_step` (from 0, or the words),
maybe `reference`. Rows `reply`, `reference`, `reveals` measure the leak rule. Learns from `train` where it has 100 rows or more.
"""

import json
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from duologue.kit.text import Lang, normalise
from duologue.packs.education.course import sample_course
from duologue.packs.education.tutor.leak import find_leak
from duologue.packs.education.tutor.tutor import LADDER, Tutor, TutorState
from duologue.packs.education.tutor.wrong_step import WrongStep, check_sums, find_broken_line, split_steps

Row = dict[str, object]
PUPILS = Path(__file__).parents[1] / "evals" / "pupils.json"
LEAST_ROWS = 100


def measure(train: list[dict[str, Any]], test: list[dict[str, Any]], data_dir: Path | None) -> Iterator[Row]:
    """First wrong step where rows name it, the leak rule where rows are judged, and always the scripted pupils."""
    if steps := [row for row in test if "first_wrong_step" in row]:
        yield from _steps([row for row in train if "first_wrong_step" in row], steps)
    if judged := [row for row in test if "reveals" in row]:
        yield from _judge(judged)
    yield from _pupils()


def asked_of(dialogue: object) -> str:
    """What the teacher said in a dialogue: turns as mappings, as "Teacher: …" lines, or one text."""
    turns = dialogue if isinstance(dialogue, Sequence) and not isinstance(dialogue, str) else str(dialogue or "").splitlines()
    said = []
    for turn in turns:
        if isinstance(turn, Mapping):
            who = str(turn.get("user") or turn.get("role") or turn.get("speaker") or "")
            text = str(turn.get("text") or turn.get("content") or "")
        else:
            who, _, text = str(turn).partition(":")
        if who.strip().casefold() in ("teacher", "tutor", "assistant", "老师"):
            said.append(text)
    return " ".join(said)


def place_of(steps: Sequence[str], first: object) -> int | None:
    """The index that a row names: a number from 0, or the words of the step. None where there is no such step."""
    if isinstance(first, bool) or first is None:
        return None
    try:
        place = int(float(str(first)))
    except (ValueError, OverflowError):
        wanted = normalise(str(first)).casefold()
        return next((k for k, step in enumerate(steps) if wanted and wanted in normalise(step).casefold()), None)
    return place if 0 <= place < len(steps) else None


def _read(rows: Sequence[dict[str, Any]]) -> list[tuple[tuple[str, list[str], str, str], int]]:
    out = []
    for row in rows:
        given = row.get("solution")
        steps = split_steps(given if isinstance(given, list | tuple) else str(given or ""))
        place = place_of(steps, row.get("first_wrong_step"))
        if place is not None:
            reference = str(row.get("reference") or row.get("reference_solution") or "")
            out.append(((str(row.get("problem") or ""), steps, asked_of(row.get("dialogue")), reference), place))
    return out


def _steps(train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]]) -> Iterator[Row]:
    known, asked = _read(train), _read(test)
    model = WrongStep()
    learns = len(known) >= LEAST_ROWS
    if learns:
        model.fit([row for row, _ in known], [place for _, place in known])
    n = len(asked)
    if n:
        said = [int(model.chances(*row).argmax()) for row, _ in asked]
        right = [place for _, place in asked]
        second = sum(min(1, len(row[1]) - 1) == place for row, place in asked) / n
        note = f"fitted on {len(known)} rows" if learns else "shipped weights"
        hits = sum(a == b for a, b in zip(said, right, strict=True))
        yield _row("first_wrong_step_accuracy", hits / n, second, n, f"{note}; baseline: always the second step")
        near = sum(abs(a - b) <= 1 for a, b in zip(said, right, strict=True))
        yield _row("first_wrong_step_within_one", near / n, None, n, "at most one step away")
        sums = [next((k for k, s in enumerate(row[1]) if any(not c.is_right for c in check_sums(s))), None) for row, _ in asked]
        fired = [(a, b) for a, b in zip(sums, right, strict=True) if a is not None]
        yield _row("false_sum_precision", sum(a == b for a, b in fired) / max(len(fired), 1), None, len(fired),
                   "where a sum is false: how often that is the first wrong step")  # fmt: skip
        lines = [(find_broken_line(row[0], row[1]), place) for row, place in asked]
        hold = [(a, b) for a, b in lines if a is not None]
        yield _row("broken_line_precision", sum(a == b for a, b in hold) / max(len(hold), 1), None, len(hold),
                   "the same with equations that lose their solution")  # fmt: skip
    if n < len(test):
        yield _row("unreadable", len(test) - n, None, len(test), "rows whose first_wrong_step names no step of the solution")


def _judge(rows: Sequence[dict[str, Any]]) -> Iterator[Row]:
    people = [str(row["reveals"]).strip().casefold() not in ("no", "0", "false", "") for row in rows]
    keys = [str(row.get("reference") or "").strip().splitlines() or [""] for row in rows]
    strict = [bool(find_leak(str(row["reply"]), key[-1].strip())) for row, key in zip(rows, keys, strict=True)]
    plain = [bool(key[-1].strip()) and key[-1].strip() in str(row["reply"]) for row, key in zip(rows, keys, strict=True)]
    for metric, k in (("precision", 0), ("recall", 1), ("f1", 2)):
        mine, theirs = _prf(strict, people)[k], _prf(plain, people)[k]
        yield _row(
            f"leak_rule_{metric}",
            mine,
            theirs,
            len(rows),
            "against people; baseline: the last line of the solution is in the reply",
        )


def _prf(said: Sequence[bool], right: Sequence[bool]) -> tuple[float, float, float]:
    both = sum(a and b for a, b in zip(said, right, strict=True))
    p, r = both / max(sum(said), 1), both / max(sum(right), 1)
    return p, r, 2 * p * r / max(p + r, 1e-9)


def pupils(count: int = 100, seed: int = 0) -> list[tuple[dict[str, Any], Lang, list[str]]]:
    """Scripted pupils, half English, half Chinese: (item of the sample course, language, nine messages)."""
    chance = random.Random(seed)
    lines = json.loads(PUPILS.read_text("utf-8"))
    out = []
    langs: tuple[Lang, Lang] = ("en", "zh")
    for lang in langs:
        for item in chance.sample(sample_course(lang).items, count // 2):
            said = [line for kind in ("beg", "trick", "inject") for line in chance.sample(lines[lang][kind], 3)]
            chance.shuffle(said)
            out.append((asdict(item), lang, said))
    return out


def _pupils() -> Iterator[Row]:
    spoken = leaks = begun = told = 0
    levels = [0] * len(LADDER)
    for item, lang, said in pupils():
        tutor, state = Tutor(item, lang), TutorState()
        begun += 1
        for text in said:
            reply = tutor.reply(state, text)
            state = reply.state
            spoken += 1
            told += reply.move == "tell"
            leaks += _gives_away(reply.text, tutor, item)
        levels[max(state.level, 0)] += 1
    reached = ", ".join(f"{n} at level {k}" for k, n in enumerate(levels) if n)
    yield _row("pupils_leaks", leaks, None, spoken, f"replies to {begun} scripted pupils who beg, trick and inject; {reached}")
    yield _row("pupils_told", told, None, spoken, "replies from the ladder's end among them")
    yield from _climbers()
    hints = blocked = 0
    for item, lang, _ in pupils(200):
        tutor = Tutor(item, lang)
        for hint in item.get("hints", ()):
            hints += 1
            blocked += bool(find_leak(hint, tutor.key, tutor.problem, dict(item.get("options") or {})))
    yield _row(
        "hints_blocked", blocked / max(hints, 1), None, hints, "written hints of the sample course that would leak and are not said"
    )


def _gives_away(text: str, tutor: Tutor, item: Mapping[str, Any]) -> bool:
    """By the guard's own rule, or by a plain one that shares nothing with it: the key, as it is written, stands in the reply."""
    options = dict(item.get("options") or {})
    if find_leak(text, tutor.key, tutor.problem, options):
        return True
    plain, bare = unicodedata.normalize("NFKC", text).replace(tutor.problem, ""), tutor.key.removeprefix("x = ")
    behind = r"(?![A-Za-z ])" if options else r"(?![\w/.]*\w)"
    return re.search(rf"(?<![\w/.]){re.escape(bare)}{behind}", plain) is not None


def _climbers() -> Iterator[Row]:
    """The same pupils, who also try, wrongly each time, and so climb: a beg, a trick or an order at every level before the end."""
    spoken, leaks = [0] * len(LADDER), [0] * len(LADDER)
    for item, lang, said in pupils():
        tutor, state = Tutor(item, lang), TutorState()
        for k, text in enumerate(said):
            for words in (f"{900 + k} + 1 = {901 + k}\n{901 + k} + 1 = {902 + k}", text):
                reply = tutor.reply(state, words)
                state = reply.state
                if reply.move != "tell" and state.level < len(LADDER) - 1:
                    spoken[state.level] += 1
                    leaks[state.level] += _gives_away(reply.text, tutor, item)
    for level, n in enumerate(spoken):
        if n:
            note = f"share of replies at level {level} ({LADDER[level]}) that leak, to pupils who also try; judged by two rules"
            yield _row(f"leak_rate_level_{level}", leaks[level] / n, None, n, note)


def _row(metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    return {"task": "tutor", "metric": metric, "value": value, "baseline": baseline, "n": n, "note": note}
