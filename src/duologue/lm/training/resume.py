"""The whole state of a training run on disk: what is needed to go on as if nothing had happened.

A state is a folder `checkpoints/step-N`: the tensors (weights, optimizers, moving average, random state) and `state.json` (step and
the loaders' cursors), with checksums. One process writes `tensors.safetensors`; several write their parts in PyTorch's distributed
format, and any number of processes reads either. The last two are kept; a damaged one is passed over.
"""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.tensor import DTensor

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import check_folder, seal_folder, start_folder
from duologue.lm.nets.transformer import Transformer
from duologue.lm.training import parallel
from duologue.lm.training.data import Loader
from duologue.lm.training.parallel import Group

log = logging.getLogger(__name__)
KEPT = 2
_ALONE = Group()


def save_state(
    out: Path,
    step: int,
    model: Transformer,
    optimizers: Sequence[torch.optim.Optimizer],
    loaders: Sequence[Loader],
    average: Mapping[str, Tensor] | None = None,
    group: Group = _ALONE,
) -> None:
    """Write the state after `step` and delete all but the last KEPT. Every process of the group takes part."""
    names = {p: n for n, p in model.named_parameters()}
    tensors: dict[str, Tensor] = {f"model/{n}": p.detach() for n, p in model.named_parameters()}
    for optimizer in optimizers:
        for p, state in optimizer.state.items():
            tensors |= {f"optimizer/{names[p]}/{key}": value for key, value in state.items()}  # type: ignore[index]
    tensors |= {f"average/{n}": value for n, value in (average or {}).items()}
    tensors["random"] = torch.get_rng_state()
    folder = out / "checkpoints" / f"step-{step:07d}"
    if group.is_first:
        folder.parent.mkdir(parents=True, exist_ok=True)
        start_folder(folder)
    parallel.wait(group)
    into = start_folder(folder, is_there=True)
    if any(isinstance(t, DTensor) for t in tensors.values()):
        save(tensors, checkpoint_id=into, no_dist=False)
    elif group.is_first:
        save_file({k: v.contiguous().cpu() for k, v in tensors.items()}, into / "tensors.safetensors")
    parallel.wait(group)
    if group.is_first:
        (into / "state.json").write_text(json.dumps({"step": step, "loaders": [x.state() for x in loaders]}), "utf-8")
        seal_folder(folder)
        for old in sorted(folder.parent.glob("step-*"))[:-KEPT]:
            shutil.rmtree(old)
    parallel.wait(group)


def find_latest(out: Path) -> Path | None:
    """The newest whole state of a run, or None."""
    for folder in sorted((out / "checkpoints").glob("step-*"), reverse=True):
        try:
            check_folder(folder)
        except Invalid as error:
            log.warning("%s An earlier one is used.", error.message)
            continue
        return folder
    return None


def restore(
    folder: Path,
    model: Transformer,
    optimizers: Sequence[torch.optim.Optimizer],
    loaders: Sequence[Loader],
    average: Mapping[str, Tensor] | None = None,
) -> int:
    """Put a state back; the step it was saved after. Raises Invalid where it is of another model."""
    tensors = _load_tensors(folder)
    state = json.loads((folder / "state.json").read_text("utf-8"))
    if len(state["loaders"]) != len(loaders):
        raise Invalid(
            f"{folder} is of a recipe with {len(state['loaders'])} stages; this one has {len(loaders)}. Use another `out`."
        )
    names = {p: n for n, p in model.named_parameters()}
    try:
        with torch.no_grad():
            for p, name in names.items():
                p.copy_(parallel.like(tensors[f"model/{name}"], p))
            for name, value in (average or {}).items():
                value.copy_(parallel.like(tensors.get(f"average/{name}", tensors[f"model/{name}"]), value))
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    for p in group["params"]:
                        prefix = f"optimizer/{names[p]}/"
                        found = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
                        optimizer.state[p] = {k: parallel.like(v, p) if v.dim() else v for k, v in found.items()}
    except (KeyError, RuntimeError, ValueError) as error:
        raise Invalid(f"{folder} is of another model than this recipe's; use another `out`.") from error
    for loader, cursor in zip(loaders, state["loaders"], strict=True):
        loader.restore(cursor)
    torch.set_rng_state(tensors["random"])
    return int(state["step"])


def _load_tensors(folder: Path) -> dict[str, Tensor]:
    """Every tensor whole, whoever wrote it."""
    if (folder / "tensors.safetensors").is_file():
        return load_file(folder / "tensors.safetensors")
    described = FileSystemReader(folder).read_metadata().state_dict_metadata
    tensors: dict[str, Tensor] = {
        name: torch.empty(it.size, dtype=it.properties.dtype)
        for name, it in described.items()
        if isinstance(it, TensorStorageMetadata)
    }
    load(tensors, checkpoint_id=folder, no_dist=True)
    return tensors
