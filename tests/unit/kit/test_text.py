"""Text in two languages: what is a word, where a sentence ends, which language it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.kit.text import EMAIL, clean, detect_lang, normalise, sentences, spell_out, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my order?", "en"),
        ("我的订单在哪里？", "zh"),
        ("我的 order 显示 packed 了，还能 cancel 吗", "zh"),
        ("I'm in Chengdu, how do I 寄回 my jacket?", "en"),
        ("想要 next day delivery，最晚几点下单", "zh"),
        ("OK", "en"),
        ("好", "zh"),
    ],
)
def test_the_language_is_that_of_most_words(text: str, expected: str) -> None:
    assert detect_lang(text) == expected


def test_text_without_letters_takes_the_default() -> None:
    assert detect_lang("12345 !!", "zh") == "zh"
    assert detect_lang("", "en") == "en"


def test_words_of_both_languages_and_codes() -> None:
    assert words("RO-104233 costs £3.95, doesn't it?") == ["ro-104233", "costs", "3.95", "doesn't", "it"]
    assert words("登录账号") == ["登录", "账号"]
    assert words("Café über naïve") == ["cafe", "uber", "naive"]
    assert words("Привет мир") == ["привет", "мир"]
    assert words("30件商品 ￥１２") == ["30", "件", "商品", "12"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs £3.95. Free over £50! Really? Yes.", ["It costs £3.95.", "Free over £50!", "Really?", "Yes."]),
        ("退货免费。换货一次！可以吗？可以；不行", ["退货免费。", "换货一次！", "可以吗？", "可以；", "不行"]),
        ("他说：“可以。”然后走了。", ["他说：“可以。”", "然后走了。"]),
        ('She said "go." Then she left (at last). End', ['She said "go."', "Then she left (at last).", "End"]),
        ("能退吗?可以!好", ["能退吗?", "可以!", "好"]),
        ("1. Choose dates.\n2. Pay.", ["1. Choose dates.", "2. Pay."]),
        (
            "Some gear, e.g. Ember stoves, vs. Others by Dr. Smith. Next.",
            ["Some gear, e.g. Ember stoves, vs. Others by Dr. Smith.", "Next."],
        ),
        ("Sent to help@shop.example. ok so", ["Sent to help@shop.example. ok so"]),
        ("One line\nanother line\n\n- item", ["One line", "another line", "- item"]),
        ("It takes 5 days. 3 more at banks.", ["It takes 5 days.", "3 more at banks."]),
        ("Can I? No. Size M. Then 30. Then more.", ["Can I?", "No.", "Size M.", "Then 30.", "Then more."]),
        ("", []),
    ],
)
def test_where_a_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(max_size=200))
def test_no_character_of_a_sentence_is_lost(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@given(st.text(max_size=200))
def test_normal_form_is_reached_in_one_step(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_clean_text_keeps_the_marks_of_its_language() -> None:
    assert clean("ＲＯ，好。\r\n  e\u0301\x00 ") == "ＲＯ，好。\n  é"
    assert normalise("ＲＯ，好。") == "RO,好。"


def test_a_long_row_of_abbreviations_is_one_sentence() -> None:
    text = "Etc. " * 20_000
    assert sentences(text) == [text.strip()]


@pytest.mark.parametrize("text", ["x" * 200_000, "x." * 100_000, "a@" * 100_000, "退" * 100_000, "a@b." * 50_000])
def test_endless_words_are_read_in_linear_time(text: str) -> None:
    """A quadratic pattern needs minutes here; the whole takes a moment."""
    for _ in range(3):
        assert detect_lang(text) in ("en", "zh")


def test_addresses_are_found_where_they_begin() -> None:
    text = "我的邮箱是ann.lee+shop@mail.example.com，或 bob@x.example"
    assert EMAIL.findall(text) == ["ann.lee+shop@mail.example.com", "bob@x.example"]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("do u guys ship to norway", "do you ship to norway"),
        ("wheres my order pls", "where is my order please"),
        ("im in the uk, r u open tmrw", "I am in the uk, are you open tomorrow"),
        ("WHATS UR POLICY", "what is your POLICY"),
        ("write to im@u.example or U-12", "write to im@u.example or U-12"),
        ("size R, the u-turn and its r value", "size R, the u-turn and its r value"),
        ("你们发香港吗", "你们发香港吗"),
    ],
)
def test_what_is_typed_in_a_hurry_is_spelt_out(typed: str, written: str) -> None:
    assert spell_out(typed) == written
