"""Write a trained model as it is committed, in bf16: `python runs/ship_model.py --model DIR --out DIR`."""

import argparse
from pathlib import Path

import torch

from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--model", type=Path, required=True)
options.add_argument("--out", type=Path, required=True)
given = options.parse_args()
card = given.out / "README.md"
text = card.read_text("utf-8") if card.exists() else None
save_checkpoint(given.out, *load_checkpoint(given.model), dtype=torch.bfloat16)
if text is not None:
    card.write_text(text, "utf-8")
