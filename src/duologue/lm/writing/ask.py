"""Ask a model in a folder: how likely is this text, and how does that one go on? Answers are JSON values for the command line.

The folder is ours or any Hugging Face checkpoint of a known family.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.chat import Message, render
from duologue.lm.text.dialect import read_ends
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.writing.decode import Decoding, Written, search, write
from duologue.lm.writing.score import score_text

__all__ = ["Model", "cut_at_stop", "read_ends"]


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
        """`{"texts", "scores", "finish_reasons", "logprobs"}`; a text ends before the first stop string in it.

        `scores` are log-probabilities divided by length^length_penalty, the end's token counted; `logprobs` are not divided.
        """
        return self.answer(self.read(prompt), decoding, stops)

    def read(self, prompt: str) -> list[int]:
        """A prompt's ids, the beginning token first where the model has one. Raises Invalid for an empty one."""
        ids = [*self.tokenizer.dialect.begin, *self.tokenizer.encode(prompt)]
        if not ids:
            raise Invalid("Give a prompt of at least one token; this model has no beginning token of its own.")
        return ids

    def read_chat(self, messages: Sequence[Message]) -> list[int]:
        """A conversation's ids, the assistant's turn opened. Raises Invalid where the model has no chat format."""
        return render(self.tokenizer, messages, for_reply=True).ids

    def answer(self, ids: Sequence[int], decoding: Decoding, stops: Sequence[str] = ()) -> dict[str, Any]:
        """What `generate` says, for a prompt of ids."""
        (some,) = write(self.network, [ids], self._within(ids, decoding), self._stop(stops))
        return self.say(some, stops)

    def beams(self, ids: Sequence[int], decoding: Decoding, stops: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """Every step of a beam search: `{"step", "beams": [{"text", "logprob"}], "finished": [{"text", "score"}]}`."""
        for number, step in enumerate(search(self.network, ids, self._within(ids, decoding), self._stop(stops)), 1):
            yield {
                "step": number,
                "beams": [{"text": self.tokenizer.decode(t), "logprob": p} for t, p in step.beams],
                "finished": [{"text": self.tokenizer.decode(w.ids), "score": w.score} for w in step.finished],
            }

    def say(self, some: Sequence[Written], stops: Sequence[str] = ()) -> dict[str, Any]:
        """Written ids as texts."""
        cut = [cut_at_stop(self.tokenizer.decode(one.ids), stops) for one in some]
        return {
            "texts": [text for text, _ in cut],
            "scores": [one.score for one in some],
            "finish_reasons": ["stop" if is_cut else one.reason for one, (_, is_cut) in zip(some, cut, strict=True)],
            "logprobs": [one.logprob for one in some],
        }

    def _within(self, ids: Sequence[int], decoding: Decoding) -> Decoding:
        """The rules with this model's ends, and with no more new tokens than its context has room for."""
        room = self.network.config.context - len(ids)
        if room < 1:
            raise Invalid(f"The prompt has {len(ids)} tokens, this model reads {self.network.config.context} with its answer.")
        return replace(decoding, ends=self.ends, max_new_tokens=min(decoding.max_new_tokens, room))

    def _stop(self, stops: Sequence[str]) -> Any:
        """Whether a stop string stands in what is written, also where it goes across tokens."""
        wanted = [stop for stop in stops if stop]
        return lambda ids: bool(wanted) and any(stop in self.tokenizer.decode(ids) for stop in wanted)


def write_sample(model: Transformer, tokenizer: TextTokenizer, prompt: str, max_new_tokens: int = 48) -> str:
    """How a model goes on from a prompt, drawn at 0.8; to be looked at while it is trained."""
    ids = [*tokenizer.dialect.begin, *tokenizer.encode(prompt)]
    room = min(max_new_tokens, model.config.context - len(ids))
    if not ids or room < 1:
        return ""
    decoding = Decoding(max_new_tokens=room, temperature=0.8, top_p=0.95, ends=tokenizer.dialect.ends)
    ((one,),) = write(model, [ids], decoding)
    return tokenizer.decode(one.ids)


def cut_at_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first of the stop strings, and whether there was one."""
    found = [at for stop in stops if stop and (at := text.find(stop)) >= 0]
    return (text[: min(found)], True) if found else (text, False)
