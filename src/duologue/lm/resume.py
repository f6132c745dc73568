"""The whole state of a training run on disk: what is needed to go on as if nothing had happened.

A state is a folder `checkpoints/step-N`: `tensors.safetensors` (weights, optimizers, random state) and `state.json` (step and the
loaders' cursors), with checksums. The last two are kept; a damaged one is passed over.
"""

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.checkpoint import check_folder, write_folder
from duologue.lm.data import Loader
from duologue.lm.transformer import Transformer

log = logging.getLogger(__name__)
KEPT = 2


def save_state(
    out: Path, step: int, model: Transformer, optimizers: Sequence[torch.optim.Optimizer], loaders: Sequence[Loader]
) -> None:
    """Write the state after `step` and delete all but the last KEPT."""
    names = {p: n for n, p in model.named_parameters()}
    tensors: dict[str, Tensor] = {f"model/{n}": p.detach() for n, p in model.named_parameters()}
    for optimizer in optimizers:
        for p, state in optimizer.state.items():
            tensors |= {f"optimizer/{names[p]}/{key}": value for key, value in state.items()}  # type: ignore[index]
    tensors["random"] = torch.get_rng_state()

    def write(into: Path) -> None:
        save_file({k: v.contiguous() for k, v in tensors.items()}, into / "tensors.safetensors")
        (into / "state.json").write_text(json.dumps({"step": step, "loaders": [x.state() for x in loaders]}), "utf-8")

    folder = out / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    write_folder(folder / f"step-{step:07d}", write)
    for old in sorted(folder.glob("step-*"))[:-KEPT]:
        shutil.rmtree(old)


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


def restore(folder: Path, model: Transformer, optimizers: Sequence[torch.optim.Optimizer], loaders: Sequence[Loader]) -> int:
    """Put a state back; the step it was saved after. Raises Invalid where it is of another model."""
    tensors = load_file(folder / "tensors.safetensors")
    state = json.loads((folder / "state.json").read_text("utf-8"))
    if len(state["loaders"]) != len(loaders):
        raise Invalid(
            f"{folder} is of a recipe with {len(state['loaders'])} stages; this one has {len(loaders)}. Use another `out`."
        )
    names = dict(model.named_parameters())
    try:
        model.load_state_dict({n: tensors[f"model/{n}"] for n in names})
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                for p in group["params"]:
                    name = next(n for n, q in names.items() if q is p)
                    prefix = f"optimizer/{name}/"
                    optimizer.state[p] = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    except (KeyError, RuntimeError) as error:
        raise Invalid(f"{folder} is of another model than this recipe's; use another `out`.") from error
    for loader, cursor in zip(loaders, state["loaders"], strict=True):
        loader.restore(cursor)
    torch.set_rng_state(tensors["random"])
    return int(state["step"])
