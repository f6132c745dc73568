"""People and the assistant share a conversation: takeover, stop, newer messages, verdicts, actions; it never speaks over them."""

import asyncio
import json
from pathlib import Path

import pytest

from duologue.kit.errors import DraftSuperseded
from tests.story.house import EXPERT, SMALL, WS, House, Talk, open_house

SLOW = {
    "match": "return",
    "reply": "You can return an unused tent within 30 days of delivery. Students have 45 days. Gift cards cannot be returned.",
    "chunk_chars": 6,
    "interval_s": 0.05,
}
EMMA = "emma.whitfield@mail.example"


async def until_streamed(house: House, text: str) -> None:
    """Wait until the person has read this much of the stream."""
    async with asyncio.timeout(60):
        while text not in house.tokens("public"):
            await asyncio.sleep(0.01)


async def test_a_takeover_while_it_streams_silences_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW]) as house:
        talk = await house.open()
        message = await talk.say("How long can I return a tent?")
        await until_streamed(house, "30 days")
        await house.conversations.take_over(WS, talk.id, EXPERT)
        run = await talk.ended(message.id)
        heard = house.tokens("public")
        assert run.status == "superseded"
        await asyncio.sleep(0.5)
        assert house.tokens("public") == heard
        assert await talk.said_by("ai") == []
        assert await talk.drafts() == []
        await house.conversations.post_expert_message(WS, talk.id, EXPERT, "e1", "I am looking into it.", "public")
        await talk.say("How long can I return a boot?")
        await asyncio.sleep(0.3)
        assert await talk.said_by("ai") == []


async def test_a_newer_message_overtakes_the_turn_and_both_are_answered(tmp_path: Path) -> None:
    both = "You can return an unused tent within 30 days of delivery. Zips are covered for 2 years."
    async with open_house(tmp_path, [{"match": "zips", "reply": both}, SLOW]) as house:
        talk = await house.open()
        first = await talk.say("How long can I return a tent?")
        await talk.running()
        second = await talk.say("How long are zips covered by the warranty?")
        assert (await talk.ended(first.id)).status == "superseded"
        assert (await talk.ended(second.id)).status == "sent"
        [said] = await talk.said_by("ai")
        assert said == "You can return an unused tent within 30 days of delivery. [1] Zips are covered for 2 years. [2]"


async def test_what_the_person_read_stays_when_they_stop_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW]) as house:
        talk = await house.open()
        message = await talk.say("How long can I return a tent?")
        await until_streamed(house, "30 days")
        assert await house.assistant.stop(WS, talk.id, "per_story")
        run = await talk.ended(message.id)
        assert (run.status, run.reason) == ("cancelled", "stopped")
        [said] = await talk.said_by("ai")
        assert said == house.tokens("public").strip()
        assert "Gift cards" not in said
        assert not await house.assistant.stop(WS, talk.id, "per_story")


async def test_a_message_makes_open_drafts_stale(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW | {"interval_s": 0}], mode="copilot") as house:
        talk = await house.open()
        await talk.ask("How long can I return a tent?")
        [draft] = await talk.drafts()
        await talk.ask("How long can I return a boot?")
        assert [d.id for d in await talk.drafts("superseded")] == [draft.id]
        with pytest.raises(DraftSuperseded):
            await house.review.decide(WS, draft.id, EXPERT, "approve")


async def test_where_everything_is_drafted_one_draft_answers_all_that_waits(tmp_path: Path) -> None:
    async with open_house(tmp_path, script=SMALL, mode="copilot") as house:
        talk = await house.open()
        await talk.ask("How long can I return a tent?")
        await talk.ask("What does it cost to replace a zip in Bristol?")
        [draft] = await talk.drafts()
        assert draft.question == "How long can I return a tent?\nWhat does it cost to replace a zip in Bristol?"
        assert draft.body.index("30 days") < draft.body.index("£18")
        await house.review.decide(WS, draft.id, EXPERT, "approve")
        await talk.ask("How long are tent poles covered?")
        [next_one] = await talk.drafts()
        assert next_one.question == "How long are tent poles covered?"


async def test_an_internal_note_leaves_the_draft_open(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW | {"interval_s": 0}], mode="copilot") as house:
        talk = await house.open()
        await talk.ask("How long can I return a tent?")
        await house.conversations.post_expert_message(WS, talk.id, EXPERT, "n1", "Looks right to me.", "internal")
        [draft] = await talk.drafts()
        _, message = await house.review.decide(WS, draft.id, EXPERT, "approve")
        assert message is not None
        assert message.author_kind == "expert"
        assert message.body == draft.body


async def test_the_draft_behind_a_holding_notice_can_be_sent(tmp_path: Path) -> None:
    async with open_house(tmp_path, [{"reply": "NO_ANSWER"}]) as house:
        talk = await house.open()
        await talk.ask("How many days do I have to return a tent in Mongolia?")
        [draft] = await talk.drafts()
        _, message = await house.review.decide(WS, draft.id, EXPERT, "edit", final_body="Thirty days, there too.")
        assert message is not None
        assert (await talk.state()).attention.kind == "answered"
        assert (await talk.state()).controller.kind == "ai"


async def test_what_a_person_was_promised_waits_on_while_the_next_question_is_answered(tmp_path: Path) -> None:
    rules = [{"match": "Mongolia", "reply": "NO_ANSWER"}, {"match": "zips", "reply": "Zips are covered for 2 years."}]
    async with open_house(tmp_path, rules) as house:
        talk = await house.open()
        await talk.ask("How many days do I have to return a tent in Mongolia?")
        [draft] = await talk.drafts()
        await talk.ask("How long are zips covered by the warranty?")
        assert await talk.said_by("ai") == ["Zips are covered for 2 years. [1]"]
        assert [d.id for d in await talk.drafts()] == [draft.id]
        _, message = await house.review.decide(WS, draft.id, EXPERT, "edit", final_body="Thirty days, there too.")
        assert message is not None
        assert (await talk.state()).attention.kind == "answered"
        await talk.ask("And how long are zips covered?")
        assert await talk.drafts() == []


async def test_a_draft_of_before_a_takeover_does_not_come_back(tmp_path: Path) -> None:
    rules = [{"match": "Mongolia", "reply": "NO_ANSWER"}, {"match": "zips", "reply": "Zips are covered for 2 years."}]
    async with open_house(tmp_path, rules) as house:
        talk = await house.open()
        await talk.ask("How many days do I have to return a tent in Mongolia?")
        await house.conversations.take_over(WS, talk.id, EXPERT)
        await house.conversations.hand_back(WS, talk.id, EXPERT)
        await talk.ask("How long are zips covered by the warranty?")
        assert await talk.drafts() == []


async def test_regenerate_writes_another_draft_and_never_sends_it(tmp_path: Path) -> None:
    rules = [{"find": "Mention students", "reply": "Students have 45 days."}, SLOW | {"interval_s": 0}]
    async with open_house(tmp_path, rules, mode="copilot") as house:
        talk = await house.open()
        run = await talk.ask("How long can I return a tent?")
        [draft] = await talk.drafts()
        await house.review.decide(WS, draft.id, EXPERT, "regenerate", instruction="Mention students")
        again = await talk.ended(run.message_id, count=2)
        assert again.instruction == "Mention students"
        [fresh] = await talk.drafts()
        assert fresh.body == "Students have 45 days. [1]"
        assert await talk.said_by("ai") == []


async def test_another_draft_may_be_wished_after_the_person_said_thanks(tmp_path: Path) -> None:
    rules = [{"find": "Mention students", "reply": "Students have 45 days."}, SLOW | {"interval_s": 0}]
    async with open_house(tmp_path, rules, mode="copilot") as house:
        talk = await house.open()
        run = await talk.ask("How long can I return a tent?")
        await talk.say("ok thanks")
        [draft] = await talk.drafts()
        await house.review.decide(WS, draft.id, EXPERT, "regenerate", instruction="Mention students")
        await talk.ended(run.message_id, count=2)
        [fresh] = await talk.drafts()
        assert (fresh.question, fresh.body) == ("How long can I return a tent?", "Students have 45 days. [1]")


async def test_hand_back_lets_it_answer_again_without_handing_over_twice(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW | {"interval_s": 0}]) as house:
        talk = await house.open()
        await talk.ask("Let me talk to a person")
        await house.conversations.take_over(WS, talk.id, EXPERT)
        await house.conversations.post_expert_message(WS, talk.id, EXPERT, "e1", "What is it about?", "public")
        await house.conversations.hand_back(WS, talk.id, EXPERT)
        await asyncio.sleep(0.2)
        assert await talk.said_by("ai") == []
        run = await talk.ask("How long can I return a tent?")
        assert run.status == "sent"
        assert await talk.notices() == ["handed_over"]


async def test_a_question_that_a_takeover_interrupted_is_answered_after_hand_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW]) as house:
        talk = await house.open()
        message = await talk.say("How long can I return a tent?")
        await talk.running()
        await house.conversations.take_over(WS, talk.id, EXPERT)
        await talk.ended(message.id)
        await house.conversations.hand_back(WS, talk.id, EXPERT)
        run = await talk.ended(message.id, count=2)
        assert run.status == "sent"
        assert len(await talk.said_by("ai")) == 1


async def test_a_desk_that_becomes_copilot_meanwhile_gets_a_draft(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW]) as house:
        talk = await house.open()
        message = await talk.say("How long can I return a tent?")
        await talk.running()
        await house.conversations.set_posture(WS, "desk", house.desk.id, "copilot", EXPERT)
        async with asyncio.timeout(60):
            while not await talk.drafts():
                await asyncio.sleep(0.02)
        assert (await talk.ended(message.id)).reason == "copilot"
        assert await talk.said_by("ai") == []


@pytest.mark.parametrize(
    ("rule", "settings"),
    [({"fail": "out of order"}, {}), ({"reply": "x", "latency_s": 30}, {"turn_timeout_s": 0.3}), ({"match": "never"}, {})],
)
async def test_a_model_that_does_not_answer_is_a_visible_hand_over(
    tmp_path: Path, rule: dict[str, object], settings: dict[str, float]
) -> None:
    async with open_house(tmp_path, [rule], **settings) as house:
        talk = await house.open()
        run = await talk.ask("How long can I return a tent?")
        assert (run.status, run.reason) == ("handed_over", "model_unavailable")
        assert run.error
        assert await talk.notices() == ["handed_over"]
        assert (await talk.state()).attention.reason == "model_unavailable"


async def _ask_to_cancel(house: House) -> Talk:
    talk = await house.open()
    run = await talk.ask(f"Please cancel my order RO-104401. I am {EMMA}.")
    assert (run.status, run.reason) == ("drafted", "needs_approval")
    assert await talk.notices() == ["action_requested"]
    return talk


CALLS_CANCEL = {
    "match": "cancel",
    "tool_calls": [{"name": "cancel_order", "arguments": {"number": "RO-104401"}}],
    "reply": "{result}",
}


@pytest.mark.parametrize(("rules", "script"), [([], SMALL), ([CALLS_CANCEL], None)])
async def test_a_change_waits_for_an_expert_and_then_happens_once(
    tmp_path: Path, rules: list[dict[str, object]], script: dict[str, object] | None
) -> None:
    async with open_house(tmp_path, rules, script=script) as house:
        talk = await _ask_to_cancel(house)
        done = tmp_path / "packs" / "support" / WS / "changes.json"
        [draft] = await talk.drafts()
        assert draft.kind == "action"
        assert draft.action is not None
        assert (draft.action.tool, draft.action.arguments) == ("cancel_order", {"number": "RO-104401"})
        assert not done.exists()
        await house.review.decide(WS, draft.id, EXPERT, "approve")
        async with asyncio.timeout(60):
            while not await talk.said_by("expert"):
                await asyncio.sleep(0.02)
        assert await talk.said_by("expert") == [
            "Order RO-104401 is cancelled. Nothing will be sent, and £153 goes back to the way you paid."
        ]
        assert json.loads(done.read_text()) == {"RO-104401": {"status": "cancelled"}}
        await house.assistant.run_action(WS, draft.id, EXPERT)
        await asyncio.sleep(0.2)
        assert len(await talk.said_by("expert")) == 1


async def test_a_rejected_change_does_not_happen(tmp_path: Path) -> None:
    async with open_house(tmp_path, script=SMALL) as house:
        talk = await _ask_to_cancel(house)
        [draft] = await talk.drafts()
        await house.review.decide(WS, draft.id, EXPERT, "reject", reason="policy")
        await asyncio.sleep(0.2)
        assert not (tmp_path / "packs" / "support" / WS / "changes.json").exists()
        assert await talk.said_by("expert") == []


async def test_nobody_sees_or_changes_an_order_that_is_not_theirs(tmp_path: Path) -> None:
    async with open_house(tmp_path, script=SMALL) as house:
        talk = await house.open()
        await talk.ask("Where is RO-104401?")
        assert "e-mail address" in (await talk.said_by("ai"))[-1]
        await talk.ask("mallory@mail.example")
        assert "cannot find" in (await talk.said_by("ai"))[-1]
        await talk.ask("Then cancel RO-104401")
        assert await talk.drafts() == []
        await talk.ask(EMMA)
        other = await house.open()
        await other.ask("Where is RO-104401?")
        assert "e-mail address" in (await other.said_by("ai"))[-1]


async def test_an_erased_person_leaves_no_run_and_no_draft(tmp_path: Path) -> None:
    async with open_house(tmp_path, [SLOW], mode="copilot") as house:
        talk = await house.open()
        await talk.say("How long can I return a tent?")
        await talk.running()
        async with house.database.write() as tx:
            await house.conversations.erase_person(tx, WS, "per_story")
        await asyncio.sleep(0.5)
        assert await house.assistant.list_runs(WS, talk.id) == []
        assert await house.assistant.list_drafts(WS, talk.id) == []


@pytest.mark.parametrize("word", ["ok", "好的", "thanks!", "在吗"])
async def test_a_word_that_asks_nothing_leaves_the_draft_to_the_expert(tmp_path: Path, word: str) -> None:
    async with open_house(tmp_path, [{"reply": "We cannot say."}], mode="copilot") as house:
        talk = await house.open()
        run = await talk.ask("How long can I return a tent?")
        assert run.status == "drafted"
        await talk.say(word)
        await asyncio.sleep(0.3)
        (draft,) = await talk.drafts("ready")
        assert draft.id == run.draft_id
        assert (await talk.state()).attention.kind == "requested"
        _, sent = await house.review.decide(WS, draft.id, EXPERT, "edit", final_body="30 days.")
        assert sent is not None
        assert (await talk.messages())[-1].body == "30 days."
        await talk.say(word)
        await asyncio.sleep(0.5)
        assert len(await talk.said_by("expert")) == 1


async def test_a_new_question_still_makes_the_draft_stale(tmp_path: Path) -> None:
    async with open_house(tmp_path, [{"reply": "We cannot say."}], mode="copilot") as house:
        talk = await house.open()
        first = await talk.ask("How long can I return a tent?")
        await talk.ask("And what about a stove?")
        assert [d.id for d in await talk.drafts("superseded")] == [first.draft_id]
