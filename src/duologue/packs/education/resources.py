"""Which reading next, and why: what fits the question or the gap, within limits, as the teacher pinned and blocked. Knows no page.

Texts are ranked by BM25 (Robertson and Zaragoza, 2009) and re-ranked by sentence vectors where an encoder is given.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang
from duologue.packs.education.course import Course, Resource
from duologue.packs.education.grading.overlap import Encode, content
from duologue.packs.education.mastery.learner import Learner
from duologue.packs.education.path.diagnosis import believe

Floats = NDArray[np.float64]
VECTORS = 0.7
"""Weight of the sentence encoder's cosine beside BM25 over its best; as in the program's search, chosen there on other texts."""
TOPIC, GAP, LEVEL, LIKED, READ = 0.4, 0.35, 0.1, 0.15, 0.4
"""What fits the question, the gap, the level, what others said, and the price of having been read: judgement, not fitted."""
KNOWN = 0.6

WORDS: dict[str, dict[Lang, str]] = {
    "pin": {"en": "Your teacher recommends it.", "zh": "老师推荐。"},
    "topic": {"en": "It fits what you asked.", "zh": "与你问的内容相符。"},
    "gap": {
        "en": "“{skill}” is known with a chance of about {known:.0%}; this explains it.",
        "zh": "“{skill}”已掌握的可能约为 {known:.0%}，这份材料讲的就是它。",
    },
    "new": {
        "en": "It explains “{skill}”, on which there are too few answers yet.",
        "zh": "讲的是“{skill}”；这方面答题太少，还不能判断掌握了多少。",
    },
    "before": {"en": "“{goal}” builds on “{skill}”.", "zh": "“{goal}”以“{skill}”为基础。"},
    "early": {"en": "First learn what “{skill}” builds on.", "zh": "先学会“{skill}”的基础内容。"},
    "size": {"en": "{minutes} minutes, level {level} of 5.", "zh": "{minutes} 分钟，难度 {level}（共 5 级）。"},
    "liked": {"en": "It helped {yes} of {n} learners who said so or not.", "zh": "{n} 位评价过的同学中有 {yes} 位觉得有帮助。"},
    "read": {"en": "You have read it already.", "zh": "你已经读过。"},
}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A resource, its score (higher is better, comparable within one answer only) and the reasons in the course's language."""

    resource: Resource
    score: float
    why: tuple[str, ...]
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An encoder of texts whose vectors are there already."""

    vectors: Mapping[str, Sequence[float]]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d); raises KeyError for a text that is not known."""
        return np.asarray([self.vectors[text] for text in texts], np.float32)


class ResourceIndex:
    """Resources to search by words: titles count twice. Needs no encoder; with one, vectors re-rank."""

    def __init__(self, resources: Sequence[Resource], encode: Encode | None = None) -> None:
        import bm25s

        self._encode = encode
        self._texts = [text_of(r) for r in resources]
        tokens = [list(content(f"{r.title} {r.title} {r.text}")) for r in resources]
        self._known = {t for one in tokens for t in one}
        self._bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        if self._known:
            self._bm25.index(tokens, show_progress=False)
        self._vectors: Floats | None = None

    def bm25(self, query: str) -> Floats:
        """BM25 over the best (n,); zeros where no word is shared."""
        asked = [t for t in content(query) if t in self._known]
        scores = np.asarray(self._bm25.get_scores(asked), float) if asked else np.zeros(len(self._texts))
        best = float(scores.max(initial=0.0))
        return scores / best if best > 0 else scores

    def score(self, query: str) -> Floats:
        """How well each resource fits the query, (n,), about 0 to 1."""
        words = self.bm25(query)
        if self._encode is None or not self._texts or not query.strip():
            return words
        if self._vectors is None:
            self._vectors = np.asarray(self._encode.encode(self._texts), float)
        asked = np.asarray(self._encode.encode([query]), float)[0]
        return np.asarray((1 - VECTORS) * words + VECTORS * (self._vectors @ asked), float)


def text_of(resource: Resource) -> str:
    """What is encoded of a resource."""
    return f"{resource.title}. {resource.text}"


def query_of(course: Course, skill: str, query: str = "") -> str:
    """What is searched for: the question, else what the skill is about. Raises NotFound for an unknown skill."""
    if query.strip() or not skill:
        return query
    wanted = course.skill(skill)
    return f"{wanted.name}. {wanted.about}"


def ratings_of(reads: Sequence[tuple[str, str, bool | None]]) -> dict[str, tuple[int, int]]:
    """(helped, asked) for each resource, of rows (learner, resource, helped); each learner's last word counts once."""
    last = {(person, resource): helped for person, resource, helped in reads if helped is not None}
    out: dict[str, tuple[int, int]] = {}
    for (_, resource), helped in last.items():
        yes, n = out.get(resource, (0, 0))
        out[resource] = (yes + bool(helped), n + 1)
    return out


def recommend(learner: Learner, course: Course, skill: str = "", *, query: str = "", k: int = 3, lang: str = "", licence: str = "",
              forms: Collection[str] = (), max_minutes: int = 0, max_level: int = 0, choices: Mapping[str, str] | None = None,
              ratings: Mapping[str, tuple[int, int]] | None = None, encode: Encode | None = None,
              at: datetime | None = None) -> list[Recommendation]:  # fmt: skip
    """The best resources for a learner, best first, each with its reasons; what the teacher pinned comes first.

    `skill` asks for the gap in that skill and what it builds on, `query` for a question in words; neither, for the learner's gaps.
    Empty limits let everything through. `choices`: resource → "pin" or "block". `ratings`: resource → (helped, asked).
    Raises NotFound for an unknown skill.
    """
    wanted = set(course.needed_for((skill,))) if skill else set(course.order)
    known = believe(learner, course, course.order, at)
    asked = query_of(course, skill, query)
    here = [
        r for r in course.resources
        if (choices or {}).get(r.id) != "block" and r.skill in known and (query.strip() or r.skill in wanted)
        and (not lang or r.lang == lang) and (not licence or r.licence == licence) and (not forms or r.form in forms)
        and (not max_minutes or r.minutes <= max_minutes) and (not max_level or r.level <= max_level)
    ]  # fmt: skip
    fits = ResourceIndex(here, encode).score(asked) if asked.strip() and here else np.zeros(len(here))
    level = 1 + 4 * sum(known.values()) / max(1, len(known))
    out = []
    for one, fit in zip(here, fits, strict=True):
        chance, is_ready = known[one.skill], all(known[p] >= KNOWN for p in course.skill(one.skill).prerequisites)
        yes, n = (ratings or {}).get(one.id, (0, 0))
        is_pinned = (choices or {}).get(one.id) == "pin"
        score = TOPIC * float(fit) + GAP * (1 - chance) * (1.0 if is_ready else 0.5) + LEVEL * (1 - abs(one.level - level) / 4)
        score += LIKED * (yes + 1) / (n + 2) - READ * (one.id in learner.read)
        said = {
            "pin": is_pinned,
            "topic": bool(query.strip()) and float(fit) >= 0.5,
            "gap": chance < KNOWN and not learner.is_few(one.skill),
            "new": chance < KNOWN and learner.is_few(one.skill),
            "before": bool(skill) and one.skill != skill and one.skill in wanted,
            "early": not is_ready,
            "size": True,
            "liked": n > 0,
            "read": one.id in learner.read,
        }
        values = {"skill": course.skill(one.skill).name, "goal": course.skill(skill).name if skill else "", "known": chance,
                  "minutes": one.minutes, "level": one.level, "yes": yes, "n": n}  # fmt: skip
        why = tuple(WORDS[key][course.lang].format(**values) for key, is_so in said.items() if is_so)
        out.append(Recommendation(one, round(score, 4), why, is_pinned))
    return sorted(out, key=lambda r: (not r.is_pinned, -r.score, r.resource.id))[:k]
