"""Frozen datasets as files: written whole or not at all, read back as they were, looked through, and rid of who is erased.

A dataset is a folder named by its hash: `sft.jsonl`, `pairs.jsonl`, `labels.jsonl`, `held_out.jsonl` (which trainers read),
`left_out.jsonl` (samples, for people) and `card.json`. After an erasure the name stays, the examples are fewer, and the card says
how many are gone.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import NotFound
from duologue.learning.dataset import Dataset
from duologue.learning.export import to_row
from duologue.learning.model import Example

Side = Literal["train", "held_out", "left_out"]
LABELS = "labels.jsonl"
"""No model of ours is trained on these."""
SIDES: dict[Side, tuple[str, ...]] = {
    "train": ("sft.jsonl", "pairs.jsonl", LABELS), "held_out": ("held_out.jsonl",), "left_out": ("left_out.jsonl",)
}  # fmt: skip


def from_row(row: dict[str, Any]) -> Example:
    """The inverse of `to_row`."""
    if "messages" in row:
        *prompt, last = row["messages"]
        return Example("sft", tuple(prompt), last["content"], "", True, row["metadata"])
    if "completion" in row:
        return Example("label", tuple(row["prompt"]), row["completion"][-1]["content"], "", row["label"], row["metadata"])
    chosen, rejected = row["chosen"][-1]["content"], row["rejected"][-1]["content"]
    return Example("preference", tuple(row["prompt"]), chosen, rejected, True, row["metadata"])


def store(dataset: Dataset, folder: Path) -> Path:
    """Write a dataset into a folder named by its hash, whole or not at all; what is there is left as it is."""
    place = folder / dataset.name
    if (place / "card.json").exists():
        return place
    place.mkdir(parents=True, exist_ok=True)
    parts = {
        "sft.jsonl": dataset.answers(dataset.train),
        "pairs.jsonl": dataset.pairs(dataset.train),
        LABELS: dataset.labels(dataset.train),
        "held_out.jsonl": list(dataset.held_out),
    }
    for name, examples in parts.items():
        _write_lines(place / name, [to_row(e) for e in examples])
    _write_lines(place / "left_out.jsonl", [{**to_row(e), "why": why} for why, e in dataset.samples])
    card = {
        "name": dataset.name, "answers": len(parts["sft.jsonl"]), "pairs": len(parts["pairs.jsonl"]),
        "labels": len(parts[LABELS]), "held_out": len(dataset.held_out), "people": dataset.people,
        "left_out": dataset.left_out, "erased": 0,
    }  # fmt: skip
    _write(place / "card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return place


def load(place: Path) -> Dataset:
    """The dataset of a folder. Raises NotFound."""
    card = read_card(place)
    train = [from_row(row) for name in SIDES["train"] for row in _read_lines(place / name)]
    held_out = [from_row(row) for row in _read_lines(place / "held_out.jsonl")]
    samples = tuple((str(row["why"]), from_row(row)) for row in _read_lines(place / "left_out.jsonl"))
    return Dataset(card["name"], tuple(train), tuple(held_out), card["left_out"], card["people"], samples)


def read_card(place: Path) -> dict[str, Any]:
    """What a dataset says of itself. Raises NotFound."""
    if not (place / "card.json").exists():
        raise NotFound("There is no such dataset.")
    card: dict[str, Any] = json.loads((place / "card.json").read_text("utf-8"))
    return {"erased": 0, "labels": 0, **card}


def read_rows(place: Path, side: Side) -> Iterator[dict[str, Any]]:
    """The lines of one side of a dataset."""
    for name in SIDES[side]:
        yield from _read_lines(place / name)


def list_datasets(folder: Path) -> list[Path]:
    """The datasets below a folder, the latest first."""
    found = sorted(folder.glob("*/card.json"), key=lambda path: (-path.parent.stat().st_ctime, path))
    return [path.parent for path in found]


def find_verdict(folder: Path, verdict_id: str) -> dict[str, Side]:
    """In which datasets a verdict's examples stand, and on which side."""
    found: dict[str, Side] = {}
    for place in list_datasets(folder):
        for side in SIDES:
            if any(row["metadata"].get("verdict_id") == verdict_id for row in read_rows(place, side)):
                found.setdefault(place.name, side)
    return found


def erase(folder: Path, conversation_ids: Collection[str]) -> dict[str, int]:
    """Take the examples of these conversations out of every dataset; how many, by dataset. Again it finds nothing."""
    gone: dict[str, int] = {}
    for place in list_datasets(folder):
        count = 0
        for side, names in SIDES.items():
            for name in names:
                rows = _read_lines(place / name)
                kept = [row for row in rows if row["metadata"].get("conversation_id") not in conversation_ids]
                if len(kept) < len(rows):
                    is_taught = side == "train" and name != LABELS
                    count += len(rows) - len(kept) if is_taught else 0
                    card = read_card(place)
                    if is_taught:  # first the mark, then the removal: a crash between leaves too much said, not too little
                        card["erased"] += len(rows) - len(kept)
                    gone[place.name] = count
                    _write(place / "card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")
                    _write_lines(place / name, kept)
    return gone


def drop_copies(run: Path) -> None:
    """Delete what a finished run no longer needs: its corpus and checkpoints hold the examples too."""
    for name in ("finetune/corpus", "finetune/checkpoints", "prefer/checkpoints"):
        shutil.rmtree(run / name, ignore_errors=True)
    (run / "replay.jsonl").unlink(missing_ok=True)


def drop_lines(path: Path, conversation_ids: Collection[str]) -> int:
    """Take the lines of these conversations out of a file; how many."""
    rows = _read_lines(path)
    kept = [row for row in rows if row.get("conversation_id") not in conversation_ids]
    if len(kept) < len(rows):
        _write_lines(path, kept)
    return len(rows) - len(kept)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    _write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)
