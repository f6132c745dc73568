"""Ask a model in a folder: how likely is this text, and how does that one go on? Answers are JSON values for the command line.

The folder is ours or any Hugging Face checkpoint of a known family. Knows nothing of conversations.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid
from duologue.lm.checkpoint import load_checkpoint
from duologue.lm.decode import Decoding, write
from duologue.lm.score import score_text
from duologue.lm.tokenizer import BOS, TextTokenizer
from duologue.lm.transformer import Transformer


class Model:
    """A model and its tokenizer, loaded once for many questions. Raises Invalid where the folder holds none."""

    def __init__(self, folder: Path) -> None:
        self.network: Transformer
        self.tokenizer: TextTokenizer
        self.network, self.tokenizer = load_checkpoint(folder)
        self.ends = read_ends(folder)

    def score(self, text: str, continuation: str | None = None) -> dict[str, Any]:
        """`{"logprob", "tokens", "perplexity", "bits_per_byte", "token_logprobs"}` in nats; `tokens` is their number."""
        found = score_text(self.network, self.tokenizer, text, continuation)
        return {
            "logprob": found.logprob,
            "tokens": len(found.token_logprobs),
            "perplexity": found.perplexity,
            "bits_per_byte": found.bits_per_byte,
            "token_logprobs": list(found.token_logprobs),
        }

    def generate(self, prompt: str, decoding: Decoding, stops: Sequence[str] = ()) -> dict[str, Any]:
        """`{"texts", "scores", "finish_reasons"}`; a text ends before the first stop string in it."""
        ids = self.tokenizer.encode(prompt)
        if BOS in self.tokenizer.special_ids:
            ids = [self.tokenizer.special(BOS), *ids]
        if not ids:
            raise Invalid("Give a prompt of at least one token; this model has no beginning token of its own.")
        room = self.network.config.context - len(ids)
        if room < 1:
            raise Invalid(f"The prompt has {len(ids)} tokens, this model reads {self.network.config.context} with its answer.")
        if decoding.max_new_tokens > room:
            decoding = replace(decoding, max_new_tokens=room)
        (some,) = write(self.network, [ids], replace(decoding, ends=self.ends))
        texts, reasons = [], []
        for one in some:
            text, is_cut = cut_at_stop(self.tokenizer.decode(one.ids), stops)
            texts.append(text)
            reasons.append("stop" if is_cut else one.reason)
        return {"texts": texts, "scores": [w.score for w in some], "finish_reasons": reasons}


def cut_at_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first of the stop strings, and whether there was one."""
    found = [at for stop in stops if stop and (at := text.find(stop)) >= 0]
    return (text[: min(found)], True) if found else (text, False)


def read_ends(folder: Path) -> tuple[int, ...]:
    """The tokens that end a text, as the folder's generation_config.json or config.json says."""
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        found = json.loads(path.read_text("utf-8")).get("eos_token_id") if path.exists() else None
        if found is not None:
            return (found,) if isinstance(found, int) else tuple(t for t in found if t is not None)
    return ()
