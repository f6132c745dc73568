"""The sets that champion and challenger both sit before a person may promote: each pack's questions and golden dialogues.

Every question runs through the steps of a turn (guard, retrieve, think, compose, decide) with one model and then with the other,
on the pack's own knowledge in a database that is thrown away: is it answered right, is what has no answer held back, is what would
be said carried by its passages? A dialogue says what must happen at its end. Skills and readers of a pack are not asked, for they
write without the model.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from duologue.assistant.evaluate import is_answered, make_turn
from duologue.assistant.guard import Mask
from duologue.assistant.model import Answer, NoRecall, Turn
from duologue.assistant.policy import Policy
from duologue.assistant.speak import Speaker
from duologue.assistant.tools import Caller, Toolbox
from duologue.assistant.trace import Trace
from duologue.assistant.turn import Outcome, Parts, run_turn
from duologue.conversation.model import Message
from duologue.engine.protocol import Engine
from duologue.kit.clock import SystemClock
from duologue.kit.errors import Invalid
from duologue.kit.text import Lang, normalise
from duologue.knowledge.evaluate import WORKSPACE, Question, read_questions
from duologue.knowledge.model import Encode
from duologue.knowledge.service import KnowledgeService
from duologue.learning.compare import score
from duologue.learning.gates import EXAM
from duologue.learning.model import Score
from duologue.store.bus import Bus
from duologue.store.database import Database
from duologue.store.migrate import upgrade

MOST_QUESTIONS = 60
"""Labelled questions of a pack that are asked, spread over its list; the reported half only."""
LEAST_GROUNDED = 0.5

Expect = Literal["send", "unsent", "hand_over", "any"]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a person says, and what must come of the last of it: the decision, words that are said, and words that never are."""

    id: str
    lang: Lang
    turns: tuple[str, ...]
    expect: Expect
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exam:
    """What a pack brings: its knowledge, labelled questions on it, golden dialogues, and what it leaves to people."""

    pack: str
    folders: tuple[Path, ...]
    questions: tuple[Path, ...]
    dialogues: tuple[Path, ...]
    policy: Policy
    voice: Mapping[Lang, str]


def read_dialogues(paths: Sequence[Path]) -> list[Dialogue]:
    """Dialogues of JSON-lines files. Raises Invalid with the line that is none."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            try:
                given: dict[str, Any] = json.loads(line)
                given |= {name: tuple(given.get(name, ())) for name in ("turns", "says", "never")}
                found.append(Dialogue(**given))
            except (ValueError, TypeError) as error:
                raise Invalid(f"Line {number} of {path.name} is no dialogue: {error}.") from error
    return found


async def compare_exams(
    champion: Engine, challenger: Engine, exams: Sequence[Exam], encode: Encode, threshold: float
) -> list[Score]:
    """A score per set; higher is better in all of them. Takes minutes."""
    scores: list[Score] = []
    for exam in exams:
        with tempfile.TemporaryDirectory(prefix="duologue-exam-") as folder:
            database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'exam.db'}")
            try:
                await upgrade(database)
                knowledge = KnowledgeService(database, encode)
                for path in exam.folders:
                    await knowledge.ingest_folder(WORKSPACE, path)
                first = await sit(champion, exam, knowledge, threshold)
                second = await sit(challenger, exam, knowledge, threshold)
            finally:
                await database.aclose()
        for name, marks in first.items():
            if marks:
                scores.append(score(f"{EXAM}{exam.pack}.{name}", marks, second[name], "higher"))
    return scores


async def sit(engine: Engine, exam: Exam, knowledge: KnowledgeService, threshold: float) -> dict[str, list[float]]:
    """The marks of one model, 0 or 1 per question, by set: answers, grounded, refusals, dialogues."""
    marks: dict[str, list[float]] = {"answers": [], "grounded": [], "refusals": [], "dialogues": []}
    for question in _spread(read_questions(exam.questions, "report") if exam.questions else []):
        outcome = await _ask(engine, exam, knowledge, make_turn(WORKSPACE, question), threshold)
        answer = _answer(outcome)
        if not question.articles:
            marks["refusals"].append(float(outcome.decision.kind != "send"))
            continue
        hits = outcome.found.result.hits if outcome.found else ()
        slugs = {hit.passage.document_id: Path(hit.uri).stem for hit in hits}
        marks["answers"].append(float(answer is not None and is_answered(question, answer, slugs)))
        is_said = answer is not None and outcome.decision.kind == "send"
        marks["grounded"].append(float(not is_said or (answer is not None and answer.grounded >= LEAST_GROUNDED)))
    for dialogue in read_dialogues(exam.dialogues):
        outcome = await _ask(engine, exam, knowledge, _turn_of(dialogue), threshold)
        marks["dialogues"].append(float(is_as_expected(dialogue, outcome)))
    return marks


def is_as_expected(dialogue: Dialogue, outcome: Outcome) -> bool:
    """Whether a dialogue ended as it must."""
    kind, answer = outcome.decision.kind, _answer(outcome)
    said = normalise(answer.body).casefold() if answer else ""
    right = {"send": kind == "send", "unsent": kind != "send", "hand_over": kind == "hand_over", "any": True}[dialogue.expect]
    return (
        right
        and all(normalise(words).casefold() in said for words in dialogue.says)
        and not any(normalise(words).casefold() in said for words in dialogue.never)
    )


def _answer(outcome: Outcome) -> Answer | None:
    return outcome.case.answer if outcome.case else None


async def _ask(engine: Engine, exam: Exam, knowledge: KnowledgeService, turn: Turn, threshold: float) -> Outcome:
    here, mask = turn.conversation, Mask()
    parts = Parts(knowledge, NoRecall(), engine, exam.policy, exam.voice, threshold, threshold)
    caller = Caller(here.workspace_id, here.id, here.person_id, turn.lang, (*turn.asked_before, turn.question))
    speaker = Speaker(Bus(), here.workspace_id, here.id, turn.run_id, "internal")
    return await run_turn(parts, turn, Toolbox([], caller, Path()), mask, Trace(SystemClock(), mask), speaker)


def _spread(questions: Sequence[Question]) -> list[Question]:
    step = max(1, len(questions) / MOST_QUESTIONS)
    return [questions[int(i * step)] for i in range(min(MOST_QUESTIONS, len(questions)))]


def _turn_of(dialogue: Dialogue) -> Turn:
    """The last thing said, with what was said before it."""
    last = Question(dialogue.id, dialogue.lang, dialogue.turns[-1], "dialogue", (), "")
    turn = make_turn(WORKSPACE, last)
    history: list[Message] = []
    for i, words in enumerate(dialogue.turns[:-1]):
        history.append(replace(turn.message, id=f"msg_{dialogue.id}_{i}", seq=i + 1, body=words))
    return replace(turn, history=tuple(history), message=replace(turn.message, seq=len(history) + 1))
