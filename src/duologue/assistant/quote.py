"""An answer made of the passages' own words: the one to three best pieces for a question, quoted exactly and cited.

Scores pieces by BM25 over their words with the heading as context (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
2009). Knows no model. For a model that must not phrase freely, this is the answer; for any other, what replaces a sentence
without support.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from duologue.assistant.facts import find_facts
from duologue.conversation.model import Citation
from duologue.kit.text import Lang, normalise
from duologue.knowledge.model import Hit, Passage
from duologue.knowledge.synonyms import unite
from duologue.knowledge.terms import index_terms
from duologue.knowledge.units import Unit, units

K1, B = 1.2, 0.4
HEADING, BEFORE = 0.5, 0.25
"""Weight of a word that stands in the heading, or in the sentence before, rather than in the piece itself."""
MOST_CHARS: dict[Lang, int] = {"en": 420, "zh": 210}
WHOLE_CHARS: dict[Lang, int] = {"en": 600, "zh": 300}
"""A passage that is no longer is quoted whole: a reader sees at once what holds and what it depends on."""
BASE = 0.5
"""What a passage is worth by its rank alone, beside the share of the question's weight that its best piece holds (0..1)."""
INTRO = 0.2
"""What the first passage of a document is worth besides: it says in general what later ones go into."""
SAID, SHARE, HOLDS = 2.2, 0.47, 0.2
"""What orders passages beside the search's score: the cosine of the nearest piece, the share of the question that the best piece
holds, whether an amount or time that is asked for stands there. Fitted (softmax over the passages) on the development questions."""
EARLY, FIRST = 0.2, 2
"""What orders passages besides: the first two of a document, its beginning and its main section, say the rule, later ones what is
special. On the development questions 313 right of 432 become 322, and of 195 sent 177 are right in place of 174."""
NEAR = 0.5
"""What the cosine of a piece with the question is worth beside its share."""
ASKED = 1.3
"""How much more a piece counts that holds an amount or a time where one is asked for."""
WEAK = 0.3
"""Share under which the best piece says less about the question than the heading does: then the passage's beginning is quoted."""
SHORT = 0.4
"""Share of the room under which a quoted sentence is followed by what comes after it."""
MEANT = 1.5
"""How much better than the middle one the best row of a table must fit for the others to be left out."""
ALIKE = 0.6
"""Share of the best score from which an earlier paragraph or table that holds what is asked for comes first in its place."""
SECOND = 0.35
"""Share of the question's weight that must be left unanswered for a second passage to be quoted as well."""
CLOSE = 0.8
"""Share of the best quote's score from which the second best is quoted as well. On the development questions the right passage is
then quoted for 43 of 96 instead of 35; every second answer has two quotes."""

_LASTS = frozenset({"workday", "day", "week", "month", "year", "hour", "minute", "date"})
_CLOCK = re.compile(
    r"\d{1,2}[:：]\d{2}(?!\d)|\b\d{1,2} ?[ap]\.?m\b|\b(?:noon|midnight|round the clock)\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?-i:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
    r"|[\d一二三四五六七八九十两]点(?!击)|(?:周|星期|礼拜)[一二三四五六日天末]|节假日|全天",
    re.I,
)
"""A time of day or a day of the week."""
_ASKS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (
        re.compile(r"how much|price|cost|fee|charge|多少钱|价格|费用|运费|邮费|快递费|收费|几块|贵吗"),
        frozenset({"GBP", "EUR", "CNY", "HKD", "USD", "percent"}),
    ),
    (
        re.compile(
            r"what (?:time|day|hours)|opening (?:times|hours)|when.{0,30}\b(?:open|clos|shut|start|begin|meet)"
            r"|几点|周几|星期几|营业时间|(?:什么时候|何时).{0,8}(?:开|关|营业|上课|上班|下班)"
        ),
        frozenset({"clock"}),
    ),
    (re.compile(r"how (?:long|soon|many days)|deadline|by what date|多久|多长时间|几天|多少天|几年|期限"), _LASTS),
    (re.compile(r"when|什么时候|何时"), _LASTS - {"minute"} | {"clock"}),
)
"""What a question asks for, and the kinds of fact that say it. Of the two that ask for a time only the narrower counts."""
_LEANS = re.compile(
    r"^(?:it|they|this|that|these|those|if not|but|however|then|otherwise|also|so|below that|after that|in that case|the same)\b"
    r"|^(?:这|那|它|但|不过|否则|另外|此外|同时|因此|所以|如果不|其中|也|不到)",
    re.I,
)
_LEADS = re.compile(r"[:：]$")


@dataclass(frozen=True, slots=True)
class Quote:
    """Pieces of one passage and how well the best of them fits the question: in their order, but what is asked for comes first."""

    passage: Passage
    units: tuple[Unit, ...]
    score: float

    def render(self, number: int) -> str:
        """The words as text, paragraph by paragraph and list by list, with the citation's mark at the end."""
        gap = " " if self.passage.lang == "en" else ""
        parts = []
        for _, group in groupby(self.units, key=lambda u: (u.block, u.kind)):
            block = list(group)
            if block[0].kind == "sentence" or (block[0].kind != "heading" and len(self.units) == 1):
                parts.append(gap.join(u.text for u in block))
            elif block[0].kind == "heading":
                parts.append("\n".join(f"**{u.text}**" for u in block))
            else:
                marks = [f"{i}." if u.kind == "step" else "-" for i, u in enumerate(block, start=1)]
                parts.append("\n".join(f"{mark} {u.text}" for mark, u in zip(marks, block, strict=True)))
        return "\n\n".join(parts) + f"{gap}[{number}]"

    def cite(self, number: int) -> Citation:
        """The citation: the exact stretch of the passage that is quoted."""
        p = self.passage
        quote = p.body[min(u.start for u in self.units) : max(u.end for u in self.units)]
        return Citation(p.id, p.document_id, p.title, p.heading, quote, number)


@dataclass(frozen=True, slots=True)
class _Scored:
    unit: Unit
    score: float
    share: float
    own: float
    terms: frozenset[str]
    is_asked: bool
    is_named: bool


def find_quotes(question: str, hits: Sequence[Hit], most: int = 2) -> list[Quote]:
    """The best quote, and a second one of another passage where it answers what the first leaves open."""
    asked = list(dict.fromkeys(index_terms(question)))
    passages = [(hit, units(hit.passage.body, hit.passage.lang)) for hit in hits]
    weights = _rarity([u for _, pieces in passages for u in pieces], asked)
    wanted = _wanted(question)
    found: list[tuple[float, Passage, list[_Scored]]] = []
    top = max((hit.score for hit in hits), default=0.0) or 1.0
    for hit, pieces in passages:
        scored = _score(hit, pieces, asked, weights, wanted, (hit.score / top) ** 2)
        if scored:
            found.append((_fit(hit, scored, wanted), hit.passage, scored))
    found.sort(key=lambda one: one[0], reverse=True)
    return _with_second([(passage, scored) for _, passage, scored in found], asked, weights)[:most]


def _fit(hit: Hit, scored: Sequence[_Scored], wanted: frozenset[str]) -> float:
    """How well a passage answers, by which passages are ordered."""
    said = max(hit.said.values(), default=hit.dense_score)
    holds = 0 if not wanted else 1 if any(s.is_asked for s in scored) else -1
    early = EARLY if hit.passage.ordinal <= FIRST else 0.0
    return hit.score + SAID * said + SHARE * max(s.share for s in scored) + HOLDS * holds + early


def _with_second(found: list[tuple[Passage, list[_Scored]]], asked: Sequence[str], weights: dict[str, float]) -> list[Quote]:
    """The best passage, whole where it is short; of a second one, unless it is very short, only what bears on the question."""
    if not found:
        return []
    best, answered = _choose(*found[0], whole=1.0)
    total = sum(weights[t] for t in asked) or 1.0
    open_terms = {t for t in asked if t not in answered}
    for passage, scored in found[1:]:
        other, terms = _choose(passage, scored, whole=0.5)
        gain = sum(weights[t] for t in open_terms & terms) / total
        fills = gain >= SECOND / 2 and sum(weights[t] for t in open_terms) / total >= SECOND and other.score >= 0.5 * best.score
        if other.passage.lang == best.passage.lang and (fills or other.score >= CLOSE * best.score):
            return [best, other]
    return [best]


def _rarity(pieces: Sequence[Unit], asked: Sequence[str]) -> dict[str, float]:
    sets = [set(index_terms(u.text)) for u in pieces]
    n = len(sets)
    counts = {t: sum(t in s for s in sets) for t in asked}
    return {t: math.log(1 + (n - c + 0.5) / (c + 0.5)) for t, c in counts.items()}


def holds_what_is_asked(question: str, text: str) -> bool | None:
    """Whether a text holds an amount or a time where one is asked for; None where none is."""
    wanted = _wanted(question)
    return _holds(wanted, text) if wanted else None


def _holds(wanted: frozenset[str], text: str) -> bool:
    return any(kind in wanted for kind, _ in find_facts(text).exact) or ("clock" in wanted and _CLOCK.search(text) is not None)


def _wanted(question: str) -> frozenset[str]:
    plain = normalise(question).casefold()
    kinds = [kinds for pattern, kinds in _ASKS if pattern.search(plain)]
    narrow = [some for some in kinds if not any(other < some for other in kinds)]
    return frozenset().union(*narrow)


def _score(
    hit: Hit, pieces: Sequence[Unit], asked: Sequence[str], weights: dict[str, float], wanted: frozenset[str], prior: float
) -> list[_Scored]:
    passage = hit.passage
    question = {unite(term) for term in asked}
    where = set(index_terms(f"{passage.title} {passage.heading}"))
    average = sum(len(u.text) for u in pieces) / len(pieces) if pieces else 1.0
    total = sum(weights[t] for t in asked) * (K1 + 1) / 1.5 or 1.0
    out: list[_Scored] = []
    before: set[str] = set()
    for unit in pieces:
        if unit.kind == "heading":
            where, before = where | set(index_terms(unit.text)), set()
            continue
        terms = index_terms(unit.text)
        length = 1 - B + B * len(unit.text) / average
        score = 0.0
        for term in asked:
            count = terms.count(term)
            inside = count * (K1 + 1) / (count + K1 * length)
            near = HEADING * (term in where) + BEFORE * (term in before)
            score += weights[term] * max(inside, near)
        own = sum(weights[t] for t in asked if t in terms)
        is_asked = bool(wanted) and _holds(wanted, unit.text)
        share = score * (ASKED if is_asked else 1.0) / total
        worth = BASE + INTRO * (passage.ordinal == 1) + share + NEAR * hit.said.get(unit.start, hit.dense_score)
        is_named = unit.kind == "row" and _names(question, unit.text)
        out.append(_Scored(unit, prior * worth, share, own, frozenset(terms) | where, is_asked, is_named))
        before = set(terms)
    return out


def _choose(passage: Passage, scored: Sequence[_Scored], *, whole: float) -> tuple[Quote, frozenset[str]]:
    """Around the best piece, what belongs to it, as far as there is room."""
    best = max(range(len(scored)), key=lambda i: scored[i].score)
    if sum(len(s.unit.text) for s in scored) <= whole * WHOLE_CHARS[passage.lang]:
        kept = _asked_first(_without_other_rows(scored))
        terms = frozenset().union(*(s.terms for s in kept))
        return Quote(passage, tuple(s.unit for s in kept), scored[best].score), terms
    is_weak = scored[best].share < WEAK and not scored[best].is_asked
    best = 0 if is_weak and scored[0].unit.kind == "sentence" else best
    chosen = {best}
    block = [i for i, s in enumerate(scored) if s.unit.block == scored[best].unit.block]
    kind = scored[best].unit.kind
    if kind in ("step", "item"):
        chosen |= _whole_list(scored, block, best)
    elif kind == "row":
        chosen |= {i for i in block if scored[i].score >= 0.8 * scored[best].score}
        chosen = set(sorted(chosen, key=lambda i: -scored[i].score)[:4])
    else:
        chosen |= _neighbours(scored, block, best, MOST_CHARS[passage.lang])
        chosen |= _table_before(scored, min(chosen), WHOLE_CHARS[passage.lang])
    picked = [scored[i] for i in sorted(chosen)]
    terms = frozenset().union(*(s.terms for s in picked))
    return Quote(passage, tuple(s.unit for s in picked), scored[best].score), terms


def _names(question: set[str], row: str) -> bool:
    """Whether the question says all words of a row's first cell, or of one of those that the cell lists."""
    cell = re.split(r" — |: |[：，]", row, maxsplit=1)[0]
    listed = ({unite(term) for term in index_terms(one)} for one in re.split(r"[,、/]|\b(?:and|or)\b|[和或及]", cell))
    return any(words and words <= question for words in listed)


def _without_other_rows(scored: Sequence[_Scored]) -> list[_Scored]:
    """All pieces, but of a table in which some rows are plainly meant only those; where they are but partly named, those first."""
    out = list(scored)
    for block in {s.unit.block for s in scored if s.unit.kind == "row"}:
        rows = [s for s in scored if s.unit.block == block]
        best = max(rows, key=lambda row: row.own)
        usual = sorted(row.own for row in rows)[len(rows) // 2]
        is_beside = not best.is_asked and any(row.is_asked for row in rows)  # an amount is asked for, and stands elsewhere
        if len(rows) <= 2 or best.own < MEANT * usual or best.own <= 0 or is_beside:
            continue
        meant = [row for row in rows if row.own >= 0.7 * best.own]
        others = [] if best.is_named else [row for row in rows if row not in meant]
        at = out.index(rows[0])
        out[at : at + len(rows)] = meant + others
    return out


def _asked_first(scored: Sequence[_Scored]) -> list[_Scored]:
    """With the paragraph or table first that holds what is asked for, where it can stand there and none before it holds such."""
    asked = [i for i, s in enumerate(scored) if s.is_asked]
    if not asked or any(scored[i].unit.block == scored[0].unit.block for i in asked):
        return list(scored)
    best = max(scored[i].score for i in asked)
    block = scored[next(i for i in asked if scored[i].score >= ALIKE * best)].unit.block  # what comes later comments on it
    first = next(i for i, s in enumerate(scored) if s.unit.block == block)
    if _LEANS.search(scored[first].unit.text) or _LEADS.search(scored[first - 1].unit.text):
        return list(scored)
    return sorted(scored, key=lambda s: s.unit.block != block)


def _whole_list(scored: Sequence[_Scored], block: Sequence[int], best: int) -> set[int]:
    """A numbered list is quoted whole with its lead; of other lists, the items that fit about as well."""
    lead = {block[0] - 1} if block[0] > 0 and _LEADS.search(scored[block[0] - 1].unit.text) else set()
    if scored[best].unit.kind == "step":
        return set(block) | lead
    near = {i for i in block if scored[i].score >= 0.7 * scored[best].score}
    return (near | lead) if len(near) > 1 or lead else near


def _neighbours(scored: Sequence[_Scored], block: Sequence[int], best: int, room: int) -> set[int]:
    """The paragraph, if it is short; else the piece, what it leans on, and what goes on from it."""
    if sum(len(scored[i].unit.text) for i in block) <= room:
        chosen = set(block)
    else:
        chosen = {best}
        if _LEANS.search(scored[best].unit.text) and best - 1 in block:
            chosen.add(best - 1)
        left = room - sum(len(scored[i].unit.text) for i in chosen)
        after = best + 1
        while after in block and left - len(scored[after].unit.text) >= 0 and len(chosen) < 3:
            left -= len(scored[after].unit.text)
            chosen.add(after)
            after += 1
    if sum(len(scored[i].unit.text) for i in chosen) < SHORT * room and max(chosen) + 1 < len(scored):
        following = scored[max(chosen) + 1].unit
        if following.kind == "sentence" or following.kind == "step":
            chosen.add(max(chosen) + 1)
    last = max(chosen)
    if _LEADS.search(scored[last].unit.text) or scored[last].unit.kind == "step":
        block_after = scored[last].unit.block + (scored[last].unit.kind != "step")
        chosen |= {i for i in range(last + 1, len(scored)) if _continues(scored[i].unit, block_after)}
    return chosen


def _table_before(scored: Sequence[_Scored], first: int, room: int) -> set[int]:
    """The rows of a table on which a paragraph just behind it comments, where there is room for all."""
    block = scored[first - 1].unit.block if first else -1
    rows = {i for i, s in enumerate(scored) if s.unit.block == block and s.unit.kind == "row"}
    return rows if sum(len(scored[i].unit.text) for i in rows) <= room else set()


def _continues(unit: Unit, block: int) -> bool:
    return unit.block == block and unit.kind != "sentence"
