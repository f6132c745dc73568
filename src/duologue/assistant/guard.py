"""The first and the last look at a turn: danger, a wish for a person, attempts to steer, personal data, too much text.

What persons, passages and tools say is data. Before a model reads it, it is fenced: set between markers that it cannot write
itself, and lines of it that speak to the model are taken out. Names cannot be found by patterns and are not masked.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from duologue.assistant import phrases
from duologue.kit.text import EMAIL, Lang, normalise, sentences

MAX_QUESTION_CHARS = 4_000
"""A model reads at most this much of one message; the middle of a longer one is left out."""
MAX_DATA_CHARS = 6_000

Alarm = Literal["self_harm", "danger", "asked_for_person", "injection"]
_OPEN, _CLOSE = "⟦", "⟧"
_REMOVED: dict[Lang, str] = {"en": "(removed: it spoke to the assistant)", "zh": "（已删除：这句话在指挥助手）"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the guard saw in a message. `alarm` acts before anything else; `kinds` names the personal data."""

    alarm: Alarm | None
    kinds: tuple[str, ...]

    @property
    def is_emergency(self) -> bool:
        """Whether a life may be at stake."""
        return self.alarm in ("self_harm", "danger")


@dataclass(frozen=True, slots=True)
class Danger:
    """Words that sound like danger, `text[start:end]`, meant or not. `text`: the message as it was searched."""

    kind: Literal["self_harm", "danger"]
    text: str
    start: int
    end: int


def find_dangers(text: str) -> list[Danger]:
    """Every place of a message that sounds like danger: of oneself first."""
    plain = _plain(text)
    patterns: tuple[tuple[Literal["self_harm", "danger"], re.Pattern[str]], ...]
    patterns = (("self_harm", phrases.SELF_HARM), ("danger", phrases.DANGER))
    return [Danger(kind, plain, m.start(), m.end()) for kind, pattern in patterns for m in pattern.finditer(plain)]


def check_message(text: str, *, for_danger: bool = True) -> Finding:
    """Look at what a person wrote. Rude words are no reason for anything. `for_danger=False`: others have looked for danger."""
    plain = _plain(text)
    kinds = tuple(sorted({kind for kind, _, _ in _find_personal(text)}))
    if for_danger and (dangers := find_dangers(text)):
        return Finding(dangers[0].kind, kinds)
    if asks_for_person(plain):
        return Finding("asked_for_person", kinds)
    return Finding("injection" if phrases.INJECTION.search(plain) else None, kinds)


def asks_for_person(text: str) -> bool:
    """Whether somebody wants to talk to a person, and does not say that they would rather not."""
    plain = _plain(text)
    return bool(phrases.ASKS_PERSON.search(plain)) and not phrases.DECLINES_PERSON.search(plain)


def _plain(text: str) -> str:
    return normalise(text).casefold().replace("’", "'")


def is_injected(text: str) -> bool:
    """Whether a text speaks to the model rather than to people."""
    return bool(phrases.INJECTION.search(normalise(text).casefold()))


def clip(text: str, limit: int = MAX_QUESTION_CHARS) -> str:
    """The text, the middle left out where it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]} … {text[-half:]}"


def clean(text: str, lang: Lang = "en") -> str:
    """Outside text without the sentences that speak to the model and without anything that looks like our fences."""
    text = re.sub(rf"{_OPEN}[^{_CLOSE}\n]{{0,80}}{_CLOSE}|[{_OPEN}{_CLOSE}]|<\|[^|>]{{0,40}}\|>", " ", clip(text, MAX_DATA_CHARS))
    if not is_injected(text):
        return text
    lines = [" ".join(_REMOVED[lang] if is_injected(s) else s for s in sentences(line)) for line in text.split("\n")]
    return "\n".join(lines)


def fence(label: str, text: str, lang: Lang = "en") -> str:
    """Outside text between markers; a model is told that what stands between them is data."""
    label = re.sub(r"[^\w .:-]", "", label)[:80]
    return f"{_OPEN}{label}{_CLOSE}\n{clean(text, lang)}\n{_OPEN}/{label.split(' ')[0]}{_CLOSE}"


# ---- personal data -----------------------------------------------------------------------------------------------------


def _luhn(digits: str) -> bool:
    """Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for i, c in enumerate(reversed(digits)):
        n = int(c) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def _chinese_id(text: str) -> bool:
    """Source: GB 11643-1999, the check digit by ISO 7064 MOD 11-2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(c) * w for c, w in zip(text, weights, strict=False)) % 11] == text[-1].upper()


def _always(text: str) -> bool:
    return True


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and _luhn(digits)


def _is_phone(text: str) -> bool:
    return 9 <= len(re.sub(r"\D", "", text)) <= 15


_PHONE = re.compile(
    r"(?<![\dA-Za-z-])(?:1[3-9]\d{9}|(?:\+|00)\d{1,3}[ -]?(?:\(?\d{1,5}\)?[ -]?){2,5}\d"
    r"|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4})(?![\dA-Za-z])"
)

_PERSONAL: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", EMAIL, _always),
    ("id", re.compile(r"(?<![\dA-Za-z])\d{17}[\dXx](?![\dA-Za-z])"), _chinese_id),
    ("card", re.compile(r"(?<![\dA-Za-z-])\d(?:[ -]?\d){12,18}(?![\dA-Za-z])"), _is_card),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), _always),
    ("phone", _PHONE, _is_phone),
    ("password", re.compile(r"(?i)(?<=password is )\S+|(?<=password: )\S+|(?<=密码是)\S+|(?<=密码：)\S+"), _always),
)


def _find_personal(text: str) -> list[tuple[str, int, int]]:
    """(kind, start, end) of personal data, in order, none overlapping."""
    found: list[tuple[str, int, int]] = []
    for kind, pattern, is_real in _PERSONAL:
        for match in pattern.finditer(text):
            free = all(match.end() <= start or match.start() >= end for _, start, end in found)
            if free and is_real(match[0]):
                found.append((kind, match.start(), match.end()))
    return sorted(found, key=lambda item: item[1])


@dataclass(slots=True)
class Mask:
    """Hides personal data behind names such as `[email 1]` and puts it back; one mask serves one turn."""

    _names: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def hide(self, text: str) -> str:
        """The text with names in place of personal data; the same datum always gets the same name."""
        out, at = [], 0
        for kind, start, end in _find_personal(text):
            out += [text[at:start], self._name(kind, text[start:end])]
            at = end
        return "".join([*out, text[at:]])

    def reveal(self, text: str) -> str:
        """The inverse of `hide`."""
        for datum, name in self._names.items():
            text = text.replace(name, datum)
        return text

    def _name(self, kind: str, datum: str) -> str:
        if datum not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[datum] = f"[{kind} {self._counts[kind]}]"
        return self._names[datum]
