"""What every format reads and writes: questions, and notes about what it could not hold. Knows no format.

`Held` is a format's promise: the types and the fields that come back from it as they went in.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isfinite

from duologue.kit.text import Lang
from duologue.packs.education.course import Item
from duologue.packs.education.grading.grade import MATH
from duologue.packs.education.interchange.safe_xml import clean
from duologue.packs.education.maths.form import WITHIN
from duologue.packs.education.problems import in_words

MAX_ITEMS = 2_000
MAX_TOLERANCE = 1e12
LETTERS = "ABCDEFGH"
"""Options that a choice may have here; the graders read letters up to H."""
WORDS: dict[str, dict[Lang, str]] = {
    "kind": {"en": "left out: {format} has no question of the kind “{kind}”.", "zh": "未导出：{format} 没有“{kind}”这种题型。"},
    "unknown": {
        "en": "left out: questions of the kind “{kind}” cannot be graded here.",
        "zh": "未导入：这里没有“{kind}”这种题型。",
    },
    "broken": {"en": "left out: {why}", "zh": "未导入：{why}"},
    "field": {"en": "without its {names}, which {format} cannot hold.", "zh": "缺少 {names}：{format} 无法保存。"},
    "weights": {"en": "part marks for single answers are not kept.", "zh": "单个答案的部分得分未保留。"},
    "feedback": {"en": "remarks on single answers are not kept.", "zh": "针对单个答案的反馈未保留。"},
    "tolerance": {
        "en": "graded as exactly {key}; the tolerance of {tolerance} is not kept.",
        "zh": "按 {key} 精确评分；容差 {tolerance} 未保留。",
    },
    "picture": {"en": "pictures and files in it are left out.", "zh": "其中的图片和文件未保留。"},
    "formula": {
        "en": "a formula in it cannot be typed in one line and is left out, “…” stands in its place.",
        "zh": "其中一个公式无法写成一行，已去掉，以“…”代替。",
    },
    "units": {
        "en": "its units are left out; write the unit into the key where it is to be asked for.",
        "zh": "其中的单位未保留；如果要求写单位，请写进答案。",
    },
    "guidance": {
        "en": "what is said to the grader, or given to begin with, is not kept; make it a rubric.",
        "zh": "评分说明和作答模板未保留；请改写成评分标准。",
    },
    "wildcard": {"en": "answers with * as a wildcard are left out.", "zh": "含通配符 * 的答案未保留。"},
    "again": {"en": "the id was taken and is now {id}.", "zh": "编号已被使用，改为 {id}。"},
    "blanks": {"en": "its blanks now stand at the end of the text.", "zh": "填空移到了题干末尾。"},
    "lines": {"en": "line breaks within a step or a hint became blanks.", "zh": "步骤或提示中的换行改成了空格。"},
    "characters": {"en": "characters that {format} cannot hold are left out.", "zh": "{format} 无法保存的字符已去掉。"},
    "there": {"en": "is here already and was not taken in again.", "zh": "已经有这道题，没有重复导入。"},
    "column": {"en": "the column “{name}” is not known and left out.", "zh": "不认识列“{name}”，已忽略。"},
    "skill": {
        "en": "practises no skill of the course, so it is used in homework only.",
        "zh": "不属于课程中的任何知识点，只能用于作业。",
    },
}


@dataclass(frozen=True, slots=True)
class Note:
    """What a person should know of one question (or of none): a key of WORDS, and what is put into the sentence."""

    item: str
    code: str
    values: dict[str, str] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """The note as a sentence."""
        values = self.values | {"why": in_words(self.values["why"], lang)} if "why" in self.values else self.values
        words = WORDS[self.code][lang].format_map(values)
        return f"{self.item}: {words}" if self.item else words


@dataclass(frozen=True, slots=True)
class Parcel:
    """What was read from a file."""

    items: tuple[Item, ...]
    notes: tuple[Note, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and what of it is missing."""

    content: bytes
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What a format holds: `types` of questions, and which of the optional `fields`."""

    format: str
    types: frozenset[str]
    fields: frozenset[str] = frozenset({"skills", "difficulty", "form", "steps", "hints"})
    max_blanks: int = 1
    is_xml: bool = False

    def fit(self, items: Iterable[Item]) -> tuple[list[Item], list[Note]]:
        """The items as they will come back, and a note for each thing that will not."""
        out, notes = [], []
        for item in items:
            if item.type not in self.types or (item.type == "blanks" and len(blanks_of(item)) > self.max_blanks):
                notes.append(Note(item.id, "kind", {"format": self.format, "kind": item.type}))
                continue
            if item.type == "ordering":
                item = replace(item, key=" < ".join(order_of(item)))
            lost = [n for n in ("form", "steps", "hints") if getattr(item, n) and n not in self.fields]
            if lost:
                notes.append(Note(item.id, "field", {"format": self.format, "names": ", ".join(lost)}))
                item = replace(
                    item,
                    form=None if "form" in lost else item.form,
                    steps=() if "steps" in lost else item.steps,
                    hints=() if "hints" in lost else item.hints,
                )
            flat = replace(item, steps=_one_line(item.steps), hints=_one_line(item.hints))
            if flat != item:
                notes.append(Note(item.id, "lines"))
            if self.is_xml and (cleaned := _cleaned(flat)) != flat:
                notes.append(Note(item.id, "characters", {"format": self.format}))
                flat = cleaned
            out.append(flat)
        return out, notes


def _cleaned(item: Item) -> Item:
    return replace(item, text=clean(item.text), key=clean(item.key), steps=tuple(map(clean, item.steps)),
                   hints=tuple(map(clean, item.hints)), options={k: clean(v) for k, v in item.options.items()})  # fmt: skip


def _one_line(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(t.split("\n")) for t in texts)


def blanks_of(item: Item) -> list[list[str]]:
    """The accepted answers of each blank."""
    return [[option.strip() for option in key.split("|")] for key in item.key.split(";")]


def letters_of(item: Item) -> list[str]:
    """The right options of a choice."""
    return re.findall(r"[A-H]", item.key.upper())


def order_of(item: Item) -> list[str]:
    """The parts of an ordering, first to last."""
    return [p.strip() for p in re.split(r"[<,;]", item.key) if p.strip()]


def is_plain_number(key: str) -> bool:
    """Whether every program reads the key as the same number: digits, a sign, a decimal point."""
    return re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", key) is not None


def make_tags(item: Item) -> list[str]:
    """What has no place of its own in a format, as tags."""
    tags = [f"type:{item.type}", *(f"skill:{s}" for s in item.skills), f"difficulty:{item.difficulty:g}"]
    return tags + ([f"form:{item.form}"] if item.form else [])


def read_tags(item: Item, tags: Iterable[str]) -> Item:
    """The item with what tags say of it; strange tags are skills' names to be matched with the course, or nothing."""
    skills: list[str] = []
    for tag in tags:
        name, _, value = tag.partition(":")
        if name == "skill" and value:
            skills.append(value)
        elif name == "type" and value in KINDS.get(item.type, ()):
            item = replace(item, type=value)
        elif name == "form" and value:
            item = replace(item, form=value)
        elif name == "difficulty" and re.fullmatch(r"\d{1,2}(\.\d+)?", value):
            item = replace(item, difficulty=_number(value))
        elif tag.strip() and name not in ("type", "form", "difficulty", "skill"):
            skills.append(tag.strip())
    return replace(item, skills=tuple(dict.fromkeys(skills)))


def _number(text: str) -> float:
    return int(text) if text.isdigit() else float(text)


KINDS: dict[str, tuple[str, ...]] = {
    "blanks": (*MATH, "blanks", "fill"), "number": MATH, "choice": ("choice", "choices"), "choices": ("choice", "choices"),
    "essay": ("essay", "short"), "short": ("essay", "short"), "ordering": ("ordering",),
}  # fmt: skip
"""What a question that was read as one kind may be made by its tag: never what its answers do not fit."""


def make_choice(item_id: str, text: str, options: Sequence[str], right: Sequence[int], *, many: bool | None = None) -> Item:
    """A choice of options in order. Raises ValueError with a sentence where the graders could not read it."""
    if not 2 <= len(options) <= len(LETTERS):
        raise ValueError(f"a choice has 2 to {len(LETTERS)} options, this one has {len(options)}.")
    if not right:
        raise ValueError("no option is marked as right.")
    if not all(o.strip() for o in options):
        raise ValueError("an option of it has no words; options that are pictures cannot be shown here.")
    many = len(right) > 1 if many is None else many
    key = ", ".join(LETTERS[k] for k in right)
    return Item(item_id, "choices" if many else "choice", (), text, key, options=dict(zip(LETTERS, options, strict=False)))


def make_number(item_id: str, text: str, key: str, tolerance: float = 0) -> Item:
    """A number; `tolerance` is how far an answer may be from it, kept as a form that the grader reads."""
    within = (
        f"{Decimal(repr(abs(tolerance))).normalize():f}"
        if isfinite(tolerance) and tolerance and abs(tolerance) < MAX_TOLERANCE
        else ""
    )
    return Item(item_id, "number", (), text, key, form=f"within:{within}" if within else None)


def tolerance_of(item: Item) -> str:
    """How far an answer may be from the key; empty for not at all."""
    match = WITHIN.fullmatch(item.form or "") if is_plain_number(item.key) else None
    return match[1] if match else ""


def make_blanks(item_id: str, text: str, blanks: Sequence[Sequence[str]]) -> Item:
    """A question with blanks. Raises ValueError where an answer could not be told from two, or there is none."""
    if not blanks or any(not any(a.strip() for a in answers) for answers in blanks):
        raise ValueError("it has no answer.")
    if any("|" in a or (";" in a and len(blanks) > 1) for answers in blanks for a in answers):
        raise ValueError("an answer holds a bar or a semicolon, which stand between answers here.")
    key = "; ".join("|".join(dict.fromkeys(a.strip() for a in answers if a.strip())) for answers in blanks)
    if len(blanks) == 1 and ";" in key:
        raise ValueError("an answer holds a semicolon, which stands between blanks here.")
    return Item(item_id, "blanks", (), text, key)


def with_ids(items: Iterable[Item], notes: list[Note], prefix: str = "q") -> tuple[Item, ...]:
    """Every item with an id of its own: those without get a number, a second one of the same id gets another and a note."""
    out: dict[str, Item] = {}
    for number, item in enumerate(items, start=1):
        wanted = re.sub(r"[^\w.:-]+", "-", item.id, flags=re.ASCII).strip("-")[:100] or f"{prefix}{number}"
        free = wanted
        for k in range(2, MAX_ITEMS + 2):
            if free not in out:
                break
            free = f"{wanted}-{k}"
        if item.id and free != wanted:
            notes.append(Note(wanted, "again", {"id": free}))
        out[free] = replace(item, id=free)
    return tuple(out.values())
