"""Guessing changes nothing: the text is the same with and without, greedy and drawn, whatever is guessed and however well."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.speculate import Lookup  # noqa: E402
from tests.engines import ask, make_core, run  # noqa: E402

PHRASE = torch.randint(23, 320, (12,), generator=torch.Generator().manual_seed(4)).tolist()
PROMPTS = [PHRASE * 4, [*PHRASE, 50, 60, *PHRASE, 70], PHRASE[:3] * 9]


@pytest.mark.parametrize("kind", ["lookup", "draft", "itself", "preempted"])
@pytest.mark.parametrize("family", ["qwen3", "gpt2"])
def test_the_text_is_the_same_with_guesses(folders: dict[str, Path], compiled: None, kind: str, family: str) -> None:
    """`itself`: a draft model equal to the model guesses right each time, drawn tokens included, as the noise is shared."""
    requests = [ask(p, temperature=t, seed=7, top_p=0.95, n=n) for p in PROMPTS for t, n in ((0, 1), (1.0, 2))]
    wanted = [said(r) for r in run(make_core(folders[family], lookup=0), *requests)]
    options: dict[str, Any] = {
        "lookup": {"lookup": 5},
        "draft": {"draft": folders["small"], "draft_tokens": 3},
        "itself": {"draft": folders[family], "draft_tokens": 3},
        "preempted": {"draft": folders["small"], "cache_tokens": 1, "step_tokens": 9},
    }[kind]
    core = make_core(folders[family], **options)
    assert [said(r) for r in run(core, *requests)] == wanted
    stats = core.stats()
    assert stats.drafted_tokens > 0
    if kind == "itself":
        assert stats.accepted_tokens > 0.95 * stats.drafted_tokens
    if kind == "preempted":
        assert stats.preemptions > 0


def said(ran: Any) -> list[Any]:
    return [(ran.ids(i), ran.end(i).logprob) for i in range(ran.task.request.n)]


def test_lookup_guesses_what_followed_the_last_time_and_learns_how_far_to_trust() -> None:
    lookup = Lookup(4)
    ids = [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    assert lookup.guess(ids, 9) == [4, 5]
    lookup.learn(2, 2)
    assert lookup.guess(ids, 9) == [4, 5, 6, 7]
    assert lookup.guess(ids, 3) == [4, 5, 6]
    for _ in range(3):
        lookup.learn(4, 0)
    assert lookup.guess(ids, 9) == [4]
    assert lookup.guess(ids, 0) == []
    assert lookup.guess([*ids, 9], 9) == []
    assert lookup.guess([*ids, 9, 1, 2, 3], 9) == [9], "the latest occurrence counts"
