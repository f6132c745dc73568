"""Writing, held to transformers' generate, to brute force, and to the slow sampler."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.writing.decode import Decoding, pad_left, penalise, restrict, search, write
from duologue.lm.writing.sampler import write_slowly
from duologue.lm.writing.score import token_logprobs

Make = Callable[..., Transformer]
PROMPTS = [[5, 9, 31], [17, 4, 44, 8, 23, 51, 3], [40]]
ENDS = (7, 19)


def test_greedy_ragged_rows_write_what_each_writes_slowly_alone(make_model: Make) -> None:
    model = make_model()
    found = write(model, PROMPTS, Decoding(max_new_tokens=15, ends=ENDS))
    for prompt, (one,) in zip(PROMPTS, found, strict=True):
        assert list(one.ids) == write_slowly(model, prompt, 15, ends=ENDS)


@pytest.mark.parametrize("options", [{}, {"temperature": 1.0, "n": 3}, {"beams": 4, "n": 4, "length_penalty": 0.0}])
def test_the_log_probability_is_that_of_scoring(make_model: Make, options: dict[str, Any]) -> None:
    model = make_model()
    for prompt, some in zip(PROMPTS, write(model, PROMPTS, Decoding(max_new_tokens=9, ends=ENDS, **options)), strict=True):
        for one in some:
            if one.reason == "length":
                wanted = float(token_logprobs(model, [*prompt, *one.ids], len(prompt)).sum())
                assert one.logprob == pytest.approx(wanted, abs=1e-3)
            else:
                whole = [float(token_logprobs(model, [*prompt, *one.ids, end], len(prompt)).sum()) for end in ENDS]
                assert min(abs(one.logprob - w) for w in whole) < 1e-3


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0, 2.0])
def test_a_wide_beam_finds_the_best_of_all_texts(make_model: Make, penalty: float) -> None:
    model, end, length = make_model(vocab_size=5, spread=0.5), 2, 4
    everything = []
    for n in range(length + 1):
        for ids in itertools.product([0, 1, 3, 4], repeat=n):
            tail = [*ids, end] if n < length else list(ids)
            logprob = float(token_logprobs(model, [1, 3, *tail], 2).sum())
            everything.append((logprob / len(tail) ** penalty, tuple(ids)))
    everything.sort(reverse=True)
    (found,) = write(model, [[1, 3]], Decoding(max_new_tokens=length, beams=400, n=5, length_penalty=penalty, ends=(end,)))
    assert [(pytest.approx(w.score, abs=1e-4), w.ids) for w in found] == everything[:5]


@pytest.fixture(scope="module")
def pair(make_model: Make, tokenizer: TextTokenizer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Transformer, Any]:
    transformers = pytest.importorskip("transformers", reason="the extra `oracles` (transformers) is not installed")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    ours, folder = make_model(), Path(tmp_path_factory.mktemp("pair")) / "m"
    save_checkpoint(folder, ours, tokenizer)
    return ours, transformers.AutoModelForCausalLM.from_pretrained(folder)


def theirs_write(theirs: Any, **options: Any) -> Any:
    ids, pad = pad_left(PROMPTS, 1)
    is_text = (torch.arange(ids.size(1)) >= pad[:, None]).long()
    options = {"max_new_tokens": 12, "do_sample": False, "eos_token_id": list(ENDS), "pad_token_id": 0, **options}
    found = theirs.generate(ids, attention_mask=is_text, return_dict_in_generate=True, output_scores=True, **options)
    return found, ids.size(1)


def ids_of(row: torch.Tensor) -> list[int]:
    tokens = row.tolist()
    ends = [i for i, t in enumerate(tokens) if t in ENDS]
    return tokens[: ends[0]] if ends else tokens


@pytest.mark.oracle
@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_is_that_of_transformers(pair: tuple[Transformer, Any], penalty: float) -> None:
    found, start = theirs_write(pair[1], repetition_penalty=penalty)
    if penalty == 1.0:
        ours = write(pair[0], PROMPTS, Decoding(max_new_tokens=12, ends=ENDS))
        assert [list(w.ids) for (w,) in ours] == [ids_of(row[start:]) for row in found.sequences]
    else:  # they count the padding as seen, so each row is asked alone
        for prompt in PROMPTS:
            alone = pair[1].generate(
                torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=list(ENDS), repetition_penalty=penalty
            )
            ((one,),) = write(pair[0], [prompt], Decoding(max_new_tokens=12, ends=ENDS, repetition_penalty=penalty))
            assert list(one.ids) == ids_of(alone[0, len(prompt) :])


@pytest.mark.oracle
@pytest.mark.parametrize("beams", [2, 4])
@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("is_early", [False, True])
def test_beam_search_is_that_of_transformers(pair: tuple[Transformer, Any], beams: int, penalty: float, is_early: bool) -> None:
    found, start = theirs_write(
        pair[1], num_beams=beams, num_return_sequences=beams, length_penalty=penalty, early_stopping=is_early
    )
    d = Decoding(max_new_tokens=12, beams=beams, n=beams, length_penalty=penalty, is_early=is_early, ends=ENDS)
    ours = [w for some in write(pair[0], PROMPTS, d) for w in some]
    assert [list(w.ids) for w in ours] == [ids_of(row[start:]) for row in found.sequences]
    assert [w.score for w in ours] == pytest.approx(found.sequences_scores.tolist(), abs=1e-4)


def test_the_steps_of_a_search_end_in_its_result(make_model: Make) -> None:
    model, d = make_model(), Decoding(max_new_tokens=8, beams=3, n=3, ends=ENDS)
    steps = list(search(model, PROMPTS[0], d))
    assert list(steps[-1].finished) == write(model, PROMPTS[:1], d)[0]
    assert all(len(s.beams) <= 3 for s in steps)
    assert [len(s.beams[0][0]) for s in steps] == list(range(1, len(steps) + 1))


LOGITS = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.81}, [0.5263, 0.3158, 0.1579, 0]),
        ({"min_p": 0.5}, [0.625, 0.375, 0, 0]),
        ({"top_k": 99, "top_p": 1.0}, [0.5, 0.3, 0.15, 0.05]),
        ({"top_p": 0.01}, [1, 0, 0, 0]),
    ],
)
def test_what_may_be_drawn(options: dict[str, Any], wanted: list[float]) -> None:
    found = restrict(LOGITS, Decoding(temperature=1.0, **options)).softmax(-1)[0]
    assert found.tolist() == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("temperature", [1e-7, 1e-40, 5e-324])
@pytest.mark.parametrize("options", [{}, {"top_p": 0.5}, {"top_k": 3, "min_p": 0.1}])
def test_a_temperature_near_zero_leaves_the_likeliest(temperature: float, options: dict[str, Any]) -> None:
    found = restrict(LOGITS, Decoding(temperature=temperature, **options)).softmax(-1)[0]
    assert found.tolist() == [1, 0, 0, 0]


def test_penalties_lower_what_stands_there_already() -> None:
    seen = torch.tensor([[True, False, True, False]])
    found = penalise(LOGITS, seen, Decoding(presence_penalty=0.5))
    torch.testing.assert_close(found, LOGITS - torch.tensor([[0.5, 0.0, 0.5, 0.0]]))
    both = penalise(LOGITS, seen, Decoding(presence_penalty=0.5, repetition_penalty=2.0))
    torch.testing.assert_close(both, torch.where(seen, 2 * LOGITS - 0.5, LOGITS))


def test_a_seed_repeats(make_model: Make) -> None:
    d = Decoding(max_new_tokens=8, temperature=1.0, n=2)
    first = write(make_model(), PROMPTS, d)
    assert write(make_model(), PROMPTS, d) == first
    assert first[0][0] != first[0][1]


@pytest.mark.parametrize("bad", [{"n": 0}, {"top_p": 0.0}, {"beams": 2, "n": 3}, {"beams": 2, "temperature": 0.5}, {"min_p": 2.0}])
def test_values_that_mean_nothing_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        Decoding(**bad)


def test_empty_prompts_are_refused(make_model: Make) -> None:
    with pytest.raises(Invalid, match="at least one token"):
        write(make_model(), [[1], []], Decoding())
