"""Learn the shipped heads of mood again: `src/duologue/packs/support/mood/heads.npz`, from the pack's own examples; two minutes.

    python runs/moods.py [--folds]

With `--folds` nothing is written: ten folds of the examples are judged by heads that did not see them. Run it again when the
examples, the starter intents, the lexicon or the sentence encoder change; a unit test tells when they did.
"""

import argparse

import numpy as np

from duologue.lm.vectors.attentive_model import ENGLISH_SHARE, AttentiveModel
from duologue.packs.support.intents.terms import has_han
from duologue.packs.support.mood.heads import WEIGHTS, MoodHeads, starter_moods
from duologue.packs.support.mood.sentiment import LABELS, SentimentModel


def main() -> None:
    """Write the heads, or print their folds."""
    parser = argparse.ArgumentParser(description="Learn the shipped heads of mood.")
    parser.add_argument("--folds", action="store_true")
    encode = AttentiveModel.load().mix(ENGLISH_SHARE)
    texts, labels = starter_moods()
    if not parser.parse_args().folds:
        MoodHeads.fit(texts, labels, encode).save(WEIGHTS)
        return
    fold = np.random.RandomState(0).permutation(len(texts)) % 10
    heads, words = np.zeros((len(texts), 3)), SentimentModel().predict_proba(texts)
    for number in range(10):
        kept, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = MoodHeads.fit([texts[i] for i in kept], [labels[i] for i in kept], encode)
        heads[held] = model.chances([texts[i] for i in held], encode)
    place = np.array([LABELS.index(label) for label in labels])
    for lang, here in (("en", [not has_han(t) for t in texts]), ("zh", [has_han(t) for t in texts])):
        for name, chances in (("heads", heads), ("lexicon", words)):
            some, right = chances[here], place[here]
            three = (some.argmax(1) == right).mean()
            two = ((some[:, 2] > some[:, 0]) == (right == 2))[right != 1].mean()
            print(f"{lang} {name}: three labels {three:.3f} of {len(right)}, good or bad {two:.3f} of {(right != 1).sum()}")


if __name__ == "__main__":
    main()
