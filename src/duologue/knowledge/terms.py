"""The terms by which texts are compared, indexed and looked up: words without function words, English ones stemmed.

Both databases index exactly these terms, and queries are cut by the same function. Knows no database.
Stems by Snowball (Porter 2), https://snowballstem.org.
"""

import re
import threading
from functools import lru_cache
from typing import Any

from duologue.kit.text import normalise, words

_ENGLISH = """a about after all also am an and any are as at be because been before being but by can cannot could did do does doing
don't down during each few for from further get had has have having he her here hers him his how i i'd i'll i'm i've if in into is
it it's its just let me more most my no nor not of off on once only or other our ours out over own please same she should so some
such than that the their theirs them then there these they they're this those to too under until up us very was we were what what's
when where which while who whom why will with would you your yours tell know want need like ok okay hi hello hey thanks thank"""
_CHINESE = """的 了 吗 呢 吧 啊 呀 么 是 我 你 您 他 她 它 我们 你们 他们 这 那 这个 那个 这些 那些 有 在 和 与 及 或 也 都 就 还
又 很 把 被 给 对 向 从 到 为 以 于 要 会 能 能够 可以 可 不 没 没有 怎么 怎样 如何 什么 哪 哪里 哪儿 哪个 哪些 为什么 谁 请
请问 想 想要 知道 一下 一个 个 嘛 呗 哦 嗯 好 啦 您好 你好 谢谢 多少 几 是否 如果 但是 因为 所以 而 而且 并 并且 之 其 上
下 里 中 得 地 着 过 让 啥 咋 问 问下 问一下 麻烦 告诉 需要 应该"""
STOPWORDS = frozenset(_ENGLISH.split()) | frozenset(_CHINESE.split())


LONGEST = 100
"""Characters of a term that are kept."""
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")

_local = threading.local()  # a Snowball stemmer keeps the word at hand in itself, so each thread has its own


def _stemmer() -> Any:
    if not hasattr(_local, "stemmer"):
        import snowballstemmer  # type: ignore[import-untyped]

        _local.stemmer = snowballstemmer.stemmer("english")
    return _local.stemmer


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """An English word without its ending; other words as they are."""
    word = word.replace("’", "'").removesuffix("'s")
    if not word.isascii() or not word.isalpha():
        return word
    stemmed: str = _stemmer().stemWord(word)
    return stemmed


_SHORT_NAMES = {"united kingdom": "UK", "great britain": "UK", "european union": "EU", "united states": "USA", "hong kong": "HK"}
_LONG_NAME = re.compile("|".join(_SHORT_NAMES), re.I)


def _with_short_names(text: str) -> str:
    """Places with the short name beside the long one, so that either finds the other."""
    return _LONG_NAME.sub(lambda m: f"{m.group()} {_SHORT_NAMES[m.group().lower()]}", text)


def index_terms(text: str) -> list[str]:
    """Terms of a text in order, doubles kept, function words left out: its words as a reader would count them."""
    text = _with_short_names(text)
    return [stem(word)[:LONGEST] for word in words(text) if word.replace("’", "'") not in STOPWORDS]


def search_terms(text: str) -> list[str]:
    """What is indexed and looked up: the terms, and of Chinese also all pairs of neighbouring characters.

    Pairs find what was cut otherwise in the question than in the passage. On the development questions they move BM25's recall@5
    in Chinese from 0.42 to 0.50.
    """
    pairs = (run[i : i + 2] for run in _HAN_RUN.findall(normalise(text)) for i in range(len(run) - 1))
    return [*index_terms(text), *pairs]
