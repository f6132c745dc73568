"""What a text is about, where one everyday word may stand for another. The groups were written by hand: general words only."""

import re

from duologue.kit.text import words
from duologue.knowledge.terms import STOPWORDS, stem

_GROUPS = """
shop store
rent hire
repair mend fix
parcel package
cost price
wash clean
buy purchase
child children kid toddler
allow permit
ship deliver send post
jacket coat
broken damaged faulty
doctor physician gp
medicine medication drug
vaccinate vaccination jab
operation surgery
lesson class
phone mobile
维修 修理 修
包裹 快递
价格 价钱 多少钱
洗 清洗 洗涤
买 购买
孩子 小孩 娃
寄 发货 配送 送货
营业 上班 开门
坏 损坏 坏了
医生 大夫
药 药物
手术 开刀
修改 改 更改
租 出租 借 租借
停车 停车场
门店 店铺 商店 店
"""

_ASKING = frozenset(["much", "many"])
"""Index terms that say how something is asked, not what it is about."""
SYNONYMS = {
    stem(word): stem(group.split()[0])
    for group in _GROUPS.strip().splitlines()
    for word in group.split()
    if stem(word) != stem(group.split()[0])
}
"""A term to the one that stands for its group."""
_HAN_WORDS = {word: first for word, first in SYNONYMS.items() if not word.isascii() and len(word) > 1}
_HAN_WORD = re.compile("|".join(sorted(_HAN_WORDS, key=len, reverse=True)))


def unite(term: str) -> str:
    """The term that stands for its group."""
    return SYNONYMS.get(term, term)


def subjects(text: str) -> set[str]:
    """What a text is about: each index term once, synonyms as one; every word where none is left."""
    found = {unite(stem(word)) for word in words(text) if word not in STOPWORDS and word not in _ASKING}
    return found or {stem(word) for word in words(text)}


def unite_han(text: str) -> str:
    """Chinese text with one word for each group; single characters stay, for they stand within other words."""
    return _HAN_WORD.sub(lambda match: _HAN_WORDS[match.group()], text)
