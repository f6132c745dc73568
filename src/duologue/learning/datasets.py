"""What a workspace's verdicts would teach now, and freezing it; what a version was taught that no text of the house says.

Looking writes nothing; a dataset is written when somebody asks for it.
"""

import asyncio

from duologue.knowledge.service import KnowledgeService
from duologue.learning.archive import load, store
from duologue.learning.champions import Champions
from duologue.learning.claims import Claim, House, list_said, list_taught
from duologue.learning.dataset import Dataset, freeze
from duologue.learning.export import ExportService
from duologue.learning.harm import find_addresses, find_hosts


class Datasets:
    """Datasets of all workspaces."""

    def __init__(self, exports: ExportService, knowledge: KnowledgeService, champions: Champions) -> None:
        self._exports = exports
        self._knowledge = knowledge
        self._champions = champions

    async def list_texts(self, workspace_id: str) -> list[str]:
        """All texts of the house."""
        documents = await self._knowledge.list_documents(workspace_id)
        return [(await self._knowledge.get_document(workspace_id, d.id)).text for d in documents if d.status == "ready"]

    async def look(self, workspace_id: str) -> Dataset:
        """What would be learnt from now; nothing is written."""
        candidates = [candidate async for candidate in self._exports.candidates(workspace_id)]
        texts = await self.list_texts(workspace_id)

        def work() -> Dataset:
            return freeze(candidates, known=find_hosts(find_addresses(texts)) if texts else None)

        return await asyncio.to_thread(work)

    async def freeze(self, workspace_id: str) -> Dataset:
        """The same, kept."""
        dataset = await self.look(workspace_id)
        await self.keep(workspace_id, dataset)
        return dataset

    async def keep(self, workspace_id: str, dataset: Dataset) -> None:
        """Write a dataset below the workspace's folder under its hash."""
        await asyncio.to_thread(store, dataset, self._champions.registry(workspace_id).folder / "datasets")

    async def list_claims(self, workspace_id: str, version: str) -> tuple[list[Claim], list[Claim]]:
        """What a version was taught and what it says that no text of the house says. Raises NotFound."""
        registry = self._champions.registry(workspace_id)
        found = registry.get(version)
        texts = await self.list_texts(workspace_id)

        def work() -> tuple[list[Claim], list[Claim]]:
            place = registry.folder / "datasets" / found.dataset
            dataset = load(place) if (place / "card.json").exists() else None
            house = House(texts)
            taught = list_taught(dataset.answers(dataset.train), house) if dataset else []
            return taught, list_said(registry.list_written(found.dataset), house)

        return await asyncio.to_thread(work)
