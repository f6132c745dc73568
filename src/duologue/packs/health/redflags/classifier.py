"""A linear classifier of what persons write, for what no red-flag rule names. It only asks and never lowers a level. Knows no rule.

Words and their pairs and triples (English) or runs of up to four characters (Chinese), with the names of the concepts that the
lexicon found in them; TF-IDF, logistic regression. The weights stand in `weights/redflags-<lang>.json`; `fit` learns them
(scikit-learn, the extra `health`), `score` needs no library.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import fold

_WEIGHTS = Path(__file__).parents[1] / "weights"


def grams(text: str, lang: Lang) -> list[str]:
    """Features of a text; numbers are all alike."""
    plain = re.sub(r"\d+(?:\.\d+)?", "0", fold(text))
    if lang == "zh":
        plain = re.sub(r"[^\w]+", " ", plain)
        return [plain[i : i + n] for n in (1, 2, 3, 4) for i in range(len(plain) - n + 1) if " " not in plain[i : i + n]]
    words = ["^", *re.findall(r"[a-z']+|0", plain), "$"]
    runs = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
    return runs + ["~" + w[:5] for w in words if len(w) > 5]


@cache
def load_weights(lang: Lang) -> Mapping[str, Any]:
    """`terms` (gram → [idf, weight]), `bias` and `threshold`."""
    loaded: Mapping[str, Any] = json.loads((_WEIGHTS / f"redflags-{lang}.json").read_text("utf-8"))
    return loaded


def features(text: str, concepts: Iterable[str], lang: Lang) -> list[str]:
    """The grams of a text and, marked by @, the names of what is meant in it."""
    return grams(text, lang) + ["@" + c for c in sorted(set(concepts))]


def score(text: str, concepts: Iterable[str], lang: Lang, weights: Mapping[str, Any] | None = None) -> float:
    """The chance, 0 to 1, that a text tells of an emergency; `concepts` are the names of what a lexicon found to be meant in it."""
    w = weights or load_weights(lang)
    terms = w["terms"]
    total = norm = 0.0
    for gram, count in Counter(g for g in features(text, concepts, lang) if g in terms).items():
        idf, weight = terms[gram]
        value = (1 + math.log(count)) * idf
        total, norm = total + value * weight, norm + value * value
    return 1 / (1 + math.exp(-(float(w["bias"]) + total / math.sqrt(norm)))) if norm else 0.0


def suspects(text: str, concepts: Iterable[str], lang: Lang) -> bool:
    """Whether a text is to be asked about although no rule names it."""
    return score(text, concepts, lang) > float(load_weights(lang)["threshold"])


def fit(rows: Sequence[tuple[str, tuple[str, ...], bool]], lang: Lang, threshold: float = 0.5) -> dict[str, Any]:
    """Weights from (text, its concepts, red flag); features seen once are dropped. C 10, classes balanced."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorise = TfidfVectorizer(analyzer=lambda row: features(row[0], row[1], lang), sublinear_tf=True, min_df=2)
    matrix = vectorise.fit_transform(rows)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000).fit(matrix, [y for *_, y in rows])
    terms = {
        g: [round(float(vectorise.idf_[j]), 3), round(float(model.coef_[0, j]), 3)]
        for g, j in sorted(vectorise.vocabulary_.items())
    }
    return {"threshold": threshold, "bias": round(float(model.intercept_[0]), 4), "terms": terms}
