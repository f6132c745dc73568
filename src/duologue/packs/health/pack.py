"""The health pack as the program finds it: what it reads, what it asks, its pages and its chores."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from duologue.packs.health import repository
from duologue.packs.health.audit.repository import note_audit
from duologue.packs.health.care.relation import Care
from duologue.packs.health.care.repository import begin_care, list_patients_of
from duologue.packs.health.interview.reader import CLINICIANS, RED_FLAGS
from duologue.packs.health.interview.skill import HISTORY
from duologue.packs.health.pages import alarms, care, clinic, relation, research, retention
from duologue.packs.health.pages.care import is_with
from duologue.packs.health.policy import POLICY
from duologue.packs.health.privacy.redact import redact
from duologue.packs.health.redflags.escalation import MOST_OPEN, advance, is_due
from duologue.packs.health.sample import SAMPLE
from duologue.packs.health.tools import TOOLS
from duologue.sdk import Chore, Conversation, Guard, Host, Pack, Panel, PanelFunction, Record, Role, Task, Title, Watch

_HERE = Path(__file__).parent
RECORD: Title = {"en": "Record", "zh": "病历"}
RESEARCH: Title = {"en": "Literature", "zh": "文献"}
QUEUE: Title = {"en": "Alarms", "zh": "急症"}
_CLINIC: tuple[Role, ...] = ("owner", "admin", "expert")
_ASK: Mapping[str, PanelFunction] = {
    "patients": care.list_patients,
    "record": clinic.show_record,
    "fhir": clinic.export_fhir,
    "template": clinic.show_template,
}
# `find` and `search` change nothing; they are commands so that names and questions stand in no address and no log of addresses.
_DO: Mapping[str, PanelFunction] = {
    "find": care.find_patients,
    "change": clinic.change_line,
    "open": clinic.open_line,
    "sign": clinic.sign,
    "add": clinic.add_addendum,
    "name": clinic.name_patient,
    "break_glass": care.break_glass,
    "end_care": relation.end_care,
    "hold": retention.hold,
    "lift": retention.lift,
    "push": clinic.push_fhir,
    "bring": clinic.bring_summary,
    "set_template": clinic.set_template,
}
_ASK_RESEARCH: Mapping[str, PanelFunction] = {
    "reviews": research.list_reviews,
    "review": research.show_review,
    "next": research.next_papers,
    "table": research.show_table,
    "csv": research.export_csv,
    "ris": research.export_ris,
}
_DO_RESEARCH: Mapping[str, PanelFunction] = {
    "search": research.search,
    "create": research.create,
    "terms": research.set_terms,
    "import": research.import_file,
    "sample": research.import_sample,
    "ask": research.ask_database,
    "decide": research.decide,
    "draw": research.draw_sample,
    "quote": research.quote,
}
_ASK_QUEUE: Mapping[str, PanelFunction] = {"queue": alarms.list_queue}
_DO_QUEUE: Mapping[str, PanelFunction] = {
    "acknowledge": alarms.acknowledge,
    "take_over": alarms.take_over,
    "close": alarms.close,
}


async def page_again(host: Host) -> None:
    """Call for every escalation that nobody has acknowledged, again and again."""
    now, every = host.clock.now(), timedelta(seconds=host.settings.health_page_s)
    async with host.read() as tx:
        called = await repository.list_escalations(tx, states=("raised", "notified"), limit=MOST_OPEN)
        waiting = [e for e in called if is_due(e, now, every)]
    for escalation in waiting:
        async with host.write() as tx:
            fresh = await repository.get_escalation(tx, escalation.workspace_id, escalation.id)
            if fresh is None or not is_due(fresh, now, every):
                continue
            await repository.keep_escalation(tx, advance(fresh, "notify", now))
            where = (fresh.workspace_id, "chore", "paged", fresh.conversation_id)
            await note_audit(tx, *where, now, {"escalation": fresh.id, "pages": fresh.pages + 1})
        await host.hand_over(escalation.workspace_id, escalation.conversation_id, "policy_topic", CLINICIANS)
        host.refresh(escalation.workspace_id)


async def hand_over_what_is_done(host: Host, record: Record) -> None:
    """Once the history is taken, or the person would rather not, a clinician is asked for."""
    message = record.payload.get("message") or {}
    key = ((message.get("data") or {}).get("health") or {}).get("key")
    if message.get("author_kind") == "ai" and key in ("done", "declined"):
        await host.hand_over(record.workspace_id, record.conversation_id, "policy_topic", CLINICIANS)


async def may_leave(host: Host, workspace_id: str) -> bool:
    """What patients write stays here unless the owner lets it go, and goes in marks then."""
    return host.settings.health_may_leave


async def find_readable(host: Host, conversations: Sequence[Conversation], member_id: str, team: str) -> set[str]:
    """A talk is read by who cares for its person, by who holds it, and by the team in whose queue it waits."""
    async with host.read() as tx:
        mine = await list_patients_of(tx, conversations[0].workspace_id, member_id, host.clock.now())
    return {c.id for c in conversations if c.person_id in mine or is_with(c, member_id, team)}


async def note_read(host: Host, here: Conversation, member_id: str, member_name: str) -> None:
    """Who opens a patient's talk at the desk stands in the audit; who has taken it over cares for the patient from then on."""
    now, told = host.clock.now(), {"name": member_name}
    async with host.write() as tx:
        if here.controller.kind == "human" and here.controller.id == member_id:
            await begin_care(tx, here.workspace_id, Care(here.person_id, member_id, member_name, "took over", now))
        await note_audit(tx, here.workspace_id, member_id, "read_talk", here.id, now, told)


def without_names(text: str) -> tuple[str, Mapping[str, str]]:
    """The text as a model elsewhere may see it, and what its marks stand for."""
    done = redact(text)
    return done.text, done.back


_WATCHES: dict[str, Watch] = {"MessagePosted": hand_over_what_is_done}

PACK = Pack(
    name="health",
    title={"en": "Clinic", "zh": "诊所"},
    topics={"red_flag": {"en": "Red flag", "zh": "危险信号"}},
    version="1",
    folder=_HERE,
    tools=TOOLS,
    readers=(RED_FLAGS,),
    skills=(HISTORY,),
    starters={
        "en": ("I have had a cough for three days.", "My stomach hurts since this morning.", "What happens to what I write here?"),
        "zh": ("我咳嗽三天了。", "从今天早上开始肚子疼。", "我写的内容会怎么处理？"),
    },
    policy=POLICY,
    voice={
        "en": (_HERE / "prompts" / "voice.en.md").read_text("utf-8"),
        "zh": (_HERE / "prompts" / "voice.zh.md").read_text("utf-8"),
    },
    panels=(
        Panel("note", RECORD, _CLINIC, "note.js", icon="note", queries=_ASK, commands=_DO),
        Panel("records", RECORD, _CLINIC, "records.js", "page", "note", _ASK, _DO),
        Panel("queue", QUEUE, _CLINIC, "queue.js", "page", "alert", _ASK_QUEUE, _DO_QUEUE),
        Panel("research", RESEARCH, _CLINIC, "research.js", "page", "book", _ASK_RESEARCH, _DO_RESEARCH),
    ),
    chores=(
        Chore("page", 15.0, page_again),
        Chore("end_care", 3_600.0, relation.end_what_is_over),
        Chore("forget_drafts", 86_400.0, retention.forget_drafts),
        Chore("forget_patients", 86_400.0, retention.forget_patients),
        Chore("trim_audit", 86_400.0, retention.trim_audit),
        Chore("check_audit", 86_400.0, retention.check_audit),
    ),
    watches=_WATCHES,
    migrations=_HERE / "migrations",
    tasks=(Task("dialogues", "dialogues", _HERE / "evals" / "dialogues.jsonl"),),
    erase=retention.erase_person,
    may_leave=may_leave,
    redact=without_names,
    note_read=note_read,
    guard=Guard(find_readable, "note/break_glass"),
    sample=SAMPLE,
)
