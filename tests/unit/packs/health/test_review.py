"""A review's arithmetic and its quotations: terms, the bound of what is left, verbatim cells, cited sentences, the flow."""

import random
import re

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.health.literature.papers import read_papers
from duologue.packs.health.literature.pico import extract_pico
from duologue.packs.health.literature.review import (
    Decision,
    Review,
    ask_terms,
    check_quote,
    count_flow,
    estimate,
    evidence,
    summarise,
)
from duologue.packs.health.literature.search import Paper
from duologue.packs.health.pages.research import SAMPLE

PAPERS = read_papers(SAMPLE.name, SAMPLE.read_bytes())
ASKED = "Does magnesium reduce attack frequency in adults with migraine compared with placebo?"


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        (ASKED, ("adults with migraine", "magnesium", "placebo", "attack frequency")),
        ("In adults with gout, does zinc compared with placebo reduce pain?", ("adults with gout", "zinc", "placebo", "pain")),
        ("What is the effect of yoga on pain in adults with back pain?", ("adults with back pain", "yoga", "", "pain")),
        ("在成人偏头痛患者中，镁剂与安慰剂相比能否减少发作次数？", ("成人偏头痛患者", "镁剂", "安慰剂", "发作次数")),
        ("Tell me about headaches", ("", "", "", "")),
    ],
)  # fmt: skip
def test_the_terms_of_a_question_are_its_own_words(question: str, terms: tuple[str, ...]) -> None:
    assert tuple(ask_terms(question).values()) == terms


def test_nothing_is_claimed_without_a_sample_and_the_bound_holds_with_one() -> None:
    held, runs = 0, 300
    for seed in range(runs):
        rng = random.Random(seed)
        truth = [rng.random() < 0.05 for _ in range(400)]
        read = set(range(150))
        unread = [i for i in range(400) if i not in read]
        drawn = tuple(rng.sample(unread, 60))
        review = Review("r", "w", "t", sample=drawn, sample_unread=len(unread), sample_of=tuple(unread))
        before = {i: Decision(i, truth[i]) for i in read}
        assert estimate(review, before, 400).bound is None
        done = before | {i: Decision(i, truth[i]) for i in drawn}
        left = sum(truth[i] for i in unread if i not in drawn)
        got = estimate(review, done, 400)
        assert got.bound is not None
        held += got.bound >= left
    assert held / runs >= 0.95


def test_what_is_read_whole_needs_no_sample() -> None:
    review = Review("r", "w", "t")
    done = estimate(review, {i: Decision(i, i == 0) for i in range(4)}, 4)
    assert (done.bound, done.recall) == (0, 1.0)
    assert estimate(review, {i: Decision(i, False) for i in range(4)}, 4).recall is None
    assert estimate(review, {}, 0).bound is None


def test_cells_are_verbatim_and_other_words_are_refused() -> None:
    rows = evidence(PAPERS, {i: Decision(i, True) for i in range(len(PAPERS))}, ASKED)
    assert len(rows) == len(PAPERS)
    assert all(words in r.paper.text for r in rows for words in r.quotes.values())
    first = next(r for r in rows if r.seq == 0)
    assert first.quotes["R"] == "Attacks fell by 41% with magnesium and by 16% with placebo (p = 0.01)."
    assert "monthly attack frequency" in first.quotes["O"]
    assert check_quote(PAPERS[0], "R", " Diarrhoea was reported by 12 of 60 people. ").startswith("Diarrhoea")
    for words in ("Attacks fell by 42% with magnesium", "attacks fell by 41%"):
        with pytest.raises(Invalid, match="do not stand"):
            check_quote(PAPERS[0], "R", words)


def test_a_chinese_abstract_gives_up_its_people_arms_and_outcome() -> None:
    (row,) = evidence(PAPERS, {11: Decision(11, True)}, "镁剂能否减少发作次数？")
    assert row.quotes["P"] == "80例成人偏头痛患者"
    assert (row.quotes["I"], row.quotes["C"], row.quotes["O"]) == ("镁剂", "安慰剂", "每月发作次数")
    text = "方法 选取我院收治的[60例失眠患者]，对照组采用[艾司唑仑片口服]，治疗组采用[揿针治疗]，主要结局为[睡眠质量评分]。"
    found = {q.kind: q.text for q in extract_pico(re.sub(r"[][]", "", text))}
    assert [found[k] for k in "PCIO"] == re.findall(r"\[(.+?)\]", text)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_sentence_cites_and_a_retracted_paper_is_named_and_not_quoted(lang: str) -> None:
    rows = evidence(PAPERS, {i: Decision(i, True) for i in (0, 2, 3)}, ASKED)
    said = summarise(rows, lang)
    assert all(s.cites for s in said)
    assert {n for s in said for n in s.cites} == {1, 2, 3}
    (retracted,) = [r for r in rows if r.paper.retracted]
    assert [s.cites for s in said if retracted.number in s.cites] == [(retracted.number,)]
    assert not any(retracted.quotes["R"] in s.text for s in said)


def test_the_flow_adds_up() -> None:
    review = Review("r", "w", "t", identified={"PubMed": 10, "sample": 5}, duplicates=3)
    decided = {0: Decision(0, True), 3: Decision(3, True), 1: Decision(1, False), 2: Decision(2, False, "full", "wrong dose")}
    flow = count_flow(review, PAPERS, decided)
    assert flow["total"] - flow["duplicates"] == flow["unread"] + flow["screened"] == 12
    assert flow["screened"] - flow["excluded"] == flow["assessed"] == flow["included"] + sum(flow["reasons"].values())
    assert (flow["retracted"], flow["reasons"]) == (1, {"wrong dose": 1})


def test_a_paper_without_an_abstract_gets_its_title_as_its_only_quotation() -> None:
    (row,) = evidence([Paper("1", "A title", "")], {0: Decision(0, True)}, "a title?")
    assert dict(row.quotes) == {"R": "A title"}
