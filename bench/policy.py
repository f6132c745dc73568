"""What the sample shop's customers ask, and what its policy says to it, which changes twice: the world of `bench.year`.

Questions are the support pack's labelled ones, those without an answer too. When the policy changes, half of the articles are
touched, and 30 % of their questions that have numbers in the answer get others. The articles in the knowledge stay as they are:
nobody tells the assistant but the experts who correct it.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duologue.assistant.evaluate import says_it
from duologue.knowledge.terms import index_terms
from duologue.learning.corrections import HOUSE
from duologue.packs import support

FILES = ("everyday-develop.jsonl", "everyday-report.jsonl", "questions.part-a.jsonl", "questions.part-b.jsonl")
NOTHING = {"en": "Sorry, that is something we do not offer or know.", "zh": "抱歉，这个我们没有提供，也不清楚。"}
TOUCHED, CHANGED = 0.5, 0.3
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Matter:
    """A question, and what the policy says to it from one change to the next."""

    lang: str
    question: str
    article: str
    texts: tuple[str, ...]

    def is_right(self, said: str, phase: int) -> bool:
        """Whether an answer says what the policy says now: every number of it, and most of its words."""
        return bool(index_terms(self.texts[phase])) and says_it(said, self.texts[phase])

    def answer(self, phase: int) -> str:
        """What an expert writes."""
        return HOUSE[self.lang].format(a=self.texts[phase])


def read_questions() -> list[Matter]:
    """The questions with what the articles say to them."""
    folder, found = Path(support.__file__).parent / "evals", []
    for name in FILES:
        for row in map(json.loads, (folder / name).read_text("utf-8").splitlines()):
            if row.get("quote") or not row["articles"]:
                article = row["articles"][0] if row["articles"] else ""
                found.append(Matter(row["lang"], row["question"], article, (row["quote"] or NOTHING[row["lang"]],)))
    return found


def make_policy(matters: Sequence[Matter], seed: int, changes: int) -> list[Matter]:
    """The same questions with the policy's texts after each of so many changes."""
    draw = random.Random(f"policy {seed}")
    articles = sorted({m.article for m in matters if m.article})
    texts = {id(m): list(m.texts) for m in matters}
    for _ in range(changes):
        touched = set(draw.sample(articles, round(len(articles) * TOUCHED)))
        for m in matters:
            now = texts[id(m)][-1]
            is_changed = m.article in touched and draw.random() < CHANGED and m.article != ""
            texts[id(m)].append(_NUMBER.sub(lambda found: str(int(found[0]) + 3), now) if is_changed else now)
    return [Matter(m.lang, m.question, m.article, tuple(texts[id(m)])) for m in matters]


def weigh(matters: Sequence[Matter], seed: int) -> list[float]:
    """How often each is asked: some often, most seldom (1/rank, the ranks drawn)."""
    ranks = list(range(len(matters)))
    random.Random(f"ranks {seed}").shuffle(ranks)
    return [1 / (1 + rank) for rank in ranks]
