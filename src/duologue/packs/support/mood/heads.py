"""The shipped sense of mood: two small heads for each language, over a sentence encoder's vectors and the lexicon's verdict.

One tells whether a text has a mood at all, the other which. Learned by `runs/moods.py` from examples written for this project, the
starter intents and the lexicon's own words, for the encoder that comes with the program; with another one the lexicon stands alone.
A text is read whole and by its sentences. Knows no labelled set.
Shapes: n texts, D dimensions of the encoder, L numbers of the lexicon.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.features import encode_texts
from duologue.packs.support.intents.starter import starter_examples
from duologue.packs.support.intents.terms import has_han, shorten
from duologue.packs.support.mood.lexicon import values, weigh

Floats = NDArray[np.float64]
Lang = Literal["en", "zh"]
LANGS: tuple[Lang, Lang] = ("en", "zh")
WEIGHTS = Path(__file__).with_name("heads.npz")
_EXAMPLES = Path(__file__).with_name("starter_moods.jsonl")

LOOSENESS = 1.0
"""C of either head; 0.3 to 3 are near on the examples' own folds."""
WORD_SHARE = 0.2
"""How much a word of value 2 of the lexicon counts beside an example: on the examples' folds 0 is worse, 0.4 no better."""
LEXICON_SCALE = 1.5
MOST_SENTENCES = 40
GRIEVANCE = "complaint"
UNMOODED = ("thanks_goodbye", "damaged_item")
"""Starter intents whose examples are negative, and those whose examples are left out; those of all others are neutral."""
_ENDS: Mapping[Lang, re.Pattern[str]] = {
    "en": re.compile(r"(?<=[.!?;])\s+|\n+"),
    "zh": re.compile(r"[。！？!?；;\n~～]+|\s{2,}"),
}


def starter_moods() -> tuple[list[str], list[str]]:
    """Texts and their labels, in order."""
    rows = [json.loads(line) for line in _EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], [row["label"] for row in rows]


def learned_from() -> str:
    """A mark of the examples, the starter intents and the lexicon as they are now: other ones need other heads."""
    told = [*starter_moods(), *starter_examples(), *([*values(lang).items()] for lang in LANGS)]
    return hashlib.blake2b(json.dumps(told, ensure_ascii=False).encode(), digest_size=8).hexdigest()


def split_sentences(text: str, lang: Lang) -> list[str]:
    """The parts of a text of which each is weighed; the whole where it has one."""
    parts = [part.strip() for part in _ENDS[lang].split(shorten(text)) if part and len(part.strip()) > 2]
    return parts[:MOST_SENTENCES] or [text]


def lexicon_rows(texts: Sequence[str]) -> Floats:
    """What the lexicon says of each text, (n, L)."""
    moods = [weigh(text) for text in texts]
    rows = [[np.tanh(m.value / 3), np.tanh(m.good / 4), np.tanh(m.bad / 4), np.tanh(m.value / 1.5)] for m in moods]
    return LEXICON_SCALE * np.array(rows, float).reshape(len(texts), 4)


@dataclass(frozen=True, slots=True)
class MoodHeads:
    """`polarity` and `moody` hold a language's weights, (D + L + 1,), the last of them added to every text. `source`: the mark of
    what the shipped ones were learned from."""

    encoder: str
    polarity: Mapping[Lang, Floats]
    moody: Mapping[Lang, Floats]
    source: str = ""

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], encode: Encode) -> "MoodHeads":
        """Learn from texts (n) and `positive`, `neutral` or `negative` of each, from the lexicon's words, and from the starter
        intents, which are mostly neutral."""
        polarity, moody = dict[Lang, Floats](), dict[Lang, Floats]()
        starters = list(zip(*starter_examples(), strict=True))
        calm = [text for text, intent in starters if intent not in (GRIEVANCE, *UNMOODED)]
        cross = [(text, "negative") for text, intent in starters if intent == GRIEVANCE]
        for lang in LANGS:
            own = [one for one in [*zip(texts, labels, strict=True), *cross] if _lang(one[0]) == lang]
            known, marks = [text for text, _ in own], np.array([label for _, label in own])
            plain = [text for text in calm if _lang(text) == lang]
            rows, plain_rows = _rows(encode, known, lang), _rows(encode, plain, lang)
            words, signs, weights = lexicon_examples(lang)
            word_rows = _read(encode, words)
            word_rows[:, -4:] = 0.0  # the lexicon need not be told what it says itself
            is_moody = marks != "neutral"
            polarity[lang] = _learn(
                np.vstack([rows[is_moody], word_rows]),
                np.r_[marks[is_moody] == "positive", signs > 0],
                np.r_[np.ones(int(is_moody.sum())), WORD_SHARE * weights],
            )
            moody[lang] = _learn(
                np.vstack([rows, plain_rows]), np.r_[is_moody, np.zeros(len(plain), bool)], np.ones(len(rows) + len(plain))
            )
        return cls(encode.name, polarity, moody, learned_from())

    def chances(self, texts: Sequence[str], encode: Encode) -> Floats:
        """(n, 3): negative, neutral, positive."""
        out = np.zeros((len(texts), 3))
        langs = np.array([_lang(text) for text in texts])
        for lang in LANGS:
            here = np.flatnonzero(langs == lang)
            if not len(here):
                continue
            rows = _rows(encode, [texts[i] for i in here.tolist()], lang)
            good, is_moody = (_logistic(rows @ one[lang][:-1] + one[lang][-1]) for one in (self.polarity, self.moody))
            out[here] = np.column_stack([is_moody * (1 - good), 1 - is_moody, is_moody * good])
        return out

    def save(self, path: Path) -> None:
        """Write the weights."""
        parts = {f"{name}.{lang}": getattr(self, name)[lang].astype(np.float32) for name in ("polarity", "moody") for lang in LANGS}
        np.savez_compressed(path, encoder=np.array(self.encoder), source=np.array(self.source), **parts)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "MoodHeads":
        """Read what `save` wrote. Raises FileNotFoundError."""
        with np.load(path, allow_pickle=False) as kept:
            polarity, moody = ({lang: kept[f"{name}.{lang}"].astype(float) for lang in LANGS} for name in ("polarity", "moody"))
            return cls(str(kept["encoder"]), polarity, moody, str(kept["source"]))


@cache
def shipped() -> MoodHeads:
    """The heads that come with the pack."""
    return MoodHeads.load()


def lexicon_examples(lang: Lang) -> tuple[list[str], Floats, Floats]:
    """Words and phrases of the lexicon as texts, their signs, and how much each counts."""
    least = 2 if lang == "zh" else 4
    found = [(word.replace("_", " "), value) for word, value in values(lang).items() if value and len(word) >= least]
    marks = np.array([value for _, value in found])
    return [word for word, _ in found], np.sign(marks), np.abs(marks) / 2


def _lang(text: str) -> Lang:
    return "zh" if has_han(text) else "en"


def _rows(encode: Encode, texts: Sequence[str], lang: Lang) -> Floats:
    """The mean of a text read whole and of its k sentences' sum over the root of k, (n, D + L): many say more than one."""
    split = [split_sentences(text, lang) for text in texts]
    counts = np.array([len(parts) for parts in split])
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    parts = _read(encode, [part for parts in split for part in parts])
    return np.asarray((_read(encode, texts) + np.add.reduceat(parts, starts) / np.sqrt(counts)[:, None]) / 2)


def _read(encode: Encode, texts: Sequence[str]) -> Floats:
    once = list(dict.fromkeys(texts))
    place = {text: i for i, text in enumerate(once)}
    rows = np.hstack([encode_texts(encode, once).astype(float), lexicon_rows(once)])
    found: Floats = rows[[place[text] for text in texts]]
    return found


def _logistic(odds: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return found


def _learn(rows: Floats, is_so: NDArray[np.bool_], weights: Floats) -> Floats:
    model = LogisticRegression(C=LOOSENESS, max_iter=1000).fit(rows, is_so, sample_weight=weights)
    return np.append(model.coef_[0], model.intercept_)
