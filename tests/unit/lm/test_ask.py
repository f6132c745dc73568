from collections.abc import Callable
from pathlib import Path

import pytest

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import END, END_OF_TURN, TextTokenizer
from duologue.lm.writing.ask import Model, cut_at_stop, read_ends
from duologue.lm.writing.decode import Decoding

Make = Callable[..., Transformer]


@pytest.fixture
def model(make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> Model:
    save_checkpoint(tmp_path / "m", make_model(vocab_size=tokenizer.vocab_size), tokenizer)
    return Model(tmp_path / "m")


def test_a_text_and_its_continuation_score_as_the_whole(model: Model) -> None:
    first, rest, whole = model.score("The parcel\n"), model.score("The parcel\n", "包裹"), model.score("The parcel\n包裹")
    assert set(rest) == {"logprob", "tokens", "perplexity", "bits_per_byte", "token_logprobs"}
    assert whole["token_logprobs"] == pytest.approx(first["token_logprobs"] + rest["token_logprobs"], abs=1e-4)
    assert rest["tokens"] == len(rest["token_logprobs"])
    assert whole["logprob"] == pytest.approx(sum(whole["token_logprobs"]))


def test_n_texts_come_best_first_with_scores_and_reasons(model: Model) -> None:
    found = model.generate("包裹", Decoding(max_new_tokens=6, beams=3, n=3))
    assert {k: len(v) for k, v in found.items()} == dict.fromkeys(("texts", "scores", "finish_reasons", "logprobs"), 3)
    assert found["scores"] == sorted(found["scores"], reverse=True)
    assert set(found["finish_reasons"]) <= {"stop", "length"}


def test_a_stop_string_cuts_and_a_prompt_too_long_is_refused(model: Model) -> None:
    assert cut_at_stop("one END two", ["x", "END", ""]) == ("one ", True)
    assert cut_at_stop("one", ["END"]) == ("one", False)
    with pytest.raises(Invalid, match="reads 64"):
        model.generate("包裹 " * 60, Decoding())
    assert model.generate("包裹", Decoding(max_new_tokens=500))["finish_reasons"][0] in ("stop", "length")


def test_the_ends_are_those_of_the_folder(model: Model, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    assert set(model.ends) == {tokenizer.special(END), tokenizer.special(END_OF_TURN)}
    (tmp_path / "config.json").write_text('{"eos_token_id": 9}')
    assert read_ends(tmp_path) == (9,)
    assert read_ends(tmp_path / "absent") == ()
