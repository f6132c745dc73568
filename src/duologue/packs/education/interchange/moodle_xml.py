"""Moodle's XML: choices, numbers, short answers, blanks (cloze), orderings and essays, with hints, tags and worked steps.

Source: docs.moodle.org, “Moodle XML format”. Ids stand in `idnumber`, worked steps in the general feedback. Matching,
calculated and drag-and-drop questions cannot be graded here and are told.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from math import isfinite
from xml.etree.ElementTree import Element

from duologue.kit.errors import Invalid
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
from duologue.packs.education.interchange.plain import to_plain
from duologue.packs.education.interchange.safe_xml import add, child, children, name_of, parse, text_of, to_bytes

HELD = Held(
    "Moodle XML", frozenset({*MATH, "choice", "choices", "ordering", "blanks", "short", "essay"}), max_blanks=26, is_xml=True
)
_GAP = re.compile(r"_{2,}")
_CLOZE = re.compile(r"\{(\d*):(SHORTANSWER|SA|MW|SHORTANSWER_C|SAC|MWC|NUMERICAL|NM):((?:\\.|[^}\\])*)\}")
_OTHER_CLOZE = re.compile(r"\{\d*:[A-Z_]+:")


def write(items: Iterable[Item], title: str = "") -> Written:
    """The items as a `quiz` in a category of the title."""
    kept, notes = HELD.fit(items)
    root = Element("quiz")
    if title:
        category = add(root, "question", type="category")
        add(add(category, "category"), "text", f"$course$/top/{title.replace('/', '//')}")
    for item in kept:
        if _kind_of(item) == "cloze" and _OTHER_CLOZE.search(item.text):
            notes.append(Note(item.id, "kind", {"format": HELD.format, "kind": "cloze in cloze"}))
            continue
        _write_one(root, item, notes)
    return Written(to_bytes(root), tuple(notes))


def _write_one(root: Element, item: Item, notes: list[Note]) -> None:
    accepted = blanks_of(item) if item.type == "blanks" else [[item.key]]
    kind, text = _kind_of(item), item.text
    if kind == "cloze":
        gaps = [_cloze(options) for options in accepted]
        if len(_GAP.findall(text)) != len(gaps):
            notes.append(Note(item.id, "blanks"))
            text = _GAP.sub("…", text) + "\n" + " ".join(gaps)
        else:
            text = _GAP.sub(lambda _: gaps.pop(0), text)
    one = add(root, "question", type=kind)
    add(add(one, "name"), "text", item.id)
    _text(one, "questiontext", text)
    _text(one, "generalfeedback", "\n".join(item.steps))
    add(one, "defaultgrade", "1")
    add(one, "idnumber", item.id)
    if kind == "multichoice":
        right = letters_of(item)
        is_one = item.type == "choice"
        add(one, "single", "true" if is_one else "false")
        add(one, "shuffleanswers", "false")
        add(one, "answernumbering", "ABCD")
        share = 100 / max(1, len(right))
        for letter, words in sorted(item.options.items()):
            _answer(one, words, share if letter in right else 0 if is_one else -share, format_="plain_text")
    elif kind == "ordering":
        for name, value in (
            ("layouttype", "VERTICAL"),
            ("selecttype", "ALL"),
            ("selectcount", "0"),
            ("gradingtype", "ABSOLUTE_POSITION"),
        ):
            add(one, name, value)
        for place, part in enumerate(order_of(item), start=1):
            _answer(one, part, place / 100, format_="plain_text")
    elif kind == "numerical":
        add(_answer(one, item.key, 100, format_="moodle_auto_format"), "tolerance", tolerance_of(item) or "0")
    elif kind == "shortanswer":
        add(one, "usecase", "0")
        for words in accepted[0]:
            _answer(one, words.replace("*", r"\*"), 100, format_="moodle_auto_format")
    for words in item.hints:
        _text(one, "hint", words)
    tags = add(one, "tags")
    for tag in make_tags(item):
        add(add(tags, "tag"), "text", tag)


def _kind_of(item: Item) -> str:
    if item.type in ("choice", "choices"):
        return "multichoice"
    if item.type in ("short", "essay"):
        return "essay"
    if item.type == "blanks":
        return "shortanswer" if len(blanks_of(item)) == 1 else "cloze"
    if item.type in MATH:
        return "numerical" if is_plain_number(item.key) else "shortanswer"
    return item.type


def _text(parent: Element, name: str, text: str) -> None:
    add(add(parent, name, format="plain_text"), "text", text)


def _answer(parent: Element, text: str, fraction: float, format_: str) -> Element:
    made = add(parent, "answer", fraction=f"{fraction:.5f}".rstrip("0").rstrip("."), format=format_)
    add(made, "text", text)
    return made


def _split(text: str, mark: str) -> list[str]:
    """The pieces between marks that no backslash stands before; a backslash before a backslash is one of the text."""
    out, begin, at = [], 0, 0
    while at < len(text):
        if text[at] == mark:
            out.append(text[begin:at])
            begin = at + 1
        at += 2 if text[at] == "\\" else 1
    return [*out, text[begin:]]


def _cloze(options: list[str]) -> str:
    escaped = (re.sub(r"([}~=#/\"\\])", r"\\\1", o) for o in options)
    return "{1:SHORTANSWER:" + "~".join(f"={o}" for o in escaped) + "}"


# ---- reading -------------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Parcel:
    """The questions of a Moodle XML file. Raises Invalid for what is none; questions of other kinds are notes."""
    root = parse(content, "The file")
    if name_of(root) != "quiz":
        raise Invalid("This is no Moodle XML: its first element is not “quiz”.")
    notes: list[Note] = []
    items: list[Item] = []
    title = ""
    for number, one in enumerate(children(root, "question"), start=1):
        kind = one.get("type", "")
        if kind == "category":
            path = text_of(child(one, "category", "text")).strip()
            title = title or path.replace("//", "\0").rpartition("/")[2].replace("\0", "/")
            continue
        item_id = text_of(child(one, "idnumber")).strip()
        name = item_id or " ".join(text_of(child(one, "name")).split()) or f"#{number}"
        try:
            found = _dress(_READERS[kind](one, item_id, name, notes), one, name, notes)
        except KeyError:
            notes.append(Note(name, "unknown", {"kind": kind}))
            continue
        except ValueError as error:
            notes.append(Note(name, "broken", {"why": str(error)}))
            continue
        items.append(found)
    return Parcel(with_ids(items, notes), tuple(notes), title)


def _dress(item: Item, one: Element, name: str, notes: list[Note]) -> Item:
    tags = [text_of(t).strip() for t in children(child(one, "tags"), "tag")]
    solution = _plain(child(one, "generalfeedback"), name, notes)
    hints = tuple(h for e in children(one, "hint") if (h := _plain(e, name, notes)))
    return replace(read_tags(item, tags), hints=hints, steps=tuple(s for s in solution.split("\n") if s.strip()))


def _plain(element: Element | None, name: str, notes: list[Note]) -> str:
    text, lost = text_of(child(element, "text")).strip(), tuple[str, ...]()
    if element is None or element.get("format") not in ("plain_text", "markdown"):
        text, lost = to_plain(text)
    if children(element, "file") and "picture" not in lost:
        lost += ("picture",)
    notes.extend(Note(name, code) for code in lost)
    return text


def _answers(one: Element, name: str, notes: list[Note], *, is_bare: bool = False) -> list[tuple[str, float, Element]]:
    """(words, percent, element) of each answer; `is_bare` where Moodle compares them letter by letter."""
    out = []
    for answer in children(one, "answer"):
        try:
            fraction = float(answer.get("fraction", "0"))
        except ValueError as error:
            raise ValueError("the weight of an answer is no number.") from error
        if text_of(child(answer, "feedback", "text")).strip():
            notes.append(Note(name, "feedback"))
        words = text_of(child(answer, "text")).strip() if is_bare else _plain(answer, name, notes)
        out.append((words, fraction, answer))
    return out


def _read_choice(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    answers = _answers(one, name, notes)
    is_one = text_of(child(one, "single")).strip().lower() in ("true", "1")
    right = [k for k, (_, f, _) in enumerate(answers) if (f >= 99.9 if is_one else f > 0)]
    if is_one and len(right) > 1:
        raise ValueError("several of its options get full marks each; a choice here has one.")
    if (is_one and any(0 < f < 99.9 for _, f, _ in answers)) or len({round(f) for _, f, _ in answers if f > 0}) > 1:
        notes.append(Note(name, "weights"))
    return make_choice(item_id, _plain(child(one, "questiontext"), name, notes), [t for t, _, _ in answers], right, many=not is_one)


def _read_true_false(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    right = next((t for t, f, _ in _answers(one, name, notes) if f > 0), "")
    if right.lower() not in ("true", "false"):
        raise ValueError("neither true nor false is marked as right.")
    words = _plain(child(one, "questiontext"), name, notes)
    return make_choice(item_id, words, ["True", "False"], [0 if right.lower() == "true" else 1])


def _read_short(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    answers = _answers(one, name, notes, is_bare=True)
    full = [t for t, f, _ in answers if f >= 99.9]
    exact = [t.replace(r"\*", "*") for t in full if not re.search(r"(?<!\\)\*", t)]
    if len(full) < len(answers):
        notes.append(Note(name, "weights"))
    if len(exact) < len(full):
        notes.append(Note(name, "wildcard"))
    return make_blanks(item_id, _plain(child(one, "questiontext"), name, notes), [exact])


def _read_number(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    answers = [a for a in _answers(one, name, notes, is_bare=True) if a[0] != "*"]
    full = [(t, e) for t, f, e in answers if f >= 99.9]
    if not full:
        raise ValueError("it has no number that gets full marks.")
    if len(answers) > 1:
        notes.append(Note(name, "weights"))
    key, tolerance = full[0][0], text_of(child(full[0][1], "tolerance")).strip()
    if children(child(one, "units"), "unit"):
        notes.append(Note(name, "units"))
    text = _plain(child(one, "questiontext"), name, notes)
    return make_number(item_id, text, _number(key), float(_number(tolerance or "0")))


def _number(text: str) -> str:
    """The number as it stands. Raises ValueError with a sentence."""
    try:
        is_number = isfinite(float(text))
    except ValueError:
        is_number = False
    if not is_number:
        raise ValueError(f"“{text[:40]}” is no number.")
    return text


def _read_essay(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    if text_of(child(one, "graderinfo", "text")).strip() or text_of(child(one, "responsetemplate", "text")).strip():
        notes.append(Note(name, "guidance"))
    return Item(item_id, "essay", (), _plain(child(one, "questiontext"), name, notes))


def _read_ordering(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    parts = [t for t, _, _ in sorted(_answers(one, name, notes), key=lambda a: a[1])]
    if len(parts) < 2 or any(re.search(r"[<,;，；、\n]", p) for p in parts):
        raise ValueError("its parts hold commas, semicolons or <, which stand between parts here.")
    return Item(item_id, "ordering", (), _plain(child(one, "questiontext"), name, notes), " < ".join(parts))


def _read_cloze(one: Element, item_id: str, name: str, notes: list[Note]) -> Item:
    text = _plain(child(one, "questiontext"), name, notes)
    if _OTHER_CLOZE.search(_CLOZE.sub("", text)):
        raise ValueError("it has choices within the text.")
    blanks = []
    for _, kind, body in _CLOZE.findall(text):
        accepted = []
        for option in _split(body, "~"):
            match = re.match(r"(=|%(-?[\d.]+)%)?", option)
            weight = 100.0 if match and match[1] == "=" else float(match[2]) if match and match[2] else 0.0
            words, *remark = _split(option[match.end() if match else 0 :], "#")
            if remark:
                notes.append(Note(name, "feedback"))
            words = re.sub(r"\\(.)", r"\1", words)
            if kind in ("NUMERICAL", "NM"):
                words, _, tolerance = words.partition(":")
                if tolerance and float(_number(tolerance)):
                    notes.append(Note(name, "tolerance", {"key": words, "tolerance": tolerance}))
            if weight >= 99.9 and words != "*":
                accepted.append(words)
            elif weight > 0:
                notes.append(Note(name, "weights"))
        blanks.append(accepted)
    return make_blanks(item_id, _CLOZE.sub("_____", text).strip(), blanks)


_READERS = {
    "multichoice": _read_choice, "truefalse": _read_true_false, "shortanswer": _read_short, "numerical": _read_number,
    "essay": _read_essay, "ordering": _read_ordering, "cloze": _read_cloze, "multianswer": _read_cloze,
}  # fmt: skip
