"""Bayesian knowledge tracing (Corbett & Anderson 1995), one set of parameters a skill, fitted by EM over all learners at once.

It predicts less well than the tracer; it is here because its four numbers can be said in words: known before, learnt by
practice, slipped, guessed. Knows answers, no item.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang
from duologue.packs.education.mastery.answers import LEAST, Answer, by_user, keys_of

Floats = NDArray[np.float64]
STEPS, MOST_LEARNERS, MOST_ANSWERS = 25, 1500, 120


@dataclass(frozen=True, slots=True)
class Skill:
    """Chances (0..1): known before, learnt at one answer, right without knowing, wrong in spite of knowing."""

    prior: float = 0.4
    learn: float = 0.1
    guess: float = 0.2
    slip: float = 0.15

    def trace(self, answers: Sequence[bool]) -> float:
        """Chance that the skill is known after the answers."""
        known = self.prior
        for correct in answers:
            known = self.step(known, correct)
        return known

    def step(self, known: float, correct: bool) -> float:
        """Chance that the skill is known after one more answer."""
        right, wrong = (1 - self.slip, self.guess) if correct else (self.slip, 1 - self.guess)
        seen = known * right / max(known * right + (1 - known) * wrong, 1e-12)
        return seen + (1 - seen) * self.learn

    def chance(self, known: float) -> float:
        """Chance of a right answer."""
        return known * (1 - self.slip) + (1 - known) * self.guess


class SkillModel:
    """The parameters of all skills; one that is not known gets the mean of the others."""

    def __init__(self) -> None:
        self.skills: dict[str, Skill] = {}
        self.default = Skill()

    def fit(self, answers: Iterable[Answer]) -> "SkillModel":
        """Fit each skill, or combination of skills, that has answers."""
        sequences: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
        for a in by_user(answers):
            sequences[a.keys[-1]][a.user].append(a.correct)
        self.skills = {key: fit_skill([s[:MOST_ANSWERS] for s in list(users.values())[:MOST_LEARNERS]])
                       for key, users in sequences.items()}  # fmt: skip
        if self.skills:
            fitted = list(self.skills.values())
            means = (float(np.mean([getattr(s, n) for s in fitted])) for n in ("prior", "learn", "guess", "slip"))
            self.default = Skill(*means)
        return self

    def of(self, skills: Sequence[str]) -> Skill:
        """The parameters of a skill, or of a combination."""
        return self.skills.get(keys_of(skills)[-1], self.default)

    def predict_next(self, answers: Sequence[Answer]) -> Floats:
        """For each answer the chance that was due before it."""
        known: dict[tuple[str, str], float] = {}
        out = np.zeros(len(answers))
        for i in sorted(range(len(answers)), key=lambda i: (answers[i].user, answers[i].order)):
            a, skill = answers[i], self.of(answers[i].skills)
            where = (a.user, a.keys[-1])
            before = known.get(where, skill.prior)
            out[i] = skill.chance(before)
            known[where] = skill.step(before, a.correct)
        return out


def fit_skill(sequences: Sequence[Sequence[bool]]) -> Skill:
    """Parameters by Baum–Welch without forgetting, vectorised over learners; small counts keep them off the borders."""
    n, t = len(sequences), max(len(s) for s in sequences)
    right = np.zeros((n, t), bool)
    there = np.zeros((n, t), bool)
    for row, sequence in enumerate(sequences):
        right[row, : len(sequence)] = sequence
        there[row, : len(sequence)] = True
    skill = Skill()
    for _ in range(STEPS):
        skill = _step(right, there, skill)
    return skill


def _step(right: NDArray[np.bool_], there: NDArray[np.bool_], skill: Skill) -> Skill:
    n, t = right.shape
    seen_known = np.where(there, np.where(right, 1 - skill.slip, skill.slip), 1.0)  # (n, t)
    seen_not = np.where(there, np.where(right, skill.guess, 1 - skill.guess), 1.0)
    forward = np.zeros((t, n, 2))
    state = np.tile([1 - skill.prior, skill.prior], (n, 1))
    for k in range(t):
        state = state * np.stack([seen_not[:, k], seen_known[:, k]], axis=1)
        state /= state.sum(axis=1, keepdims=True)
        forward[k] = state
        state = np.stack([state[:, 0] * (1 - skill.learn), state[:, 0] * skill.learn + state[:, 1]], axis=1)
    learnt = chances = 0.0
    back = np.ones((n, 2))
    known = np.zeros((n, t))
    for k in range(t - 1, -1, -1):
        both = forward[k] * back
        known[:, k] = both[:, 1] / both.sum(axis=1)
        if k == 0:
            break
        ahead = back * np.stack([seen_not[:, k], seen_known[:, k]], axis=1)
        not_yet, already = forward[k - 1, :, 0], forward[k - 1, :, 1]
        stay = not_yet * (1 - skill.learn) * ahead[:, 0]
        move, keep = not_yet * skill.learn * ahead[:, 1], already * ahead[:, 1]
        total = np.maximum(stay + move + keep, 1e-12)
        real = there[:, k]
        learnt += float((move / total)[real].sum())
        chances += float(((stay + move) / total)[real].sum())
        back = np.stack([(1 - skill.learn) * ahead[:, 0] + skill.learn * ahead[:, 1], ahead[:, 1]], axis=1)
        back /= back.sum(axis=1, keepdims=True)
    guessed, slipped = (1 - known)[there & right].sum(), known[there & ~right].sum()
    not_known, is_known = (1 - known)[there].sum(), known[there].sum()
    return Skill(
        float(np.clip(known[:, 0].mean(), 0.01, 0.99)),
        float(np.clip((learnt + 0.5) / (chances + 5), 0.005, 0.6)),
        float(np.clip((guessed + 1) / (not_known + 5), 0.02, 0.45)),
        float(np.clip((slipped + 0.5) / (is_known + 5), 0.02, 0.35)),
    )


def explain(skill: Skill, answers: Sequence[bool], name: str, lang: Lang) -> str:
    """What the answers say about one skill, in two or three sentences; how many there are and nothing else, where they are few."""
    known = skill.trace(answers)
    right = sum(answers)
    if len(answers) < LEAST:
        times = "once" if len(answers) == 1 else f"{len(answers)} times"
        return (
            f"“{name}”答了 {len(answers)} 次，对 {right} 次。" if lang == "zh" else f"“{name}” was answered {times}, {right} right."
        )
    last = bool(answers and answers[-1])
    surprise = bool(answers) and last != (skill.chance(skill.trace(answers[:-1])) >= 0.5)
    if lang == "zh":
        text = f"“{name}”答了 {len(answers)} 次，对 {right} 次；已掌握的可能约为 {known:.0%}。"
        if surprise:
            why = f"这次答对可能是猜的（约 {skill.guess:.0%}）" if last else f"会做也可能失误（约 {skill.slip:.0%}），一次错不算数"
            text += f"最近一次出乎意料：{why}。"
        return text + f"做一题学会的可能约为 {skill.learn:.0%}。"
    text = f"“{name}” was answered {len(answers)} times, {right} right; it is known with a chance of about {known:.0%}."
    if surprise:
        why = (
            f"the right answer may be a guess (about {skill.guess:.0%} are)"
            if last
            else f"one who knows slips in about {skill.slip:.0%}, so one wrong answer does not undo it"
        )
        text += f" The last one was unexpected: {why}."
    return f"{text} About {skill.learn:.0%} learn it at one more exercise."
