"""Moodle's GIFT. Ids, types, skills, difficulty and form stand in comments, as Moodle writes its own ids and tags.

Source: docs.moodle.org, “GIFT format”. Hints have no place in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from duologue.packs.education.course import Item
from duologue.packs.education.grading.grade import MATH
from duologue.packs.education.interchange.parcel import (
    Held,
    Note,
    Parcel,
    Written,
    blanks_of,
    is_plain_number,
    letters_of,
    make_blanks,
    make_choice,
    make_number,
    make_tags,
    order_of,
    read_tags,
    tolerance_of,
    with_ids,
)
from duologue.packs.education.interchange.plain import MAX_TEXT, decode, to_plain

HELD = Held("GIFT", frozenset({*MATH, "choice", "choices", "ordering", "blanks", "short", "essay"}),
            frozenset({"skills", "difficulty", "form", "steps"}))  # fmt: skip
SPECIAL = r"\#={}~:"
_TAG = re.compile(r"\[(id|tag):((?:\\.|[^\]\\])*)\]")
_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
_FORMAT = re.compile(r"\[(html|moodle|plain|markdown)\]")


def write(items: Iterable[Item], title: str = "") -> Written:
    """The items as GIFT, UTF-8."""
    kept, notes = HELD.fit(items)
    blocks = [f"// {_flat(title)}\n"] if title else []
    for item in kept:
        answers = _answers(item)
        if answers is None:
            notes.append(Note(item.id, "kind", {"format": HELD.format, "kind": f"{item.type} →"}))
            continue
        tags = " ".join(f"[tag:{_bracketed(tag)}]" for tag in make_tags(item))
        steps = f"\t####[plain]{_escape(chr(10).join(item.steps))}\n" if item.steps else ""
        blocks.append(
            f"// [id:{_bracketed(item.id)}] {tags}\n::{_escape(_flat(item.id))}::[plain]{_escape(item.text)}{{{answers}{steps}}}\n"
        )
    return Written("\n".join(blocks).encode(), tuple(notes))


def _answers(item: Item) -> str | None:
    """What stands between the braces; None for answers that would be read as something else."""
    if item.type in ("short", "essay"):
        return ""
    if item.type in ("choice", "choices"):
        right = letters_of(item)
        share = 100 / max(1, len(right))
        lines = []
        for letter, words in sorted(item.options.items()):
            is_right = letter in right
            mark = ("=" if is_right else "~") if len(right) == 1 else f"~%{share if is_right else -share:.5f}%"
            lines.append(f"\t{mark}{_marked(words)}\n")
        return "\n" + "".join(lines)
    if item.type == "ordering":
        return "\n" + "".join(f"\t={n} -> {_escape(part)}\n" for n, part in enumerate(order_of(item), start=1))
    if item.type in MATH and is_plain_number(item.key):
        return f"#{item.key}" + (f":{tolerance}" if (tolerance := tolerance_of(item)) else "")
    accepted = blanks_of(item)[0] if item.type == "blanks" else [item.key]
    if any("->" in a for a in accepted):
        return None
    return "\n" + "".join(f"\t={_marked(a)}\n" for a in accepted)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _bracketed(text: str) -> str:
    return re.sub(r"([\]\\])", r"\\\1", _flat(text))


def _escape(text: str) -> str:
    return re.sub(f"([{re.escape(SPECIAL)}])", r"\\\1", text).replace("\r", "").replace("\n", r"\n")


def _marked(text: str) -> str:
    """An answer; one that begins like a weight or a format says that it is plain text."""
    return ("[plain]" if text[:1] in "%[" else "") + _escape(text)


# ---- reading -------------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Parcel:
    """The questions of a GIFT file. Raises Invalid for what is no text; broken questions are notes."""
    notes: list[Note] = []
    items = []
    for number, (lines, comments) in enumerate(_blocks(decode(content)), start=1):
        name, about = f"q{number}", dict[str, list[str]]()
        for which, value in _TAG.findall(" ".join(comments)):
            about.setdefault(which, []).append(re.sub(r"\\(.)", r"\1", value))
        try:
            if sum(map(len, lines)) > MAX_TEXT:
                raise ValueError(f"it is longer than {MAX_TEXT} characters.")
            found = _question("\n".join(lines).strip(), name, notes)
        except ValueError as error:
            notes.append(Note(_title_of("\n".join(lines).strip())[0] or name, "broken", {"why": str(error)}))
            continue
        if found is not None:
            found = read_tags(found, about.get("tag", ()))
            items.append(replace(found, id=about["id"][0] if "id" in about else found.id or name))
    return Parcel(with_ids(items, notes), tuple(notes))


def _blocks(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """(lines, comments) of each question: what stands between blank lines, as Moodle reads it."""
    lines: list[str] = []
    comments: list[str] = []
    for line in [*text.splitlines(), ""]:
        bare = line.strip()
        if bare.startswith("//"):
            comments.append(bare[2:])
        elif bare.upper().startswith("$CATEGORY:"):
            comments = []
        elif bare:
            lines.append(line)
        elif lines:
            yield lines, comments
            lines, comments = [], []


def _question(text: str, name: str, notes: list[Note]) -> Item | None:
    item_id, text = _title_of(text)
    start, stop = _find(text, "{"), _find(text, "}")
    if start < 0 and stop < 0:
        notes.append(Note(item_id or name, "unknown", {"kind": "description"}))
        return None
    if start < 0 or stop < start:
        raise ValueError("a brace is missing or stands in the wrong place.")
    inside, after = text[start + 1 : stop].strip(), text[stop + 1 :].rstrip()
    asked = text[:start] + (f"_____{after}" if after else "")
    match = _FORMAT.match(asked)
    kind = match[1] if match else "moodle"
    words = _words(asked[match.end() :] if match else asked, kind, item_id or name, notes)
    if (at := inside.rfind("####")) >= 0:
        inside, solution = inside[:at].strip(), _piece(inside[at + 4 :], kind, item_id or name, notes)
        steps = tuple(s for s in solution.split("\n") if s.strip())
    else:
        steps = ()
    found = _by_answers(inside, item_id, words, kind, item_id or name, notes)
    return replace(found, steps=steps) if found else None


def _title_of(text: str) -> tuple[str, str]:
    """What stands between double colons at the beginning, and the rest."""
    if text.startswith("::") and (end := _find(text, "::", 2)) > 0:
        return _unescape(text[2:end]).strip(), text[end + 2 :].strip()
    return "", text


def _by_answers(inside: str, item_id: str, words: str, kind: str, name: str, notes: list[Note]) -> Item | None:
    if not inside:
        return Item(item_id, "essay", (), words)
    if inside.startswith("#"):
        return _numeric(inside[1:], item_id, words, name, notes)
    pieces = list(_split(inside))
    bare = _split_off(inside)[0].strip()
    if not pieces and bare.upper() in ("T", "TRUE", "F", "FALSE"):
        if len(_split_off(inside)) > 1:
            notes.append(Note(name, "feedback"))
        return make_choice(item_id, words, ["True", "False"], [0 if bare.upper().startswith("T") else 1])
    answers = [_answer(mark, piece, kind, name, notes) for mark, piece in pieces]
    if any(mark == "~" for mark, _ in pieces):
        return _choice(item_id, words, answers, any(mark == "=" for mark, _ in pieces), name, notes)
    if any("->" in piece for _, piece in pieces):
        return _matching(item_id, words, [piece for _, piece in pieces], kind, name, notes)
    if not pieces:
        raise ValueError("its answers begin with neither = nor ~.")
    return _short(item_id, words, answers, name, notes)


def _choice(item_id: str, words: str, answers: list[tuple[str, float]], has_one: bool, name: str, notes: list[Note]) -> Item:
    weights = [w for _, w in answers]
    right = [k for k, w in enumerate(weights) if (w >= 100 if has_one else w > 0)]
    if has_one and len(right) > 1:
        raise ValueError("several of its options get full marks each; a choice here has one, or all of them together.")
    told = {w for w in weights if w > 0}
    if (has_one and any(0 < w < 100 for w in weights)) or (not has_one and len({round(w) for w in told}) > 1):
        notes.append(Note(name, "weights"))
    return make_choice(item_id, words, [a for a, _ in answers], right)


def _short(item_id: str, words: str, answers: list[tuple[str, float]], name: str, notes: list[Note]) -> Item:
    full = [a for a, w in answers if w >= 100]
    if len(full) < len(answers):
        notes.append(Note(name, "weights"))
    exact = [a for a in full if "*" not in a or (len(full) == 1 and not a.strip("*"))]
    if len(exact) < len(full):
        notes.append(Note(name, "wildcard"))
    return make_blanks(item_id, words, [exact])


def _numeric(inside: str, item_id: str, words: str, name: str, notes: list[Note]) -> Item:
    pieces = [("=", inside)] if not list(_split(inside)) else list(_split(inside))
    best, off = "", 0.0
    for mark, piece in pieces:
        text, weight = _answer(mark, piece, "plain", name, notes)
        if mark == "~" or weight < 100:
            notes.append(Note(name, "weights"))
            continue
        value, tolerance = _range(text)
        if not best:
            best, off = value, float(tolerance or 0)
    if not best:
        raise ValueError("it has no number that gets full marks.")
    return make_number(item_id, words, best, off)


def _range(text: str) -> tuple[str, str]:
    """(number, tolerance) of `1822:5`, `3.141..3.142` or `4`. Raises ValueError."""
    try:
        if ".." in text:
            low, high = (float(t) for t in text.split("..", 1))
            return f"{(low + high) / 2:.10g}", f"{abs(high - low) / 2:.10g}"
        value, _, tolerance = text.partition(":")
        float(value), float(tolerance or 0)
    except ValueError as error:
        raise ValueError(f"“{text[:40]}” is no number.") from error
    return value.strip(), tolerance.strip()


def _matching(item_id: str, words: str, pieces: list[str], kind: str, name: str, notes: list[Note]) -> Item | None:
    pairs = [tuple(_piece(p, kind, name, notes) for p in piece.split("->", 1)) for piece in pieces if "->" in piece]
    if [left for left, *_ in pairs] == [str(n + 1) for n in range(len(pairs))] and len(pairs) >= 2:
        return Item(item_id, "ordering", (), words, " < ".join(right for _, right in pairs))
    notes.append(Note(name, "unknown", {"kind": "matching"}))
    return None


def _answer(mark: str, piece: str, kind: str, name: str, notes: list[Note]) -> tuple[str, float]:
    """(words, weight in percent) of one answer."""
    piece, weight = piece.strip(), 100.0 if mark == "=" else 0.0
    if match := _WEIGHT.match(piece):
        weight, piece = float(match[1]), piece[match.end() :]
    words, *remark = _split_off(piece)
    if any(r.strip() for r in remark):
        notes.append(Note(name, "feedback"))
    return _piece(words, kind, name, notes), weight


def _piece(text: str, kind: str, name: str, notes: list[Note]) -> str:
    text = text.strip()
    if match := _FORMAT.match(text):
        kind, text = match[1], text[match.end() :]
    return _words(text, kind, name, notes)


def _words(text: str, kind: str, name: str, notes: list[Note]) -> str:
    text = _unescape(text).strip()
    if kind in ("html", "moodle"):
        text, lost = to_plain(text)
        notes.extend(Note(name, code) for code in lost)
    return text


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1] if m[1] in SPECIAL else m[0], text)


def _find(text: str, what: str, start: int = 0) -> int:
    """Where `what` stands without a backslash before it; -1 where it does not."""
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(what, at):
            return at
        else:
            at += 1
    return -1


def _split(inside: str) -> Iterator[tuple[str, str]]:
    """(= or ~, words) of each answer."""
    mark, begin, at = "", 0, 0
    while at < len(inside):
        if inside[at] == "\\":
            at += 1
        elif inside[at] in "=~":
            if mark:
                yield mark, inside[begin:at]
            mark, begin = inside[at], at + 1
        at += 1
    if mark:
        yield mark, inside[begin:]


def _split_off(text: str) -> list[str]:
    """An answer and its remarks."""
    out = []
    while (at := _find(text, "#")) >= 0:
        out.append(text[:at])
        text = text[at + 1 :]
    return [*out, text]
