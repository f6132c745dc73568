"""Questions that nobody could answer, gathered into gaps of the knowledge: alike ones together, named, counted.

Questions are joined while they are alike on average (agglomerative, average linkage); a gap is named by its most central question.
Knows no conversation; what an expert answers becomes an article elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.preprocessing import normalize

from duologue.kit.text import EMAIL, detect_lang, normalise, words
from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.features import Features
from duologue.packs.support.intents.starter import starter_examples
from duologue.packs.support.intents.terms import has_han, shorten
from duologue.sdk import Question

ALIKE, ALIKE_BY_TERMS = 0.35, 0.2
"""Mean cosine above which questions are one gap, with an encoder and without. Of 88 everyday questions of the sample shop in each
language, which were looked at for this, the adjusted Rand index against their articles is 0.64 in English and 0.66 in Chinese; by
terms 0.51 and 0.60 (`python -m bench.gaps`)."""
_MARKS = re.compile(r"[^\w\s'’-]+")
"""Left out: with the question mark, which all share, 74 of the 88 Chinese questions were one gap."""
MOST = 2000
"""Questions looked at, the newest; the table of likeness is quadratic."""
MAX_NAME = 80
_ASKING_EN = (
    "what how when where which who why does did can could would will the and for with you your our from have has are was there any "
    "another much many this that not get please about into"
)
_ASKING_ZH = (
    "什么 怎么 怎样 怎么样 多少 多久 多长 可以 能不能 可不可以 你们 我们 请问 一下 一个 一条 几天 什么时候 时候 有没有 如何 为什么 "
    "还是 是不是 哪里 哪些"
)
_ASKING = frozenset(f"{_ASKING_EN} {_ASKING_ZH}".split())
"""Words that say that something is asked, not what."""
NAME_TERMS = 4


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of one matter: the central one as its name, terms that set it apart, the questions from the central outwards."""

    name: str
    lang: str
    terms: tuple[str, ...]
    questions: tuple[Question, ...]

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.questions)


def find_gaps(questions: Sequence[Question], encode: Encode | None = None, least: int = 1) -> list[Gap]:
    """Gaps of at least `least` questions, the most asked first. Languages are kept apart, empty questions left
    out, e-mail addresses struck out: a gap may become an article."""
    asked = [Question(q.id, EMAIL.sub("…", normalise(q.text))) for q in questions[-MOST:] if q.text.strip()]
    out: list[Gap] = []
    for lang in ("en", "zh"):
        own = [question for question in asked if detect_lang(question.text) == lang]
        out += _gather(own, lang, encode)
    return sorted((gap for gap in out if gap.count >= least), key=lambda gap: (-gap.count, gap.name))


def _gather(questions: Sequence[Question], lang: str, encode: Encode | None) -> list[Gap]:
    if not questions:
        return []
    texts = [_MARKS.sub(" ", question.text) for question in questions]
    features = Features(encode).fit([*texts, *starter_examples()[0]])  # so that a few questions know which words are common
    rows = normalize(features.join(features.terms(texts), features.vectors(texts)))
    alike = np.clip((rows @ rows.T).toarray(), 0.0, 1.0)
    groups = np.zeros(len(texts), int)
    if len(texts) > 1:
        least = ALIKE if encode else ALIKE_BY_TERMS
        cut = AgglomerativeClustering(n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - least)
        groups = cut.fit_predict(1 - alike)
    common = _spread([question.text for question in questions])
    return [_gap(questions, alike, np.flatnonzero(groups == one), lang, common) for one in np.unique(groups)]


def _gap(questions: Sequence[Question], alike: np.ndarray, places: np.ndarray, lang: str, common: dict[str, int]) -> Gap:
    nearness = alike[np.ix_(places, places)].mean(axis=1)
    ordered = [questions[i] for i in places[np.argsort(-nearness, kind="stable")]]
    own = _spread([question.text for question in ordered])
    told = sorted(own, key=lambda term: (-own[term] * own[term] / common[term], -len(term), term))
    terms: list[str] = []
    for term in told:
        if len(terms) < NAME_TERMS and not any(term in other or other in term for other in terms):
            terms.append(term)
    name = ordered[0].text
    return Gap(name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…", lang, tuple(terms), tuple(ordered))


def _spread(texts: Sequence[str]) -> dict[str, int]:
    """In how many texts each telling word stands: of three letters or more, of two Han characters or more; no word of asking."""
    out: dict[str, int] = {}
    for text in texts:
        for word in set(words(shorten(text))) - _ASKING:
            if len(word) >= (2 if has_han(word) else 3):
                out[word] = out.get(word, 0) + 1
    return out
