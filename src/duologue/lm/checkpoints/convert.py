"""Models in and out: a Hugging Face folder or a name on the Hub becomes a folder of ours, and ours one for other programs.

Both are the same layout; what happens on the way is that the network is proved to be one that we know, adapters are worked in, the
precision is changed, the file is cut into shards, and what was written is read back and compared.
"""

from pathlib import Path
from typing import Any

import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import OWN, describe, load_checkpoint, save_checkpoint
from duologue.lm.checkpoints.lora import load_lora, merge_lora
from duologue.lm.text.dialect import read_json

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
PATTERNS = ["*.json", "*.safetensors", "*.jinja", "pytorch_model*.bin"]


def find_model(name: str) -> Path:
    """The folder of a model: one on this machine, or fetched from the Hugging Face Hub. Raises Invalid where it cannot be had."""
    folder = Path(name)
    if folder.exists():
        return folder
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        raise Invalid(f"There is no folder {name}.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(snapshot_download(name, allow_patterns=PATTERNS))
    except (OSError, HFValidationError, ValueError) as error:  # the Hub's own errors are OSErrors
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise Invalid(f"{name} is no folder here, and cannot be fetched from the Hub: {reason}.") from error


def convert(
    folder: Path, to: Path, *, dtype: str = "", adapter: Path | None = None, shard_bytes: int = 0, for_others: bool = False
) -> dict[str, Any]:
    """Read a model and write it to `to`; the facts about it as JSON values. `dtype` empty keeps that of the file.

    `for_others` refuses a network that no family describes. Raises Invalid for it, and for a folder or adapter that cannot be used.
    """
    if dtype and dtype not in DTYPES:
        raise Invalid(f"The precision is one of {', '.join(DTYPES)}; {dtype!r} is not.")
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / "config.json").is_file())):
        raise Invalid(f"{to} is no folder of a model, and would be replaced; choose another place.")
    model, tokenizer = load_checkpoint(folder)
    if adapter is not None:
        load_lora(adapter, model)
        merge_lora(model)
    family = describe(model.config)[1]
    if for_others and family == OWN:
        raise Invalid(
            "No Hugging Face family has this network's parts together (GPT-2, Llama, Qwen2, Qwen3); other programs can't read it."
        )
    kept = DTYPES[dtype] if dtype else _dtype_of(folder)
    save_checkpoint(to, model, tokenizer, dtype=kept, shard_bytes=shard_bytes)
    ids = torch.arange(min(16, model.config.context))[None] % model.config.vocab_size
    with torch.no_grad():
        apart = float((model(ids) - load_checkpoint(to)[0](ids)).abs().max())
    return {
        "model": str(to),
        "family": family,
        "parameters": model.num_parameters,
        "context": model.config.context,
        "vocab_size": model.config.vocab_size,
        "dtype": str(kept).removeprefix("torch."),
        "files": sorted(p.name for p in to.iterdir()),
        "has_chat_template": tokenizer.is_ours or tokenizer.dialect.chat_template is not None,
        "max_logit_difference": apart,
    }


def _dtype_of(folder: Path) -> torch.dtype:
    config = read_json(folder / "config.json")
    found = getattr(torch, str(config.get("dtype") or config.get("torch_dtype") or "float32"), torch.float32)
    return found if found in DTYPES.values() else torch.float32
