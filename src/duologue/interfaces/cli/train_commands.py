"""`duologue pretrain | finetune | prefer`: the options. What the commands do stands in `train.py`, imported when one is run."""

from pathlib import Path
from typing import Annotated

import typer

from duologue.interfaces.cli.options import AsJson

RecipeFile = Annotated[Path, typer.Argument(help="Recipe in YAML; its fields: docs/reference/recipes.md.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Another value of a field, a.b=c; give it again for more.")]


def pretrain(recipe: RecipeFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Train a language model on texts by a recipe; goes on where an earlier run was stopped."""
    from duologue.interfaces.cli.train import run_pretrain

    run_pretrain(recipe, overrides or (), as_json=as_json)


def finetune(recipe: RecipeFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Train a model further on conversations, all of its weights or adapters; only what the assistant says is learnt."""
    from duologue.interfaces.cli.train import run_finetune

    run_finetune(recipe, overrides or (), as_json=as_json)


def prefer(recipe: RecipeFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Learn from pairs of answers, one preferred (DPO with the chosen answer's own loss added)."""
    from duologue.interfaces.cli.train import run_prefer

    run_prefer(recipe, overrides or (), as_json=as_json)


def add_commands(app: typer.Typer) -> None:
    """Hang these commands on the tree."""
    for command in (pretrain, finetune, prefer):
        app.command()(command)
