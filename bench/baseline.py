"""Is what the models are made of worth it? Our parts beside an equal-compute AdamW + GELU + learned-position network.

`python -m bench.baseline [--json] [--data PLACE …]`. Both see the same tokens in the same order, in as many steps, with the same
arithmetic per token (the widths of the feed-forward parts make up the difference). The baseline is trained at several rates, ours
only at the recipe's default; the baseline's best is chosen on one half of the held-out texts, and both are compared on the
other half. Without `--data` the text is what this repository ships: the sample shop's pages, English and Chinese.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duologue
from duologue.lm.training.corpus import prepare
from duologue.lm.training.peak import flops_per_token
from duologue.lm.training.recipe import Recipe, parse_recipe
from duologue.lm.training.train import Trainer
from duologue.lm.writing.score import bits_per_byte

SHOP = Path(duologue.__file__).parent / "packs/support/knowledge"
SIZES = {"d_model": 128, "n_layers": 4, "n_heads": 2, "n_kv_heads": 2, "d_head": 64, "context": 256}
OURS = {**SIZES, "d_ff": 344}
PLAIN = {
    **SIZES, "d_ff": 516, "norm": "layer", "norm_eps": 1e-5, "positions": "learned", "ffn": "gelu", "qk_norm": False,
    "qkv_bias": True, "out_bias": True, "ffn_bias": True,
}  # fmt: skip
RATES = (0.001, 0.003, 0.01)


def run(recipe: Recipe, halves: list[dict[str, list[str]]]) -> tuple[list[dict[str, float]], float]:
    """Train; bits per byte by language on each half, and the arithmetic per token."""
    trainer = Trainer(recipe)
    for _ in trainer.run():
        pass
    model = trainer.model
    found = [{lang: bits_per_byte(model, trainer.tokenizer, texts) for lang, texts in half.items()} for half in halves]
    return found, flops_per_token(model.config, recipe.stages[0].length)


def main() -> None:
    """Measure and print a row per language."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true")
    options.add_argument("--data", nargs="+", default=[str(SHOP)])
    options.add_argument("--steps", type=int, default=150)
    options.add_argument("--rows", type=int, default=8)
    options.add_argument("--length", type=int, default=128)
    options.add_argument("--vocab", type=int, default=4096)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="duologue-baseline-") as folder:
        stage = {"data": given.data, "steps": given.steps, "rows": given.rows, "length": given.length}
        common: dict[str, Any] = {
            "out": f"{folder}/ours", "model": OURS, "stages": [stage], "vocab_size": given.vocab, "threads": 1, "evaluate_every": 0,
            "save_every": 10**9, "held_out_share": 0.1, "warmup_steps": max(1, given.steps // 20),
        }  # fmt: skip
        ours = parse_recipe(common)
        prepared, (report,) = prepare(ours)
        texts = json.loads(Path(prepared.held_out).read_text("utf-8"))
        halves = [{lang: some[side::2] for lang, some in texts.items()} for side in (0, 1)]
        (_, found), costs = run(ours, halves)
        plain, best = parse_recipe({**common, "model": PLAIN, "optimizer": "adamw", "schedule": "cosine", "floor": 0.1}), {}
        for rate in RATES:
            tried = replace(plain, out=f"{folder}/plain-{rate}", adam_lr=rate)
            (chosen_on, judged_on), plain_costs = run(tried, halves)
            if not best or sum(chosen_on.values()) < sum(best["chosen_on"].values()):
                best = {"chosen_on": chosen_on, "judged_on": judged_on, "rate": rate, "costs": plain_costs}
    tokens = given.steps * given.rows * given.length
    note = f"{tokens} tokens of {report.tokens}; arithmetic {costs / best['costs']:.3f} of the baseline's; its rate {best['rate']}"
    for lang, value in found.items():
        row = {
            "task": "baseline",
            "metric": "bits_per_byte",
            "value": value,
            "baseline": best["judged_on"][lang],
            "n": len(halves[1][lang]),
        }
        less = 1 - value / row["baseline"]
        if given.json:
            print(json.dumps({**row, "note": f"{lang}; {note}"}, ensure_ascii=False))
        else:
            print(f"{lang}: {value:.4f} bits per byte beside {row['baseline']:.4f}, {less:.1%} less ({note})")


if __name__ == "__main__":
    main()
