"""How a model's folder wants its text: what stands before a text, which tokens end one, how a conversation is written.

Our own models have one dialect (`lm/text/chat.py`). A folder of another program brings its own in `tokenizer_config.json`,
`generation_config.json` and `chat_template.jinja`; it is read here as transformers reads it, and kept to be written again.
Knows no network and no messages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

KEPT = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "chat_template.jinja")
NAMES = ("bos_token", "eos_token", "pad_token", "unk_token")


@dataclass(frozen=True, slots=True)
class Dialect:
    """`begin` stands before every text, `ends` end one; `tokens` are the named tokens' texts for the chat template."""

    begin: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, Any] = field(default_factory=dict)
    chat_template: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none."""
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def read_ends(folder: Path) -> tuple[int, ...]:
    """The tokens that end a text, as the folder's generation_config.json or config.json says."""
    for name in ("generation_config.json", "config.json"):
        found = read_json(folder / name).get("eos_token_id")
        if found is not None:
            return (found,) if isinstance(found, int) else tuple(t for t in found if t is not None)
    return ()


def read_dialect(folder: Path, inner: Tokenizer) -> Dialect:
    """The dialect of a folder of another program."""
    config, model = read_json(folder / "tokenizer_config.json"), read_json(folder / "config.json")
    special = read_json(folder / "special_tokens_map.json")
    tokens = {name: _text(value) for name in NAMES if (value := config.get(name, special.get(name)))}
    template = folder / "chat_template.jinja"
    return Dialect(
        begin=_begin(config, tokens, inner),
        ends=read_ends(folder),
        tokens=tokens,
        ids={name: model[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id") if name in model},
        chat_template=template.read_text("utf-8") if template.is_file() else _template(config.get("chat_template")),
        files={name: (folder / name).read_bytes() for name in KEPT if (folder / name).is_file()},
    )


def _begin(config: Mapping[str, Any], tokens: Mapping[str, str], inner: Tokenizer) -> tuple[int, ...]:
    """What the tokenizer puts before a text: as its configuration says outright, else as its post-processor does it."""
    if "add_bos_token" in config or "add_eos_token" in config or inner.post_processor is None:
        begin = inner.token_to_id(tokens.get("bos_token", "")) if config.get("add_bos_token") else None
        return () if begin is None else (begin,)
    marked = inner.encode("x", add_special_tokens=True)
    added = marked.special_tokens_mask
    return tuple(marked.ids[: added.index(0)]) if 0 in added else tuple(marked.ids)


def _text(token: Any) -> str:
    return str(token["content"]) if isinstance(token, Mapping) else str(token)


def _template(found: Any) -> str | None:
    """The template, or the one named `default` of several."""
    if isinstance(found, list):
        named = {t.get("name"): t.get("template") for t in found if isinstance(t, Mapping)}
        found = named.get("default")
    return found if isinstance(found, str) else None
