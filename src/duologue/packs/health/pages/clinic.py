"""What the clinician's pages ask and do: the record beside its transcript, and the queue of escalations. Every read is audited.

A member sees a record only of a person in his care; whoever needs it without that says why, and that stays in the audit.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from duologue.kit.errors import Conflict, Forbidden, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.packs.health import repository
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.facts.extract import FactGraph, extract_facts
from duologue.packs.health.interview.consultation import consent_of, said_of, turns_of
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.record import life
from duologue.packs.health.record.life import Record
from duologue.packs.health.record.note import note_of, section_titles
from duologue.packs.health.record.template import format_template, parse_template, to_json
from duologue.packs.health.redflags.rules import red_flags
from duologue.sdk import Conversation, Download, Message, PanelContext, Upload, WriteTx

LANGS: tuple[Lang, ...] = ("en", "zh")
SIGNER = "expert"
"""The role of a clinician, who alone signs."""
_NO_CARE = "This person is not in your care; open the record with a reason."


async def list_patients(context: PanelContext) -> Any:
    """Consultations with the state of their records; `mine` where the person is in the member's care."""
    host, ws = context.host, context.workspace_id
    found = await host.list_conversations(ws)
    async with host.read() as tx:
        mine = await repository.list_patients_of(tx, ws, context.member_id)
        states = await repository.list_record_states(tx, ws)
        open_ = {e.conversation_id: e for e in await repository.list_escalations(tx, ws) if e.state != "closed"}
    return {
        "patients": [
            {
                "id": c.id, "subject": c.subject, "lang": c.lang, "mine": c.person_id in mine, "at": c.updated_at.isoformat(),
                "state": states.get(c.id, "draft"), "escalated": c.id in open_, "controller": c.controller.kind,
            }
            for c in found
        ]
    }  # fmt: skip


async def show_record(context: PanelContext) -> Any:
    """The transcript, the record with what each sentence rests on, the differential, and who has looked."""
    here = await _here(context)
    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    graph, consent = _graph(here, messages)
    saved = await _load(context, here)
    shown = saved or _draft(here, graph)
    turns = _numbered(messages)
    alarms = red_flags(list(graph.turns), here.lang) if graph.turns else []
    interview = Interview(here.lang)
    interview.turns = list(graph.turns)
    for m in messages:
        key = said_of(m.author_kind, m.body, m.seq, m.data).key
        if key:
            interview.note_asked(key, m.body)
    await _note(context, "read", here.id)
    async with context.host.read() as tx:
        entries = await repository.list_audit(tx, here.workspace_id, here.id)
        chain = life.find_break(await repository.list_audit(tx, here.workspace_id))
        brought = await repository.get_context(tx, here.workspace_id, here.person_id)
        template = await repository.get_template(tx, here.workspace_id, here.lang)
    return {
        "conversation": here.id, "subject": here.subject, "lang": here.lang, "consent": consent,
        "turns": [{"turn": n, "author": m.author_kind, "text": m.body, "at": m.created_at.isoformat()} for n, m in turns],
        "headings": to_json(template), "lines": [asdict(line) for line in shown.lines],
        "state": shown.state, "signer": shown.signer, "may_sign": context.role == SIGNER,
        "signed_at": shown.signed_at and shown.signed_at.isoformat(),
        "intact": life.is_intact(shown), "edits": shown.edits,
        "addenda": [{"text": a.text, "name": a.name, "at": a.at.isoformat()} for a in shown.addenda],
        "alarms": [{"rule": a.rule, "title": a.title, "level": a.level, "state": a.state, "source": a.source} for a in alarms],
        "differential": [_ranked(r, here.lang, known) for r in interview.differential()] if (known := interview.known()) else [],
        "audit": [{"at": e.at, "who": e.who, "action": e.action, "detail": dict(e.detail)} for e in entries[-20:]],
        "chain_broken_at": chain,
        "brought": brought,
    }  # fmt: skip


_ANSWERS: Mapping[str, Mapping[bool, str]] = {"en": {True: "yes", False: "no"}, "zh": {True: "有", False: "没有"}}


def _ranked(r: Any, lang: str, known: Mapping[str, bool]) -> dict[str, Any]:
    """A condition with the questions that speak for and against it, each with what was answered."""
    from duologue.packs.health.interview.differential import load_knowledge

    kb = load_knowledge()
    words = {
        e: f"{kb.question(e, 'en' if lang == 'en' else 'zh') or e} – {_ANSWERS[lang][known[e]]}" for e, _ in (*r.pro, *r.contra)
    }
    return {
        "name": r.name, "icd10": r.icd10, "severity": r.severity, "probability": round(r.probability, 3),
        "pro": [words[e] for e, _ in r.pro[:4]], "contra": [words[e] for e, _ in r.contra[:3]],
    }  # fmt: skip


async def change_line(context: PanelContext, index: int, text: str) -> Any:
    """Edit a sentence, drop it (empty text), or add one to the plan (index = number of sentences)."""
    here, record, graph = await _editable(context)
    return await _keep(context, here, life.edit(record, index, text, context.member_id, graph), "edited", {"index": index})


async def open_line(context: PanelContext, index: int) -> Any:
    """Say that a sentence was looked at."""
    here, record, _ = await _editable(context)
    return await _keep(context, here, life.open_line(record, index), "opened", {"index": index})


async def sign(context: PanelContext, password: str) -> Any:
    """Sign the record, with the password once more."""
    _check_clinician(context)
    here, record, _ = await _editable(context)
    if context.confirm is None:
        raise Forbidden("Only a member who is signed in can sign.", action="sign")
    await context.confirm(password)
    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    if not _graph(here, messages)[1]:
        raise Conflict("The person has not agreed that a record is made.")
    done = life.sign(record, context.member_id, context.host.clock.now(), context.member_name)
    return await _keep(context, here, done, "signed", {"digest": done.digest, "edits": done.edits})


async def add_addendum(context: PanelContext, text: str) -> Any:
    """Add to a signed record."""
    _check_clinician(context)
    here = await _here(context)
    record = await _load(context, here)
    if record is None:
        raise Conflict("Sign the record first; addenda are for signed records.")
    done = life.amend(record, text, context.member_id, context.host.clock.now(), context.member_name)
    return await _keep(context, here, done, "amended", {"addendum": len(done.addenda)})


async def break_glass(context: PanelContext, reason: str) -> Any:
    """Take a person into one's care for a reason."""
    if context.conversation is None or not context.member_id:
        raise Invalid("Name the conversation.")
    if len(reason.strip()) < 4:
        raise Invalid("Say why you need this record.")
    here, now = context.conversation, context.host.clock.now()
    async with context.host.write() as tx:
        await repository.add_care(tx, here.workspace_id, here.person_id, context.member_id, reason.strip(), now)
        await _note_in(tx, context, "break_glass", here.id, {"reason": reason.strip()})
    return {"ok": True}


async def export_fhir(context: PanelContext) -> Download:
    """The record as a FHIR R4 document Bundle."""
    import json

    here = await _here(context)
    bundle = await make_bundle(context, here)
    await _note(context, "exported", here.id)
    return Download("record.fhir.json", "application/fhir+json", json.dumps(bundle, ensure_ascii=False, indent=1).encode())


async def push_fhir(context: PanelContext) -> Any:
    """Send a signed record to the FHIR server of the settings."""
    from duologue.packs.health.fhir.client import push

    here = await _here(context)
    record = await _load(context, here)
    settings = context.host.settings
    if not settings.health_fhir_url:
        raise Conflict("No FHIR server is set; set DUOLOGUE_HEALTH_FHIR_URL.")
    if record is None or record.state == "draft":
        raise Conflict("Only a signed record leaves the machine; sign it first.")
    place = await push(settings.health_fhir_url, await make_bundle(context, here), settings.health_fhir_token.get_secret_value())
    await _note(context, "pushed", here.id, {"to": place})
    return {"location": place}


async def show_template(context: PanelContext) -> Any:
    """The workspace's note templates as they are written, with the sections that there are."""
    async with context.host.read() as tx:
        kept = {lang: await repository.get_template(tx, context.workspace_id, lang) for lang in LANGS}
    return {
        "templates": {lang: format_template(t) for lang, t in kept.items()},
        "sections": {lang: section_titles(lang) for lang in LANGS}, "may_change": context.role in ("owner", "admin"),
    }  # fmt: skip


async def set_template(context: PanelContext, lang: Lang, text: str) -> Any:
    """Keep the workspace's own headings of a note and their order; an empty text brings the default back."""
    context.check_role("admin")
    template, now = parse_template(text, lang), context.host.clock.now()
    async with context.host.write() as tx:
        await repository.keep_template(tx, context.workspace_id, lang, template, now)
        await _note_in(tx, context, "template", "", {"lang": lang})
    context.host.refresh(context.workspace_id)
    return {"template": format_template(template)}


async def bring_summary(context: PanelContext, file: Upload) -> Any:
    """Keep what a Patient or IPS Bundle of another system tells, beside the record: context, never a fact of the talk."""
    from duologue.packs.health.fhir.client import parse_summary

    here = await _here(context)
    told, now = parse_summary(file.content), context.host.clock.now()
    async with context.host.write() as tx:
        await repository.keep_context(tx, here.workspace_id, here.person_id, told, now)
        await _note_in(tx, context, "imported", here.id, {"file": file.name})
    context.host.refresh(here.workspace_id, here.id)
    return {"brought": told}


async def make_bundle(context: PanelContext, here: Conversation) -> dict[str, Any]:
    """The Bundle of a consultation's facts, with the signature where there is one."""
    from duologue.packs.health.fhir.bundle import to_fhir

    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    graph, _ = _graph(here, messages)
    record = await _load(context, here)
    signer = record.signer or record.signed_by if record and record.state != "draft" else ""
    at = record.signed_at if record else None
    async with context.host.read() as tx:
        template = await repository.get_template(tx, here.workspace_id, here.lang)
    return to_fhir(
        graph, at=here.created_at, signed_by=signer, signed_at=at, patient={"id": here.person_id}, template=template, record=record
    )


# ---- escalations


async def list_queue(context: PanelContext, closed: bool = False) -> Any:
    """Escalations, gravest and oldest first; closed ones only when asked for."""
    async with context.host.read() as tx:
        found = await repository.list_escalations(tx, context.workspace_id)
    subjects = {c.id: c.subject for c in await context.host.list_conversations(context.workspace_id)}
    shown = [e for e in found if closed or e.state != "closed"]
    rows = sorted(shown, key=lambda e: (e.state == "closed", e.level, e.raised_at))
    return {"escalations": [{**_times(e), "subject": subjects.get(e.conversation_id, "")} for e in rows]}


def _times(e: Any) -> dict[str, Any]:
    row = asdict(e)
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}


async def acknowledge(context: PanelContext, id: str) -> Any:  # noqa: A002
    """Somebody has seen it; it is paged no more."""
    return await _move(context, id, "acknowledge")


async def take_over(context: PanelContext, id: str, words: str = "") -> Any:  # noqa: A002
    """Take the conversation over, with a word to the person."""
    moved = await _move(context, id, "take_over")
    async with context.host.read() as tx:
        e = await repository.get_escalation(tx, context.workspace_id, id)
    if e is not None:
        here = await context.host.get_conversation(context.workspace_id, e.conversation_id)
        hello = words.strip() or (
            "我是医生，现在由我和您沟通。" if here.lang == "zh" else "This is a clinician; I am with you now."
        )
        await context.host.post_as(context.workspace_id, here.id, context.member_id, f"{e.id}.hello", hello, visibility="public")
    return moved


async def close(context: PanelContext, id: str, outcome: str) -> Any:  # noqa: A002
    """End it, with what came of it."""
    return await _move(context, id, "close", outcome)


async def _move(context: PanelContext, escalation_id: str, step: Any, outcome: str = "") -> Any:
    from duologue.packs.health.redflags.escalation import advance

    now = context.host.clock.now()
    async with context.host.write() as tx:
        e = await repository.get_escalation(tx, context.workspace_id, escalation_id)
        if e is None:
            raise NotFound("There is no such escalation.")
        e = advance(e, step, now, context.member_id, outcome)
        await repository.keep_escalation(tx, e)
        await repository.add_care(tx, e.workspace_id, e.person_id, context.member_id, f"escalation: {step}", now)
        await _note_in(tx, context, e.state, e.conversation_id, {"escalation": e.id, "outcome": outcome})
    context.host.refresh(context.workspace_id)
    return {"state": e.state}


# ---- within


async def _here(context: PanelContext) -> Conversation:
    """The conversation, if its person is in the member's care."""
    if context.conversation is None:
        raise Invalid("Name the conversation.")
    async with context.host.read() as tx:
        known = await repository.cares(tx, context.workspace_id, context.conversation.person_id, context.member_id)
    if not known:
        raise Forbidden(_NO_CARE, action="break_glass")
    return context.conversation


async def _note(context: PanelContext, action: str, conversation_id: str, detail: Mapping[str, Any] | None = None) -> None:
    async with context.host.write() as tx:
        await _note_in(tx, context, action, conversation_id, detail)


async def _note_in(
    tx: WriteTx, context: PanelContext, action: str, conversation_id: str, detail: Mapping[str, Any] | None = None
) -> None:
    """A link of the chain for what the member does; with his name as it was then."""
    told = {"name": context.member_name, **(detail or {})}
    await repository.note_audit(
        tx, context.workspace_id, context.member_id, action, conversation_id, context.host.clock.now(), told
    )


def _check_clinician(context: PanelContext) -> None:
    """Offices run a clinic; a clinician signs."""
    if context.role != SIGNER:
        raise Forbidden("A clinician signs and amends records: a member with the role expert.", action="sign")


async def _load(context: PanelContext, here: Conversation) -> Record | None:
    async with context.host.read() as tx:
        return await repository.get_record(tx, here.workspace_id, here.id)


async def _editable(context: PanelContext) -> tuple[Conversation, Record, FactGraph]:
    here = await _here(context)
    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    graph, _ = _graph(here, messages)
    return here, await _load(context, here) or _draft(here, graph), graph


async def _keep(context: PanelContext, here: Conversation, record: Record, action: str, detail: dict[str, Any]) -> Any:
    now = context.host.clock.now()
    async with context.host.write() as tx:
        await repository.keep_record(tx, record, now)
        await _note_in(tx, context, action, here.id, detail)
    context.host.refresh(here.workspace_id, here.id)
    return {"state": record.state}


def _numbered(messages: list[Message]) -> list[tuple[int, Message]]:
    """The messages of the talk with the numbers that the note's turns refer to."""
    return list(enumerate(m for m in messages if m.author_kind in ("person", "ai", "expert")))


def _graph(here: Conversation, messages: list[Message]) -> tuple[FactGraph, bool | None]:
    """The facts of the talk, and whether the person agreed that they are taken down."""
    talk = [said_of(m.author_kind, m.body, m.seq, m.data) for _, m in _numbered(messages)]
    consent = consent_of(talk, here.lang)
    turns: list[Turn] = turns_of(talk) if consent else []
    return extract_facts(turns, here.lang) if turns else FactGraph(here.lang, (), ()), consent


def _draft(here: Conversation, graph: FactGraph) -> Record:
    lines = life.lines_of(note_of(graph)) if graph.turns else ()
    return replace(Record(new_id("rec"), here.workspace_id, here.id, here.person_id, here.lang, ()), lines=lines)
