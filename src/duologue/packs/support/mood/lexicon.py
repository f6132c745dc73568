"""Words that carry a mood, English and Chinese, and how words around them turn or strengthen it. The rules need no training.

The lists under `lexicon/` were written for this project. Knows no model.
Source of the rules: Taboada et al., "Lexicon-based methods for sentiment analysis", Computational Linguistics 2011.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from duologue.packs.support.intents.terms import is_han, shorten, tokens

Emotion = Literal["anger", "worry", "disappointment", "gratitude", "joy", "none"]
_FOLDER = Path(__file__).with_name("words")
NEGATED = -0.75
"""What a negation makes of a value: "not good" is less bad than "bad"."""
BEFORE_BUT = 0.5
REACH = 3
"""Words (English) before a word of mood in which a negation turns it."""
REACH_ZH = 3

_NOT = ["ca", "do", "does", "did", "is", "are", "was", "were", "wo", "would", "could", "should", "has", "have", "had"]
_NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nobody",
        "nothing",
        "nowhere",
        "neither",
        "nor",
        "cannot",
        "without",
        "hardly",
        "barely",
        "scarcely",
        "rarely",
        "lacks",
        "lacking",
        "ain't",
        "n't",
    ]
) | {f"{verb}{end}" for verb in _NOT for end in ("n't", "n’t", "nt")} - {"wont"}
_STRONGER = frozenset(
    [
        "very",
        "really",
        "extremely",
        "so",
        "too",
        "absolutely",
        "totally",
        "completely",
        "utterly",
        "deeply",
        "highly",
        "truly",
        "such",
        "super",
        "incredibly",
    ]
)
_WEAKER = frozenset(["somewhat", "slightly", "fairly", "bit", "little", "rather", "kinda", "sometimes", "mildly", "almost"])
_BUT = frozenset(["but", "however", "although", "though", "yet"])
_NEGATIONS_ZH = (
    "没有",
    "并不",
    "并非",
    "从不",
    "毫不",
    "毫无",
    "不太",
    "不怎么",
    "不够",
    "不是",
    "谈不上",
    "称不上",
    "不",
    "没",
    "无",
    "未",
    "非",
    "别",
)
_STRONGER_ZH = ("非常", "特别", "十分", "极其", "超级", "相当", "实在", "真的", "太", "很", "超", "真", "最", "巨", "好")
LEAST_STEM = 4
"""Letters of a word from which another may be made by an ending."""
_ENDINGS = (
    ("iness", "y"), ("ily", "y"), ("iest", "y"), ("ier", "y"), ("ies", "y"), ("ied", "y"), ("ly", ""), ("ness", ""), ("ingly", ""),
    ("ing", ""), ("ing", "e"), ("edly", ""), ("ed", ""), ("ed", "e"), ("es", ""), ("s", ""), ("est", ""), ("er", ""), ("r", ""),
    ("ly", "le"), ("dom", ""), ("some", ""), ("ity", "e"), ("able", ""), ("able", "e"), ("ment", ""),
)  # fmt: skip
_APART = frozenset(
    ["likely", "lately", "hardly", "barely", "fairly", "rather", "shortly", "longing", "needless", "warmer", "cooler"]
)
"""Words that mean something else than what they seem to be made of."""
IN_QUESTION = 0.45
"""In a question words tell of a matter rather than of a mood: "what if the pole breaks?". Not where it asks for blame."""
_ASKS = re.compile(
    r"[?？]\s*$|[吗嘛么呢不没]\W*$|多少|几[点天个号时]|多[久远大重长]|什么时候|哪[里儿个些]|怎么|如何|谁|能否|还是|(.)[不没]\1"
    r"|^\W*(?:how|what|when|where|which|who|whose|can|could|do|does|is|are|will|would|may)\b",
    re.IGNORECASE,
)
_BLAMES = re.compile(
    r"\b(?:why|still|again|never|ever|even|no one|nobody|anyone|else)\b"
    r"|\bhow (?:hard|many times|is it possible|dare|can you|could you|stupid)\b"
    r"|[!！]|到底|究竟|凭什么|为什么|为啥|难道|永远|还[要不没]|又|[每几]次|怎么(?:这么|那么|还|能|回事|做到|会)|什么意思|居然|竟然",
    re.IGNORECASE,
)
_BUT_ZH = ("但是", "可是", "不过", "然而", "但", "就是")
_EMOJI = {
    2.0: "😀😃😄😁😆😊🙂😍🥰😘😎🤩🥳👍👏🙏❤💖💯🎉✨😻🌹💪😇🤗😋",
    1.0: "😂😅😉😌👌🙌😏",
    -1.0: "😐😑😕😬🙄😟😔😥😓🤔🙁☹",
    -2.0: "😒😞😢😭😠😡🤬👎💔😤😩😫🤮🤢😱😖😣😨😰💩🖕😾",
}
_EMOTICON = re.compile(r"(?P<good>[:;=]-?[)D\]]|<3|\^_\^)|(?P<bad>[:=]-?[(\[/|]|:'\(|>:\(|T_T)")
_EMOTION_WORDS: dict[Emotion, tuple[str, str]] = {
    "anger": (
        r"angry|furious|outrag\w+|ridiculous|unacceptable|disgusting|livid|fed up|rip-?off|scam\w*|liars?|worst",
        "生气|气死|愤怒|气愤|恼火|可恶|无耻|骗子|坑爹|忍无可忍|太过分|投诉|垃圾|滚|[😠😡🤬😤]",
    ),
    "worry": (
        r"worr\w+|afraid|anxious|concerned|urgent\w*|scared|asap",
        "担心|着急|焦急|害怕|急用|怎么办|急死|[😨😰😱]",
    ),
    "gratitude": (r"thanks?|thank you|thx|grateful|appreciate\w*|cheers", "谢谢|感谢|多谢|感激|辛苦了|[🙏🌹]"),
    "disappointment": (
        r"disappoint\w+|let down|sad(?:ly)?|regret|unfortunately|hoped",
        "失望|遗憾|可惜|后悔|难过|伤心|心寒|[😞😢😭💔😔]",
    ),
    "joy": (
        r"happy|delighted|love|loved|wonderful|great|amazing|awesome|perfect|excited",
        "开心|高兴|喜欢|太好了|太棒|满意|[😀😃😄😁😊😍🥰🎉]",
    ),
}
_EMOTIONS = {name: re.compile(rf"\b(?:{en})\b|{zh}", re.IGNORECASE) for name, (en, zh) in _EMOTION_WORDS.items()}


@dataclass(frozen=True, slots=True)
class Mood:
    """What the words say: sums of good (≥ 0) and bad (≤ 0) values, and the words that count most, with their values."""

    good: float
    bad: float
    words: tuple[tuple[str, float], ...]

    @property
    def value(self) -> float:
        """Good and bad together; negative is bad."""
        return self.good + self.bad


@cache
def values(lang: Literal["en", "zh"]) -> dict[str, float]:
    """Words, and phrases with their words joined by `_`, and their values, -3..3; 0 for one in which others mean nothing."""
    found: dict[str, float] = {}
    for line in (_FOLDER / f"sentiment.{lang}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            value, *listed = line.split()
            found.update(dict.fromkeys(listed, float(value)))
    return found


@cache
def _longest(lang: Literal["en", "zh"]) -> int:
    return max(word.count("_") + 1 if lang == "en" else len(word) for word in values(lang))


def weigh(text: str) -> Mood:
    """The mood of a text in either language; nothing found is (0, 0)."""
    hits: list[tuple[str, float]] = []
    short = shorten(text)
    for clause in re.split(r"[.;。；\n]+|(?<=[!?！？])", short):
        own: list[tuple[str, float]] = []
        words: list[str] = []
        for token in tokens(clause):
            if is_han(token):
                own = _weigh_han(token, _weigh_words(words, own))
                words = []
            elif token == "n't" and words:  # as some corpora write it
                words[-1] += token
            else:
                words.append(token.replace("’", "'"))
        own = _weigh_words(words, own)
        weight = IN_QUESTION if is_plain_question(clause) else 1.0
        hits.extend((word, value * weight) for word, value in own)
    hits.extend((c, value) for c in short for value, group in _EMOJI.items() if c in group)
    hits.extend((m.group(), 1.5 if m["good"] else -1.5) for m in _EMOTICON.finditer(short))
    good, bad = sum(v for _, v in hits if v > 0), sum(v for _, v in hits if v < 0)
    return Mood(good, bad, tuple(sorted(hits, key=lambda h: -abs(h[1]))[:6]))


def _weigh_words(words: Sequence[str], own: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Longest phrases first, from the left."""
    known, i = values("en"), 0
    while i < len(words):
        near = words[max(0, i - REACH) : i]
        phrase, length = "", 1
        for length in range(min(_longest("en"), len(words) - i), 1, -1):
            if (phrase := "_".join(words[i : i + length])) in known:
                break
            phrase = ""
        length = length if phrase else 1
        value = known[phrase] if phrase else value_of(words[i])
        if not phrase and words[i] in _BUT:
            own = [(word, value * BEFORE_BUT) for word, value in own]
        elif value:
            strength = 1.4 if near and near[-1] in _STRONGER else 0.7 if near and near[-1] in _WEAKER else 1.0
            turned = any(word in _NEGATIONS for word in near)
            own.append((phrase.replace("_", " ") or words[i], value * strength * (NEGATED if turned else 1.0)))
        i += length
    return own


def value_of(word: str) -> float:
    """The value of an English word, or of the one it is made of (`stunningly`, `boredom`); 0 where neither is known."""
    known = values("en")
    if word in known or word in _APART or len(word) < LEAST_STEM + 1:
        return known.get(word, 0.0)
    for end, put in _ENDINGS:
        stem = word.removesuffix(end) + put
        if word.endswith(end) and len(stem) >= LEAST_STEM and stem in known:
            return known[stem]
    return 0.0


def is_question(text: str) -> bool:
    """Whether a text asks, by its mark, its words or how it begins."""
    return _ASKS.search(text) is not None


def is_plain_question(text: str) -> bool:
    """Whether a text asks for something, and not for who is to blame."""
    return is_question(text) and _BLAMES.search(text) is None


def _weigh_han(run: str, own: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Longest words first, from the left."""
    known, longest, i = values("zh"), _longest("zh"), 0
    while i < len(run):
        but = next((b for b in _BUT_ZH if run.startswith(b, i)), "")
        word = next((run[i : i + n] for n in range(longest, 0, -1) if run[i : i + n] in known), "")
        if len(word) > len(but) or (word and not but):
            before = run[max(0, i - REACH_ZH) : i]
            strength = 1.4 if before.endswith(_STRONGER_ZH) else 1.0
            turned = any(n in before for n in _NEGATIONS_ZH)
            if known[word]:
                own.append((word, known[word] * strength * (NEGATED if turned else 1.0)))
        elif but:
            own, word = [(w, value * BEFORE_BUT) for w, value in own], but
        i += len(word) or 1
    return own


def negated_words(text: str) -> list[str]:
    """English words within reach of a negation, marked `not_`; Chinese carries its negation in the character pairs already."""
    out: list[str] = []
    left = 0
    for token in tokens(text):
        if token in _NEGATIONS:
            left = REACH + 1
        elif token in "?!":
            left = 0
        elif left:
            left -= 1
            out.append(f"not_{token}")
    return out


def feel(text: str) -> Emotion:
    """The emotion that a text names, anger before others; `none` where it names none."""
    short = shorten(text)
    return next((name for name, pattern in _EMOTIONS.items() if pattern.search(short)), "none")
