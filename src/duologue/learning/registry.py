"""The models of a workspace: which were trained from what, who let which answer, and which one answers now.

Files below the data folder, for the models are files: `runs/<dataset>` (what was trained, with its scorecard),
`models/<version>` (what was promoted, whole or not there), `promotions.jsonl` (one signed line each, only appended), of which
the last one says who answers.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import Conflict, NotFound
from duologue.learning.archive import read_card
from duologue.learning.compare import Comparison
from duologue.learning.model import Score

WRITTEN, COMPARED = "written.jsonl", "compared.json"
Kind = Literal["promote", "roll_back", "try", "end_trial", "send_back"]


@dataclass(frozen=True, slots=True)
class Version:
    """A trained model. `in_the_way` names what stands against its promotion; `parent` is the model that it was trained from.

    `erased`: examples of persons who were erased since, on which it or a version before it was trained.
    """

    name: str
    dataset: str
    parent: str
    model: str
    scores: tuple[dict[str, Any], ...]
    in_the_way: tuple[str, ...]
    made_at: str
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Promotion:
    """Who let which version answer; an empty version is the model of the settings.

    A trial (`try`) lets it answer a `share` of the conversations, until a member ends it or its verdicts send it back: then
    nobody signed, and `by` is empty.
    """

    kind: Kind
    version: str
    by: str
    by_name: str
    at: str
    share: float = 0.0

    def holds(self, conversation_id: str) -> bool:
        """Whether a conversation belongs to this trial; by its id, so that it keeps its model."""
        drawn = int.from_bytes(hashlib.sha256(f"{self.at} {conversation_id}".encode()).digest()[:4], "big")
        return bool(conversation_id) and drawn / 2**32 < self.share


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

    def keep_comparison(self, dataset: str, parent: str, found: Comparison) -> None:
        """Keep what was compared, so that a run that is killed later need not compare again."""
        place = self.folder / "runs" / dataset
        lines = (json.dumps(asdict(w), ensure_ascii=False) + "\n" for w in found.written)
        _write(place / WRITTEN, "".join(lines))
        _write(place / COMPARED, json.dumps({"parent": parent, "scores": [asdict(s) for s in found.scores]}))

    def find_comparison(self, dataset: str, parent: str) -> tuple[Score, ...] | None:
        """The scores of a comparison with this parent that was finished."""
        path = self.folder / "runs" / dataset / COMPARED
        given = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return tuple(Score(**row) for row in given["scores"]) if given.get("parent") == parent else None

    def list_written(self, dataset: str) -> list[tuple[str, str, str]]:
        """(question, the champion's words, the challenger's) of a run's comparison."""
        path = self.folder / "runs" / dataset / WRITTEN
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        return [(row["question"], row["champion"], row["challenger"]) for row in rows]

    def list_versions(self) -> list[Version]:
        """What was trained, newest first."""
        found = []
        for path in (self.folder / "runs").glob("*/version.json"):
            given = json.loads(path.read_text("utf-8"))
            given |= {"scores": tuple(given["scores"]), "in_the_way": tuple(given["in_the_way"])}
            found.append(Version(**given | {"erased": self._count_erased(given["dataset"])}))
        by_name = {version.name: version for version in found}
        marked = [replace(v, erased=sum(one.erased for one in _ancestors(v, by_name))) for v in found]
        return sorted(marked, key=lambda v: v.made_at, reverse=True)

    def list_ancestors(self, version: Version) -> list[Version]:
        """The version, and those that it was trained from, latest first."""
        return _ancestors(version, {v.name: v for v in self.list_versions()})

    def _count_erased(self, dataset: str) -> int:
        place = self.folder / "datasets" / dataset
        return int(read_card(place)["erased"]) if (place / "card.json").exists() else 0

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
        answering = self._list_answering()
        return self._find_model(answering[-1]) if answering else None

    def find_trial(self) -> tuple[Promotion, Path] | None:
        """The trial that is on its way, and the folder of its model."""
        promotions = self.list_promotions()
        if not promotions or promotions[-1].kind != "try":
            return None
        found = self._find_model(promotions[-1].version)
        return None if found is None else (promotions[-1], found[1])

    def promote(self, name: str, by: str, by_name: str, at: datetime) -> Promotion:
        """Let a version answer; a trial ends with it. Raises NotFound, or Conflict with what stands in the way."""
        self._take_in(name)
        return self._sign(Promotion("promote", name, by, by_name, at.isoformat()))

    def begin_trial(self, name: str, share: float, by: str, by_name: str, at: datetime) -> Promotion:
        """Let a version answer a share of the conversations. Raises as `promote` does, and Conflict where another one is tried."""
        if self.find_trial() is not None:
            raise Conflict("Another version is being tried; end that trial first.")
        if (champion := self.find_champion()) is not None and champion[0] == name:
            raise Conflict("This version answers already.")
        self._take_in(name)
        return self._sign(Promotion("try", name, by, by_name, at.isoformat(), share))

    def end_trial(self, by: str, by_name: str, at: datetime, *, is_worse: bool = False) -> Promotion:
        """Let the champion answer everybody again; `is_worse`: its verdicts sent it back. Raises Conflict without a trial."""
        if (trial := self.find_trial()) is None:
            raise Conflict("No version is being tried.")
        return self._sign(Promotion("send_back" if is_worse else "end_trial", trial[0].version, by, by_name, at.isoformat()))

    def roll_back(self, by: str, by_name: str, at: datetime) -> Promotion:
        """Let the version before the present one answer again. Raises Conflict where there is none."""
        held = self._list_answering()
        if not held or not held[-1]:
            raise Conflict("The model of the settings answers already; there is nothing to go back to.")
        before = next((v for v in reversed(held[:-1]) if v != held[-1]), "")
        return self._sign(Promotion("roll_back", before, by, by_name, at.isoformat()))

    def _list_answering(self) -> list[str]:
        """The versions that answered, oldest first; an empty one is the model of the settings."""
        return [p.version for p in self.list_promotions() if p.kind in ("promote", "roll_back")]

    def _find_model(self, version: str) -> tuple[str, Path] | None:
        folder = self.folder / "models" / version
        return (version, folder) if version and (folder / "config.json").exists() else None

    def find_folder(self, name: str) -> Path:
        """The model of a version, promoted or not. Raises NotFound."""
        found = self._find_model(name)
        return found[1] if found else Path(self.get(name).model)

    def _take_in(self, name: str) -> None:
        """Copy a version to where models answer from, whole or not at all."""
        version = self.get(name)
        if version.in_the_way:
            raise Conflict("This version may not answer: " + " ".join(version.in_the_way), in_the_way=list(version.in_the_way))
        place = self.folder / "models" / name
        if not (place / "config.json").exists():
            part = place.with_name(f".{name}.part")
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(version.model, part)
            os.replace(part, place)

    def _sign(self, promotion: Promotion) -> Promotion:
        path = self.folder / "promotions.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(promotion), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return promotion


def _ancestors(version: Version, by_name: dict[str, Version]) -> list[Version]:
    found = [version]
    while (before := by_name.get(found[-1].parent)) is not None and before not in found:
        found.append(before)
    return found


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)
