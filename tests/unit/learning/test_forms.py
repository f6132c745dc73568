"""The exported lines are read by those for whom they are written: TRL's own functions, and the types of OpenAI's SDK."""

from dataclasses import replace
from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

from duologue.learning.examples import to_examples
from duologue.learning.export import to_line
from duologue.learning.model import ExportFormat
from tests.unit.learning.test_examples import PROMPT, VERDICT, YES

pytestmark = pytest.mark.oracle
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def lines() -> dict[ExportFormat, dict[str, Any]]:
    examples = {e.kind: e for e in to_examples(replace(VERDICT, kind="edit", final_text=YES), PROMPT)}
    return {
        "sft": to_line(examples["sft"], "sft"),
        "dpo": to_line(examples["preference"], "dpo"),
        "kto": to_line(examples["label"], "kto"),
    }


@pytest.fixture(scope="module")
def data_utils() -> Any:
    return pytest.importorskip("trl.data_utils", reason="trl is not installed")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=words)
    made.chat_template = TEMPLATE
    return made


def test_trl_renders_each_form_with_a_chat_template(data_utils: Any, tokenizer: Any) -> None:
    for form, line in lines().items():
        assert data_utils.is_conversational(line), form
        rendered = data_utils.apply_chat_template({k: v for k, v in line.items() if k not in ("metadata",)}, tokenizer)
        texts = {k: v for k, v in rendered.items() if isinstance(v, str)}
        assert YES in texts["text" if form == "sft" else "chosen" if form == "dpo" else "completion"] or form == "kto", form
        if form == "dpo":
            assert VERDICT.draft_text in texts["rejected"]
            assert texts["prompt"].endswith("<assistant>")


def test_openais_types_take_the_messages() -> None:
    messages = TypeAdapter(list[ChatCompletionMessageParam])
    line = lines()
    messages.validate_python(line["sft"]["messages"])
    assert line["sft"]["messages"][-1]["role"] == "assistant"
    messages.validate_python(line["dpo"]["input"]["messages"])
    assert line["dpo"]["input"]["messages"][-1]["role"] == "user"
    for side in ("preferred_output", "non_preferred_output"):
        (said,) = messages.validate_python(line["dpo"][side])
        assert said["role"] == "assistant"
