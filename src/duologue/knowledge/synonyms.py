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

_ASKED_AS = """
guarantee warranty
zipper zip
postage delivery shipping
swap exchange
telephone phone call
courier carrier
rucksack backpack
shoe boot footwear
trousers pants
bill invoice receipt
color colour
aeroplane airplane plane
shut closed closing
physician doctor
pupil student
fee price cost charge
保修 质保 三包
邮费 运费 快递费 邮资 配送费
关门 打烊
上班 营业
实体店 门店 店铺
盒子 箱子 原箱 包装
打折 折扣 优惠 特价
登山鞋 登山靴 靴子
冲锋衣 硬壳 外套
鞋子 靴子 鞋
弄丢 丢失 遗失 丢
退钱 退款
缺货 断货 售罄 卖完
补货 到货 上架
手机号 电话 手机
账户 账号 帐号
拆开 拆封 开封
快递员 快递
坏掉 损坏 坏 坏了
大学生 学生
老师 教师
看病 就诊
挂号 预约
打针 注射
吃药 服药 用药
作业 练习
"""
"""What people ask for, and what a text may call it; looser than the groups above, so only for words that no text has."""

_ASKING = frozenset(["much", "many"])
"""Index terms that say how something is asked, not what it is about."""
SYNONYMS = {
    stem(word): stem(group.split()[0])
    for group in _GROUPS.strip().splitlines()
    for word in group.split()
    if stem(word) != stem(group.split()[0])
}
"""A term to the one that stands for its group."""
_CALLED: dict[str, list[str]] = {}
for _group in (*_GROUPS.strip().splitlines(), *_ASKED_AS.strip().splitlines()):
    _terms = list(dict.fromkeys(stem(word) for word in _group.split()))
    for _term in _terms:
        _CALLED[_term] = [*_CALLED.get(_term, ()), *(other for other in _terms if other != _term)]
_HAN_WORDS = {word: first for word, first in SYNONYMS.items() if not word.isascii() and len(word) > 1}
_HAN_WORD = re.compile("|".join(sorted(_HAN_WORDS, key=len, reverse=True)))


def unite(term: str) -> str:
    """The term that stands for its group."""
    return SYNONYMS.get(term, term)


def called(term: str) -> list[str]:
    """What a text may say in place of an index term."""
    return _CALLED.get(term, [])


def subjects(text: str) -> set[str]:
    """What a text is about: each index term once, synonyms as one; every word where none is left."""
    found = {unite(stem(word)) for word in words(text) if word not in STOPWORDS and word not in _ASKING}
    return found or {stem(word) for word in words(text)}


def unite_han(text: str) -> str:
    """Chinese text with one word for each group; single characters stay, for they stand within other words."""
    return _HAN_WORD.sub(lambda match: _HAN_WORDS[match.group()], text)
