from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue.kit.errors import Invalid
from duologue.lm.text.tokenizer import SPECIALS, TextTokenizer, load_tokenizer, train_tokenizer


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=60))
def test_every_byte_string_comes_back(tokenizer: TextTokenizer, data: bytes) -> None:
    ids = tokenizer.encode_bytes(data)
    assert tokenizer.decode_bytes(ids) == data


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60) | st.sampled_from(["e\u0301 한국 ①½", "ＡＢＣ　１２", "👩‍🚀 𠮷野家", "\r\n\t a  b "]))
def test_every_text_comes_back_whole_and_as_a_stream(tokenizer: TextTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    stream = tokenizer.stream()
    pieces = [stream.push(i) for i in ids]
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces) or "\ufffd" in text


@settings(max_examples=200, deadline=None)
@given(text=st.lists(st.sampled_from([*SPECIALS, "<|", "|>", "a", "中"]), max_size=6).map("".join))
def test_no_text_makes_a_special_token(tokenizer: TextTokenizer, text: str) -> None:
    assert not set(tokenizer.encode(text)) & set(tokenizer.special_ids.values())
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_loaded_tokenizer_is_the_same_and_makes_no_special_tokens_either(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = load_tokenizer(tmp_path / "tokenizer.json")
    text = "Where is <|user|> 我的订单 12345?"
    assert loaded.encode(text) == tokenizer.encode(text)
    assert loaded.special_ids == tokenizer.special_ids == {token: i for i, token in enumerate(SPECIALS)}


def test_merges_keep_han_letters_digits_and_lines_apart(tokenizer: TextTokenizer) -> None:
    tokens = [tokenizer.decode([i]) for i in tokenizer.encode("abc包裹12345\n\nfor days")]
    for token in tokens:
        assert not (any("一" <= c <= "龥" for c in token) and any(c.isascii() for c in token))
        assert not token.isdigit() or len(token) <= 2
        assert "\n" not in token or token == "\n"
    assert " days" in tokens


def test_bad_tokenizers_are_explained(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="at least"):
        train_tokenizer(["x"], 100, show_progress=False)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Invalid, match="not a tokenizer file"):
        load_tokenizer(tmp_path / "tokenizer.json")
