"""Every starter intent has a name in both languages."""

from duologue.packs.support.intents.labels import LABELS, label_of
from duologue.packs.support.intents.starter import starter_examples


def test_every_starter_intent_is_named() -> None:
    for lang in ("en", "zh"):
        assert set(LABELS[lang]) == set(starter_examples()[1])
    assert label_of("kayak_rental", "zh") == "kayak rental"
