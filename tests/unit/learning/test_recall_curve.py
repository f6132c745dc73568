"""An earlier answer is given again to a question in nearly the same words, in its own language only, and to no other."""

from duologue.learning.model import Example
from duologue.learning.recall_curve import recall


def made(question: str, answer: str, lang: str = "en") -> Example:
    return Example("sft", ({"role": "user", "content": question},), answer, "", True, {"lang": lang})


KNOWN = [
    made("How long is the warranty on tent poles?", "Five years."),
    made("Do you resole climbing shoes?", "Yes, in Bristol."),
    made("帐篷杆保修多久？", "五年。", "zh"),
]


def test_a_question_asked_again_gets_its_answer() -> None:
    assert recall(made("Hello, how long is the warranty on tent poles?", ""), KNOWN) == "Five years."
    assert recall(made("你好，帐篷杆保修多久？", "", "zh"), KNOWN) == "五年。"


def test_another_question_or_another_language_gets_none() -> None:
    assert recall(made("Can I wash a down jacket?", ""), KNOWN) == ""
    assert recall(made("How long is the warranty on tent poles?", "", "zh"), KNOWN) == ""
    assert recall(made("anything", ""), []) == ""
