"""Consent to learning: who refuses is learnt from nowhere, at once; the silent by the workspace's rule. Thumbs and outcomes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from duologue.kit.ids import new_id
from duologue.learning.replay import gather
from duologue.review.recall import VerdictRecall
from duologue.store.database import Database
from tests.platforms import Browser, House, open_house

PATH = "/api/admin/learning"
ANSWER = "Boots are waxed once a month, and never beside a stove."


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, rules=[{"reply": "No."}], mode="copilot") as opened:
        yield opened


async def ask_and_correct(house: House, question: str) -> tuple[Browser, str]:
    """A person asks, an expert answers; the person's browser, and the conversation."""
    person = await house.person()
    started: str = (await person.post("/api/chat/conversations", {}))["conversation"]["id"]
    await person.post(f"/api/chat/conversations/{started}/messages", {"client_id": "1", "body": question})
    async with asyncio.timeout(60):
        while not (drafts := await house.platform.assistant.list_drafts(house.workspace.id, started)):
            await asyncio.sleep(0.01)
    await house.platform.review.decide(house.workspace.id, drafts[0].id, house.members["expert"].id, "respond", final_body=ANSWER)
    return person, started


async def list_replayed(house: House) -> set[str]:
    """The conversations that the replay lab would go through."""
    consents = await house.platform.consents.look(house.workspace.id)
    since = house.platform.database.clock.now() - timedelta(days=1)
    cases = await gather(house.platform.conversations, house.workspace.id, since, consents.allow)
    return {case.turn.conversation.id for case in cases}


async def test_who_refuses_leaves_datasets_exports_and_recall_at_once(house: House) -> None:
    ws, viewer = house.workspace.id, await house.member("viewer")
    person, refused = await ask_and_correct(house, "How often are boots waxed?")
    _, kept = await ask_and_correct(house, "How long does waxing a tent take?")
    dataset = await house.platform.datasets.freeze(ws)
    registry = house.platform.champions.registry(ws)
    registry.note(dataset.name, "duologue-4m", Path("x"), [], [], house.platform.database.clock.now())
    recall = VerdictRecall(house.platform.database)
    assert (await recall.find(ws, "How often are boots waxed?", "en"))[0].score > 0.9
    proposed = {ask for one in await house.platform.proposals.list_(ws) for ask in one.questions}
    assert proposed == {"How often are boots waxed?", "How long does waxing a tent take?"}
    assert await list_replayed(house) == {refused, kept}
    assert (await person.get("/api/chat/consent"))["may_learn"] is True

    assert (await person.call("PUT", "/api/chat/consent", {"may_learn": False})).json() == {"may_learn": False}
    rows = (await viewer.get(f"{PATH}/datasets/{dataset.name}?side=train"))["rows"]
    rows += (await viewer.get(f"{PATH}/datasets/{dataset.name}?side=held_out"))["rows"]
    assert {row["conversation_id"] for row in rows} == {kept}
    assert (await viewer.get(PATH))["versions"][0]["erased"] > 0
    assert await recall.find(ws, "How often are boots waxed?", "en") == []
    (proposal,) = await house.platform.proposals.list_(ws)
    assert proposal.questions == ("How long does waxing a tent take?",)
    assert await list_replayed(house) == {kept}
    left = (await viewer.get(f"{PATH}/preview"))["dataset"]["left_out"]
    assert left["no_consent"] >= 2
    exported = [line async for line in house.platform.exports.lines(ws, "sft")]
    assert {line["metadata"]["conversation_id"] for line in exported} == {kept}

    await person.call("PUT", "/api/chat/consent", {"may_learn": True})
    assert "no_consent" not in (await viewer.get(f"{PATH}/preview"))["dataset"]["left_out"]
    assert refused != kept


async def test_where_consent_must_be_given_the_silent_are_left_out(house: House) -> None:
    owner, admin = await house.member("owner"), await house.member("admin")
    person, agreed = await ask_and_correct(house, "How often are boots waxed?")
    await ask_and_correct(house, "How long does waxing a tent take?")
    assert (await admin.call("PUT", f"{PATH}/consent", {"rule": "only_given"})).status_code == 403
    assert (await owner.call("PUT", f"{PATH}/consent", {"rule": "whatever"})).status_code == 422
    assert (await owner.call("PUT", f"{PATH}/consent", {"rule": "only_given"})).json()["consent"] == "only_given"
    assert [line async for line in house.platform.exports.lines(house.workspace.id, "sft")] == []
    assert (await person.get("/api/chat/consent"))["may_learn"] is False
    await person.call("PUT", "/api/chat/consent", {"may_learn": True})
    lines = [line async for line in house.platform.exports.lines(house.workspace.id, "sft")]
    assert {line["metadata"]["conversation_id"] for line in lines} == {agreed}


async def test_an_erased_persons_word_is_gone_and_recall_forgets_them(house: House) -> None:
    ws, owner = house.workspace.id, await house.member("owner")
    _, talk = await ask_and_correct(house, "How often are boots waxed?")
    person_id = (await house.platform.conversations.get(ws, talk)).person_id
    recall = VerdictRecall(house.platform.database)
    other = Database(house.platform.settings.resolved_database_url)  # another process, which hears of nothing
    elsewhere = VerdictRecall(other)
    for memory in (recall, elsewhere):
        assert await memory.find(ws, "How often are boots waxed?", "en")
    await house.platform.consents.say(ws, person_id, may_learn=True)
    assert (await owner.call("DELETE", f"/api/admin/persons/{person_id}")).status_code == 200
    assert (await house.platform.consents.look(ws)).said == {}
    for memory in (recall, elsewhere):
        assert await memory.find(ws, "How often are boots waxed?", "en") == []
    await other.aclose()


async def test_looking_writes_nothing_and_freezing_does(house: House) -> None:
    admin, viewer = await house.member("admin"), await house.member("viewer")
    assert (await admin.call("POST", f"{PATH}/datasets")).status_code == 422
    await ask_and_correct(house, "How often are boots waxed?")
    folder = house.platform.champions.registry(house.workspace.id).folder
    before = sorted(folder.rglob("*")) if folder.exists() else []
    looked = await viewer.get(f"{PATH}/preview")
    assert (looked["is_enough"], looked["dataset"]["answers"] + looked["dataset"]["held_out"] > 0) == (False, True)
    assert "too little to learn from" in looked["why"]
    await viewer.get(PATH)
    assert (sorted(folder.rglob("*")) if folder.exists() else []) == before
    assert (await viewer.call("POST", f"{PATH}/datasets")).status_code == 403
    (card,) = (await admin.post(f"{PATH}/datasets"))["datasets"]
    assert (folder / "datasets" / card["name"] / "card.json").exists()


async def test_thumbs_and_outcomes_of_answers_that_left_alone_become_labels(tmp_path: Path) -> None:
    wanted = {"up": True, "down": False, "settled": True, "asked_for_person": False}
    talks: dict[str, str] = {}
    async with open_house(tmp_path, rules=[{"reply": "Boots are waxed once a month."}]) as house:
        await (await house.member("admin")).client.post(
            "/api/admin/documents", files={"files": ("boots.md", b"# Boots\n\nBoots are waxed once a month.\n")}
        )
        for then in (*wanted, "nothing"):
            person = await house.person()
            talks[then] = (await person.post("/api/chat/conversations", {}))["conversation"]["id"]
            path = f"/api/chat/conversations/{talks[then]}"
            await person.post(f"{path}/messages", {"client_id": new_id("tst"), "body": "How often are boots waxed?"})
            async with asyncio.timeout(60):
                while not (said := [m for m in (await person.get(path))["messages"] if m["author_kind"] == "ai"]):
                    await asyncio.sleep(0.01)
            if then in ("up", "down"):
                await person.post(f"{path}/messages/{said[0]['id']}/rating", {"value": then, "reason": "Well."})
            if then in ("settled", "asked_for_person"):
                await person.post(f"{path}/{'resolve' if then == 'settled' else 'request-human'}")
        lines = [line async for line in house.platform.exports.lines(house.workspace.id, "kto")]
        dataset = await house.platform.datasets.look(house.workspace.id)
    by_talk = {line["metadata"]["conversation_id"]: line for line in lines}
    assert set(by_talk) == {talk for then, talk in talks.items() if then != "nothing"}
    for then, is_good in wanted.items():
        line = by_talk[talks[then]]
        assert (line["metadata"]["verdict"], line["label"]) == (then, is_good)
        assert line["prompt"][-1]["content"] == "How often are boots waxed?"
        assert line["metadata"]["reason"] == ("Well." if then in ("up", "down") else "")
    labels = dataset.labels([*dataset.train, *dataset.held_out])
    assert sorted(e.is_good for e in labels) == [False, True]  # the same answer to the same question counts once
