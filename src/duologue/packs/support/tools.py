"""What the shop's assistant can do: look an order up, and ask for one to be cancelled.

Orders are rows of `sample/orders.json`; a shop of your own replaces this module, or offers its tools by MCP. A person sees an order
only after writing the e-mail address it was placed with in the same conversation: a wrong number and a wrong address get the same
answer, and after a few addresses no further one is tried.
"""

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from duologue.kit.text import Lang, normalise
from duologue.sdk import Caller, Refusal, Tool, ToolContext

SAMPLE = Path(__file__).with_name("sample") / "orders.json"
MOST_ADDRESSES = 5
"""Different addresses that one conversation may try; more looks like guessing."""

NUMBER = re.compile(r"(?<![a-z0-9])RO[-\s]?(\d{6})(?!\d)", re.I)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
CANCEL = re.compile(r"\b(?:cancel|call off)\w*\b|取消|撤单|撤销", re.I)
CAN_CANCEL = ("placed",)
SYMBOLS = {"GBP": "£", "EUR": "€", "CNY": "¥", "HKD": "HK$"}

Order = dict[str, Any]
Texts = dict[Lang, str]

STATUS: dict[str, Texts] = {
    "placed": {"en": "has been placed and is not packed yet", "zh": "已下单，还没有打包"},
    "packed": {"en": "is packed and waits to leave our warehouse", "zh": "已打包，等待出库"},
    "shipped": {"en": "is on its way", "zh": "已发货，正在路上"},
    "delivered": {"en": "was delivered", "zh": "已送达"},
    "cancelled": {"en": "was cancelled", "zh": "已取消"},
    "returned": {"en": "is being returned: the parcel is on its way back or being checked", "zh": "正在退货：包裹正在寄回或验收"},
    "refunded": {"en": "was returned and refunded", "zh": "已退货并退款"},
}
NEEDS_EMAIL: Texts = {
    "en": "To look up order {number} I need the e-mail address it was placed with. Please write it here.",
    "zh": "为了查询订单 {number}，请在这里写下下单时使用的邮箱。",
}
NOT_FOUND: Texts = {
    "en": "I cannot find order {number} under that e-mail address. Please check the number and the address.",
    "zh": "用这个邮箱查不到订单 {number}，请核对订单号和邮箱。",
}
TOO_MANY: Texts = {
    "en": "That is too many addresses for one conversation; a colleague will have to help you with this order.",
    "zh": "本次对话尝试的邮箱过多，这个订单需要由同事为您处理。",
}
CANNOT_CANCEL: Texts = {
    "en": "Order {number} {status}, so it can no longer be cancelled here.",
    "zh": "订单 {number} {status}，现在已经不能取消了。",
}
WOULD_CANCEL: Texts = {"en": "Cancel order {number}: {items}, {total}.", "zh": "取消订单 {number}：{items}，共 {total}。"}
CANCELLED: Texts = {
    "en": "Order {number} is cancelled. Nothing will be sent, and {total} goes back to the way you paid.",
    "zh": "订单 {number} 已取消，不会再发货，{total} 将原路退回。",
}


@cache
def _sample() -> dict[str, Order]:
    return {order["number"]: order for order in json.loads(SAMPLE.read_text("utf-8"))}


def _cancelled(folder: Path) -> set[str]:
    path = folder / "cancelled.json"
    return set(json.loads(path.read_text("utf-8"))) if path.exists() else set()


def _find(context: ToolContext, number: str) -> Order | Refusal:
    """The order, if this person has shown that it is theirs."""
    number, lang = _canonical(number), context.caller.lang
    shown = _addresses(context.caller)
    if not shown:
        return Refusal("needs_email", NEEDS_EMAIL[lang].format(number=number), asks=True)
    if len(shown) > MOST_ADDRESSES:
        return Refusal("too_many", TOO_MANY[lang])
    order = _sample().get(number)
    if order is None or order["customer"]["email"].casefold() not in shown:
        return Refusal("not_found", NOT_FOUND[lang].format(number=number), asks=True)
    return order | {"status": "cancelled"} if number in _cancelled(context.folder) else order


def _addresses(caller: Caller) -> set[str]:
    """The addresses that this person wrote; what a profile says is not proof enough."""
    return {m[0].casefold() for text in caller.said for m in EMAIL.finditer(normalise(text))}


def _canonical(number: str) -> str:
    match = NUMBER.search(normalise(number))
    return f"RO-{match[1]}" if match else number.strip().upper()


def get_order(context: ToolContext, number: str) -> dict[str, Any] | Refusal:
    """What the shop knows of an order, without the customer's data."""
    order = _find(context, number)
    return order if isinstance(order, Refusal) else {k: v for k, v in order.items() if k != "customer"}


def preview_cancel(context: ToolContext, number: str) -> str | Refusal:
    """What cancelling would do; a Refusal where the order is not theirs or has gone too far."""
    order = _find(context, number)
    if isinstance(order, Refusal):
        return order
    lang = context.caller.lang
    if order["status"] not in CAN_CANCEL:
        return Refusal("too_late", CANNOT_CANCEL[lang].format(number=order["number"], status=STATUS[order["status"]][lang]))
    return WOULD_CANCEL[lang].format(number=order["number"], items=_items(order, lang), total=_money(order["total"], order))


def cancel_order(context: ToolContext, number: str) -> str | Refusal:
    """Cancel an order that is not packed yet. The same call again changes nothing more."""
    order = _find(context, number)
    if isinstance(order, Refusal):
        return order
    lang = context.caller.lang
    done = _cancelled(context.folder)
    if order["number"] not in done:
        refused = preview_cancel(context, number)
        if isinstance(refused, Refusal):
            return refused
        context.folder.mkdir(parents=True, exist_ok=True)
        draft = context.folder / "cancelled.json.new"
        draft.write_text(json.dumps(sorted(done | {order["number"]})), "utf-8")
        draft.replace(context.folder / "cancelled.json")
    return CANCELLED[lang].format(number=order["number"], total=_money(order["total"], order))


def match_order(text: str) -> dict[str, str] | None:
    """An order number in a person's words."""
    match = NUMBER.search(normalise(text))
    return {"number": f"RO-{match[1]}"} if match else None


def match_cancel(text: str) -> dict[str, str] | None:
    """An order number, and a wish to cancel it rather than a question about cancelling."""
    return (
        match_order(text)
        if CANCEL.search(text) and not re.search(r"\bwas\b.*cancel|cancelled\?|被取消|取消了吗", text, re.I)
        else None
    )


def render_order(order: Any, lang: Lang) -> str:
    """An order in two or three sentences."""
    delivery = order["delivery"]
    tells = [_status(order, lang), _parcel(order, lang)]
    tells.append(
        f"Items: {_items(order, lang)}. Total {_money(order['total'], order)}."
        if lang == "en"
        else f"商品：{_items(order, lang)}。合计 {_money(order['total'], order)}。"
    )
    return (" " if lang == "en" else "").join(t for t in tells if t) if delivery else tells[0]


def _status(order: Order, lang: Lang) -> str:
    delivered = order["delivery"].get("delivered_at")
    if order["status"] == "delivered" and delivered:
        return (
            f"Order {order['number']} was delivered on {_day(delivered, lang)}."
            if lang == "en"
            else f"订单 {order['number']} 已于{_day(delivered, lang)}送达。"
        )
    text = STATUS[order["status"]][lang]
    return f"Order {order['number']} {text}." if lang == "en" else f"订单 {order['number']} {text}。"


def _parcel(order: Order, lang: Lang) -> str:
    delivery, parts = order["delivery"], []
    is_open = order["status"] in ("placed", "packed", "shipped")
    if is_open and delivery["method"] == "pickup" and delivery["eta"]:
        day = _day(delivery["eta"], lang)
        return f"You can collect it in the store, expected from {day}." if lang == "en" else f"到店自提，预计{day}起可取。"
    if is_open and delivery["eta"]:
        day = _day(delivery["eta"], lang)
        parts.append(f"We expect it to arrive by {day}." if lang == "en" else f"预计{day}前送达。")
    if delivery["tracking"] and order["status"] in ("shipped", "delivered"):
        way = (
            f"{delivery['carrier']}, {delivery['tracking']}"
            if lang == "en"
            else f"{delivery['carrier']}，单号 {delivery['tracking']}"
        )
        parts.append(f"Carrier and tracking number: {way}." if lang == "en" else f"承运方：{way}。")
    return (" " if lang == "en" else "").join(parts)


def _items(order: Order, lang: Lang) -> str:
    names = []
    for item in order["items"]:
        size = f" ({item['size']})" if item["size"] and lang == "en" else f"（{item['size']}）" if item["size"] else ""
        names.append(f"{item['qty']} × {item[f'name_{lang}']}{size}")
    return ("; " if lang == "en" else "；").join(names)


def _money(value: float, order: Order) -> str:
    return f"{SYMBOLS[order['currency']]}{value:,.2f}".removesuffix(".00")


def _day(iso: str, lang: Lang) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}" if lang == "en" else f"{day.year}年{day.month}月{day.day}日"


GET_ORDER = Tool(
    name="get_order",
    description={
        "en": "Look up one order of this customer by its number (RO- and six digits): status, parcel, items, total.",
        "zh": "按订单号（RO- 加六位数字）查询这位顾客的一个订单：状态、物流、商品、金额。",
    },
    function=get_order,
    match=match_order,
    render=render_order,
    pack="support",
)
CANCEL_ORDER = Tool(
    name="cancel_order",
    description={
        "en": "Cancel one order of this customer that is not packed yet. A colleague has to approve it first.",
        "zh": "取消这位顾客一个尚未打包的订单，需要同事先批准。",
    },
    function=cancel_order,
    scope="change",
    match=match_cancel,
    preview=preview_cancel,
    pack="support",
)
