"""Low-rank adapters: a frozen matrix W learns as W + (alpha / r) B A, with A (r, in) and B (out, r). Hu et al. 2021.

`add_lora` hangs an adapter on every chosen Linear in place; names of the model's own parameters stay. `without_lora` switches the
adapters off for a while, which gives back the untouched model (the reference of preference training). Files are PEFT's.
"""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import write_folder
from duologue.lm.checkpoints.families import name_family, their_name
from duologue.lm.nets.transformer import Transformer

TARGETS = ("q", "k", "v", "o", "gate", "up", "down")
_PEFT = "base_model.model."


class Adapter(nn.Module):
    """What is added to a Linear's output: scale * x A^T B^T. B begins at zero, so that nothing changes at first."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1 / math.sqrt(linear.in_features)
        drawn = torch.empty(rank, linear.in_features).uniform_(-bound, bound, generator=generator)
        self.a = nn.Parameter(drawn)
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.rank, self.alpha, self.is_on = rank, alpha, True

    @property
    def scale(self) -> float:
        """alpha / r."""
        return self.alpha / self.rank

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) -> (…, out)."""
        return F.linear(F.linear(x, self.a), self.b) * self.scale


def _add(linear: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
    adapter: Adapter = linear.lora  # type: ignore[assignment]
    return output + adapter(inputs[0]) if adapter.is_on else output


def add_lora(model: Transformer, rank: int, alpha: float, targets: Sequence[str] = TARGETS, seed: int = 0) -> None:
    """Freeze the model and give every Linear named in `targets` an adapter. Raises Invalid where nothing is so named."""
    if rank < 1 or alpha <= 0:
        raise Invalid("An adapter needs a rank of at least 1 and an alpha above 0.")
    generator = torch.Generator().manual_seed(seed)
    chosen = [m for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.rpartition(".")[2] in targets]
    if not chosen:
        raise Invalid(f"The network has no part named {', '.join(targets)}; choose among {', '.join(TARGETS)}.")
    model.requires_grad_(False)
    for linear in chosen:
        linear.lora = Adapter(linear, rank, alpha, generator)
        linear.register_forward_hook(_add)


def find_adapters(model: nn.Module) -> dict[str, tuple[nn.Linear, Adapter]]:
    """Every Linear with its adapter, by name."""
    linears = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear)}
    return {n: (m, adapter) for n, m in linears.items() if isinstance(adapter := getattr(m, "lora", None), Adapter)}


@contextmanager
def without_lora(model: nn.Module) -> Iterator[None]:
    """The model as it was before its adapters, for the length of a `with`."""
    adapters = [adapter for _, adapter in find_adapters(model).values()]
    before = [adapter.is_on for adapter in adapters]
    for adapter in adapters:
        adapter.is_on = False
    try:
        yield
    finally:
        for adapter, was_on in zip(adapters, before, strict=True):
            adapter.is_on = was_on


@torch.no_grad()
def merge_lora(model: Transformer) -> None:
    """Work the adapters into the matrices and take them away; every parameter learns again."""
    for linear, adapter in find_adapters(model).values():
        linear.weight += adapter.scale * adapter.b @ adapter.a
        del linear.lora
        linear._forward_hooks.clear()
    model.requires_grad_(True)


def save_lora(folder: Path, model: Transformer, base: str = "") -> None:
    """Write the adapters as PEFT does; `base` names the model that they belong to. Raises Invalid for GPT-2's joined matrices."""
    adapters, family = find_adapters(model), name_family(model.config)
    if not adapters or family == "gpt2":
        raise Invalid(
            "There are no adapters to save." if not adapters else "PEFT's files cannot hold adapters of parts of GPT-2's matrices."
        )
    names = {n: their_name(f"{n}.weight", family).removesuffix(".weight") for n in adapters}
    one = next(iter(adapters.values()))[1]
    config: dict[str, Any] = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": one.rank,
        "lora_alpha": one.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": sorted({name.rpartition(".")[2] for name in names.values()}),
    }

    def write(into: Path) -> None:
        tensors = {
            f"{_PEFT}{names[n]}.lora_{k}.weight": p.detach().contiguous()
            for n, (_, ad) in adapters.items()
            for k, p in (("A", ad.a), ("B", ad.b))
        }
        save_file(tensors, into / "adapter_model.safetensors", {"format": "pt"})
        (into / "adapter_config.json").write_text(json.dumps(config, indent=2), "utf-8")

    write_folder(folder, write)


def load_lora(folder: Path, model: Transformer) -> None:
    """Hang the adapters of a PEFT folder on a model. Raises Invalid for other kinds, and for adapters of another model."""
    try:
        config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
        tensors = load_file(folder / "adapter_model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise Invalid(f"The adapters in {folder} cannot be read: {error}.") from error
    if config.get("peft_type") != "LORA" or config.get("use_dora") or config.get("use_rslora"):
        raise Invalid(f"{folder} holds adapters of another kind than plain LoRA.")
    family = name_family(model.config)
    modules = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.startswith("blocks.")}
    theirs = {n: _PEFT + their_name(f"{n}.weight", family).removesuffix(".weight") for n in modules}
    found = {n for n, name in theirs.items() if f"{name}.lora_A.weight" in tensors}
    if len(found) * 2 != len(tensors):
        raise Invalid(f"The adapters in {folder} are not of this model: some of their matrices are not in it.")
    add_lora(model, int(config["r"]), float(config["lora_alpha"]), [*{n.rpartition(".")[2] for n in found}])
    for name, (_, adapter) in find_adapters(model).items():
        if name not in found:
            raise Invalid(f"The adapters in {folder} leave out {name}, which is not supported.")
        adapter.a.data.copy_(tensors[f"{theirs[name]}.lora_A.weight"])
        adapter.b.data.copy_(tensors[f"{theirs[name]}.lora_B.weight"])
