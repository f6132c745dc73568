"""What to offer a person: scores from their history and from what they say they need, then rules, diversity and a reason in words.

Small catalogues get EASE where it predicts the last purchases better, large ones factors by `implicit`, others recency-weighted
neighbours and successors; who has no
history gets what fits their words, then what most take. Every offer carries the probability with which it was chosen, so that
`offpolicy` can judge other policies later. Whether to offer at all is asked of `welcome`. Knows no conversation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang
from duologue.packs.support.encode import Encode
from duologue.packs.support.recommend.content import Content
from duologue.packs.support.recommend.factors import Factors, has_factors
from duologue.packs.support.recommend.interactions import Interactions, read_interactions
from duologue.packs.support.recommend.item_models import Ease, InSequence, ItemModel, Popular, relative
from duologue.packs.support.shop.catalogue import Item, Rules

Floats = NDArray[np.float64]
EASE_LIMIT = 4000
"""Items beyond which EASE is not tried: its inverse is cubic (4,000 items: about 3 s on one core)."""
TRIAL_USERS = 2000
NEED_WEIGHT = 1.0
CLEAR_NEED, FIT_SHARE = 0.2, 0.5
"""Fit of the best item, sold or not, from which a need is clear; and the share of it that an offer must have then."""
POOL = 50
ReasonCode = Literal["history", "need", "popular", "trial"]

REASONS: Mapping[ReasonCode, Mapping[Lang, str]] = {
    "history": {"en": "Because you chose {because}", "zh": "因为您选过{because}"},
    "need": {"en": "It fits what you are looking for", "zh": "符合您的需求"},
    "popular": {"en": "Many customers choose it", "zh": "许多顾客都选它"},
    "trial": {"en": "You might like to look at this", "zh": "也许您会感兴趣"},
}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An offer. `propensity` is the probability (0..1) with which the item was chosen for its place, given the places before."""

    item: str
    score: float
    code: ReasonCode
    because: tuple[str, ...]
    propensity: float

    def reason(self, lang: Lang, titles: Mapping[str, str]) -> str:
        """Why, in words."""
        quotes = ("“", "”") if lang == "en" else ("「", "」")
        named = (", " if lang == "en" else "、").join(f"{quotes[0]}{titles.get(i, i)}{quotes[1]}" for i in self.because)
        return REASONS[self.code][lang].format(because=named)


class Recommender:
    """Learns from events; `fit`, then `recommend` for one person or `scores` for many.

    `model`: `auto` tries the models on each user's last event and keeps the best, or `ease`, `sequence`, `popular`, `factors`
    (with the extra `factors`) by name.
    """

    def __init__(
        self, model: Literal["auto", "ease", "sequence", "popular", "factors"] = "auto", encode: Encode | None = None, seed: int = 0
    ) -> None:
        self.model_name = model
        self.encode = encode
        self.trials: dict[str, float] = {}
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._data: Interactions | None = None
        self._model: ItemModel | None = None
        self._catalogue: dict[str, Item] = {}
        self._content: Content | None = None

    def fit(
        self,
        users: Sequence[str],
        items: Sequence[str],
        timestamps: Sequence[float] | None = None,
        catalogue: Sequence[Item] = (),
    ) -> "Recommender":
        """Learn from events as columns of one length (E), times in seconds, without them in the order given; no events at all is a
        cold start, for which a catalogue is needed.

        Items of the catalogue that nobody took are offered by what they are. Raises Invalid for columns that cannot be read.
        """
        found = read_interactions(users, items, timestamps)
        self._catalogue = {item.id: item for item in catalogue}
        known = found.item_place
        data = Interactions(found.users, found.items + [i for i in self._catalogue if i not in known], found.histories)
        if not data.items:
            raise Invalid("There is nothing to recommend; give events or a catalogue.")
        described = [self._catalogue.get(i, Item(i, "")) for i in data.items]
        self._content = Content(described, self.encode) if self._catalogue else None
        likeness = self._content.likeness() if self._content else None
        self._data, self._model = data, self._choose(data, likeness)
        self._place = data.item_place
        self._histories = dict(zip(data.users, data.histories, strict=True))
        return self

    def _choose(self, data: Interactions, likeness: csr_matrix | None) -> ItemModel:
        makers: dict[str, Callable[[Interactions], ItemModel]] = {
            "sequence": lambda d: InSequence(d, likeness),
            "ease": Ease,
            "popular": Popular,
        }
        if self.model_name == "factors":
            return Factors(data)
        if self.model_name != "auto":
            return makers[self.model_name](data)
        if len(data.items) > EASE_LIMIT:
            del makers["ease"]
            if has_factors():
                makers["factors"] = Factors
        longer = [h for h in data.histories if len(set(h.tolist())) > 1]
        if len(longer) < 5:
            return makers["sequence" if likeness is not None else "popular"](data)
        early = Interactions(data.users, data.items, [h[:-1] if len(set(h.tolist())) > 1 else h for h in data.histories])
        tried = np.random.default_rng(self._seed).permutation(len(longer))[:TRIAL_USERS]
        tests = [longer[i] for i in tried]
        self.trials = {name: _trial(make(early), tests) for name, make in makers.items()}
        return makers[max(self.trials, key=lambda name: self.trials[name])](data)

    @property
    def items(self) -> list[str]:
        """Items in the order of the columns of `scores`. Raises Invalid before `fit`."""
        return self._fitted()[0].items

    def scores(self, histories: Sequence[Sequence[str]]) -> Floats:
        """One score per history (item ids, latest last; unknown ones are passed over) and item, (n, I), of no
        unit: only their order within a row counts; seen items score −inf. Raises Invalid before `fit`."""
        data, model = self._fitted()
        known = [np.array([self._place[i] for i in history if i in self._place], np.int64) for history in histories]
        out = model.scores(known) if known else np.zeros((0, len(data.items)))
        for row, history in enumerate(known):
            out[row, history] = -np.inf
        return out

    def recommend(
        self,
        user: str = "",
        k: int = 5,
        *,
        history: Sequence[str] | None = None,
        need: str = "",
        rules: Rules | None = None,
        diversity: float = 0.2,
        explore: float = 0.0,
    ) -> list[Recommendation]:
        """At most k offers, best first. `history` replaces what is known of the user; `need` is what they say they look for: where
        it is clear, nothing that hardly fits is offered in place of what fits and may not be, and none at all if nothing fits.

        `diversity` (0..1) takes from an item's score for being like one already chosen; with probability `explore` (0..1) a place
        goes to a random item out of the best, which is how the shop learns what it does not know. Raises Invalid before `fit`.
        """
        data, model = self._fitted()
        rules = rules or Rules()
        known = self._histories.get(user, np.zeros(0, np.int64))
        if history is not None:
            known = np.array([self._place[i] for i in history if i in self._place], np.int64)
        if not rules.has_consent:
            known = np.zeros(0, np.int64)
        own = model.scores([known])[0] if len(known) else Popular(data).scores([known])[0]
        own = relative(own[None])[0]
        fit = self._content.match(need) if need.strip() and self._content else np.zeros(len(own))
        total = (own if len(known) or not fit.any() else 0.1 * own) + NEED_WEIGHT * fit
        allowed = [i for i, item in enumerate(data.items) if rules.allow(self._catalogue.get(item, Item(item, "")))]
        pool = [i for i in allowed if i not in set(known.tolist())]
        if fit.max(initial=0.0) >= CLEAR_NEED:
            pool = [i for i in pool if fit[i] >= FIT_SHARE * fit.max()]
        pool = sorted(pool, key=lambda i: (-total[i], data.items[i]))[: max(POOL, k)]
        chosen = self._pick(pool, total, k, diversity, explore)
        return [self._offer(i, total[i], known, fit[i], p, was_tried) for i, p, was_tried in chosen]

    def _pick(self, pool: list[int], total: Floats, k: int, diversity: float, explore: float) -> list[tuple[int, float, bool]]:
        rng = self._rng
        rest, chosen = list(pool), list[tuple[int, float, bool]]()
        penalty = dict.fromkeys(pool, 0.0)
        while rest and len(chosen) < k:
            best = max(rest, key=lambda i: total[i] - diversity * penalty[i])
            was_tried = bool(rng.random() < explore)
            one = int(rest[rng.integers(len(rest))]) if was_tried else best
            chosen.append((one, (1 - explore) * (one == best) + explore / len(rest), was_tried and one != best))
            rest.remove(one)
            alike = self._alike(one)
            for i in rest:
                penalty[i] = max(penalty[i], alike[i])
        return chosen

    def _alike(self, one: int) -> Floats:
        weights = self._fitted()[1].weights
        row: Floats = weights[[one]].toarray()[0] if isinstance(weights, csr_matrix) else np.asarray(weights[one])
        found: Floats = relative(np.maximum(row, 0.0)[None])[0]
        return found

    def _offer(
        self, item: int, score: float, known: NDArray[np.int64], fit: float, propensity: float, was_tried: bool
    ) -> Recommendation:
        data, model = self._fitted()
        speaks = [(float(model.weights[i, item]), i) for i in dict.fromkeys(known[::-1].tolist())]
        because = tuple(data.items[i] for weight, i in sorted(speaks, key=lambda s: -s[0])[:2] if weight > 0)
        code: ReasonCode = "trial" if was_tried else "need" if fit > CLEAR_NEED else "history" if because else "popular"
        return Recommendation(data.items[item], float(score), code, because if code == "history" else (), propensity)

    def _fitted(self) -> tuple[Interactions, ItemModel]:
        if self._data is None or self._model is None:
            raise Invalid("The recommender has not learned yet; call fit with events or a catalogue first.")
        return self._data, self._model


def _trial(model: ItemModel, histories: Sequence[NDArray[np.int64]]) -> float:
    """Mean NDCG@10 of each history's last item, the earlier ones given."""
    total = 0.0
    for start in range(0, len(histories), 256):
        part = histories[start : start + 256]
        scores = model.scores([h[:-1] for h in part])
        for row, history in zip(scores, part, strict=True):
            wanted = row[history[-1]]
            row[history[:-1]] = -np.inf
            rank = int((row >= wanted).sum())
            total += 1 / np.log2(rank + 1) if 1 <= rank <= 10 and history[-1] not in history[:-1] else 0.0
    return total / len(histories)
