"""The models of a workspace: which were trained from what, who let which answer, and which one answers now.

Files below the data folder, for the models are files: `runs/<dataset>` (what was trained, with its scorecard),
`models/<version>` (what was promoted, whole or not there), `promotions.jsonl` (one signed line each, only appended), of which
the last one says who answers.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import Conflict, NotFound
from duologue.learning.model import Score

Kind = Literal["promote", "roll_back"]


@dataclass(frozen=True, slots=True)
class Version:
    """A trained model. `in_the_way` names what stands against its promotion; `parent` is the model that it was trained from."""

    name: str
    dataset: str
    parent: str
    model: str
    scores: tuple[dict[str, Any], ...]
    in_the_way: tuple[str, ...]
    made_at: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """Who let which version answer; an empty version is the model of the settings."""

    kind: Kind
    version: str
    by: str
    by_name: str
    at: str


class Registry:
    """One workspace's models below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(
        self, dataset: str, parent: str, model: Path, scores: Sequence[Score], in_the_way: Sequence[str], at: datetime
    ) -> Version:
        """Keep the scorecard of a finished run."""
        name = f"{parent.split('+')[0]}+{dataset[:8]}"
        rows = tuple(asdict(s) for s in scores)
        version = Version(name, dataset, parent, str(model), rows, tuple(in_the_way), at.isoformat())
        _write(self.folder / "runs" / dataset / "version.json", json.dumps(asdict(version), indent=2, ensure_ascii=False))
        return version

    def list_versions(self) -> list[Version]:
        """What was trained, newest first."""
        found = []
        for path in (self.folder / "runs").glob("*/version.json"):
            given = json.loads(path.read_text("utf-8"))
            found.append(Version(**{**given, "scores": tuple(given["scores"]), "in_the_way": tuple(given["in_the_way"])}))
        return sorted(found, key=lambda v: v.made_at, reverse=True)

    def get(self, name: str) -> Version:
        """One version. Raises NotFound."""
        found = next((v for v in self.list_versions() if v.name == name), None)
        if found is None:
            raise NotFound("There is no such version.")
        return found

    def list_promotions(self) -> list[Promotion]:
        """Who let what answer, oldest first."""
        path = self.folder / "promotions.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [Promotion(**json.loads(line)) for line in lines if line.endswith("}")]

    def find_champion(self) -> tuple[str, Path] | None:
        """The version that answers, and its folder; None: the model of the settings."""
        promotions = self.list_promotions()
        if not promotions or not promotions[-1].version:
            return None
        folder = self.folder / "models" / promotions[-1].version
        return (promotions[-1].version, folder) if (folder / "config.json").exists() else None

    def promote(self, name: str, by: str, by_name: str, at: datetime) -> Promotion:
        """Let a version answer. Raises NotFound, or Conflict with what stands in the way."""
        version = self.get(name)
        if version.in_the_way:
            raise Conflict("This version may not answer: " + " ".join(version.in_the_way), in_the_way=list(version.in_the_way))
        place = self.folder / "models" / name
        if not (place / "config.json").exists():
            part = place.with_name(f".{name}.part")
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(version.model, part)
            os.replace(part, place)
        return self._sign(Promotion("promote", name, by, by_name, at.isoformat()))

    def roll_back(self, by: str, by_name: str, at: datetime) -> Promotion:
        """Let the version before the present one answer again. Raises Conflict where there is none."""
        held = [p.version for p in self.list_promotions()]
        if not held or not held[-1]:
            raise Conflict("The model of the settings answers already; there is nothing to go back to.")
        before = next((v for v in reversed(held[:-1]) if v != held[-1]), "")
        return self._sign(Promotion("roll_back", before, by, by_name, at.isoformat()))

    def _sign(self, promotion: Promotion) -> Promotion:
        path = self.folder / "promotions.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(promotion), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return promotion


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)
