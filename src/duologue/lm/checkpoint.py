"""A model as a folder: the layout of Hugging Face, written whole or not at all, and checked when it is read.

`config.json`, `model.safetensors`, `tokenizer.json`, `tokenizer_config.json`, `generation_config.json` and, ours, `checksums.json`.
Reads folders of other programs too (sharded ones included) as long as the family is known (`lm/families.py`).
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.chat import CHAT_TEMPLATE
from duologue.lm.families import from_hf_config, from_hf_tensors, name_family, to_hf_config, to_hf_tensors
from duologue.lm.tokenizer import BOS, END, END_OF_TURN, PAD, TextTokenizer, load_tokenizer
from duologue.lm.transformer import Transformer

CHECKSUMS = "checksums.json"


def write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, add checksums, and put it in the place of `folder` in one move."""
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)
    new.mkdir(parents=True)
    write(new)
    sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(new.iterdir())}
    (new / CHECKSUMS).write_text(json.dumps(sums, indent=1), "utf-8")
    for path in new.iterdir():
        path.chmod(0o644)  # safetensors writes files that only the owner reads
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Compare a folder with its checksums, where it has them. Raises Invalid for a missing or damaged file."""
    sums = folder / CHECKSUMS
    if not sums.exists():
        return
    for name, wanted in json.loads(sums.read_text("utf-8")).items():
        path = folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            raise Invalid(f"{path} is missing or damaged; take an earlier checkpoint or copy the folder again.")


def save_checkpoint(folder: Path, model: Transformer, tokenizer: TextTokenizer, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a model so that this program and transformers can load it; `dtype` is that of the file.

    Raises Invalid for a network that no family describes.
    """

    def write(into: Path) -> None:
        ends = {
            name: tokenizer.special_ids.get(token)
            for name, token in (("bos", BOS), ("end", END), ("turn", END_OF_TURN), ("pad", PAD))
        }
        config = to_hf_config(model.config) | {
            "bos_token_id": ends["bos"],
            "eos_token_id": ends["turn"],
            "pad_token_id": ends["pad"],
        }
        _write_json(into / "config.json", config | {"dtype": str(dtype).removeprefix("torch.")})
        _write_json(
            into / "generation_config.json",
            {"bos_token_id": ends["bos"], "eos_token_id": [ends["turn"], ends["end"]], "pad_token_id": ends["pad"]},
        )
        tensors = to_hf_tensors({n: p.detach().to(dtype) for n, p in model.named_parameters()}, name_family(model.config))
        save_file(tensors, into / "model.safetensors", {"format": "pt"})
        tokenizer.save(into / "tokenizer.json")
        _write_json(into / "tokenizer_config.json", _tokenizer_config(model.config.context))

    write_folder(folder, write)


def load_checkpoint(folder: Path) -> tuple[Transformer, TextTokenizer]:
    """A model in fp32 on the CPU, ready to read and write, and its tokenizer. Raises Invalid for a folder that cannot be used."""
    if not (folder / "config.json").is_file():
        raise Invalid(f"{folder} holds no model: there is no config.json in it.")
    check_folder(folder)
    try:
        hf = json.loads((folder / "config.json").read_text("utf-8"))
        tensors = _load_tensors(folder)
    except (OSError, ValueError, SafetensorError) as error:
        raise Invalid(f"The model in {folder} cannot be read: {error}.") from error
    with torch.device("meta"):
        model = Transformer(from_hf_config(hf))
    wanted = {n: torch.empty(p.shape, dtype=torch.float32, device="meta") for n, p in model.named_parameters()}
    model = model.to_empty(device="cpu")
    model.load_state_dict(from_hf_tensors(tensors, wanted, hf["model_type"]))
    model.restore_turns()
    return model.eval(), load_tokenizer(folder / "tokenizer.json")


def _load_tensors(folder: Path) -> dict[str, Tensor]:
    index = folder / "model.safetensors.index.json"
    names = set(json.loads(index.read_text("utf-8"))["weight_map"].values()) if index.exists() else {"model.safetensors"}
    return {name: tensor for file in sorted(names) for name, tensor in load_file(folder / file).items()}


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _tokenizer_config(context: int) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "bos_token": BOS,
        "eos_token": END_OF_TURN,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
