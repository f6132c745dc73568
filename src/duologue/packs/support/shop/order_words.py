"""Orders in words, English and Chinese. Knows no shop and no rules."""

from datetime import date
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.support.shop.orders import Order

Texts = dict[Lang, str]
SYMBOLS = {"GBP": "£", "EUR": "€", "CNY": "¥", "HKD": "HK$"}

STATUS: dict[str, Texts] = {
    "placed": {"en": "has been placed and is not packed yet", "zh": "已下单，还没有打包"},
    "packed": {"en": "is packed and waits to leave our warehouse", "zh": "已打包，等待出库"},
    "shipped": {"en": "is on its way", "zh": "已发货，正在路上"},
    "delivered": {"en": "was delivered", "zh": "已送达"},
    "cancelled": {"en": "was cancelled", "zh": "已取消"},
    "returned": {"en": "is being returned: the parcel is on its way back or being checked", "zh": "正在退货：包裹正在寄回或验收"},
    "refunded": {"en": "was returned and refunded", "zh": "已退货并退款"},
}


def render_order(order: Any, lang: Lang) -> str:
    """An order in two or three sentences."""
    delivery = order["delivery"]
    tells = [_status(order, lang), _parcel(order, lang)]
    tells.append(
        f"Items: {list_items(order, lang)}. Total {money(order['total'], order)}."
        if lang == "en"
        else f"商品：{list_items(order, lang)}。合计 {money(order['total'], order)}。"
    )
    return (" " if lang == "en" else "").join(t for t in tells if t) if delivery else tells[0]


def _status(order: Order, lang: Lang) -> str:
    delivered = order["delivery"].get("delivered_at")
    if order["status"] == "delivered" and delivered:
        return (
            f"Order {order['number']} was delivered on {day(delivered, lang)}."
            if lang == "en"
            else f"订单 {order['number']} 已于{day(delivered, lang)}送达。"
        )
    text = STATUS[order["status"]][lang]
    return f"Order {order['number']} {text}." if lang == "en" else f"订单 {order['number']} {text}。"


def _parcel(order: Order, lang: Lang) -> str:
    delivery, parts = order["delivery"], []
    is_open = order["status"] in ("placed", "packed", "shipped")
    if is_open and delivery["method"] == "pickup" and delivery["eta"]:
        when = day(delivery["eta"], lang)
        return f"You can collect it in the store, expected from {when}." if lang == "en" else f"到店自提，预计{when}起可取。"
    if is_open and delivery["eta"]:
        when = day(delivery["eta"], lang)
        parts.append(f"We expect it to arrive by {when}." if lang == "en" else f"预计{when}前送达。")
    if delivery["tracking"] and order["status"] in ("shipped", "delivered"):
        way = (
            f"{delivery['carrier']}, {delivery['tracking']}"
            if lang == "en"
            else f"{delivery['carrier']}，单号 {delivery['tracking']}"
        )
        parts.append(f"Carrier and tracking number: {way}." if lang == "en" else f"承运方：{way}。")
    return (" " if lang == "en" else "").join(parts)


def list_items(order: Order, lang: Lang) -> str:
    """What was ordered, in one line."""
    names = []
    for item in order["items"]:
        size = f" ({item['size']})" if item["size"] and lang == "en" else f"（{item['size']}）" if item["size"] else ""
        names.append(f"{item['qty']} × {item[f'name_{lang}']}{size}")
    return ("; " if lang == "en" else "；").join(names)


def money(value: float, order: Order) -> str:
    """A sum in the order's currency: £9.50, or USD 9.50 where it has no sign here."""
    currency = order["currency"]
    return f"{SYMBOLS.get(currency, f'{currency} '.lstrip())}{value:,.2f}".removesuffix(".00")


def day(iso: str, lang: Lang) -> str:
    """A date in words."""
    when = date.fromisoformat(iso)
    return f"{when.day} {when:%B %Y}" if lang == "en" else f"{when.year}年{when.month}月{when.day}日"
