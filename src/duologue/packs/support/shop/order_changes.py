"""What else a customer may ask for about an order: sending things back, and another address. An expert approves both first.

The rules are those of the help centre: an address changes until the order is packed; what was delivered can be sent back. Whether a
return is still in time the expert decides, who sees the day of delivery. Knows no conversation.
"""

import re

from duologue.kit.text import normalise
from duologue.packs.support.shop.order_words import STATUS, Texts, day, list_items
from duologue.packs.support.shop.orders import open_shop
from duologue.packs.support.tools import find_order, match_order
from duologue.sdk import Refusal, Tool, ToolContext

MAX_ADDRESS = 300
CAN_MOVE = ("placed",)
CAN_RETURN = ("delivered",)

_RETURN = re.compile(r"\b(?:return|send (?:it|them|this|that) back|give (?:it|them) back)\b|退货|退回|退掉|想退|要退", re.I)
_RETURN_ASKED = re.compile(r"\b(?:how|when|where|policy|status|arrived?)\b|怎么|如何|多久|什么时候|到了吗|进度", re.I)
_MOVE = re.compile(
    r"\b(?:change|update|correct|switch)\b[^.?!\n]{0,60}?\baddress\b[^.?!\n]{0,40}?\bto\b[:\s]+(?P<en>[^?\n]{6,300})"
    r"|(?:送货|收货|配送|派送)?地址[^，。！？\n]{0,20}?(?:改成|改为|换成|换到|改到|更新为|修改为)[:：]?\s*(?P<zh>[^？\n]{4,300})",
    re.I,
)

TOO_FAR: Texts = {
    "en": "Order {number} {status}, so the address can no longer be changed. You can refuse the parcel, or accept and return it.",
    "zh": "订单 {number} {status}，地址已无法更改。您可以拒收，或签收后退货。",
}
WOULD_MOVE: Texts = {"en": "Send order {number} to: {address}.", "zh": "将订单 {number} 的收货地址改为：{address}。"}
MOVED: Texts = {"en": "Order {number} will be sent to: {address}.", "zh": "订单 {number} 将寄往：{address}。"}
CANNOT_RETURN: Texts = {
    "en": "Order {number} {status}, so a return cannot be registered for it now.",
    "zh": "订单 {number} {status}，目前无法登记退货。",
}
WOULD_RETURN: Texts = {
    "en": "Register a return for order {number}: {items}, delivered on {day}.",
    "zh": "为订单 {number} 登记退货：{items}，签收日期{day}。",
}
RETURNED: Texts = {
    "en": "Your return for order {number} is registered. Please send it back unused with its tags; the refund follows.",
    "zh": "订单 {number} 的退货已登记。请保持未使用并带吊牌寄回，我们收到后退款。",
}


def preview_return(context: ToolContext, number: str) -> str | Refusal:
    """What would be sent back; a Refusal where the order is not theirs or was not delivered."""
    order = find_order(context, number)
    if isinstance(order, Refusal):
        return order
    lang, name = context.caller.lang, order["number"]
    delivered = order["delivery"].get("delivered_at")
    if order["status"] not in CAN_RETURN or not delivered:
        return Refusal("cannot_return", CANNOT_RETURN[lang].format(number=name, status=STATUS[order["status"]][lang]))
    return WOULD_RETURN[lang].format(number=name, items=list_items(order, lang), day=day(delivered, lang))


def return_order(context: ToolContext, number: str) -> str | Refusal:
    """Register that an order is sent back. The same call again changes nothing more."""
    order = find_order(context, number)
    if isinstance(order, Refusal):
        return order
    if order["status"] != "returned":
        refused = preview_return(context, number)
        if isinstance(refused, Refusal):
            return refused
        open_shop(context.folder, context.caller.workspace_id).change(order["number"], {"status": "returned"})
    return RETURNED[context.caller.lang].format(number=order["number"])


def preview_address(context: ToolContext, number: str, address: str) -> str | Refusal:
    """Where the order would go; a Refusal where it is not theirs or already packed."""
    order = find_order(context, number)
    if isinstance(order, Refusal):
        return order
    lang, name = context.caller.lang, order["number"]
    if order["status"] not in CAN_MOVE:
        return Refusal("too_late", TOO_FAR[lang].format(number=name, status=STATUS[order["status"]][lang]))
    return WOULD_MOVE[lang].format(number=name, address=_clean(address))


def change_address(context: ToolContext, number: str, address: str) -> str | Refusal:
    """Send an order that is not packed yet elsewhere. The same call again changes nothing more."""
    refused = preview_address(context, number, address)
    if isinstance(refused, Refusal):
        return refused
    order = find_order(context, number)
    assert not isinstance(order, Refusal)
    open_shop(context.folder, context.caller.workspace_id).change(order["number"], {"address": _clean(address)})
    return MOVED[context.caller.lang].format(number=order["number"], address=_clean(address))


def match_return(text: str) -> dict[str, str] | None:
    """An order number, and the wish to send it back rather than a question about returns."""
    return match_order(text) if _RETURN.search(text) and not _RETURN_ASKED.search(text) else None


def match_address(text: str) -> dict[str, str] | None:
    """An order number, and a new address after the wish to change it."""
    number, move = match_order(text), _MOVE.search(normalise(text))
    if number is None or move is None:
        return None
    address = _clean(move["en"] or move["zh"])
    return number | {"address": address} if "@" not in address else None


def _clean(address: str) -> str:
    return " ".join(address.split())[:MAX_ADDRESS].strip(" .。,，")


RETURN_ORDER = Tool(
    name="return_order",
    description={
        "en": "Register a return for one delivered order of this customer. A colleague has to approve it first.",
        "zh": "为这位顾客一个已签收的订单登记退货，需要同事先批准。",
    },
    function=return_order,
    scope="change",
    match=match_return,
    preview=preview_return,
    pack="support",
)
CHANGE_ADDRESS = Tool(
    name="change_address",
    description={
        "en": "Change the address of one order of this customer that is not packed yet. A colleague has to approve it first.",
        "zh": "更改这位顾客一个尚未打包订单的收货地址，需要同事先批准。",
    },
    function=change_address,
    scope="change",
    match=match_address,
    preview=preview_address,
    pack="support",
)
