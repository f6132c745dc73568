"""From a frozen dataset to a challenger: fine-tuning by adapters, then preferences, with texts of before mixed in.

What was finished before a kill is found again: each stage ends with its model in place, and training itself goes on from its last
checkpoint. Knows files and recipes, no database. Runs in the calling thread; minutes to an hour.
"""

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from duologue.learning.archive import store
from duologue.learning.dataset import LEAST_PAIRS, Dataset
from duologue.learning.recollect import recollect
from duologue.learning.spread import run_spread

RANK, PREFER_RANK, PASSES = 16, 8, 8
RATE, PREFER_RATE = 2e-3, 1.2e-4
WHOLE_RATE, WHOLE_PREFER_RATE = 2e-4, 5e-5
"""Where all weights move: a tenth, as is usual beside adapters (not measured here)."""
REPLAY, OF_HOUSE = 0.5, 0.5
"""Plain texts per answer, and the share of them that are the house's (the others the model writes itself)."""
KEEP = 0.5
"""What holds the model to them, per token, beside 1 for a token of an answer. Where plain texts were learnt instead, and only the
house's, bits per byte on texts of another matter rose by 23 %; with 0.2 by 1.3 %, with 1 by 0.2 %, while preferences were learnt
less the more it holds (300 corrections of the shop, seed 12; docs/log.md)."""
ROWS, LENGTH = 8, 256

Say = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: where its models stand. `model` is the challenger."""

    dataset: str
    folder: Path
    model: Path
    has_preferences: bool


def learn(
    dataset: Dataset,
    champion: Path,
    folder: Path,
    replay: Sequence[str] = (),
    say: Say = lambda _, __: None,
    spread: str = "",
    rank: int = RANK,
) -> Run:
    """Train a challenger from the champion. `replay`: texts of the house, which hold it near the champion together with others
    that the champion writes by itself; `spread`: torchrun's options for several processes; `rank` of the adapters; 0 changes all
    weights, and the texts of the house are mixed in.

    Raises Invalid where there is too little to learn from.
    """
    from duologue.lm.training.prefer import PreferRecipe, prefer, save_prefer_recipe
    from duologue.lm.training.recipe import Recipe, Stage, save_recipe
    from duologue.lm.training.train import train

    dataset.check()
    files = store(dataset, folder / "datasets")
    place = folder / "runs" / dataset.name
    place.mkdir(parents=True, exist_ok=True)
    answers = len(dataset.answers(dataset.train))
    wanted = max(1, round(answers * REPLAY))
    kept = _keep_replay(place, replay, wanted, champion if rank else None)
    sources = [str(files / "sft.jsonl"), *([str(kept)] if kept.stat().st_size else [])]
    steps = max(20, math.ceil((answers + wanted) * PASSES / ROWS))
    tuned = place / "finetune" / "model"
    pairs = dataset.pairs(dataset.train)
    has_preferences = len(pairs) >= LEAST_PAIRS
    recipe = Recipe(
        out=str(place / "finetune"), start_from=str(champion), threads=1, lora_rank=rank,
        lora_alpha=2.0 * (rank or RANK), keep=KEEP if rank else 0.0,
        stages=(Stage(steps=steps, data=tuple(sources), length=LENGTH, rows=ROWS, whole=True),),
        optimizer="adamw", adam_lr=RATE if rank else WHOLE_RATE, warmup_steps=5, evaluate_every=0, save_every=20,
        held_out_share=0.0,
    )  # fmt: skip
    preference = PreferRecipe(
        out=str(place / "prefer"), start_from=str(tuned), pairs=str(files / "pairs.jsonl"), epochs=2,
        adam_lr=PREFER_RATE if rank else WHOLE_PREFER_RATE, held_out=0.05, save_every=20, lora_rank=PREFER_RANK if rank else 0,
    )  # fmt: skip
    if spread:  # both at once, so that other machines can be told both commands beforehand
        save_recipe(recipe, place / "finetune.yaml")
        if has_preferences:
            save_prefer_recipe(preference, place / "prefer.yaml")
    if not (tuned / "config.json").exists():
        if spread:
            run_spread("finetune", place / "finetune.yaml", spread, lambda step: say("finetune", step / steps))
        else:
            train(recipe, lambda step: say("finetune", step.step / steps), show=False)
    if not has_preferences:
        return Run(dataset.name, place, tuned, False)
    model = place / "prefer" / "model"
    if not (model / "config.json").exists():
        wanted_steps = max(1, math.ceil(2 * len(pairs) / ROWS))
        if spread:
            run_spread("prefer", place / "prefer.yaml", spread, lambda step: say("prefer", min(1.0, step / wanted_steps)))
        else:
            prefer(preference, lambda step: say("prefer", min(1.0, step.step / wanted_steps)), show=False)
    return Run(dataset.name, place, model, True)


def _keep_replay(place: Path, replay: Sequence[str], wanted: int, writer: Path | None) -> Path:
    """The file of plain texts; a run that goes on finds the same. `writer` writes what is not the house's, if given."""
    kept = place / "replay.jsonl"
    if not kept.exists():
        own = list(replay[: round(wanted * OF_HOUSE) if writer else wanted])
        texts = own + (recollect(writer, wanted - len(own)) if writer else [])
        part = kept.with_suffix(".part")
        part.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8")
        os.replace(part, kept)
    return kept
