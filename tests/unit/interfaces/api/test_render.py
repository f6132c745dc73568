"""Text from outside becomes HTML that runs nothing and fetches nothing; ordinary Markdown stays what it means."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.interfaces.api.render import ATTRIBUTES, SCHEMES, TAGS, render_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "<javascript:alert(1)>",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/" onclick="alert(1))',
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example>",
    "<style>*{background:url(//evil.example)}</style>",
    "<math><mi//xlink:href='data:x,<script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "```html\n<script>alert(1)</script>\n```",
    "`<img src=x onerror=alert(1)>`",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "[x]: javascript:alert(1)\n\n[x]",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "\u202e<script>alert(1)</script>",
    "<a href=\"https://a.example\" style=\"position:fixed\" class=x id=y>x</a>",
]  # fmt: skip


class Reader(HTMLParser):
    """Collects every tag and attribute, as a browser's parser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def check_harmless(html: str) -> None:
    """Only listed tags and attributes, only listed schemes."""
    reader = Reader()
    reader.feed(html)
    assert reader.tags <= TAGS, html
    for tag, name, value in reader.attributes:
        assert name in ATTRIBUTES.get(tag, set()) | {"rel", "target"}, html
        if name == "href":
            scheme = value.split(":", 1)[0].lower() if ":" in value.split("/", 1)[0] else ""
            assert scheme in SCHEMES | {""}, html
            assert ("a", "rel", "noopener noreferrer nofollow") in reader.attributes


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless(text: str) -> None:
    check_harmless(render_html(text))


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "a", "\n", " ", "[", "](", ")", "<", ">", "`", "*", "!", "\\", '"', "|", "https://a.example"])
    )
)
def test_any_mixture_is_harmless(parts: list[str]) -> None:
    check_harmless(render_html("".join(parts)))


@given(st.text(max_size=200))
def test_any_text_is_harmless(text: str) -> None:
    check_harmless(render_html(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and [1]", "<p><strong>bold</strong> and [1]</p>\n"),
        ("你好\n世界", "<p>你好<br>\n世界</p>\n"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n"),
        ("![a tent](https://a.example/x.png)", "<p>a tent</p>\n"),
        ("3. third", '<ol start="3">\n<li>third</li>\n</ol>\n'),
        ("~~old~~", "<p><s>old</s></p>\n"),
    ],
)
def test_ordinary_text_stays_what_it_means(text: str, html: str) -> None:
    assert render_html(text) == html
