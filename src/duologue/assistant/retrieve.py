"""What bears on a question: passages of the knowledge, and verdicts on questions like it.

A question that leans on the one before it ("and to Norway?") is looked up together with that one. Knows no model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from duologue.assistant.guard import clip
from duologue.assistant.model import Precedent, Recall, Turn
from duologue.kit.text import EMAIL, Lang, normalise, spell_out
from duologue.knowledge.model import SearchResult
from duologue.knowledge.terms import index_terms

PASSAGES, PRECEDENTS = 5, 3
SHORT = 2
"""A question of at most so many content words may lean on the one before."""
OWN_SUPPORT = 0.3
"""Support of the search from which what the words of a leaning question find alone says something about it."""
LONG = 7
"""One of more content words stands alone, whatever pronouns it has."""

_LEANS = re.compile(
    r"^(?:and|what about|how about|also|but|then|why|so|or)\b|\b(?:it|that|they|them|those|this|one|ones|there|same)\b"
    r"|^(?:那|那么|还有|如果|然后|为什么|或者)|它|这个|那个|这种|那种|这样|呢[?？]?$"
)
_STANDS = re.compile(
    r"^(?:do|does|did|can|could|may|are|is|have|has|will|would) (?:you|i|we|they|there)\b"
    r"|^(?:how|what|when|where|which|who|why)\b.* (?:is|are|do|does|did|can|could|will|would|pays?|costs?)\b"
    r"|^(?:is|are|does|do|can|will) \w+ing\b"
    r"|^(?:请问)?你们?(?:有没有|有|卖|能|可以)|[吗么嘛][?？]?$|可以|能不能|多少|几[天个年点号折块]|多久|多长|怎么|如何|哪[里儿些个]|谁|什么"
)
"""What a whole question has: with something of its own beside, it leans on nothing ("Do you have a tent?", 帐篷可以退吗)."""

_EMPTY = re.compile(
    r"\b(?:does|did|do|will|would|is|was|can) it (?:cost|take|possible|ok(?:ay)?|allowed|safe|worth|necessary|normal|better|be)\b"
    r"(?=[^.?!]*\b(?:to (?!(?:the|my|our|your|a|an|this)\b)\w+ \w+|if\b|that\b|\w+ing\b))"
)
"""An "it" that means nothing before: "what does it cost to replace a zip"."""
_JOINS = re.compile(r"^(?:and|also|but|so|or|then|plus)\b[ ,]*|^(?:还有|另外|那么?|以及|顺便问一?下?)[,，]?", re.I)


class Search(Protocol):
    """The search of `knowledge`, as the turn needs it."""

    async def search(self, workspace_id: str, query: str, *, lang: Lang | None = None, k: int = 5) -> SearchResult:
        """The best passages and whether they hold the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """`query` is what was looked up: the question, or the question with the one that it leans on.

    `leaning`: the question itself where it leans on another; `alone`: the passages that it finds by its own words.
    """

    query: str
    result: SearchResult
    precedents: tuple[Precedent, ...]
    leaning: str = ""
    alone: frozenset[str] = frozenset()


def bare_of_joins(sentence: str) -> str:
    """A sentence without the "and" or 还有 that ties it to the one before."""
    return _JOINS.sub("", sentence)


def is_whole(sentence: str) -> bool:
    """Whether a sentence is a question that stands for itself: it has a question's form, or its mark, and something of its own."""
    plain = bare_of_joins(spell_out(normalise(EMAIL.sub(" ", sentence))).casefold())
    terms = 0 if plain.endswith((".", "。", "!")) else len(index_terms(plain))
    return (terms >= SHORT and _STANDS.search(plain) is not None) or (terms > SHORT and plain.endswith("?"))


_ASKS = re.compile(
    r"[?？]|\b(?:how|what|when|where|which|who|why)\b"
    r"|^\W*(?:(?:and|so|but|or|ok|then|also)\W+)?(?:can|could|do|does|did|is|are|was|will|would|may|should|have|has)\b",
    re.I,
)


def asks(text: str) -> bool:
    """Whether a text has anything of a question."""
    plain = spell_out(normalise(text).casefold())
    return _ASKS.search(plain) is not None or _STANDS.search(plain) is not None


def make_query(question: str, asked_before: Sequence[str]) -> str:
    """The question as it stands, or behind the earlier one that it leans on."""
    question = spell_out(question)
    plain = normalise(EMAIL.sub(" ", question))
    terms = index_terms(plain)
    if not asked_before or len(terms) >= LONG:
        return clip(question)
    bare = _EMPTY.sub(" ", plain.casefold())
    stands = len(terms) >= SHORT and _STANDS.search(bare_of_joins(bare)) is not None
    if (len(terms) <= SHORT and not stands) or _LEANS.search(bare_of_joins(bare) if stands else bare):
        return clip(f"{spell_out(asked_before[-1])} {question}")
    return clip(question)


async def retrieve(turn: Turn, search: Search, memory: Recall) -> Found:
    """Look in the knowledge and in the memory of verdicts."""
    workspace_id = turn.conversation.workspace_id
    query = make_query(turn.question, turn.asked_before)
    result = await search.search(workspace_id, query, lang=turn.lang, k=PASSAGES)
    asked = spell_out(turn.question)
    stands = query == clip(asked)
    precedents = await memory.find(workspace_id, clip(turn.question) if stands else query, turn.lang, PRECEDENTS)
    if stands:
        return Found(query, result, tuple(precedents))
    if precedents:  # what was said to the question before is no answer to this one
        earlier = await memory.find(workspace_id, turn.asked_before[-1], turn.lang, PRECEDENTS * 4)
        nearer = {known.verdict_id: known.score for known in earlier}
        precedents = [known for known in precedents if known.score > nearer.get(known.verdict_id, 0.0)]
    own = await search.search(workspace_id, clip(asked), lang=turn.lang, k=PASSAGES)
    return Found(query, result, tuple(precedents), asked, frozenset(h.passage.id for h in own.hits if own.support >= OWN_SUPPORT))
