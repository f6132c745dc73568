"""Why something could not be used is said in both languages: every sentence that the readers raise has its Chinese."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from duologue.kit.errors import Invalid, TooLarge
from duologue.packs.education import problems

PACK = Path(problems.__file__).parent
RAISED = ("Invalid", "Unreadable", "ValueError", "TooLarge", "Unavailable", "Conflict")


def sentences() -> Iterator[str]:
    """What `maths`, `scan`, `interchange` and `library` raise, with 7 in place of what is put in."""
    for folder in ("maths", "scan", "interchange", "library"):
        for path in (PACK / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED and node.args:
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
