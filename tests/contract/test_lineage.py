"""Lineage both ways: an answer leads to its model, dataset and verdicts, a verdict to the models that it taught."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest_asyncio

from duologue.kit.ids import new_id
from duologue.learning.dataset import Dataset
from tests.platforms import House, open_house

PATH = "/api/admin/learning"
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, rules=[{"reply": "No."}], mode="copilot") as opened:
        yield opened


async def correct(house: House, count: int, final: str = "Yes, tent {i} is mended.") -> list[str]:
    """Persons who ask and are answered by an expert; the runs."""
    platform, ws, runs = house.platform, house.workspace.id, []
    (desk,) = await platform.conversations.list_desks(ws)
    for i in range(count):
        person = await platform.accounts.start_person(ws, "en")
        talk = await platform.conversations.start(ws, person.id, desk.id, "en")
        await platform.conversations.post_person_message(ws, talk.id, person.id, new_id("tst"), f"Is tent {i} mended?")
        async with asyncio.timeout(60):
            while not (drafts := await platform.assistant.list_drafts(ws, talk.id)):
                await asyncio.sleep(0.01)
        await platform.review.decide(ws, drafts[0].id, house.members["expert"].id, "respond", final_body=final.format(i=i))
        runs.append(drafts[0].run_id)
    return runs


async def frozen(house: House) -> Dataset:
    return await house.platform.datasets.freeze(house.workspace.id)


async def test_from_a_verdict_to_the_answers_of_the_models_that_it_taught_and_back(house: House) -> None:
    runs = await correct(house, 6)
    dataset, viewer = await frozen(house), await house.member("viewer")
    answered_by = (await house.platform.assistant.get_run(house.workspace.id, runs[0])).model_version
    registry = house.platform.champions.registry(house.workspace.id)
    first = registry.note(dataset.name, "duologue-4m", Path("x"), [], [], THEN)
    second = registry.note("c" * 16, first.name, Path("x"), [], [], THEN.replace(day=2))
    renamed = registry.folder / "runs" / ("c" * 16) / "version.json"
    text = renamed.read_text().replace(second.name, answered_by)  # as if this version had written the answers
    renamed.write_text(text)

    answer: dict[str, Any] = (await viewer.get(f"{PATH}/answers/{runs[0]}"))["answer"]
    assert answer["verdict"]["kind"] == "respond"
    assert [one["version"] for one in answer["version"]["from"]] == [answered_by, first.name]
    assert answer["version"]["from"][1]["dataset"]["name"] == dataset.name
    verdict = answer["verdict"]["id"]

    looked = await viewer.get(f"{PATH}/datasets/{dataset.name}?side=train")
    assert verdict in {row["verdict_id"] for row in looked["rows"]}
    assert looked["versions"] == [first.name]
    traced = await viewer.get(f"{PATH}/verdicts/{verdict}")
    assert traced["datasets"] == {dataset.name: "train"}
    assert {one["name"]: one["answers"]["count"] for one in traced["versions"]} == {first.name: 0, answered_by: 6}
    latest = traced["versions"][0]["answers"]["latest"]
    assert latest[0]["run_id"] == runs[-1]
    version = (await viewer.get(f"{PATH}/versions/{answered_by}"))["version"]
    assert version["answers"]["count"] == 6


async def test_a_dataset_shows_what_was_left_out_and_why(house: House) -> None:
    await correct(house, 3, "Yes, but send us your card number, {i}.")
    await correct(house, 1)
    dataset, viewer = await frozen(house), await house.member("viewer")
    looked = await viewer.get(f"{PATH}/datasets/{dataset.name}?side=left_out&why=asks_for_secrets&limit=2")
    assert looked["card"]["left_out"]["asks_for_secrets"] == looked["total"] > 2
    assert [row["why"] for row in looked["rows"]] == ["asks_for_secrets"] * 2
    assert [card["name"] for card in (await viewer.get(PATH))["datasets"]] == [dataset.name]


async def test_an_erased_person_is_in_no_dataset_and_their_models_say_so(house: House) -> None:
    runs = await correct(house, 4)
    dataset, owner = await frozen(house), await house.member("owner")
    registry = house.platform.champions.registry(house.workspace.id)
    version = registry.note(dataset.name, "duologue-4m", Path("x"), [], [], THEN)
    run = await house.platform.assistant.get_run(house.workspace.id, runs[0])
    assert (await owner.call("DELETE", f"/api/admin/persons/{run.person_id}")).status_code == 200
    rows = (await owner.get(f"{PATH}/datasets/{dataset.name}?side=train"))["rows"]
    assert run.conversation_id not in {row["conversation_id"] for row in rows}
    (told,) = (await owner.get(PATH))["versions"]
    assert told["erased"] > 0
    assert (await owner.get(f"{PATH}/versions/{version.name}"))["version"]["erased"] == told["erased"]
    assert (await owner.call("GET", f"{PATH}/answers/{runs[0]}")).status_code == 404


async def test_another_workspace_sees_nothing_of_it(house: House) -> None:
    runs = await correct(house, 1)
    dataset = await frozen(house)
    other = await house.platform.accounts.create_workspace("two", "Two", "en")
    await house.platform.accounts.add_member(other.id, "owner@two.example", "O", "owner", "a long password")
    stranger = house.browser()
    await stranger.sign_in("two", "owner@two.example")
    verdict = (await house.platform.review.list_verdicts(house.workspace.id))[0].id
    for path in (f"answers/{runs[0]}", f"datasets/{dataset.name}", f"verdicts/{verdict}", "versions/nobody", "datasets/%2e%2e"):
        assert (await stranger.call("GET", f"{PATH}/{path}")).status_code == 404, path
