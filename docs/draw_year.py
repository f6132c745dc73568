"""Draws docs/images/year.svg from what `python -m bench.year --out FILE` kept.

python docs/draw_year.py FILE [FILE of a year with a fixed threshold]
"""

import json
import sys
from pathlib import Path

from duologue.lm.training.plot import draw_lines

WINDOW = 250
Line = list[tuple[float, float]]


def read_course(path: Path) -> tuple[Line, Line]:
    """(conversation, share sent alone) and (conversation, share of these that an expert would have changed)."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]]
    sent: Line = []
    wrong: Line = []
    for end in range(WINDOW, len(rows) + 1, WINDOW):
        some = rows[end - WINDOW : end]
        alone = [row for row in some if row["is_sent"]]
        sent.append((end, len(alone) / len(some)))
        wrong.append((end, sum(row["would_change"] for row in alone) / len(alone) if alone else 0.0))
    return sent, wrong


def main() -> None:
    """Write the picture."""
    sent, wrong = read_course(Path(sys.argv[1]))
    lines = {"sent alone": sent, "wrong of these": wrong}
    if len(sys.argv) > 2:
        lines |= {"sent alone, fixed 0.8": (fixed := read_course(Path(sys.argv[2])))[0], "wrong of these, fixed 0.8": fixed[1]}
    title = "A shop's year through the program: its policy changes at 1,700 and 3,400"
    svg = draw_lines(title, lines, "share", "conversations")
    Path(__file__).with_name("images").joinpath("year.svg").write_text(svg + "\n", "utf-8")


if __name__ == "__main__":
    main()
