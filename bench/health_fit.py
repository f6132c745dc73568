"""Fit the health pack's classifier of emergencies on its own vignettes and test cases, and public questions as further look-alikes.

`python -m bench.health_fit [--write] [--only en|zh]` prints, from five folds of the sets j, k and l, in which share of the
look-alikes rules and classifier stay quiet where they find .95, .98, .99 and .995 of the red flags; `--write` stores the weights
with the threshold at .99. A fold leaves out every fifth way to put each rule. The questions (MeQSum, CC BY 4.0) come from the
shared data; those on which a rule fires are left out. The sets `vignettes-e-*` (what `duologue eval health` reports), `-i-*` and
`-m-*` are never read here.
"""

import json
import math
import os
import re
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang
from duologue.packs.health.redflags import classifier
from duologue.packs.health.redflags.classifier import Row
from duologue.packs.health.redflags.rules import load_redflag_rules, marks_in, red_flags, vector_of

ROOT = Path(__file__).parents[1]
EVALS = ROOT / "src/duologue/packs/health/evals"
SETS = ("", "-b", "-c", "-d", "-f", "-g", "-h", "-j", "-k", "-l", "-n")
HELD_OUT = ("-j", "-k", "-l")
"""Sets whose rules were not tuned on them: folds of these choose the threshold."""
RULES = {r.id for r in load_redflag_rules()[1]}
FOUND = (0.95, 0.98, 0.99, 0.995)
QUESTIONS = "health/meqsum/MeQSum_ACL2019_BenAbacha_Demner-Fushman.xlsx"


def _row(text: str, lang: Lang, is_red_flag: bool, rule: str = "") -> Row:
    vector = vector_of(text)
    if vector is None:
        raise SystemExit("The program's sentence encoder is missing; nothing can be fitted by meaning.")
    return Row(text, marks_in(text, lang), vector, is_red_flag, rule if rule in RULES else "")


def read_rows(lang: Lang) -> tuple[list[Row], list[str]]:
    """Vignettes and the rules' test cases, and the set that each is of."""
    out: list[Row] = []
    of: list[str] = []
    for part in SETS:
        for line in (EVALS / f"vignettes{part}-{lang}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            text = row.get("text") or " ".join(t["text"] for t in row["turns"])
            out.append(
                _row(text, lang, bool(row["red_flag"]), row.get("topic") or (row.get("kind", "") if part in HELD_OUT else ""))
            )
            of.append(part)
    for line in (ROOT / f"tests/unit/packs/health/cases/redflags-{lang}.txt").read_text("utf-8").splitlines():
        rule, cases = line.split(": ", 1)
        positive, negative = cases.split(" // ")
        out += [_row(t, lang, True, rule) for t in positive.split(" | ")]
        out += [_row(t, lang, False, rule) for t in negative.split(" | ")]
    return out, of + ["cases"] * (len(out) - len(of))


def read_questions(shared: Path) -> list[Row]:
    """Consumers' questions that no rule calls an emergency."""
    path = shared / QUESTIONS
    if not path.is_file():
        return []
    return [_row(t, "en", False) for t in third_column(path) if not red_flags(t, "en", wide=False)]


def third_column(path: Path) -> list[str]:
    """The texts of a workbook's column C below its head: of the first sheet, strings shared."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as book:
        strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{main}si")
        texts = ["".join(t.text or "" for t in s.iter(f"{main}t")) for s in strings]
        cells = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{main}c")
        places = [c.findtext(f"{main}v") for c in cells if re.fullmatch(r"C(?!1$)\d+", c.get("r", "")) and c.get("t") == "s"]
    return [texts[int(place)] for place in places if place]


def fold_scores(rows: list[Row], of: list[str], more: list[Row], lang: Lang) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The margins of the held-out rows by both kernels and by words alone, each from a fit on the other folds; NaN for the rest."""
    seen: Counter[tuple[str, str, bool]] = Counter()
    fold = np.full(len(rows), -1)
    for i, (row, part) in enumerate(zip(rows, of, strict=True)):
        if part in HELD_OUT:
            fold[i] = seen[part, row.rule, row.is_red_flag] % 5
            seen[part, row.rule, row.is_red_flag] += 1
    both, words = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for k in range(5):
        weights = classifier.fit([r for r, f in zip(rows, fold, strict=True) if f != k] + more, lang)
        for i in np.flatnonzero(fold == k):
            row = rows[i]
            both[i] = classifier.score(row.text, row.marks, row.vector, lang, weights)
            words[i] = classifier.score(row.text, row.marks, None, lang, weights)
    return both, words


def threshold_at(share: float, scores: NDArray[np.float64], is_red_flag: NDArray[np.bool_], by_rule: NDArray[np.bool_]) -> float:
    """The highest threshold above which, or by a rule, this share of the red flags lies."""
    found = np.sort(np.where(by_rule, np.inf, scores)[is_red_flag])[::-1]
    return float(np.nextafter(found[math.ceil(share * len(found)) - 1], -np.inf))


def fit(lang: Lang, more: list[Row]) -> classifier.Weights:
    """Print the folds and fit on everything, with the thresholds that the folds chose."""
    rows, of = read_rows(lang)
    scores = dict(zip(("words and meaning", "words"), fold_scores(rows, of, more, lang), strict=True))
    held = ~np.isnan(scores["words"])
    flags = np.array([r.is_red_flag for r in rows])[held]
    by_rule = np.array([bool(red_flags(r.text, lang, wide=False)) for r, h in zip(rows, held, strict=True) if h])
    raised = np.array(
        [any(a.state == "raised" for a in red_flags(r.text, lang, wide=False)) for r, h in zip(rows, held, strict=True) if h]
    )
    print(f"{lang}: {flags.sum()} red flags, {(~flags).sum()} look-alikes held out, {len(rows) + len(more)} texts to learn from")
    print(f"  rules raise {raised[flags].mean():.3f} and leave {1 - raised[~flags].mean():.3f} of the look-alikes alone")
    chosen = {}
    for name, score in scores.items():
        for share in FOUND:
            threshold = threshold_at(share, score[held], flags, by_rule)
            quiet = (~by_rule & (score[held] <= threshold))[~flags].mean()
            print(f"  {name}: found {share}: threshold {threshold:.3f}, specificity {quiet:.3f}")
            chosen[name, share] = threshold
    weights = classifier.fit(rows + more, lang)
    return replace(
        weights, threshold=round(chosen["words and meaning", 0.99], 3), words_threshold=round(chosen["words", 0.99], 3)
    )  # fmt: skip


if __name__ == "__main__":
    default = Path(os.environ.get("DUOLOGUE_SHARED_DATA", ROOT.parent / "shared/data"))
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    for language in ("en", "zh"):
        if only in ("", language):
            fitted = fit(language, read_questions(default) if language == "en" else [])  # type: ignore[arg-type]
            if "--write" in sys.argv:
                classifier.save_weights(fitted, language)  # type: ignore[arg-type]
