"""Which verdict teaches what: the table of the architecture, and what counts as a change of meaning."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from duologue.learning.examples import meaning_changed, to_examples
from duologue.learning.export import to_line
from duologue.learning.model import Example
from duologue.review.model import Verdict

PROMPT = [{"role": "user", "content": "Do you ship to Norway?"}]
VERDICT = Verdict(
    id="vrd_1",
    workspace_id="wsp_1",
    conversation_id="cnv_1",
    person_id="per_1",
    draft_id="drf_1",
    run_id="run_1",
    message_id="msg_1",
    responding_to_seq=1,
    kind="approve",
    lang="en",
    question="Do you ship to Norway?",
    draft_text="No, we do not ship to Norway.",
    final_text="No, we do not ship to Norway.",
    reason="",
    instruction="",
    reviewer_id="mem_1",
    model_version="m@1",
    prompt_version="p@1",
    confidence=0.4,
    retrieved=(),
    citations=(),
    shown_at=None,
    decided_at=datetime(2026, 11, 1, tzinfo=UTC),
)
YES = "Yes: to Norway it takes 6 days and costs £14.95."


def shape(examples: list[Example]) -> list[tuple[str, str, str, bool]]:
    return [(e.kind, e.chosen, e.rejected, e.is_good) for e in examples]


def test_an_approved_draft_is_an_example_and_a_good_label() -> None:
    text = VERDICT.final_text
    assert shape(to_examples(VERDICT, PROMPT)) == [("sft", text, "", True), ("label", text, "", True)]


@pytest.mark.parametrize("kind", ["edit", "respond"])
def test_a_correction_is_also_a_preference(kind: str) -> None:
    verdict = replace(VERDICT, kind=kind, final_text=YES)
    assert shape(to_examples(verdict, PROMPT)) == [
        ("sft", YES, "", True),
        ("label", YES, "", True),
        ("preference", YES, VERDICT.draft_text, True),
        ("label", VERDICT.draft_text, "", False),
    ]


def test_an_edit_of_wording_is_no_preference() -> None:
    verdict = replace(VERDICT, kind="edit", final_text="No,  we do not ship to Norway!")
    assert [e.kind for e in to_examples(verdict, PROMPT)] == ["sft", "label"]


def test_a_rejection_alone_is_a_bad_label() -> None:
    verdict = replace(VERDICT, kind="reject", final_text="")
    assert shape(to_examples(verdict, PROMPT)) == [("label", VERDICT.draft_text, "", False)]


@pytest.mark.parametrize("kind", ["ignore", "regenerate"])
def test_no_decision_is_no_label(kind: str) -> None:
    assert to_examples(replace(VERDICT, kind=kind, final_text=""), PROMPT) == []


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("It takes 3 days.", "It takes 5 days.", True),
        ("You can return it.", "You can not return it.", True),
        ("可以退货。", "不可以退货。", True),
        ("Delivery is free over £50.", "Delivery is free over £50!", False),
        ("满199元包邮。", "满１９９元包邮。", False),
        ("", "Something.", True),
    ],
)
def test_what_counts_as_another_meaning(before: str, after: str, changed: bool) -> None:
    assert meaning_changed(before, after) is changed


def test_each_form_has_its_fields_and_the_lineage() -> None:
    verdict = replace(VERDICT, kind="edit", final_text=YES)
    by_kind = {e.kind: e for e in to_examples(verdict, PROMPT)}
    sft, dpo, kto = (to_line(by_kind[k], f) for k, f in (("sft", "sft"), ("preference", "dpo"), ("label", "kto")))  # type: ignore[index, arg-type]
    assert sft["messages"] == [*PROMPT, {"role": "assistant", "content": YES}]
    assert dpo["prompt"] == dpo["input"]["messages"] == PROMPT
    assert dpo["chosen"] == dpo["preferred_output"] == [{"role": "assistant", "content": YES}]
    assert dpo["rejected"] == dpo["non_preferred_output"] == [{"role": "assistant", "content": VERDICT.draft_text}]
    assert kto["label"] is False
    assert all(line["metadata"]["verdict_id"] == "vrd_1" for line in (sft, dpo, kto))
