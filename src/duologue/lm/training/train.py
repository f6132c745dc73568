"""The training loop: rows in, weights out, and exactly so again.

The loss of a step is the sum of the negative log-probabilities of all its learnt tokens divided by their number, however
many micro-batches and processes they came in. A checkpoint holds everything: weights, optimizers, the loader's cursor with its
buffer, the random state; an interrupted run that goes on gives bit-equal losses. A loss that is not a number stops the run before
it touches the weights.
Knows nothing of where the text came from (`lm/training/corpus.py`, `lm/training/data.py`) or of what a run is for.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint, read_config, save_checkpoint
from duologue.lm.checkpoints.lora import add_lora, merge_lora, save_lora, without_lora
from duologue.lm.nets.config import Config, parse_config
from duologue.lm.nets.transformer import Transformer, document_mask, init_weights
from duologue.lm.text.tokenizer import TextTokenizer, load_tokenizer
from duologue.lm.training import parallel
from duologue.lm.training.corpus import prepare
from duologue.lm.training.data import IGNORED, Batch, Loader, Shard
from duologue.lm.training.journal import Journal
from duologue.lm.training.keep import distance, find_plain
from duologue.lm.training.loss import sum_of_losses
from duologue.lm.training.memory import available_bytes, check_memory
from duologue.lm.training.optim import make_optimizers, schedule
from duologue.lm.training.peak import flops_per_token, measure_peak
from duologue.lm.training.progress import Bar
from duologue.lm.training.recipe import Recipe, Stage, save_recipe
from duologue.lm.training.report import write_report
from duologue.lm.training.resume import find_latest, restore, save_state
from duologue.lm.writing.ask import write_sample
from duologue.lm.writing.score import bits_per_byte


class Diverged(Invalid):
    """The loss is not a number any more."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """One step: `loss` in nats per learnt token; `bits_per_byte` by language where it was measured.

    `num_cut` and `num_empty` count what the loader cut to fit a row, and what it passed over because nothing in it is learnt.
    """

    step: int
    loss: float
    num_targets: int
    grad_norm: float
    lr: float
    tokens_per_s: float
    bits_per_byte: Mapping[str, float]
    num_cut: int = 0
    num_empty: int = 0


def sum_nll(
    model: Transformer, batch: Batch, mask_documents: bool, smoothing: float = 0.0, read: Callable[..., Tensor] | None = None
) -> Tensor:
    """Sum of -log p(target) over the learnt tokens of a batch.

    With `smoothing` a target is that share spread evenly over the vocabulary (Szegedy et al. 2016). `read` is `model.hidden`,
    compiled.
    """
    states, targets = read_states(model, batch, mask_documents, read).flatten(0, 1), batch.targets.flatten()
    learnt = targets != IGNORED
    if not bool(learnt.all()):
        states, targets = states[learnt], targets[learnt]
    return sum_of_losses(states, model.head_weight, targets, smoothing)


def read_states(model: Transformer, batch: Batch, mask_documents: bool, read: Callable[..., Tensor] | None = None) -> Tensor:
    """The last hidden states of a batch, (B, T, C)."""
    has_documents = mask_documents and not bool((batch.document == batch.document[:, :1]).all())
    mask = document_mask(batch.document) if has_documents else None  # without one the fused form leaves half of the work out
    return (read or model.hidden)(batch.ids, batch.positions, mask)


class Loss(nn.Module):
    """The summed loss of a batch as a module, which is what DDP and FSDP wrap."""

    def __init__(self, model: Transformer, recipe: Recipe) -> None:
        super().__init__()
        self.model, self.recipe = model, recipe
        self.more: dict[str, Any] = {"smoothing": recipe.label_smoothing} if recipe.label_smoothing else {}
        if recipe.compile:
            self.more["read"] = torch.compile(model.hidden, dynamic=False)

    def forward(self, batch: Batch) -> Tensor:
        """Sum over the learnt tokens, ()."""
        plain = find_plain(batch) if self.recipe.keep else None
        if plain is None or not bool(plain.any()):
            return sum_nll(self.model, batch, self.recipe.mask_documents, **self.more)
        rows = plain.any(dim=1)
        of_texts = Batch(*(t[rows] for t in (batch.ids, batch.targets, batch.document, batch.positions)))
        with torch.no_grad(), without_lora(self.model):
            before = read_states(self.model, of_texts, self.recipe.mask_documents)
        now = read_states(self.model, batch, self.recipe.mask_documents, self.more.get("read"))
        kept = distance(now[rows][plain[rows]], before[plain[rows]], self.model.head_weight)
        learnt = (batch.targets != IGNORED) & ~plain
        if not bool(learnt.any()):
            return kept * self.recipe.keep
        smoothing = self.recipe.label_smoothing
        return sum_of_losses(now[learnt], self.model.head_weight, batch.targets[learnt], smoothing) + kept * self.recipe.keep


class Trainer:
    """A run of a recipe. Iterate over `run()`, stop when you like; a new Trainer of the same recipe goes on where it was saved.

    Raises Invalid where the corpus is empty, the model does not fit the memory, or the rows do not divide among the processes.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.out, self.step = Path(recipe.out), 0
        self.group = parallel.join_group(recipe.device)
        self.out.mkdir(parents=True, exist_ok=True)
        given = recipe
        if self.group.is_first and self.group.world > 1:
            prepare(recipe)
        parallel.wait(self.group)  # the others find what the first prepared
        self.recipe, self.prepared = prepare(recipe)
        recipe = self.recipe
        check_shares(recipe, self.group)
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        check_memory(recipe, _config_of(recipe), available_bytes() if self.group.device.type == "cpu" else None)
        self.model, self.tokenizer = _make_model(recipe)
        self.model.to(self.group.device)
        self.loss = parallel.distribute(Loss(self.model, recipe), self.model, recipe.parallel, self.group)
        self.optimizers = make_optimizers(
            self.model,
            muon_lr=recipe.muon_lr,
            adam_lr=recipe.adam_lr,
            weight_decay=recipe.weight_decay,
            use_muon=recipe.optimizer == "muon",
            muon_dtype=torch.bfloat16 if recipe.precision == "bf16" else torch.float32,
        )
        self.loaders = [
            Loader(Shard(Path(s.shard)), rows=s.rows, length=s.length, seed=recipe.seed, whole=s.whole) for s in recipe.stages
        ]
        self.total = sum(s.steps for s in recipe.stages)
        self.average = {n: p.detach().clone() for n, p in self.model.named_parameters() if p.requires_grad} if recipe.ema else {}
        latest = find_latest(self.out)
        if latest is not None:
            self.step = restore(latest, self.model, self.optimizers, self.loaders, self.average)
        self.journal: Journal | None = None
        if self.group.is_first:
            self.journal = Journal(self.out, self.step, tensorboard=recipe.tensorboard)
            save_recipe(given, self.out / "recipe.yaml")

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
            cuts, empties = (sum(getattr(x.cursor, n) for x in self.loaders) for n in ("num_cut", "num_empty"))
            done = Progressed(
                self.step, loss, num_targets, norm, lr, num_read / seconds, self._evaluate(), num_cut=cuts, num_empty=empties
            )
            if self.journal is not None:
                self.journal.log(asdict(done))
            if self.step % self.recipe.save_every == 0 or self.step == self.total:
                save_state(self.out, self.step, self.model, self.optimizers, self.loaders, self.average, self.group)
            yield done
        self._finish()

    def whole_model(self) -> Transformer:
        """The model as it would be saved: the moving average where there is one, put together from all processes."""
        if not self.average:
            return parallel.gather(self.model)
        values = {n: self.average.get(n, p.detach()) for n, p in self.model.named_parameters()}
        if self.recipe.lora_rank:  # a copy without adapters could not take them: they are put in for good
            for name, p in self.model.named_parameters():
                p.data.copy_(values[name])
            return parallel.gather(self.model)
        return parallel.gather(self.model, values)

    def _finish(self) -> None:
        self.model.eval()
        model = self.whole_model()
        if self.journal is not None:
            if self.recipe.lora_rank:
                save_lora(self.out / "adapter", model, base=self.recipe.start_from)
                merge_lora(model)
            save_checkpoint(self.out / "model", model, self.tokenizer)
            self.journal.close()
        parallel.wait(self.group)

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
        num_targets, total, group = sum(b.num_targets for b in batches), 0.0, self.group
        for number, batch in enumerate(batches, 1):
            parallel.synchronise(self.loss, number == stage.accumulate)
            share = batch.share(group.rank, group.world, group.device) if group.world > 1 or group.device.type != "cpu" else batch
            with _arithmetic(self.recipe.precision, group.device.type):
                nll = self.loss(share)
            (nll * (group.world / max(1, num_targets))).backward()  # gradients are averaged over the processes
            total += float(parallel.total(nll.detach(), group))
        loss = total / max(1, num_targets)
        limit = self.recipe.clip or math.inf
        norm = float(parallel.whole(torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)))
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise Diverged(
                f"The loss of step {self.step + 1} is {loss}, the gradient's length {norm}: nothing was changed. Lower the rate, "
                f"lengthen the warm-up, or look at the documents around position {loader.cursor.position} of {stage.shard}.",
                step=self.step + 1,
            )
        r = self.recipe
        factor = schedule(self.step, self.total, kind=r.schedule, warmup=r.warmup_steps, decay_share=r.decay_share, floor=r.floor)
        for optimizer in self.optimizers:
            for param_group in optimizer.param_groups:
                param_group["lr"] = param_group["peak_lr"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                if name in self.average:
                    self.average[name].lerp_(p.detach(), 1 - r.ema)
        return loss, num_targets, norm

    def _evaluate(self) -> dict[str, float]:
        r, is_last = self.recipe, self.step == self.total
        if not r.evaluate_every or (self.step % r.evaluate_every and not is_last) or not (r.held_out or r.sample_prompts):
            return {}
        texts: dict[str, list[str]] = json.loads(Path(r.held_out).read_text("utf-8")) if r.held_out else {}
        model = parallel.gather(self.model) if r.lora_rank else self.whole_model()
        model.eval()
        with _arithmetic(r.precision, "cpu"):
            found = {lang: bits_per_byte(model, self.tokenizer, some) for lang, some in texts.items()}
            if self.journal is not None:
                for prompt in r.sample_prompts:
                    self.journal.sample(self.step, prompt, write_sample(model, self.tokenizer, prompt))
        self.model.train()
        return found


def train(recipe: Recipe, on_step: Callable[[Progressed], None] = lambda _: None, *, show: bool = True) -> Path:
    """Run a recipe to its end under a progress bar and write its report; the folder of the finished model.

    Raises Invalid and Diverged.
    """
    trainer = Trainer(recipe)
    device = trainer.group.device.type
    is_shown = show and trainer.group.is_first
    peak = measure_peak(recipe.precision, device) * trainer.group.world if is_shown else math.inf
    costs = flops_per_token(trainer.model.config, max(s.length for s in recipe.stages))
    with Bar(trainer.total, trainer.step, show=is_shown, peak=lambda speed: speed * costs / peak) as bar:
        for done in trainer.run():
            bar.show(asdict(done))
            on_step(done)
    if trainer.group.is_first:
        facts = {"parameters": f"{trainer.model.num_parameters:,}", "processes": trainer.group.world}
        write_report(trainer.out, facts=facts)
    return trainer.out / "model"


def check_shares(recipe: Recipe, group: parallel.Group) -> None:
    """Raise Invalid where the rows of a micro-batch cannot be shared evenly, or a compiled network not laid over the processes."""
    if recipe.compile and recipe.parallel == "fsdp" and group.world > 1:
        raise Invalid("A compiled network is not laid over several processes in parts; set compile to false, or parallel to ddp.")
    if any(stage.rows % group.world for stage in recipe.stages):
        raise Invalid(f"The rows of every stage must divide among the {group.world} processes.")


def _config_of(recipe: Recipe) -> Config:
    if recipe.start_from:
        return read_config(Path(recipe.start_from))
    tokenizer = load_tokenizer(Path(recipe.tokenizer))
    return parse_config({"vocab_size": tokenizer.vocab_size, **recipe.model})


def _make_model(recipe: Recipe) -> tuple[Transformer, TextTokenizer]:
    if recipe.start_from:
        model, tokenizer = load_checkpoint(Path(recipe.start_from))
        if recipe.lora_rank:
            add_lora(model, recipe.lora_rank, recipe.lora_alpha, seed=recipe.seed)
        return model, tokenizer
    return init_weights(Transformer(_config_of(recipe)), recipe.seed), load_tokenizer(Path(recipe.tokenizer))


def _arithmetic(precision: str, device: str) -> AbstractContextManager[Any]:
    return torch.autocast(device, dtype=torch.bfloat16) if precision == "bf16" else nullcontext()
