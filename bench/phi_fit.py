"""Fit the health pack's English tagger of personal data on presidio-research's synthetic sentences: `python -m bench.phi_fit`.

Titles, nationalities and creeds are left as they are; every other span is learnt. `python -m bench.health_sets` and `duologue eval
health --task phi --data …` measure the same recipe on templates held out.
"""

import os
import sys
from pathlib import Path

from bench.health_sets import list_personal
from duologue.packs.health.privacy.tagger import fit

WEIGHTS = Path(__file__).parents[1] / "src/duologue/packs/health/weights/phi-en.crf"
LEFT = frozenset(("TITLE", "NRP"))


def main(shared: Path) -> None:
    """Write the weights."""
    train, held = list_personal(shared / "health")
    rows = [{**r, "spans": [s for s in r["spans"] if s["type"] not in LEFT]} for r in train + held]
    fit(rows, "en", WEIGHTS)
    print(len(rows), WEIGHTS.stat().st_size)


if __name__ == "__main__":
    default = Path(os.environ.get("DUOLOGUE_SHARED_DATA", Path(__file__).parents[1].parent / "shared/data"))
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
