"""A classifier of what persons write, for what no red-flag rule names. It only asks and never lowers a level. Knows no rule.

By words and by meaning: one support vector machine over the sum of two kernels (Cortes and Vapnik 1995). Words: their pairs and
triples (English) or runs of up to four characters (Chinese) and the marks of what the lexicon found, TF-IDF. Meaning: a Gaussian of
the distance of sentence vectors. The words' part is folded into a weight for each term; of the meaning's the support vectors stay.
The weights stand in `weights/redflags-<lang>.json` and `.npz`; `fit` learns them (scikit-learn, the extra `health`), `score` needs
numpy only. Without vectors the words decide alone, by a threshold of their own.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import fold

_WEIGHTS = Path(__file__).parents[1] / "weights"
Floats = NDArray[np.float32]
C = 3.0
"""How much an error costs; 1 with the kernels below was no better."""
GAMMA = 2.0
"""exp(-gamma |u - v|²) of unit vectors. Learnt without set j and tried on it: 1 and 4 leave fewer of its look-alikes alone."""
MEANING = 1.5
"""Of the meaning's kernel beside the words'; 1, 2 and 2.5 were tried in the same way."""

LIKE = 0.4
"""Share of one rule in all the likeness above which it is named: right for .83 of those of a fold's English red flags that no rule
finds, and three in five of them are named."""


@dataclass(frozen=True, slots=True)
class Row:
    """A text to learn from, with its marks, its vector (D,) and the rule that it is told of, "" for none."""

    text: str
    marks: tuple[str, ...]
    vector: Floats
    is_red_flag: bool
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """`terms`: gram → (idf, weight). `supports` (n, D), their `coefs` (n,) and the index of their rule in `rules`, (n,)."""

    terms: Mapping[str, tuple[float, float]]
    bias: float
    threshold: float
    words_threshold: float
    supports: Floats
    coefs: Floats
    rules: tuple[str, ...]
    rule_of: NDArray[np.uint8]


def grams(text: str, lang: Lang) -> list[str]:
    """Features of a text; numbers are all alike."""
    plain = re.sub(r"\d+(?:\.\d+)?", "0", fold(text))
    if lang == "zh":
        plain = re.sub(r"[^\w]+", " ", plain)
        return [plain[i : i + n] for n in (1, 2, 3, 4) for i in range(len(plain) - n + 1) if " " not in plain[i : i + n]]
    words = ["^", *re.findall(r"[a-z']+|0", plain), "$"]
    runs = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
    return runs + ["~" + w[:5] for w in words if len(w) > 5]


def features(text: str, marks: Iterable[str], lang: Lang) -> list[str]:
    """The grams of a text and, led by @, the marks of what is said in it."""
    return grams(text, lang) + ["@" + m for m in sorted(set(marks))]


@cache
def load_weights(lang: Lang) -> Weights:
    """Those that ship."""
    told = json.loads((_WEIGHTS / f"redflags-{lang}.json").read_text("utf-8"))
    with np.load(_WEIGHTS / f"redflags-{lang}.npz") as held:
        supports = held["supports"].astype(np.float32)
        coefs, rule_of = held["coefs"].astype(np.float32), held["rule_of"]
    supports /= np.linalg.norm(supports, axis=1, keepdims=True)
    terms = {g: (float(i), float(w)) for g, (i, w) in told["terms"].items()}
    return Weights(
        terms, told["bias"], told["threshold"], told["words_threshold"], supports, coefs, tuple(told["rules"]), rule_of
    )  # fmt: skip


def save_weights(weights: Weights, lang: Lang, folder: Path = _WEIGHTS) -> None:
    """Write what `load_weights` reads: vectors as int8, by their largest number, without what is nought in all."""
    named = ("bias", "threshold", "words_threshold", "rules")
    told = {name: getattr(weights, name) for name in named} | {"terms": weights.terms}
    (folder / f"redflags-{lang}.json").write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), "utf-8")
    used = weights.supports[:, : int(np.flatnonzero(weights.supports.any(axis=0)).max()) + 1]
    whole = np.rint(127 * used / np.abs(used).max(axis=1, keepdims=True)).astype(np.int8)
    np.savez(
        folder / f"redflags-{lang}.npz", supports=whole, coefs=weights.coefs.astype(np.float16), rule_of=weights.rule_of
    )  # fmt: skip


def score(text: str, marks: Iterable[str], vector: Floats | None, lang: Lang, weights: Weights | None = None) -> float:
    """The margin: the higher, the more a text tells of an emergency. `marks` are what a lexicon found in it."""
    w = weights or load_weights(lang)
    total = norm = 0.0
    for gram, count in Counter(g for g in features(text, marks, lang) if g in w.terms).items():
        idf, weight = w.terms[gram]
        value = (1 + math.log(count)) * idf
        total, norm = total + value * weight, norm + value * value
    words = total / math.sqrt(norm) if norm else 0.0
    return w.bias + words + (0.0 if vector is None else float(w.coefs @ _near(w.supports, vector)))


def _near(supports: Floats, vector: Floats) -> Floats:
    """The meaning's kernel of each support vector and a unit vector, (n,)."""
    return np.asarray(np.exp(GAMMA * (2 * (supports @ vector[: supports.shape[1]]) - 2)), np.float32)


def suspect(text: str, marks: Iterable[str], vector: Floats | None, lang: Lang, weights: Weights | None = None) -> str | None:
    """The rule that a text sounds most like, "" where none comes near; None where the text is not to be asked about."""
    w = weights or load_weights(lang)
    if score(text, marks, vector, lang, w) <= (w.words_threshold if vector is None else w.threshold):
        return None
    if vector is None or not vector.any():
        return ""
    by_rule = np.zeros(len(w.rules))
    np.add.at(by_rule, w.rule_of, np.maximum(w.coefs, 0) * _near(w.supports, vector) ** 6)
    by_rule[[not rule for rule in w.rules]] = 0.0
    return w.rules[int(by_rule.argmax())] if by_rule.max() > LIKE * by_rule.sum() else ""


def fit(rows: Sequence[Row], lang: Lang, threshold: float = 0.0, words_threshold: float = 0.0) -> Weights:
    """Weights of both kernels; terms seen once are dropped, both classes weigh alike."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import SVC

    vectorise = TfidfVectorizer(analyzer=lambda r: features(r.text, r.marks, lang), sublinear_tf=True, min_df=2)
    matrix = vectorise.fit_transform(rows)
    vectors = np.array([r.vector for r in rows], np.float32)
    kernel = (matrix @ matrix.T).toarray() + MEANING * np.exp(GAMMA * (2 * (vectors @ vectors.T) - 2))
    model = SVC(C=C, kernel="precomputed", class_weight="balanced").fit(kernel, [r.is_red_flag for r in rows])
    coefs, held = model.dual_coef_[0], model.support_
    weight = np.asarray(matrix[held].T @ coefs).ravel()
    terms = {g: (round(float(vectorise.idf_[j]), 3), round(float(weight[j]), 3)) for g, j in sorted(vectorise.vocabulary_.items())}
    rules = tuple(sorted({r.rule for r in rows}))
    rule_of = np.array([rules.index(rows[i].rule) for i in held], np.uint8)
    return Weights(
        terms, round(float(model.intercept_[0]), 4), threshold, words_threshold,
        vectors[held], (MEANING * coefs).astype(np.float32), rules, rule_of,
    )  # fmt: skip
