"""Folders with networks small enough to be made for every run, one per family; a core on them, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.answer import Task  # noqa: E402
from duologue.engine.core import Core  # noqa: E402
from duologue.engine.options import Options  # noqa: E402
from duologue.engine.prompt import Prompts  # noqa: E402
from duologue.engine.protocol import Finished, GenerationRequest, TextDelta, TokenEvent  # noqa: E402
from duologue.engine.runner import Runner  # noqa: E402
from duologue.lm.checkpoints.checkpoint import save_checkpoint  # noqa: E402
from duologue.lm.nets.config import Config  # noqa: E402
from duologue.lm.nets.transformer import Transformer, init_weights  # noqa: E402
from duologue.lm.text.tokenizer import train_tokenizer  # noqa: E402

SIZES = {"d_model": 40, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_head": 12, "d_ff": 52, "context": 160}
STRETCH = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32.0}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen3": {},
    "qwen2": {"qk_norm": False, "qkv_bias": True, "tie_embeddings": False},
    "llama": {"qk_norm": False, "rope_scaling": STRETCH},
    "gpt2": {
        **{"norm": "layer", "norm_eps": 1e-5, "positions": "learned", "ffn": "gelu", "qk_norm": False},
        **{"qkv_bias": True, "out_bias": True, "ffn_bias": True, "n_kv_heads": 4, "d_head": 10},
    },
}
TEXTS = ['The tent is dry 42 times. 帐篷是干燥的。 👍 {}[]":,'] * 4


def make_network(seed: int = 0, **fields: Any) -> Transformer:
    """A lively random network."""
    model = init_weights(Transformer(Config(**{"vocab_size": 330, **SIZES, **fields})), seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.empty_like(p).normal_(0, 0.3, generator=generator))
    return model.eval()


def make_folders(place: Path) -> dict[str, Path]:
    """A folder per family, and of the same vocabulary `small`, another network, and `long`, one with a longer context."""
    made = {}
    tokenizer = train_tokenizer(TEXTS, 330, show_progress=False)
    for name, fields in {**FAMILIES, "small": {"n_layers": 1}, "long": {"context": 640}}.items():
        made[name] = place / name
        save_checkpoint(made[name], make_network(len(made), **fields, vocab_size=tokenizer.vocab_size), tokenizer)
    return made


def make_core(folder: Path, **options: Any) -> Core:
    """A core on a folder; fp32 where nothing else is said."""
    chosen = Options(**{"precision": "fp32", **options})
    runner = Runner(folder, chosen)
    return Core(runner, Prompts(runner.tokenizer), chosen)


def ask(ids: Sequence[int], **options: Any) -> GenerationRequest:
    """A request for 24 tokens after these."""
    return GenerationRequest(prompt=tuple(ids), **{"max_tokens": 24, "ignore_end": True, **options})


@dataclass
class Ran:
    """A request that has ended."""

    task: Task
    events: list[Any]

    def ids(self, index: int = 0) -> list[int]:
        """Tokens of an answer."""
        sequence = self.task.answers[index].sequence
        return sequence.ids[len(self.task.prompt) :]

    def text(self, index: int = 0) -> str:
        """Text of an answer."""
        return "".join(e.text for e in self.events if isinstance(e, TextDelta) and e.index == index)

    def end(self, index: int = 0) -> Finished:
        """End of an answer."""
        (end,) = [e for e in self.events if isinstance(e, Finished) and e.index == index]
        return end


def run(core: Core, *requests: GenerationRequest) -> list[Ran]:
    """All of these together until they have ended. Pages are counted after every step."""
    ran = []
    for request in requests:
        events: list[TokenEvent | BaseException] = []
        ran.append(Ran(core.submit(request, events.append), events))
    while not core.is_idle:
        core.step()
        check_pages(core)
    assert core.scheduler.blocks.num_free == core.scheduler.blocks.count
    return ran


def check_pages(core: Core) -> None:
    """No page is leaked or shared by mistake."""
    scheduler = core.scheduler
    scheduler.blocks.check([s.table for s in (*scheduler.running, *scheduler.waiting)])
