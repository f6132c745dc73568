"""One turn of the assistant, readable on one screen: guard → retrieve → think → act → guard → decide.

A turn reads and thinks, and changes nothing: what it came to is an Outcome, which `finish` makes true in one transaction. So a
turn that a crash cut short is simply run again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from duologue.assistant import confidence, notices, prompt
from duologue.assistant.act import act, find_call
from duologue.assistant.answer import compose
from duologue.assistant.decide import Case, Decision, decide
from duologue.assistant.ground import Grounds
from duologue.assistant.guard import Mask, check_message
from duologue.assistant.host import Host
from duologue.assistant.model import Answer, Reading, Recall, Turn
from duologue.assistant.policy import Policy
from duologue.assistant.quote import find_quotes
from duologue.assistant.reading import find_alarm
from duologue.assistant.retrieve import Found, Search, asks, retrieve
from duologue.assistant.several import answer_each, join, retrieve_each, split_questions
from duologue.assistant.skill import Reply, Skill, SkillContext
from duologue.assistant.small_talk import drops_it, find_small_talk
from duologue.assistant.speak import Speaker
from duologue.assistant.think import think
from duologue.assistant.tools import Toolbox
from duologue.assistant.trace import Trace
from duologue.conversation.model import HandoverReason
from duologue.engine.protocol import Engine
from duologue.kit.text import Lang


@dataclass(frozen=True, slots=True)
class Parts:
    """What a turn works with. `threshold` is the least confidence that is sent without a person, `settled` of fixed words.

    `is_judged`: a reader of the pack has judged whether the message tells of danger.
    """

    search: Search
    memory: Recall
    engine: Engine
    policy: Policy
    voice: Mapping[Lang, str]
    threshold: float
    settled: float = 1.0
    skills: Sequence[Skill] = ()
    readings: Sequence[Reading] = ()
    is_judged: bool = False
    host: Host | None = None

    @property
    def prompt_version(self) -> str:
        """The version of what a model is told."""
        return prompt.make_version(self.voice)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn came to. `is_taken_back`: the person no longer wants what waits for an expert. `case` is what the
    decision rests on, so that it can be taken anew where the posture has changed."""

    decision: Decision
    case: Case | None = None
    found: Found | None = None
    signals: dict[str, float] = field(default_factory=dict)
    team: str = ""
    notice: Mapping[Lang, str] = field(default_factory=dict)
    is_taken_back: bool = False


async def run_turn(parts: Parts, turn: Turn, toolbox: Toolbox, mask: Mask, trace: Trace, speaker: Speaker) -> Outcome:
    """Answer a person's message. Raises ModelUnavailable."""
    with trace.step("guard", question=turn.question) as out:
        finding = check_message(turn.question, for_danger=not parts.is_judged)
        topic = parts.policy.find_topic(turn.question)
        small_talk = _find_small_talk(turn)
        alarm = None if turn.instruction else find_alarm(parts.readings)
        out.update(alarm=finding.alarm, topic=topic.name if topic else None, personal=finding.kinds, small_talk=small_talk)
        out.update(readings={r.name: r.data for r in parts.readings}, raised=alarm.code if alarm else None)
    is_emergency = finding.is_emergency and not turn.instruction
    if alarm is not None and not is_emergency:
        return Outcome(Decision("hand_over", alarm.code, alarm.reason), team=alarm.team, notice=alarm.notice)
    if is_emergency or (not turn.instruction and (finding.alarm == "asked_for_person" or topic)):
        return _leave_to_person(finding.alarm, alarm.team if alarm else topic.team if topic else "")
    if turn.conversation.mode == "human" and not turn.instruction:
        return Outcome(Decision("hand_over", "by_expert", "by_expert"))
    is_steered = finding.alarm == "injection"
    if small_talk == "taken_back":
        return _take_back(parts, turn, is_steered, trace)
    if reply := await _ask_skills("first", parts, turn, trace):
        return _speak(parts, turn, reply, is_steered, trace)
    if small_talk:
        answer = Answer("small_talk", notices.SMALL_TALK[small_talk][turn.lang], turn.lang, grounded=1.0, fit=1.0)
        outcome = _conclude(parts, turn, answer, None, None, is_steered, trace)
        return replace(outcome, is_taken_back=small_talk == "goodbye" and drops_it(turn.question))

    is_strong, questions = parts.engine.info.is_strong, split_questions(turn.question)
    are_several = len(questions) > 1 and (is_strong or find_call(turn.question, turn.asked_before, toolbox) is None)
    if are_several and not is_strong:
        return await _answer_each(parts, turn, questions, is_steered, trace)

    with trace.step("retrieve", question=turn.question) as out:
        if are_several:
            found = await retrieve_each(turn, questions, parts.search, parts.memory)
        else:
            found = await retrieve(turn, parts.search, parts.memory)
        out.update(query=found.query, support=found.result.support)
        out.update(passages=[(h.passage.id, h.passage.title, h.passage.heading, round(h.score, 3)) for h in found.result.hits])
        out.update(verdicts=[(p.verdict_id, round(p.score, 3)) for p in found.precedents])

    speaker.prepare(*_streaming(parts, turn, found, toolbox, is_steered))
    with trace.step("think", model=parts.engine.info.version, prompt=parts.prompt_version) as out:
        thought = await think(parts.engine, turn, found, toolbox, mask, speaker.hear, parts.voice)
        out.update(text=thought.text, opening=thought.opening, rounds=thought.rounds)

    with trace.step("act", offered=[tool.name for tool in toolbox]) as out:
        acted = await act(turn, thought, toolbox, by_words=not is_strong)
        out.update(results=[(r.tool, r.arguments, r.status, r.value) for r in acted.results], waits=acted.previewed)

    with trace.step("guard") as out:
        answer = compose(turn, found, thought, acted)
        if _repeats(turn, answer):
            answer = replace(answer, kind="none")
        out.update(kind=answer.kind, body=answer.body, grounded=answer.grounded, dropped=answer.dropped)

    if are_several and answer.kind == "quotes":  # nothing of the model's holds, and quotes for both would answer one
        return await _answer_each(parts, turn, questions, is_steered, trace)
    outcome = _conclude(parts, turn, answer, found, thought.logprob, is_steered, trace)
    if outcome.decision.kind == "send" or answer.action is not None:
        return outcome
    reply = await _ask_skills("last", parts, turn, trace, answer, found)
    return _speak(parts, turn, reply, is_steered, trace, found) if reply else outcome


def _repeats(turn: Turn, answer: Answer) -> bool:
    """Whether quotes would only say again what was just said, to somebody who asked nothing ("checked with neighbours")."""
    said = [m for m in turn.history if m.author_kind in ("ai", "expert")]
    if answer.kind != "quotes" or not answer.citations or not said or asks(turn.question):
        return False
    return {(c.passage_id, c.quote) for c in answer.citations} <= {(c.passage_id, c.quote) for c in said[-1].citations}


def _find_small_talk(turn: Turn) -> str | None:
    """The small talk that a message is. Only what waits or was made can be taken back; else it may be a farewell."""
    kind = find_small_talk(turn.question)
    if kind != "taken_back" or turn.pending is not None or _find_change(turn):
        return kind
    return "goodbye" if drops_it(turn.question) else None


def _find_change(turn: Turn) -> bool:
    """Whether the last thing said to the person is that a change was made."""
    said = [m for m in turn.history if m.author_kind in ("ai", "expert")]
    return bool(said) and said[-1].data.get("code") == "action"


def _take_back(parts: Parts, turn: Turn, is_steered: bool, trace: Trace) -> Outcome:
    """The person no longer wants what waits for approval: it is dropped. What was done already is a person's to undo."""
    if turn.pending is None:
        return Outcome(Decision("hand_over", "policy_topic", "policy_topic"))
    answer = Answer("small_talk", notices.SMALL_TALK["taken_back"][turn.lang], turn.lang, grounded=1.0, fit=1.0)
    return replace(_conclude(parts, turn, answer, None, None, is_steered, trace), is_taken_back=True)


async def _answer_each(parts: Parts, turn: Turn, questions: Sequence[str], is_steered: bool, trace: Trace) -> Outcome:
    """Several questions, where no model converses: each is looked up and answered alone; all leave together or wait together."""
    with trace.step("several", questions=questions) as out:
        answered = await answer_each(turn, questions, parts.search, parts.memory, is_steered=is_steered)
        answer, found = join(turn, answered)
        out.update(confidence=[round(part.confidence, 3) for part in answered], body=answer.body)
        out.update(passages=[(h.passage.id, h.passage.title, h.passage.heading, round(h.score, 3)) for h in found.result.hits])
    return _conclude(parts, turn, answer, found, None, is_steered, trace, sure=min(part.confidence for part in answered))


async def _ask_skills(
    when: str, parts: Parts, turn: Turn, trace: Trace, answer: Answer | None = None, found: Found | None = None
) -> Reply | None:
    """The reply of the first skill that has one."""
    if parts.host is None:
        return None
    for skill in parts.skills:
        if skill.when != when:
            continue
        with trace.step("skill", skill=skill.name) as out:
            reply = await skill.function(SkillContext(parts.host, turn, parts.readings, answer, found))
            out.update(body=reply.body if reply else None, confidence=reply.confidence if reply else None)
        if reply is not None:
            return reply
    return None


def _speak(parts: Parts, turn: Turn, reply: Reply, is_steered: bool, trace: Trace, found: Found | None = None) -> Outcome:
    """What a skill's reply comes to: decided as any other answer."""
    answer = Answer(
        "skill", reply.body, reply.lang or turn.lang, reply.citations, grounded=1.0, fit=reply.confidence, data=reply.data,
        is_settled=reply.is_settled, must_sign=reply.must_sign,
    )  # fmt: skip
    outcome = _conclude(parts, turn, answer, found, None, is_steered, trace)
    if reply.hand_over is not None and not turn.instruction:
        return replace(outcome, decision=Decision("hand_over", reply.hand_over, reply.hand_over), team=reply.team)
    return outcome


def _conclude(
    parts: Parts, turn: Turn, answer: Answer, found: Found | None, logprob: float | None, is_steered: bool, trace: Trace,
    sure: float | None = None,
) -> Outcome:  # fmt: skip
    """The decision. `sure`: the confidence where it is known already."""
    with trace.step("decide", mode=turn.conversation.mode, threshold=parts.threshold) as out:
        signals = confidence.gather(answer, found, logprob, is_steered)
        sure = confidence.estimate(answer, signals) if sure is None else sure
        case = Case(
            turn.conversation.mode,
            answer,
            sure,
            parts.settled if answer.kind == "small_talk" or answer.is_settled else parts.threshold,
            parts.policy.drafts_only,
            bool(turn.instruction),
            is_steered,
            turn.failed_before,
        )
        decision = decide(case)
        out.update(confidence=sure, signals=signals, decision=decision.kind, reason=decision.reason)
    return Outcome(decision, case, found, signals)


def _leave_to_person(alarm: str | None, team: str) -> Outcome:
    """Before anything is thought: danger, a wish for a person, a topic that is a person's."""
    reason: HandoverReason = "asked_for_person" if alarm == "asked_for_person" else "policy_topic"
    if alarm in ("danger", "self_harm"):
        return Outcome(Decision("hand_over", alarm, "guard", notice=alarm), team=team)
    return Outcome(Decision("hand_over", reason, reason), team=team)


def _streaming(
    parts: Parts, turn: Turn, found: Found, toolbox: Toolbox, is_steered: bool
) -> tuple[Callable[[], Grounds], Callable[[], bool]]:
    """The evidence as it stands, tools' results included; and whether an answer that it carries would be sent."""
    made: dict[int, Grounds] = {}

    def grounds() -> Grounds:
        count = len(toolbox.results)
        if count not in made:
            made[count] = Grounds([h.passage for h in found.result.hits], [str(r.value) for r in toolbox.results])
        return made[count]

    may_send = turn.conversation.mode == "autopilot" and not (turn.instruction or is_steered or parts.policy.drafts_only)
    is_likely = False
    if may_send and parts.engine.info.is_strong:
        quotes = find_quotes(found.query, found.result.hits)
        hoped = Answer("model", turn.question, turn.lang, grounded=1.0, fit=quotes[0].score if quotes else 0.0)
        is_likely = confidence.estimate(hoped, confidence.gather(hoped, found, None, False)) >= parts.threshold

    return grounds, lambda: may_send and (is_likely or bool(toolbox.results))
