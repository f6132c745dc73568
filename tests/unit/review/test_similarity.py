"""Likeness of questions: equal is 1, paraphrases beat strangers, and what is about something else never passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.kit.text import detect_lang
from duologue.knowledge.synonyms import subjects
from duologue.review.question import Question, find_exchanged, is_named_otherwise
from duologue.review.similarity import BARRED, combine, likeness, meaning

WEIGHTS = {"norway": 5.0, "iceland": 5.0, "tent": 2.0, "ship": 2.0, "deliver": 2.0, "挪威": 5.0, "冰岛": 5.0}


def like(asked: str, known: str, answer: str = "") -> float:
    return likeness(subjects(asked), subjects(known), subjects(answer), WEIGHTS)


def read(text: str) -> Question:
    return Question.read(text, detect_lang(text))


def test_the_same_question_is_wholly_alike() -> None:
    assert like("Do you ship tents to Norway?", "do you ship tents to norway") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("asked", "known", "stranger"),
    [
        ("Could I get a tent sent to Norway?", "Do you ship a tent to Norway?", "Do you ship a tent to Iceland?"),
        ("挪威能寄帐篷吗", "帐篷可以寄到挪威吗", "帐篷可以寄到冰岛吗"),
    ],
)
def test_other_words_beat_another_country(asked: str, known: str, stranger: str) -> None:
    assert like(asked, known) > 0.6 > like(asked, stranger)


def test_the_answer_helps_where_the_question_was_short() -> None:
    alone = like("What does delivery of a tent to Norway cost?", "And to Norway?")
    helped = like("What does delivery of a tent to Norway cost?", "And to Norway?", "A tent to Norway costs £14.95 delivery.")
    assert helped > alone


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("Do you buy second-hand tents?", "Do you sell second-hand tents?"),
        ("Can I bring my dog into the Bristol store?", "Can I bring my bike into the Bristol store?"),
        ("Hello, do you ship tents to Norway?", "do you ship tents to iceland"),
        ("你们收二手帐篷吗？", "请问你们卖二手帐篷吗"),
        ("看病可以带孩子来吗？", "看病可以带狗来吗？"),
    ],
)
def test_one_piece_exchanged_in_one_frame_is_another_question(known: str, asked: str) -> None:
    assert find_exchanged(read(asked), read(known))
    assert find_exchanged(read(asked), read(known)) in read(asked).text.casefold()
    assert combine(read(asked), read(known), "", 0.9, 0.97) == (BARRED, find_exchanged(read(asked), read(known)))


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("Do you have a shop in Paris?", "Do you have a store in Paris?"),
        ("Do you rent out snowshoes?", "Hi, do you rent out snowshoes please?"),
        ("Is there parking at the Bristol store?", "Does your Bristol branch have a car park?"),
        ("你们周末上班吗？", "请问你们周末营业吗"),
        ("雪鞋可以租吗？", "我想租一双雪鞋周末用"),
    ],
)
def test_synonyms_politeness_and_another_frame_exchange_nothing(known: str, asked: str) -> None:
    assert not find_exchanged(read(asked), read(known))
    assert combine(read(asked), read(known), "", 0.2, 0.97).score > 0.9


def test_a_name_or_number_on_one_side_only_bars_in_any_frame() -> None:
    known, answer = read("Do you ship tents to Norway?"), "Yes, to Oslo and Bergen."
    assert is_named_otherwise(read("Could a tent be sent to Iceland?"), known, answer)
    assert is_named_otherwise(read("Could a tent be sent abroad?"), known, answer)
    assert not is_named_otherwise(read("could a tent be sent to norway"), known, answer)
    assert not is_named_otherwise(read("Could a tent be sent to Oslo in Norway?"), known, answer)
    assert is_named_otherwise(read("订单 RO-104234 到哪里了？"), read("订单 RO-104233 到哪里了？"), "")


def test_a_number_is_named_only_where_it_stands_whole() -> None:
    known = read("Do you ship tents to Norway?")
    assert is_named_otherwise(read("Do you ship 4 tents to Norway?"), known, "Yes, for £14.95 in 40 days.")
    assert not is_named_otherwise(read("Do you ship 4 tents to Norway?"), known, "Yes, up to 4 of them.")
    assert is_named_otherwise(read("冷山12帐篷有多重？"), read("冷山2帐篷有多重？"), "")
    assert not is_named_otherwise(read("冷山2 重量"), read("冷山2帐篷有多重？"), "")


def test_meaning_grows_with_the_cosine_and_stays_under_one() -> None:
    grown = [meaning(c / 100, "en") for c in range(-100, 101)]
    assert grown == sorted(grown)
    assert (grown[0], grown[-1]) == (0.0, 0.95)
    assert combine(read("a"), read("b"), "", 0.3, None) == (0.3, "")


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.floats(-1, 1))
def test_likeness_stays_in_its_range(asked: str, known: str, answer: str, cosine: float) -> None:
    both = combine(read(asked), read(known), answer, like(asked, known, answer), cosine)
    assert 0.0 <= both.score <= 1.0 + 1e-9
