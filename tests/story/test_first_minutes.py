"""The first minutes of a customer at the desk, as people type: fragments, a change of mind, one matter in several messages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from duologue.bootstrap import create_app
from duologue.packs.support import PACK
from duologue.packs.support.talk.offers import NEEDED
from duologue.packs.support.talk.skills import ASKED, WANTS
from tests.platforms import House, add_house, open_for_test
from tests.story.test_customers import Talk, begin

pytest.importorskip("sklearn", reason="the models of the support pack need the extra support")
SMALL = {"is_strong": False, "has_tools": False, "name": "small"}
EMMA, ZHANG, LI = "emma.whitfield@mail.example", "zhang.hao@mail.example", "li.jiayi@mail.example"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_for_test(tmp_path_factory.mktemp("first") / "p", script=SMALL) as platform:
        house = await add_house(platform, create_app(platform), "first")
        ws = house.workspace.id
        (desk,) = await platform.conversations.list_desks(ws)
        await platform.conversations.change_desk(ws, desk.id, name="Front", mode="autopilot", pack="support")
        for folder in sorted({source.folder.parent for source in PACK.sources}):
            await platform.knowledge.ingest_folder(ws, folder)
        yield house


async def drafts(talk: Talk, status: str = "ready") -> list[Any]:
    found = await talk.house.platform.assistant.list_drafts(talk.ws, talk.id)
    return [draft for draft in found if draft.status == status]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_change_is_taken_back_and_asked_for_again(shop: House) -> None:
    talk = await begin(shop, "en")
    await talk.say("cancel my order pls RO-104401")
    await talk.say(EMMA)
    [waits] = await drafts(talk)
    assert waits.action.tool == "cancel_order"
    run = await talk.say("actually no keep it")
    assert run.status == "sent"
    assert "taken that request back" in (await talk.answers())[-1].body
    assert await drafts(talk) == []
    await talk.say("sorry changed my mind, still want it cancelled")
    [again] = await drafts(talk)
    assert (again.action.tool, again.action.arguments) == ("cancel_order", {"number": "RO-104401"})
    assert await talk.notices("action_requested") == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_a_change_waits_on_while_the_person_asks_something_else(shop: House) -> None:
    talk = await begin(shop, "zh")
    await talk.say("取消订单")
    await talk.say("RO-104404")
    await talk.say(ZHANG)
    [waits] = await drafts(talk)
    assert waits.action.tool == "cancel_order"
    run = await talk.say("羽绒服怎么洗")
    assert run.status == "sent"
    [still] = await drafts(talk)
    assert still.action == waits.action
    run = await talk.say("你们卖热气球吗，红色的")  # what nobody can answer is a person's, and the change with it
    assert run.status in ("drafted", "handed_over")
    [still] = await drafts(talk)
    assert still.action == waits.action
    await shop.platform.review.decide(talk.ws, still.id, "mem_expert", "approve")
    async with asyncio.timeout(60):
        while "已取消" not in (await talk.answers())[-1].body:
            await asyncio.sleep(0.02)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_wish_counts_and_not_the_number_alone(shop: House) -> None:
    talk = await begin(shop, "zh")
    for text in ("订单取消一下", "RO-104395", LI):
        await talk.say(text)
    assert "不能取消" in (await talk.answers())[-1].body


@pytest.mark.asyncio(loop_scope="module")
async def test_who_asked_again_after_an_answer_hears_again_that_it_is_looked_at(shop: House) -> None:
    talk = await begin(shop, "en")
    assert (await talk.say("do you have a museum of hot air balloons in leeds")).status == "drafted"
    assert (await talk.say("how do i wash a down jacket")).status == "sent"
    assert (await talk.say("who painted the ceiling of the balloon museum")).status == "drafted"
    assert await talk.notices("holding") == 2


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("lang", "text", "kind"),
    [
        ("en", "hey there, hope ur well", "Hello"),
        ("en", "thx so much ur a star", "welcome"),
        ("zh", "亲 在不", "您好"),
        ("zh", "图片发你了", "看不到图片"),
    ],
)
async def test_small_talk_calls_nobody(shop: House, lang: str, text: str, kind: str) -> None:
    talk = await begin(shop, lang)
    assert (await talk.say(text)).status == "sent"
    assert kind in (await talk.answers())[-1].body


@pytest.mark.asyncio(loop_scope="module")
async def test_a_few_words_after_an_answer_are_no_riddle(shop: House) -> None:
    talk = await begin(shop, "en")
    assert (await talk.say("can i pay with klarna")).status == "sent"
    await talk.say("in germany")
    last = (await talk.answers())[-1]
    assert last.data.get(ASKED) == "rephrase"
    assert "Do you mean" not in last.body
    assert "What would you like" in last.body


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_just_said_is_not_said_again_to_who_asks_nothing(shop: House) -> None:
    talk = await begin(shop, "en")
    await talk.say("just got an email about ember stove??")
    first = (await talk.answers())[-1]
    await talk.say("mine is from 2024")
    assert [m.body for m in await talk.answers()].count(first.body) == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_an_address_without_a_number_is_asked_for_the_number_once(shop: House) -> None:
    talk = await begin(shop, "en")
    await talk.say(f"its under {EMMA}")
    assert (await talk.answers())[-1].data.get(WANTS) == "number"
    run = await talk.say(f"i dont have it, only {EMMA}")
    assert run.status == "handed_over"


@pytest.mark.asyncio(loop_scope="module")
async def test_what_it_is_for_refines_the_offer(shop: House) -> None:
    talk = await begin(shop, "en")
    await talk.say("looking for a sleeping bag")
    assert (await talk.answers())[-1].data["card"]["offers"][0]["title"] == "Moss 0 sleeping bag"
    await talk.say("for scotland in march")
    last = (await talk.answers())[-1]
    assert last.data["card"]["offers"][0]["title"] == "Moss 0 sleeping bag"
    assert ASKED not in last.data


@pytest.mark.asyncio(loop_scope="module")
async def test_the_new_address_is_asked_for_and_its_wish_waits_for_approval(shop: House) -> None:
    talk = await begin(shop, "zh")
    for text in ("下单填错地址了", "RO-104401", EMMA):
        await talk.say(text)
    last = (await talk.answers())[-1]
    assert (last.data.get(WANTS), "地址改成" in last.body) == ("address", True)
    await talk.say("地址改成：22 Queen Square, Bristol BS1 4ST")
    [waits] = await drafts(talk)
    assert waits.action.tool == "change_address"
    assert waits.action.arguments == {"number": "RO-104401", "address": "22 Queen Square, Bristol BS1 4ST"}


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_is_offered_to_who_waits_for_the_right_one(shop: House) -> None:
    talk = await begin(shop, "en")
    await talk.say("wrong size in the box")
    await talk.say("want the right one asap its for a trip")
    assert not [m for m in await talk.answers() if "card" in m.data]


@pytest.mark.asyncio(loop_scope="module")
async def test_names_in_latin_letters_change_no_language(shop: House) -> None:
    talk = await begin(shop, "zh")
    await talk.say("羽绒服怎么洗")
    await talk.say("改到 Bristol BS1 4ST, 22 Queen Square")
    said = [m for m in await talk.messages() if m.author_kind in ("ai", "system")]
    assert {m.lang for m in said} == {"zh"}


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_merely_liked_does_not_narrow_what_is_looked_for(shop: House) -> None:
    talk = await begin(shop, "en")
    await talk.say("looking for a present for my mum")
    liked = {offer["title"] for offer in (await talk.answers())[-1].data["card"]["offers"]}
    await talk.say("a warm sleeping bag maybe")
    wanted = {offer["title"] for offer in (await talk.answers())[-1].data["card"]["offers"]}
    assert "Moss 0 sleeping bag" in wanted - liked


def test_the_reason_that_narrows_is_the_recommenders_own() -> None:
    from duologue.packs.support.recommend.recommender import REASONS

    assert REASONS["need"] == NEEDED
