"""Beam search in the engine, held to transformers' and to the slow one of `lm.decode`."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.protocol import TextDelta  # noqa: E402
from duologue.kit.errors import Invalid  # noqa: E402
from duologue.lm.checkpoints.checkpoint import load_checkpoint  # noqa: E402
from duologue.lm.writing import decode  # noqa: E402
from duologue.lm.writing.ask import read_ends  # noqa: E402
from tests.engines import FAMILIES, ask, make_core, run  # noqa: E402

PROMPTS = [torch.randint(23, 320, (n,), generator=torch.Generator().manual_seed(n)).tolist() for n in (3, 20, 37)]


def slow(folder: Path, prompt: list[int], ends: tuple[int, ...], **options: Any) -> list[decode.Written]:
    model, _ = load_checkpoint(folder)
    (found,) = decode.write(model, [prompt], decode.Decoding(ends=ends, **options))
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("options", [{}, {"cache_tokens": 1, "step_tokens": 11}])
def test_texts_and_scores_are_those_of_the_slow_search(folders: dict[str, Path], family: str, options: dict[str, int]) -> None:
    core = make_core(folders[family], **options)
    _, tokenizer = load_checkpoint(folders[family])
    ends = read_ends(folders[family])
    requests = [ask(p, beams=4, n=3, max_tokens=14, ignore_end=False, length_penalty=0.8) for p in PROMPTS]
    beside = ask(PROMPTS[1], temperature=1, seed=1)
    *searched, _ = run(core, *requests, beside)
    for prompt, ran in zip(PROMPTS, searched, strict=True):
        wanted = slow(folders[family], prompt, ends, max_new_tokens=14, beams=4, n=3, length_penalty=0.8)
        for index, text in enumerate(wanted):
            assert ran.text(index) == tokenizer.decode(text.ids)
            assert ran.end(index).reason == text.reason
            length = len(text.ids) + (text.reason == "stop")
            assert ran.end(index).usage.completion_tokens == length
            assert ran.end(index).logprob == pytest.approx(text.logprob / length, abs=1e-4)


@pytest.mark.oracle
def test_the_best_text_and_its_score_are_transformers(folders: dict[str, Path]) -> None:
    transformers = pytest.importorskip("transformers", reason="the extra `oracles` is not installed")
    model = transformers.AutoModelForCausalLM.from_pretrained(folders["llama"])
    tokenizer = load_checkpoint(folders["llama"])[1]
    core = make_core(folders["llama"])
    for prompt in PROMPTS:
        ids = torch.tensor([prompt])
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=10,
            num_beams=4,
            do_sample=False,
            eos_token_id=None,
            return_dict_in_generate=True,
            output_scores=True,
        )
        (ran,) = run(core, ask(prompt, beams=4, max_tokens=10))
        assert ran.text() == tokenizer.decode(out.sequences[0, len(prompt) :].tolist())
        assert ran.end().logprob == pytest.approx(float(out.sequences_scores[0]), abs=1e-4)


def test_a_stop_string_cuts_and_only_whole_texts_come(folders: dict[str, Path]) -> None:
    core = make_core(folders["qwen3"])
    (whole,) = run(core, ask(PROMPTS[1], beams=3, max_tokens=12))
    stop = whole.text()[3:5]
    (cut,) = run(core, ask(PROMPTS[1], beams=3, max_tokens=12, stop=[stop]))
    assert cut.text() == whole.text()[: whole.text().index(stop)]
    assert cut.end().reason == "stop"
    assert sum(isinstance(e, TextDelta) for e in cut.events) <= 1


@pytest.mark.parametrize(
    ("options", "param"), [({"temperature": 1.0}, "temperature"), ({"n": 4}, "n"), ({"logprobs": 1}, "logprobs")]
)
def test_what_does_not_go_with_beams_is_refused(folders: dict[str, Path], options: dict[str, Any], param: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_core(folders["qwen3"]).submit(ask(PROMPTS[0], beams=3, **options), print)
    assert caught.value.detail["param"] == param
