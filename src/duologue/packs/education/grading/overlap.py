"""How much of a reference answer a learner's answer says: numbers of overlap, alignment and contradiction. Knows no labels.

After the features that did best in SemEval-2013 Task 7 (Dzikovska et al., 2013; Sultan et al., NAACL 2016): words aligned by
stem, by spelling and by vector, in both directions, with the question's own words set apart.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel, JaroWinkler
from snowballstemmer import stemmer  # type: ignore[import-untyped]

from duologue.kit.text import words

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

Floats = NDArray[np.float64]


class Encode(Protocol):
    """Sentence vectors of unit length, (n, d); a port that the program fills."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text."""
        ...


_WORDS = """a an the is are was were be been being it its this that these those of to in on at by for with from
as and or so i you he she they we them his her their my your do does did has have had will would can
could there then than because if what which who how why when where 的 了 是 在 和 与 及 也 就 都 而 着 把 被 对 从 到
它 他 她 我 们 这 那 有 会 能 可以 因为 所以"""
_STOP = frozenset(_WORDS.split())
_NEGATIVE = re.compile(
    r"\b(?:no|not|never|none|nothing|neither|nor|without|cannot|isn|aren|wasn|don|doesn|didn|won|wouldn|can)\b(?:['’]t)?"
    r"|n['’]t\b|不|没|无|非|未"
)
_UNKNOWING = re.compile(r"(?:don['’]?t|do not|dont) (?:know|understand)|no idea|not sure|\bidk\b|不知道|不会|不懂", re.IGNORECASE)
_PAIRS = """open closed, more less, increas decreas, high low, higher lower, hot cold, same different,
positiv negat, connect disconnect, up down, fast slow, faster slower, light dark, hard soft,
long short, longer shorter, larg small, bigger smaller, heavi light, on off, with without, push
pull, before after, first last, all none, thick thin, gain lose, add remov, most least, solid
liquid, parallel seri, strong weak, stronger weaker, expand contract, 增加 减少, 上升 下降, 大 小, 高 低, 快
慢, 多 少, 强 弱, 相同 不同"""
_OPPOSITES = [tuple(pair.split()) for pair in _PAIRS.split(",")]
_ANTONYM = {a: b for one, two in _OPPOSITES for a, b in ((one, two), (two, one))}
_ENGLISH = stemmer("english")


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_ENGLISH.stemWord(word)) if word.isascii() else word


@lru_cache(maxsize=60_000)
def stems(text: str) -> tuple[str, ...]:
    """Stems of all words, in order."""
    return tuple(_stem(word) for word in words(re.sub(r"n['’]t\b", " not", text.lower())))


@lru_cache(maxsize=60_000)
def content(text: str) -> tuple[str, ...]:
    """Stems without the words that carry no meaning."""
    found = tuple(s for s in stems(text) if s not in _STOP)
    return found or stems(text)


def negations(text: str) -> int:
    """How many words of the text deny something."""
    return len(_NEGATIVE.findall(text.lower()))


def unknowing(text: str) -> bool:
    """Whether the text says that its writer does not know."""
    return bool(_UNKNOWING.search(text))


class Overlap:
    """Features of (question, references, answer); fitted on texts without labels. `encode` adds vectors where there is one."""

    def __init__(self, encode: Encode | None = None) -> None:
        self.encode = encode
        from sklearn.feature_extraction.text import TfidfVectorizer  # a second of every start, else

        self._words = TfidfVectorizer(tokenizer=stems, lowercase=False, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True)
        self._chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
        self._idf: dict[str, float] = {}
        self._rare = 1.0
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def fit(self, texts: Sequence[str]) -> "Overlap":
        """Learn how frequent words are."""
        unique = sorted(set(texts)) or [""]
        self._words.fit(unique)
        self._chars.fit([*unique, "abc abc"])
        counts = Counter(stem for text in unique for stem in set(stems(text)))
        self._idf = {stem: float(np.log((len(unique) + 1) / (n + 0.5))) for stem, n in counts.items()}
        self._rare = float(np.log((len(unique) + 1) / 0.5))
        return self

    def cosines(self, left: Sequence[str], right: Sequence[str]) -> tuple[Floats, Floats]:
        """Word and character cosines of texts paired row by row."""
        return _paired(self._words, left, right), _paired(self._chars, left, right)

    def transform(self, questions: Sequence[str], references: Sequence[Sequence[str]], answers: Sequence[str]) -> Floats:
        """(n, d): each answer against the reference it is nearest to, and what all references say together."""
        flat = [(row, ref) for row, refs in enumerate(references) for ref in refs]
        rows = np.array([row for row, _ in flat])
        by_word, by_char = self.cosines([ref for _, ref in flat], [answers[row] for row, _ in flat])
        meaning = self._meaning([ref for _, ref in flat], [answers[row] for row, _ in flat])
        nearest = np.zeros(len(answers), np.int64)
        best = np.full(len(answers), -1.0)
        for place, (row, score) in enumerate(zip(rows, by_word + by_char, strict=True)):
            if score > best[row]:
                best[row], nearest[row] = score, place
        to_question = self.cosines(questions, answers)
        asked = self._meaning(questions, answers)
        out = []
        for row, answer in enumerate(answers):
            place = nearest[row]
            one = self._pair(questions[row], flat[place][1], answer)
            covered = [self._cover(content(ref), content(answer))[0] for ref in references[row]]
            out.append(
                [by_word[place], by_char[place], meaning[place], to_question[0][row], to_question[1][row], asked[row], *one,
                 max(covered), min(covered), float(np.mean(covered)), float(len(covered))]
            )  # fmt: skip
        return np.array(out, np.float64)

    def _meaning(self, left: Sequence[str], right: Sequence[str]) -> Floats:
        if self.encode is None:
            return np.zeros(len(left))
        for text in dict.fromkeys((*left, *right)):
            if text not in self._vectors:
                self._vectors[text] = self.encode.encode([text])[0]
        return np.array([float(self._vectors[a] @ self._vectors[b]) for a, b in zip(left, right, strict=True)])

    def _weight(self, stem: str) -> float:
        return self._idf.get(stem, self._rare)

    def _cover(self, wanted: Sequence[str], given: Sequence[str]) -> tuple[float, float, float]:
        """How much of `wanted` is in `given`, weighted by rarity: exactly, with spelling slips, with related words."""
        if not wanted:
            return 0.0, 0.0, 0.0
        have = set(given)
        total = exact = spelled = related = 0.0
        for stem in wanted:
            weight = self._weight(stem)
            total += weight
            if stem in have:
                exact, spelled, related = exact + weight, spelled + weight, related + weight
                continue
            near = max((_spelling(stem, other) for other in have), default=0.0)
            spelled += weight * near
            related += weight * max(near, self._related(stem, tuple(sorted(have))))
        total = total or 1.0
        return exact / total, spelled / total, related / total

    def _related(self, stem: str, others: tuple[str, ...]) -> float:
        if self.encode is None or not others:
            return 0.0
        for text in (stem, *others):
            if text not in self._vectors:
                self._vectors[text] = self.encode.encode([text])[0]
        found = max(float(self._vectors[stem] @ self._vectors[other]) for other in others)
        return found if found > 0.45 else 0.0

    def _pair(self, question: str, reference: str, answer: str) -> list[float]:
        asked, wanted, given = set(stems(question)), content(reference), content(answer)
        new = [stem for stem in wanted if stem not in asked]
        own = [stem for stem in given if stem not in asked]
        out = [*self._cover(wanted, given), *self._cover(given, wanted), *self._cover(new, given), *self._cover(own, wanted)]
        out += [
            len(given),
            len(wanted),
            min(len(given) / max(len(wanted), 1), 4.0),
            len(new),
            len(own),
            len(own) / max(len(given), 1),
        ]
        out += [
            fuzz.token_set_ratio(reference, answer),
            fuzz.partial_ratio(reference, answer),
            fuzz.token_sort_ratio(reference, answer),
        ]
        a, r = stems(answer), stems(reference)
        out.append(Indel.normalized_similarity(a, r))
        no_a, no_r, no_q = (negations(text) for text in (answer, reference, question))
        out += [no_a, no_r, float(bool(no_a) != bool(no_r)), float(bool(no_a) != bool(no_q))]
        opposed = sum(_ANTONYM[s] in a and s not in a for s in set(r) if s in _ANTONYM)
        shared = sum(s in a for s in set(r) if s in _ANTONYM)
        out += [opposed, shared, float(unknowing(answer))]
        numbers_a, numbers_r = set(re.findall(r"\d+(?:\.\d+)?", answer)), set(re.findall(r"\d+(?:\.\d+)?", reference))
        out += [len(numbers_r & numbers_a) / max(len(numbers_r), 1), len(numbers_r), len(numbers_a - numbers_r)]
        q = question.lower()
        out += [
            float("why" in q or "为什么" in q),
            float("how" in q),
            float("explain" in q or "解释" in q),
            float("what" in q),
            float("because" in answer.lower()),
        ]
        return [float(value) for value in out]


@lru_cache(maxsize=500_000)
def _spelling(a: str, b: str) -> float:
    if len(a) < 4 or len(b) < 4:
        return 0.0
    near = JaroWinkler.similarity(a, b)
    return float(near) if near >= 0.88 else 0.0


def _paired(vectorizer: "TfidfVectorizer", left: Sequence[str], right: Sequence[str]) -> Floats:
    unique = {text: k for k, text in enumerate(dict.fromkeys((*left, *right)))}
    if not unique:
        return np.zeros(0)
    matrix = vectorizer.transform(list(unique))
    a, b = matrix[[unique[text] for text in left]], matrix[[unique[text] for text in right]]
    return np.asarray(a.multiply(b).sum(axis=1), np.float64).ravel()
