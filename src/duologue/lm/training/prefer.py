"""Learning from preferences: of two answers to the same prompt, the chosen one shall become likelier than the rejected one.

    loss = -log sigmoid(beta * ((log p(c) - log q(c)) - (log p(r) - log q(r))))  +  nll * (-log p(c) per token)

p is the model, q the model before (its adapters switched off, or its log-probabilities computed beforehand). The second term holds
up the chosen answer, whose own probability falls otherwise where the two are nearly equal, as an expert's edit and the draft are.
Under torchrun every process holds the whole model and takes its share of each step's pairs; gradients and measures are summed, so
that the numbers are those of one process.
Sources: Rafailov et al. 2023 (DPO); Pang et al. 2024 (the added term).
"""

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
import yaml
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from duologue.lm.checkpoints.lora import add_lora, merge_lora, save_lora
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.chat import Message, render
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.training import parallel
from duologue.lm.training.journal import Journal
from duologue.lm.training.optim import AdamW, schedule
from duologue.lm.training.progress import Bar
from duologue.lm.training.recipe import doc, parse_fields, read_values
from duologue.lm.training.report import write_report
from duologue.lm.training.resume import find_latest, restore, save_state


@dataclass(frozen=True, kw_only=True)
class PreferRecipe:
    """A run of preference learning."""

    out: str = doc("Folder that the run writes: log, recipe, adapter, model.")
    start_from: str = doc("Folder of the model to go on from.")
    pairs: str = doc("JSONL of preference pairs: prompt, chosen, rejected, as `duologue export --format dpo` writes.")
    epochs: int = doc("Passes through the pairs.", default=1)
    rows: int = doc("Pairs per optimizer step.", default=8)
    beta: float = doc("How strongly the model is held to what it was; larger holds more.", default=0.1)
    nll: float = doc("Weight of the chosen answer's own loss.", default=0.5)
    adam_lr: float = doc("Peak learning rate.", default=5e-5)
    lora_rank: int = doc("Rank of the adapters; 0 learns all weights.", default=8)
    lora_alpha: float = doc("Strength of the adapters.", default=16.0)
    held_out: float = doc("Share of pairs that are only measured, never learnt from.", default=0.1)
    seed: int = doc("Seed of adapters, order and held-out pairs.", default=0)
    save_every: int = doc("Steps between checkpoints, from which an interrupted run goes on.", default=50)
    tensorboard: bool = doc("Write TensorBoard's event files too (needs the extra `tensorboard`).", default=False)
    device: Literal["auto", "cpu", "cuda"] = doc("Where it runs; auto: CUDA where there is any.", default="auto")
    precision: Literal["fp32"] = doc("Arithmetic; differences of log-probabilities need fp32.", default="fp32")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt."""

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class Sides:
    """Pairs as rows: the chosen first, then the rejected. ids (2N, T) padded on the right, mask (2N, T) of the answer's tokens."""

    ids: Tensor
    mask: Tensor

    def share(self, group: parallel.Group) -> "Sides":
        """The pairs that this process takes, on its device; maybe none."""
        kept = torch.arange(len(self.ids) // 2)[group.rank :: group.world]
        rows = torch.cat((kept, kept + len(self.ids) // 2))
        return Sides(self.ids[rows].to(group.device), self.mask[rows].to(group.device))


@dataclass(frozen=True, slots=True)
class Preferred:
    """Measures of some pairs: `margin` in nats before beta, `accuracy` the share with a positive one, log-probabilities
    per answer."""

    step: int
    loss: float
    margin: float
    accuracy: float
    chosen_logprob: float
    rejected_logprob: float
    is_held_out: bool


def read_pairs(path: Path) -> tuple[list[Pair], int]:
    """The pairs of a file, and how many were dropped because both answers are equal. Raises Invalid with the line that is wrong."""
    pairs, num_equal = [], 0
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The pairs {path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            pair = Pair(tuple(row["prompt"]), _text(row["chosen"]), _text(row["rejected"]))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise Invalid(f"Line {number} of {path} is no preference pair (prompt, chosen, rejected): {error!r}.") from error
        if pair.chosen.strip() == pair.rejected.strip():
            num_equal += 1
        else:
            pairs.append(pair)
    if not pairs:
        raise Invalid(f"{path} holds no pair with two different answers: nothing can be learnt from it.")
    return pairs, num_equal


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else str(answer[-1]["content"])


def leave_out_long(tokenizer: TextTokenizer, pairs: Sequence[Pair], context: int) -> tuple[list[Pair], int]:
    """The pairs whose answers leave room for a prompt, and how many do not. Raises Invalid where none is left."""
    kept = [pair for pair in pairs if _length(tokenizer, pair) + 2 <= context]
    if not kept:
        longest = max(_length(tokenizer, pair) for pair in pairs)
        raise Invalid(f"Answers of up to {longest} tokens leave this model ({context}) no room for their prompts: no pair is left.")
    return kept, len(pairs) - len(kept)


def _length(tokenizer: TextTokenizer, pair: Pair) -> int:
    """Tokens of the longer answer with its end."""
    return max(len(tokenizer.encode(answer.strip())) for answer in (pair.chosen, pair.rejected)) + 1


def to_sides(tokenizer: TextTokenizer, pairs: Sequence[Pair], context: int) -> Sides:
    """Rows of pairs. A prompt too long loses its beginning, equally on both sides.

    Raises Invalid where an answer alone is too long.
    """
    rows: list[tuple[list[int], int]] = []
    for answers in ([p.chosen for p in pairs], [p.rejected for p in pairs]):
        for pair, answer in zip(pairs, answers, strict=True):
            prompt = render(tokenizer, pair.prompt, for_reply=True).ids
            longest = _length(tokenizer, pair)
            if longest + 2 > context:
                raise Invalid(f"An answer of {longest} tokens leaves this model ({context}) no room for its prompt; drop the pair.")
            kept = prompt[:1] + prompt[1:][-(context - longest - 1) :]
            whole = render(tokenizer, [*pair.prompt, {"role": "assistant", "content": answer}]).ids
            rows.append((kept + whole[len(prompt) :], len(kept)))
    width = max(len(ids) for ids, _ in rows)
    ids, mask = torch.zeros(len(rows), width, dtype=torch.long), torch.zeros(len(rows), width, dtype=torch.bool)
    for row, (tokens, start) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, start : len(tokens)] = True
    return Sides(ids, mask)


def answer_logprobs(model: Transformer, sides: Sides) -> Tensor:
    """log p of each row's answer, (2N,). Padding stands behind the answer, where causal attention does not see it."""
    if not len(sides.ids):
        return model.head_weight.new_zeros(0)
    is_answer = sides.mask[:, 1:]
    logits = F.linear(model.hidden(sides.ids[:, :-1])[is_answer], model.head_weight)  # of the answers' tokens only
    found = logits.float().log_softmax(-1).gather(-1, sides.ids[:, 1:][is_answer][:, None])[:, 0]
    return found.new_zeros(is_answer.shape).masked_scatter(is_answer, found).sum(-1)


def dpo_loss(policy: Tensor, reference: Tensor, num_tokens: Tensor, beta: float, nll: float) -> tuple[Tensor, Tensor]:
    """The losses and the margins (N,), from log-probabilities (2N,); `num_tokens` (N,) of the chosen answers."""
    gained = policy - reference
    chosen, rejected = gained.chunk(2)
    margin = chosen - rejected
    own = -policy.chunk(2)[0] / num_tokens
    return -F.logsigmoid(beta * margin) + nll * own, margin


Batch = tuple[Sides, Tensor, int]
"""Rows of this process, their log-probabilities by the model as it was, and the number of pairs in all processes."""


class Preference:
    """A run of preference learning; iterate over `run()`."""

    def __init__(self, recipe: PreferRecipe) -> None:
        self.recipe, self.out = recipe, Path(recipe.out)
        self.group = parallel.join_group(recipe.device)
        self.model, self.tokenizer = load_checkpoint(Path(recipe.start_from))
        self.model.to(self.group.device)
        pairs, self.num_equal = read_pairs(Path(recipe.pairs))
        context = self.model.config.context
        pairs, self.num_long = leave_out_long(self.tokenizer, pairs, context)
        order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(recipe.seed)).tolist()
        num_held = int(len(pairs) * recipe.held_out)
        learnt = [pairs[i] for i in order[num_held:]]
        batches = [learnt[at : at + recipe.rows] for at in range(0, len(learnt), recipe.rows)]
        self.batches = [self._with_reference(to_sides(self.tokenizer, some, context)) for some in batches]
        held = [pairs[i] for i in order[:num_held]]
        self.held_out = self._with_reference(to_sides(self.tokenizer, held, context)) if held else None
        if recipe.lora_rank:
            add_lora(self.model, recipe.lora_rank, recipe.lora_alpha, seed=recipe.seed)
            self.model.to(self.group.device)
        self.optimizer = AdamW([p for p in self.model.parameters() if p.requires_grad], recipe.adam_lr)
        self.total = recipe.epochs * len(self.batches)
        self.out.mkdir(parents=True, exist_ok=True)
        if self.group.is_first:
            self._forget_another()
            save_prefer_recipe(recipe, self.out / "recipe.yaml")
        parallel.wait(self.group)
        latest = find_latest(self.out)
        self.step = 0 if latest is None else restore(latest, self.model, [self.optimizer], [])

    def _forget_another(self) -> None:
        """Delete what a run of another recipe or of other pairs saved here; only its own is gone on with."""
        free = {"save_every": 0, "tensorboard": False, "device": "auto"}
        told = yaml.safe_dump({**asdict(self.recipe), **free}).encode()
        name = hashlib.sha256(told + Path(self.recipe.pairs).read_bytes()).hexdigest()
        known = self.out / "run.sha256"
        if not known.is_file() or known.read_text("utf-8") != name:
            shutil.rmtree(self.out / "checkpoints", ignore_errors=True)
            known.write_text(name, "utf-8")

    @torch.no_grad()
    def _with_reference(self, sides: Sides) -> Batch:
        """This process's rows with the log-probabilities of the model as it was, computed once, and how many pairs all have."""
        mine = sides.share(self.group)
        return mine, answer_logprobs(self.model, mine), len(sides.ids) // 2

    def run(self) -> Iterator[Preferred]:
        """Learn to the end: a value per step, and before the first and after each pass one of the held-out pairs.

        A new run of the same recipe goes on after the last checkpoint, bit for bit. Raises Invalid on a loss that is no number.
        """
        journal, per_pass = None, len(self.batches)
        if self.group.is_first:
            if not self.step:
                (self.out / "log.jsonl").unlink(missing_ok=True)
            journal = Journal(self.out, self.step, tensorboard=self.recipe.tensorboard)
        if not self.step and (measured := self._measure_held_out()) is not None:
            _log(journal, measured)
            yield measured
        while self.step < self.total:
            epoch, place = divmod(self.step, per_pass)
            order = torch.randperm(per_pass, generator=torch.Generator().manual_seed(self.recipe.seed + epoch))
            done = self._update(self.step, *self.batches[int(order[place])])
            self.step += 1
            _log(journal, done)
            ends_pass = self.step % per_pass == 0
            measured = self._measure_held_out() if ends_pass else None
            if measured is not None:
                _log(journal, measured)
            if self.step % self.recipe.save_every == 0 or self.step == self.total:
                save_state(self.out, self.step, self.model, [self.optimizer], [], group=self.group)
            yield done
            if measured is not None:
                yield measured
        if journal is not None:
            journal.close()
            model = parallel.gather(self.model)
            if self.recipe.lora_rank:
                save_lora(self.out / "adapter", model, base=self.recipe.start_from)
                merge_lora(model)
            save_checkpoint(self.out / "model", model, self.tokenizer)
        parallel.wait(self.group)

    @torch.no_grad()
    def _measure_held_out(self) -> Preferred | None:
        return self._measure(self.step, *self.held_out, is_held_out=True)[1] if self.held_out is not None else None

    def _update(self, step: int, sides: Sides, reference: Tensor, num_pairs: int) -> Preferred:
        loss, done = self._measure(step + 1, sides, reference, num_pairs, is_held_out=False)
        if not math.isfinite(done.loss):
            raise Invalid(f"The loss of step {step + 1} is {done.loss}: nothing was changed. Lower the learning rate.")
        if len(sides.ids):
            loss.backward()  # type: ignore[no-untyped-call]
        learnt = [p for p in self.model.parameters() if p.requires_grad]
        for p in learnt if self.group.world > 1 else ():
            p.grad = parallel.total(torch.zeros_like(p) if p.grad is None else p.grad, self.group)
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        factor = schedule(step, self.total, kind="cosine", warmup=min(10, self.total), decay_share=1.0, floor=0.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.adam_lr * factor
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return done

    def _measure(
        self, step: int, sides: Sides, reference: Tensor, num_pairs: int, *, is_held_out: bool
    ) -> tuple[Tensor, Preferred]:
        """This process's part of the loss, and the measures of all."""
        policy = answer_logprobs(self.model, sides)
        num_tokens = sides.mask.sum(-1).chunk(2)[0]
        losses, margin = dpo_loss(policy, reference, num_tokens, self.recipe.beta, self.recipe.nll)
        loss = losses.sum() / num_pairs
        seen = torch.stack((losses, margin, (margin > 0).float(), *policy.chunk(2))).detach().double().sum(-1) / num_pairs
        whole, gained, wins, chosen, rejected = parallel.total(seen, self.group).tolist()
        return loss, Preferred(step, whole, gained, wins, chosen, rejected, is_held_out)


def _log(journal: Journal | None, done: Preferred) -> None:
    if journal is not None:
        journal.log(asdict(done))


def load_prefer_recipe(path: Path, overrides: Sequence[str] = ()) -> PreferRecipe:
    """Read a recipe of preference learning and apply overrides. Raises Invalid with the field that is wrong."""
    recipe: PreferRecipe = parse_fields(PreferRecipe, read_values(path, overrides))
    if min(recipe.epochs, recipe.rows, recipe.save_every) < 1 or recipe.beta <= 0 or not 0 <= recipe.held_out < 1:
        raise Invalid(
            "A recipe of preference learning needs epochs, rows and save_every of at least 1, beta above 0, held_out below 1."
        )
    return recipe


def save_prefer_recipe(recipe: PreferRecipe, path: Path) -> None:
    """Write the recipe as YAML."""
    path.write_text(yaml.safe_dump(asdict(recipe), sort_keys=False, allow_unicode=True), "utf-8")


def prefer(recipe: PreferRecipe, on_step: Callable[[Preferred], None] = lambda _: None, *, show: bool = True) -> Path:
    """Run a recipe to its end under a progress bar and write its report; the folder of the finished model."""
    run = Preference(recipe)
    is_first = run.group.is_first
    with Bar(run.total, run.step, show=show and is_first) as bar:
        for done in run.run():
            bar.show(asdict(done))
            on_step(done)
    if is_first:
        facts = {
            "pairs": sum(n for *_, n in run.batches),
            "pairs with equal answers": run.num_equal,
            "pairs with answers too long for the model": run.num_long,
            "processes": run.group.world,
        }
        write_report(run.out, facts=facts)
    return run.out / "model"
