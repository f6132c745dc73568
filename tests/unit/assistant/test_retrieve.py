"""Questions that lean on the one before, and small talk, which needs no search at all."""

from dataclasses import dataclass, replace

import pytest

from duologue.assistant.evaluate import make_turn
from duologue.assistant.model import Precedent
from duologue.assistant.notices import NOTICES, SMALL_TALK
from duologue.assistant.retrieve import make_query, retrieve
from duologue.assistant.small_talk import find_small_talk
from duologue.kit.text import Lang
from duologue.knowledge.evaluate import Question
from duologue.knowledge.model import SearchResult
from duologue.knowledge.terms import index_terms


@pytest.mark.parametrize(
    ("question", "before", "query"),
    [
        ("And to Norway?", ["Do you deliver to Iceland?"], "Do you deliver to Iceland? And to Norway?"),
        ("what about students", ["How long can I return a tent?"], "How long can I return a tent? what about students"),
        ("How much is it?", ["a", "Can you resole boots?"], "Can you resole boots? How much is it?"),
        ("那烘干呢？", ["羽绒服怎么洗"], "羽绒服怎么洗 那烘干呢？"),
        ("wang.lei@mail.example", ["Where is RO-104315?"], "Where is RO-104315? wang.lei@mail.example"),
        ("And to Norway?", [], "And to Norway?"),
        ("How long is the warranty on tent poles?", ["Do you deliver to Iceland?"], "How long is the warranty on tent poles?"),
        ("Do you have a museum of tents?", ["What does express delivery cost?"], "Do you have a museum of tents?"),
        ("Do you have a blue?", ["Is the rucksack there in red?"], "Is the rucksack there in red? Do you have a blue?"),
        ("Can I wash it at 40?", ["羽绒服怎么洗"], "羽绒服怎么洗 Can I wash it at 40?"),
        ("你们有帐篷博物馆吗？", ["运费多少钱"], "你们有帐篷博物馆吗？"),
        ("帐篷杆的质保期限是多少年，要发票吗", ["羽绒服怎么洗"], "帐篷杆的质保期限是多少年，要发票吗"),
        ("帐篷可以退货吗？", ["换拉链多少钱"], "帐篷可以退货吗？"),
        ("学生打几折", ["换拉链多少钱"], "学生打几折"),
        ("运费多少", ["你们发货到香港吗"], "你们发货到香港吗 运费多少"),
        ("How much is delivery?", ["When are you open?"], "How much is delivery?"),
        ("Is returning free?", ["When are you open?"], "Is returning free?"),
        ("how much for express", ["Do you deliver to Wales?"], "Do you deliver to Wales? how much for express"),
        ("What does it cost to replace a zip?", ["When are you open?"], "What does it cost to replace a zip?"),
        ("How long does it take to resole boots?", ["When are you open?"], "How long does it take to resole boots?"),
        ("What does it cost to Norway?", ["Do you deliver abroad?"], "Do you deliver abroad? What does it cost to Norway?"),
        ("And what are your opening hours?", ["Do you price match?"], "And what are your opening hours?"),
        ("还有，你们店几点开门？", ["换拉链多少钱"], "还有，你们店几点开门？"),
        ("And can I return it?", ["Do you price match?"], "Do you price match? And can I return it?"),
        ("What does it cost?", ["Can you resole boots?"], "Can you resole boots? What does it cost?"),
        ("Is it possible to buy boots and return it?", ["Hm?"], "Hm? Is it possible to buy boots and return it?"),
        ("On Sunday?", ["When are you open?"], "When are you open? On Sunday?"),
    ],
)
def test_a_question_that_leans_is_looked_up_with_the_one_before(question: str, before: list[str], query: str) -> None:
    assert make_query(question, before) == query


class NoPassages:
    """A search that finds nothing."""

    async def search(self, workspace_id: str, query: str, *, lang: Lang | None = None, k: int = 5) -> SearchResult:
        return SearchResult((), 0.0, {})


@dataclass(frozen=True)
class ByWords:
    """A memory of verdicts: how alike two questions are is the share of words that they have in common."""

    questions: tuple[str, ...]

    async def find(self, workspace_id: str, question: str, lang: Lang, k: int) -> list[Precedent]:
        asked = set(index_terms(question))
        scored = [(len(asked & (own := set(index_terms(q)))) / len(asked | own), q) for q in self.questions]
        return [Precedent(q, q, "an answer", (), score, "en", "approve") for score, q in sorted(scored, reverse=True)[:k] if score]


async def test_a_verdict_on_the_question_before_is_no_answer_to_one_that_leans_on_it() -> None:
    first = make_turn("w", Question("1", "en", "Do you deliver to Sweden?", "everyday", (), ""))
    second = replace(make_turn("w", Question("2", "en", "And to Norway?", "everyday", (), "")), history=(first.message,))
    memory = ByWords(("Do you deliver to Sweden?", "Do you deliver to Norway?"))
    found = await retrieve(second, NoPassages(), memory)
    assert found.query == "Do you deliver to Sweden? And to Norway?"
    assert [p.question for p in found.precedents] == ["Do you deliver to Norway?"]
    alone = await retrieve(first, NoPassages(), memory)
    assert alone.precedents[0].question == "Do you deliver to Sweden?"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hello", "greeting"),
        ("hi there!", "greeting"),
        ("你好", "greeting"),
        ("在吗？", "greeting"),
        ("Thanks!", "thanks"),
        ("ok, thank you so much", "thanks"),
        ("好的谢谢", "thanks"),
        ("谢谢，再见", "thanks"),
        ("ok.", "acknowledged"),
        ("知道了", "acknowledged"),
        ("👍", "acknowledged"),
        ("??", "unclear"),
        ("。。。", "unclear"),
        ("Are you a bot?", "who"),
        ("r u real", "who"),
        ("hi, am I talking to a human or a machine?", "who"),
        ("how do i know you are a real person", "who"),
        ("Who are you?", "who"),
        ("你是机器人吗", "who"),
        ("您是真人还是AI？", "who"),
        ("我在跟机器人说话吗", "who"),
        ("What can you help me with?", "what_for"),
        ("help", "what_for"),
        ("你能做什么", "what_for"),
        ("who are you delivering with?", None),
        ("are you real leather?", None),
        ("is there a person I can talk to", None),
        ("help me cancel my order", None),
        ("what can you do about a broken zip?", None),
        ("你们是人工清洗吗", None),
        ("这是真皮吗", None),
        ("你能做定制吗", None),
        ("ok but where is it", None),
        ("Hello, where is my order?", None),
        ("Thanks, but the zip is broken", None),
        ("你好，怎么退货", None),
    ],
)
def test_small_talk_is_nothing_else(text: str, kind: str | None) -> None:
    assert find_small_talk(text) == kind


def test_every_notice_speaks_both_languages() -> None:
    for texts in (*NOTICES.values(), *SMALL_TALK.values()):
        assert set(texts) == {"en", "zh"}
        assert all(texts.values())
