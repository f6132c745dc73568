"""Reads records of papers (PubMed XML, NBIB, RIS, Europe PMC JSON) and articles as PDF; writes RIS and CSV. No network.

What a file says is data. A paper counts as retracted where its own record says so: the publication type, a "Retraction in" note,
or a title that begins so. What has neither title nor abstract is left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from duologue.kit.errors import Invalid
from duologue.packs.health.literature.papers_pdf import read_pdf
from duologue.packs.health.literature.search import Paper

_TITLE = re.compile(r"^\W*(?:retracted|withdrawn)\b(?: article)?\W", re.I)


def read_papers(name: str, content: bytes) -> list[Paper]:
    """The papers of an export, by its content (not by its name). Raises Invalid for what is none."""
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return [read_pdf(name or "The file", content)]
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").strip()
    except UnicodeDecodeError as error:
        raise Invalid(
            "The file is not UTF-8 text; export it again as PubMed XML, NBIB or RIS in UTF-8, or give an article as PDF."
        ) from error
    if text.startswith("<"):
        found = read_pubmed(text)
    elif re.search(r"^PMID- ", text, re.M):
        found = read_nbib(text)
    elif re.search(r"^TY  - ", text, re.M):
        found = read_ris(text)
    else:
        raise Invalid(f"{name or 'The file'} is neither PubMed XML nor NBIB, RIS or PDF; give it in one of these.")
    kept = [p for p in found if p.title or p.abstract]
    if not kept:
        raise Invalid("There is no paper with a title or an abstract in this file.")
    return kept


def read_pubmed(text: str) -> list[Paper]:
    """`PubmedArticleSet` as efetch gives it. Labels of structured abstracts are kept as words."""
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(text)
    except (ParseError, ValueError) as error:
        raise Invalid(f"The file is not well-formed PubMed XML ({error}).") from error
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
        "Retracted Publication" in kinds or "RetractionIn" in notes or bool(_TITLE.match(title)),
        tuple(filter(None, names)), year, _words(a.find("MedlineCitation/Article/Journal/Title")), ids.get("doi", ""), "PubMed",
    )  # fmt: skip


def _words(x: Element | None) -> str:
    return " ".join("".join(x.itertext()).split()) if x is not None else ""


def read_nbib(text: str) -> list[Paper]:
    """MEDLINE's tagged format: four letters, a hyphen, a blank; continued lines are indented by six."""
    out = []
    for block in re.split(r"\n\s*\n(?=PMID- )", text):
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
        retracted = "Retracted Publication" in fields.get("PT", []) or "RIN" in fields or bool(_TITLE.match(one("TI")))
        names = tuple(fields.get("FAU") or fields.get("AU") or ())
        out.append(
            Paper(one("PMID"), one("TI"), one("AB"), retracted, names, _year(one("DP")), one("JT") or one("TA"), doi, "PubMed")
        )
    return out


def read_ris(text: str) -> list[Paper]:
    """RIS by `rispy`, as reference managers write it."""
    import rispy

    try:
        rows = rispy.loads(text)
    except (OSError, ValueError, KeyError) as error:
        raise Invalid(f"The RIS file can't be read: {error}") from error
    out = []
    for n, r in enumerate(rows, 1):
        title = str(r.get("title") or r.get("primary_title") or "")
        told = " ".join(str(x) for k in ("notes", "keywords", "custom1") for x in _listed(r.get(k)))
        id_ = str(r.get("accession_number") or r.get("id") or r.get("doi") or f"ris-{n}")
        out.append(
            Paper(
                id_,
                title,
                str(r.get("abstract") or r.get("notes_abstract") or ""),
                bool(_TITLE.match(title)) or bool(re.search(r"retracted publication", told, re.I)),
                tuple(_listed(r.get("authors") or r.get("first_authors"))),
                _year(str(r.get("year") or r.get("publication_year") or "")),
                str(r.get("journal_name") or r.get("secondary_title") or ""),
                str(r.get("doi") or ""),
                str(r.get("name_of_database") or "RIS"),
            )
        )
    return out


def read_europepmc(answer: Mapping[str, Any]) -> list[Paper]:
    """`resultList.result` of the REST search with `resultType=core`."""
    out = []
    for r in (answer.get("resultList") or {}).get("result") or []:
        kinds = _listed((r.get("pubTypeList") or {}).get("pubType"))
        title = _plain(r.get("title"))
        told = [c.get("type", "") for c in (r.get("commentCorrectionList") or {}).get("commentCorrection") or []]
        retracted = any(k.lower() == "retracted publication" for k in kinds) or "Retraction in" in told or bool(_TITLE.match(title))
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


def key_of(paper: Paper) -> str:
    """What two records of one paper share: the DOI, otherwise the title's letters with the year."""
    if paper.doi:
        return "doi:" + re.sub(r"^https?://(?:dx\.)?doi\.org/", "", paper.doi.lower())
    return f"title:{re.sub(r'[^0-9a-z㐀-鿿]', '', paper.title.lower())}:{paper.year or ''}"


def only_new(papers: Iterable[Paper], known: Iterable[Paper] = ()) -> list[Paper]:
    """The papers that neither `known` nor an earlier one of them holds, by identifier of their database or by `key_of`."""
    seen = {key for p in known for key in (key_of(p), f"{p.source}:{p.id}")}
    out = []
    for p in papers:
        keys = {key_of(p), f"{p.source}:{p.id}"}
        if not keys & seen:
            out.append(p)
        seen |= keys
    return out


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
        rows.append({k: v for k, v in row.items() if v})
    text: str = rispy.dumps(rows)
    return text


def write_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV with a byte-order mark for spreadsheets; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(head)
    for row in rows:
        table.writerow([f"'{x}" if isinstance(x, str) and x[:1] in ("=", "+", "-", "@", "\t", "\r") else x for x in row])
    return out.getvalue().encode("utf-8-sig")
