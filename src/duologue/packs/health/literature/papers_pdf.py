"""One article in a PDF as the record of a paper: its title, abstract, DOI and year, as far as the file tells them.

The abstract is the stretch between its heading and the next one, or what the first pages hold where there is none; its words are
the file's, so that a quotation of it stands in the file. Scans without text are refused. Knows no layout beyond lines.
"""

import hashlib
import io
import re

from duologue.kit.errors import Invalid
from duologue.packs.health.literature.same import says_retracted
from duologue.packs.health.literature.search import Paper

_PAGES, _MOST_PAGES, _MOST = 4, 2000, 6000
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;)\]]")
_HEAD = re.compile(r"^[ \t]*(?:abstract|summary|摘[ \t]*要|【摘要】)[ \t]*[:：.]?[ \t]*", re.I | re.M)
_NEXT = re.compile(
    r"^[ \t]*(?:\d+\.?[ \t]*)?(?:key ?words?\b|index terms\b|introduction\b|关键词|【关键词】|引言|前言|中图分类号)",
    re.I | re.M,
)
_YEAR = re.compile(r"\b(?:19[5-9]\d|20\d\d)\b")
_RUNNING = re.compile(r"^\d|10\.\d{4,9}/|https?:|\bissn\b|\bvol\b|\((?:19|20)\d\d\)|\d[-–]\d+$|©|第\d+[卷期]", re.I)
"""A journal's own line over the title."""
_HAN_END = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]$")


def read_pdf(name: str, content: bytes) -> Paper:
    """The paper of a PDF. Raises Invalid for a file that is damaged, locked, without text or too long."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Invalid(f"{name} is locked with a password; save it without one.", why="locked")
        if len(reader.pages) > _MOST_PAGES:
            raise Invalid(f"{name} has {len(reader.pages)} pages; give the article alone.", why="long")
        pages = [reader.pages[i].extract_text() for i in range(min(_PAGES, len(reader.pages)))]
        meta = reader.metadata
        title, author = (" ".join(str(x or "").split()) for x in (meta and meta.title, meta and meta.author))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(f"{name} can't be read as a PDF; it seems to be damaged.", why="broken") from error
    text = "\n".join(pages).strip()
    if len(text) < 40:
        raise Invalid(f"There is no text in {name}; a scanned article needs text recognition first.", why="no_text")
    title = title if _is_title(title) else _first_lines(pages[0])
    doi, says = _DOI.search(text), any(says_retracted(x) for x in (title, text[:200].split("\n")[0]))
    year = _YEAR.search(text[:3000])
    names = tuple(n.strip() for n in re.split(r"[;,]| and ", author) if n.strip())
    return Paper(
        hashlib.sha256(content).hexdigest()[:12], title, _abstract(text), says,
        names, int(year.group()) if year else None, "", doi.group() if doi else "", "PDF",
    )  # fmt: skip


def _is_title(words: str) -> bool:
    """Whether the metadata's title is one: programs write file names and "untitled" there."""
    return len(words) > 8 and not re.search(r"^microsoft word|untitled|\.(?:docx?|pdf|tex|indd|qxd)$", words, re.I)


def _first_lines(page: str) -> str:
    """The first line of a page that reads like a title, with the next where it runs on."""
    lines = [line.strip() for line in page.splitlines() if line.strip()]
    at = next((i for i, x in enumerate(lines) if len(x) >= 8 and not _RUNNING.search(x)), 0)
    title = lines[at]
    if at + 1 < len(lines) and not title.endswith((".", "?", "。")) and lines[at + 1][:1].islower():
        title = f"{title} {lines[at + 1]}"
    return title[:300]


def _abstract(text: str) -> str:
    head = _HEAD.search(text)
    body = text[head.end() :] if head else text
    end = _NEXT.search(body, 40)
    return _joined(body[: end.start()] if end else body)[:_MOST]


def _joined(text: str) -> str:
    """Lines as running text: a hyphen at a line's end goes where the word goes on, Chinese lines meet without a blank."""
    out = ""
    for line in (x.strip() for x in text.splitlines() if x.strip()):
        if out.endswith("-") and line[:1].islower():
            out = out[:-1] + line
        else:
            out += line if not out or _HAN_END.search(out) else f" {line}"
    return out
