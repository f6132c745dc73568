"""Draws docs/images/recall.svg from the rows of `duologue eval learning --task recall --json` on standard input.

duologue eval learning --task recall --json | python docs/draw_recall.py
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

from duologue.lm.training.plot import draw_lines

NAMES = {"recall.recall": "remembering alone", "recall.training": "training alone", "recall.both": "both"}


def main() -> None:
    """Write the picture."""
    lines: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for text in sys.stdin:
        row = json.loads(text)
        if row["task"] in NAMES and (count := re.search(r"after (\d+) corrections", row["note"])):
            lines[NAMES[row["task"]]].append((float(count[1]), row["value"]))
    svg = draw_lines("What corrections give: share still to be edited", lines, "share still to be edited", "corrections")
    Path(__file__).with_name("images").joinpath("recall.svg").write_text(svg + "\n", "utf-8")


if __name__ == "__main__":
    main()
