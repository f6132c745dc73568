"""Where an answer comes from, and what came of a verdict: answer ↔ model ↔ dataset ↔ verdict, both ways.

Runs and verdicts stand in the database, models and datasets in files; here they are read side by side. Nothing is stored.
"""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Any

from duologue.assistant.service import AssistantService
from duologue.kit.errors import NotFound
from duologue.learning import archive, repository
from duologue.learning.archive import Side
from duologue.learning.champions import Champions
from duologue.learning.registry import Registry, Version
from duologue.review.model import Verdict
from duologue.review.service import ReviewService
from duologue.store.database import Database

LATEST = 20


class Lineage:
    """Looks lineage up, for people."""

    def __init__(self, database: Database, assistant: AssistantService, reviews: ReviewService, champions: Champions) -> None:
        self._database = database
        self._assistant = assistant
        self._reviews = reviews
        self._champions = champions

    async def of_answer(self, workspace_id: str, run_id: str) -> dict[str, Any]:
        """A turn: its model with all that it was trained from, and what was decided on its draft. Raises NotFound."""
        run = await self._assistant.get_run(workspace_id, run_id)
        verdict = await self._reviews.find_verdict_of_draft(workspace_id, run.draft_id) if run.draft_id else None
        version = self._find(self._champions.registry(workspace_id), run.model_version)
        return {
            "run_id": run.id, "conversation_id": run.conversation_id, "status": run.status, "confidence": run.confidence,
            "model_version": run.model_version, "prompt_version": run.prompt_version, "at": run.started_at.isoformat(),
            "passages": [asdict(r) for r in run.retrieved], "recalled": list(run.verdict_ids),
            "verdict": to_view(verdict) if verdict else None,
            "version": await self.of_version(workspace_id, version.name) if version else None,
        }  # fmt: skip

    async def of_version(self, workspace_id: str, name: str) -> dict[str, Any]:
        """A model: the versions and datasets behind it, who let it answer, and the answers that it gave. Raises NotFound."""
        registry = self._champions.registry(workspace_id)
        chain = registry.list_ancestors(registry.get(name))
        return {
            "name": name, "made_at": chain[0].made_at, "erased": chain[0].erased, "in_the_way": list(chain[0].in_the_way),
            "from": [{"version": v.name, "parent": v.parent, "dataset": self._card(registry, v.dataset)} for v in chain],
            "promotions": [asdict(p) for p in registry.list_promotions() if p.version == name],
            "answers": await self._list_answers(workspace_id, name),
        }  # fmt: skip

    async def of_verdict(self, workspace_id: str, verdict_id: str) -> dict[str, Any]:
        """A verdict: in which datasets it stands, which models were trained on it, and what these answered. Raises NotFound."""
        verdict = await self._reviews.find_verdict(workspace_id, verdict_id)
        if verdict_id.startswith(repository.AUDIT):
            async with self._database.read() as tx:
                found_audits = await repository.list_audits(tx, workspace_id, verdict_id.removeprefix(repository.AUDIT))
            verdict = found_audits[0] if found_audits else None
        if verdict is None:
            raise NotFound("There is no such verdict.")
        registry = self._champions.registry(workspace_id)
        found = await asyncio.to_thread(archive.find_verdict, registry.folder / "datasets", verdict_id)
        taught = {name for name, side in found.items() if side == "train"}
        versions = [v for v in registry.list_versions() if any(a.dataset in taught for a in registry.list_ancestors(v))]
        trained = [{"name": v.name, "answers": await self._list_answers(workspace_id, v.name)} for v in versions]
        return {"verdict": to_view(verdict), "datasets": found, "versions": trained}

    async def of_dataset(
        self, workspace_id: str, name: str, side: Side, why: str = "", offset: int = 0, limit: int = 50
    ) -> dict[str, Any]:
        """A dataset: its card, the models trained on it, and some of its rows. Raises NotFound."""
        registry = self._champions.registry(workspace_id)
        place = registry.folder / "datasets" / name
        if not name.isalnum():
            raise NotFound("There is no such dataset.")
        card = archive.read_card(place)
        read = await asyncio.to_thread(lambda: list(archive.read_rows(place, side)))
        rows = [row for row in read if not why or row.get("why", "") == why]
        return {
            "card": card, "versions": [v.name for v in registry.list_versions() if v.dataset == name], "total": len(rows),
            "rows": [_row(row) for row in rows[offset : offset + limit]],
        }  # fmt: skip

    async def _list_answers(self, workspace_id: str, version: str) -> dict[str, Any]:
        async with self._database.read() as tx:
            count, latest = await repository.list_answers_of(tx, workspace_id, version, LATEST)
        return {"count": count, "latest": [{"run_id": r, "conversation_id": c, "at": _iso(at)} for r, c, at in latest]}

    def _find(self, registry: Registry, name: str) -> Version | None:
        return next((v for v in registry.list_versions() if v.name == name), None)

    def _card(self, registry: Registry, name: str) -> dict[str, Any] | None:
        place = registry.folder / "datasets" / name
        return archive.read_card(place) if (place / "card.json").exists() else None


def to_view(verdict: Verdict) -> dict[str, Any]:
    """A verdict for people."""
    return {
        "id": verdict.id, "kind": verdict.kind, "question": verdict.question, "draft_text": verdict.draft_text,
        "final_text": verdict.final_text, "reason": verdict.reason, "lang": verdict.lang, "reviewer_id": verdict.reviewer_id,
        "model_version": verdict.model_version, "run_id": verdict.run_id, "conversation_id": verdict.conversation_id,
        "decided_at": verdict.decided_at.isoformat(),
    }  # fmt: skip


def _row(row: dict[str, Any]) -> dict[str, Any]:
    example = archive.from_row(row)
    return {
        "kind": example.kind, "question": example.prompt[-1]["content"] if example.prompt else "", "turns": len(example.prompt),
        "chosen": example.chosen, "rejected": example.rejected, "why": row.get("why", ""),
        "verdict_id": example.lineage.get("verdict_id", ""), "conversation_id": example.lineage.get("conversation_id", ""),
        "lang": example.lineage.get("lang", ""), "verdict": example.lineage.get("verdict", ""), "is_good": example.is_good,
        "run_id": example.lineage.get("run_id", ""),
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
