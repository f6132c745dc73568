"""The correction counts: what an expert changed is right the next time it is asked, in other words too, and leaves as
training data."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from duologue.assistant.model import Draft
from duologue.bootstrap import open_platform
from duologue.conversation.model import Message
from duologue.interfaces.platform import Platform
from duologue.kit.errors import AlreadyDecided, DraftSuperseded, Invalid, NotFound
from duologue.kit.settings import Settings
from duologue.knowledge.model import Input
from duologue.review.model import Verdict
from duologue.review.recall import VerdictRecall
from duologue.store.database import Tx

ARTICLE = """# Delivery in the UK

## Standard

Standard delivery takes 2–4 working days and costs £3.95. Orders over £50 go free.
"""
W, P, E = "wsp_test", "per_1", "mem_1"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    settings = Settings(data_dir=tmp_path, engine="none", sample=False)
    async with open_platform(settings) as opened:
        await opened.knowledge.ingest(W, [Input("delivery.md", ARTICLE.encode())])
        yield opened


async def until_draft(platform: Platform, conversation_id: str) -> Draft:
    async with asyncio.timeout(60):
        while True:
            for draft in await platform.assistant.list_drafts(W, conversation_id, "ready"):
                return draft
            await asyncio.sleep(0.05)


async def until_answer(platform: Platform, conversation_id: str) -> Message:
    async with asyncio.timeout(60):
        while True:
            messages = (await platform.conversations.snapshot(W, conversation_id, "public")).messages
            if messages[-1].author_kind in ("ai", "expert") and messages[-1].kind == "text":
                return messages[-1]
            await asyncio.sleep(0.05)


async def ask(platform: Platform, question: str, mode: str = "copilot", person: str = P) -> str:
    desk = await platform.conversations.ensure_desk(W, f"Desk {mode}", mode)  # type: ignore[arg-type]
    conversation = await platform.conversations.start(W, person, desk.id, "en")
    await platform.conversations.post_person_message(W, conversation.id, person, "c1", question)
    return conversation.id


@pytest.mark.parametrize(
    ("question", "answer", "again", "stranger"),
    [
        (
            "Do you ship tents to Norway?",
            "Yes. Tents go to Norway in 6 working days for £14.95.",
            "Hello, could I have a tent shipped to Norway please?",
            "Do you ship tents to Iceland?",
        ),
        (
            "能寄帐篷到挪威吗?",
            "可以，寄到挪威需要 6 个工作日，运费 £14.95。",
            "你好，请问帐篷可以寄到挪威吗？",
            "能寄帐篷到冰岛吗?",
        ),
        (
            "Can I bring my dog into the Bristol store?",
            "Dogs are welcome in Bristol on a lead, on the ground floor only.",
            "Are dogs allowed in your Bristol shop?",
            "Can I bring my bike into the Bristol store?",
        ),
    ],
)
async def test_a_corrected_answer_is_given_the_next_time(
    platform: Platform, question: str, answer: str, again: str, stranger: str
) -> None:
    draft = await until_draft(platform, await ask(platform, question))
    verdict, message = await platform.review.decide(W, draft.id, E, "edit", final_body=answer, reason="not in the articles")
    assert message is not None
    assert (message.author_kind, message.author_id, message.body) == ("expert", E, answer)
    assert (verdict.question, verdict.final_text, verdict.run_id) == (question, answer, draft.run_id)

    answered = await until_answer(platform, await ask(platform, again, "autopilot", "per_2"))
    assert answered.author_kind == "ai"
    assert answer in answered.body
    other = await ask(platform, stranger, "autopilot", "per_3")
    assert answer not in (await until_draft(platform, other)).body


async def test_a_verdict_is_signed_once_and_by_one(platform: Platform) -> None:
    draft = await until_draft(platform, await ask(platform, "Do you ship tents to Norway?"))

    async def decide(member: str) -> str:
        try:
            verdict, _ = await platform.review.decide(W, draft.id, member, "respond", final_body="No.")
        except AlreadyDecided:
            return "too late"
        return verdict.reviewer_id

    results = await asyncio.gather(decide("mem_1"), decide("mem_2"), decide("mem_1"))
    assert results.count("too late") >= 1
    assert len(await platform.review.list_verdicts(W)) == 1
    snapshot = await platform.conversations.snapshot(W, draft.conversation_id, "public")
    assert [m.body for m in snapshot.messages if m.author_kind == "expert"] == ["No."]


async def test_a_draft_that_a_newer_message_overtook_cannot_be_sent(platform: Platform) -> None:
    conversation_id = await ask(platform, "Do you ship tents to Norway?")
    draft = await until_draft(platform, conversation_id)
    await platform.conversations.post_person_message(W, conversation_id, P, "c2", "Never mind.")
    with pytest.raises(DraftSuperseded):
        await platform.review.decide(W, draft.id, E, "approve")
    assert await platform.review.list_verdicts(W) == []


async def test_what_no_passage_speaks_of_is_not_answered_alone_in_the_frame_of_a_corrected_question(platform: Platform) -> None:
    frame = "How much is {} delivery in the UK?"
    draft = await until_draft(platform, await ask(platform, frame.format("express")))
    await platform.review.decide(W, draft.id, E, "respond", final_body="£7.95.")
    answered = await until_answer(platform, await ask(platform, frame.format("standard"), "autopilot", "per_2"))
    assert "£3.95" in answered.body
    waiting = await until_draft(platform, await ask(platform, frame.format("balloon"), "autopilot", "per_3"))
    assert waiting.reason == "low_confidence"
    assert (await platform.assistant.get_run(W, waiting.run_id)).signals["exchanged"] == 1.0


async def test_a_correction_holds_in_other_words_and_not_for_what_the_articles_answer(platform: Platform) -> None:
    draft = await until_draft(platform, await ask(platform, "How much is express delivery in the UK?"))
    await platform.review.decide(W, draft.id, E, "respond", final_body="£7.95.")
    asked = "What does standard delivery in the UK cost?"
    answered = await until_answer(platform, await ask(platform, asked, "autopilot", "per_2"))
    assert "£3.95" in answered.body
    draft = await until_draft(platform, await ask(platform, "How much is standard delivery in the UK?", person="per_3"))
    await platform.review.decide(W, draft.id, E, "edit", final_body="£4.50 since May.")
    answered = await until_answer(platform, await ask(platform, asked, "autopilot", "per_4"))
    assert answered.body == "£4.50 since May."


@pytest.mark.parametrize("kind", ["edit", "respond", "reject", "regenerate"])
async def test_a_verdict_that_lacks_its_words_is_refused(platform: Platform, kind: str) -> None:
    draft = await until_draft(platform, await ask(platform, "Do you ship tents to Norway?"))
    with pytest.raises(Invalid):
        await platform.review.decide(W, draft.id, E, kind)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await platform.review.decide("wsp_other", draft.id, E, "ignore")


async def test_the_database_itself_refuses_to_change_a_verdict(platform: Platform) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    draft = await until_draft(platform, await ask(platform, "Do you ship tents to Norway?"))
    await platform.review.decide(W, draft.id, E, "reject", reason="wrong")
    with pytest.raises(DBAPIError, match="never changed"):
        async with platform.database.write() as tx:
            await tx.conn.execute(text("UPDATE verdict SET reason = 'right'"))


async def test_exports_carry_the_verdict_and_follow_an_erasure(platform: Platform) -> None:
    first = await until_draft(platform, await ask(platform, "Do you ship tents to Norway?"))
    await platform.review.decide(W, first.id, E, "respond", final_body="Yes, for £14.95.")
    second = await until_draft(platform, await ask(platform, "Is there a shop in Oslo?", person="per_2"))
    await platform.review.decide(W, second.id, E, "reject", reason="wrong")

    async def lines(form: str) -> list[dict[str, object]]:
        return [json.loads(json.dumps(line)) async for line in platform.exports.lines(W, form)]  # type: ignore[arg-type]

    (sft,) = await lines("sft")
    assert sft["messages"] == [
        {"role": "user", "content": "Do you ship tents to Norway?"},
        {"role": "assistant", "content": "Yes, for £14.95."},
    ]
    before = len(await lines("kto"))
    async with platform.database.write() as tx:
        await platform.review.erase_person(tx, W, P)
        await platform.conversations.erase_person(tx, W, P)
    assert await lines("sft") == []
    assert await lines("dpo") == []
    assert len(await lines("kto")) < before


async def test_a_rating_is_the_persons_own_and_ends_a_precedent(platform: Platform) -> None:
    question = "Do you ship tents to Norway?"
    draft = await until_draft(platform, await ask(platform, question))
    _, message = await platform.review.decide(W, draft.id, E, "respond", final_body="Yes, for £14.95.")
    assert message is not None
    recall = VerdictRecall(platform.database)
    assert [p.answer for p in await recall.find(W, question, "en", 3)] == ["Yes, for £14.95."]
    with pytest.raises(NotFound):
        await platform.review.rate(W, message.id, "per_other", "down")
    await platform.review.rate(W, message.id, P, "up")
    await platform.review.rate(W, message.id, P, "down", "The price is old.")
    assert [r.value for r in await platform.review.list_ratings(W)] == ["down"]
    assert await recall.find(W, question, "en", 3) == []


async def test_of_two_verdicts_on_one_question_the_later_holds(platform: Platform) -> None:
    for answer in ("Yes, for £14.95.", "Yes, for £16.50."):
        draft = await until_draft(platform, await ask(platform, "Do you ship tents to Norway?"))
        await platform.review.decide(W, draft.id, E, "respond", final_body=answer)
    found = await VerdictRecall(platform.database).find(W, "Do you ship tents to Norway?", "en", 3)
    assert [p.answer for p in found] == ["Yes, for £16.50."]


async def test_the_newest_is_read_by_meaning_first_however_many_blind_reviews_there_are(platform: Platform) -> None:
    draft = await until_draft(platform, await ask(platform, "Do you ship tents to Norway?"))
    verdict, _ = await platform.review.decide(W, draft.id, E, "respond", final_body="Yes, for £14.95.")
    encoded: list[str] = []

    class Others:
        async def mark(self, tx: Tx, workspace_id: str) -> int:
            return 1

        async def list_corrections(self, tx: Tx, workspace_id: str) -> list[Verdict]:
            earlier = verdict.decided_at - timedelta(days=1)
            asked = [f"Is stove {i} safe?" for i in range(200)]
            return [replace(verdict, id=f"aud_{i}", question=q, decided_at=earlier) for i, q in enumerate(asked)]

    class Encoder:
        name, dim = "same", 2

        async def encode(self, texts: Sequence[str]) -> list[list[float]]:
            encoded.extend(texts)
            return [[1.0, 0.0] for _ in texts]

    await VerdictRecall(platform.database, Encoder(), Others()).find(W, "How about parcels abroad?", "en", 3)
    assert verdict.question in encoded
    assert len(encoded) < 200
