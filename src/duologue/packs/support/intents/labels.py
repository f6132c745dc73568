"""What the starter intents are called in a question to a person, in both languages."""

from collections.abc import Mapping

from duologue.kit.text import Lang

LABELS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "account_problem": "a problem with your account", "cancel_order": "cancelling an order",
        "change_address": "another delivery address",
        "change_order": "changing an order", "complaint": "a complaint", "damaged_item": "something that arrived damaged",
        "delivery_info": "delivery times and prices", "discount_code": "a discount code", "exchange_item": "exchanging something",
        "greeting": "a greeting",
        "human": "talking to a person", "invoice": "an invoice", "order_status": "where your order is",
        "payment_problem": "a problem with a payment", "product_question": "a question about a product",
        "recommend_item": "advice on what to buy", "refund_status": "a refund", "return_item": "sending something back",
        "service_question": "a service that we offer",
        "stock_question": "whether something is in stock", "store_info": "our stores, opening hours and contact",
        "thanks_goodbye": "thanks and goodbye",
        "warranty_repair": "warranty or repair",
    },
    "zh": {
        "account_problem": "账户问题", "cancel_order": "取消订单", "change_address": "修改收货地址", "change_order": "修改订单",
        "complaint": "投诉", "damaged_item": "收到的商品有损坏", "delivery_info": "配送时间和运费", "discount_code": "优惠码",
        "exchange_item": "换货", "greeting": "打招呼", "human": "找人工客服", "invoice": "发票", "order_status": "查询订单进度",
        "payment_problem": "付款问题", "product_question": "咨询商品", "recommend_item": "选购建议", "refund_status": "退款",
        "return_item": "退货", "service_question": "咨询服务项目",
        "stock_question": "是否有货", "store_info": "门店、营业时间和联系方式",
        "thanks_goodbye": "感谢与告别", "warranty_repair": "保修或维修",
    },
}  # fmt: skip
"""The starter intents in the words of a question; another intent is called by its own name."""


def label_of(intent: str, lang: Lang) -> str:
    """An intent as a person would call it."""
    return LABELS[lang].get(intent, intent.replace("_", " "))
