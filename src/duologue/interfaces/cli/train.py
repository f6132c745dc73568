"""`duologue pretrain | finetune | prefer`: a recipe run to its end, with a bar for people and an object per step for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from duologue.interfaces.cli.run import err, out, print_json
from duologue.kit.errors import Invalid, SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duologue.lm.training.recipe import Recipe


def run_pretrain(path: Path, overrides: Sequence[str], *, as_json: bool) -> None:
    """Train by a recipe."""
    _need_torch()
    from duologue.lm.training.recipe import load_recipe

    _train(load_recipe(path, overrides), as_json=as_json)


def run_finetune(path: Path, overrides: Sequence[str], *, as_json: bool) -> None:
    """Train a model further. Raises Invalid where the recipe names none to start from."""
    _need_torch()
    from duologue.lm.training.recipe import parse_recipe, read_values

    values = read_values(path, overrides)
    if not values.get("start_from"):
        raise Invalid("A fine-tuning needs `start_from`, the folder of the model to go on from; `pretrain` makes a new one.")
    stages = values.get("stages")
    if isinstance(stages, list):
        values["stages"] = [{"whole": True, **stage} if isinstance(stage, dict) else stage for stage in stages]
    _train(parse_recipe(values), as_json=as_json)


def run_prefer(path: Path, overrides: Sequence[str], *, as_json: bool) -> None:
    """Learn from pairs by a recipe."""
    _need_torch()
    from duologue.lm.training.parallel import join_group
    from duologue.lm.training.prefer import load_prefer_recipe, prefer

    recipe = load_prefer_recipe(path, overrides)
    is_first = join_group(recipe.device).is_first
    folder = prefer(recipe, lambda step: print_json(asdict(step)) if as_json and is_first else None, show=not as_json)
    if is_first:
        _end(folder, as_json=as_json)


def _train(recipe: Recipe, *, as_json: bool) -> None:
    from duologue.lm.training.parallel import join_group
    from duologue.lm.training.train import train

    is_first = join_group(recipe.device).is_first
    folder = train(recipe, lambda step: print_json(asdict(step)) if as_json and is_first else None, show=not as_json)
    if is_first:
        for path in sorted((folder.parent / "corpus").glob("stage-*.json")):
            found = json.loads(path.read_text("utf-8"))
            if found["cut"] or found["dropped"]:
                err.print(
                    f"{path.stem}: {found['cut']} chats were cut to fit a row, {found['dropped']} documents dropped.", markup=False
                )
        _end(folder, as_json=as_json)


def _end(folder: Path, *, as_json: bool) -> None:
    found: Mapping[str, Any] = {"model": str(folder), "report": str(folder.parent / "report.html")}
    if as_json:
        print_json(found)
    else:
        out.print(f"model   {found['model']}\nreport  {found['report']}", markup=False)


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as error:
        raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[local]'.") from error
