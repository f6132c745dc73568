"""How well unanswered questions find each other: gaps of the sample shop's everyday questions beside the articles that answer them.

`python -m bench.gaps [--json]`. The adjusted Rand index (Hubert and Arabie 1985): 1 where the gaps are the articles, 0 by chance.
The constants of `packs/support/talk/gaps.py` were chosen on these questions, so the figures flatter them.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from sklearn.metrics import adjusted_rand_score

from duologue.lm.vectors.static_model import StaticModel
from duologue.packs import support
from duologue.packs.support.talk.gaps import find_gaps
from duologue.sdk import Question

EVALS = Path(support.__file__).parent / "evals"


def measure() -> list[dict[str, object]]:
    """Rows by language, with the encoder and by terms alone: the index, the number of gaps, the largest one."""
    rows = [
        json.loads(line) for name in ("everyday", "short") for line in (EVALS / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    out: list[dict[str, object]] = []
    for lang in ("en", "zh"):
        own = {row["id"]: row for row in rows if row["lang"] == lang}
        for name, encode in (("encoder", StaticModel.load()), ("terms", None)):
            gaps = find_gaps([Question(id_, row["question"]) for id_, row in own.items()], encode)
            found = {question.id: number for number, gap in enumerate(gaps) for question in gap.questions}
            index = adjusted_rand_score([row["articles"][0] for row in own.values()], [found[id_] for id_ in own])
            largest = Counter(found.values()).most_common(1)[0][1]
            figures = {"value": round(index, 3), "n": len(own), "gaps": len(gaps), "largest": largest}
            out.append({"task": "gaps", "metric": "adjusted_rand", "lang": lang, "by": name, **figures})
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    for row in measure():
        print(json.dumps(row) if as_json else "  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
