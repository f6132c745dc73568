"""Train by a recipe file: `python runs/train_recipe.py RECIPE [--fast] [a.b=c …]`. Goes on where an earlier run was stopped.

`--fast` compiles the network for this processor (it needs a C++ compiler; 1.4 times the speed on one core with bf16 units) and
lets Muon work in the recipe's precision. The losses are the same up to rounding; a run should stay with one of the two.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from duologue.kit.errors import DuologueError
from duologue.lm import train as training
from duologue.lm.data import IGNORED, Batch
from duologue.lm.optim import Muon
from duologue.lm.recipe import Recipe, load_recipe
from duologue.lm.transformer import Transformer, document_mask

CHUNK = 1024


def make_fast(trainer: training.Trainer) -> None:
    """Let this trainer use compiled pieces of fixed shape: the network, and the loss of CHUNK tokens at a time."""
    hidden = torch.compile(trainer.model.hidden, dynamic=False)

    @torch.compile(dynamic=False)
    def loss_of(states: torch.Tensor, targets: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(F.linear(states, head).float(), targets, reduction="sum", ignore_index=IGNORED)

    plain = training.sum_nll

    def sum_nll(model: Transformer, batch: Batch, mask_documents: bool, smoothing: float = 0.0) -> torch.Tensor:
        if smoothing:
            return plain(model, batch, mask_documents, smoothing)
        states = hidden(batch.ids, batch.positions, document_mask(batch.document) if mask_documents else None).flatten(0, 1)
        learnt = batch.targets.flatten() != IGNORED
        states, targets = states[learnt], batch.targets.flatten()[learnt]
        short = -len(targets) % CHUNK
        states, targets = F.pad(states, (0, 0, 0, short)), F.pad(targets, (0, short), value=IGNORED)
        total = states.new_zeros((), dtype=torch.float32)
        for h, t in zip(torch.split(states, CHUNK), torch.split(targets, CHUNK), strict=True):
            total = total + loss_of(h, t, model.head_weight)
        return total

    training.sum_nll = sum_nll
    for optimizer in trainer.optimizers:
        if isinstance(optimizer, Muon) and trainer.recipe.precision == "bf16":
            optimizer.dtype = torch.bfloat16


def run(recipe: Recipe, is_fast: bool) -> Path:
    """Train to the end, a line every ten steps."""
    trainer = training.Trainer(recipe)
    if is_fast:
        make_fast(trainer)
    for done in trainer.run():
        if done.step % 10 == 0 or done.bits_per_byte:
            bits = " ".join(f"{lang} {value:.3f} bpb" for lang, value in done.bits_per_byte.items())
            print(f"{done.step}/{trainer.total} loss {done.loss:.3f} {done.tokens_per_s:.0f} tok/s {bits}", flush=True)
    return trainer.out / "model"


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if a != "--fast"]
    try:
        print(run(load_recipe(Path(given[0]), given[1:]), "--fast" in sys.argv))
    except DuologueError as error:
        sys.exit(error.message)
