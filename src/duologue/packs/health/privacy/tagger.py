"""A trained tagger of personal data: a linear-chain CRF over words (English) or characters (Chinese). Knows no patterns.

Labels are B/I/O with types. The shipped weights are described in `weights/README.md`; `fit` learns others from rows with spans.
"""

import random
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import RULES

KEEP: dict[Lang, float] = {"en": 0.4, "zh": 0.5}
"""Least chance of `O` at which a token stays. English by three folds of the training templates: precision and recall .896 and .917
at .5, .901 and .903 at .4, .907 and .893 at .3. Chinese by the development templates."""
Spanned = tuple[int, int, str]
_TOKENS = {"en": re.compile(r"\w+|[^\w\s]"), "zh": re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]")}

_HEADING = re.compile(r"^[ \t]*[A-Z][a-z]+(?: [A-Za-z]+){0,2}(?=:)", re.M)
"""A form's own label ("Address:") is nobody's: precision .812 → .835 on development templates, same recall."""


def _surnames() -> frozenset[str]:
    first, second = (RULES / "surnames.txt").read_text("utf-8").split("\n")[:2]
    return frozenset(first) | frozenset(second.split())


SURNAMES = _surnames()
COMMON = frozenset((RULES / "common-en.txt").read_text("utf-8").split())
"""English words that are seldom names (`python -m bench.common_words`): "Maybe" at a sentence's start is nobody. Three folds of the
training templates: precision .849 → .896, recall .887 → .917; with news and health answers counted too .927 and .903."""


def tokenise(text: str, lang: Lang) -> list[tuple[int, int]]:
    """Places of the tokens of a text."""
    return [m.span() for m in _TOKENS[lang].finditer(text)]


def _shape(word: str) -> str:
    return re.sub(r"(.)\1{2,}", r"\1\1", re.sub(r"\d", "0", re.sub(r"[^\W\d_a-z]", "A", re.sub(r"[a-z]", "a", word))))


def features(text: str, spans: Sequence[tuple[int, int]], lang: Lang, names: bool = True) -> list[list[str]]:
    """Features of every token: word, shape, affixes, and those of the neighbours within three places."""
    words = [text[a:b] for a, b in spans]
    own = [[f"w={w.lower()}", f"s={_shape(w)}"] for w in words]
    known = [f"{w.lower() in COMMON}{w[:1].isupper()}" for w in words]
    out = []
    for i, word in enumerate(words):
        row = ["b", *own[i], f"p={word[:3].lower()}", f"e={word[-3:].lower()}", f"len={min(len(word), 9)}"]
        if lang == "en":
            start = i == 0 or words[i - 1] in ".!?:"
            row += [f"cap={word[:1].isupper()}{start}", f"bi={''.join(words[i - 1 : i]).lower()}_{_shape(word)}"]
            row += [f"nx={_shape(word)}_{''.join(words[i + 1 : i + 2]).lower()}"]
            if not names:
                out.append(row + _near(own, i))
                continue
            first = start or words[i - 1] == '"' or "\n" in text[spans[i - 1][1] : spans[i][0]]
            row += [f"c={known[i]}", f"cs={known[i]}{first}"]
            row += [f"{k}c={known[i + k]}" for k in (-2, -1, 1, 2) if 0 <= i + k < len(words)]
        if lang == "zh":
            row += [f"surname={word in SURNAMES}", f"d={word.isdigit()}"]
            row += [f"g{k}={''.join(words[max(0, i + k) : i + k + 2])}" for k in (-2, -1, 0, 1)]
            row += [f"t{k}={''.join(words[max(0, i + k) : i + k + 3])}" for k in (-3, 0, 1)]
        out.append(row + _near(own, i))
    return out


def _near(own: Sequence[Sequence[str]], i: int) -> list[str]:
    """The features of the neighbours within three places."""
    return [f"{k}{f}" for k in (-3, -2, -1, 1, 2, 3) for f in (own[i + k] if 0 <= i + k < len(own) else ["edge"])]


def labels(spans: Sequence[tuple[int, int]], gold: Iterable[Spanned]) -> list[str]:
    """B/I/O labels of tokens."""
    out = ["O"] * len(spans)
    for start, end, kind in gold:
        inside = [i for i, (a, b) in enumerate(spans) if a < end and start < b]
        for n, i in enumerate(inside):
            out[i] = ("I-" if n else "B-") + kind
    return out


class Tagger:
    """A fitted CRF. `names`: it looks for personal data; otherwise for the parts of an abstract, which no common word rules out."""

    def __init__(self, path: Path, lang: Lang, names: bool = True) -> None:
        import pycrfsuite

        self.lang, self.names = lang, names
        self._crf = pycrfsuite.Tagger()
        self._crf.open(str(path))

    def _tags(self, rows: list[list[str]]) -> list[str]:
        """The best labels; where the chance of `O` is under KEEP the likeliest other one, and `O` where it is not."""
        best = self._crf.tag(rows)
        kinds = [k for k in self._crf.labels() if k != "O"]
        for i, tag in enumerate(best):
            if not self.names:
                if tag == "O" and kinds and self._crf.marginal("O", i) < 0.5:
                    best[i] = max(kinds, key=lambda k, i=i: self._crf.marginal(k, i))  # type: ignore[misc]
                continue
            is_out = self._crf.marginal("O", i) >= KEEP[self.lang] if kinds else True
            if is_out and tag != "O":
                best[i] = "O"
            elif not is_out and tag == "O":
                best[i] = max(kinds, key=lambda k, i=i: self._crf.marginal(k, i))  # type: ignore[misc]
        return list(best)

    def find(self, text: str) -> list[Spanned]:
        """Spans of personal data with their types."""
        out: list[Spanned] = []
        spans = tokenise(text, self.lang)
        if not spans:
            return out
        tags = self._tags(features(text, spans, self.lang, self.names))
        headings = [m.span() for m in _HEADING.finditer(text)]
        tags = ["O" if any(a <= s < b for a, b in headings) else tag for tag, (s, _) in zip(tags, spans, strict=True)]
        for (start, end), tag in zip(spans, tags, strict=True):
            kind = tag[2:]
            if tag.startswith("I-") and out and out[-1][2] == kind and not text[out[-1][1] : start].strip():
                out[-1] = (out[-1][0], end, kind)
            elif tag != "O":
                out.append((start, end, kind))
        if self.lang == "zh" or not self.names:
            return out
        return [s for s in (_trimmed(text, span) for span in out) if _is_personal(text, s)]


_EDGES = ' \t\n:;,.–"[])'


def _trimmed(text: str, span: Spanned) -> Spanned:
    """A span without the punctuation at its edges; a bracket or a point that belongs to it stays inside."""
    start, end, kind = span
    while start < end - 1 and text[start] in _EDGES:
        start += 1
    while end > start + 1 and text[end - 1] in _EDGES:
        end -= 1
    return start, end, kind


_DAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
_DOMAIN = re.compile(r"\w\.[a-z]{2,}", re.I)
_WORD = re.compile(r"\w[\w'’-]*")


def _is_personal(text: str, span: Spanned) -> bool:
    """Whether a span can be anybody's: not a weekday alone, nor common words alone, nor a domain without one.

    Three folds of the training templates: precision .901 → .927, recall .903 → .899.
    """
    start, end, kind = span
    words = [w.lower() for w in _WORD.findall(text[start:end])]
    if kind == "DOMAIN_NAME":
        return bool(_DOMAIN.search(text[start:end]))
    is_common = kind in ("PERSON", "ORGANIZATION", "STREET_ADDRESS") and all(_is_common(w) for w in words)
    return not words or not (is_common or all(w in _DAYS for w in words))


def _is_common(word: str) -> bool:
    return word in COMMON or any(word.endswith(end) and word[: -len(end)] in COMMON for end in ("s", "es"))


def read_spans(row: Mapping[str, Any]) -> list[Spanned]:
    """The gold spans of a row."""
    return [(int(s["start"]), int(s["end"]), str(s.get("type", "PHI"))) for s in row["spans"]]


def vary(rows: Sequence[Mapping[str, Any]], times: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows with their spans' words swapped for others of the same type, so that a tagger learns surroundings, not names."""
    rng = random.Random(seed)
    pool: dict[str, list[str]] = {}
    for row in rows:
        for start, end, kind in read_spans(row):
            pool.setdefault(kind, []).append(row["text"][start:end])
    out: list[dict[str, Any]] = [dict(r) for r in rows]
    for row in [r for r in rows if r["spans"]] * times:
        text, spans, last = "", [], 0
        for start, end, kind in sorted(read_spans(row)):
            if start >= last:
                text += row["text"][last:start]
                word = rng.choice(pool[kind])
                spans.append({"start": len(text), "end": len(text) + len(word), "type": kind})
                text, last = text + word, end
        out.append({"text": text + row["text"][last:], "spans": spans})
    return out


def fit(rows: Sequence[Mapping[str, Any]], lang: Lang, path: Path | None = None, times: int = 6, names: bool = True) -> Tagger:
    """Fit on rows with `text` and `spans`; the weights go to `path` or a temporary file. c1 = c2 = .05, 60 iterations.

    `times`: how often each row is varied: six for names (precision .79 → .82), two for PICO (F1 .60, six: .56).
    """
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": 0.05, "c2": 0.05, "max_iterations": 60})
    for row in vary(rows, times):
        spans = tokenise(row["text"], lang)
        if spans:
            trainer.append(features(row["text"], spans, lang, names), labels(spans, read_spans(row)))
    if path is None:
        path = Path(tempfile.mkdtemp()) / f"phi-{lang}.crf"
    trainer.train(str(path))
    return Tagger(path, lang, names)
