"""Several questions in one message, or in several messages in a row: cut, answered one by one, put together again.

One search for two matters finds half of each, and quotes of it answer one of them at best. A model that converses gets what each
question finds; where none does, each is answered alone, and the whole is as sure as its least sure part. Knows no model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from duologue.assistant import confidence, notices
from duologue.assistant.act import Acted
from duologue.assistant.answer import compose
from duologue.assistant.guard import clip
from duologue.assistant.model import Answer, Recall, Turn
from duologue.assistant.retrieve import Found, Search, bare_of_joins, is_whole, retrieve
from duologue.assistant.think import Thought
from duologue.conversation.model import Citation
from duologue.kit.text import sentences, spell_out
from duologue.knowledge.model import SearchResult

MOST = 3
"""Of more questions at once a person makes more sense."""
_MARK = re.compile(r"\[(\d{1,2})\]")


@dataclass(frozen=True, slots=True)
class Part:
    """One question with its answer, what was found for it, and how sure that answer is."""

    question: str
    answer: Answer
    found: Found
    confidence: float


def split_questions(text: str) -> list[str]:
    """The questions of a text, each with what was said before it; the text itself where it holds none, one, or too many."""
    out: list[str] = []
    waiting: list[str] = []
    for sentence in sentences(text):
        waiting.append(sentence)
        if is_whole(sentence):
            out.append(" ".join(waiting))
            waiting = []
    if not 2 <= len(out) <= MOST:
        return [text]
    return [*out[:-1], " ".join([out[-1], *waiting])]


async def answer_each(turn: Turn, questions: Sequence[str], search: Search, memory: Recall, *, is_steered: bool) -> list[Part]:
    """Answer each question as if the ones before it had been asked before; one that the same words answer stands with the other."""
    parts: list[Part] = []
    for alone, question in zip(_apart(turn, questions), questions, strict=True):
        found = await retrieve(alone, search, memory)
        answer = compose(alone, found, Thought(), Acted())
        sure = 0.0 if answer.kind == "none" else confidence.estimate(answer, confidence.gather(answer, found, None, is_steered))
        same = next((i for i, known in enumerate(parts) if _says_all(known.answer, answer)), None)
        if same is None:
            parts.append(Part(question, answer, found, sure))
        else:
            known = parts[same]
            leans = found.query != clip(spell_out(alone.question))  # the words of the question before may be all that was found
            least = 0.0 if leans else min(known.confidence, sure)
            parts[same] = replace(known, question=f"{known.question} {question}", confidence=least)
    return parts


async def retrieve_each(turn: Turn, questions: Sequence[str], search: Search, memory: Recall) -> Found:
    """What each question finds, the best of each first."""
    return _merge(turn, [await retrieve(alone, search, memory) for alone in _apart(turn, questions)])


def _apart(turn: Turn, questions: Sequence[str]) -> list[Turn]:
    """A turn for each question, as if the ones before it had been asked before."""
    asked = [replace(turn.message, body=bare_of_joins(question)) for question in questions]
    return [replace(turn, message=m, unheard=(), history=(*turn.history, *asked[:i])) for i, m in enumerate(asked)]


def _merge(turn: Turn, founds: Sequence[Found]) -> Found:
    ranked = chain.from_iterable(zip_longest(*(found.result.hits for found in founds)))
    hits = {hit.passage.id: hit for hit in ranked if hit is not None}
    weakest = min((found.result for found in founds), key=lambda result: result.support)
    result = SearchResult(tuple(hits.values()), weakest.support, weakest.signals, weakest.tells)
    verdicts = {p.verdict_id: p for found in founds for p in found.precedents}
    return Found(turn.question, result, tuple(verdicts.values()))


def join(turn: Turn, parts: Sequence[Part]) -> tuple[Answer, Found]:
    """The answers under their questions with their citations numbered through; nothing where none has an answer."""
    bodies: list[str] = []
    citations: list[Citation] = []
    for part in parts:
        is_open = part.answer.kind == "none"
        said = notices.NOTHING_FOUND[turn.lang] if is_open else _shift(part.answer, len(citations))
        bodies.append(f"**{_quiet(part.question)}**\n\n{said}")
        citations += [] if is_open else [replace(c, number=c.number + len(citations)) for c in part.answer.citations]
    answers = [part.answer for part in parts]
    is_empty = all(answer.kind == "none" for answer in answers)
    whole = Answer(
        "none" if is_empty else "quotes", "" if is_empty else "\n\n".join(bodies), turn.lang, tuple(citations),
        grounded=min(a.grounded for a in answers), fit=min(a.fit for a in answers),
    )  # fmt: skip
    return whole, _merge(turn, [part.found for part in parts])


def _says_all(known: Answer, other: Answer) -> bool:
    """Whether an answer quotes all that another one does."""
    quotes = {(c.passage_id, c.quote) for c in other.citations}
    return bool(quotes) and quotes <= {(c.passage_id, c.quote) for c in known.citations}


def _shift(answer: Answer, by: int) -> str:
    numbers = {c.number for c in answer.citations}
    return _MARK.sub(lambda m: f"[{int(m[1]) + by}]" if int(m[1]) in numbers else m[0], answer.body)


def _quiet(question: str) -> str:
    """A question as a heading: one line, and no mark that would change how it is drawn."""
    return re.sub(r"[*_`#<>\[\]\\|]", "", " ".join(question.split()))
