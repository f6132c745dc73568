import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.judging.evaluate import evaluate_texts, is_repeating
from duologue.lm.judging.parity import compare_all
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.writing.ask import Model
from tests.unit.lm.conftest import TEXTS

Make = Callable[..., Transformer]


@pytest.fixture
def folder(make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "m", make_model(vocab_size=tokenizer.vocab_size), tokenizer)
    return tmp_path / "m"


@pytest.mark.oracle
def test_no_comparison_is_further_apart_than_it_may_be() -> None:
    rows = list(compare_all())
    assert len(rows) >= 5
    for row in rows:
        assert row["value"] is None or row["value"] <= row["baseline"], row


def test_texts_are_scored_by_language_and_answers_counted(folder: Path, tmp_path: Path) -> None:
    chat = {"messages": [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "On its way."}]}
    lines = [json.dumps({"text": t}, ensure_ascii=False) for t in TEXTS[:2]] + [json.dumps(chat)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    rows = {(r["metric"], r["note"][:2]): r for r in evaluate_texts(folder, [str(tmp_path / "texts.jsonl")])}
    assert {("bits_per_byte", "en"), ("bits_per_byte", "zh"), ("stop_rate", "en"), ("repetition_rate", "en")} <= set(rows)
    model = Model(folder)
    (zh,) = [t for t in TEXTS[:2] if t.startswith("包")]
    assert rows["bits_per_byte", "zh"]["value"] == pytest.approx(model.score(zh)["bits_per_byte"])
    assert 0 <= rows["stop_rate", "en"]["value"] <= 1


def test_what_repeats_itself() -> None:
    assert is_repeating([1, 2, 3, 4] * 3)
    assert not is_repeating([1, 2, 3, 4] * 2)
    assert not is_repeating(list(range(50)))


def asked(*arguments: Any) -> SimpleNamespace:
    return SimpleNamespace(args=arguments)


@pytest.mark.oracle
def test_the_harness_is_told_what_transformers_would_tell_it(folder: Path, tokenizer: TextTokenizer) -> None:
    """Our adapter and the harness's own for Hugging Face models, asked the same of the same folder."""
    pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")
    from lm_eval.models.huggingface import HFLM

    from duologue.lm.judging.harness import make_harness_model

    ours = make_harness_model(Model(folder))
    theirs = HFLM(pretrained=str(folder), device="cpu", batch_size=1, add_bos_token=True, dtype="float32")
    pairs = [("The parcel takes", " three days"), ("包裹", "在哪里"), ("Where is", " my order?")]
    both = [m.loglikelihood([_instance(*p) for p in pairs], disable_tqdm=True) for m in (ours, theirs)]
    for (one, is_one), (two, is_two) in zip(*both, strict=True):
        assert (one, is_one) == (pytest.approx(two, abs=1e-3), is_two)
    rules = {"until": ["."], "max_gen_toks": 12, "do_sample": False}
    made = [
        m.generate_until([_instance("The parcel", dict(rules)), _instance("订单", dict(rules))], disable_tqdm=True)
        for m in (ours, theirs)
    ]
    assert made[0] == made[1]


def _instance(*arguments: Any) -> Any:
    from lm_eval.api.instance import Instance

    kind = "generate_until" if isinstance(arguments[-1], dict) else "loglikelihood"
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)


@pytest.mark.oracle
def test_a_task_of_the_harness_runs(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")
    from duologue.lm.judging.harness import run_harness

    rows = [{"question": f"{n} and 1 are", "choices": [" two", " many"], "answer": n % 2} for n in range(6)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    task = {
        "task": "counting", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(tmp_path / "rows.jsonl")}},
        "test_split": "test", "output_type": "multiple_choice", "doc_to_text": "{{question}}", "doc_to_choice": "{{choices}}",
        "doc_to_target": "{{answer}}", "metric_list": [{"metric": "acc"}],
    }  # fmt: skip
    (found,) = run_harness(folder, [task], limit=4)
    assert (found["task"], found["metric"], found["n"]) == ("counting", "acc", 4)
    assert 0 <= found["value"] <= 1
    with pytest.raises(Invalid, match="cannot run"):
        run_harness(folder, ["no_such_task"])


def test_a_likelihood_counts_the_continuation_only(folder: Path) -> None:
    from duologue.lm.judging.harness import _likelihood

    model = Model(folder)
    logprob, is_greedy = _likelihood(model, "The parcel", " takes")
    assert logprob == pytest.approx(model.score("The parcel", " takes")["logprob"], abs=1e-4)
    assert not is_greedy
    long = "parcel " * 100  # longer than the context: the newest part of what stands before is read
    assert _likelihood(model, long, " takes")[0] < 0
    assert torch.isfinite(torch.tensor(_likelihood(model, "", " takes")[0]))
