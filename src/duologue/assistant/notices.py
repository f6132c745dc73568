"""What the assistant's own house says in a person's chat, in both languages: holding, emergencies, small talk, lead-ins of quotes.

Pages may show their own words by `data["code"]`.
"""

import re
from collections.abc import Mapping

from duologue.conversation.model import Message
from duologue.kit.text import Lang, normalise

NOTICES: Mapping[str, Mapping[Lang, str]] = {
    "holding": {
        "en": "I want to be sure before I answer, so a colleague is checking this. The answer will come here.",
        "zh": "为了确保答案准确，这个问题正由同事确认，稍后会在这里回复您。",
    },
    "action_requested": {
        "en": "I have asked a colleague to approve this. You will hear here as soon as it is done.",
        "zh": "我已请同事确认这项操作，完成后会在这里通知您。",
    },
    "danger": {
        "en": "If anyone is in danger, please call the emergency services now: 112 or 999 in Europe, 120 or 110 in mainland China, "
        "999 in Hong Kong, 911 in North America. A person on our team has been alerted to this chat.",
        "zh": "如果有人身处危险，请立即拨打急救或报警电话：中国大陆 120 或 110，香港 999，欧洲 112。我们的同事已收到提醒。",
    },
    "self_harm": {
        "en": "I am sorry that you are going through this. You do not have to face it alone: please call someone now. "
        "United Kingdom and Ireland 116 123, United States and Canada 988, mainland China 12356, Hong Kong 18111; "
        "in immediate danger, your local emergency number. A person on our team has been alerted to this chat.",
        "zh": "听到您这样说，我们很难过。您不必独自面对，请现在就联系可以帮助您的人：中国大陆心理援助热线 12356，香港 18111；"
        "如有紧急危险，请拨打 120 或 110（香港 999）。我们的同事已收到提醒。",
    },
}

_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings|你好|您好|嗨|哈喽|在吗|在不在|早上好|下午好|晚上好|请问)"
    r"(?: there| all|啊|呀|呢)?\W*$",
    re.I,
)
_THANKS = re.compile(
    r"^\W*(?:(?:ok|okay|great|perfect|好的?|行|嗯)\W*)?"
    r"(?:thanks?(?: you)?(?: so much| very much| a lot)?|thx|cheers|谢谢(?:你|您|啦|了)?|多谢|感谢)"
    r"(?:[\s,.!，。！]*(?:bye|goodbye|再见|拜拜))?\W*$",
    re.I,
)
_ACKNOWLEDGED = re.compile(
    r"^\W*(?:ok(?:ay)?|k|got it|i see|great|perfect|cool|fine|alright|understood"
    r"|好|好的|好吧|好嘞|行|嗯+|哦+|知道了|明白了?|了解|收到|[👍👌🙏😊🙂😀]+)\W*$",
    re.I,
)
_MACHINE = r"(?:bot|robot|chat ?bot|machine|computer|program|ai|a\.i\.|chatgpt|gpt|assistant)"
_HUMAN = r"(?:human(?: being)?|person|somebody|someone|real(?: (?:person|human|one|agent|people))?)"
_WHO = re.compile(
    r"^\W*(?:(?:hi|hello|hey|sorry|wait|but|so|and|ok)\W+)*(?:"
    rf"(?:are|r) (?:you|u) (?:(?:really|actually|just|even|a|an|some kind of|the|only|live|real) )*(?:{_MACHINE}|{_HUMAN})"
    rf"|(?:am i|i am|i'm) (?:really )?(?:talking|speaking|chatting|writing) (?:to|with) "
    rf"(?:(?:a|an|some|the|real|live) )*(?:{_MACHINE}|{_HUMAN})"
    rf"|is (?:this|that|it) (?:(?:a|an|just|really|real|live) )*(?:{_MACHINE}|{_HUMAN})"
    rf"|how do i know (?:that )?(?:you(?:'re| are)|this is) (?:(?:not|a|an|really|real) )*(?:{_MACHINE}|{_HUMAN})"
    r"|(?:who|what) (?:exactly )?are (?:you|u)|who am i (?:talking|speaking|chatting) (?:to|with)"
    r")(?: (?:or|and not|here|now|right now|really|please|then|there)\b[^.?!\n]{0,30})?[\W_]*$"
    r"|^[\W_]*(?:请问|你好|您好|那|喂)*[\W_]*(?:"
    r"[你您]们?(?:到底|究竟|其实)?(?:是不是|是)(?:一?个|真的)?(?:机器人|人工智能|ai|智能|程序|电脑|机器|真人|活人|人类|人工|人)"
    r"|[你您]是谁|[你您]是什么|(?:这|对面|那边)(?:是不是|是)?(?:机器人|真人|人工智能|ai|人)"
    r"|我(?:是|在)?(?:不是)?(?:在)?(?:和|跟|同)(?:机器人|真人|人工智能|ai|人)(?:在)?(?:说话|聊天|对话|聊)"
    r")(?:客服|助手|服务)?(?:在?(?:回复|回答|说话))?(?:还是.{1,8}?)?[吗么嘛吧呢呀啊]*[\W_]*$",
    re.I,
)
_WHAT_FOR = re.compile(
    r"^\W*(?:what (?:can|do) (?:you|u) (?:do|help(?: me)?(?: with)?|know|offer here)(?: for me| here)?"
    r"|how (?:can|do|could) (?:you|u) help(?: me)?"
    r"|what (?:can|should|may) i ask(?: you)?(?: here| about)?|how does this (?:chat )?work|help(?: me)?(?: please)?)\W*$"
    r"|^[\W_]*(?:请问)?[你您](?:能|会|可以|都能|都会)(?:帮我?)?(?:做|干|回答|帮我?|帮忙)?(?:些)?(?:什么|啥|哪些(?:事|忙|问题)?|哪些事情?)(?:事|忙|问题)?[呢吗啊呀]?[\W_]*$"
    r"|^[\W_]*(?:[你您]有(?:什么|哪些)(?:功能|用)|(?:我)?(?:可以|能)问[你您]?(?:什么|哪些问题?)|(?:这个)?怎么用|帮助)[呢啊呀]?[\W_]*$",
    re.I,
)
_SAYS_NOTHING = re.compile(r"^[\W_]+$")
COURTESIES = ("greeting", "thanks", "acknowledged", "unclear")
"""Small talk that asks for nothing."""
SMALL_TALK: Mapping[str, Mapping[Lang, str]] = {
    "acknowledged": {"en": "Good. Write to me whenever something else comes up.", "zh": "好的，有需要随时告诉我。"},
    "unclear": {"en": "What would you like to know? Tell me in a few words.", "zh": "请问您想了解什么？简单说一下就好。"},
    "greeting": {"en": "Hello! What can I help you with?", "zh": "您好！请问有什么可以帮您？"},
    "who": {
        "en": "I am the assistant here: a program, not a person. I answer from our documents and show where it says so; where I am "
        "not sure, a colleague of our team answers in this chat. You can ask for a person at any time.",
        "zh": "我是这里的助手，是程序，不是真人。我根据我们的资料回答并注明出处；没有把握的，由同事在这里回答。"
        "您随时可以要求转人工。",
    },
    "what_for": {
        "en": "Ask me anything about us, in your own words: I look it up in our documents and show where it says so. Where I am "
        "not sure, a colleague answers in this chat, and you can ask for a person at any time.",
        "zh": "关于我们的任何问题，直接问就好：我会查找我们的资料并注明出处。没有把握的，由同事在这里回答；"
        "您也可以随时要求转人工。",
    },
    "thanks": {"en": "You're welcome. I am here if anything else comes up.", "zh": "不客气，还有问题随时告诉我。"},
}
LEAD_OTHER_LANGUAGE: Mapping[Lang, str] = {
    "en": "Our documents have this only in Chinese:",
    "zh": "我们的资料里这部分目前只有英文：",
}
LEAD_SEVERAL: Mapping[Lang, str] = {"en": "Here is what our documents say:", "zh": "我们的资料是这样说明的："}
NOTHING_FOUND: Mapping[Lang, str] = {
    "en": "I could not find this in our documents.",
    "zh": "在我们的资料里没有找到这个问题的答案。",
}


def find_small_talk(text: str) -> str | None:
    """Which kind of small talk a message is, if it is nothing else."""
    if _GREETING.match(text):
        return "greeting"
    if _THANKS.match(text):
        return "thanks"
    if _ACKNOWLEDGED.match(text):
        return "acknowledged"
    if _SAYS_NOTHING.match(text):
        return "unclear"
    plain = normalise(text)
    return "who" if _WHO.match(plain) else "what_for" if _WHAT_FOR.match(plain) else None


def asks_nothing(message: Message) -> bool:
    """Whether a public message changes nothing of what was asked before it: a person's "ok" or "thanks", a line of the house."""
    if message.kind == "notice":
        return True
    return message.author_kind == "person" and find_small_talk(message.body) is not None
