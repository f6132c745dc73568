"""Each format becomes Markdown with its structure; what cannot be read says so in a sentence."""

import io
import zipfile

import pytest
from docx import Document as new_docx

from duologue.kit.errors import DuologueError, Invalid, TooLarge
from duologue.knowledge.model import Input
from duologue.knowledge.readers import read
from duologue.knowledge.readers.pdf import join_lines
from tests.pdf import pdf_file

LIMIT = 1_000_000


def text_of(uri: str, data: bytes, media_type: str = "") -> str:
    return read(Input(uri, data, media_type), LIMIT).text


def test_front_matter_gives_title_topic_and_language() -> None:
    found = read(Input("a.md", "---\ntitle: 保修\ntopic: warranty\nlang: zh\n---\n\n# Other\n\ntext".encode()), LIMIT)
    assert (found.title, found.topic, found.lang, found.text) == ("保修", "warranty", "zh", "# Other\n\ntext")


def test_the_first_heading_or_the_name_is_the_title() -> None:
    assert read(Input("a.md", b"# Boots\n\ntext"), LIMIT).title == "Boots"
    assert read(Input("help/snow%20shoes.md", b"text"), LIMIT).title == "snow shoes"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_in_the_usual_encodings(encoding: str) -> None:
    assert text_of("a.txt", "退货运费由我们承担，30 天内有效".encode(encoding)) == "退货运费由我们承担，30 天内有效"


PAGE = """<!doctype html><html lang="en"><head><title>Shop | Care</title><script>alert(1)</script></head><body>
<nav><a href="/">Home</a></nav><main><h1>Down <em>jackets</em></h1><p>Wash at <b>30 °C</b>,<br>gently.</p>
<h2>Steps</h2><ol><li>Close zips</li><li>Wash<ul><li>no softener</li></ul></li></ol>
<table><caption>Prices</caption><tr><th>Job</th><th>Price</th></tr><tr><td>Wash | dry</td><td>£25</td></tr></table>
<div hidden>secret</div><p style="display: none">hidden</p><!-- comment --><form><input value="x"></form>Loose words</main>
<footer>imprint</footer></body></html>"""


def test_html_keeps_the_structure_of_the_main_part_and_nothing_else() -> None:
    found = read(Input("https://shop.example/care", PAGE.encode(), "text/html; charset=utf-8"), LIMIT)
    assert found.title == "Down jackets"
    assert found.lang == "en"
    assert found.text == (
        "# Down jackets\n\nWash at 30 °C,\ngently.\n\n## Steps\n\n1. Close zips\n2. Wash\n   - no softener\n\nPrices\n\n"
        "| Job | Price |\n| --- | --- |\n| Wash \\| dry | £25 |\n\nLoose words"
    )


def test_prose_that_looks_like_a_heading_stays_prose() -> None:
    assert text_of("a.html", b"<p># no heading</p>") == "\\# no heading"


def word_file() -> bytes:
    document = new_docx()
    document.add_heading("Rental", 0)
    document.add_heading("Prices", 1)
    document.add_paragraph("Per day.")
    document.add_paragraph("tents", style="List Bullet")
    document.add_paragraph("packs", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, value in zip([c for row in table.rows for c in row.cells], ["Item", "£", "Tent", "8"], strict=True):
        cell.text = value
    document.add_paragraph("After the table.")
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def test_word_keeps_headings_lists_and_tables_in_order() -> None:
    found = read(Input("rental.docx", word_file()), LIMIT)
    assert found.title == "Rental"
    assert found.text == (
        "# Rental\n\n# Prices\n\nPer day.\n\n- tents\n- packs\n\n| Item | £ |\n| --- | --- |\n| Tent | 8 |\n\nAfter the table."
    )


def test_questions_and_answers_become_sections() -> None:
    table = 'id,Question,Answer\n1,"Where is\nmy order?","In ""My orders""."\n2,怎么退货？,联系我们。\n3,,no question\n'
    assert text_of("faq.csv", table.encode()) == '## Where is my order?\n\nIn "My orders".\n\n## 怎么退货？\n\n联系我们。'
    assert text_of("faq.csv", "问题;答案\n多久？;三天\n".encode()) == "## 多久？\n\n三天"
    assert text_of("faq.tsv", b"Is it open?\tYes.\n") == "## Is it open?\n\nYes."


def test_another_table_is_read_as_a_table() -> None:
    assert text_of("sizes.csv", b"size,chest,waist\nM,96,80\n") == "| size | chest | waist |\n| --- | --- | --- |\n| M | 96 | 80 |"


def test_pdf_pages_become_sections_and_lines_paragraphs() -> None:
    data = pdf_file("Return it within thirty days of\ndelivery.\nKeep the tags.", "Second page.")
    assert text_of("policy.pdf", data) == (
        "## p. 1\n\nReturn it within thirty days of delivery.\n\nKeep the tags.\n\n## p. 2\n\nSecond page."
    )


def test_lines_of_a_page_are_joined_where_a_sentence_goes_on() -> None:
    assert join_lines("A line that goes on and is long\nand ends here.\nTitle\nNext para-\ngraph") == (
        "A line that goes on and is long and ends here.\n\nTitle\n\nNext para-\n\ngraph"
    )
    assert join_lines("这一行没有说完所以会接\n到下一行。") == "这一行没有说完所以会接到下一行。"


def test_a_locked_pdf_says_so() -> None:
    with pytest.raises(Invalid, match="password"):
        text_of("a.pdf", pdf_file("secret", password="pass"))


@pytest.mark.parametrize(
    ("uri", "data"),
    [
        ("empty.md", b""),
        ("blank.md", b" \n\n"),
        ("image.png", b"\x89PNG\r\n"),
        ("noending", b"text"),
        ("broken.pdf", b"%PDF-1.7 truncated"),
        ("empty.pdf", pdf_file("")),
        ("broken.docx", b"PK\x03\x04 not a zip"),
        ("other.docx", b"plain"),
        ("front.md", b"---\ntitle: [unclosed\n---\ntext"),
        ("binary.txt", b"a\x00b"),
        ("header.csv", b"question,answer\n"),
        ("page.html", b"<html><body><script>x</script></body></html>"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(uri: str, data: bytes) -> None:
    with pytest.raises(DuologueError) as caught:
        text_of(uri, data)
    assert len(caught.value.message.split()) > 3
    assert caught.value.message.endswith(".")
    assert caught.value.status < 500


def test_a_zip_that_is_no_word_file_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("hello.txt", "hi")
    with pytest.raises(Invalid):
        text_of("a.docx", packed.getvalue())


def test_a_word_file_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duologue.knowledge.readers.docx.MAX_UNPACKED_BYTES", 100)
    with pytest.raises(TooLarge):
        text_of("a.docx", word_file())


def test_a_file_above_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        read(Input("a.md", b"x" * 11), 10)
