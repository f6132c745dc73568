"""Train by a recipe file: `python runs/train_recipe.py RECIPE [a.b=c …]`. Goes on where an earlier run was stopped."""

import sys
from pathlib import Path

from duologue.kit.errors import DuologueError
from duologue.lm.recipe import load_recipe
from duologue.lm.train import train

try:
    print(train(load_recipe(Path(sys.argv[1]), sys.argv[2:])))
except DuologueError as error:
    sys.exit(error.message)
