"""A tokenizer and networks small enough to be made for every run of the tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.lm.nets.config import Config  # noqa: E402
from duologue.lm.nets.transformer import Transformer, init_weights  # noqa: E402
from duologue.lm.text.tokenizer import TextTokenizer, train_tokenizer  # noqa: E402
from duologue.lm.training.data import Shard, write_shard  # noqa: E402

torch.set_num_threads(1)  # two threads wait for each other longer than these networks compute

TEXTS = [
    "The parcel takes three days. It's on its way, isn't it? 42 of 1234 boxes.\n\nYours, the shop.",
    "包裹需要三天才能送到，请您耐心等待。订单号是 2024 年的 365 号。",
    "Where is my order? 我的订单在哪里？ Please send the tent back within thirty days; 三十天内可以退货。",
] * 8

Make = Callable[..., Transformer]


@pytest.fixture(scope="session")
def tokenizer() -> TextTokenizer:
    return train_tokenizer(TEXTS, 400, show_progress=False)


@pytest.fixture(scope="session")
def make_model() -> Make:
    def make(seed: int = 0, spread: float = 0.3, **fields: object) -> Transformer:
        sizes = {
            "vocab_size": 60,
            "d_model": 32,
            "n_layers": 2,
            "n_heads": 4,
            "n_kv_heads": 2,
            "d_head": 8,
            "d_ff": 48,
            "context": 64,
        }
        model = init_weights(Transformer(Config(**{**sizes, **fields})), seed)  # type: ignore[arg-type]
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for p in model.parameters():  # livelier than at the start of training, so that a wrong mask shows
                p.add_(torch.empty_like(p).normal_(0, spread, generator=generator))
        return model.eval()

    return make


@pytest.fixture
def shard(tmp_path: Path, tokenizer: TextTokenizer) -> Shard:
    documents = [(tokenizer.encode(text[i:]), None) for i, text in enumerate(TEXTS)]
    write_shard(tmp_path / "texts", documents)
    return Shard(tmp_path / "texts")
