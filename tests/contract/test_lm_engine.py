"""The words of `engine.protocol.Engine`, held against the embedded model's engine with a tiny random network."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.core import Core  # noqa: E402
from duologue.engine.local import LocalEngine  # noqa: E402
from duologue.engine.options import Options  # noqa: E402
from duologue.engine.protocol import (  # noqa: E402
    ChatMessage,
    Constraint,
    Engine,
    Finished,
    GenerationRequest,
    Measured,
    PromptScored,
    TextDelta,
    Tokenizes,
)
from duologue.kit.errors import Invalid, ModelUnavailable, Overloaded, SetupError  # noqa: E402
from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from duologue.lm.nets.config import Config  # noqa: E402
from duologue.lm.nets.transformer import Transformer, init_weights  # noqa: E402
from duologue.lm.text.chat import render  # noqa: E402
from duologue.lm.text.tokenizer import END, END_OF_TURN, train_tokenizer  # noqa: E402
from duologue.lm.writing.sampler import write_slowly  # noqa: E402

CONTEXT = 160


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that babbles in whole and broken characters, and seldom stops."""
    tokenizer = train_tokenizer(["the tent 帐篷 is dry 干燥 👍"] * 4, 340, show_progress=False)
    sizes = {"d_model": 32, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "d_head": 16, "d_ff": 48, "context": CONTEXT}
    model = init_weights(Transformer(Config(vocab_size=tokenizer.vocab_size, **sizes)), 0)
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.empty_like(p).normal_(0, 0.4, generator=generator))
    save_checkpoint(tmp_path_factory.mktemp("model") / "tiny", model, tokenizer)
    return next(tmp_path_factory.getbasetemp().glob("model*/tiny"))


@pytest.fixture
async def engine(folder: Path) -> AsyncIterator[LocalEngine]:
    made = LocalEngine(folder)
    yield made
    await made.aclose()


def ask(text: str = "Where is the tent? 帐篷呢？", **options: object) -> GenerationRequest:
    return GenerationRequest([ChatMessage("user", text)], **{"max_tokens": 30, **options})  # type: ignore[arg-type]


async def collect(engine: Engine, request: GenerationRequest) -> tuple[str, Finished]:
    text, end = "", None
    async for event in engine.generate(request):
        assert end is None, "nothing comes after Finished"
        if isinstance(event, TextDelta):
            assert event.offset == len(text)
            assert event.text
            text += event.text
        elif isinstance(event, Finished):
            end = replace(event, usage=replace(event.usage, cached_tokens=0))  # what was read before is no part of the answer
    assert end is not None
    return text, end


async def test_it_is_an_engine_that_names_itself(engine: LocalEngine) -> None:
    assert isinstance(engine, Engine)
    assert engine.info.context_tokens == CONTEXT
    assert (engine.info.has_tools, engine.info.is_strong) == (False, False)


async def test_it_writes_what_the_slow_sampler_writes(engine: LocalEngine, folder: Path) -> None:
    model, tokenizer = load_checkpoint(folder)
    prompt = render(tokenizer, [{"role": "user", "content": "Where is the tent? 帐篷呢？"}], for_reply=True).ids
    ends = {tokenizer.special(END), tokenizer.special(END_OF_TURN)}
    tokens = write_slowly(model, prompt, 30, ends=ends)
    stream = tokenizer.stream()
    text, end = await collect(engine, ask())
    assert text == "".join(stream.push(t) for t in tokens)
    assert "\ufffd" not in text[-1:]
    assert end.usage.prompt_tokens == len(prompt)
    assert end.logprob is not None
    assert end.logprob < 0


async def test_a_seed_repeats_and_another_differs(engine: LocalEngine) -> None:
    first, again, other = [await collect(engine, ask(temperature=1.0, top_p=0.95, seed=s)) for s in (1, 1, 2)]
    assert first == again
    assert other[0] != first[0]


async def test_the_limit_of_tokens_and_the_context_end_with_length(engine: LocalEngine) -> None:
    _, end = await collect(engine, ask(max_tokens=3, temperature=1.0, seed=1))
    assert (end.reason, end.usage.completion_tokens) == ("length", 3)
    _, end = await collect(engine, ask(max_tokens=10_000, temperature=1.0, seed=1))
    assert end.reason == "stop" or end.usage.prompt_tokens + end.usage.completion_tokens == CONTEXT


async def test_a_stop_string_ends_the_text_before_it_across_tokens(engine: LocalEngine) -> None:
    whole, _ = await collect(engine, ask(temperature=1.0, seed=3))
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    assert len(stop) == 3
    text, end = await collect(engine, ask(temperature=1.0, seed=3, stop=["absent", stop]))
    assert (text, end.reason) == (whole[: whole.index(stop)], "stop")


async def test_a_prompt_that_is_too_long_is_invalid_and_says_the_limit(engine: LocalEngine) -> None:
    with pytest.raises(Invalid) as caught:
        await collect(engine, ask("word " * 400))
    assert caught.value.detail["context_tokens"] == CONTEXT
    assert caught.value.detail["prompt_tokens"] > CONTEXT
    await collect(engine, ask())


async def test_two_requests_are_written_side_by_side_as_each_alone(engine: LocalEngine) -> None:
    requests = [ask(temperature=1.0, seed=s) for s in (4, 5)]
    alone = [await collect(engine, r) for r in requests]
    assert list(await asyncio.gather(*(collect(engine, r) for r in requests))) == alone


async def test_closing_or_cancelling_frees_the_model_and_it_still_answers(engine: LocalEngine) -> None:
    events = engine.generate(ask(max_tokens=100, temperature=1.0, seed=6))
    await anext(events)
    await asyncio.wait_for(events.aclose(), 5)  # type: ignore[attr-defined]
    task = asyncio.create_task(collect(engine, ask(max_tokens=100, temperature=1.0, seed=6)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    text, _ = await collect(engine, ask())
    assert isinstance(text, str)


async def test_the_loop_is_not_held_up_and_the_thread_ends_with_the_engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = LocalEngine(folder)
    await collect(engine, ask())
    quick = Core.step
    monkeypatch.setattr(Core, "step", lambda core: (time.sleep(0.02), quick(core))[1])  # else it may end before it is closed
    assert any(t.name == "duologue-model" for t in threading.enumerate())
    events = engine.generate(ask(max_tokens=120, temperature=1.0, seed=7))
    await anext(events)
    await engine.aclose()
    assert not any(t.name == "duologue-model" for t in threading.enumerate())
    with pytest.raises(ModelUnavailable):
        async for _ in events:
            pass
    with pytest.raises(ModelUnavailable):
        await collect(engine, ask())


def test_it_closes_when_the_threads_of_the_loop_are_gone(folder: Path) -> None:
    """Who runs the turns brings the loop's threads, and ends them first."""

    async def main() -> None:
        pool = ThreadPoolExecutor(1)
        asyncio.get_running_loop().set_default_executor(pool)
        engine = LocalEngine(folder)
        await collect(engine, ask())
        pool.shutdown()
        await engine.aclose()

    asyncio.run(main())
    assert not any(t.name == "duologue-model" for t in threading.enumerate())


async def test_a_folder_without_a_model_or_with_a_broken_one_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"config\.json"):
        LocalEngine(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "qwen3"}')
    engine = LocalEngine(tmp_path)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        await collect(engine, ask())
    await engine.aclose()


async def test_several_sequences_answer_under_their_indices_and_the_first_is_what_one_gives(engine: LocalEngine) -> None:
    texts, ends = {0: "", 1: "", 2: ""}, []
    async for event in engine.generate(ask(n=3, temperature=1.0, seed=5)):
        if isinstance(event, TextDelta):
            assert event.offset == len(texts[event.index])
            texts[event.index] += event.text
        elif isinstance(event, Finished):
            ends.append(event.index)
    assert sorted(ends) == [0, 1, 2]
    for index, text in texts.items():
        assert (await collect(engine, ask(temperature=1.0, seed=5 + index)))[0] == text


async def test_the_probabilities_of_tokens_are_the_models_own(engine: LocalEngine, folder: Path) -> None:
    model, tokenizer = load_checkpoint(folder)
    ids = tuple(tokenizer.encode("the tent 帐篷 is dry"))
    events = [e async for e in engine.generate(GenerationRequest(prompt=ids, max_tokens=6, logprobs=2, prompt_logprobs=2))]
    assert isinstance(events[0], PromptScored)
    scored = [*events[0].tokens, *(t for e in events if isinstance(e, TextDelta) for t in e.tokens)]
    assert scored[0].logprob is None
    read = [t.id for t in scored]
    assert tuple(read[: len(ids)]) == ids
    with torch.no_grad():
        rows = model(torch.tensor([read]))[0].log_softmax(-1)
    for place, token in enumerate(scored[1:]):
        assert token.logprob == pytest.approx(float(rows[place, token.id]), abs=1e-4)
        assert [c.id for c in token.top] == rows[place].topk(2).indices.tolist()
        assert token.top[0].logprob == pytest.approx(float(rows[place].max()), abs=1e-4)
    assert b"".join(t.data for t in scored[: len(ids)]).decode() == "the tent 帐篷 is dry"


async def test_a_prompt_may_be_scored_without_writing(engine: LocalEngine) -> None:
    events = [e async for e in engine.generate(GenerationRequest(prompt="the tent", max_tokens=0, prompt_logprobs=0))]
    assert [type(e) for e in events] == [PromptScored, Finished]


@pytest.mark.parametrize("given", [{"prompt": ()}, {"prompt": (10**6,)}])
async def test_a_prompt_that_is_none_is_invalid(engine: LocalEngine, given: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        await collect(engine, GenerationRequest(**given))  # type: ignore[arg-type]
    assert caught.value.detail["param"] == "prompt"


async def test_a_form_and_beams_come_through(engine: LocalEngine) -> None:
    pytest.importorskip("llguidance", reason="the extra `local` (llguidance) is not installed")
    choice = Constraint("choice", choices=("tent", "boots"))
    for seed in range(4):
        text, end = await collect(engine, ask(constraint=choice, temperature=2.0, seed=seed))
        assert text in ("tent", "boots")
        assert end.reason == "stop"
    ends = [e.index async for e in engine.generate(ask(beams=3, n=2, max_tokens=8)) if isinstance(e, Finished)]
    assert ends == [0, 1]


async def test_clients_that_vanish_at_random_leave_nothing_behind(folder: Path) -> None:
    """Small copy of the long test with many clients: no error, every page free, the others' text untouched."""
    engine = LocalEngine(folder, options=Options(cache_tokens=400, max_batch=8))
    assert isinstance(engine, Measured)
    wanted = [await collect(engine, ask(temperature=1.0, seed=s)) for s in range(4)]

    async def live(number: int) -> None:
        rng = random.Random(number)
        for _ in range(6):
            if rng.random() < 0.5:
                seed = rng.randrange(4)
                assert await collect(engine, ask(temperature=1.0, seed=seed)) == wanted[seed]
                continue
            events = engine.generate(ask(f"hello {number}", temperature=1.0, n=rng.choice([1, 3]), max_tokens=60))
            async for _ in events:
                if rng.random() < 0.2:
                    break
            await events.aclose()  # type: ignore[attr-defined]

    await asyncio.gather(*(live(i) for i in range(24)))
    await collect(engine, ask(max_tokens=1))
    stats = engine.stats()
    assert (stats.running, stats.waiting, stats.blocks_used) == (0, 0, 0)
    assert stats.completion_tokens > 100
    assert stats.cached_tokens > 0
    await engine.aclose()


async def test_too_many_requests_are_refused_at_once(folder: Path) -> None:
    engine = LocalEngine(folder, options=Options(max_batch=1, max_waiting=3))
    await collect(engine, ask(max_tokens=1))
    asked = [collect(engine, ask(max_tokens=60, temperature=1.0, seed=s)) for s in range(12)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    refused = [f for f in found if isinstance(f, Overloaded)]
    assert refused
    assert len(refused) < 12
    assert all(isinstance(f, tuple | Overloaded) for f in found)
    await engine.aclose()


async def test_a_request_that_cannot_be_read_at_all_is_told_and_the_thread_goes_on(engine: LocalEngine) -> None:
    deep: dict[str, object] = {}
    for _ in range(20_000):
        deep = {"not": deep}
    with pytest.raises(ModelUnavailable, match="RecursionError"):
        await asyncio.wait_for(collect(engine, ask(constraint=Constraint("json_schema", deep))), 20)
    text, _ = await asyncio.wait_for(collect(engine, ask(max_tokens=3)), 20)
    assert text


async def test_it_shows_how_it_reads(engine: LocalEngine, folder: Path) -> None:
    assert isinstance(engine, Tokenizes)
    _, tokenizer = load_checkpoint(folder)
    assert (
        await engine.tokenize(ask())
        == render(tokenizer, [{"role": "user", "content": "Where is the tent? 帐篷呢？"}], for_reply=True).ids
    )
    assert await engine.detokenize(tokenizer.encode("the tent 帐篷")) == "the tent 帐篷"
    with pytest.raises(Invalid):
        await engine.detokenize([10**6])
