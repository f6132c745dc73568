import pytest

from duologue.lm.text import clean


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ＡＢＣ１２，全角", "ABC12，全角"),
        ("梵语（，；）是语言( )。", "梵语是语言。"),
        ("a \u3000b\n\n\n c ", "a b\nc"),
        ("cafe\u0301", "café"),
        ("空（有内容）", "空（有内容）"),
    ],
)
def test_to_plain(text: str, plain: str) -> None:
    assert clean.to_plain(text) == plain


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to ann.b@shop.co.uk.", "write to [e-mail]."),
        ("call +44 20 7946 0958 now", "call [number] now"),
        ("身份证110101199003078888。", "身份证[number]。"),
        ("it cost 1,250,000 in 2019", "it cost 1,250,000 in 2019"),
    ],
)
def test_mask_private(text: str, masked: str) -> None:
    assert clean.mask_private(text) == masked


def test_lists_are_told_from_prose() -> None:
    assert clean.is_mostly_short_lines("\n".join(["apples", "pears"] * 4))
    assert not clean.is_mostly_short_lines("\n".join(["A whole sentence that says something about apples."] * 8))
    assert not clean.is_mostly_short_lines("one\ntwo")


def test_sentences_of_both_languages() -> None:
    assert clean.split_sentences('It costs 3.50 euros. "Fine," he said! 好的。真的吗？是') == [
        "It costs 3.50 euros.",
        '"Fine," he said!',
        "好的。",
        "真的吗？",
        "是",
    ]


def test_cut_at_sentence() -> None:
    assert clean.cut_at_sentence("One is here. Two is here. Three is here.", 30) == "One is here. Two is here."
    assert clean.cut_at_sentence("short", 30) == "short"
    assert clean.cut_at_sentence("x" * 50, 30) == "x" * 30


def test_held_out_is_decided_by_the_text_alone() -> None:
    texts = [f"document number {i}" for i in range(4000)]
    held = [t for t in texts if clean.is_held_out(t, 0.05)]
    assert 140 < len(held) < 260
    assert held == [t for t in texts if clean.is_held_out(t.upper() + " ", 0.05)]
    assert not any(clean.is_held_out(t, 0.0) for t in texts)
