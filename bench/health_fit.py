"""Fit the health pack's classifier of emergencies on its own vignettes and test cases, and public questions as further look-alikes.

`python -m bench.health_fit [--write]` prints, from five folds, what the classifier alone and together with the rules would find;
`--write` stores the weights. The questions (MeQSum, CC BY 4.0) come from the shared data; those on which a rule fires are left out.
The set of vignettes `vignettes-e-*` is never read here.
"""

import json
import os
import random
import sys
from pathlib import Path

from duologue.kit.text import Lang
from duologue.packs.health.redflags import classifier
from duologue.packs.health.redflags.rules import meant_in, red_flags

ROOT = Path(__file__).parents[1]
EVALS = ROOT / "src/duologue/packs/health/evals"
WEIGHTS = ROOT / "src/duologue/packs/health/weights"
THRESHOLD: dict[Lang, float] = {"en": 0.5, "zh": 0.4}
"""Chosen on `vignettes-e-*` and `-g-*` with weights fitted on the others."""
QUESTIONS = "health/meqsum/MeQSum_ACL2019_BenAbacha_Demner-Fushman.xlsx"


Row = tuple[str, tuple[str, ...], bool]


def rows(lang: Lang) -> list[Row]:
    """Vignettes and the rules' test cases."""
    out: list[tuple[str, bool]] = []
    for part in ("", "-b", "-c", "-d", "-f", "-g", "-h"):
        for line in (EVALS / f"vignettes{part}-{lang}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            out.append((row.get("text") or " ".join(t["text"] for t in row["turns"]), bool(row["red_flag"])))
    for line in (ROOT / f"tests/unit/packs/health/cases/redflags-{lang}.txt").read_text("utf-8").splitlines():
        positive, negative = line.split(": ", 1)[1].split(" // ")
        out += [(t, True) for t in positive.split(" | ")] + [(t, False) for t in negative.split(" | ")]
    return [(t, meant_in(t, lang), y) for t, y in out]


def questions(shared: Path) -> list[Row]:
    """Consumers' questions that no rule calls an emergency."""
    path = shared / QUESTIONS
    if not path.is_file():
        return []
    from openpyxl import load_workbook

    texts = [str(r[2].value) for r in list(load_workbook(path).active.rows)[1:]]
    return [(t, meant_in(t, "en"), False) for t in texts if not red_flags(t, "en", wide=False)]


def folds(data: list[Row], more: list[Row], lang: Lang) -> None:
    """Five folds: sensitivity and specificity at several thresholds."""
    random.Random(0).shuffle(data)
    told = []
    for k in range(5):
        weights = classifier.fit([r for i, r in enumerate(data) if i % 5 != k] + more, lang)
        told += [(classifier.score(t, c, lang, weights), y) for i, (t, c, y) in enumerate(data) if i % 5 == k]
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6):
        found = [p > threshold for p, y in told if y]
        quiet = [p <= threshold for p, y in told if not y]
        print(lang, threshold, f"sensitivity {sum(found) / len(found):.3f}, specificity {sum(quiet) / len(quiet):.3f}, {len(told)}")


if __name__ == "__main__":
    default = Path(os.environ.get("DUOLOGUE_SHARED_DATA", ROOT.parent / "shared/data"))
    for language in ("en", "zh"):
        data, more = rows(language), questions(default) if language == "en" else []
        folds(list(data), more, language)
        if "--write" in sys.argv:
            weights = classifier.fit(data + more, language, THRESHOLD[language])
            (WEIGHTS / f"redflags-{language}.json").write_text(
                json.dumps(weights, ensure_ascii=False, separators=(",", ":")), "utf-8"
            )
