"""The recommender's figures: full ranking over all items, ties counted against it, cold persons apart, beside two plain models.

Knows rows, no files.
"""

import time
from collections.abc import Iterator, Sequence

import numpy as np

from duologue.packs.support.evaluate.measure import Floats, Row, interval, row
from duologue.packs.support.recommend.interactions import read_interactions
from duologue.packs.support.recommend.item_models import ItemModel, ItemNeighbours, Popular
from duologue.packs.support.recommend.recommender import Recommender

Event = tuple[str, str, float]
BATCH = 256
K = 10


def evaluate_recommend(train: Sequence[Event], test: Sequence[Event]) -> Iterator[Row]:
    """NDCG@10, hit rate and recall of the test events, given the training events; without any, each person's last event is
    the test."""
    note = "full ranking, ties against"
    if not train:
        train, test = split_last(test)
        note += "; no training rows: each person's last event is the test, the earlier ones are learned from"
    began = time.process_time()
    columns = [u for u, _, _ in train], [i for _, i, _ in train], [t for _, _, t in train]
    model = Recommender().fit(*columns) if train else None
    spent = time.process_time() - began
    wanted: dict[str, set[str]] = {}
    for user, item, _ in test:
        wanted.setdefault(user, set()).add(item)
    data = read_interactions(*columns)
    known = dict(zip(data.users, data.histories, strict=True))
    warm = [u for u in wanted if u in known]
    cold = [u for u in wanted if u not in known]
    if model is None or not warm:
        yield row("recommend", "ndcg@10", float("nan"), None, 0, f"{note}; no person of the test has earlier events")
        if model is not None and cold:
            yield _cold(model, data.items, wanted, cold)
        return
    histories = [[data.items[i] for i in known[u]] for u in warm]
    targets = [wanted[u] for u in warm]
    own = _judge(model, data.items, histories, targets)
    simple = {one.name: _judge(one, data.items, histories, targets) for one in (Popular(data), ItemNeighbours(data))}
    chosen = model.model_name if not model.trials else max(model.trials, key=lambda name: model.trials[name])
    note = f"{note}; model {chosen}"
    yield row(
        "recommend",
        "ndcg@10",
        own[0].mean(),
        simple["popular"][0].mean(),
        len(warm),
        f"{note}; baseline: popular; {interval(own[0])}",
    )
    yield row("recommend", "hr@10", own[1].mean(), simple["popular"][1].mean(), len(warm), f"{note}; baseline: popular")
    yield row(
        "recommend",
        "ndcg@10_itemknn",
        simple["neighbours"][0].mean(),
        simple["popular"][0].mean(),
        len(warm),
        "plain item neighbours",
    )
    yield row("recommend", "coverage@10", own[2], simple["popular"][2], len(data.items), "share of items offered to anybody")
    if cold:
        yield _cold(model, data.items, wanted, cold)
    yield row("recommend", "train_cpu_s", spent, None, len(train), "CPU-seconds, trials included")


def _cold(model: Recommender, items: Sequence[str], wanted: dict[str, set[str]], cold: Sequence[str]) -> Row:
    found = _judge(model, items, [[] for _ in cold], [wanted[u] for u in cold])
    return row("recommend", "ndcg@10_cold", found[0].mean(), None, len(cold), "persons without earlier events: popularity")


def split_last(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Each person's last event apart from the earlier ones; persons with one event stay in the first part."""
    by_user: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda e: e[2]):
        by_user.setdefault(event[0], []).append(event)
    earlier = [event for own in by_user.values() for event in (own[:-1] if len(own) > 1 else own)]
    return earlier, [own[-1] for own in by_user.values() if len(own) > 1]


def _judge(
    model: Recommender | ItemModel, items: Sequence[str], histories: Sequence[Sequence[str]], targets: Sequence[set[str]]
) -> tuple[Floats, Floats, float]:
    """NDCG and hits of each person (n,), and the share of items that were offered to anybody."""
    place = {item: i for i, item in enumerate(items)}
    gain, hit, offered = np.zeros(len(targets)), np.zeros(len(targets)), set[int]()
    for start in range(0, len(targets), BATCH):
        part = [np.array([place[i] for i in history], np.int64) for history in histories[start : start + BATCH]]
        scores = model.scores(histories[start : start + BATCH]) if isinstance(model, Recommender) else model.scores(part)
        for offset, history in enumerate(part):
            line = scores[offset]
            line[history] = -np.inf
            n = start + offset
            best = min(len(targets[n]), K)
            ranks = sorted(int((line >= line[place[i]]).sum()) for i in targets[n] if i in place and np.isfinite(line[place[i]]))
            ideal = (1 / np.log2(np.arange(2, best + 2))).sum()
            gain[n] = sum(1 / np.log2(rank + 1) for rank in ranks if rank <= K) / ideal
            hit[n] = bool(ranks) and ranks[0] <= K
            top = np.argpartition(-line, min(K, len(line) - 1))[:K]
            offered.update(top[np.isfinite(line[top])].tolist())
    return gain, hit, len(offered) / max(len(items), 1)
