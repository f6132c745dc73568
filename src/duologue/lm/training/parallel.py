"""More than one process: who takes part, how a model is laid over them, and how it is put together again.

Started by `torchrun`, every process reads the same rows and takes its share of them; losses and gradients are sums over all,
so that the numbers are those of one process. `ddp` keeps the whole model in each; `fsdp` (PyTorch's second FSDP) a part of every
matrix. Without torchrun nothing here does anything.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.lora import add_lora, find_adapters
from duologue.lm.nets.transformer import Transformer


@dataclass(frozen=True, slots=True)
class Group:
    """This process among all: `rank` of `world`, and its device."""

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=partial(torch.device, "cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files and shows the progress."""
        return self.rank == 0


def join_group(device: str = "auto") -> Group:
    """Take part in what torchrun started; alone without it. Raises Invalid for CUDA where there is none."""
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise Invalid("The recipe asks for CUDA and there is no CUDA device here; set device to cpu or auto.")
    local = int(os.environ.get("LOCAL_RANK", "0"))
    place = torch.device("cuda", local) if has_cuda and device != "cpu" else torch.device("cpu")
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return Group(device=place)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if place.type == "cuda" else "gloo", timeout=timedelta(minutes=10))
    return Group(dist.get_rank(), dist.get_world_size(), place)


def distribute(module: nn.Module, model: Transformer, kind: str, group: Group) -> nn.Module:
    """`module`, whose forward runs `model`, laid over the group; call it instead. Make optimizers afterwards."""
    if group.world == 1:
        return module
    if kind == "ddp":
        return DistributedDataParallel(module)
    for block in model.blocks:
        fully_shard(block)
    fully_shard(module)
    return module


def synchronise(module: nn.Module, is_last: bool) -> None:
    """Whether the next backward pass exchanges gradients: only that of a step's last micro-batch need."""
    if isinstance(module, DistributedDataParallel):
        module.require_backward_grad_sync = is_last
    elif isinstance(module, FSDPModule):
        module.set_requires_gradient_sync(is_last)


def total(value: Tensor, group: Group) -> Tensor:
    """The sum over all processes."""
    if group.world > 1:
        dist.all_reduce(value)
    return value


def wait(group: Group) -> None:
    """Until all processes are here."""
    if group.world > 1:
        dist.barrier()


def whole(value: Tensor) -> Tensor:
    """A tensor of which this process may hold a part, put together. All processes must ask."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def like(value: Tensor, model: Tensor) -> Tensor:
    """A whole tensor laid out as `model` is."""
    if isinstance(model, DTensor):
        return distribute_tensor(value.to(model.device), model.device_mesh, model.placements, src_data_rank=None)
    return value.to(model.device)


def on_whole(change: Callable[[Tensor], Tensor], value: Tensor) -> Tensor:
    """`change` of the whole of a tensor, laid out as it was."""
    return like(change(whole(value)), value) if isinstance(value, DTensor) else change(value)


@torch.no_grad()
def gather(model: Transformer, values: dict[str, Tensor] | None = None) -> Transformer:
    """The whole model on the CPU, with `values` for its parameters where given; itself where nothing has to be moved."""
    named: dict[str, Any] = dict(model.named_parameters())
    is_here = not any(isinstance(p, DTensor) or p.device.type != "cpu" for p in named.values())
    if is_here and values is None:
        return model
    state = {n: whole(p.detach()).cpu() for n, p in (values or named).items()}
    copy = Transformer(model.config)
    if adapters := find_adapters(model):
        one = next(iter(adapters.values()))[1]
        add_lora(copy, one.rank, one.alpha, [*{name.rpartition(".")[2] for name in adapters}])
    copy.load_state_dict({n: state[n] for n, _ in copy.named_parameters()})
    return copy.eval()
