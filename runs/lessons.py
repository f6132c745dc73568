"""Lessons made from texts and templates: what the embedded model practises in its chat and fine-tuning stages. Version 1.

Every maker is a function of its texts and a seeded generator, and gives conversations `[{role, content}, …]`; a passage stands
in the system message. Answers are words of the passage or of a template, never invented here. `grounded.py` has the
single-question makers; this file has those of several turns, those from encyclopedias and the short dialogues of the three trades.
"""

import random
from typing import Any

import grounded

from duologue.lm.text import clean
from duologue.lm.text.chat import NOT_IN_TEXT

Messages = list[dict[str, str]]
JOIN = {"en": " ", "zh": ""}


def say(*turns: str, system: str = "") -> Messages:
    """A conversation from what is said by turns, the user first."""
    head = [{"role": "system", "content": system}] if system else []
    return head + [{"role": ("user", "assistant")[i % 2], "content": turn} for i, turn in enumerate(turns)]


def make_short(items: list[dict[str, str]], rng: random.Random, absent: float) -> list[Messages]:
    """Questions of people on short passages: the answering sentence with its neighbours, or among sentences of other articles."""
    made = []
    sentences = {
        lang: [s for i in items if i["lang"] == lang for s in clean.split_sentences(i["passage"])] for lang in ("en", "zh")
    }
    for item in items:
        lang, limit = item["lang"], (220, 80)[item["lang"] == "zh"]
        if item["answer"] in NOT_IN_TEXT.values() or len(item["answer"]) > limit:
            continue
        own = clean.split_sentences(item["passage"])
        others = [s for s in rng.sample(sentences[lang], 6) if s not in own and item["span"] not in s and 8 < len(s) <= limit]
        others = others[: rng.randint(1, 3)]
        if rng.random() < 0.5 and item["answer"] in own:
            at = own.index(item["answer"])
            start = max(0, at - rng.randint(0, 2))
            chosen = own[start : at + 1 + rng.randint(0, 2)]
        else:
            chosen = [*others, item["answer"]]
            rng.shuffle(chosen)
        answer = item["answer"]
        if others and rng.random() < absent:
            chosen, answer = others, NOT_IN_TEXT[lang]
        made.append(say(item["question"], answer, system=JOIN[lang].join(chosen)))
    return made


DEFINE = {
    "en": ["What is {}?", "Tell me about {}.", "what does {} mean?", "Can you explain {}?", "Who or what is {}?"],
    "zh": ["{}是什么？", "请介绍一下{}。", "什么是{}？", "请问{}是什么意思？", "我想了解{}。"],
}
SUMMARISE = {
    "en": ["Summarise in one sentence: ", "Give a short summary: ", "What is this about? ", "Sum this up: "],
    "zh": ["请用一句话概括：", "请总结：", "这段话讲的是什么？", "请写一句摘要："],
}
TITLE = {"en": "Give this text a title: ", "zh": "请给这段话起一个标题："}


def make_from_leads(texts: list[str], lang: str, rng: random.Random) -> list[Messages]:
    """From "title, line end, lead": what is X, a summary (the first sentence) and a title."""
    made = []
    limits = {"en": (40, 240, 600), "zh": (12, 80, 220)}[lang]
    for text in texts:
        title, _, body = text.partition("\n")
        lead = clean.split_sentences(body)[:4]
        if len(lead) < 2 or not limits[0] <= len(lead[0]) <= limits[1] or len(title) > 40:
            continue
        if title.casefold() not in lead[0].casefold() or sum(map(len, lead)) > limits[2]:
            continue
        passage, way = JOIN[lang].join(lead), rng.random()
        if way < 0.55:
            made.append(say(rng.choice(DEFINE[lang]).format(title), lead[0], system=passage))
        elif way < 0.85:
            made.append(say(rng.choice(SUMMARISE[lang]) + passage, lead[0]))
        else:
            made.append(say(TITLE[lang] + passage, title))
    return made


def make_several(seed: int, count: int, absent: float = 0.12) -> list[Messages]:
    """Several questions on one passage of template facts, with a greeting before or thanks behind at times."""
    rng, made = random.Random(f"several-{seed}"), list[Messages]()
    while len(made) < count:
        lang = ("en", "zh")[len(made) % 2]
        chosen = rng.sample(range(len(grounded.FACTS[lang])), rng.randint(2, 4))
        facts = [(which, grounded._draw(rng, lang)) for which in chosen]
        sentences = [grounded.FACTS[lang][which][0].format(**values) for which, values in facts]
        turns: list[str] = []
        hello, thanks, bye = (grounded.IDENTITY[lang][i] for i in (1, 2, 3))
        if rng.random() < 0.3:
            turns += [rng.choice(hello[0]), hello[1]]
        for which, values in rng.sample(facts, min(len(facts), rng.randint(2, 3))):
            answer = sentences[chosen.index(which)]
            if rng.random() < absent:
                which = rng.choice([w for w in range(len(grounded.FACTS[lang])) if w not in chosen])
                values, answer = grounded._draw(rng, lang), NOT_IN_TEXT[lang]
            turns += [rng.choice(grounded.FACTS[lang][which][1]).format(**values), answer]
        if rng.random() < 0.4:
            turns += [rng.choice(thanks[0]), thanks[1]]
            turns += [rng.choice(bye[0]), bye[1]] if rng.random() < 0.4 else []
        made.append(say(*turns, system=JOIN[lang].join(rng.sample(sentences, len(sentences)))))
    return made


# Intake: what is asked in turn, with wordings of the question and answers that a person may give.
INTAKE: dict[str, dict[str, Any]] = {
    "support.en": {
        "open": [
            "I have a problem with my order.",
            "My {thing} arrived broken.",
            "I want to send back {things}.",
            "something is wrong with my {thing}",
        ],
        "ask": [
            (
                "I am sorry to hear that. What is your order number?",
                ["It is {year}-{n}.", "{year}{n}", "order {year}-{m}"],
                "order {0}",
            ),
            ("Thank you. When did it arrive?", ["on {day}", "Last {day}.", "{n} days ago"], "arrived {0}"),
            (
                "And what would you like us to do: repair, exchange or refund?",
                ["a refund please", "Please exchange it.", "Repair it."],
                "wish: {0}",
            ),
        ],
        "close": "Thank you. I have noted: {}. A colleague will look at it.",
    },
    "support.zh": {
        "open": ["我的订单有问题。", "我收到的{thing}坏了。", "我想退{things}。", "{thing}好像不对"],
        "ask": [
            ("很抱歉给您带来不便。请问您的订单号是多少？", ["是{year}{n}。", "{year}-{m}", "订单号{year}{m}"], "订单{0}"),
            ("谢谢。请问是什么时候收到的？", ["{day}收到的", "上个{day}", "{n}天前"], "收到时间{0}"),
            ("您希望维修、换货还是退款？", ["退款", "请帮我换货。", "修一下就好"], "希望{0}"),
        ],
        "close": "谢谢您。我已记下：{}。同事会尽快处理。",
    },
    "health.en": {
        "open": [
            "I do not feel well.",
            "My {part} hurts.",
            "I have had pain in my {part}.",
            "I need an appointment, my {part} hurts",
        ],
        "ask": [
            ("I am sorry to hear that. Since when?", ["for {m} days", "Since {day}.", "about {m} weeks"], "since: {0}"),
            ("How strong is it, from 0 to 10?", ["{ten}", "about {ten}", "I would say {ten}."], "strength: {0}"),
            ("Do you take any medicine?", ["No.", "only vitamins", "Yes, against high blood pressure."], "medicine: {0}"),
        ],
        "close": "Thank you. I have noted: {}. A clinician will read this. If it gets much worse, call the emergency number.",
    },
    "health.zh": {
        "open": ["我不太舒服。", "我{part}疼。", "最近{part}一直疼。", "想预约，我{part}不舒服"],
        "ask": [
            ("听到这个我很抱歉。请问从什么时候开始的？", ["{m}天了", "从{day}开始。", "大概{m}周"], "开始：{0}"),
            ("从0到10，疼痛有多强？", ["{ten}", "大概{ten}", "{ten}分吧。"], "程度：{0}"),
            ("您现在服用什么药吗？", ["没有。", "只有维生素", "有，降血压的药。"], "用药：{0}"),
        ],
        "close": "谢谢您。我已记下：{}。医生会看到这些内容。如果明显加重，请拨打急救电话。",
    },
}
PARTS = {
    "en": ["head", "back", "knee", "stomach", "throat", "shoulder", "left ear", "neck"],
    "zh": ["头", "背", "膝盖", "胃", "喉咙", "肩膀", "左耳", "脖子"],
}


def make_intake(seed: int, count: int) -> list[Messages]:
    """Short intakes: one question at a time, then a summary in the person's own words."""
    rng, made, kinds = random.Random(f"intake-{seed}"), list[Messages](), list(INTAKE)
    for index in range(count):
        kind = kinds[index % len(kinds)]
        lang, form = kind[-2:], INTAKE[kind]
        values = grounded._draw(rng, lang) | {"part": rng.choice(PARTS[lang]), "ten": str(rng.randint(1, 10))}
        opening = rng.choice(form["open"]).format(**values)
        turns, notes = [opening], [opening.rstrip(".。")]
        for question, answers, note in form["ask"]:
            said = rng.choice(answers).format(**values)
            turns += [question, said]
            notes.append(note.format(said.rstrip(".。")))
        turns.append(form["close"].format(("; ", "；")[lang == "zh"].join(notes)))
        made.append(say(*turns))
    return made


TUTOR = {
    "en": [
        (
            "How do I solve x + {a} = {b}?",
            "What must you do on both sides so that x stands alone?",
            "take away {a}",
            "Right. So what is {b} - {a}?",
            "{d}",
            "Correct: x = {d}. Well done.",
        ),
        (
            "I do not understand {a}/{b} of {c}.",
            "Into how many equal parts do you divide {c}?",
            "{b}",
            "Yes. And how many of these parts do you take?",
            "{a}",
            "Exactly. Now work out one part and multiply.",
        ),
        (
            "Can you just tell me the answer?",
            "Let us find it together. What do you know already?",
            "not much",
            "That is fine. Read the first sentence again: what is asked?",
            "how many there are",
            "Good. Which numbers are given?",
        ),
        (
            "Is my answer {a} right?",
            "How did you get it?",
            "I added {d} and {c}",
            "Look at the question once more: is something added or taken away?",
            "taken away",
            "Good. Try again with that.",
        ),
    ],
    "zh": [
        (
            "x + {a} = {b} 怎么解？",
            "两边要做什么，x 才会单独留下？",
            "减去{a}",
            "对。那么 {b} - {a} 等于多少？",
            "{d}",
            "正确：x = {d}。做得很好。",
        ),
        (
            "我不懂{c}的{b}分之{a}。",
            "你要把{c}平均分成几份？",
            "{b}份",
            "对。然后取其中几份？",
            "{a}份",
            "没错。现在先算一份，再乘。",
        ),
        (
            "直接告诉我答案吧。",
            "我们一起来找。你已经知道什么？",
            "不太知道",
            "没关系。再读一遍第一句话：问的是什么？",
            "一共有多少",
            "很好。题目给了哪些数？",
        ),
        ("我的答案{a}对吗？", "你是怎么得到的？", "我把{d}和{c}加起来", "再看看题目：是加还是减？", "减", "很好，按这个再试一次。"),
    ],
}


def make_tutoring(seed: int, count: int) -> list[Messages]:
    """Short lessons in which the tutor asks back instead of telling."""
    rng, made = random.Random(f"tutor-{seed}"), list[Messages]()
    for index in range(count):
        lang = ("en", "zh")[index % 2]
        a, d = rng.randint(2, 9), rng.randint(2, 30)
        values = {"a": a, "d": d, "b": a + d, "c": (a + d) * rng.randint(2, 6)}
        made.append(say(*(turn.format(**values) for turn in rng.choice(TUTOR[lang]))))
    return made


TRANSLATE = {
    "en": ["Translate into Chinese: ", "How do you say this in Chinese? ", "in Chinese: "],
    "zh": ["请翻译成英文：", "这句话用英文怎么说？", "译成英语："],
}


def make_translations(pairs: list[str], rng: random.Random) -> list[Messages]:
    """From "English, line end, Chinese", short ones, each in one direction."""
    made = []
    for pair in pairs:
        en, _, zh = pair.partition("\n")
        if zh and len(en) <= 60:
            asked, given, answer = ("en", en, zh) if rng.random() < 0.5 else ("zh", zh, en)
            made.append(say(rng.choice(TRANSLATE[asked]) + given, answer))
    return made


def has_robot(messages: Messages) -> bool:
    """Whether small talk speaks of itself as a machine of another name."""
    said = " ".join(m["content"].casefold() for m in messages)
    return any(
        word in said for word in ("robot", "computer", "software", "machine", "chatter", " bot", " ai ", "人工智能", "程序", "电脑")
    )
