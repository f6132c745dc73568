"""One learner as plans see him: the tracer that knows his answers, his memory, what he has done. Knows no course."""

from dataclasses import dataclass, field

from duologue.packs.education.mastery.answers import LEAST, Answer
from duologue.packs.education.mastery.reviews import ReviewBook
from duologue.packs.education.mastery.tracing import KnowledgeTracer


@dataclass(slots=True)
class Learner:
    """`given`: skills known by other means, with the chance that they are; `answered` and `read`: items and resources seen."""

    id: str
    tracer: KnowledgeTracer = field(default_factory=KnowledgeTracer)
    reviews: ReviewBook = field(default_factory=ReviewBook)
    given: dict[str, float] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    def observe(self, answer: Answer, *, is_learnt_from: bool = True) -> float:
        """Take an answer in everywhere; returns the chance that was given to a right one. See `KnowledgeTracer.observe`."""
        chance = self.tracer.observe(answer, is_learnt_from=is_learnt_from)
        self.answered.add(answer.item)
        if answer.at is not None:
            for skill in answer.skills:
                self.reviews.observe(skill, answer.correct, answer.at, answer.hints)
        return chance

    def is_few(self, skill: str) -> bool:
        """Whether there are too few answers to the skill to put a figure before anybody."""
        return skill not in self.given and self.tracer.mastery(self.id, skill).answers < LEAST
