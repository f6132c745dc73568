"""Public sets as folders for `duologue eval health --data DIR`: `python -m bench.health_sets OUT [SHARED]`.

Reads shared data (`DUOLOGUE_SHARED_DATA`, or a `shared/data` folder beside the checkout) and writes one folder a task, each with
the rows that docs/howto/evaluate-health.md describes. Where an official test part is not at hand, a part is held out with seed 0.
"""

import csv
import gzip
import io
import json
import os
import random
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.ddxplus import list_patients

Row = dict[str, Any]
_TURN = re.compile(r"^\s*\[?(doctor|patient|guest_\w+)\]?\s*:?\s*", re.I)


def main(out: Path, shared: Path) -> None:
    """Write every folder whose data is there."""
    data = shared / "health"
    for name, rows in {
        "negation": ([], list(_negex(data))),
        "ddx": ([], list(list_patients(data))),
        "notes-mts": ([], list(_mts(data))),
        "notes-aci": ([], list(_aci(data))),
        "phi": list_personal(data),
        "screening-nagtegaal": _screening(data, "Nagtegaal_2019"),
        "screening-bannach": _screening(data, "Bannach-Brown_2019"),
        "pico": _pico(data),
    }.items():
        _write(out / name / "train.jsonl", rows[0])
        _write(out / name / "test.jsonl", rows[1])
        print(name, len(rows[0]), len(rows[1]))
    _scifact(data, out / "retrieval")


def _open(path: Path, encoding: str = "utf-8") -> io.TextIOBase:
    return io.TextIOWrapper(gzip.open(path) if path.suffix == ".gz" else path.open("rb"), encoding)  # type: ignore[arg-type]


def _write(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def _negex(data: Path) -> Iterator[Row]:
    with _open(data / "negex/rsAnnotations-1-120-random.txt.gz", "latin-1") as file:
        for row in list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]:
            if len(row) > 3 and row[3].strip():
                yield {"sentence": row[2].strip('" '), "concept": row[1].strip('" '), "negated": row[3].strip() == "Negated"}


def _talk(text: str) -> list[Row]:
    out: list[Row] = []
    for line in text.splitlines():
        m = _TURN.match(line)
        if m:
            out.append({"role": m.group(1).lower(), "text": line[m.end() :].strip()})
        elif line.strip() and out:
            out[-1]["text"] += " " + line.strip()
    return out


def _mts(data: Path) -> Iterator[Row]:
    with _open(data / "mts-dialog/Main-Dataset/MTS-Dialog-ValidationSet.csv.gz") as file:
        for row in csv.DictReader(file):
            yield {"dialogue": _talk(row["dialogue"]), "note": row["section_text"]}


def _aci(data: Path) -> Iterator[Row]:
    with _open(data / "aci-bench/data/challenge_data/valid.csv.gz") as file:
        for row in csv.DictReader(file):
            yield {"dialogue": _talk(row["dialogue"]), "note": row["note"]}


def list_personal(data: Path) -> tuple[list[Row], list[Row]]:
    """Synthetic sentences with personal data, English: two thirds of the templates, and the rest."""
    with _open(data / "presidio-research/data/synth_dataset_v2.json.gz") as file:
        read = json.load(file)
    templates = sorted({r["template_id"] for r in read})
    random.Random(0).shuffle(templates)
    held = set(templates[: len(templates) // 3])
    parts: tuple[list[Row], list[Row]] = ([], [])
    for r in read:
        spans = [{"start": s["start_position"], "end": s["end_position"], "type": s["entity_type"]} for s in r["spans"]]
        parts[r["template_id"] in held].append({"lang": "en", "text": r["full_text"], "spans": spans})
    return parts


def _screening(data: Path, name: str) -> tuple[list[Row], list[Row]]:
    with _open(data / f"sr-screening/datasets/{name}/output/{name}.csv.gz") as file:
        read = list(csv.DictReader(file))
    rows = [
        {"title": r.get("title") or "", "abstract": r.get("abstract") or "", "include": (r.get("label_included") or "0")[0] == "1"}
        for r in read
    ]
    random.Random(0).shuffle(rows)
    start = [next(r for r in rows if r["include"]), next(r for r in rows if not r["include"])]
    return start, [r for r in rows if r not in start]


def _pico(data: Path) -> tuple[list[Row], list[Row]]:
    found = sorted((data / "pico-sections/data/EBM-NLPmod/fold1").glob("*"))
    by = {f.name.split(".")[0]: list(_bio(f)) for f in found}
    return by["train"], by["test"]


def _bio(path: Path) -> Iterator[Row]:
    """Abstracts from words with B-, I- and O labels, one a line; sentences end with an empty line."""
    with _open(path) as file:
        for document in file.read().split("-DOCSTART-")[1:]:
            text, spans, gap = "", [], ""
            for line in document.splitlines()[1:]:
                word, _, tag = line.strip().rpartition("\t")
                if not word:
                    gap = "\n" if text else ""
                    continue
                start = len(text) + len(gap)
                text, gap = text + gap + word, " "
                if tag.startswith("I-") and spans and spans[-1]["type"] == tag[2:] and spans[-1]["end"] == start - 1:
                    spans[-1]["end"] = len(text)
                elif tag != "O":
                    spans.append({"start": start, "end": len(text), "type": tag[2:]})
            if text:
                yield {"text": text, "spans": spans}


def _scifact(data: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with _open(data / "scifact/corpus_train.csv.gz") as file:
        csv.field_size_limit(10**8)
        rows = list(csv.DictReader(file))
    papers = [{"_id": r["doc_id"], "title": r["title"], "text": _listed(r["abstract"])} for r in rows]
    _write(out / "corpus.jsonl", papers)
    with _open(data / "scifact/beir/topics.beir-v1.0.0-scifact.part.tsv.gz") as file:
        topics = [line.rstrip("\n").split("\t", 1) for line in file]
    _write(out / "queries.jsonl", [{"_id": a, "text": b} for a, b in topics])
    qrels = (data / "scifact/beir/qrels.beir-v1.0.0-scifact.part.txt").read_text("utf-8").split("\n")
    lines = [line.split() for line in qrels if line.strip()]
    (out / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{a}\t{c}\t{d}\n" for a, _, c, d in lines), "utf-8")
    print("retrieval", len(papers), len(topics))


def _listed(text: str) -> str:
    """The sentences of a list as numpy prints it."""
    found = re.findall(r"'((?:[^'\\]|\\.)*)'(?=[\s\]])|\"((?:[^\"\\]|\\.)*)\"(?=[\s\]])", text)
    return " ".join((a or b).strip() for a, b in found) or text


if __name__ == "__main__":
    default = Path(os.environ.get("DUOLOGUE_SHARED_DATA", Path(__file__).parents[1].parent / "shared/data"))
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else default)
