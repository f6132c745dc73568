"""How good the assistant's own answers are, end to end without a person: what it would send, what of it is right, what it
holds back.

Runs the very steps of a turn (retrieve, compose, decide) on questions with known quotes, without a model's words. An answer
is right when it cites an article that answers the question and says most of what the quoted words say, every number of them
included.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from duologue.assistant import confidence
from duologue.assistant.act import Acted
from duologue.assistant.answer import compose
from duologue.assistant.decide import Case, decide
from duologue.assistant.model import Answer, NoRecall, Turn
from duologue.assistant.retrieve import Found, Search, retrieve
from duologue.assistant.several import answer_each, join, split_questions
from duologue.assistant.think import Thought
from duologue.conversation.model import AI, Attention, Conversation, Message
from duologue.knowledge.evaluate import Part, Question, read_questions
from duologue.knowledge.terms import index_terms

SAYS_IT = 0.6
"""Share of the quote's terms that a right answer repeats."""
_THEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the assistant would do with a question. `is_right` is False where there is no answer to be had."""

    question: Question
    answer: Answer
    confidence: float
    signals: dict[str, float]
    is_sent: bool
    is_right: bool


async def evaluate_answers(
    search: Search, workspace_id: str, paths: Iterable[Path], threshold: float, *, part: Part = "report", task: str = "answers"
) -> list[dict[str, Any]]:
    """Figures over the questions of these files, against knowledge that `workspace_id` already holds."""
    outcomes = await answer_all(search, workspace_id, read_questions(paths, part), threshold)
    return measure(outcomes, f"threshold {threshold}; {part} questions", task)


async def answer_all(search: Search, workspace_id: str, questions: Sequence[Question], threshold: float) -> list[Outcome]:
    """Every question as a fresh conversation on autopilot."""
    out = []
    for question in questions:
        answer, found, sure = await answer_turn(make_turn(workspace_id, question), search)
        decision = decide(Case("autopilot", answer, sure, threshold))
        signals = confidence.gather(answer, found, None, is_steered=False)
        out.append(
            Outcome(question, answer, sure, signals, decision.kind == "send", is_answered(question, answer, slugs_of(found)))
        )
    return out


async def answer_turn(turn: Turn, search: Search, *, cut: bool = True) -> tuple[Answer, Found, float]:
    """What a turn would say without a model's words, and how sure it is. `cut=False`: several questions are looked up as one."""
    questions = split_questions(turn.question) if cut else []
    if len(questions) > 1:
        parts = await answer_each(turn, questions, search, NoRecall(), is_steered=False)
        return (*join(turn, parts), min(part.confidence for part in parts))
    found = await retrieve(turn, search, NoRecall())
    answer = compose(turn, found, Thought(), Acted())
    return answer, found, confidence.estimate(answer, confidence.gather(answer, found, None, is_steered=False))


def slugs_of(found: Found) -> dict[str, str]:
    """The articles of what was found, by the ids of their documents."""
    return {hit.passage.document_id: Path(hit.uri).stem for hit in found.result.hits}


def is_answered(question: Question, answer: Answer, slugs: dict[str, str]) -> bool:
    """Whether the answer cites a right article and says what its quote says."""
    if not question.articles or not any(slugs.get(c.document_id) in question.articles for c in answer.citations):
        return False
    return says_it(answer.body, question.quote)


def says_it(said: str, quote: str) -> bool:
    """Whether a text says what a quote does: every number of it, and SAYS_IT of its terms."""
    wanted, terms = set(index_terms(quote)), set(index_terms(said))
    numbers = {t for t in wanted if any(c.isdigit() for c in t)}
    return numbers <= terms and len(wanted & terms) >= SAYS_IT * len(wanted)


def measure(outcomes: Sequence[Outcome], note: str, task: str = "answers") -> list[dict[str, Any]]:
    """Figures per language, one object each, with what sending every answer would give as the baseline."""
    rows = []
    for lang in ("en", "zh"):
        mine = [o for o in outcomes if o.question.lang == lang]
        answerable = [o for o in mine if o.question.articles]
        sent = [o for o in mine if o.is_sent]
        silent = [o for o in mine if not o.question.articles]
        figures = {
            "answered_right": (_share(o.is_right for o in answerable), None, len(answerable), "share of answerable questions"),
            "answerable_sent": (_share(o.is_sent for o in answerable), 1.0, len(answerable), "of answerable questions"),
            "sent": (_share(o.is_sent for o in mine), 1.0, len(mine), "share that leaves without a person"),
            "sent_right": (_share(o.is_right for o in sent), _share(o.is_right for o in mine), len(sent), "of what is sent"),
            "unanswerable_sent": (_share(o.is_sent for o in silent), 1.0, len(silent), "of unanswerable questions"),
            "ece": (_calibration_error(mine), None, len(mine), "of the confidence, ten bins"),
        }
        for metric, (value, baseline, n, what) in figures.items():
            rows.append(
                {
                    "task": f"{task}.{lang}",
                    "metric": metric,
                    "value": value,
                    "baseline": baseline,
                    "n": n,
                    "note": f"{what}; {note}",
                }
            )
    return rows


def _share(flags: Any) -> float:
    listed = list(flags)
    return sum(listed) / len(listed) if listed else 0.0


def _calibration_error(outcomes: Sequence[Outcome], bins: int = 10) -> float:
    error = 0.0
    for i in range(bins):
        inside = [o for o in outcomes if min(int(o.confidence * bins), bins - 1) == i]
        if inside:
            gap = _share(o.is_right for o in inside) - sum(o.confidence for o in inside) / len(inside)
            error += abs(gap) * len(inside) / len(outcomes)
    return error


def make_turn(workspace_id: str, question: Question) -> Turn:
    """A question as a fresh conversation on autopilot."""
    conversation = Conversation(
        id="cnv_evaluation", workspace_id=workspace_id, desk_id="", person_id="", lang=question.lang, topic="", subject="",
        status="open", snoozed_until=None, mode="autopilot", mode_override=None, controller=AI, lease_expires_at=None,
        attention=Attention(), control_epoch=0, last_seq=1, last_public_seq=1, episode_seq=0,
        created_at=_THEN, updated_at=_THEN, waiting_since=_THEN,
    )  # fmt: skip
    message = Message(
        id=f"msg_{question.id}", workspace_id=workspace_id, conversation_id=conversation.id, seq=1, client_id="q",
        author_kind="person", author_id="", visibility="public", kind="text", body=question.question,
        lang=question.lang, citations=(), draft_id=None, run_id=None, data={}, created_at=_THEN,
    )  # fmt: skip
    return Turn("run_evaluation", conversation, message, question.lang)
