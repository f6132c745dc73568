"""The support pack: a small online shop that sells and repairs outdoor gear."""

from pathlib import Path

from duologue.packs.support.policy import POLICY
from duologue.packs.support.tools import CANCEL_ORDER, GET_ORDER
from duologue.sdk import Pack, Source, Task

_HERE = Path(__file__).parent

PACK = Pack(
    name="support",
    title={"en": "Customer support", "zh": "客户服务"},
    version="1",
    tools=(GET_ORDER, CANCEL_ORDER),
    policy=POLICY,
    voice={
        "en": (_HERE / "prompts" / "voice.en.md").read_text("utf-8"),
        "zh": (_HERE / "prompts" / "voice.zh.md").read_text("utf-8"),
    },
    sources=(Source(_HERE / "knowledge" / "en", "en"), Source(_HERE / "knowledge" / "zh", "zh")),
    tasks=tuple(Task("knowledge", "retrieval", path) for path in sorted((_HERE / "evals").glob("questions*.jsonl"))),
)
