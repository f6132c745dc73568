"""What the assistant's own house says in a person's chat, in both languages: holding, emergencies, small talk, lead-ins of quotes.

Pages may show their own words by `data["code"]`.
"""

from collections.abc import Mapping

from duologue.kit.text import Lang

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
    "taken_back": {
        "en": "All right: I have taken that request back, and nothing has been changed.",
        "zh": "好的，已撤回这个请求，没有做任何改动。",
    },
    "goodbye": {"en": "All right. Write to me whenever something comes up. Goodbye!", "zh": "好的，有需要随时找我。再见！"},
    "picture": {
        "en": "I cannot see pictures myself. Please tell me in a few words what it shows and what you would like done; a colleague "
        "will ask for the picture where it is needed.",
        "zh": "我自己看不到图片。请用文字简单说一下图里的情况，以及您希望怎么处理；需要图片时，同事会再向您要。",
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
