"""Records as PubMed, MEDLINE, reference managers and Europe PMC write them: read, deduplicated, flagged, written again."""

import csv
import io

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.health.literature.papers import read_europepmc, read_papers, write_csv, write_ris
from duologue.packs.health.literature.same import find_retracted, only_new, says_retracted
from duologue.packs.health.literature.search import Paper
from duologue.packs.health.pages.research import SAMPLE
from tests.pdf import pdf_file

PUBMED = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2024//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_240101.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">111</PMID><Article PubModel="Print">
<Journal><JournalIssue CitedMedium="Print"><PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate></JournalIssue><Title>A Journal</Title></Journal>
<ArticleTitle>Effect of H<sub>2</sub>O on <i>thirst</i>.</ArticleTitle>
<Abstract><AbstractText Label="BACKGROUND">We asked.</AbstractText><AbstractText Label="RESULTS">It helps &amp; is safe.</AbstractText></Abstract>
<AuthorList><Author><LastName>Ng</LastName><ForeName>Ana B</ForeName></Author><Author><CollectiveName>The Group</CollectiveName></Author></AuthorList>
<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList></Article>
</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.1/A</ArticleId></ArticleIdList></PubmedData></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>112</PMID><Article><Journal><JournalIssue><PubDate><Year>2010</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>Too good.</ArticleTitle><PublicationTypeList><PublicationType UI="D016441">Retracted Publication</PublicationType></PublicationTypeList></Article>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>A J</RefSource></CommentsCorrections></CommentsCorrectionsList>
</MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>113</PMID><Article><ArticleTitle>Retraction notice of another.</ArticleTitle></Article>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionOf"><RefSource>A J</RefSource></CommentsCorrections></CommentsCorrectionsList>
</MedlineCitation></PubmedArticle>
</PubmedArticleSet>"""  # noqa: E501

NBIB = """PMID- 211
OWN - NLM
DP  - 2021 Mar 3
TI  - A long title that is continued
      on the next line.
LID - 10.1/b [doi]
AB  - First sentence.
      Second sentence.
FAU - Roe, Kim
AU  - Roe K
PT  - Journal Article
JT  - The journal

PMID- 212
TI  - Withdrawn work.
AB  - Text.
PT  - Retracted Publication
RIN - A J. 2020;1:1. PMID: 1
"""

RIS = """TY  - JOUR
TI  - Effect of H2O on thirst.
AU  - Ng, A.
PY  - 1998
DO  - https://doi.org/10.1/a
AB  - It helps.
ER  -\x20

TY  - JOUR
T1  - RETRACTED: a claim
Y1  - 2003/05//
N2  - Nothing holds.
ER  -\x20
"""


def test_pubmed_xml_with_structured_abstracts_markup_groups_and_retractions() -> None:
    first, second, third = read_papers("x.xml", PUBMED.encode())
    assert (first.id, first.title, first.doi, first.year) == ("111", "Effect of H2O on thirst.", "10.1/A", 1998)
    assert first.abstract == "BACKGROUND: We asked. RESULTS: It helps & is safe."
    assert first.authors == ("Ng, Ana B", "The Group")
    assert [p.retracted for p in (first, second, third)] == [False, True, False]


def test_nbib_with_continued_lines() -> None:
    first, second = read_papers("x.nbib", NBIB.replace("\n", "\r\n").encode())
    assert first.title == "A long title that is continued on the next line."
    assert (first.abstract, first.authors, first.journal) == ("First sentence. Second sentence.", ("Roe, Kim",), "The journal")
    assert (first.doi, first.year, first.retracted, second.retracted) == ("10.1/b", 2021, False, True)


def test_ris_in_both_spellings_and_one_paper_of_two_databases_is_one() -> None:
    first, second = read_papers("x.ris", b"\xef\xbb\xbf" + RIS.encode())
    assert (second.title, second.year, second.abstract, second.retracted) == ("RETRACTED: a claim", 2003, "Nothing holds.", True)
    assert [p.title for p in only_new([first, second, second], read_papers("x.xml", PUBMED.encode()))] == [second.title]


def test_what_is_written_is_read_again() -> None:
    papers = read_papers("x.xml", PUBMED.encode())
    again = read_papers("y.ris", write_ris(papers).encode())
    assert [(p.id, p.title, p.abstract, p.authors, p.year, p.doi, p.retracted, p.source) for p in again] == [
        (p.id, p.title, p.abstract, p.authors, p.year, p.doi, p.retracted, p.source) for p in papers
    ]


def test_europe_pmc_without_its_markup() -> None:
    one = {
        "id": "1", "source": "MED", "pmid": "311", "title": "A <i>title</i> &amp; more.", "pubYear": "2019", "doi": "10.1/c",
        "abstractText": "<h4>Background</h4>Text.", "pubTypeList": {"pubType": ["Journal Article", "retracted publication"]},
        "authorList": {"author": [{"fullName": "Roe K"}]}, "journalInfo": {"journal": {"title": "J"}},
    }  # fmt: skip
    (paper,) = read_europepmc({"resultList": {"result": [one, {"id": "2"}]}})
    assert (paper.title, paper.abstract, paper.retracted, paper.year) == ("A title & more.", "Background Text.", True, 2019)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<PubmedArticleSet>", b"<a/>", b"\xff\xfe", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_what_is_no_export_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(Invalid):
        read_papers("x", content)


def test_a_spreadsheet_runs_no_cell() -> None:
    rows = list(csv.reader(io.StringIO(write_csv(("a", "b"), [("=1+1", 3)]).decode("utf-8-sig"))))
    assert rows == [["a", "b"], ["'=1+1", "3"]]
    cells = "".join(write_csv((), [[x]]).decode("utf-8-sig") for x in ("@SUM(1)", "-2+3", "＝1+1", "\n=1")).replace('"', "")
    assert cells.count("'") == 4


def _ris(*titles: str, more: str = "") -> bytes:
    return "".join(f"TY  - JOUR\nTI  - {t}\n{more}ER  - \n\n" for t in titles).encode()


def test_papers_without_a_number_of_a_database_are_not_taken_for_one_another() -> None:
    first, second = (
        read_papers("a.ris", _ris(t, more="ID  - 1\nAN  - 1\n")) for t in ("Zinc for the common cold in adults", "锌与感冒")
    )
    assert only_new(second, first) == second
    assert len(only_new(read_papers("a.ris", _ris("Цинк при простуде", "Магний при мигрени", "Éditorial", "Ωmega")))) == 4
    short = [Paper("", "Editorial", "", authors=(a,), year=2020) for a in ("Ng, Ana", "Roe, Kim", "Ng, A.")]
    assert only_new(short) == short[:2]


@pytest.mark.parametrize(
    "title",
    ["RETRACTED: a claim", "Retracted Article: a claim", "WITHDRAWN. A claim", "A claim (Retracted article. See vol. 1, 2020)",
     "A claim [Retracted]", "【撤稿】某药的疗效", "已撤稿：某药的疗效", "某药的疗效（已撤稿）"],
)  # fmt: skip
def test_a_title_that_says_so_is_retracted(title: str) -> None:
    assert says_retracted(title)
    assert read_papers("x.ris", _ris(title))[0].retracted


@pytest.mark.parametrize("title", ["Retracted papers and their citations", "Why drugs are withdrawn (a review)", "论文撤稿的原因"])
def test_a_title_about_retraction_is_none(title: str) -> None:
    assert not says_retracted(title)


def test_a_retraction_that_comes_with_a_duplicate_is_kept() -> None:
    good = read_papers("a.ris", _ris("A claim that was too good", more="DO  - 10.1/g\n") + _ris("Another claim, without number"))
    late = read_papers("b.ris", _ris("RETRACTED: A claim that was too good", more="DO  - doi:10.1/G\n"))
    late += read_papers("b.ris", _ris("Another claim, without number (Retracted article)"))
    assert only_new(late, good) == []
    assert find_retracted(late, good) == [0, 1]
    assert [p.retracted for p in only_new([*good, *late])] == [True, True]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("TY  - JOUR\nTI  - A\nTY  - JOUR\nTI  - B\nER  - \n", ["A", "B"]),
        ("TY  - JOUR\nTI  - A\nAB  - It is cut off", ["A"]),
        ("TY - JOUR\nTI - A\nAB - One blank.\nER -\n", ["A"]),
        ("TY  - JOUR\nTI  - A\nAB  - x\nER  - \nTY  - JOUR\n\nno tag\nTI  - B\nER  - \nER  - \n", ["A", "B"]),
        ("TY  - JOUR\rTI  - A\rER  - \r", ["A"]),
        ("1.\nTY  - JOUR\nTI  - A\nER  - \n\n2.\nTY  - JOUR\nTI  - B\nER  - \n", ["A", "B"]),
    ],
)
def test_ris_with_broken_lines_loses_no_paper(text: str, titles: list[str]) -> None:
    assert [p.title for p in read_papers("x.ris", text.encode())] == titles


def test_a_title_of_two_lines_writes_no_field_of_its_own() -> None:
    paper = Paper("1", "A\nER  - \nTY  - JOUR\nTI  - planted", "b", source="PDF", authors=("N\nTI  - x",))
    (again,) = read_papers("x.ris", write_ris([paper]).encode())
    assert again.title == "A ER - TY - JOUR TI - planted"


def test_the_sample_says_that_it_is_invented() -> None:
    papers = read_papers(SAMPLE.name, SAMPLE.read_bytes())
    assert len(papers) == 12
    assert all("Invented sample" in p.title or "虚构" in p.title for p in papers)
    assert sum(p.retracted for p in papers) == 1


ARTICLE = """Journal of Tests 12 (2021) 34-40
Honey for night cough in
young children: a trial
Ana Ng, Kim Roe. doi: 10.1234/jot.2021.5
Abstract
Eighty children were randomi-
sed to honey or placebo. Cough fell.
Keywords: honey, cough
1 Introduction
Cough is common and so on."""


def test_an_article_in_a_pdf_becomes_a_paper() -> None:
    content = pdf_file(ARTICLE)
    paper = read_papers("honey.pdf", content)[0]
    assert paper.title == "Honey for night cough in young children: a trial"
    assert paper.abstract == "Eighty children were randomised to honey or placebo. Cough fell."
    assert (paper.doi, paper.year, paper.source, paper.retracted) == ("10.1234/jot.2021.5", 2021, "PDF", False)
    assert only_new([paper], read_papers("again.pdf", content)) == []
    assert read_papers("r.pdf", pdf_file("RETRACTED: " + ARTICLE))[0].retracted


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"%PDF-1.7 cut off", "damaged"), (pdf_file(""), "text recognition"), (pdf_file(ARTICLE, password="x"), "password")],
    ids=["damaged", "scan", "locked"],
)
def test_a_pdf_that_tells_nothing_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_papers("a.pdf", content)
