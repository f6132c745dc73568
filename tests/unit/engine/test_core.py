"""What the engine writes, held to transformers on every family, and to itself in every other circumstance."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.protocol import PromptScored  # noqa: E402
from duologue.kit.errors import Invalid, Overloaded  # noqa: E402
from duologue.lm.checkpoints.checkpoint import load_checkpoint  # noqa: E402
from duologue.lm.writing.score import token_logprobs  # noqa: E402
from tests.engines import FAMILIES, Ran, ask, check_pages, make_core, run  # noqa: E402

GENERATOR = torch.Generator().manual_seed(3)
BEGINNING = torch.randint(23, 320, (40,), generator=GENERATOR).tolist()
PROMPTS = [BEGINNING + torch.randint(23, 320, (n,), generator=GENERATOR).tolist() for n in (1, 5, 17, 40, 70)]
CIRCUMSTANCES: dict[str, dict[str, Any]] = {
    "batched": {},
    "small pieces": {"step_tokens": 7},
    "preempted": {"cache_tokens": 1, "max_batch": 4},
    "one at a time": {"max_batch": 1},
}


def their_greedy(transformers: Any, folder: Path) -> list[list[int]]:
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    written = []
    for prompt in PROMPTS:
        ids = torch.tensor([prompt])
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False, eos_token_id=None)
        written.append(out[0, len(prompt) :].tolist())
    return written


@pytest.fixture(scope="module")
def transformers() -> Any:
    return pytest.importorskip("transformers", reason="the extra `oracles` is not installed")


@pytest.mark.oracle
@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_is_transformers_greedy_in_every_circumstance(
    transformers: Any, folders: dict[str, Path], family: str, path: str
) -> None:
    wanted = their_greedy(transformers, folders[family])
    guessed = {"draft": folders["small"], "draft_tokens": 3}
    for name, options in {**CIRCUMSTANCES, "guessed": guessed}.items():
        core = make_core(folders[family], **options)
        ran = run(core, *(ask(p) for p in PROMPTS))
        assert [r.ids() for r in ran] == wanted, name
        again = run(core, *(ask(p) for p in PROMPTS))
        assert [r.ids() for r in again] == wanted, f"{name}, from a warm cache"
        assert again[0].end().usage.cached_tokens == 32
        if name == "preempted":
            assert core.stats().preemptions > 0
        if name == "guessed":
            assert core.stats().drafted_tokens > 0
        core.runner.close()


def said(ran: Ran) -> list[tuple[str, list[int], Any, Any]]:
    """Everything that a client sees of a request, but for what was found in the cache."""
    request = ran.task.request
    return [(ran.text(i), ran.ids(i), ran.end(i).reason, ran.end(i).logprob) for i in range(request.n)]


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_the_compiled_step_gives_the_same_bits_in_every_circumstance(
    folders: dict[str, Path], compiled: None, precision: str
) -> None:
    """Log-probabilities are compared too, exactly: batch, pieces, cache, preemption and threads leave no trace."""
    requests = [
        ask(p, temperature=t, seed=i, n=n)
        for i, (p, t, n) in enumerate(zip(PROMPTS, (0, 1, 1, 0.7, 2), (1, 2, 1, 3, 1), strict=True))
    ]
    alone = make_core(folders["qwen3"], precision=precision)
    wanted = [said(run(alone, r)[0]) for r in requests]
    alone.runner.close()
    for options in [*CIRCUMSTANCES.values(), {"threads": 2}]:
        core = make_core(folders["qwen3"], precision=precision, **options)
        assert [said(r) for r in run(core, *requests)] == wanted
        assert [said(r) for r in run(core, *requests)] == wanted
        core.runner.close()


def test_n_answers_draw_by_their_own_seeds_and_the_first_is_that_of_one(folders: dict[str, Path]) -> None:
    core = make_core(folders["llama"])
    (many,) = run(core, ask(PROMPTS[2], temperature=1, seed=5, n=3))
    singles = [run(core, ask(PROMPTS[2], temperature=1, seed=5 + i))[0] for i in range(3)]
    assert [many.ids(i) for i in range(3)] == [s.ids() for s in singles]
    assert len({tuple(many.ids(i)) for i in range(3)}) == 3


def test_a_cancelled_request_frees_its_pages_at_once_and_disturbs_nobody(folders: dict[str, Path]) -> None:
    core = make_core(folders["qwen2"])
    (alone,) = run(core, ask(PROMPTS[0]))
    events: list[Any] = []
    doomed = core.submit(ask(PROMPTS[3], n=3, temperature=1), events.append)
    kept = Ran(core.submit(ask(PROMPTS[0]), events.append), events)
    for _ in range(4):
        core.step()
    core.cancel(doomed)
    check_pages(core)
    assert len(core.scheduler.running) == 1
    while not core.is_idle:
        core.step()
    assert kept.ids() == alone.ids()
    waiting = core.submit(ask(PROMPTS[1]), events.append)
    core.cancel(waiting)
    assert core.is_idle


def test_too_many_waiting_requests_are_refused_and_nobody_else_suffers(folders: dict[str, Path]) -> None:
    core = make_core(folders["qwen3"], max_waiting=2, max_batch=1)
    events: list[Any] = []
    for _ in range(2):
        core.submit(ask(PROMPTS[0]), events.append)
    with pytest.raises(Overloaded) as caught:
        core.submit(ask(PROMPTS[0]), events.append)
    assert caught.value.detail["retry_after_s"] > 0
    while not core.is_idle:
        core.step()
    run(core, ask(PROMPTS[0]))


def test_a_prompt_is_scored_as_the_model_scores_it(folders: dict[str, Path], path: str) -> None:
    core = make_core(folders["llama"], step_tokens=9)
    model, _ = load_checkpoint(folders["llama"])
    run(core, ask(PROMPTS[3]))  # a warm cache must not swallow what is to be scored
    (ran,) = run(core, ask(PROMPTS[3], max_tokens=0, prompt_logprobs=2))
    scored = next(e for e in ran.events if isinstance(e, PromptScored)).tokens
    assert [t.id for t in scored] == PROMPTS[3]
    assert scored[0].logprob is None
    wanted = token_logprobs(model, PROMPTS[3]).tolist()
    assert [t.logprob for t in scored[1:]] == pytest.approx(wanted, abs=1e-4)
    assert all(t.top[0].logprob >= t.top[1].logprob for t in scored[1:])
    assert ran.end().usage.completion_tokens == 0


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 99}, "n"),
        ({"top_p": 0.0}, "top_p"),
        ({"logit_bias": {330: 1.0}}, "logit_bias"),
        ({"max_tokens": -1}, "max_tokens"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(folders: dict[str, Path], options: dict[str, Any], param: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_core(folders["qwen3"]).submit(ask(PROMPTS[0], **options), print)
    assert caught.value.detail["param"] == param
