"""Draws docs/images/autonomy.svg: the course of simulated years, earned autonomy beside a fixed threshold."""

from pathlib import Path

from duologue.learning.autonomy import Rules
from duologue.learning.evaluate import FIXED
from duologue.learning.simulate import Year, simulate
from duologue.lm.training.plot import draw_lines

SEEDS = 40
ALPHAS = (0.1, 0.05)


def mean(years: list[Year], part: int) -> list[tuple[float, float]]:
    """(conversation, mean over years) of one column of their courses."""
    return [(row[0][0], sum(r[part] for r in row) / len(row)) for row in zip(*(y.course for y in years), strict=True)]


def main() -> None:
    """Write the picture."""
    lines = {}
    for alpha in ALPHAS:
        earned = [simulate(seed, Rules(alpha, 0.1)) for seed in range(SEEDS)]
        lines |= {f"sent alone, α {alpha}": mean(earned, 1), f"wrong of these, α {alpha}": mean(earned, 2)}
    fixed = [simulate(seed, Rules(), fixed=FIXED) for seed in range(SEEDS)]
    lines[f"wrong, fixed {FIXED}"] = mean(fixed, 2)
    title = "A shop's year: its policy changes at 1,700 and 3,400"
    svg = draw_lines(title, lines, "share", "conversations")
    Path(__file__).with_name("images").joinpath("autonomy.svg").write_text(svg + "\n", "utf-8")


if __name__ == "__main__":
    main()
