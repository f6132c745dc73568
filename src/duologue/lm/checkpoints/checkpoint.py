"""A model as a folder: the layout of Hugging Face, written whole or not at all, and checked when it is read.

`config.json`, `model.safetensors`, `tokenizer.json`, `tokenizer_config.json`, `generation_config.json` and, ours, `checksums.json`.
Reads folders of other programs too (sharded ones included) as long as the family is known (`families.py`); what such a folder
says of its tokenizer and its chats is kept. A network that no family describes is written under our own names (`model_type`
`duologue`), for this program only.
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
from duologue.lm.checkpoints.families import from_hf_config, from_hf_tensors, name_family, to_hf_config, to_hf_tensors
from duologue.lm.nets.config import Config, parse_config
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.chat import CHAT_TEMPLATE
from duologue.lm.text.dialect import read_json
from duologue.lm.text.tokenizer import BOS, END, END_OF_TURN, PAD, TextTokenizer, load_tokenizer

CHECKSUMS = "checksums.json"
OWN = "duologue"  # the model_type of networks that no family describes


def write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, add checksums, and put it in the place of `folder` in one move."""
    write(start_folder(folder))
    seal_folder(folder)


def start_folder(folder: Path, *, is_there: bool = False) -> Path:
    """The empty folder in which the new content of `folder` is going to be written; `is_there` only names it."""
    new = folder.with_name(f".{folder.name}.new")
    if not is_there:
        for rest in (new, folder.with_name(f".{folder.name}.old")):
            shutil.rmtree(rest, ignore_errors=True)
        new.mkdir(parents=True)
    return new


def seal_folder(folder: Path) -> None:
    """Add checksums to what was written since `start_folder`, see it onto the disk, and put it in the place of `folder`."""
    new, old = start_folder(folder, is_there=True), folder.with_name(f".{folder.name}.old")
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


def save_checkpoint(
    folder: Path,
    model: Transformer,
    tokenizer: TextTokenizer,
    *,
    dtype: torch.dtype = torch.float32,
    shard_bytes: int = 0,
) -> None:
    """Write a model so that this program and transformers can load it; `dtype` is that of the file.

    With `shard_bytes` the tensors are spread over files of at most that size (a larger tensor has a file of its own).
    """
    config, family = describe(model.config)
    named = {n: p.detach().to(dtype) for n, p in model.named_parameters()}
    tensors = to_hf_tensors(named, family) if family != OWN else {n: t.contiguous() for n, t in named.items()}

    def write(into: Path) -> None:
        write_json(into / "config.json", config | _end_ids(tokenizer) | {"dtype": str(dtype).removeprefix("torch.")})
        _write_tensors(into, tensors, shard_bytes)
        if tokenizer.is_ours:
            _write_words(into, model, tokenizer)
        else:
            for name, content in tokenizer.dialect.files.items():
                (into / name).write_bytes(content)

    write_folder(folder, write)


def describe(config: Config) -> tuple[dict[str, Any], str]:
    """The `config.json` of a network, and the family that it is of; `duologue` where no other describes it."""
    try:
        return to_hf_config(config), name_family(config)
    except Invalid:
        return {"model_type": OWN, "network": config.to_dict()}, OWN


def load_checkpoint(folder: Path) -> tuple[Transformer, TextTokenizer]:
    """A model in fp32 on the CPU, ready to read and write, and its tokenizer. Raises Invalid for a folder that cannot be used."""
    if not (folder / "config.json").is_file():
        raise Invalid(f"{folder} holds no model: there is no config.json in it.")
    check_folder(folder)
    try:
        hf = json.loads((folder / "config.json").read_text("utf-8"))
        tensors = _load_tensors(folder)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise Invalid(f"The model in {folder} cannot be read: {error}.") from error
    is_own = hf.get("model_type") == OWN
    with torch.device("meta"):
        model = Transformer(read_config(folder))
    wanted = {n: torch.empty(p.shape, dtype=torch.float32, device="meta") for n, p in model.named_parameters()}
    model = model.to_empty(device="cpu")
    state = {n: t.float() for n, t in tensors.items()} if is_own else from_hf_tensors(tensors, wanted, hf["model_type"])
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise Invalid(f"The tensors in {folder} are not those of its config.json.") from error
    model.restore_turns()
    return model.eval(), load_tokenizer(folder / "tokenizer.json")


def read_config(folder: Path) -> Config:
    """The network that a folder holds, without its weights. Raises Invalid as `load_checkpoint` does."""
    hf = read_json(folder / "config.json")
    if not hf:
        raise Invalid(f"{folder} holds no model: there is no config.json in it.")
    return parse_config(hf["network"]) if hf.get("model_type") == OWN else from_hf_config(hf)


def _load_tensors(folder: Path) -> dict[str, Tensor]:
    for stem in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{stem}.index.json"
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values()) if index.exists() else {stem}
        if all((folder / name).is_file() for name in names):
            return {name: tensor for file in sorted(names) for name, tensor in _load_file(folder / file).items()}
    raise Invalid(f"{folder} holds no whole model: model.safetensors, or one of the files that its index names, is missing.")


def _load_file(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    found = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}


def _write_tensors(into: Path, tensors: Mapping[str, Tensor], shard_bytes: int) -> None:
    """One `model.safetensors`, or several and the index that says which tensor is in which."""
    shards: list[dict[str, Tensor]] = [{}]
    filled = 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        if shard_bytes and shards[-1] and filled + size > shard_bytes:
            shards.append({})
            filled = 0
        shards[-1][name] = tensor
        filled += size
    if len(shards) == 1:
        save_file(shards[0], into / "model.safetensors", {"format": "pt"})
        return
    where: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, into / file, {"format": "pt"})
        where |= dict.fromkeys(shard, file)
    size = sum(t.numel() * t.element_size() for t in tensors.values())
    write_json(into / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": where})


def _end_ids(tokenizer: TextTokenizer) -> dict[str, Any]:
    if not tokenizer.is_ours:
        return dict(tokenizer.dialect.ids)
    ids = tokenizer.special_ids
    return {"bos_token_id": ids.get(BOS), "eos_token_id": ids.get(END_OF_TURN), "pad_token_id": ids.get(PAD)}


def _write_words(into: Path, model: Transformer, tokenizer: TextTokenizer) -> None:
    ids = _end_ids(tokenizer)
    ends = [ids["eos_token_id"], tokenizer.special_ids.get(END)]
    write_json(into / "generation_config.json", ids | {"eos_token_id": ends})
    tokenizer.save(into / "tokenizer.json")
    write_json(into / "tokenizer_config.json", _tokenizer_config(model.config.context))


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON object as a file."""
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _tokenizer_config(context: int) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": True,
        "model_max_length": context,
        "bos_token": BOS,
        "eos_token": END_OF_TURN,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
