"""What a model writes by itself, to be mixed in while it learns where a house has few texts of its own.

Nothing is kept of what a model was trained on, but it can be asked: texts that it draws freely hold what it knows, and learning
them again beside the new keeps it (Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", 1995).
"""

from pathlib import Path

LENGTH, ROWS, SEED = 128, 32, 5
"""Tokens of a text at most, texts drawn at once."""


def recollect(champion: Path, count: int) -> list[str]:
    """So many texts, the same at each call; a quarter of a second each on one core with the embedded model."""
    from duologue.lm.writing.ask import Model
    from duologue.lm.writing.decode import Decoding, write

    model = Model(champion)
    start = list(model.tokenizer.dialect.begin) or [model.ends[0]]
    found: list[str] = []
    for seed in range(SEED, SEED + 2 * count):  # some texts are empty
        if len(found) >= count:
            break
        drawn = Decoding(max_new_tokens=LENGTH, temperature=1.0, top_p=0.95, n=ROWS, seed=seed, ends=model.ends)
        texts = [model.tokenizer.decode(one.ids).strip() for one in write(model.network, [start], drawn)[0]]
        found += [text for text in texts if text]
    return found[:count]
