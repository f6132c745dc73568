"""What a challenger would say that no text of the house says: for the person who signs, who alone can tell a lie in house words.

Two lists. *Taught*: sentences of the answers to be learnt that no text carries, or that turn one round (another number, a negation
more or less), with how many verdicts teach each and how many experts signed them. *Said*: what no answer may say (`harm.py`), then
numbers, names and addresses in what the challenger wrote, neither in the question, nor in the house's texts, nor in what the
champion wrote there. Words only; nothing is judged true or false, and a sentence that a text carries in other words may be listed.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from duologue.kit.text import normalise, sentences, words
from duologue.learning.examples import NEGATIONS
from duologue.learning.harm import find_addresses, is_unsafe
from duologue.learning.model import Example

Why = Literal["no_text", "other_number", "negated", "new_fact", "unsafe"]
CARRIED = 0.6
"""Share of a sentence's rarer words that one sentence of the house must hold to carry it."""
NEAR = 0.6
"""Share of all its words from which a sentence is read as turning the one of the house round."""
MOST_TAUGHT, MOST_SAID = 40, 40
LEAST_WORDS = 3
SAMPLES = 3
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_END = re.compile(r"(?<=[.!?])\s+")
_NAME = re.compile(r"(?<![.!?。！？\n])(?<!^)\s([A-Z][a-zA-Z-]{2,})")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, and why it is shown. `near`: the sentence of the house that comes nearest, where there is one.

    `verdicts` and `experts`: how many teach it, how many signed these; 0 for what was said. `ids`: some of the verdicts.
    """

    text: str
    why: Why
    facts: tuple[str, ...] = ()
    near: str = ""
    verdicts: int = 0
    experts: int = 0
    ids: tuple[str, ...] = ()
    question: str = ""


class House:
    """The sentences of the house's texts, found by their words."""

    def __init__(self, texts: Iterable[str]) -> None:
        whole = list(texts)
        self._said = [s for text in whole for s in sentences(text)]
        self.addresses = find_addresses(whole)
        self._whole = [f" {' '.join(words(text))} " for text in whole]
        self._words = [set(words(s)) for s in self._said]
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        for i, found in enumerate(self._words):
            for word in found:
                self._by_word[word].append(i)
        self.facts = {fact for sentence in self._said for fact in find_facts(sentence)}
        self.facts |= self._by_word.keys()  # a name at the beginning of a line or a cell is a word like others

    def find_near(self, sentence: str) -> tuple[float, str]:
        """The sentence of the house that holds the largest share of this one's words, rare ones counting more."""
        wanted = {word: 1.0 / (1 + len(self._by_word.get(word, ()))) for word in set(words(sentence))}
        held: defaultdict[int, float] = defaultdict(float)
        for word, weight in wanted.items():
            for i in self._by_word.get(word, ()):
                held[i] += weight
        total = sum(wanted.values())
        if not held or not total:
            return 0.0, ""
        best = max(held, key=lambda i: (held[i], -len(self._words[i])))
        return held[best] / total, self._said[best]

    def find_why(self, sentence: str) -> tuple[Why, str] | None:
        """Why a sentence is to be looked at, and what comes nearest; None where a text carries it."""
        verbatim = f" {' '.join(words(sentence))} "
        if any(verbatim in text for text in self._whole):
            return None
        share, near = self.find_near(sentence)
        mine, theirs = set(words(sentence)), set(words(near))
        is_near = len(mine & theirs) >= NEAR * len(mine)
        if is_near and bool(mine & NEGATIONS) != bool(theirs & NEGATIONS):
            return "negated", near
        if not set(_NUMBER.findall(normalise(sentence))) <= set(_NUMBER.findall(normalise(near))):
            return "other_number", near
        return None if share >= CARRIED else ("no_text", near if is_near else "")


def find_facts(text: str) -> set[str]:
    """Numbers, names (Latin words with a capital inside a sentence) and addresses, in lower case."""
    plain = normalise(text)
    return {*_NUMBER.findall(plain), *(n.casefold() for n in _NAME.findall(plain)), *find_addresses([plain])}


def list_taught(examples: Sequence[Example], house: House) -> list[Claim]:
    """Sentences that answers teach and that no text carries, the most taught first."""
    text: dict[str, str] = {}
    verdicts: defaultdict[str, set[str]] = defaultdict(set)
    experts: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        for sentence in (piece for s in sentences(example.chosen) for piece in _END.split(s)):
            found = words(sentence)
            if len(found) >= LEAST_WORDS:
                key = " ".join(found)
                text.setdefault(key, sentence)
                verdicts[key].add(str(example.lineage.get("verdict_id", "")))
                experts[key].add(str(example.lineage.get("reviewer_id", "")))
    claims = []
    for key, sentence in text.items():
        if (why := house.find_why(sentence)) is not None:
            ids = sorted(verdicts[key])
            facts = tuple(sorted(find_facts(sentence) - house.facts))
            claims.append(Claim(sentence, why[0], facts, why[1], len(ids), len(experts[key]), tuple(ids[:SAMPLES])))
    return sorted(claims, key=lambda c: (-c.verdicts, -len(c.facts), c.text))[:MOST_TAUGHT]


def list_said(written: Iterable[tuple[str, str, str]], house: House) -> list[Claim]:
    """What may not be said and facts in the challenger's words alone, the former first.

    `written`: (question, what the champion wrote, what the challenger wrote).
    """
    claims = []
    for question, old, new in written:
        facts = tuple(sorted(find_facts(new) - house.facts - find_facts(question) - find_facts(old)))
        why: Why = "unsafe" if is_unsafe(new, house.addresses, question) else "new_fact"
        if facts or why == "unsafe":
            claims.append(Claim(new, why, facts, question=question))
    return sorted(claims, key=lambda c: (c.why != "unsafe", -len(c.facts), c.text))[:MOST_SAID]
