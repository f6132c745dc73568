"""Recommendation: models against their closed forms, rules, reasons, propensities, bad input."""

import numpy as np
import pytest

from duologue.kit.errors import Invalid
from duologue.packs.support.recommend.interactions import Interactions, read_interactions
from duologue.packs.support.recommend.item_models import Ease, InSequence, ItemNeighbours, Popular, Successors
from duologue.packs.support.recommend.recommender import Recommender
from duologue.packs.support.recommend.welcome import Situation, is_welcome
from duologue.packs.support.shop.catalogue import Item, Rules, read_catalogue

USERS = ["u1", "u1", "u2", "u2", "u3", "u3", "u4"]
ITEMS = ["tent", "stove", "tent", "stove", "boots", "socks", "boots"]
CATALOGUE = [
    Item("tent", "Two-person tent", "Light tent for hiking", 200.0, ("camp",), ("GB",)),
    Item("stove", "Gas stove", "Small stove for camp cooking", 50.0, ("camp",)),
    Item("boots", "Leather boots", "Waterproof walking boots", 120.0, ("walk",)),
    Item("socks", "Wool socks", "Warm socks for walking", 15.0, ("walk",), (), False),
    Item("lamp", "Head torch", "Bright light for the camp at night", 30.0, ("camp",)),
]


def data() -> Interactions:
    return read_interactions(USERS, ITEMS, list(range(7)))


def test_ease_is_the_constrained_least_squares_solution() -> None:
    found = data()
    counts = found.matrix().toarray()
    penalty = 2.0
    own = np.asarray(Ease(found, penalty).weights)
    for j in range(counts.shape[1]):  # the slow way: regress each item on the others
        others = [i for i in range(counts.shape[1]) if i != j]
        left = counts[:, others].T @ counts[:, others] + penalty * np.eye(len(others))
        assert own[others, j] == pytest.approx(np.linalg.solve(left, counts[:, others].T @ counts[:, j]))
    assert np.diag(own).tolist() == [0.0] * 4


def test_neighbours_by_hand() -> None:
    found = data()
    weights = ItemNeighbours(found, shrink=5.0).weights.toarray()
    tent, stove, boots, socks = (found.item_place[i] for i in ("tent", "stove", "boots", "socks"))
    assert weights[tent, stove] == pytest.approx(2 / (2 + 5))
    assert weights[boots, socks] == pytest.approx(1 / (np.sqrt(2) + 5))
    assert weights[tent, boots] == 0
    assert np.diag(weights).tolist() == [0.0] * 4


def test_successors_by_hand() -> None:
    found = read_interactions(["u"] * 3, ["a", "b", "c"])
    weights = Successors(found).weights.toarray()
    assert weights[0] == pytest.approx([0, 1 / 2.5, 0.5 / 2.5])
    assert weights[2].tolist() == [0, 0, 0]


def test_scores_have_one_row_per_history() -> None:
    found = data()
    for model in (Popular(found), Ease(found), InSequence(found)):
        assert model.scores([np.array([0]), np.zeros(0, np.int64)]).shape == (2, 4)


def test_what_goes_together_is_offered_with_its_reason() -> None:
    model = Recommender("sequence").fit(USERS, ITEMS, range(7), CATALOGUE)
    offers = model.recommend("u4", 1)
    assert [offer.item for offer in offers] == ["lamp"] or offers[0].item != "boots"
    stove = model.recommend(history=["tent"], k=1)[0]
    assert (stove.item, stove.code, stove.because) == ("stove", "history", ("tent",))
    titles = {item.id: item.title for item in CATALOGUE}
    assert stove.reason("en", titles) == "Because you chose “Two-person tent”"
    assert stove.reason("zh", titles) == "因为您选过「Two-person tent」"


def test_rules_bind() -> None:
    model = Recommender().fit(USERS, ITEMS, range(7), CATALOGUE)
    offered = {offer.item for offer in model.recommend(k=10)}
    assert "socks" not in offered
    assert {offer.item for offer in model.recommend(k=10, rules=Rules(max_price=60))} <= {"stove", "lamp"}
    assert "tent" not in {offer.item for offer in model.recommend(k=10, rules=Rules(region="CN"))}
    assert {offer.item for offer in model.recommend(k=10, rules=Rules(tags=frozenset({"walk"})))} == {"boots"}
    plain, private = model.recommend(k=5), model.recommend("u1", 5, rules=Rules(has_consent=False))
    assert [offer.item for offer in plain] == [offer.item for offer in private]


def test_a_need_in_words_finds_what_nobody_took() -> None:
    model = Recommender().fit(USERS, ITEMS, range(7), CATALOGUE)
    assert model.recommend(need="a bright light for the night")[0].item == "lamp"
    cold = Recommender().fit([], [], [], CATALOGUE)
    assert cold.recommend(need="waterproof boots")[0].item == "boots"


def test_what_hardly_fits_a_clear_need_is_offered_neither_beside_nor_in_place_of_what_does() -> None:
    model = Recommender().fit(USERS, ITEMS, range(7), CATALOGUE)
    need = "waterproof boots"
    assert {offer.item for offer in model.recommend(k=5, need=need, explore=1.0)} == {"boots"}
    assert model.recommend(k=5, need=need, rules=Rules(max_price=1)) == []
    assert len(model.recommend(k=5, need="hm")) == len(model.recommend(k=5))


def test_propensities_are_those_of_the_draw() -> None:
    model = Recommender("popular").fit(USERS, ITEMS, range(7))
    assert [offer.propensity for offer in model.recommend(k=2)] == [1.0, 1.0]
    explored = model.recommend(k=1, explore=1.0)[0]
    assert explored.propensity == pytest.approx(1 / 4)


def test_seen_items_are_never_scored() -> None:
    model = Recommender("ease").fit(USERS, ITEMS, range(7))
    scores = model.scores([["tent", "unknown"], []])
    assert scores[0, model.items.index("tent")] == -np.inf
    assert np.isfinite(scores[1]).all()


@pytest.mark.parametrize(
    ("users", "items", "times"), [(["a"], [], None), (["a"], ["b"], ["x"]), (["a"], ["b"], [float("nan")]), ([], [], [])]
)
def test_bad_events_are_refused(users: list[str], items: list[str], times: list[float] | None) -> None:
    with pytest.raises(Invalid):
        Recommender().fit(users, items, times)


def test_before_learning_nothing_is_offered() -> None:
    with pytest.raises(Invalid):
        Recommender().recommend("u1")


def test_a_broken_catalogue() -> None:
    items, faults = read_catalogue(b"id,title,price,tags,in_stock\n1,Tent,20,a;b,no\n1,Again,,,\n,x,,,\n3,Odd,abc,,\n")
    assert [(item.id, item.price, item.tags, item.in_stock) for item in items] == [("1", 20.0, ("a", "b"), False)]
    assert [line for line, _ in faults] == [3, 4, 5]
    for bad in (b"", b"name\nx\n", b"\xff\xfe\x00id"):
        with pytest.raises(Invalid):
            read_catalogue(bad)


def test_when_an_offer_is_welcome() -> None:
    assert is_welcome(Situation())
    assert is_welcome(Situation(has_open_issue=True, asked_for_advice=True))
    for now in (
        Situation(has_open_issue=True),
        Situation(has_complaint=True, asked_for_advice=True),
        Situation(is_escalated=True),
        Situation(has_consent=False),
        Situation(offers_made=1),
        Situation(offers_refused=1, asked_for_advice=True),
        Situation(last_sentiment="negative"),
        Situation(satisfaction=1.5),
    ):
        assert not is_welcome(now)


def test_factors_are_the_closed_form_and_find_who_takes_what() -> None:
    pytest.importorskip("implicit", reason="implicit comes with the extra factors")
    from duologue.packs.support.recommend.factors import CONFIDENCE, PENALTY, Factors

    rng = np.random.default_rng(0)
    histories = [rng.choice(np.arange(10) + 10 * (n % 2), 5, replace=False) for n in range(80)]
    data = Interactions([f"p{n}" for n in range(80)], [f"i{n}" for n in range(20)], histories)
    model = Factors(data, 8)
    history = histories[0][:4]
    own = model.scores([history, np.zeros(0, np.int64)])
    items, weight = model._items, np.ones(20)
    weight[history] = CONFIDENCE
    wanted = np.zeros(20)
    wanted[history] = CONFIDENCE
    closed = np.linalg.solve(items.T @ (items * weight[:, None]) + PENALTY * np.eye(8), items.T @ wanted)
    assert np.abs(own[0] - items @ closed).max() < 0.02
    assert own[0, :10].mean() > own[0, 10:].mean() + 0.3
    assert not own[1].any()
    assert np.asarray(model.weights.todense()).diagonal().max() == 0
