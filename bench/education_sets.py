"""Public sets as folders for `duologue eval education --data DIR`: `python -m bench.education_sets OUT [SHARED]`.

Reads shared data (`DUOLOGUE_SHARED_DATA`, or a `shared/data` folder beside the checkout) and writes one folder a set, each with the
rows that docs/howto/evaluate-education.md describes. Where an official test part is not at hand a part is held out with seed 0.
"""

import csv
import gzip
import io
import json
import os
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
Parts = tuple[list[Row], list[Row]]
MODULES_APART = ("MX", "II", "SE")
"""The modules of SciEntsBank that no model of ours was fitted on."""


def main(out: Path, shared: Path) -> None:
    """Write every folder."""
    data = shared / "education"
    answers = list(_answers(data))
    for name, (train, test) in {
        "tracing-2009": _assistments_2009(data),
        "tracing-2015": _assistments_2015(data),
        **{f"grading-{name}": parts for name, parts in _gradings(answers)},
        "code": ([], list(_programs(data))),
        "steps": _steps(data, with_reference=False),
        "steps-reference": _steps(data, with_reference=True),
        "leaks": ([], list(_replies(data))),
        "lectures": ([], list(_lectures(data))),
    }.items():
        _write(out / name / "train.jsonl", train)
        _write(out / name / "test.jsonl", test)
        print(name, len(train), len(test))
    _write(out / "junyi" / "test.jsonl", [])
    (out / "junyi" / "junyi_Exercise_table.csv").write_text(_text(data / "graph_junyi_zh/junyi_Exercise_table.csv"), "utf-8")


def _text(path: Path) -> str:
    packed = path.with_name(path.name + ".gz")
    return gzip.decompress(packed.read_bytes()).decode() if packed.exists() else path.read_text("utf-8")


def _write(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def _held(names: Sequence[str], share: int = 5) -> set[str]:
    """A fifth of the names, drawn with seed 0."""
    return {names[i] for i in np.random.default_rng(0).permutation(len(names))[: len(names) // share]}


def _assistments_2009(data: Path) -> Parts:
    rows = [
        {"user": r["user_id"], "item": r["item_id"], "skills": [r["skill_id"]], "correct": int(r["correct"]), "order": place}
        for place, r in enumerate(csv.DictReader(io.StringIO(_text(data / "kt_assistments09/train.csv")), delimiter="\t"))
    ]
    held = _held(sorted({r["user"] for r in rows}, key=int))
    return [r for r in rows if r["user"] not in held], [r for r in rows if r["user"] in held]


def _assistments_2015(data: Path) -> Parts:
    parts: Parts = ([], [])
    for line in csv.DictReader(io.StringIO(_text(data / "kt_assist2015_pykt/train_valid.csv"))):
        answers = zip(line["concepts"].split(","), line["responses"].split(","), strict=True)
        parts[line["fold"] == "0"].extend(
            {"user": line["uid"], "skills": [skill], "correct": int(right), "order": place}
            for place, (skill, right) in enumerate(answers)
            if skill != "-1"
        )
    return parts


def _answers(data: Path) -> Iterator[Row]:
    """Two-way rows of SemEval-2013 task 7 with `set`, `part`, `id` and `module` beside what a row needs."""
    with zipfile.ZipFile(data / "asag_semeval2013_task7_3way/semeval-3way.zip") as archive:
        for name in archive.namelist():
            if not name.endswith(".xml") or "2way" not in name:
                continue
            root = ET.fromstring(archive.read(name))
            about = {
                "set": "beetle" if "beetle" in name else "scients",
                "part": "train" if "training" in name else "answers" if "unseen-answers" in name else "questions",
                "id": root.get("id"),
                "module": root.get("module"),
                "question": (root.findtext("questionText") or "").strip(),
                "reference": [r.text.strip() for r in root.iter("referenceAnswer") if r.text],
            }
            for one in root.iter("studentAnswer"):
                yield {**about, "answer": (one.text or "").strip(), "label": one.get("accuracy")}


def _gradings(rows: list[Row]) -> Iterator[tuple[str, Parts]]:
    for which in ("beetle", "scients"):
        known = [r for r in rows if r["set"] == which and r["part"] == "train"]
        held = _held(list(dict.fromkeys(r["id"] for r in known)))
        for part in ("answers", "questions"):
            if test := [r for r in rows if r["set"] == which and r["part"] == part]:
                yield f"{which}-{part}", (known, test)
        yield f"{which}-own-questions", ([r for r in known if r["id"] not in held], [r for r in known if r["id"] in held])
        if which == "scients":
            apart = [r for r in known if r["module"] in MODULES_APART]
            yield f"{which}-own-domains", ([r for r in known if r["module"] not in MODULES_APART], apart)


def _programs(data: Path) -> Iterator[Row]:
    """100 right and 100 wrong programs of each task of Refactory."""
    with zipfile.ZipFile(data / "code_refactory/data.zip") as archive:
        names = sorted(archive.namelist())
        for task in (1, 2, 3):
            home = f"data/question_{task}"
            ins = [n for n in names if n.startswith(f"{home}/ans/input")]
            tests = [[_read(archive, n), _read(archive, n.replace("input", "output"))] for n in ins]
            setup = _read(archive, f"{home}/code/global.py") if f"{home}/code/global.py" in names else ""
            for kind in ("correct", "wrong"):
                programs = [n for n in names if n.startswith(f"{home}/code/{kind}/")]
                for place in np.random.default_rng(0).permutation(len(programs))[:100]:
                    yield {"item": f"question {task}", "tests": tests, "setup": setup, "program": _read(archive, programs[place]),
                           "correct": kind == "correct"}  # fmt: skip


def _read(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode().strip()


def _steps(data: Path, *, with_reference: bool) -> Parts:
    """StepVerify, every fifth problem by its text held out."""
    read = json.loads(_text(data / "tutor_stepverify/dataset.json"))
    held = set(sorted({r["problem"] for r in read})[::5])
    parts: Parts = ([], [])
    for r in read:
        row = {"problem": r["problem"], "solution": r["student_incorrect_solution"], "dialogue": r["dialog_history"],
               "first_wrong_step": r["incorrect_index"]}  # fmt: skip
        parts[r["problem"] in held].append({**row, "reference": r["reference_solution"]} if with_reference else row)
    return parts


def _replies(data: Path) -> Iterator[Row]:
    """MRBench V2: replies of tutors whose problem has a reference solution, as people judged them."""
    for talk in json.loads(_text(data / "tutor_mrbench_bea2025/MRBench_V2.json")):
        reference = str(talk.get("Ground_Truth_Solution") or "").strip()
        if reference in ("", "Not Available"):
            continue
        for one in talk["anno_llm_responses"].values():
            yield {"reply": one["response"], "reference": reference, "reveals": one["annotation"]["Revealing_of_the_Answer"]}


def _lectures(data: Path) -> Iterator[Row]:
    """LectureBank: topics of the taxonomy with five lectures or more against all distinct titles."""
    home = data / "graph_lecturebank"
    topics = {r[0]: r[1].strip() for r in csv.reader(io.StringIO(_text(home / "taxonomy.csv"))) if len(r) > 1 and r[0].isdigit()}
    by_topic: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for r in csv.DictReader(io.StringIO(_text(home / "alldata.tsv")), delimiter="\t", quoting=csv.QUOTE_NONE):
        by_topic[r["Topic"]].add(r["Title"].strip())
        counts[r["Topic"]] += 1
    titles = sorted(set().union(*by_topic.values()))
    asked = {topics[t]: found for t, found in by_topic.items() if t in topics and counts[t] >= 5}
    for title in titles:
        relevant = [name for name, found in asked.items() if title in found]
        for name in relevant or [next(iter(asked))]:
            yield {"query": name, "resource": title, "relevant": int(name in relevant)}


if __name__ == "__main__":
    beside = Path(__file__).parents[2] / "shared" / "data"
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(os.environ.get("DUOLOGUE_SHARED_DATA", beside)))
