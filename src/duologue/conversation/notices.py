"""What a person reads when control moves, in both languages; pages may show their own words by `data["code"]`."""

from collections.abc import Mapping

from duologue.kit.text import Lang

NOTICES: Mapping[str, Mapping[Lang, str]] = {
    "handed_over": {
        "en": "I am passing this on to a person. They see everything written here and will answer in this chat.",
        "zh": "我已转交人工处理。同事能看到以上全部对话，会在这里回复您。",
    },
    "handed_back": {"en": "The assistant is answering again.", "zh": "现在由智能助手继续为您服务。"},
}
