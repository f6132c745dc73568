"""Forty customers of the sample shop, as they write: English and Chinese, clear and unclear, content and angry.

Each has a name, a language, what they write, and what must come of the last message (or of the whole), by name of a check in
`test_customers`.
"""

from dataclasses import dataclass
from typing import Literal

Lang = Literal["en", "zh"]


@dataclass(frozen=True)
class Customer:
    """A customer. `wanted`: the check; `words`: what the answer, or the hand-over's reason, must hold."""

    name: str
    lang: Lang
    says: tuple[str, ...]
    wanted: str
    words: str = ""
    intents: tuple[str, ...] = ()


EMMA, AOIFE, WANG, ZHANG = (f"{n}@mail.example" for n in ("emma.whitfield", "aoife.byrne", "wang.lei", "zhang.hao"))
LI = "li.jiayi@mail.example"

CUSTOMERS = (
    Customer("washes down", "en", ("How do I wash my down jacket?",), "cited", "gentle"),
    Customer("mends a zip", "en", ("What does it cost to replace a zip?",), "cited", "£18"),
    Customer("waits for money", "en", ("When will the refund be in my account?",), "cited", "working days", ("refund_status",)),
    Customer("pays later", "en", ("Can I pay with Klarna?",), "cited", "Klarna"),
    Customer("visits", "en", ("What are your opening hours?",), "cited", "Saturday"),
    Customer("is a student", "en", ("do you have a student discount",), "approved", "15 %", ("discount_code",)),
    Customer("tracks", "en", ("Where is RO-104315?", WANG), "told", "on its way", ()),
    Customer(
        "tracks by one message",
        "en",
        (f"Where is my order RO-104315? My address is {WANG}",),
        "told",
        "24 November",
        ("order_status",),
    ),
    Customer("has another's order", "en", (f"Where is my order RO-104315? My address is {EMMA}",), "told", "cannot find order"),
    Customer(
        "cancels", "en", (f"please cancel RO-104401, my address is {EMMA}",), "approved_action", "is cancelled", ("cancel_order",)
    ),
    Customer(
        "sends back",
        "en",
        (f"I want to return RO-104251, my address is {AOIFE}",),
        "approved_action",
        "return for order",
        ("return_item",),
    ),
    Customer("moves", "en", ("please change the address of RO-104401 to 5 New Road, Leeds",), "told", "e-mail address"),
    Customer(
        "mumbles, then asks", "en", ("asdf qwerty zxcv", "how can I wash a down jacket at home"), "asked_then_cited", "gentle"
    ),
    Customer("mumbles twice", "en", ("asdf qwerty zxcv", "purple monkey dishwasher", "bla"), "asked_then_person", "failed_turns"),
    Customer("is vague", "en", ("about money", "I want my invoice"), "clarified"),
    Customer("wants a person", "en", ("I want to speak to a human",), "handed_over", "asked_for_person", ("human",)),
    Customer("was hurt", "en", ("I burned my hand with your stove",), "handed_over", "policy_topic"),
    Customer(
        "complains",
        "en",
        ("this is a complaint, your service is awful", "can you recommend a stove"),
        "no_offer",
        "topic_complaint",
    ),
    Customer(
        "gets angry",
        "en",
        ("my parcel is late", "this is terrible and useless", "still waiting, worst shop ever, horrible", "awful"),
        "angry_once",
    ),
    Customer(
        "wants two things",
        "en",
        ("Where is my parcel and also how do I return boots?",),
        "read",
        "",
        ("order_status", "return_item"),
    ),
    Customer("seeks advice", "en", ("can you recommend a stove for two people",), "offered", "stove", ("recommend_item",)),
    Customer("洗羽绒服", "zh", ("羽绒服怎么洗",), "cited", "30 °C"),
    Customer("等退款", "zh", ("退款多久到账",), "cited", "退款", ("refund_status",)),
    Customer("要发票", "zh", ("怎么开发票",), "cited", "发票", ("invoice",)),
    Customer("养帐篷", "zh", ("帐篷怎么保养",), "cited", "帐篷"),
    Customer("学生", "zh", ("有学生优惠吗",), "approved", "八五折", ("discount_code",)),
    Customer("查快递", "zh", ("订单RO-104315到哪了", WANG), "told", "正在路上"),
    Customer("一句查快递", "zh", (f"我的订单RO-104315到哪了？邮箱 {WANG}",), "told", "11月24日", ("order_status",)),
    Customer("查别人的", "zh", (f"我的订单RO-104315到哪了？邮箱 {LI}",), "told", "查不到"),
    Customer("取消", "zh", (f"我要取消订单RO-104404，邮箱 {ZHANG}",), "approved_action", "已取消", ("cancel_order",)),
    Customer("退货", "zh", (f"订单RO-100951我想退货，邮箱 {LI}",), "approved_action", "退货已登记", ("return_item",)),
    Customer("说不清", "zh", ("啊啊啊啊", "羽绒服怎么洗"), "asked_then_cited", "30 °C"),
    Customer("一直说不清", "zh", ("啊啊啊啊", "呜呜呜", "呃"), "asked_then_person", "failed_turns"),
    Customer("找人", "zh", ("转人工",), "handed_over", "asked_for_person", ("human",)),
    Customer("受伤", "zh", ("炉头把我的手烫伤了",), "handed_over", "policy_topic"),
    Customer("投诉", "zh", ("你们太差劲了", "推荐一款炉头"), "no_offer", "topic_complaint"),
    Customer("生气", "zh", ("快递太慢了", "还没到，太失望了", "还是没到，气死我了，真差"), "angry_once"),
    Customer("两件事", "zh", ("我的快递到哪了，另外怎么退货",), "read", "", ("order_status", "return_item")),
    Customer("求推荐", "zh", ("推荐一款适合两个人的炉头",), "offered", "炉头", ("recommend_item",)),
    Customer("含糊", "zh", ("订单问题", "退款多久到账"), "clarified"),
)
