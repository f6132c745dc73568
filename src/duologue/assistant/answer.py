"""From thought to answer: what may be said of what the model wrote, and what is quoted in its place.

The order is by trust: what a tool did, what our team put right when this very question was asked, the model's sentences as far as
the evidence carries them, an answer that our team gave to the same question, quotes. A sentence without support never stays.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from duologue.assistant import notices
from duologue.assistant.act import Acted
from duologue.assistant.ground import Grounds, Support, is_connective
from duologue.assistant.guard import is_injected
from duologue.assistant.model import Answer, Precedent, Turn
from duologue.assistant.prompt import NO_ANSWER
from duologue.assistant.quote import Quote, find_quotes
from duologue.assistant.retrieve import Found
from duologue.assistant.think import Thought
from duologue.conversation.model import Citation
from duologue.kit.text import Lang, sentences
from duologue.knowledge.model import Hit
from duologue.knowledge.synonyms import subjects
from duologue.knowledge.terms import index_terms

SAME_QUESTION = 0.7
"""Likeness from which an earlier verdict's answer is given again, word by word."""
VERY_QUESTION = 0.85
"""Likeness from which a correction goes before the model, whose passages may still say what was corrected."""
LIKE_QUESTION, LITTLE_SUPPORT = 0.55, 0.35
"""Likeness from which that answer is laid before the expert where the search found little: its support is under the second."""
SURE_SUPPORT = 0.6
"""Support of the search from which a passage may speak against an earlier verdict."""
LEAST_SUPPORT = 0.15
"""Support of the search under which its quotes are no answer, only a help for the expert who writes one."""
MOSTLY = 0.5
"""Share of the model's sentences that must hold; else the quotes take the place of all of them."""

_MARK = re.compile(r"\s?\[(\d{1,2})\]")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


def compose(turn: Turn, found: Found, thought: Thought, acted: Acted) -> Answer:
    """The best answer that may be given."""
    if acted.action is not None:
        return Answer("action", acted.previewed, turn.lang, grounded=1.0, fit=1.0, action=acted.action)
    hits = [hit for hit in found.result.hits if not is_injected(hit.passage.body)] or list(found.result.hits)
    quotes = find_quotes(found.query, _in_language(hits, found.query, turn.lang))
    if not acted.results and (corrected := _find_correction(found)):
        return _repeat(corrected)
    if thought.text and thought.text.strip() != NO_ANSWER:
        checked = check_text(thought.text, hits, acted, turn)
        if checked.grounded >= MOSTLY:
            by_tool = bool(acted.results) and not checked.citations
            return replace(checked, kind="tool" if by_tool else "model", fit=quotes[0].score if quotes and not by_tool else 1.0)
    if acted.results:
        return _tell(turn, acted)
    is_bare = not quotes or found.result.support < LITTLE_SUPPORT
    alike = [p for p in found.precedents if p.score >= (LIKE_QUESTION if is_bare else SAME_QUESTION)]
    if same := [p for p in alike if not (quotes and _is_of_another(p, found))]:
        return _repeat(same[0])
    if not quotes or found.result.support < LEAST_SUPPORT or thought.text.strip() == NO_ANSWER:
        return _nothing(turn, quotes, is_denied=bool(thought.text))
    return quote_answer(turn, quotes, thought.opening)


def _tell(turn: Turn, acted: Acted) -> Answer:
    """What the tools said, in their own words."""
    said = [result for result in acted.results if result.status != "failed" and result.text]
    if not said:
        return Answer("none", "", turn.lang)
    return Answer("tool", "\n\n".join(result.text for result in said), turn.lang, grounded=1.0, fit=1.0)


def _find_correction(found: Found) -> Precedent | None:
    """What an expert wrote when this very question was asked."""
    very = [p for p in found.precedents if p.score >= VERY_QUESTION and p.kind != "approve" and not p.exchanged]
    return next((p for p in very if not _is_of_another(p, found)), None)


def _repeat(precedent: Precedent) -> Answer:
    return Answer(
        "precedent",
        precedent.answer,
        precedent.lang,
        precedent.citations,
        grounded=1.0,
        fit=precedent.score,
        verdict_id=precedent.verdict_id,
    )


def _is_of_another(precedent: Precedent, found: Found) -> bool:
    """Whether a passage that surely answers speaks of what is asked and the precedent does not, being about something else.

    "What does standard delivery cost?" beside a corrected "How much is express delivery?": alike in meaning, but "express" is not
    asked for, and of "standard" the passage speaks. Where all that was corrected is asked for, the correction holds.
    """
    if found.result.support < SURE_SUPPORT:
        return False
    asked, known = subjects(found.query), subjects(precedent.question)
    extra = asked - known - subjects(precedent.answer)
    return bool(known - asked) and bool(extra & subjects(found.result.hits[0].passage.context))


def _nothing(turn: Turn, quotes: Sequence[Quote], *, is_denied: bool) -> Answer:
    """No answer. What was found nearest stands in the draft, for the expert; `is_denied`: a model read it and found no answer."""
    if not quotes:
        return Answer("none", "", turn.lang)
    nearest = quote_answer(turn, quotes, "")
    return replace(nearest, kind="none", grounded=0.0 if is_denied else nearest.grounded)


_GLAD = re.compile(r"\b(?:glad|happy|pleased|great)\b|高兴|开心|乐意", re.I)
_TROUBLE = re.compile(
    r"\b(?:broken?|snapp\w*|damag\w*|torn|ripp\w*|leak\w*|late|lost|missing|wrong|fail\w*|not work\w*|n.t work|problem|twice)\b"
    r"|坏|断|破|漏|丢|错|迟|没收到|少发|不见|故障",
    re.I,
)


def quote_answer(turn: Turn, quotes: Sequence[Quote], opening: str) -> Answer:
    """The quotes with their citations; the first answer of a conversation begins with an opening sentence that claims nothing."""
    is_first = not any(message.author_kind == "ai" for message in turn.history)
    is_fitting = not (_GLAD.search(opening) and _TROUBLE.search(turn.question))  # nobody is glad of a snapped pole
    lead = (
        opening
        if is_first and is_fitting and opening and is_connective(opening, turn.question) and _is_of(opening, turn.lang)
        else ""
    )
    if quotes[0].passage.lang != turn.lang:
        lead = notices.LEAD_OTHER_LANGUAGE[turn.lang]
    elif not lead and len(quotes) > 1:
        lead = notices.LEAD_SEVERAL[turn.lang]
    body = "\n\n".join(([lead] if lead else []) + [quote.render(n) for n, quote in enumerate(quotes, start=1)])
    citations = tuple(quote.cite(n) for n, quote in enumerate(quotes, start=1))
    return Answer("quotes", body, turn.lang, citations, grounded=1.0, fit=quotes[0].score)


def _is_of(text: str, lang: Lang) -> bool:
    return lang == ("zh" if re.search(r"[\u4e00-\u9fff]", text) else "en")


def _in_language(hits: Sequence[Hit], query: str, lang: Lang) -> list[Hit]:
    """Passages in the reader's language; those in the other one where they hold far more of the question's own words."""
    asked = set(index_terms(query))

    def held(of: Sequence[Hit]) -> float:
        return max((len(asked & set(index_terms(hit.passage.context))) for hit in of), default=0)

    same = [hit for hit in hits if hit.passage.lang == lang]
    others = [hit for hit in hits if hit.passage.lang != lang]
    return same if same and held(same) * 2 > held(others) else others or same


# ---- the model's own sentences --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    sentence: str
    ends: str
    support: Support
    claims: bool


def check_text(text: str, hits: Sequence[Hit], acted: Acted, turn: Turn) -> Answer:
    """The model's text without the sentences that nothing supports, with the citations that its evidence gives."""
    grounds = Grounds([hit.passage for hit in hits], [r.text for r in acted.results] + [str(r.value) for r in acted.results])
    said = [_look(piece, ends, grounds) for piece, ends in split(text)]
    kept = [s for s in said if s.support.holds]
    claims = [s for s in said if s.claims]
    if not [s for s in kept if s.claims]:
        return Answer("none", "", turn.lang, dropped=tuple(s.sentence for s in said if not s.support.holds))
    share = sum(min(1.0, s.support.score) for s in claims if s.support.holds) / len(claims)
    body, citations = _cite(kept)
    dropped = tuple(s.sentence for s in said if not s.support.holds)
    return Answer("model", body, turn.lang, citations, grounded=share, dropped=dropped)


def split(text: str) -> list[tuple[str, str]]:
    """Sentences with what stands between them: a blank, or line ends."""
    out: list[tuple[str, str]] = []
    for line in text.strip().split("\n"):
        pieces = sentences(line)
        if not pieces and out:
            out[-1] = (out[-1][0], out[-1][1] + "\n")
        for i, piece in enumerate(pieces):
            out.append((piece, "\n" if i == len(pieces) - 1 else " "))
    return out


def strip_marks(sentence: str) -> str:
    """A sentence without citation marks."""
    return _MARK.sub("", sentence).rstrip()


def claim_of(sentence: str) -> str:
    """What a sentence says, without citation marks and list marks."""
    return _ITEM.sub("", strip_marks(sentence))


def _look(sentence: str, ends: str, grounds: Grounds) -> _Said:
    support = grounds.check(claim_of(sentence))
    return _Said(sentence, ends, support, support.evidence is not None)


def _cite(kept: Sequence[_Said]) -> tuple[str, tuple[Citation, ...]]:
    """The text with each claim marked by the passage that carries it; numbers in order of use."""
    numbers: dict[tuple[str, str], int] = {}
    citations: list[Citation] = []
    out: list[str] = []
    for said in kept:
        bare = strip_marks(said.sentence)
        evidence = said.support.evidence
        if evidence is None or evidence.passage is None or evidence.unit is None or not said.claims:
            out.append(bare + said.ends)
            continue
        passage, unit = evidence.passage, evidence.unit
        quote = passage.body[unit.start : unit.end]
        if (passage.id, quote) not in numbers:
            numbers[passage.id, quote] = len(numbers) + 1
            citations.append(Citation(passage.id, passage.document_id, passage.title, passage.heading, quote, len(numbers)))
        gap = " " if passage.lang == "en" else ""
        out.append(f"{bare}{gap}[{numbers[passage.id, quote]}]{said.ends}")
    return "".join(out).strip(), tuple(citations)
