"""The sets that both models sit: the packs' golden dialogues hold without any model, and a model that says too much loses marks."""

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.assistant.decide import Decision
from duologue.assistant.policy import NO_POLICY
from duologue.assistant.turn import Outcome
from duologue.bootstrap.packs import load_packs
from duologue.engine.nothing import NoEngine
from duologue.engine.scripted import ScriptedEngine, load_script
from duologue.kit.errors import Invalid
from duologue.knowledge.encoder import HashingEncoder
from duologue.learning.exams import Dialogue, Exam, compare_exams, is_as_expected, read_dialogues
from tests.platforms import write_script

DIALOGUES = [(pack, task.questions) for pack in load_packs() for task in pack.tasks if task.measures == "dialogues"]


def test_every_pack_brings_golden_dialogues_in_its_languages() -> None:
    assert {pack.name for pack, _ in DIALOGUES} == {"support", "education", "health"}
    for _, path in DIALOGUES:
        assert {d.lang for d in read_dialogues([path])} == {"en", "zh"}


async def test_golden_dialogues_that_need_no_knowledge_hold_and_two_equal_models_are_equal(tmp_path: Path) -> None:
    exams = []
    for pack, path in DIALOGUES:
        told = tmp_path / f"{pack.name}.jsonl"
        plain = [line for line in path.read_text("utf-8").splitlines() if not json.loads(line).get("says")]
        told.write_text("\n".join(plain), "utf-8")
        exams.append(Exam(pack.name, (), (), (told,), pack.policy, pack.voice))
    scores = await compare_exams(NoEngine(), NoEngine(), exams, HashingEncoder(), 0.8)
    assert {s.metric: (s.champion, s.low, s.high) for s in scores} == {
        f"exam.{pack.name}.dialogues": (1.0, 0.0, 0.0) for pack, _ in DIALOGUES
    }


def question(number: int, text: str, articles: list[str], quote: str) -> dict[str, Any]:
    return {"id": f"q{number}", "lang": "en", "question": text, "kind": "plain", "articles": articles, "quote": quote}


async def test_a_model_that_answers_by_its_passages_gains_and_what_has_no_answer_is_held_back(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tents.md").write_text("# Tents\n\nA tent weighs three kilograms and has four poles.\n", "utf-8")
    (tmp_path / "docs" / "boots.md").write_text("# Boots\n\nBoots are waxed once a month with beeswax.\n", "utf-8")
    rows = [question(i, "How much does a tent weigh?", ["tents"], "A tent weighs three kilograms") for i in range(8)]
    rows += [question(20 + i, "Who painted the Mona Lisa?", [], "") for i in range(8)]
    asked = tmp_path / "questions.jsonl"
    asked.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    exam = Exam("shop", (tmp_path / "docs",), (asked,), (), NO_POLICY, {})
    good = ScriptedEngine(load_script(write_script(tmp_path, [{"reply": "A tent weighs three kilograms [1]."}])))
    scores = {s.metric: s for s in await compare_exams(NoEngine(), good, [exam], HashingEncoder(), 0.5)}
    assert set(scores) == {"exam.shop.answers", "exam.shop.grounded", "exam.shop.refusals"}
    assert scores["exam.shop.answers"].challenger == 1.0
    assert scores["exam.shop.refusals"].challenger == 1.0


@pytest.mark.parametrize(("expect", "kind", "holds"), [("unsent", "send", False), ("unsent", "draft", True), ("any", "send", True)])
def test_what_a_dialogue_expects(expect: Any, kind: Any, holds: bool) -> None:
    dialogue = Dialogue("d", "en", ("Hello",), expect)
    assert is_as_expected(dialogue, Outcome(Decision(kind))) is holds
    assert not is_as_expected(Dialogue("d", "en", ("Hello",), "any", says=("yes",)), Outcome(Decision("draft")))


def test_a_line_that_is_no_dialogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"id": "x"}\n', "utf-8")
    with pytest.raises(Invalid, match=r"Line 1 of d\.jsonl"):
        read_dialogues([tmp_path / "d.jsonl"])
