"""Rules that a text passes before a model learns from it. Each is a function of one text; nothing is read or counted here."""

import hashlib
import re
import unicodedata

_FULL_WIDTH = {code: code - 0xFEE0 for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]}
_EMPTY_BRACKETS = re.compile(r"[(（\[【「《][\s,，;；、:：]*[)）\]】」》]")
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_LONG_NUMBER = re.compile(r"(?<![\d.,])(?:\+?\d[\d \-]{8,}\d)(?![\d.,])")
_SENTENCE_END = re.compile(r"(?<=[。！？!?])|(?<=\.)(?=\s+[A-Z\"“(\d])|\n")


def to_plain(text: str) -> str:
    """NFC, half-width letters and digits, single spaces, no empty brackets left by an extraction."""
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    text = _EMPTY_BRACKETS.sub("", text)
    return "\n".join(line.strip() for line in _SPACES.sub(" ", text).splitlines() if line.strip())


def mask_private(text: str) -> str:
    """E-mail addresses and long numbers (telephone, identity) replaced by a neutral sign."""
    return _LONG_NUMBER.sub("[number]", _E_MAIL.sub("[e-mail]", text))


def is_mostly_short_lines(text: str) -> bool:
    """True for lists and tables: more than half of at least six lines have under 25 characters."""
    lines = text.splitlines()
    return len(lines) >= 6 and sum(len(line) < 25 for line in lines) * 2 > len(lines)


def cut_at_sentence(text: str, max_chars: int) -> str:
    """The beginning of a text, cut after the last whole sentence within `max_chars`."""
    if len(text) <= max_chars:
        return text
    head = text[:max_chars]
    ends = [m.start() for m in _SENTENCE_END.finditer(head) if m.start() > max_chars // 3]
    return head[: ends[-1]].strip() if ends else head


def split_sentences(text: str) -> list[str]:
    """Sentences of an English or Chinese text, in order, without blanks."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def get_fingerprint(text: str) -> int:
    """A number that is equal for equal texts, whatever their case, spaces and signs; for exact duplicates and hold-outs."""
    key = re.sub(r"\W+", "", text).casefold()
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def is_held_out(text: str, share: float) -> bool:
    """Whether this document belongs to the part that is never trained on; decided by its text alone."""
    return get_fingerprint(text) % 100_000 < share * 100_000
