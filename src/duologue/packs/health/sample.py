"""The sample clinic: twelve scripted patients, six a language, two clinicians. Persons, names and stories are invented.

A script answers what it is asked: the first pattern that fits the question gives the answer, else "no". `turns`: how far it goes.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from duologue.kit.text import Lang
from duologue.packs.health.care.relation import Care
from duologue.packs.health.care.repository import begin_care
from duologue.sdk import Sample, SampleDesk

_FILE = Path(__file__).with_name("sample") / "patients.yaml"
NAMES: dict[Lang, str] = {"en": "Dr. Ada Lindqvist", "zh": "林知秋医生"}
_NO: dict[Lang, str] = {"en": "No.", "zh": "没有。"}


def load_patients() -> list[dict[str, Any]]:
    """The scripts."""
    loaded: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return loaded


def answer(script: dict[str, Any], question: str) -> str:
    """What a script says to a question."""
    lang: Lang = "zh" if script["lang"] == "zh" else "en"
    return next((text for pattern, text in script["answers"] if re.search(pattern, question, re.I)), _NO[lang])


async def prepare(desk: SampleDesk) -> None:
    """Two desks, two clinicians, and the consultations so far; a patient who is there already is left as he is."""
    host, ws = desk.host, desk.workspace_id
    desks: dict[str, str] = {"en": await desk.add_desk("Clinic", "autopilot"), "zh": await desk.add_desk("诊室", "autopilot")}
    clinicians: dict[str, str] = {
        "en": await desk.add_member("expert", NAMES["en"], team="clinicians", lang="en", email="ada@clinic.example"),
        "zh": await desk.add_member("expert", NAMES["zh"], team="clinicians", lang="zh", email="lin@clinic.example"),
    }
    await desk.add_member("admin", "Jo Berger (office)", team="clinicians", lang="en", email="jo@clinic.example")
    known = {c.subject for c in await host.list_conversations(ws)}
    for script in load_patients():
        if script["name"] in known:
            continue
        lang: Lang = script["lang"]
        person = await desk.start_person(script["name"], lang)
        here = await host.start(ws, person, desks[lang], lang)
        async with host.write() as tx:
            await begin_care(tx, ws, Care(person, clinicians[lang], NAMES[lang], "sample clinic", host.clock.now()))
        await play(desk, here.id, person, script)
        await host.label(ws, here.id, subject=script["name"])


async def play(desk: SampleDesk, conversation_id: str, person_id: str, script: dict[str, Any]) -> None:
    """Have a patient talk with the assistant as far as the script goes, or until a person is asked for."""
    text = script["opening"]
    for _ in range(int(script["turns"])):
        await desk.say(conversation_id, person_id, text)
        here = await desk.host.get_conversation(desk.workspace_id, conversation_id)
        messages = await desk.host.list_messages(desk.workspace_id, conversation_id, public_only=True)
        asked = [m for m in messages if m.author_kind == "ai"]
        if here.controller.kind != "ai" or not asked or asked[-1].data.get("health", {}).get("key") in ("done", "declined"):
            return
        text = answer(script, asked[-1].body)


SAMPLE = Sample("clinic", "Lindenhof Clinic", "en", prepare)
