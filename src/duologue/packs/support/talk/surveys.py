"""The survey in a conversation: sent when it is resolved, answered by a card or in words, kept beside what was predicted."""

from collections.abc import Mapping
from dataclasses import replace

from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang
from duologue.packs.support import repository
from duologue.packs.support.model import SurveyRow
from duologue.packs.support.mood.survey import MAX_REMARK, QUESTION
from duologue.sdk import Host, Record

THANKS: Mapping[Lang, str] = {
    "en": "Thank you for telling us. If anything is still open, just write here.",
    "zh": "感谢您的反馈。如果还有没解决的问题，请直接在这里告诉我们。",
}
SORRY: Mapping[Lang, str] = {
    "en": "Thank you for being frank; we will read this. If it is still not solved, write here and a colleague will look at it.",
    "zh": "感谢您的坦率反馈，我们会认真查看。如果问题仍未解决，请在这里留言，同事会跟进。",
}
MIDDLE = 3.0


async def send_survey(host: Host, record: Record) -> None:
    """Ask once per episode, when a conversation of this pack's desks is resolved in which somebody answered the person."""
    if record.payload.get("status") != "resolved":
        return
    ws, conversation_id = record.workspace_id, record.conversation_id
    try:
        here = await host.get_conversation(ws, conversation_id)
    except NotFound:
        return
    if here.status != "resolved" or here.desk_id not in {desk.id for desk in await host.list_desks(ws)}:
        return
    said = [m for m in await host.list_messages(ws, conversation_id, public_only=True) if m.seq > here.episode_seq]
    texts = [m for m in said if m.kind == "text"]
    if not any(m.author_kind in ("ai", "expert") for m in texts) or not any(m.author_kind == "person" for m in texts):
        return
    readings = await host.list_readings(ws, conversation_id=conversation_id, name="message")
    scores = [r.data["satisfaction"]["score"] for r in readings if r.seq > here.episode_seq and "satisfaction" in r.data]
    row = SurveyRow(
        f"{conversation_id}.{here.episode_seq}", ws, conversation_id, here.person_id, here.topic, scores[-1] if scores else MIDDLE,
        None, "", record.at,
    )  # fmt: skip
    async with host.write() as tx:
        await repository.add(tx, row)
    lang = here.lang
    data = {"code": "survey", "survey": row.id, "card": {"pack": "support", "kind": "Survey", "panel": "mine", "survey": row.id}}
    await host.tell(ws, conversation_id, f"survey:{row.id}", QUESTION[lang], lang=lang, data=data)


async def answer_survey(host: Host, workspace_id: str, survey_id: str, score: int, remark: str, *, person_id: str) -> SurveyRow:
    """Keep a person's answer; a later one replaces it. Raises Invalid for a score outside 1..5, NotFound for another's survey."""
    if not 1 <= score <= 5:
        raise Invalid("The score is one of 1 to 5.")
    async with host.write() as tx:
        rows = await repository.list_surveys(tx, workspace_id, conversation_id=survey_id.rsplit(".", 1)[0])
        row = next((one for one in rows if one.id == survey_id and one.person_id == person_id), None)
        if row is None:
            raise NotFound("There is no such survey.")
        row = replace(row, score=score, remark=remark.strip()[:MAX_REMARK], answered_at=tx.now)
        await repository.put(tx, row)
    host.refresh(workspace_id)
    return row


def render_thanks(score: int, lang: Lang) -> str:
    """What is said to an answer."""
    return (SORRY if score <= 2 else THANKS)[lang]
