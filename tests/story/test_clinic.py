"""A clinic at work, through the program's own doors: consent, history, red flags without a model, records, audit, erasure."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update

from duologue.bootstrap import create_app
from duologue.engine.protocol import ChatMessage
from duologue.engine.scripted import Script, ScriptedEngine
from duologue.kit.errors import ModelUnavailable
from duologue.packs.health import repository
from duologue.packs.health.audit import repository as audit
from duologue.packs.health.audit.chain import find_break
from duologue.packs.health.pack import PACK, page_again
from duologue.packs.health.pages.clinic import LINKS_CHECKED
from duologue.packs.health.pages.retention import check_audit, forget_drafts, trim_audit
from duologue.packs.health.sample import answer, load_patients
from tests.doubles.openai_server import serve_openai
from tests.platforms import PASSWORD, Browser, House, add_house, open_for_test

SCRIPTS = {s["name"]: s for s in load_patients()}
EMERGENCIES = ["George Whitfield", "Lena Fischer", "孙国强", "吴小雨"]
CALM = ["Marta Keller", "Tom Okafor", "Priya Nair", "陈立新", "周敏", "何玉兰", "郑海"]


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[House]:
    """A clinic without any model: everything here works with the model down."""
    async with open_for_test(tmp_path / "p", engine="none", health_emergency_number="112") as platform:
        house = await add_house(platform, create_app(platform), "clinic")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
        yield house


async def begin(house: House, lang: str = "en") -> tuple[Browser, str]:
    person = await house.person(lang=lang)
    return person, (await person.post("/api/chat/conversations", {}))["conversation"]["id"]


async def say(house: House, person: Browser, conversation_id: str, text: str) -> None:
    """The person writes; the turn, or where a person is in control the reading, is waited for."""
    ws = house.workspace.id
    sent = await person.post(
        f"/api/chat/conversations/{conversation_id}/messages", {"client_id": f"c{id(text)}.{text}"[:60], "body": text}
    )
    for _ in range(6_000):
        readings = await house.platform.hosts["health"].list_readings(ws, conversation_id=conversation_id)
        runs = [r for r in await house.platform.assistant.list_runs(ws, conversation_id) if r.message_id == sent["message"]["id"]]
        here = await house.platform.conversations.get(ws, conversation_id)
        read = any(r.message_id == sent["message"]["id"] for r in readings)
        if read and (here.controller.kind != "ai" or (runs and runs[0].status != "running")):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody answered")


async def last(house: House, conversation_id: str) -> Any:
    shown = await house.platform.conversations.snapshot(house.workspace.id, conversation_id, "public")
    return [m for m in shown.messages if m.author_kind != "person"][-1]


async def play(house: House, script: dict[str, Any], turns: int) -> str:
    person, conversation_id = await begin(house, script["lang"])
    text = script["opening"]
    for _ in range(turns):
        await say(house, person, conversation_id, text)
        message = await last(house, conversation_id)
        here = await house.platform.conversations.get(house.workspace.id, conversation_id)
        if here.controller.kind != "ai" or message.data.get("health", {}).get("key") in ("done", "declined"):
            break
        text = answer(script, message.body)
    return conversation_id


async def act(member: Browser, name: str, body: dict[str, Any], conversation_id: str) -> Any:
    """A command of the record's panel; its answer."""
    return await member.call("POST", f"/api/packs/health/note/{name}", body, params={"conversation_id": conversation_id})


async def escalations(house: House, conversation_id: str = "") -> list[Any]:
    async with house.platform.hosts["health"].read() as tx:
        return await repository.list_escalations(tx, house.workspace.id, conversation_id=conversation_id)


@pytest.mark.parametrize("name", EMERGENCIES)
async def test_an_emergency_escalates_without_a_model_and_says_what_to_do(clinic: House, name: str) -> None:
    conversation_id = await play(clinic, SCRIPTS[name], 4)
    (found,) = await escalations(clinic, conversation_id)
    assert (found.level, found.state, found.pages) == (1, "notified", 1)
    assert "112" in (await last(clinic, conversation_id)).body or "112" in str(
        [m.body for m in (await clinic.platform.conversations.snapshot(clinic.workspace.id, conversation_id, "public")).messages]
    )
    here = await clinic.platform.conversations.get(clinic.workspace.id, conversation_id)
    assert here.controller.kind == "queue"


@pytest.mark.parametrize("name", CALM)
async def test_a_calm_patient_is_asked_one_question_at_a_time_and_not_escalated(clinic: House, name: str) -> None:
    conversation_id = await play(clinic, SCRIPTS[name], min(SCRIPTS[name]["turns"], 6))
    assert await escalations(clinic, conversation_id) == []
    shown = await clinic.platform.conversations.snapshot(clinic.workspace.id, conversation_id, "public")
    keys = [m.data["health"]["key"] for m in shown.messages if m.author_kind == "ai" and "health" in m.data]
    assert keys[0] == "consent"
    assert len(keys) == len(set(keys)) >= 3


async def test_who_does_not_consent_is_not_recorded_and_meets_a_clinician(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Samuel Ortiz"], 2)
    expert = await clinic.member("expert")
    await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
    shown = await expert.get("/api/packs/health/note/record", params={"conversation_id": conversation_id})
    assert (shown["consent"], shown["lines"]) == (False, [])
    assert shown["declined_at"]
    rows = (await expert.get("/api/packs/health/records/patients"))["patients"]
    assert next(r for r in rows if r["id"] == conversation_id)["state"] == "declined"
    assert (await act(expert, "sign", {"password": PASSWORD}, conversation_id)).status_code == 409
    assert (await act(expert, "change", {"index": 0, "text": "Rest."}, conversation_id)).status_code == 409


@pytest.mark.parametrize(
    ("lang", "yes", "told", "wish", "led"),
    [
        ("en", "yes", "I have had a cough for three days", "can you prescribe me antibiotics?", "I can't prescribe"),
        ("zh", "可以", "我咳嗽三天了", "能给我开点药吗", "我不能开药"),
    ],
)
async def test_who_asks_for_a_prescription_is_answered_and_asked_on(
    clinic: House, lang: Any, yes: str, told: str, wish: str, led: str
) -> None:
    person, conversation_id = await begin(clinic, lang)
    for words in (told, yes):
        await say(clinic, person, conversation_id, words)
    standing = await last(clinic, conversation_id)
    await say(clinic, person, conversation_id, wish)
    answer = await last(clinic, conversation_id)
    assert answer.author_kind == "ai"
    assert answer.body.startswith(led)
    assert answer.data["health"]["key"] == standing.data["health"]["key"]
    assert standing.body in answer.body


async def test_who_writes_chinese_on_an_english_page_is_read_and_answered_in_chinese(clinic: House) -> None:
    person, conversation_id = await begin(clinic, "en")
    await say(clinic, person, conversation_id, "我咳嗽三天了，没有发烧")
    assert "我可以询问并记录吗" in (await last(clinic, conversation_id)).body
    await say(clinic, person, conversation_id, "可以")
    expert = await clinic.member("expert")
    await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
    shown = await expert.get("/api/packs/health/note/record", params={"conversation_id": conversation_id})
    assert (shown["lang"], shown["consent"], shown["headings"][0]["title"]) == ("zh", True, "主诉")
    assert "否认发烧。" in [line["text"] for line in shown["lines"]]
    await say(clinic, person, conversation_id, "现在胸口压榨样疼痛，出冷汗")
    (found,) = await escalations(clinic, conversation_id)
    assert "acs" in found.rules
    assert any("120" in m.body or "112" in m.body for m in await _public(clinic, conversation_id) if m.author_kind == "system")


async def test_what_was_said_at_the_beginning_of_a_long_talk_still_counts_at_its_end(clinic: House) -> None:
    person, conversation_id = await begin(clinic)
    await say(clinic, person, conversation_id, "I had chemotherapy last week and my nose is runny")
    await say(clinic, person, conversation_id, "yes")
    for n in range(11):
        await say(clinic, person, conversation_id, "no" + "." * n)
    assert await escalations(clinic, conversation_id) == []
    assert len(await _public(clinic, conversation_id)) > 22
    await say(clinic, person, conversation_id, "and now I have a fever of 39")
    assert ["neutropenic" in e.rules for e in await escalations(clinic, conversation_id)] == [True]


async def _public(house: House, conversation_id: str) -> Any:
    return (await house.platform.conversations.snapshot(house.workspace.id, conversation_id, "public")).messages


async def test_red_flags_fire_while_a_clinician_is_in_control(clinic: House) -> None:
    person, conversation_id = await begin(clinic)
    await clinic.platform.conversations.take_over(clinic.workspace.id, conversation_id, clinic.members["expert"].id)
    await say(clinic, person, conversation_id, "I have crushing chest pain and my left arm is numb")
    assert [e.rules for e in await escalations(clinic, conversation_id)] != []
    here = await clinic.platform.conversations.get(clinic.workspace.id, conversation_id)
    assert here.controller.kind == "human"
    await _told_what_to_do(clinic, conversation_id, 1)


async def test_who_waits_for_a_clinician_is_told_what_to_do_when_it_becomes_an_emergency(clinic: House) -> None:
    person, conversation_id = await begin(clinic)
    await clinic.platform.conversations.hand_to_team(clinic.workspace.id, conversation_id, "", clinic.members["owner"].id)
    await say(clinic, person, conversation_id, "My knee has been aching for a week")
    await _told_what_to_do(clinic, conversation_id, 0)
    await say(clinic, person, conversation_id, "Now I have crushing chest pain and my left arm is numb")
    await _told_what_to_do(clinic, conversation_id, 1)


async def _told_what_to_do(house: House, conversation_id: str, times: int) -> None:
    for _ in range(6_000):
        told = [m for m in await _public(house, conversation_id) if m.author_kind == "system" and "Call 112 now" in m.body]
        if len(told) >= times:
            break
        await asyncio.sleep(0.01)
    assert [m.data["code"] for m in told] == ["red_flag"] * times


@pytest.mark.parametrize(
    ("lang", "words", "told"), [("en", "I have chest pain", "Call 112 now"), ("zh", "我胸口疼", "请立即拨打 112")]
)
async def test_a_bare_danger_reaches_the_queue_and_the_person_hears_the_clinics_number_alone(
    clinic: House, lang: str, words: str, told: str
) -> None:
    person, conversation_id = await begin(clinic, lang)
    await say(clinic, person, conversation_id, words)
    (found,) = await escalations(clinic, conversation_id)
    assert (found.rules, found.level, found.state, found.pages) == (("acs",), 1, "notified", 1)
    said = [
        m.body for m in await _public(clinic, conversation_id) if m.author_kind == "system" and any(c.isdigit() for c in m.body)
    ]
    assert len(said) == 1
    assert told in said[0]
    assert not [n for n in ("999", "911", "110") if n in said[0]]
    here = await clinic.platform.conversations.get(clinic.workspace.id, conversation_id)
    assert (here.controller.kind, here.controller.id) == ("queue", "clinicians")
    expert = await clinic.member("expert")
    (row,) = (await expert.get("/api/packs/health/queue/queue"))["escalations"]
    assert row["id"] == found.id
    await expert.post("/api/packs/health/queue/take_over", {"id": found.id})
    shown = await expert.get("/api/packs/health/note/record", params={"conversation_id": conversation_id})
    assert [(a["rule"], a["state"]) for a in shown["alarms"]] == [("acs", "raised")]


@pytest.mark.parametrize(
    "words", ["A slight cough, no chest pain", "My dad had a heart attack in 2010 and I'd like my blood pressure checked"]
)
async def test_what_is_denied_or_long_past_is_no_emergency_at_the_clinics_desk(clinic: House, words: str) -> None:
    person, conversation_id = await begin(clinic)
    await say(clinic, person, conversation_id, words)
    assert await escalations(clinic, conversation_id) == []
    assert (await last(clinic, conversation_id)).data["health"]["key"] == "consent"


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "I can't breathe"), ("en", "ok but I have chest pain"), ("zh", "我喘不上气，嘴唇发紫")]
)
async def test_a_danger_in_answer_to_the_question_of_consent_is_read(clinic: House, lang: str, words: str) -> None:
    person, conversation_id = await begin(clinic, lang)
    await say(clinic, person, conversation_id, "I have a cough" if lang == "en" else "我咳嗽")
    assert (await last(clinic, conversation_id)).data["health"]["key"] == "consent"
    await say(clinic, person, conversation_id, words)
    assert [e.level for e in await escalations(clinic, conversation_id)] == [1]


async def test_who_may_harm_himself_is_told_so_with_the_clinics_number(clinic: House) -> None:
    person, conversation_id = await begin(clinic)
    await say(clinic, person, conversation_id, "I want to end my life")
    (found,) = await escalations(clinic, conversation_id)
    assert found.rules == ("suicide",)
    said = [m.body for m in await _public(clinic, conversation_id) if m.author_kind == "system" and "112" in m.body]
    assert len(said) == 1
    assert "alone" in said[0]
    assert "drive" not in said[0]


async def test_after_a_clinician_hands_back_the_questions_go_on_and_what_is_told_anew_is_an_emergency_again(clinic: House) -> None:
    ws, expert = clinic.workspace.id, await clinic.member("expert")
    person, conversation_id = await begin(clinic)
    await say(clinic, person, conversation_id, "I have crushing chest pain and my left arm is numb")
    (first,) = await escalations(clinic, conversation_id)
    await expert.post("/api/packs/health/queue/take_over", {"id": first.id})
    await expert.post(f"/api/desk/conversations/{conversation_id}/hand-back", {})
    await say(clinic, person, conversation_id, "Thank you doctor, the ambulance was here and I am at home")
    message = await last(clinic, conversation_id)
    assert (message.author_kind, message.data["health"]["key"]) == ("ai", "consent")
    assert message.body.startswith("A clinician has seen")
    keys = []
    for answer_ in ("yes", "no", "no, thanks"):
        await say(clinic, person, conversation_id, answer_)
        message = await last(clinic, conversation_id)
        keys.append(message.data["health"]["key"])
        assert not message.body.startswith("A clinician has seen")
    assert len(set(keys)) == 3
    assert "emergency" not in keys
    assert len(await escalations(clinic, conversation_id)) == 1
    await say(clinic, person, conversation_id, "The crushing chest pain is back and my left arm is numb")
    again = [e for e in await escalations(clinic, conversation_id) if e.id != first.id]
    assert [("acs" in e.rules, e.state) for e in again] == [(True, "notified")]
    assert (await clinic.platform.conversations.get(ws, conversation_id)).controller.kind == "queue"
    await _told_what_to_do(clinic, conversation_id, 2)


async def test_red_flags_fire_after_the_model_was_killed_half_way(tmp_path: Path) -> None:
    hello = [ChatMessage("user", "hello")]
    with ExitStack() as model:
        script = Script.model_validate({"rules": [{"reply": "How else can I help?"}]})
        server = model.enter_context(serve_openai(ScriptedEngine(script)))
        settings = {"engine": "remote", "remote_base_url": server.base_url, "remote_model": "m", "remote_timeout_s": 5}
        async with open_for_test(tmp_path / "p", health_emergency_number="112", **settings) as platform:
            house = await add_house(platform, create_app(platform), "clinic")
            (desk,) = await platform.conversations.list_desks(house.workspace.id)
            await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
            person, conversation_id = await begin(house)
            await say(house, person, conversation_id, "I have had a cough for two days")
            await say(house, person, conversation_id, "yes")
            assert await platform.hosts["health"].think(hello) == "How else can I help?"
            model.close()
            with pytest.raises(ModelUnavailable):
                await platform.hosts["health"].think(hello)
            await say(house, person, conversation_id, "Now I can't breathe and my lips are turning blue")
            (found,) = await escalations(house, conversation_id)
            assert (found.level, found.state) == (1, "notified")
            shown = await platform.conversations.snapshot(house.workspace.id, conversation_id, "public")
            assert any("112" in m.body for m in shown.messages)


@pytest.mark.parametrize("allowed", [False, True])
async def test_what_patients_write_stays_here_or_leaves_without_their_names(tmp_path: Path, allowed: bool) -> None:
    said = "My name is Anna Meier, I live at 12 Hill Road and my phone is 020 7946 0958. Why does my knee click?"
    with serve_openai(
        ScriptedEngine(Script.model_validate({"rules": [{"reply": "Dear [NAME-1], ask a clinician."}]}))
    ) as elsewhere:
        url = elsewhere.base_url.replace("127.0.0.1", "0.0.0.0")
        settings = {"engine": "remote", "remote_base_url": url, "remote_model": "m", "health_may_leave": allowed}
        async with open_for_test(tmp_path / "p", **settings) as platform:
            house = await add_house(platform, create_app(platform), "clinic")
            (desk,) = await platform.conversations.list_desks(house.workspace.id)
            await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="copilot", pack="health")
            person, conversation_id = await begin(house)
            for text in ("I have a cough", "no, I do not agree", said):
                await say(house, person, conversation_id, text)
            hello = [ChatMessage("user", said)]
            if not allowed:
                with pytest.raises(ModelUnavailable, match="stays on this machine"):
                    await platform.hosts["health"].think(hello, workspace_id=house.workspace.id)
                assert elsewhere.requests == []
                return
            answer = await platform.hosts["health"].think(hello, workspace_id=house.workspace.id)
            assert answer == "Dear Anna Meier, ask a clinician."
            asked = json.dumps(elsewhere.requests)
            assert "knee click" in asked
            assert not [x for x in ("Anna", "Meier", "Hill Road", "7946") if x in asked]


async def test_an_escalation_is_paged_until_acknowledged_and_closed_with_an_outcome(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["孙国强"], 1)
    host = clinic.platform.hosts["health"]
    (found,) = await escalations(clinic, conversation_id)
    async with host.write() as tx:
        from dataclasses import replace

        await repository.keep_escalation(tx, replace(found, paged_at=host.clock.now() - timedelta(hours=1)))
    await page_again(host)
    assert (await escalations(clinic, conversation_id))[0].pages == 2
    expert = await clinic.member("expert")
    (row,) = (await expert.get("/api/packs/health/queue/queue"))["escalations"]
    assert await expert.post("/api/packs/health/queue/acknowledge", {"id": row["id"]}) == {"state": "acknowledged"}
    await page_again(host)
    assert (await escalations(clinic, conversation_id))[0].pages == 2
    assert (await expert.call("POST", "/api/packs/health/queue/close", {"id": row["id"], "outcome": " "})).status_code == 409
    await expert.post("/api/packs/health/queue/take_over", {"id": row["id"]})
    here = await clinic.platform.conversations.get(clinic.workspace.id, conversation_id)
    assert here.controller.kind == "human"
    shown = await expert.get("/api/packs/health/note/record", params={"conversation_id": conversation_id})
    assert not shown["consent"]
    assert {a["rule"] for a in shown["alarms"] if a["state"] == "raised"} >= set(found.rules)
    assert await expert.post("/api/packs/health/queue/close", {"id": row["id"], "outcome": "sent by ambulance"}) == {
        "state": "closed"
    }


async def test_a_record_is_read_in_care_only_edited_opened_signed_and_amended(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 5)
    expert, where = await clinic.member("expert"), {"conversation_id": conversation_id}

    async def do(name: str, body: dict[str, Any]) -> Any:
        return await act(expert, name, body, conversation_id)

    assert (await expert.call("GET", "/api/packs/health/note/record", params=where)).status_code == 403
    assert (await do("break_glass", {"reason": "on duty tonight"})).status_code == 200
    shown = await expert.get("/api/packs/health/note/record", params=where)
    assert shown["consent"] is True
    cough = next(i for i, line in enumerate(shown["lines"]) if "cough" in line["text"].lower())
    spoken = {t["turn"]: t["text"] for t in shown["turns"]}
    told = [words for d in shown["differential"] for words in (*d["pro"], *d["contra"])]
    assert told
    assert all(words.endswith((" – yes", " – no")) for words in told)
    assert all(words in spoken[turn] for turn, words in shown["lines"][cough]["quotes"])
    assert (await do("change", {"index": cough, "text": "Denies cough. Chest pain for two days."})).status_code == 200
    refused = await do("sign", {"password": PASSWORD})
    assert refused.json()["error"]["detail"]["unopened"] == 1
    assert (await do("open", {"index": cough})).status_code == 200
    assert (await do("sign", {"password": "wrong"})).status_code == 401
    assert (await do("sign", {"password": PASSWORD})).json() == {"state": "signed"}
    assert (await do("change", {"index": cough, "text": "x"})).status_code == 409
    assert (await do("add", {"text": "Chest X-ray ordered."})).json() == {"state": "amended"}
    shown = await expert.get("/api/packs/health/note/record", params=where)
    assert (shown["intact"], shown["chain_broken_at"], len(shown["addenda"])) == (True, None, 1)
    actions = [e["action"] for e in shown["audit"]]
    assert {"consent", "break_glass", "read", "edited", "opened", "signed", "amended"} <= set(actions)


async def test_two_who_sign_edit_and_add_at_once_follow_each_other_and_nothing_is_lost(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 5)
    first, where = await clinic.member("expert"), {"conversation_id": conversation_id}
    second = await clinic.member("expert")
    for one in (first, second):
        await act(one, "break_glass", {"reason": "on duty tonight"}, conversation_id)

    async def at_once(*steps: tuple[Browser, str, dict[str, Any]]) -> list[int]:
        answers = await asyncio.gather(*(act(who, name, body, conversation_id) for who, name, body in steps))
        return sorted(a.status_code for a in answers)

    shown = await first.get("/api/packs/health/note/record", params=where)
    asked = {"index": len(shown["lines"]), "text": "Rest.", "seen": shown["seal"]}
    assert await at_once((first, "change", asked), (second, "change", asked)) == [200, 409]
    stale = {"password": PASSWORD, "seen": shown["seal"]}
    assert await at_once((first, "sign", stale)) == [409]
    seen = {"password": PASSWORD, "seen": (await first.get("/api/packs/health/note/record", params=where))["seal"]}
    assert await at_once((first, "sign", seen), (first, "sign", seen), (second, "sign", seen)) == [200, 409, 409]
    assert await at_once(*[(one, "change", {"index": 0, "text": "x"}) for one in (first, second)]) == [409, 409]
    notes = [f"Addendum {n}." for n in range(6)]
    assert await at_once(*[((first, second)[n % 2], "add", {"text": t}) for n, t in enumerate(notes)]) == [200] * 6
    shown = await first.get("/api/packs/health/note/record", params=where)
    assert sorted(a["text"] for a in shown["addenda"]) == notes
    assert [e["action"] for e in shown["audit"]].count("signed") == 1
    assert (shown["intact"], shown["chain_broken_at"]) == (True, None)


@pytest.mark.parametrize(("name", "words"), [("Marta Keller", "I am allergic to penicillin."), ("陈立新", "我对青霉素过敏。")])
async def test_what_is_told_after_an_edit_enters_the_draft_and_after_the_signature_is_named_beside_it(
    clinic: House, name: str, words: str
) -> None:
    conversation_id = await play(clinic, SCRIPTS[name], 5)
    here = await clinic.platform.conversations.get(clinic.workspace.id, conversation_id)
    expert, where = await clinic.member("expert"), {"conversation_id": conversation_id}
    await act(expert, "break_glass", {"reason": "on duty tonight"}, conversation_id)

    async def tell(text: str) -> None:
        post = clinic.platform.conversations.post_person_message
        await post(clinic.workspace.id, conversation_id, here.person_id, text, text)

    async def look() -> Any:
        return await expert.get("/api/packs/health/note/record", params=where)

    lines = (await look())["lines"]
    await act(expert, "change", {"index": len(lines), "text": "Rest."}, conversation_id)
    await tell(words)
    shown = await look()
    assert [x["quotes"] for x in shown["lines"] if x["section"] == "allergies"] != [[]]
    assert any(x["text"] == "Rest." for x in shown["lines"])
    assert (await act(expert, "sign", {"password": PASSWORD, "seen": shown["seal"]}, conversation_id)).status_code == 200
    signed = (await expert.call("GET", "/api/packs/health/note/fhir", params=where)).json()
    await tell(words[:-1] + "!")
    after = await look()
    assert (after["lines"], after["later"], shown["later"]) == (shown["lines"], 1, 0)
    assert (await expert.call("GET", "/api/packs/health/note/fhir", params=where)).json() == signed


async def test_who_opens_a_talk_at_the_desk_or_a_record_stands_in_the_audit(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 2)
    expert, where = await clinic.member("expert"), {"conversation_id": conversation_id}
    await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
    await expert.get(f"/api/desk/conversations/{conversation_id}")
    for _ in range(2):
        shown = await expert.get("/api/packs/health/note/record", params=where)
    await expert.call("GET", "/api/packs/health/note/fhir", params=where)
    async with clinic.platform.hosts["health"].read() as tx:
        entries = await audit.list_audit(tx, clinic.workspace.id, conversation_id)
    mine = [(e.action, e.detail["name"]) for e in entries if e.who == clinic.members["expert"].id]
    assert mine == [(a, clinic.members["expert"].name) for a in ("break_glass", "read_talk", "read", "read", "exported")]
    assert shown["chain_broken_at"] is None


async def test_a_talk_is_opened_in_care_only_or_with_a_reason_and_hidden_in_list_and_stream_till_then(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 2)
    expert, road = await clinic.member("expert"), f"/api/desk/conversations/{conversation_id}"

    async def row(**params: str) -> Any:
        found = await expert.get("/api/desk/conversations", params={"view": "all", **params})
        return next((c for c in found["conversations"] if c["id"] == conversation_id), None)

    refused = await expert.call("GET", road)
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == {"action": "give_reason", "ask": "/api/packs/health/note/break_glass"}
    note = {"client_id": "c1", "body": "looked in", "visibility": "internal"}
    assert [
        (await expert.call("POST", f"{road}/{what}", body)).status_code for what, body in (("messages", note), ("take-over", {}))
    ] == [403, 403]
    hidden = await row()
    assert (hidden["is_hidden"], hidden["last_message"], hidden["draft"], hidden["subject"]) == (True, None, None, "")
    word = SCRIPTS["Marta Keller"]["opening"].split()[-1].strip(".")
    assert await row(q=word) is None
    assert (await act(expert, "break_glass", {"reason": "no"}, conversation_id)).status_code == 422
    assert (await act(expert, "break_glass", {"reason": "covers for a colleague"}, conversation_id)).status_code == 200
    assert (await expert.get(road))["messages"]
    assert (await row())["last_message"] is not None


async def test_who_takes_a_waiting_talk_over_cares_for_its_person_from_then_on(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS[EMERGENCIES[0]], 4)
    expert, ws = await clinic.member("expert"), clinic.workspace.id
    await clinic.platform.conversations.hand_to_team(ws, conversation_id, "", clinic.members["owner"].id)
    road = f"/api/desk/conversations/{conversation_id}"
    await expert.post(f"{road}/take-over", {})
    await expert.get(road)
    await expert.post(f"{road}/hand-back", {})
    assert (await expert.get(road))["messages"]


async def test_the_list_names_whom_one_cares_for_or_who_waits_and_others_are_found_by_name_with_a_reason(clinic: House) -> None:
    ids = {name: await play(clinic, SCRIPTS[name], 2) for name in ("Marta Keller", "Priya Nair", "陈立新")}
    waiting = await play(clinic, SCRIPTS[EMERGENCIES[0]], 4)
    host, ws = clinic.platform.hosts["health"], clinic.workspace.id
    for name, conversation_id in ids.items():
        await host.label(ws, conversation_id, subject=name)
    await clinic.platform.conversations.hand_to_team(ws, waiting, "", clinic.members["owner"].id)
    expert = await clinic.member("expert")

    async def rows(**params: str) -> dict[str, Any]:
        road = "/api/packs/health/records"
        told = await expert.post(f"{road}/find", params) if params else await expert.get(f"{road}/patients")
        return {r["id"]: r for r in told["patients"]}

    assert {i: (r["mine"], r["may_read"]) for i, r in (await rows()).items()} == {waiting: (False, True)}
    assert (await expert.get("/api/packs/health/note/record", params={"conversation_id": waiting}))["conversation"] == waiting
    assert (await expert.call("POST", "/api/packs/health/records/find", {"words": "a"})).status_code == 422
    assert (await expert.call("GET", "/api/packs/health/records/find", params={"words": "keller"})).status_code == 404
    assert await rows(words="100%") == {}
    marta = ids["Marta Keller"]
    assert await rows(words="keller marta") == {marta: {"id": marta, "subject": "Marta Keller", "mine": False, "may_read": False}}
    assert set(await rows(words="立新")) == {ids["陈立新"]}
    assert (await expert.call("GET", "/api/packs/health/note/record", params={"conversation_id": marta})).status_code == 403
    assert (await act(expert, "break_glass", {"reason": "asked by the ward"}, marta)).status_code == 200
    assert {i: r["mine"] for i, r in (await rows()).items()} == {waiting: False, marta: True}
    async with host.read() as tx:
        searched = [e.told for e in await audit.list_audit(tx, ws) if e.action == "searched"]
    assert [(d["words"], d["found"]) for d in searched] == [("100%", 0), ("keller marta", 1), ("立新", 1)]


async def test_drafts_are_forgotten_after_their_days_and_signed_records_stay(clinic: House) -> None:
    ids = [await play(clinic, SCRIPTS[name], 3) for name in ("Marta Keller", "Priya Nair", "Tom Okafor")]
    expert, host = await clinic.member("expert"), clinic.platform.hosts["health"]
    for conversation_id in ids:
        await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
        lines = (await expert.get("/api/packs/health/note/record", params={"conversation_id": conversation_id}))["lines"]
        await act(expert, "change", {"index": len(lines), "text": "Come back in a week."}, conversation_id)
    await act(expert, "sign", {"password": PASSWORD}, ids[0])
    old = host.clock.now() - timedelta(days=host.settings.health_retention_days + 1)
    async with host.write() as tx:
        for conversation_id in ids[:2]:
            record = await repository.get_record(tx, clinic.workspace.id, conversation_id)
            assert record is not None
            await repository.keep_record(tx, record, old)
    here = await clinic.platform.conversations.get(clinic.workspace.id, ids[1])
    async with host.write() as tx:
        await repository.keep_hold(tx, clinic.workspace.id, here.person_id, "court order", "Jo", old)
    await forget_drafts(host)
    assert await states(clinic) == {ids[0]: "signed", ids[1]: "draft", ids[2]: "draft"}
    async with host.write() as tx:
        await repository.drop_hold(tx, clinic.workspace.id, here.person_id)
    await forget_drafts(host)
    assert await states(clinic) == {ids[0]: "signed", ids[2]: "draft"}
    async with host.read() as tx:
        links = await audit.list_audit(tx, clinic.workspace.id)
    assert [e.conversation_id for e in links if e.action == "draft_dropped"] == [ids[1]]
    assert find_break(links) is None


async def test_the_audit_is_kept_unless_the_settings_give_it_an_end_and_stays_a_chain(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 2)
    await act(await clinic.member("expert"), "break_glass", {"reason": "on duty"}, conversation_id)
    host, ws = clinic.platform.hosts["health"], clinic.workspace.id
    await trim_audit(host)
    async with host.write() as tx:
        whole, now = await audit.list_audit(tx, ws), host.clock.now()
        await audit.trim_audit(tx, now + timedelta(days=1), now)
        rest = await audit.list_audit(tx, ws)
    assert whole[0].seq == 1
    assert [e.seq for e in rest] == [len(whole), len(whole) + 1]
    assert find_break(rest) is None


async def test_a_look_at_a_record_checks_the_newest_links_and_a_chore_the_whole_chain(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 2)
    expert, where = await clinic.member("expert"), {"conversation_id": conversation_id}
    await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
    host, ws = clinic.platform.hosts["health"], clinic.workspace.id

    async def shown() -> Any:
        return (await expert.get("/api/packs/health/note/record", params=where))["chain_broken_at"]

    async def tamper(seq: int) -> None:
        at = (audit.audit.c.workspace_id == ws) & (audit.audit.c.seq == seq)
        async with host.write() as tx:
            await tx.conn.execute(update(audit.audit).where(at).values(who="nobody"))

    async with host.write() as tx:
        for _ in range(LINKS_CHECKED + 10):
            await audit.note_audit(tx, ws, "chore", "counted", "", host.clock.now())
    await check_audit(host)
    await check_audit(host)
    async with host.read() as tx:
        told = await audit.list_audit(tx, ws, action="checked")
    assert [e.detail["broken_at"] for e in told] == [None]
    await tamper(2)
    assert await shown() is None
    await check_audit(host)
    assert await shown() == 2
    await tamper(told[0].seq)
    async with host.read() as tx:
        assert find_break(await audit.list_audit(tx, ws, newest=LINKS_CHECKED), is_end=True) == told[0].seq


async def test_alarms_reach_all_who_act_and_names_whoever_cares(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS[EMERGENCIES[0]], 4)
    await clinic.platform.hosts["health"].label(clinic.workspace.id, conversation_id, subject="George Whitfield")
    await clinic.platform.conversations.take_over(clinic.workspace.id, conversation_id, clinic.members["owner"].id)
    expert, owner = await clinic.member("expert"), await clinic.member("owner")

    async def row(member: Browser) -> dict[str, Any]:
        (found,) = (await member.get("/api/packs/health/queue/queue"))["escalations"]
        return dict(found)

    hidden, named = await row(expert), await row(owner)
    assert (hidden["may_read"], hidden["subject"], hidden["person_id"]) == (False, "", "")
    assert (hidden["titles"], hidden["level"], hidden["state"]) == (named["titles"], 1, "notified")
    assert hidden["titles"]
    assert (named["may_read"], named["subject"]) == (True, "George Whitfield")
    await expert.post("/api/packs/health/queue/acknowledge", {"id": hidden["id"]})
    assert (await row(expert))["subject"] == "George Whitfield"


async def test_no_call_signs_more_than_one_record_and_only_a_clinician_signs(clinic: House) -> None:
    ids = [await play(clinic, SCRIPTS[name], 3) for name in ("Marta Keller", "Priya Nair")]
    expert, admin = await clinic.member("expert"), await clinic.member("admin")
    for member in (expert, admin):
        for conversation_id in ids:
            await act(member, "break_glass", {"reason": "on duty"}, conversation_id)
    assert [name for p in PACK.panels for name in p.commands if "sign" in name] == ["sign", "sign"]
    road, body = "/api/packs/health/records/sign", {"password": PASSWORD}
    tries: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, body), ({"conversation_id": ",".join(ids)}, body), ({"conversation_id": "*"}, body),
        ({}, body | {"conversation_ids": ids}), ({"conversation_id": ids[0]}, body | {"conversation_ids": ids}),
    ]  # fmt: skip
    for params, sent in tries:
        assert (await expert.call("POST", road, sent, params=params)).status_code in (404, 422)
    assert (await act(admin, "sign", body, ids[0])).status_code == 403
    assert await states(clinic) == {}
    assert (await act(expert, "sign", body, ids[0])).json() == {"state": "signed"}
    assert await states(clinic) == {ids[0]: "signed"}
    assert (await act(admin, "add", {"text": "x"}, ids[0])).status_code == 403
    shown = await admin.get("/api/packs/health/note/record", params={"conversation_id": ids[0]})
    assert (shown["signer"], shown["may_sign"]) == (clinic.members["expert"].name, False)
    assert {e["detail"].get("name") for e in shown["audit"] if e["action"] == "signed"} == {shown["signer"]}
    bundle = (await admin.call("GET", "/api/packs/health/note/fhir", params={"conversation_id": ids[0]})).json()
    doctors = [r["name"] for e in bundle["entry"] if (r := e["resource"])["resourceType"] == "Practitioner"]
    assert doctors == [[{"text": shown["signer"]}]]


async def states(house: House) -> dict[str, str]:
    async with house.platform.hosts["health"].read() as tx:
        return await repository.list_record_states(tx, house.workspace.id)


async def test_fhir_leaves_valid_and_signed(clinic: House) -> None:
    pytest.importorskip("fhir.resources")
    from duologue.packs.health.fhir.schema import validate_schema
    from duologue.packs.health.fhir.strict import validate_fhir

    conversation_id = await play(clinic, SCRIPTS["陈立新"], 5)
    expert, where = await clinic.member("expert"), {"conversation_id": conversation_id}
    await act(expert, "break_glass", {"reason": "今晚值班"}, conversation_id)
    lines = (await expert.get("/api/packs/health/note/record", params=where))["lines"]
    await act(expert, "change", {"index": len(lines), "text": "明天复诊。"}, conversation_id)
    headings = "cc, hpi, pmh, medications, allergies, family, social: 主观\nvitals: 客观\nplan: 计划\nassessment: 评估"
    wanted = {"lang": "zh", "text": headings}
    assert (await act(expert, "set_template", wanted, conversation_id)).status_code == 403
    admin = await clinic.member("admin")
    assert (await act(admin, "set_template", wanted | {"text": "cc: 主诉"}, conversation_id)).status_code == 422
    assert (await act(admin, "set_template", wanted, conversation_id)).json() == {"template": headings}
    shown = await expert.get("/api/packs/health/note/record", params=where)
    assert [h["title"] for h in shown["headings"]] == ["主观", "客观", "计划", "评估"]
    assert (await act(expert, "name", {"name": " "}, conversation_id)).status_code == 422
    assert (await act(expert, "name", {"name": "陈立新"}, conversation_id)).json() == {"name": "陈立新"}
    await act(expert, "sign", {"password": PASSWORD}, conversation_id)
    bundle = (await expert.call("GET", "/api/packs/health/note/fhir", params=where)).json()
    assert validate_fhir(bundle) == [] == validate_schema(bundle)
    by = {r["resourceType"]: r for r in (e["resource"] for e in bundle["entry"])}
    assert (by["Patient"]["name"], by["Consent"]["status"]) == ([{"text": "陈立新"}], "active")
    composition = bundle["entry"][0]["resource"]
    assert composition["status"] == "final"
    assert (await act(expert, "name", {"name": "somebody else"}, conversation_id)).status_code == 409
    told = {x["title"]: x["text"]["div"] for x in composition["section"] if "text" in x}
    assert [t for t in told if t != "客观"] == ["主观", "计划", "评估"]
    assert "明天复诊。" in told["计划"]


async def test_a_record_that_the_server_did_not_take_stands_in_the_audit_and_an_unsigned_one_never_leaves(tmp_path: Path) -> None:
    pytest.importorskip("fhir.resources")
    async with open_for_test(tmp_path / "p", engine="none", health_fhir_url="http://127.0.0.1:9/fhir") as platform:
        house = await add_house(platform, create_app(platform), "clinic")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
        conversation_id = await play(house, SCRIPTS["Marta Keller"], 3)
        expert, where = await house.member("expert"), {"conversation_id": conversation_id}
        await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
        assert (await act(expert, "push", {}, conversation_id)).status_code == 409
        assert (await act(expert, "sign", {"password": "wrong"}, conversation_id)).status_code == 401
        assert (await act(expert, "sign", {"password": PASSWORD}, conversation_id)).status_code == 200
        assert (await act(expert, "push", {}, conversation_id)).status_code == 503
        shown = await expert.get("/api/packs/health/note/record", params=where)
        assert [e["action"] for e in shown["audit"]][-4:] == ["not_signed", "signed", "not_pushed", "read"]


async def test_what_another_system_tells_stands_beside_the_record_and_in_no_sentence_of_it(clinic: House) -> None:
    pytest.importorskip("fhir.resources")
    conversation_id = await play(clinic, SCRIPTS["Marta Keller"], 3)
    expert, where = await clinic.member("expert"), {"conversation_id": conversation_id}
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Keller", "given": ["Marta"]}], "gender": "female"}

    async def bring(content: bytes) -> Any:
        return await expert.client.post("/api/packs/health/note/bring", params=where, files={"file": ("p.json", content)})

    assert (await bring(json.dumps(patient).encode())).status_code == 403
    await act(expert, "break_glass", {"reason": "on duty"}, conversation_id)
    assert (await bring(json.dumps(patient | {"gender": "F"}).encode())).status_code == 422
    assert (await bring(b"no json")).status_code == 422
    assert (await bring(json.dumps(patient).encode())).status_code == 200
    shown = await expert.get("/api/packs/health/note/record", params=where)
    assert shown["brought"] == {"Patient": ["Marta Keller female"]}
    assert not any("Keller" in line["text"] for line in shown["lines"])
    assert "imported" in [e["action"] for e in shown["audit"]]


async def test_who_is_erased_leaves_no_record_and_the_chain_stays_whole(clinic: House) -> None:
    conversation_id = await play(clinic, SCRIPTS["孙国强"], 1)
    here = await clinic.platform.conversations.get(clinic.workspace.id, conversation_id)
    async with clinic.platform.database.write() as tx:
        await clinic.platform.conversations.erase_person(tx, clinic.workspace.id, here.person_id)
    assert await escalations(clinic) == []
    async with clinic.platform.hosts["health"].read() as tx:
        links = await audit.list_audit(tx, clinic.workspace.id)
    assert find_break(links) is None
    assert [e.detail for e in links if e.action == "erased"] == [{"person": here.person_id}]
