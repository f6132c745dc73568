"""The support pack: a small online shop that sells and repairs outdoor gear."""

from importlib import import_module
from pathlib import Path

from duologue.packs.support.intents.labels import LABELS
from duologue.packs.support.minds import prepare
from duologue.packs.support.pages.desk import CUSTOMER, MESSAGE, SUGGEST
from duologue.packs.support.pages.figures import FIGURES
from duologue.packs.support.pages.intents import INTENTS
from duologue.packs.support.pages.knowledge import GAPS, gather
from duologue.packs.support.pages.person import MINE
from duologue.packs.support.pages.shop import SHOP
from duologue.packs.support.policy import POLICY
from duologue.packs.support.repository import erase
from duologue.packs.support.shop.order_changes import CHANGE_ADDRESS, RETURN_ORDER
from duologue.packs.support.talk.outcomes import keep_outcome
from duologue.packs.support.talk.reading import READER
from duologue.packs.support.talk.skills import SKILLS
from duologue.packs.support.talk.surveys import send_survey
from duologue.packs.support.tools import CANCEL_ORDER, GET_ORDER
from duologue.sdk import Pack, Source, Task

_HERE = Path(__file__).parent

PACK = Pack(
    name="support",
    title={"en": "Customer support", "zh": "客户服务"},
    version="1",
    folder=_HERE,
    tools=(GET_ORDER, CANCEL_ORDER, CHANGE_ADDRESS, RETURN_ORDER),
    readers=(READER,),
    skills=SKILLS,
    panels=(MESSAGE, CUSTOMER, SUGGEST, INTENTS, GAPS, FIGURES, SHOP, MINE),
    policy=POLICY,
    watches={"RunFinished": keep_outcome, "StatusChanged": send_survey},
    migrations=_HERE / "migrations",
    erase=erase,
    prepare=prepare,
    gather=gather,
    voice={
        "en": (_HERE / "prompts" / "voice.en.md").read_text("utf-8"),
        "zh": (_HERE / "prompts" / "voice.zh.md").read_text("utf-8"),
    },
    sources=(Source(_HERE / "knowledge" / "en", "en"), Source(_HERE / "knowledge" / "zh", "zh")),
    topics={intent: {"en": LABELS["en"][intent], "zh": LABELS["zh"][intent]} for intent in LABELS["en"]},
    starters={
        "en": (
            "Where is my order?",
            "How long is the warranty on tent poles?",
            "What does a zip repair cost?",
            "Do you repair tents from other brands?",
        ),
        "zh": ("我的订单到哪里了？", "换一条拉链要多少钱？", "退货运费谁出？", "羽绒服怎么洗？"),
    },
    tasks=(
        *(Task("knowledge", "retrieval", path) for path in sorted((_HERE / "evals").glob("questions*.jsonl"))),
        Task("everyday", "answers", _HERE / "evals" / "everyday-report.jsonl"),
        Task("dialogues", "dialogues", _HERE / "evals" / "dialogues.jsonl"),
    ),
)

_MODELS = {
    "check_labels": "intents.label_quality",
    "compare": "intents.scorecard",
    "decide_step": "talk.fallback",
    "doubly_robust": "recommend.offpolicy",
    "find_gaps": "talk.gaps",
    "find_route": "talk.routing",
    "find_trend": "mood.alarms",
    "is_welcome": "recommend.welcome",
    "label_next": "intents.label_quality",
    "load_routes": "talk.routing",
    "read_catalogue": "shop.catalogue",
    "read_events": "shop.imports",
    "read_orders": "shop.imports",
    "snips": "recommend.offpolicy",
    "starter_model": "intents.starter",
    "summarise": "mood.survey",
    "AlarmGate": "mood.alarms",
    "IntentModel": "intents.classifier",
    "IntentReading": "intents.classifier",
    "Item": "shop.catalogue",
    "Recommender": "recommend.recommender",
    "Rules": "shop.catalogue",
    "SatisfactionModel": "mood.satisfaction",
    "SentimentModel": "mood.sentiment",
    "Situation": "recommend.welcome",
    "SlotReader": "intents.slots",
    "Turn": "mood.dialogue_features",
}
"""The statistical models, imported when first asked for: they need the extra `support`, the conversation does not."""


def __getattr__(name: str) -> object:
    if name not in _MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODELS[name]}"), name)
