"""The reference is what the code says: every setting, error, event, command, route and sdk name."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
assert SPEC is not None
assert SPEC.loader is not None
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


def test_what_is_installed_is_what_the_project_says() -> None:
    assert generate.find_stale_install() == ""


@pytest.mark.parametrize("page", sorted(generate.PAGES))
def test_a_reference_page_is_what_the_code_says(page: str) -> None:
    written = (ROOT / f"docs/reference/{page}.md").read_text("utf-8")
    assert written == generate.NOTE + generate.PAGES[page]().rstrip() + "\n", "run `make docs`"


def test_nothing_is_left_without_a_word() -> None:
    for name, render in generate.PAGES.items():
        empty = [line for line in render().splitlines() if line.startswith("| ") and line.rstrip().endswith("|  |")]
        assert empty == [], f"{name}: document these"
