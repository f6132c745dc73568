"""The training loop: rows in, weights out, and exactly so again.

The loss of a step is the sum of the negative log-probabilities of all its learnt tokens divided by their number, however
many micro-batches they came in. A checkpoint holds everything: weights, optimizers, the loader's cursor with its buffer, the
random state; an interrupted run that goes on gives bit-equal losses. A loss that is not a number stops the run before it
touches the weights.
Knows nothing of where the text came from (`lm/data.py`) or of what a run is for.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.checkpoint import load_checkpoint, save_checkpoint
from duologue.lm.config import parse_config
from duologue.lm.data import IGNORED, Batch, Loader, Shard
from duologue.lm.lora import add_lora, merge_lora, save_lora
from duologue.lm.optim import make_optimizers, schedule
from duologue.lm.recipe import Recipe, Stage, save_recipe
from duologue.lm.resume import find_latest, restore, save_state
from duologue.lm.score import bits_per_byte
from duologue.lm.tokenizer import TextTokenizer, load_tokenizer
from duologue.lm.transformer import Transformer, document_mask, init_weights

LOSS_CHUNK = 1024  # tokens whose logits exist at once: 32 MB at 8,192 words, which stays near the cache; 4,096 was 4 % slower


class Diverged(Invalid):
    """The loss is not a number any more."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """One step: `loss` in nats per learnt token; `bits_per_byte` by language where it was measured."""

    step: int
    loss: float
    num_targets: int
    grad_norm: float
    lr: float
    tokens_per_s: float
    bits_per_byte: Mapping[str, float]


def sum_nll(model: Transformer, batch: Batch, mask_documents: bool) -> Tensor:
    """Sum of -log p(target) over the learnt tokens of a batch; the logits of LOSS_CHUNK tokens at a time."""
    hidden = model.hidden(batch.ids, batch.positions, document_mask(batch.document) if mask_documents else None)
    learnt = batch.targets.flatten() != IGNORED
    states, targets = hidden.flatten(0, 1)[learnt], batch.targets.flatten()[learnt]
    total = hidden.new_zeros((), dtype=torch.float32)
    for h, t in zip(torch.split(states, LOSS_CHUNK), torch.split(targets, LOSS_CHUNK), strict=True):
        total = total + F.cross_entropy(F.linear(h, model.head_weight).float(), t, reduction="sum")
    return total


class Trainer:
    """A run of a recipe. Iterate over `run()`, stop when you like; a new Trainer of the same recipe goes on where it was saved."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.out, self.step = recipe, Path(recipe.out), 0
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.model, self.tokenizer = _make_model(recipe)
        self.optimizers = make_optimizers(
            self.model,
            muon_lr=recipe.muon_lr,
            adam_lr=recipe.adam_lr,
            weight_decay=recipe.weight_decay,
            use_muon=recipe.optimizer == "muon",
        )
        self.loaders = [
            Loader(Shard(Path(s.shard)), rows=s.rows, length=s.length, seed=recipe.seed, whole=s.whole) for s in recipe.stages
        ]
        self.total = sum(s.steps for s in recipe.stages)
        self.out.mkdir(parents=True, exist_ok=True)
        latest = find_latest(self.out)
        if latest is not None:
            self.step = restore(latest, self.model, self.optimizers, self.loaders)
        self._forget_after(self.step)
        save_recipe(recipe, self.out / "recipe.yaml")

    def run(self) -> Iterator[Progressed]:
        """Train to the end, a value per step; checkpoints and the log are written on the way. Raises Diverged."""
        self.model.train()
        while self.step < self.total:
            started = time.perf_counter()
            index, stage = self._stage()
            loss, num_targets, norm = self._update(self.loaders[index], stage)
            seconds = time.perf_counter() - started
            self.step += 1
            lr = self.optimizers[-1].param_groups[0]["lr"]
            num_read = stage.rows * stage.length * stage.accumulate
            done = Progressed(self.step, loss, num_targets, norm, lr, num_read / seconds, self._evaluate())
            self._log(done)
            if self.step % self.recipe.save_every == 0 or self.step == self.total:
                save_state(self.out, self.step, self.model, self.optimizers, self.loaders)
            yield done
        self.model.eval()
        if self.recipe.lora_rank:
            save_lora(self.out / "adapter", self.model, base=self.recipe.start_from)
            merge_lora(self.model)
        save_checkpoint(self.out / "model", self.model, self.tokenizer)

    def _stage(self) -> tuple[int, Stage]:
        before = 0
        for index, stage in enumerate(self.recipe.stages):
            before += stage.steps
            if self.step < before:
                return index, stage
        raise Invalid("The run is over.")

    def _update(self, loader: Loader, stage: Stage) -> tuple[float, int, float]:
        """One optimizer step; (loss, learnt tokens, gradient's length)."""
        batches = [loader.next_batch() for _ in range(stage.accumulate)]
        num_targets, total = sum(b.num_targets for b in batches), 0.0
        for batch in batches:
            with _arithmetic(self.recipe.precision):
                nll = sum_nll(self.model, batch, self.recipe.mask_documents)
            (nll / max(1, num_targets)).backward()  # type: ignore[no-untyped-call]
            total += float(nll.detach())
        loss = total / max(1, num_targets)
        limit = self.recipe.clip or math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise Diverged(
                f"The loss of step {self.step + 1} is {loss}, the gradient's length {norm}: nothing was changed. Lower the rate, "
                f"lengthen the warm-up, or look at the documents around position {loader.cursor.position} of {stage.shard}.",
                step=self.step + 1,
            )
        r = self.recipe
        factor = schedule(self.step, self.total, kind=r.schedule, warmup=r.warmup_steps, decay_share=r.decay_share, floor=r.floor)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak_lr"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return loss, num_targets, norm

    def _evaluate(self) -> dict[str, float]:
        every = self.recipe.evaluate_every
        if not every or not self.recipe.held_out or (self.step % every and self.step != self.total):
            return {}
        texts: dict[str, list[str]] = json.loads(Path(self.recipe.held_out).read_text("utf-8"))
        self.model.eval()
        with _arithmetic(self.recipe.precision):
            found = {lang: bits_per_byte(self.model, self.tokenizer, some) for lang, some in texts.items()}
        self.model.train()
        return found

    def _forget_after(self, step: int) -> None:
        """Take the steps that will be done again out of the log."""
        path = self.out / "log.jsonl"
        if path.exists():
            rows = [line for line in path.read_text("utf-8").splitlines(keepends=True) if json.loads(line)["step"] <= step]
            path.write_text("".join(rows), "utf-8")

    def _log(self, done: Progressed) -> None:
        row = {
            name: getattr(done, name)
            for name in ("step", "loss", "num_targets", "grad_norm", "lr", "tokens_per_s", "bits_per_byte")
        }
        with open(self.out / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def train(recipe: Recipe, on_step: Callable[[Progressed], None] = lambda _: None, *, show: bool = True) -> Path:
    """Run a recipe to its end under a progress bar; the folder of the finished model. Raises Invalid and Diverged."""
    trainer = Trainer(recipe)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn())
    with Progress(*columns, disable=not show) as progress:
        task = progress.add_task("starting", total=trainer.total, completed=trainer.step)
        for done in trainer.run():
            measured = " ".join(f"{lang} {value:.3f} bpb" for lang, value in done.bits_per_byte.items())
            progress.update(task, completed=done.step, description=f"loss {done.loss:.3f} {done.tokens_per_s:.0f} tok/s {measured}")
            on_step(done)
    return trainer.out / "model"


def _make_model(recipe: Recipe) -> tuple[Transformer, TextTokenizer]:
    if recipe.start_from:
        model, tokenizer = load_checkpoint(Path(recipe.start_from))
        if recipe.lora_rank:
            add_lora(model, recipe.lora_rank, recipe.lora_alpha, seed=recipe.seed)
        return model, tokenizer
    tokenizer = load_tokenizer(Path(recipe.tokenizer))
    config = parse_config({"vocab_size": tokenizer.vocab_size, **recipe.model})
    return init_weights(Transformer(config), recipe.seed), tokenizer


def _arithmetic(precision: str) -> AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16) if precision == "bf16" else nullcontext()
