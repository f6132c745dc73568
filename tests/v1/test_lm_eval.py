"""lm-evaluation-harness over HTTP against the same harness with transformers in its own process, on one small random checkpoint."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")
pytest.importorskip("transformers", reason="transformers is not installed (extra `oracles`)")
pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed (extra `clients`)")

from duologue.engine.local import LocalEngine  # noqa: E402
from duologue.lm.checkpoints.checkpoint import save_checkpoint  # noqa: E402
from duologue.lm.nets.config import Config  # noqa: E402
from duologue.lm.nets.transformer import Transformer, init_weights  # noqa: E402
from duologue.lm.text.tokenizer import train_tokenizer  # noqa: E402
from tests.doubles.models_server import ModelsServer, serve_models  # noqa: E402

pytestmark = [pytest.mark.oracle, pytest.mark.slow]
supports = pytest.mark.supports
PAIRS = [
    ("The tent is", " dry"),
    ("The tent is", " wet and cold"),
    ("帐篷很", "干燥"),
    ("A long way home, " * 6, "and then the boots were resoled."),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = train_tokenizer(["the tent 帐篷 is dry 干燥 and the boots were resoled"] * 4, 360, show_progress=False)
    sizes = {"d_model": 32, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "d_head": 16, "d_ff": 48, "context": 256}
    model = init_weights(Transformer(Config(vocab_size=tokenizer.vocab_size, **sizes)), 0)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.empty_like(p).normal_(0, 0.3, generator=generator))
    path = tmp_path_factory.mktemp("model") / "tiny"
    save_checkpoint(path, model, tokenizer)
    return path


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ModelsServer]:
    with serve_models([LocalEngine(folder)]) as serving:
        yield serving


@pytest.fixture(scope="module")
def hf(folder: Path) -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=str(folder), device="cpu", batch_size=1, dtype="float32", add_bos_token=True)


@pytest.fixture(scope="module")
def ours(folder: Path, server: ModelsServer) -> Any:
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    url = f"{server.base_url}/completions"
    return LocalCompletionsAPI(base_url=url, model="tiny", tokenizer=str(folder), max_length=256, add_bos_token=True)


def instances(kind: str, rows: list[tuple[Any, ...]]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [Instance(request_type=kind, doc={}, arguments=row, idx=i) for i, row in enumerate(rows)]  # type: ignore[arg-type]


@supports("log-likelihoods of given texts", "lm-evaluation-harness")
def test_log_likelihoods_are_those_of_transformers(ours: Any, hf: Any) -> None:
    got = ours.loglikelihood(instances("loglikelihood", PAIRS), disable_tqdm=True)
    wanted = hf.loglikelihood(instances("loglikelihood", PAIRS), disable_tqdm=True)
    for (p, is_greedy), (q, was_greedy) in zip(got, wanted, strict=True):
        assert p == pytest.approx(q, abs=2e-2)
        assert is_greedy == was_greedy


@supports("text completions", "lm-evaluation-harness")
def test_greedy_texts_are_those_of_transformers(ours: Any, hf: Any) -> None:
    rows = [(text, {"until": ["\n\n"], "max_gen_toks": 12, "do_sample": False}) for text, _ in PAIRS]
    got = ours.generate_until(instances("generate_until", rows), disable_tqdm=True)
    wanted = hf.generate_until(instances("generate_until", rows), disable_tqdm=True)
    assert got == [text.rstrip("\ufffd") for text in wanted]  # half a character at the end is never sent


@supports("chat completions", "lm-evaluation-harness")
def test_chat_completions_answer_the_harness(server: ModelsServer) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.models.api_models import JsonChatStr
    from lm_eval.models.openai_completions import LocalChatCompletion

    chat = LocalChatCompletion(
        base_url=f"{server.base_url}/chat/completions", model="tiny", tokenizer_backend=None, num_concurrent=2
    )
    prompt = JsonChatStr('[{"role": "user", "content": "Is the tent dry?"}]')
    rows = [Instance("generate_until", {}, (prompt, {"until": ["\n"], "max_gen_toks": 8}), i) for i in range(3)]
    texts = chat.generate_until(rows, disable_tqdm=True)
    assert len(texts) == 3
    assert len(set(texts)) == 1
