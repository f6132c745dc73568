"""A person is erased, or takes consent to learning back: their examples leave every dataset, and the models that were trained on
them are marked.

Runs inside the transaction that erases, before its commit: where that fails, too much is gone from the files, never too little.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from duologue.conversation.events import PersonErased
from duologue.kit.log import get_logger
from duologue.learning import archive
from duologue.review.events import LearningRefused
from duologue.store import feed
from duologue.store.database import Database, WriteTx

log = get_logger(__name__)

KINDS = (PersonErased.kind, LearningRefused.kind)


class Erasure:
    """Keeps the files below `folder` (one folder per workspace) free of who is erased or refuses."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._folder = folder
        for kind in KINDS:
            database.handle(kind, self._on_erased)
        database.listen(self._on_commit)

    async def _on_erased(self, tx: WriteTx, pending: feed.Pending) -> None:
        assert isinstance(pending.event, PersonErased | LearningRefused)
        erase_files(self._folder / pending.workspace_id, set(pending.event.conversation_ids))

    def _on_commit(self, records: Sequence[feed.Record]) -> None:
        """Once more after the commit, for what a replay wrote in between."""
        for record in records:
            if record.kind in KINDS:
                erase_files(self._folder / record.workspace_id, set(record.payload["conversation_ids"]))


def erase_files(folder: Path, conversation_ids: set[str]) -> dict[str, int]:
    """Rid a workspace's files of these conversations; how many examples left which dataset.

    Copies that runs made of a changed dataset go too: of a finished run what it no longer needs, an unfinished one whole.
    """
    gone = archive.erase(folder / "datasets", conversation_ids)
    for name, count in gone.items():
        run = folder / "runs" / name
        if (run / "version.json").exists():
            archive.drop_copies(run)
        else:
            shutil.rmtree(run, ignore_errors=True)
        log.info("%d examples left the dataset %s", count, name)
    for path in (*(folder / "replays").glob("*/*.jsonl"), *(folder / "runs").glob("*/written.jsonl")):
        archive.drop_lines(path, conversation_ids)
    return gone
