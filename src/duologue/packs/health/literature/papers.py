"""Reads records of papers (PubMed XML, NBIB, RIS, Europe PMC JSON) and articles as PDF; writes RIS and CSV. No network.

What a file says is data. A paper counts as retracted where its own record says so: the publication type, a "Retraction in" note,
or its title (`same.py`). What has neither title nor abstract is left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from duologue.kit.errors import Invalid
from duologue.packs.health.literature.papers_pdf import read_pdf
from duologue.packs.health.literature.same import says_retracted
from duologue.packs.health.literature.search import Paper

_LINE = re.compile(r"^([A-Z][A-Z0-9]) {0,3}- ?[ \t]*", re.M)
"""A line of RIS as programs write it; the standard's two blanks, a hyphen and a blank are often fewer or more."""


_TAGGED = re.compile("([A-Z][A-Z0-9])  - ")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def read_papers(name: str, content: bytes) -> list[Paper]:
    """The papers of an export, by its content (not by its name). Raises Invalid for what is none."""
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return [read_pdf(name or "The file", content)]
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").strip()
    except UnicodeDecodeError as error:
        raise Invalid(
            "The file is not UTF-8 text; export it again as PubMed XML, NBIB or RIS in UTF-8, or give an article as PDF.",
            why="encoding",
        ) from error
    if not text:
        raise Invalid(f"{name or 'The file'} is empty.", why="empty")
    if text.startswith("<"):
        found = read_pubmed(text)
    elif re.search(r"^PMID- ", text, re.M):
        found = read_nbib(text)
    elif re.search(r"^TY {0,3}- ?", text, re.M):
        found = read_ris(text)
    else:
        raise Invalid(f"{name or 'The file'} is neither PubMed XML nor NBIB, RIS or PDF; give it in one of these.", why="kind")
    kept = [p for p in found if p.title or p.abstract]
    if not kept:
        raise Invalid("There is no paper with a title or an abstract in this file.", why="no_paper")
    return kept


def read_pubmed(text: str) -> list[Paper]:
    """`PubmedArticleSet` as efetch gives it. Labels of structured abstracts are kept as words."""
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(text)
    except (ParseError, ValueError) as error:
        raise Invalid(f"The file is not well-formed PubMed XML ({error}).", why="broken") from error
    return [_article(a) for a in root.iter("PubmedArticle")]


def _article(a: Element) -> Paper:
    kinds = [_words(x) for x in a.iterfind("MedlineCitation/Article/PublicationTypeList/PublicationType")]
    notes = [x.get("RefType", "") for x in a.iterfind(".//CommentsCorrections")]
    parts = []
    for x in a.iterfind("MedlineCitation/Article/Abstract/AbstractText"):
        label = x.get("Label", "")
        parts.append(f"{label}: {_words(x)}" if label else _words(x))
    title = _words(a.find("MedlineCitation/Article/ArticleTitle"))
    names = [
        f"{_words(x.find('LastName'))}, {_words(x.find('ForeName')) or _words(x.find('Initials'))}".strip(", ")
        or _words(x.find("CollectiveName"))
        for x in a.iterfind("MedlineCitation/Article/AuthorList/Author")
    ]
    ids = {x.get("IdType"): _words(x) for x in a.iterfind("PubmedData/ArticleIdList/ArticleId")}
    issue = a.find("MedlineCitation/Article/Journal/JournalIssue/PubDate")
    year = _year(" ".join(issue.itertext()) if issue is not None else "")
    return Paper(
        _words(a.find("MedlineCitation/PMID")), title, " ".join(parts),
        "Retracted Publication" in kinds or "RetractionIn" in notes or says_retracted(title),
        tuple(filter(None, names)), year, _words(a.find("MedlineCitation/Article/Journal/Title")), ids.get("doi", ""), "PubMed",
    )  # fmt: skip


def _words(x: Element | None) -> str:
    return " ".join("".join(x.itertext()).split()) if x is not None else ""


def read_nbib(text: str) -> list[Paper]:
    """MEDLINE's tagged format: four letters, a hyphen, a blank; continued lines are indented by six."""
    out = []
    for block in re.split(r"\n(?=PMID- )", text):
        fields: dict[str, list[str]] = {}
        tag = ""
        for line in block.split("\n"):
            if line.startswith("      ") and tag:
                fields[tag][-1] += " " + line.strip()
            elif len(line) > 5 and line[4:6] == "- ":
                tag = line[:4].strip()
                fields.setdefault(tag, []).append(line[6:].strip())

        def one(key: str, fields: Mapping[str, list[str]] = fields) -> str:
            return (fields.get(key) or [""])[0]

        doi = next((x.removesuffix("[doi]").strip() for k in ("AID", "LID") for x in fields.get(k, []) if x.endswith("[doi]")), "")
        retracted = "Retracted Publication" in fields.get("PT", []) or "RIN" in fields or says_retracted(one("TI"))
        names = tuple(fields.get("FAU") or fields.get("AU") or ())
        out.append(
            Paper(one("PMID"), one("TI"), one("AB"), retracted, names, _year(one("DP")), one("JT") or one("TA"), doi, "PubMed")
        )
    return out


def read_ris(text: str) -> list[Paper]:
    """RIS by `rispy`, as reference managers write it: a record without its end ends where the next begins."""
    import rispy

    try:
        rows = rispy.loads(_ended(text))
    except (OSError, ValueError, KeyError) as error:
        raise Invalid(f"The RIS file can't be read: {error}", why="broken") from error
    out = []
    for r in rows:
        title = str(r.get("title") or r.get("primary_title") or "")
        told = " ".join(str(x) for k in ("notes", "keywords", "custom1") for x in _listed(r.get(k)))
        id_ = str(r.get("accession_number") or r.get("doi") or "")
        out.append(
            Paper(
                id_,
                title,
                str(r.get("abstract") or r.get("notes_abstract") or ""),
                says_retracted(title) or bool(re.search(r"retracted publication", told, re.I)),
                tuple(_listed(r.get("authors") or r.get("first_authors"))),
                _year(str(r.get("year") or r.get("publication_year") or "")),
                str(r.get("journal_name") or r.get("secondary_title") or ""),
                str(r.get("doi") or ""),
                str(r.get("name_of_database") or "RIS"),
            )
        )
    return out


def _ended(text: str) -> str:
    """RIS whose records all end, and in which no line without a tag stands where there is no field to continue."""
    out: list[str] = []
    tag = "ER"
    for line in _LINE.sub(r"\1  - ", text).split("\n"):
        found = _TAGGED.match(line)
        if found is None and tag in ("ER", "TY"):
            continue
        if found and found[1] == "TY" and tag != "ER":
            out.append("ER  - ")
        tag = found[1] if found else tag
        out.append(line)
    return "\n".join(out if tag == "ER" else [*out, "ER  - "])


def read_europepmc(answer: Mapping[str, Any]) -> list[Paper]:
    """`resultList.result` of the REST search with `resultType=core`."""
    out = []
    for r in (answer.get("resultList") or {}).get("result") or []:
        kinds = _listed((r.get("pubTypeList") or {}).get("pubType"))
        title = _plain(r.get("title"))
        told = [c.get("type", "") for c in (r.get("commentCorrectionList") or {}).get("commentCorrection") or []]
        retracted = any(k.lower() == "retracted publication" for k in kinds) or "Retraction in" in told or says_retracted(title)
        names = [a.get("fullName", "") for a in (r.get("authorList") or {}).get("author") or []]
        journal = ((r.get("journalInfo") or {}).get("journal") or {}).get("title", "")
        out.append(
            Paper(
                str(r.get("pmid") or r.get("id") or ""),
                title,
                _plain(r.get("abstractText")),
                retracted,
                tuple(filter(None, names)),
                _year(str(r.get("pubYear") or "")),
                journal,
                str(r.get("doi") or ""),
                "Europe PMC",
            )
        )
    return [p for p in out if p.title or p.abstract]


def _plain(text: Any) -> str:
    """Words without the HTML that Europe PMC leaves in titles and abstracts."""
    import html

    return " ".join(html.unescape(re.sub(r"</?[a-z][^>]*>", " ", str(text or ""))).split())


def _listed(value: Any) -> list[str]:
    return [str(x) for x in value] if isinstance(value, list) else [str(value)] if value else []


def _year(text: str) -> int | None:
    found = re.search(r"\b(1[89]|20)\d\d\b", text)
    return int(found.group()) if found else None


def write_ris(papers: Sequence[Paper]) -> str:
    """RIS for reference managers; a retracted paper says so in its note."""
    import rispy

    rows = []
    for p in papers:
        row: dict[str, Any] = {
            "type_of_reference": "JOUR", "title": p.title, "abstract": p.abstract, "authors": [*p.authors], "doi": p.doi,
            "secondary_title": p.journal, "year": str(p.year or ""), "accession_number": p.id, "name_of_database": p.source,
            "notes": ["Retracted Publication"] if p.retracted else [],
        }  # fmt: skip
        rows.append({k: _one_line(v) for k, v in row.items() if v})
    text: str = rispy.dumps(rows)
    return text


def _one_line(value: Any) -> Any:
    """A field may begin no line of its own in RIS: the line would be read as another field."""
    return [_one_line(v) for v in value] if isinstance(value, list) else " ".join(value.split())


def write_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV with a byte-order mark for spreadsheets; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(head)
    for row in rows:
        table.writerow([f"'{x}" if isinstance(x, str) and x[:1] in _FORMULA else x for x in row])
    return out.getvalue().encode("utf-8-sig")
