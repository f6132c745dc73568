"""Before and after: better examples read better, worse ones worse, and what is held out was never learned."""

from duologue.packs.support.intents.scorecard import compare
from duologue.packs.support.intents.starter import starter_examples

TEXTS, INTENTS = starter_examples()


def test_more_examples_beside_fewer() -> None:
    few = [i for i in range(len(TEXTS)) if i % 3 == 0]
    card = compare(([TEXTS[i] for i in few], [INTENTS[i] for i in few]), (TEXTS, INTENTS))
    assert card.before is not None
    assert card.after is not None
    assert card.held_out > 20
    assert card.after.accuracy > card.before.accuracy
    assert card.after.examples + card.held_out == len(TEXTS)
    assert not card.is_worse
    assert sum(change.count for change in card.changes) == card.held_out


def test_wrong_labels_are_seen_to_be_worse_and_name_the_intent_first() -> None:
    spoilt = ["invoice" if intent == "return_item" and n % 4 else intent for n, intent in enumerate(INTENTS)]
    card = compare((TEXTS, spoilt), (TEXTS, INTENTS))
    assert card.before is not None
    assert card.after is not None
    assert card.before.accuracy < card.after.accuracy


def test_the_first_model_and_too_few_examples() -> None:
    assert compare(None, (TEXTS, INTENTS)).before is None
    assert compare(None, (["only one"], ["x"])).after is None
