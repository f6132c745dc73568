"""What the clinician's page of a record asks and does: the record beside its transcript. Every read is audited.

Who may come here at all is said in `care.py`, the queue of escalations is in `alarms.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from duologue.kit.errors import Conflict, DuologueError, Forbidden, Invalid, NotSignedIn
from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.packs.health import repository
from duologue.packs.health.audit.chain import CHECKED, find_break
from duologue.packs.health.audit.repository import hold_chain, list_audit
from duologue.packs.health.care.repository import begin_care
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.facts.extract import FactGraph, extract_facts
from duologue.packs.health.interview.consultation import Said, consent_of, lang_of, said_of, turns_of
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.pages.alarms import titles_of
from duologue.packs.health.pages.care import care_of, here_in_care, note, note_in
from duologue.packs.health.pages.relation import show_care
from duologue.packs.health.pages.retention import show_keeping
from duologue.packs.health.record import life
from duologue.packs.health.record.life import Record
from duologue.packs.health.record.note import note_of, section_titles
from duologue.packs.health.record.template import format_template, parse_template, to_json
from duologue.packs.health.redflags.danger import alarms_in
from duologue.sdk import Conversation, Download, Message, PanelContext, Tx, Upload

LANGS: tuple[Lang, ...] = ("en", "zh")
SIGNER = "expert"
"""The role of a clinician, who alone signs."""
NO_RECORD = "The person has not agreed that a record is made."


async def show_record(context: PanelContext) -> Any:
    """The transcript, the record with what each sentence rests on, the differential, and who has looked."""
    here = await here_in_care(context)
    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    graph, consent = _graph(here, messages)
    shown = _grown(here, graph, await _load(context, here))
    turns = _numbered(messages)
    said = turns_of(_talk(messages), whole=True)  # read before anything is agreed to, as the alarms are
    alarms = alarms_in(said, graph.lang)
    interview = Interview(graph.lang)
    interview.turns = list(graph.turns)
    for m in messages:
        key = said_of(m.author_kind, m.body, m.seq, m.data).key
        if key:
            interview.note_asked(key, m.body)
    await note(context, "read", here.id)
    async with context.host.read() as tx:
        entries = await list_audit(tx, here.workspace_id, here.id, newest=LINKS_SHOWN)
        steps = [e for name in ("signed", "amended") for e in await list_audit(tx, here.workspace_id, here.id, action=name)]
        chain = await _find_break(tx, here.workspace_id)
        brought = await repository.get_context(tx, here.workspace_id, here.person_id)
        declined = await repository.find_consented_at(tx, here.id, given=False) if consent is False else None
        template = await repository.get_template(tx, here.workspace_id, shown.lang)
    return {
        "conversation": here.id, "subject": await _called(context, here), "lang": shown.lang, "consent": consent,
        "declined_at": declined and declined.isoformat(),
        "turns": [{"turn": n, "author": m.author_kind, "text": m.body, "at": m.created_at.isoformat()} for n, m in turns],
        "headings": to_json(template), "lines": [asdict(line) for line in shown.lines],
        "at": here.created_at.isoformat(), "state": shown.state, "signer": shown.signer, "may_sign": context.role == SIGNER,
        "signed_at": shown.signed_at and shown.signed_at.isoformat(),
        "intact": life.is_intact(shown, steps), "edits": shown.edits, "seal": life.seal(shown.lines), "later": _later(shown, graph),
        "addenda": [{"text": a.text, "name": a.name, "at": a.at.isoformat()} for a in shown.addenda],
        "alarms": [
            {
                "rule": a.rule, "title": titles_of([a.rule], [a.title], context.lang)[0],
                "level": a.level, "state": a.state, "source": a.source,
            }
            for a in alarms
        ],
        "differential": _differential(interview, context.lang),
        "audit": [{"at": e.at, "who": e.who, "action": e.action, "detail": e.told} for e in entries],
        "chain_broken_at": chain,
        "brought": brought,
        "kept": await show_keeping(context, here), "care": await show_care(context, here),
    }  # fmt: skip


def _later(record: Record, graph: FactGraph) -> int:
    """How many messages of the patient a signed record has not heard."""
    is_done = record.state != "draft" and record.heard
    return sum(t.role == "patient" for t in graph.turns[record.heard :]) if is_done else 0


LINKS_SHOWN, LINKS_CHECKED = 20, 200
"""Of a record's audit what its page shows; of the workspace's chain what each look at a record checks anew: its newest links."""


async def _find_break(tx: Tx, workspace_id: str) -> int | None:
    """Where the chain is broken: at what the daily look at the whole of it found, or within its newest links."""
    told = await list_audit(tx, workspace_id, action=CHECKED, newest=1)
    known = told[-1].detail.get("broken_at") if told else None
    newest = await list_audit(tx, workspace_id, newest=LINKS_CHECKED)
    return known or find_break(newest, is_end=True)


MOST_LIKELY, LEAST_LIKELY = 3, 0.05


def _differential(interview: Interview, lang: Lang) -> list[dict[str, Any]]:
    """The ranking in the reader's language: three, and what is likelier than one in a hundred; none where nothing stands out."""
    known = interview.known()
    ranked = interview.differential() if known else []
    if not ranked or ranked[0].probability < LEAST_LIKELY:
        return []
    return [_ranked(r, lang, known) for n, r in enumerate(ranked) if n < MOST_LIKELY or r.probability >= 0.01]


_ANSWERS: Mapping[str, Mapping[bool, str]] = {"en": {True: "yes", False: "no"}, "zh": {True: "有", False: "没有"}}


def _ranked(r: Any, lang: str, known: Mapping[str, bool]) -> dict[str, Any]:
    """A condition with the questions that speak for and against it, each with what was answered."""
    from duologue.packs.health.interview.differential import load_knowledge

    kb = load_knowledge()
    words = {
        e: f"{kb.question(e, 'en' if lang == 'en' else 'zh') or e} – {_ANSWERS[lang][known[e]]}" for e, _ in (*r.pro, *r.contra)
    }
    return {
        "name": r.name_zh if lang == "zh" else r.name, "icd10": r.icd10, "severity": r.severity,
        "probability": round(r.probability, 3),
        "pro": [words[e] for e, _ in r.pro[:4]], "contra": [words[e] for e, _ in r.contra[:3]],
    }  # fmt: skip


async def change_line(context: PanelContext, index: int, text: str, seen: str = "") -> Any:
    """Edit a sentence, drop it (empty text), or add one to the plan (index = number of sentences).

    `seen`, here and below: the `seal` of the sentences that the member has before him; refused where they are others by now.
    """
    by = context.member_id
    return await _change(context, seen, "edited", {"index": index}, lambda r, graph: life.edit(r, index, text, by, graph))


async def open_line(context: PanelContext, index: int, seen: str = "") -> Any:
    """Say that a sentence was looked at."""
    return await _change(context, seen, "opened", {"index": index}, lambda r, _: life.open_line(r, index))


async def sign(context: PanelContext, password: str, seen: str = "") -> Any:
    """Sign the record, with the password once more."""
    _check_clinician(context)
    here = await here_in_care(context)
    if context.confirm is None:
        raise Forbidden("Only a member who is signed in can sign.", action="sign")
    graph, consent = _graph(here, await context.host.list_messages(here.workspace_id, here.id, public_only=True))
    by, now, name = context.member_id, context.host.clock.now(), context.member_name
    life.sign(_grown(here, graph, await _load(context, here)), by, now, name)  # what can't be signed now asks for no password
    if not consent:
        raise Conflict(NO_RECORD, action="consent")
    try:
        await context.confirm(password)
    except NotSignedIn:
        await note(context, "not_signed", here.id)
        raise
    return await _change(context, seen, "signed", {}, lambda r, _: life.sign(r, by, context.host.clock.now(), name))


async def add_addendum(context: PanelContext, text: str) -> Any:
    """Add to a signed record."""
    _check_clinician(context)
    by, now, name = context.member_id, context.host.clock.now(), context.member_name
    return await _change(context, "", "amended", {}, lambda r, _: life.amend(r, text, by, now, name))


async def export_fhir(context: PanelContext) -> Download:
    """The record as a FHIR R4 document Bundle."""
    import json

    here = await here_in_care(context)
    _, consent = _graph(here, await context.host.list_messages(here.workspace_id, here.id, public_only=True))
    record = await _load(context, here)
    if not consent and (record is None or record.state == "draft"):
        raise Conflict(NO_RECORD, action="consent")
    bundle = await make_bundle(context, here)
    await note(context, "exported", here.id)
    return Download("record.fhir.json", "application/fhir+json", json.dumps(bundle, ensure_ascii=False, indent=1).encode())


async def push_fhir(context: PanelContext) -> Any:
    """Send a signed record to the FHIR server of the settings."""
    from duologue.packs.health.fhir.client import push

    here = await here_in_care(context)
    record = await _load(context, here)
    settings = context.host.settings
    if not settings.health_fhir_url:
        raise Conflict("No FHIR server is set; set DUOLOGUE_HEALTH_FHIR_URL.")
    if record is None or record.state == "draft":
        raise Conflict("Only a signed record leaves the machine; sign it first.")
    bundle, token = await make_bundle(context, here), settings.health_fhir_token.get_secret_value()
    try:
        sent = await push(settings.health_fhir_url, bundle, token)
    except DuologueError as error:  # it may have arrived all the same
        await note(context, "not_pushed", here.id, {"to": settings.health_fhir_url, "why": error.code})
        raise
    await note(context, "pushed", here.id, {"to": sent.place, "is_new": sent.is_new})
    return {"location": sent.place, "is_new": sent.is_new}


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
        await note_in(tx, context, "template", "", {"lang": lang})
    context.host.refresh(context.workspace_id)
    return {"template": format_template(template)}


async def bring_summary(context: PanelContext, file: Upload) -> Any:
    """Keep what a Patient or IPS Bundle of another system tells, beside the record: context, never a fact of the talk."""
    from duologue.packs.health.fhir.client import parse_summary

    here = await here_in_care(context)
    told, now = await asyncio.to_thread(parse_summary, file.content), context.host.clock.now()
    async with context.host.write() as tx:
        await repository.keep_context(tx, here.workspace_id, here.person_id, told, now)
        await note_in(tx, context, "imported", here.id, {"file": file.name})
    context.host.refresh(here.workspace_id, here.id)
    return {"brought": told}


async def make_bundle(context: PanelContext, here: Conversation) -> dict[str, Any]:
    """The Bundle of a consultation's facts, with the signature where there is one."""
    from duologue.packs.health.fhir.bundle import to_fhir

    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    graph, _ = _graph(here, messages)
    record = await _load(context, here)
    if record and record.state != "draft" and record.heard:  # what was said after the signature is no part of what was signed
        graph = extract_facts(list(graph.turns[: record.heard]), graph.lang)
    signer = record.signer or record.signed_by if record and record.state != "draft" else ""
    at = record.signed_at if record else None
    async with context.host.read() as tx:
        template = await repository.get_template(tx, here.workspace_id, record.lang if record else graph.lang)
        agreed_at = await repository.find_consented_at(tx, here.id)
    called = await _called(context, here)
    return to_fhir(
        graph, at=here.created_at, signed_by=signer, signed_at=at, template=template, record=record, consented_at=agreed_at,
        patient={"identifier": [{"value": here.person_id}]} | ({"name": [{"text": called}]} if called else {}),
    )  # fmt: skip


async def _called(context: PanelContext, here: Conversation) -> str:
    """What the patient is called: the subject of the talk, or the name that he gave."""
    return here.subject or (await context.host.names(here.workspace_id, [here.person_id])).get(here.person_id, "")


async def name_patient(context: PanelContext, name: str) -> Any:
    """Say who the patient is: the subject of the talk, and the name in the document."""
    here = await here_in_care(context)
    if not name.strip():
        raise Invalid("Write the patient's name.", field="name")
    record = await _load(context, here)
    if here.subject and record is not None and record.state != "draft":
        raise Conflict("The record is signed in this patient's name; write an addendum.")
    await context.host.label(here.workspace_id, here.id, subject=name.strip()[:200])
    await note(context, "named", here.id)
    context.host.refresh(here.workspace_id, here.id)
    return {"name": name.strip()[:200]}


# ---- within


def _check_clinician(context: PanelContext) -> None:
    """Offices run a clinic; a clinician signs."""
    if context.role != SIGNER:
        raise Forbidden("A clinician signs and amends records: a member with the role expert.", action="sign")


async def _load(context: PanelContext, here: Conversation) -> Record | None:
    async with context.host.read() as tx:
        return await repository.get_record(tx, here.workspace_id, here.id)


async def _change(
    context: PanelContext, seen: str, action: str, detail: dict[str, Any], do: Callable[[Record, FactGraph], Record]
) -> Any:
    """One step of a record's life, read and kept within one transaction: two at once follow each other and neither is lost."""
    here, now = await here_in_care(context), context.host.clock.now()
    graph, consent = _graph(here, await context.host.list_messages(here.workspace_id, here.id, public_only=True))
    async with context.host.write() as tx:
        await hold_chain(tx, here.workspace_id)
        record = _grown(here, graph, await repository.get_record(tx, here.workspace_id, here.id))
        if not consent and record.state == "draft":
            raise Conflict(NO_RECORD, action="consent")
        if seen and record.state == "draft" and seen != life.seal(record.lines):
            raise Conflict("The record has changed since you opened it; look at it again.", action="reload")
        done = do(record, graph)
        if action == "signed":
            detail = {"digest": done.digest, "edits": done.edits}
        elif action == "amended":
            detail = {"addendum": len(done.addenda), "digest": life.seal_addendum(done.addenda[-1])}
        await repository.keep_record(tx, done, now)
        await begin_care(tx, here.workspace_id, care_of(context, here.person_id, f"record: {action}", now))
        await note_in(tx, context, action, here.id, detail)
    context.host.refresh(here.workspace_id, here.id)
    return {"state": done.state}


def _grown(here: Conversation, graph: FactGraph, saved: Record | None) -> Record:
    """The record as it is now: what was kept with what the talk told since, or the talk's draft."""
    return life.grow(saved, graph) if saved else _draft(here, graph)


def _numbered(messages: list[Message]) -> list[tuple[int, Message]]:
    """The messages of the talk with the numbers that the note's turns refer to."""
    return list(enumerate(m for m in messages if m.author_kind in ("person", "ai", "expert")))


def _talk(messages: list[Message]) -> list[Said]:
    return [said_of(m.author_kind, m.body, m.seq, m.data) for _, m in _numbered(messages)]


def _graph(here: Conversation, messages: list[Message]) -> tuple[FactGraph, bool | None]:
    """The facts of the talk, and whether the person agreed that they are taken down."""
    talk = _talk(messages)
    lang = lang_of(talk, here.lang)
    consent = consent_of(talk, lang)
    turns: list[Turn] = turns_of(talk) if consent else []
    return extract_facts(turns, lang) if turns else FactGraph(lang, (), ()), consent


def _draft(here: Conversation, graph: FactGraph) -> Record:
    lines = life.lines_of(note_of(graph)) if graph.turns else ()
    return Record(new_id("rec"), here.workspace_id, here.id, here.person_id, graph.lang, lines, heard=len(graph.turns))
