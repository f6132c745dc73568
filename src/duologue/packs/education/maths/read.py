"""What a learner's answer means: plain text, unit and tree together, read in the light of the key. Compares nothing.

The key is read first; its variables and unit decide what is doubtful in the answer (`3 m`: metres or 3·m).
"""

import re
from dataclasses import dataclass, field

from duologue.packs.education.maths.node import Node, rational, show
from duologue.packs.education.maths.parse import parse
from duologue.packs.education.maths.text import Plain, Unreadable, plain_math
from duologue.packs.education.maths.units import LETTERS, Unit, read_unit, split_unit

_RAISED = str.maketrans("²³", "23")
_EMPTY = re.compile(
    r"^(?:(?:there (?:is|are)|it has) )?(?:no (?:real )?(?:solutions?|roots?)|none|∅|empty set|impossible)(?: exists?)?$"
    r"|^(?:此|该|原|这个)?(?:方程组?|不等式组?)?(?:无实?数?解|没有(?:实数)?[解根]?|无实?数?根|解?不存在)$|^空集$|^\{\s*\}$",
    re.IGNORECASE,
)
_REALS = re.compile(
    r"^(?:[a-z] (?:can be|is|=) )?(?:all|any|every) (?:real )?(?:numbers?|values?|reals?)(?: of [a-z])?$"
    r"|^(?:all|any|every|each) (?:value of )?[a-z]$|^[a-z] (?:can be|is|=) any(?:thing| number| value)$|^always true$|^恒成立$"
    r"|^(?:[a-z]\s*∈\s*)?[Rℝ]$|^all reals$"
    r"|^[a-z]?\s*(?:为|是|取|可以是|可取)?(?:任意|一切|全体|所有)(?:实?数|值)$|^true for all [a-z]$",
    re.IGNORECASE,
)
_MANY = re.compile(r"^(?:there are )?infinite(?:ly many)?(?: solutions?)?$|^(?:有)?无(?:数|穷多)(?:个|组)?解$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the key and the item say about the answer: its variables, and whether it carries a unit of one letter."""

    names: frozenset[str] = frozenset()
    letter_units: bool = False
    is_ratio: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer as read: `node`, all meanings of its unit, and what makes the reading less sure."""

    node: Node
    units: tuple[Unit, ...] = ()
    plain: Plain = field(default_factory=lambda: Plain(""))
    is_ambiguous: bool = False
    says_and: bool = False

    @property
    def shown(self) -> str:
        """The reading for the learner's eye."""
        unit = f" {self.units[0].text}" if self.units else ""
        return ("≈ " if self.plain.is_rough else "") + show(self.node) + unit


def symbols(node: Node) -> frozenset[str]:
    """The variables of a tree."""
    return frozenset(part.text for part in node.walk() if part.op == "sym")


def read_key(key: str, item: str = "") -> tuple[Reading, Hints]:
    """The teacher's key, and what it says about answers. Raises Unreadable."""
    algebra = re.search(
        r"(?<![A-Za-z])\d*([a-zA-Z])\s*(?:[-+−=<>≤≥^²³]|\*\*)|[-+−=<>≤≥]\s*\d*([a-zA-Z])(?![A-Za-z])", f"{item} ; {key}"
    )
    variable = re.search(r"[-+−*=^²³(]\s*\d*([a-zA-Z])(?![A-Za-z])|(?<![A-Za-z])([a-zA-Z])\s*[-+−*=^²³)]", key)
    letter = re.fullmatch(r"\s*[$£€¥]?-?[\d.,/ ]+\s*([A-Za-z])(?:\s*[/^²³].*)?\s*", key)
    measured = re.fullmatch(r"\s*-?[\d.,/ ]+\s*([A-Za-z]{1,3}[²³23]?)\s*", key)
    is_asked = re.search(r"\bunits?\b|单位|\b(?:area|volume|perimeter)\b|面积|体积|周长", item, re.IGNORECASE) is not None
    with_letters = bool(letter and letter[1] in LETTERS and not variable and not _is_variable(letter[1], item, algebra))
    with_letters = with_letters or bool(is_asked and measured and read_unit(measured[1].translate(_RAISED)))
    counted = re.search(r"\bhow many ([a-z]+)\b|(?:多少|几)个?([\u4e00-\u9fff]{1,4}?)(?=[?？，。,（(]|$)", item, re.IGNORECASE)
    counted = counted or re.search(
        r"\bconvert\b.*\b(?:to|into) ([a-z]+)\b|(?:换算成|换成|化成|化为|改写成)\s*([\u4e00-\u9fff]{1,4}?)(?=[?？，。,（(]|$)",
        item,
        re.IGNORECASE,
    )
    with_letters = with_letters or bool(
        counted and not variable and any(u.dimension != (("count", 1),) for u in read_unit(counted[1] or counted[2]))
    )
    reading = read_answer(key, Hints(letter_units=with_letters))
    units = bool(reading.units) or with_letters
    return reading, Hints(symbols(reading.node), units, any(part.op == "ratio" for part in reading.node.walk()))


def _is_variable(letter: str, item: str, algebra: re.Match[str] | None) -> bool:
    if algebra is None:
        return False
    return re.search(rf"(?<![A-Za-z])\d*{letter}\s*[-+−=^²³*]|[-+−=*]\s*\d*{letter}(?![A-Za-z])", item) is not None


def read_answer(raw: str, hints: Hints | None = None) -> Reading:
    """The answer's tree and unit. Raises Unreadable, whose message is for the learner."""
    hints = hints or Hints()
    bare = re.sub(r"[.。!！]+$", "", raw.strip().strip("$").strip())
    bare = re.sub(r"^(?:答案?|解|the answer is|answer)\s*[:：]?\s*", "", bare, flags=re.IGNORECASE)
    for pattern, op in ((_EMPTY, "empty"), (_REALS, "reals"), (_MANY, "many")):
        if len(bare) < 60 and pattern.match(bare):
            return Reading(Node(op))
    says_and = re.search(r"\band\b|且|并且", raw) is not None
    plain = plain_math(
        re.sub(
            r"^\s*\$*\s*(?:[fghFGPVT]'*\s*\(\s*[a-z]\s*\)|[a-z]'+|d[a-z]/d[a-z])\s*=(?=.*\w)",
            "$" if raw.count("$") % 2 == 0 and raw.strip().startswith("$") else "",
            raw,
        )
    )
    node, units, ambiguous, left = _read_text(plain.text, hints)
    for part in node.walk():
        rational(part)  # refuses numbers past all measure before anything is worked out
    if left:
        plain = Plain(plain.text, plain.is_rough, f"{plain.left_out} {left}".strip())
    return Reading(node, tuple(units), plain, ambiguous, says_and)


def _read_text(text: str, hints: Hints) -> tuple[Node, list[Unit], bool, str]:
    pieces = [piece for piece in re.split(r"[;,]", text) if piece.strip()]
    if len(pieces) > 1:
        split = [split_unit(piece, with_letters=hints.letter_units) for piece in pieces]
        if all(units for _, units in split) and len({units[0].text for _, units in split}) == 1:
            text, units = "; ".join(value for value, _ in split), split[0][1]
            parsed = parse(text, hints.names)
            return parsed.node, units, parsed.is_ambiguous, ""
    first: Unreadable | None = None
    for candidate, left in _candidates(text):
        value, units = split_unit(candidate, with_letters=hints.letter_units)
        for attempt, found in ((value, units), (candidate, [])):
            try:
                parsed = parse(attempt, hints.names)
            except Unreadable as error:
                first = first or error
                continue
            return parsed.node, list(found), parsed.is_ambiguous, left
    raise first or Unreadable("There is no answer.")


_HAN = r"\u4e00-\u9fff"


def _candidates(text: str) -> list[tuple[str, str]]:
    """The text, then with the words before and behind it taken off: only words, never a number or a sign."""
    out = [(text, "")]
    lead = re.match(
        rf"^[^=\d]*[{_HAN}][^=\d]*=\s*|^(?:[A-Za-z]{{2,}}\s+)*[A-Za-z]{{2,}}\s*=\s*|^[{_HAN}:\s]+(?=[-\d(√π\[A-Za-z$±])", text
    )
    lead = (
        lead
        or re.match(r"^(?:[A-Za-z']{2,}\s+)+(?:[a-z]\s+)?(?:is|are|equals?|of)\s+|^(?:[A-Za-z']{2,}\s+)+(?=[a-z]\s*[=<>≤≥∈])", text)
        or re.match(r"^(?:[A-Za-z']{2,}\s+)+(?=[-\d(√π\[$±])", text)
    )
    stripped = text[lead.end() :] if lead else text
    if lead:
        out.append((stripped, lead[0].strip()))
    tail = re.search(rf"(?<=[\d)π%])\s*(?:[{_HAN}]{{1,6}}|[A-Za-z]{{3,}}(?:\s+[A-Za-z]+)*)$", stripped)
    if tail:
        out.append((stripped[: tail.start()], f"{lead[0].strip() if lead else ''} {tail[0].strip()}".strip()))
    return out
