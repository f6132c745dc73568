"""Passages, questions and answers made by rules: simple grounded answering in English and Chinese. Version 1.

Two makers: `make_items` fills templates; `make_lookups` sets sentences of other people together and asks for the one that speaks
of a word, which teaches to find and to copy.

Every item is (passage, question, answer, lang); the answer is the sentence of the passage that answers, or the fixed sentence
"not in the text". The places, things and numbers are drawn by a seeded generator; nothing is taken from a real shop.
"""

import random
import re
from dataclasses import dataclass

from duologue.lm.text.chat import NOT_IN_TEXT

VERSION = 1


@dataclass(frozen=True)
class Item:
    passage: str
    question: str
    answer: str
    lang: str


SLOTS = {
    "en": {
        "place": [
            "Norway",
            "Oxford",
            "Leeds",
            "Canada",
            "Madrid",
            "Vienna",
            "Japan",
            "Lyon",
            "Dublin",
            "Chile",
            "Hamburg",
            "Osaka",
            "Kenya",
            "Bristol",
            "Peru",
            "Turin",
            "Iceland",
            "Perth",
        ],
        "thing": [
            "lamp",
            "kettle",
            "bicycle",
            "camera",
            "printer",
            "violin",
            "blanket",
            "mirror",
            "keyboard",
            "ladder",
            "clock",
            "carpet",
            "drill",
            "saddle",
            "pump",
            "heater",
            "desk",
            "radio",
        ],
        "things": [
            "books",
            "shoes",
            "gloves",
            "toys",
            "lamps",
            "plants",
            "batteries",
            "knives",
            "mugs",
            "chairs",
            "hats",
            "umbrellas",
            "glasses",
            "watches",
            "coats",
            "phones",
        ],
        "person": [
            "Ms Hall",
            "Mr Brandt",
            "Dr Osei",
            "Ms Novak",
            "Mr Silva",
            "Dr Chen",
            "Ms Keller",
            "Mr Adeyemi",
            "Dr Moreau",
            "Ms Yilmaz",
            "Mr Hughes",
            "Dr Rossi",
        ],
        "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        "month": [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        "colour": ["red", "blue", "green", "black", "white", "yellow", "grey", "brown"],
        "room": [
            "the kitchen",
            "the hall",
            "room 4",
            "the library",
            "the garden",
            "room 12",
            "the basement",
            "the office",
            "the studio",
        ],
    },
    "zh": {
        "place": [
            "挪威",
            "杭州",
            "成都",
            "加拿大",
            "昆明",
            "维也纳",
            "日本",
            "青岛",
            "西安",
            "智利",
            "汉堡",
            "大阪",
            "南京",
            "厦门",
            "秘鲁",
            "拉萨",
            "冰岛",
            "天津",
        ],
        "thing": [
            "台灯",
            "水壶",
            "自行车",
            "相机",
            "打印机",
            "小提琴",
            "毛毯",
            "镜子",
            "键盘",
            "梯子",
            "闹钟",
            "地毯",
            "电钻",
            "马鞍",
            "水泵",
            "暖气",
            "书桌",
            "收音机",
        ],
        "things": [
            "图书",
            "鞋子",
            "手套",
            "玩具",
            "灯具",
            "植物",
            "电池",
            "刀具",
            "杯子",
            "椅子",
            "帽子",
            "雨伞",
            "眼镜",
            "手表",
            "大衣",
            "手机",
        ],
        "person": [
            "王老师",
            "李医生",
            "张经理",
            "陈女士",
            "刘先生",
            "赵主任",
            "孙教授",
            "周师傅",
            "吴同学",
            "郑律师",
            "钱小姐",
            "何工程师",
        ],
        "day": ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"],
        "month": ["一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"],
        "colour": ["红色", "蓝色", "绿色", "黑色", "白色", "黄色", "灰色", "棕色"],
        "room": ["厨房", "大厅", "四号房间", "图书室", "花园", "十二号房间", "地下室", "办公室", "工作室"],
    },
}

# (sentence, questions); {n} and {m} are numbers
FACTS = {
    "en": [
        (
            "Delivery to {place} takes {n} working days.",
            [
                "How long does delivery to {place} take?",
                "When will my parcel reach {place}?",
                "how many days to deliver to {place}",
            ],
        ),
        (
            "Sending a parcel to {place} costs {n} pounds.",
            ["What does it cost to send a parcel to {place}?", "How much is shipping to {place}?"],
        ),
        (
            "You can return {things} within {n} days.",
            ["How long do I have to return {things}?", "Can I send {things} back?", "What is the return period for {things}?"],
        ),
        (
            "The guarantee on a {thing} lasts {n} years.",
            ["How long is the guarantee on a {thing}?", "Is there a warranty for the {thing}?"],
        ),
        (
            "Repairing a {thing} costs {n} pounds and takes {m} days.",
            [
                "What does it cost to repair a {thing}?",
                "How long does the repair of a {thing} take?",
                "My {thing} is broken, how much is the repair?",
            ],
        ),
        (
            "The shop in {place} opens at {h} on {day}.",
            ["When does the shop in {place} open on {day}?", "What are the opening hours in {place} on {day}?"],
        ),
        ("We are closed on {day} in {month}.", ["Are you open on {day} in {month}?", "When are you closed in {month}?"]),
        ("A {thing} costs {n} pounds.", ["How much is a {thing}?", "What is the price of the {thing}?", "price of a {thing}?"]),
        (
            "The {thing} is sold in {colour} and {colour2}.",
            ["Which colours does the {thing} come in?", "What colours are there for the {thing}?"],
        ),
        ("{person} is responsible for {things}.", ["Who is responsible for {things}?", "Whom do I ask about {things}?"]),
        ("{person} teaches in {room} on {day}.", ["Where does {person} teach on {day}?", "When does {person} teach?"]),
        ("The {thing} weighs {n} kilograms.", ["How heavy is the {thing}?", "What does the {thing} weigh?"]),
        ("{Things} must be kept in {room}.", ["Where must {things} be kept?", "Where should I put {things}?"]),
        ("{Things} cannot be sent to {place}.", ["Can you send {things} to {place}?", "Do you ship {things} to {place}?"]),
        (
            "Members get {n} percent off {things} in {month}.",
            ["What discount do members get on {things}?", "Is there a discount on {things} in {month}?"],
        ),
        (
            "The course in {place} begins in {month} and lasts {n} weeks.",
            ["When does the course in {place} begin?", "How long is the course in {place}?"],
        ),
        ("Clean the {thing} with warm water only.", ["How do I clean the {thing}?", "What should I clean the {thing} with?"]),
        (
            "Please bring your receipt if you want to exchange the {thing}.",
            ["What do I need to exchange the {thing}?", "Do I need a receipt to exchange the {thing}?"],
        ),
        (
            "An appointment with {person} takes {n} minutes.",
            ["How long is an appointment with {person}?", "How much time does {person} need?"],
        ),
        (
            "You can cancel an order for {things} until {h}.",
            ["Until when can I cancel an order for {things}?", "Can I cancel my {things} order?"],
        ),
        (
            "The invoice for the {thing} is sent by e-mail on {day}.",
            ["When is the invoice for the {thing} sent?", "How do I get the invoice for the {thing}?"],
        ),
        (
            "The museum in {place} was opened in {year}.",
            ["When was the museum in {place} opened?", "Since when is there a museum in {place}?"],
        ),
        (
            "{n} people live in the village near {place}.",
            ["How many people live in the village near {place}?", "What is the population of the village near {place}?"],
        ),
        ("{person} was born in {place} in {year}.", ["Where was {person} born?", "When was {person} born?"]),
    ],
    "zh": [
        ("寄到{place}需要{n}个工作日。", ["寄到{place}要多久？", "我的包裹几天能到{place}？", "发{place}几天到"]),
        ("寄往{place}的运费是{n}元。", ["寄往{place}的运费是多少？", "寄包裹到{place}要多少钱？"]),
        ("{things}可以在{n}天内退货。", ["{things}多少天内可以退货？", "{things}能退吗？", "请问{things}的退货期限是多久？"]),
        ("{thing}的保修期是{n}年。", ["{thing}的保修期有多长？", "{thing}保修几年？"]),
        (
            "修理{thing}需要{n}元，{m}天可以修好。",
            ["修理{thing}要多少钱？", "修{thing}要几天？", "我的{thing}坏了，修理费是多少？"],
        ),
        ("{place}的门店{day}{h}开门。", ["{place}的门店{day}几点开门？", "{place}{day}什么时候营业？"]),
        ("{month}的{day}我们不营业。", ["{month}的{day}你们营业吗？", "{month}什么时候休息？"]),
        ("一台{thing}的价格是{n}元。", ["{thing}多少钱？", "请问{thing}的价格是多少？", "{thing}什么价格"]),
        ("{thing}有{colour}和{colour2}两种。", ["{thing}有哪些颜色？", "{thing}有什么颜色可以选？"]),
        ("{person}负责{things}。", ["谁负责{things}？", "{things}的事情应该问谁？"]),
        ("{person}{day}在{room}上课。", ["{person}{day}在哪里上课？", "{person}什么时候上课？"]),
        ("这台{thing}重{n}公斤。", ["{thing}有多重？", "这台{thing}的重量是多少？"]),
        ("{things}必须放在{room}。", ["{things}应该放在哪里？", "{things}放在什么地方？"]),
        ("{things}不能寄到{place}。", ["{things}可以寄到{place}吗？", "你们能把{things}发到{place}吗？"]),
        ("会员{month}购买{things}可以优惠百分之{n}。", ["会员买{things}有什么优惠？", "{month}{things}打折吗？"]),
        ("{place}的课程从{month}开始，一共{n}周。", ["{place}的课程什么时候开始？", "{place}的课程有几周？"]),
        ("{thing}只能用温水清洗。", ["怎么清洗{thing}？", "{thing}应该用什么清洗？"]),
        ("更换{thing}时请带上收据。", ["更换{thing}需要带什么？", "换{thing}要收据吗？"]),
        ("和{person}的预约是{n}分钟。", ["和{person}的预约有多长时间？", "{person}的预约要多久？"]),
        ("{things}的订单在{h}之前可以取消。", ["{things}的订单什么时候之前可以取消？", "我可以取消{things}的订单吗？"]),
        ("{thing}的发票在{day}通过邮件发送。", ["{thing}的发票什么时候发送？", "怎么拿到{thing}的发票？"]),
        ("{place}的博物馆是{year}年开放的。", ["{place}的博物馆是哪一年开放的？", "{place}什么时候有了博物馆？"]),
        ("{place}附近的村子有{n}口人。", ["{place}附近的村子有多少人？", "{place}附近村子的人口是多少？"]),
        ("{person}{year}年出生在{place}。", ["{person}是在哪里出生的？", "{person}是哪一年出生的？"]),
    ],
}


def _draw(rng: random.Random, lang: str) -> dict[str, str]:
    values = {name: rng.choice(options) for name, options in SLOTS[lang].items()}
    values["colour2"] = rng.choice([c for c in SLOTS[lang]["colour"] if c != values["colour"]])
    values["n"], values["m"] = str(rng.choice([*range(2, 31), 45, 60, 80, 90, 120, 250])), str(rng.randint(2, 20))
    values["year"] = str(rng.randint(1820, 2019))
    hour = rng.randint(7, 20)
    values["h"] = (f"{hour}:{rng.choice(['00', '30'])}") if lang == "en" else f"{hour}点"
    values["Things"] = values["things"].capitalize()
    return values


def make_items(seed: int, count: int, absent: float = 0.2) -> list[Item]:
    """`count` items, half of them English; the share `absent` of them cannot be answered from their passage."""
    rng, items = random.Random(f"grounded-{VERSION}-{seed}"), []
    for index in range(count):
        lang = ("en", "zh")[index % 2]
        chosen = rng.sample(range(len(FACTS[lang])), rng.randint(2, 6))
        facts = [(which, _draw(rng, lang)) for which in chosen]
        if rng.random() < 0.4:  # the same kind of fact twice, so that the detail decides
            facts.append((chosen[0], _draw(rng, lang)))
        sentences = [FACTS[lang][which][0].format(**values) for which, values in facts]
        target, (which, values) = rng.choice(list(enumerate(facts)))
        answer = sentences[target]
        if rng.random() < absent:
            others = [w for w in range(len(FACTS[lang])) if w not in chosen]
            which = rng.choice(others if rng.random() < 0.5 else chosen)  # another kind of fact, or the same about another thing
            values, answer = _draw(rng, lang), NOT_IN_TEXT[lang]
        question = rng.choice(FACTS[lang][which][1]).format(**values)
        if _is_ambiguous(which, values, facts, question, lang):
            continue
        rng.shuffle(sentences)
        items.append(Item((" " if lang == "en" else "").join(sentences), question, answer, lang))
    return items


def _is_ambiguous(which: int, values: dict[str, str], facts: list[tuple[int, dict[str, str]]], question: str, lang: str) -> bool:
    """Whether another fact of the same kind answers the same question."""
    return any(w == which and v is not values and any(q.format(**v) == question for q in FACTS[lang][w][1]) for w, v in facts)


ABOUT = {
    "en": [
        "What does the text say about {}?",
        "Which sentence speaks of {}?",
        "Is there anything about {}?",
        "Tell me about {}.",
        "{}?",
    ],
    "zh": ["关于{}，文中怎么说？", "哪一句提到了{}？", "文中有没有说到{}？", "请说说{}。", "{}？"],
}


def make_lookups(sentences: dict[str, list[str]], seed: int, count: int, absent: float = 0.2) -> list[Item]:
    """`count` items from sentences by language; the word asked for stands in one sentence of the passage, or (`absent`) in none."""
    rng, items = random.Random(f"lookup-{VERSION}-{seed}"), list[Item]()
    while len(items) < count:
        lang = ("en", "zh")[len(items) % 2]
        chosen = rng.sample(sentences[lang], rng.randint(2, 5))
        target = rng.choice(sentences[lang]) if (is_absent := rng.random() < absent) else rng.choice(chosen)
        words = _words(target, lang)
        if not words:
            continue
        word = rng.choice(words)
        holders = [s for s in chosen if word.casefold() in s.casefold()]
        if len(holders) != (0 if is_absent else 1):
            continue
        question = rng.choice(ABOUT[lang]).format(word)
        passage = (" " if lang == "en" else "").join(chosen)
        items.append(Item(passage, question, NOT_IN_TEXT[lang] if is_absent else target, lang))
    return items


def _words(sentence: str, lang: str) -> list[str]:
    """Words worth asking for: of five letters or more, or two or three Han in a row."""
    if lang == "en":
        return re.findall(r"\b[A-Za-z]{5,}(?: [A-Za-z]{4,})?\b", sentence)
    return [run[i : i + n] for run in re.findall(r"[一-龥]{4,}", sentence) for n in (2, 3) for i in range(0, len(run) - n + 1, 2)]


# What it says of a question where no text is given.
UNKNOWN = {
    "en": "I do not know. I can answer from the texts that I am given.",
    "zh": "我不知道。我可以根据给我的文字来回答。",
}
IDENTITY = {
    "en": [
        (
            [
                "Who are you?",
                "What are you?",
                "what's your name",
                "Are you a robot?",
                "Am I talking to a person?",
                "Are you human?",
                "Who am I talking to?",
                "Introduce yourself.",
            ],
            "I am Duologue, a small assistant program. A person can take over at any time.",
        ),
        (["Hello", "Hi", "hi there", "Good morning", "Hello, anyone there?", "Good evening.", "hey"], "Hello! How can I help you?"),
        (
            ["Thank you", "Thanks a lot!", "thanks", "Great, thank you.", "That helped, thanks."],
            "You are welcome. Is there anything else?",
        ),
        (["Goodbye", "bye", "See you.", "That is all, goodbye.", "no, that's all"], "Goodbye, and have a good day."),
        (
            ["Can I talk to a person?", "I want a human.", "Get me an agent please", "let me speak to someone"],
            "Of course. I will ask a person to join.",
        ),
        (
            [
                "What is the weather tomorrow?",
                "Who will win the election?",
                "What am I thinking?",
                "Which share should I buy?",
                "What is the capital of the moon?",
            ],
            UNKNOWN["en"],
        ),
    ],
    "zh": [
        (
            [
                "你是谁？",
                "你叫什么名字？",
                "你是机器人吗？",
                "我在和真人说话吗？",
                "你是真人吗",
                "请介绍一下你自己。",
                "你是什么？",
                "请问您是哪位",
            ],
            "我是 Duologue，一个小小的助手程序，真人随时可以接手。",
        ),
        (["你好", "您好", "嗨", "早上好", "有人吗？", "晚上好。", "在吗"], "您好！请问有什么可以帮您？"),
        (["谢谢", "多谢！", "太感谢了", "好的，谢谢你。", "解决了，谢谢"], "不客气。还有别的问题吗？"),
        (["再见", "拜拜", "没有了，再见。", "就这些，再见", "不用了"], "再见，祝您愉快。"),
        (["我要找人工", "转人工", "能和真人说话吗？", "请帮我找客服"], "好的，我请一位同事来。"),
        (
            ["明天天气怎么样？", "谁会赢得选举？", "我在想什么？", "我应该买哪只股票？", "月亮的首都是哪里？"],
            UNKNOWN["zh"],
        ),
    ],
}


# What the assistant asks of a small model before its quotes, word for word, and sentences that claim nothing.
OPENING_REQUEST = {
    "en": "Write one short, friendly opening sentence for the answer to this question. Do not answer it and state no facts.",
    "zh": "为下面问题的回答写一句简短友好的开场白，不要回答问题，也不要陈述任何事实。",
}
OPENINGS = {
    "en": [
        "Happy to help with your question.",
        "Glad you asked.",
        "Sure, I am happy to help.",
        "Certainly, let me help you with this.",
    ],
    "zh": ["好的，很高兴帮助您。", "您好，很高兴帮助您。", "好的，希望可以帮助您。"],
}


def make_openings(questions: list[tuple[str, str]], seed: int) -> list[list[dict[str, str]]]:
    """For each (question, lang) the request for an opening sentence and one."""
    rng = random.Random(f"opening-{VERSION}-{seed}")
    return [
        [
            {"role": "system", "content": OPENING_REQUEST[lang]},
            {"role": "user", "content": question},
            {"role": "assistant", "content": rng.choice(OPENINGS[lang])},
        ]
        for question, lang in questions
    ]


def make_unknown(questions: list[tuple[str, str]], seed: int) -> list[list[dict[str, str]]]:
    """Each (question, lang) without a text, after a greeting at times: that it does not know."""
    rng, made = random.Random(f"unknown-{VERSION}-{seed}"), []
    for question, lang in questions:
        hello = IDENTITY[lang][1]
        before = [{"role": "user", "content": rng.choice(hello[0])}, {"role": "assistant", "content": hello[1]}]
        asked = [{"role": "user", "content": question}, {"role": "assistant", "content": UNKNOWN[lang]}]
        made.append(before + asked if rng.random() < 0.2 else asked)
    return made


def make_repeats(sentences: dict[str, list[str]], seed: int, count: int) -> list[list[dict[str, str]]]:
    """`count` conversations in which a sentence is to be said again: the plainest lesson in copying."""
    rng, asked = random.Random(f"repeat-{VERSION}-{seed}"), {"en": "Repeat: ", "zh": "请重复："}
    made = []
    for index in range(count):
        lang = ("en", "zh")[index % 2]
        sentence = rng.choice(sentences[lang])
        made.append([{"role": "user", "content": asked[lang] + sentence}, {"role": "assistant", "content": sentence}])
    return made


def make_small_talk(seed: int, count: int) -> list[tuple[list[dict[str, str]], str]]:
    """Short dialogues of greeting, identity, thanks and limits: (messages, lang)."""
    rng, made = random.Random(f"talk-{VERSION}-{seed}"), []
    for index in range(count):
        lang = ("en", "zh")[index % 2]
        messages = []
        for questions, answer in rng.sample(IDENTITY[lang], rng.randint(1, 3)):
            messages += [{"role": "user", "content": rng.choice(questions)}, {"role": "assistant", "content": answer}]
        made.append((messages, lang))
    return made


def make_disfluent(rng: random.Random, sentence: str) -> str:
    """A Chinese sentence as it is spoken: fillers and a false start."""
    fillers = ["那个", "呃", "嗯", "就是", "这个"]
    cut = rng.randint(1, max(1, min(6, len(sentence) - 1)))
    way = rng.randrange(3)
    if way == 0:
        return rng.choice(fillers) + "，" + sentence
    if way == 1:
        return sentence[:cut] + rng.choice(fillers) + sentence[cut:]
    return sentence[:cut] + "，不对，" + sentence
