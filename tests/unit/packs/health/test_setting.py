"""What the text around says of a mention: the news, the last time long ago, looked into and over; and what never counts as over."""

from typing import Any

import pytest

from duologue.packs.health.language.setting import said_of_now
from duologue.packs.health.redflags.rules import red_flags


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("had chest pain in spring, the ecg and bloods were normal, it's gone now. can I stop the tablets", "en"),
        ("I was bleeding at 8 weeks, they scanned me, heartbeat fine, none since", "en"),
        ("saw on the telly about a man collapsing at the match", "en"),
        ("a letter for work about my seizures, last one 5 years ago", "en"),
        ("wrote late, was away with dad's heart attack, he's home", "en"),
        ("if I swallowed two by mistake would it be an overdose? not happened, just curious", "en"),
        ("drowning in paperwork, can I have something to sleep", "en"),
        ("上个月胸痛做了造影，血管没问题，现在不疼了，药还吃吗", "zh"),
        ("海鲜过敏嘴肿了，急诊打了针，早就消了", "zh"),
        ("说明书里写可能有自杀念头，那还能吃吗", "zh"),
        ("开个证明，我有癫痫，最后一次发作是五年前", "zh"),
        ("新闻里说有一家人煤气中毒", "zh"),
        ("降压药吃完了想续方", "zh"),
        ("作业太多头都要炸了", "zh"),
    ],
)
def test_what_is_over_elsewhere_or_a_figure_raises_nothing(text: str, lang: Any) -> None:
    assert [a.rule for a in red_flags(text, lang, wide=False)] == []


@pytest.mark.parametrize(
    ("text", "lang", "rule"),
    [
        ("had chest pain and sweats, ecg normal on Sunday, it was gone, now it's back and worse", "en", "acs"),
        ("couldn't speak for ten minutes, all gone now", "en", "tia"),
        ("read on the news what to look for and now my mouth is drooping on one side", "en", "stroke"),
        ("I saw a post online about heart attacks and I have crushing chest pain right now", "en", "acs"),
        ("watching a tv show about strokes and my husband suddenly can't speak", "en", "stroke"),
        ("mum's seizure won't stop, she is jerking all over", "en", "seizure"),
        ("if I took all my tablets tonight nobody would miss me, I want to die", "en", "suicide"),
        ("the doctor said it was nothing, it's better now, but I still want to kill myself", "en", "suicide"),
        ("paramedics came said all fine, he's better now but he is unconscious", "en", "unresponsive"),
        ("my face drooped while reading the news on the telly", "en", "stroke"),
        ("a friend of mine has taken an overdose and won't wake", "en", "overdose"),
        ("医生说没事，已经好了，孩子嘴唇发紫叫不醒", "zh", "unresponsive"),
        ("我爸心梗了怎么办", "zh", "acs"),
        ("上周心电图正常，好了，今天胸口压着疼又出冷汗", "zh", "acs"),
        ("右手没劲十分钟，现在好了", "zh", "stroke"),
        ("新闻里说有人中风我右边手脚突然没力气了", "zh", "stroke"),
        ("看新闻才知道要紧，我现在嘴歪了", "zh", "stroke"),
        ("把一整瓶安眠药吃完了", "zh", "overdose"),
        ("大夫说没事了，现在好了，可我还是想死", "zh", "suicide"),
    ],
)
def test_what_is_not_over_still_does(text: str, lang: Any, rule: str) -> None:
    assert rule in [a.rule for a in red_flags(text, lang, wide=False)]


def test_what_is_said_of_now_leaves_out_asides_and_keeps_what_is_denied() -> None:
    text = "my friend of mine went into labour early, no fever, I'm fine"
    assert said_of_now(text, [], [], "en") == " no fever, I'm fine"
    assert said_of_now(text, [], [(13, 25)], "en") == text
    assert said_of_now("邻居去年走了，我睡不好", [], [], "zh") == "我睡不好"


def test_what_turns_from_the_news_to_ones_own_stays() -> None:
    text = "heard on the radio about sepsis and dad is shivering and his skin is mottled"
    assert said_of_now(text, (), (), "en") == text
    assert said_of_now("heard on the radio about sepsis, I am fine", (), (), "en") == " I am fine"
