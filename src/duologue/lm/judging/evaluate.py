"""A language model's figures: bits per byte and perplexity of texts by language, and how it ends and repeats what it writes.

Each row is `{"task", "metric", "value", "baseline", "n", "note"}`; the baseline of bits per byte is that of the `lzma` compressor
on the same texts, which has learnt nothing but them.
"""

import lzma
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from duologue.kit.text import detect_lang
from duologue.lm.training.corpus import Document, read_documents
from duologue.lm.writing.ask import Model
from duologue.lm.writing.decode import Decoding
from duologue.lm.writing.score import score_text

LONGEST_ANSWER = 64  # tokens written per conversation
MOST_CHATS = 50


def evaluate_texts(folder: Path, places: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows for the documents of the places; conversations are scored turn by turn and gone on with. Raises Invalid for none."""
    model = Model(folder)
    by_lang: dict[str, list[Document]] = {}
    for document in read_documents(places):
        by_lang.setdefault(detect_lang(document.words), []).append(document)
    for lang, documents in sorted(by_lang.items()):
        yield from _score(model, lang, [d.words for d in documents])
        chats = [d for d in documents if d.messages and d.messages[-1]["role"] == "assistant"]
        if chats:
            yield from _write(model, lang, chats[:MOST_CHATS])


def _score(model: Model, lang: str, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    scores = [score_text(model.network, model.tokenizer, text) for text in texts if len(model.tokenizer.encode(text)) > 1]
    logprob, num_bytes = sum(s.logprob for s in scores), sum(s.num_bytes for s in scores)
    tokens = sum(len(s.token_logprobs) for s in scores)
    packed = len(lzma.compress("\n".join(texts).encode())) * 8 / max(1, num_bytes)
    yield _row("bits_per_byte", -logprob / math.log(2) / max(1, num_bytes), packed, len(scores), f"{lang}; baseline: lzma")
    yield _row("perplexity", math.exp(-logprob / max(1, tokens)), None, tokens, f"{lang}; per token of this model")


def _write(model: Model, lang: str, chats: Sequence[Document]) -> Iterator[dict[str, Any]]:
    stopped, repeated, answers = 0, 0, 0
    for chat in chats:
        ids = model.read_chat(chat.messages[:-1])
        if len(ids) + 8 > model.network.config.context:
            continue
        found = model.answer(ids, Decoding(max_new_tokens=LONGEST_ANSWER))
        answers += 1
        stopped += found["finish_reasons"] == ["stop"]
        repeated += is_repeating(model.tokenizer.encode(found["texts"][0]))
    if answers:
        yield _row("stop_rate", stopped / answers, None, answers, f"{lang}; greedy answers that end by themselves")
        yield _row(
            "repetition_rate", repeated / answers, None, answers, f"{lang}; greedy answers with one 4-gram three times or more"
        )


def is_repeating(ids: Sequence[int], size: int = 4, times: int = 3) -> bool:
    """Whether some run of `size` tokens stands in a text `times` times."""
    counts = Counter(tuple(ids[i : i + size]) for i in range(len(ids) - size + 1))
    return max(counts.values(), default=0) >= times


def _row(metric: str, value: float, baseline: float | None, n: int, note: str) -> dict[str, Any]:
    return {"task": "text", "metric": metric, "value": value, "baseline": baseline, "n": n, "note": note}
