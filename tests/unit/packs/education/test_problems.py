"""Why something could not be used or done is said in both languages: every sentence that a page may show has its Chinese."""

import ast
import inspect
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from duologue.interfaces.api import lti
from duologue.kit.errors import Conflict, Invalid, NotFound, TooLarge
from duologue.packs.education import problems
from duologue.sdk import Panel

PACK = Path(problems.__file__).parent
SHOWN = (
    *(f"{folder}/*.py" for folder in ("maths", "scan", "interchange", "library", "grades", "pages", "learners", "path", "privacy")),
    "grading/rubric.py", "grading/programs.py", "grading/sandbox.py", "tutor/practice.py", "lti/far_side.py", "lti/launch.py",
)  # fmt: skip
RAISED = ("Invalid", "Unreadable", "ValueError", "TooLarge", "Unavailable", "Conflict", "Forbidden")


LAUNCH = (PACK / "lti/launch.py", Path(lti.__file__))
"""What a launch refuses is told on a page of its own, whatever its code."""


def sentences() -> Iterator[str]:
    """What these folders raise, with 7 in place of what is put in."""
    for paths, raised in ((chain(*map(PACK.glob, SHOWN)), RAISED), (LAUNCH, (*RAISED, "NotFound"))):
        for path in paths:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in raised and node.args:
                    first = node.args[0]
                    parts = first.values if isinstance(first, ast.JoinedStr) else [first]
                    said = "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in parts)
                    if said.endswith("."):
                        yield said


@pytest.mark.parametrize("said", sorted(set(sentences())))
def test_every_sentence_has_its_chinese(said: str) -> None:
    words = problems.in_words(said, "zh")
    assert any("\u4e00" <= c <= "\u9fff" for c in words)
    assert problems.in_words(said, "en") == said


def test_what_is_put_in_stays_in_and_what_is_unknown_stays_as_it_is() -> None:
    assert problems.in_words("I do not know the word “banana”.", "zh") == "我不认识“banana”这个词。"
    assert problems.in_words("Something else.", "zh") == "Something else."
    error = problems.spoken(TooLarge("The PDF has 90 pages; homework has at most 20.", max_pages=20), "zh")
    assert isinstance(error, TooLarge)
    assert (error.message, error.detail) == ("PDF 有 90 页；作业最多 20 页。", {"max_pages": 20})
    assert isinstance(problems.spoken(Invalid("The file is empty."), "en"), Invalid)


async def test_a_page_refuses_in_the_language_of_who_asked() -> None:
    class Asked:
        lang = "zh"

    async def refuse(context: object, text: str = "") -> None:
        """Says no."""
        raise Conflict("Your appeal waits for your teacher.") if text else NotFound("There is no such answer.")

    panel = problems.in_both(Panel("one", {"en": "One", "zh": "一"}, ("person",), "one.js", commands={"refuse": refuse}))
    refused = panel.commands["refuse"]
    assert (inspect.signature(refused), refused.__doc__) == (inspect.signature(refuse), "Says no.")
    with pytest.raises(Conflict, match="你的申诉"):
        await refused(Asked(), text="x")  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="no such answer"):
        await refused(Asked())  # type: ignore[arg-type]
