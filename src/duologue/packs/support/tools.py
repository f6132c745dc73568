"""What the shop's assistant can do: look an order up, and ask for one to be cancelled.

Orders come from `shop`; what else may be asked for stands in `order_changes`. A person sees an order only after writing the
e-mail address it was placed with in the same conversation: a wrong number and a wrong address get the same answer, and after a
few addresses no further one is tried.
"""

import re
from typing import Any

from duologue.kit.text import EMAIL, normalise
from duologue.packs.support.shop.order_words import STATUS, Texts, list_items, money, render_order
from duologue.packs.support.shop.orders import Order, open_shop
from duologue.sdk import Caller, Refusal, Tool, ToolContext

MOST_ADDRESSES = 5
"""Different addresses that one conversation may try; more looks like guessing."""

NUMBER = re.compile(r"(?<![a-z0-9])RO[-\s]?(\d{6})(?!\d)", re.I)
CANCEL = re.compile(r"\b(?:cancel|call off)\w*\b|取消|撤单|撤销", re.I)
CAN_CANCEL = ("placed",)

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


def find_order(context: ToolContext, number: str) -> Order | Refusal:
    """The order, if this person has shown that it is theirs; else what to say instead."""
    number, lang = _canonical(number), context.caller.lang
    shown = _addresses(context.caller)
    if not shown:
        return Refusal("needs_email", NEEDS_EMAIL[lang].format(number=number), asks=True)
    if len(shown) > MOST_ADDRESSES:
        return Refusal("too_many", TOO_MANY[lang])
    order = open_shop(context.folder, context.caller.workspace_id).find(number)
    if order is None or order["customer"]["email"].casefold() not in shown:
        return Refusal("not_found", NOT_FOUND[lang].format(number=number), asks=True)
    return order


def _addresses(caller: Caller) -> set[str]:
    """The addresses that this person wrote; what a profile says is not proof enough."""
    return {m[0].casefold() for text in caller.said for m in EMAIL.finditer(normalise(text))}


def _canonical(number: str) -> str:
    match = NUMBER.search(normalise(number))
    return f"RO-{match[1]}" if match else number.strip().upper()


def get_order(context: ToolContext, number: str) -> dict[str, Any] | Refusal:
    """What the shop knows of an order, without the customer's data."""
    order = find_order(context, number)
    return order if isinstance(order, Refusal) else {k: v for k, v in order.items() if k != "customer"}


def preview_cancel(context: ToolContext, number: str) -> str | Refusal:
    """What cancelling would do; a Refusal where the order is not theirs or has gone too far."""
    order = find_order(context, number)
    if isinstance(order, Refusal):
        return order
    lang = context.caller.lang
    if order["status"] not in CAN_CANCEL:
        return Refusal("too_late", CANNOT_CANCEL[lang].format(number=order["number"], status=STATUS[order["status"]][lang]))
    return WOULD_CANCEL[lang].format(number=order["number"], items=list_items(order, lang), total=money(order["total"], order))


def cancel_order(context: ToolContext, number: str) -> str | Refusal:
    """Cancel an order that is not packed yet. The same call again changes nothing more."""
    order = find_order(context, number)
    if isinstance(order, Refusal):
        return order
    lang = context.caller.lang
    if order["status"] != "cancelled":
        refused = preview_cancel(context, number)
        if isinstance(refused, Refusal):
            return refused
        open_shop(context.folder, context.caller.workspace_id).change(order["number"], {"status": "cancelled"})
    return CANCELLED[lang].format(number=order["number"], total=money(order["total"], order))


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
