"""How much memory a run is going to need, said before anything is set aside; and how much there is."""

import os
from pathlib import Path

from duologue.kit.errors import Invalid
from duologue.lm.nets.config import Config
from duologue.lm.training.recipe import Recipe

LOGITS = 1024  # tokens whose logits exist at once (`lm/training/train.py`)


def count_parameters(c: Config) -> int:
    """Numbers of a network, counted from its shape alone."""
    attention = c.d_model * c.d_head * (2 * c.n_heads + 2 * c.n_kv_heads)
    feed_forward = (3 if c.ffn == "swiglu" else 2) * c.d_model * c.d_ff
    embeddings = c.vocab_size * c.d_model * (1 if c.tie_embeddings else 2)
    positions = c.context * c.d_model if c.positions == "learned" else 0
    return c.n_layers * (attention + feed_forward + 4 * c.d_model) + embeddings + positions


def estimate_bytes(recipe: Recipe, c: Config) -> int:
    """Bytes at the peak of a step: weights, gradients, optimizer, moving average, and what the largest micro-batch keeps.

    Per token and layer a block keeps about 8 vectors of d_model, 3 of d_ff and its queries, keys and values; the loss keeps its
    chunk of logits three times.
    """
    numbers = count_parameters(c)
    share = 1.0 if not recipe.lora_rank else 0.05
    state = numbers * 4 * (1 + share * (3 if recipe.optimizer == "adamw" else 2.2) + (1 if recipe.ema else 0))
    kept = 2 if recipe.precision == "bf16" else 4
    per_token = 8 * c.d_model + (3 if c.ffn == "swiglu" else 2) * c.d_ff + c.d_head * (3 * c.n_heads)
    largest = 0.0
    for stage in recipe.stages:
        tokens = stage.rows * stage.length
        largest = max(largest, tokens * c.n_layers * per_token * kept + min(tokens, LOGITS) * c.vocab_size * 12)
    return int(state + largest)


def available_bytes() -> int | None:
    """Memory that is free to use here, a container's limit included; None where the system does not say."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        limit, used = (Path(f"/sys/fs/cgroup/memory.{n}").read_text("ascii").strip() for n in ("max", "current"))
        if limit != "max":
            found.append(max(0, int(limit) - int(used)))
    except (OSError, ValueError):
        return min(found, default=None)
    return min(found, default=None)


def check_memory(recipe: Recipe, c: Config, available: int | None) -> int:
    """The estimate. Raises Invalid where it is more than there is."""
    needed = estimate_bytes(recipe, c)
    if available is not None and needed > available:
        raise Invalid(
            f"This run needs about {needed / 1e9:.1f} GB of memory and {available / 1e9:.1f} GB are free. "
            "Lower rows (and raise accumulate for the same batch), length, or the size of the model."
        )
    return needed
