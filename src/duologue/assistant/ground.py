"""Is a sentence supported by the passages? Facts must agree exactly, content words must largely occur, denial must match.

Sentence by sentence and by words alone, in both languages; it knows no model. It errs towards "not supported": the quoting rule
then puts the passage's own words in its place. Across languages only facts can be compared, which is never enough to send.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from duologue.assistant.facts import Facts, find_facts
from duologue.kit.text import Lang, detect_lang, normalise, sentences
from duologue.knowledge.model import Passage
from duologue.knowledge.terms import index_terms
from duologue.knowledge.units import Unit, readable, units

SUPPORTED = 0.6
"""Least share of a sentence's weighted content words that its evidence must hold."""
ACROSS_LANGUAGES = 0.4
"""The most that a sentence can score against evidence in the other language."""
SAME_SPEAKER = 0.45
"""Share of words from which a single piece of evidence is taken to say the same thing, so that its denial must match."""


@cache
def _small_talk() -> frozenset[str]:
    """Terms of politeness, which need no support. Made at the first use: the Chinese dictionary takes a second to load."""
    return frozenset(
        index_terms(
            "yes no sure certainly sorry welcome glad happy help hope let please note means question ask anything else further"
        )
        + index_terms(
            "可以 不可以 是的 不是 好的 没问题 抱歉 很高兴 欢迎 希望 帮助 其他 问题 随时 告诉 注意 这意味着 您好 感谢 理解 "
            "解答 高兴 说明"
        )
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that a sentence may rest on: a piece of a passage with its heading, or of a tool's result (`passage` None)."""

    passage: Passage | None
    unit: Unit | None
    text: str
    terms: frozenset[str]
    facts: Facts
    lang: Lang


@dataclass(frozen=True, slots=True)
class Support:
    """How well a sentence is supported, 0..1, by what, and why not where it is not."""

    score: float
    evidence: Evidence | None
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether the sentence may be said."""
        return self.score >= SUPPORTED


class Grounds:
    """The evidence of one turn, and how rare each word is in it."""

    def __init__(self, passages: Sequence[Passage], results: Sequence[str] = ()) -> None:
        self.evidence: list[Evidence] = []
        for passage in passages:
            self._add_passage(passage)
        for text in results:
            for sentence in sentences(text):
                self._add(None, None, readable(sentence), "", detect_lang(text))
            self._add(None, None, readable(text), "", detect_lang(text))
        self._weights = self._rarity()

    def _add_passage(self, passage: Passage) -> None:
        """Single pieces, and pairs of neighbouring sentences, since one sentence often carries on from another."""
        pieces = [u for u in units(passage.body, passage.lang) if u.kind != "heading"]
        where = f"{passage.title} {passage.heading}"
        for i, unit in enumerate(pieces):
            self._add(passage, unit, unit.text, where, passage.lang)
            after = pieces[i + 1] if i + 1 < len(pieces) else None
            if after is not None and unit.kind != "row" and after.kind != "row":
                self._add(passage, unit, f"{unit.text} {after.text}", where, passage.lang)

    def _add(self, passage: Passage | None, unit: Unit | None, text: str, where: str, lang: Lang) -> None:
        terms = frozenset(index_terms(f"{where} {text}"))
        inside, around = find_facts(text), find_facts(where)
        facts = Facts(inside.exact | around.exact, inside.bounds | around.bounds, inside.denies)
        self.evidence.append(Evidence(passage, unit, text, terms, facts, lang))

    def _rarity(self) -> dict[str, float]:
        holders: dict[str, int] = {}
        for evidence in self.evidence:
            for term in evidence.terms:
                holders[term] = holders.get(term, 0) + 1
        return {term: math.log(1 + len(self.evidence) / n) for term, n in holders.items()}

    def weight(self, term: str) -> float:
        """How much a word says: rare ones more, unknown ones most."""
        return self._weights.get(term, math.log(1 + len(self.evidence)) if self.evidence else 1.0)

    def check(self, sentence: str) -> Support:
        """The best support that the evidence gives to the sentence."""
        said = [t for t in dict.fromkeys(index_terms(sentence)) if t not in _small_talk()]
        facts = find_facts(sentence)
        if not said and not facts.exact:
            return Support(1.0, None, "says nothing")
        lang = detect_lang(sentence)
        best = Support(0.0, None, "no evidence")
        for evidence in self.evidence:
            support = self._compare(said, facts, lang, evidence)
            if support.score > best.score or best.evidence is None:
                best = support
        return best

    def _compare(self, said: Sequence[str], facts: Facts, lang: Lang, evidence: Evidence) -> Support:
        missing = facts.missing_in(evidence.facts)
        if missing:
            return Support(0.0, evidence, "other facts: " + ", ".join(f"{v} {k}".strip() for k, v in sorted(missing)))
        if lang != evidence.lang:
            return Support(ACROSS_LANGUAGES if facts.exact else 0.0, evidence, "in another language")
        total = sum(self.weight(t) for t in said)
        covered = sum(self.weight(t) for t in said if t in evidence.terms) / total if total else 1.0
        if covered >= SAME_SPEAKER and facts.denies != evidence.facts.denies:
            return Support(min(covered, SUPPORTED) / 2, evidence, "denies what is affirmed, or the reverse")
        if facts.bounds - evidence.facts.bounds:
            return Support(
                min(covered, SUPPORTED) * 0.9, evidence, "another bound: " + ", ".join(facts.bounds - evidence.facts.bounds)
            )
        return Support(covered, evidence, "" if covered >= SUPPORTED else "words without evidence")


def is_connective(sentence: str, question: str, limit_words: int = 18) -> bool:
    """Whether a sentence claims nothing: no fact, no denial, no content word that the question did not bring, and is no echo."""
    facts = find_facts(sentence)
    said = [t for t in index_terms(sentence) if t not in _small_talk()]
    own = set(said) - set(index_terms(question))
    if said and all(_plain(piece) in _plain(question) for piece in sentences(sentence)):
        return False
    return not facts.exact and not facts.bounds and not facts.denies and not own and 0 < len(sentence.split()) <= limit_words


def _plain(text: str) -> str:
    return normalise(text).casefold().strip(" .!?。！？")
