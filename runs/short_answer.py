"""Fits the judge of short answers (`packs/education/grading/judge.py`) and says how well it does on what it did not see.

    python runs/short_answer.py --data DIR

DIR holds `semeval-3way.zip` (SemEval-2013 task 7, CC BY-SA 3.0). Left out of the fit, and measured: the modules MX, II and SE of
SciEntsBank, nine questions of Beetle drawn by seed 0, and the published test parts. Writes `weights/short_answer.json`.
"""

import argparse
import json
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from duologue.lm.vectors.attentive_model import AttentiveModel
from duologue.packs.education.grading.alignment import NUMBERS, Alignment
from duologue.packs.education.grading.judge import WEIGHTS, WORDS, numbers
from duologue.packs.education.grading.rubric import chance_of, describe

APART = ("MX", "II", "SE")
STRENGTH = 0.03
"""Inverse of the regularisation; chosen by leaving out one of the nine other modules after the other."""


@dataclass(frozen=True)
class Row:
    """One graded answer."""

    part: str
    question_id: str
    module: str
    question: str
    references: tuple[str, ...]
    answer: str
    is_correct: bool


def read_rows(path: Path) -> list[Row]:
    """All two-way rows of the archive; `part` is the set and the part, such as `beetle train`."""
    out = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith(".xml") or "2way" not in name:
                continue
            root = ET.fromstring(archive.read(name))
            part = "train" if "training" in name else "answers" if "unseen-answers" in name else "questions"
            refs = tuple(r.text.strip() for r in root.iter("referenceAnswer") if r.text)
            for one in root.iter("studentAnswer"):
                where = f"{'beetle' if 'beetle' in name else 'scients'} {part}"
                asked, text = (root.findtext("questionText") or "").strip(), (one.text or "").strip()
                is_correct = one.get("accuracy") == "correct"
                out.append(Row(where, str(root.get("id")), str(root.get("module")), asked, refs, text, is_correct))
    return out


def describe_row(row: Row) -> list[dict[str, float]]:
    """The words' numbers of each way."""
    return [describe(way, row.question, row.answer, row.answer) for way in row.references]


def tell(name: str, chances: NDArray[np.float64], right: NDArray[np.bool_]) -> None:
    """AUC, accuracy, and accuracy of the surest half and quarter."""
    hit, order = (chances >= 0.5) == right, np.argsort(-np.maximum(chances, 1 - chances), kind="stable")
    shares = [float(hit[order[: max(1, len(order) // n)]].mean()) for n in (2, 4)]
    print(f"{name:34} n {len(right):5} auc {roc_auc_score(right, chances):.3f} accuracy {hit.mean():.3f} "
          f"surest half {shares[0]:.3f} quarter {shares[1]:.3f}", flush=True)  # fmt: skip


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    rows = read_rows(parser.parse_args().data / "semeval-3way.zip")
    beetle = list(dict.fromkeys(r.question_id for r in rows if r.part == "beetle train"))
    held = {beetle[i] for i in np.random.default_rng(0).permutation(len(beetle))[: len(beetle) // 5]}
    alignment = Alignment(AttentiveModel.load())
    aligned = alignment.transform([r.question for r in rows], [r.references for r in rows], [r.answer for r in rows])
    described = [describe_row(r) for r in rows]
    x = np.array([numbers(d, a.tolist()) for d, a in zip(described, aligned, strict=True)])
    words = np.array([max(chance_of(one) for one in d) for d in described])
    y = np.array([r.is_correct for r in rows])
    of = lambda test: np.array([k for k, r in enumerate(rows) if test(r)])  # noqa: E731
    fit = of(lambda r: r.part.endswith("train") and r.module not in APART and not (r.part[0] == "b" and r.question_id in held))
    scale = StandardScaler().fit(x[fit])
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(scale.transform(x[fit]), y[fit])
    chances = model.predict_proba(scale.transform(x))[:, 1]
    for name, test in (
        ("SciEntsBank, own unseen domains", lambda r: r.part == "scients train" and r.module in APART),
        ("SciEntsBank, unseen questions", lambda r: r.part == "scients questions"),
        ("Beetle, own unseen questions", lambda r: r.part == "beetle train" and r.question_id in held),
    ):
        some = of(test)
        tell(name, chances[some], y[some])
        tell("  words alone", words[some], y[some])
    found = dict(zip((*WORDS, *NUMBERS), (model.coef_[0] / scale.scale_).tolist(), strict=True))
    found["one"] = float(model.intercept_[0] - (model.coef_[0] * scale.mean_ / scale.scale_).sum())
    about = {"source": "SemEval-2013 task 7, CC BY-SA 3.0", "answers": len(fit), "apart": [*APART, *sorted(held)]}
    WEIGHTS.write_text(json.dumps({**about, "weights": {k: round(v, 4) for k, v in found.items()}}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
