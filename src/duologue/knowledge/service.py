"""Knowledge as others use it: take documents in, list and delete them, search them. Check, then do; no SQL, no format here."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import get_args

import httpx
import numpy as np

from duologue.kit.errors import DuologueError, Invalid, NotFound, TooLarge
from duologue.kit.ids import new_id
from duologue.kit.log import get_logger
from duologue.kit.text import Lang, detect_lang
from duologue.knowledge import chunk, readers, repository
from duologue.knowledge.embedding import repository as embedding
from duologue.knowledge.encoder import HashingEncoder
from duologue.knowledge.events import DocumentDeleted, DocumentIngested
from duologue.knowledge.fuse import DENSE_SHARE
from duologue.knowledge.model import (
    Document,
    DocumentText,
    Encode,
    IngestProgress,
    IngestReport,
    Input,
    Passage,
    SearchResult,
)
from duologue.knowledge.readers import urls
from duologue.knowledge.repository import Terms
from duologue.knowledge.search import Searcher
from duologue.knowledge.terms import search_terms
from duologue.store.database import Database

log = get_logger(__name__)

OnProgress = Callable[[IngestProgress], None]
_Fetch = Callable[[], Awaitable[Input]]
ENCODE_AT_ONCE = 256
MAX_BYTES = 20_000_000


class KnowledgeService:
    """The documents of all workspaces. `encode` None means the hashing encoder, which needs no training."""

    def __init__(
        self,
        database: Database,
        encode: Encode | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        allow_private_urls: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._database = database
        self._encode: Encode = encode or HashingEncoder()
        self._searcher = Searcher(database, self._encode)
        self._max_bytes = max_bytes
        self._allow_private_urls = allow_private_urls
        self._transport = transport

    @property
    def encoder(self) -> Encode:
        """What gives passages and questions their vectors."""
        return self._encode

    # ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def ingest(self, workspace_id: str, sources: Iterable[Input], on_progress: OnProgress | None = None) -> IngestReport:
        """Read, cut, encode and store the sources, one transaction each. A source that fails is reported; the rest goes on.

        The same uri again replaces the document; where its new content cannot be read, the earlier one stays.
        """
        todo = list(sources)
        return await self._ingest_all(workspace_id, [(source.uri, _given(source)) for source in todo], on_progress)

    async def ingest_folder(self, workspace_id: str, folder: Path, on_progress: OnProgress | None = None) -> IngestReport:
        """Ingest all readable files below a folder; their uris are the paths relative to it. Raises NotFound without a folder."""
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder}.")
        paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in readers.EXTENSIONS)
        todo = [(path.relative_to(folder).as_posix(), _from_file(path, folder, self._max_bytes)) for path in paths]
        return await self._ingest_all(workspace_id, todo, on_progress)

    async def ingest_urls(self, workspace_id: str, addresses: Iterable[str], on_progress: OnProgress | None = None) -> IngestReport:
        """Fetch and ingest pages; only public http and https addresses (see `readers/urls.py`). Blank lines are skipped."""
        wanted = list(dict.fromkeys(address.strip() for address in addresses if address.strip()))
        return await self._ingest_all(workspace_id, [(address, self._from_url(address)) for address in wanted], on_progress)

    def _from_url(self, address: str) -> _Fetch:
        async def fetch() -> Input:
            return await urls.fetch(
                address, max_bytes=self._max_bytes, allow_private=self._allow_private_urls, transport=self._transport
            )

        return fetch

    async def _ingest_all(
        self, workspace_id: str, todo: Sequence[tuple[str, _Fetch]], on_progress: OnProgress | None
    ) -> IngestReport:
        ready: list[Document] = []
        failed: list[tuple[str, str]] = []
        for done, (uri, fetch) in enumerate(todo, start=1):
            error = ""
            try:
                ready.append(await self._ingest_one(workspace_id, await fetch()))
            except DuologueError as problem:
                error = problem.message
                failed.append((uri, error))
                await self._note_failure(workspace_id, uri, error)
            if on_progress is not None:
                on_progress(IngestProgress(done, len(todo), uri, error))
        return IngestReport(tuple(ready), tuple(failed))

    async def _ingest_one(self, workspace_id: str, source: Input) -> Document:
        check_uri(source.uri)
        sha256 = hashlib.sha256(source.data).hexdigest()
        async with self._database.read() as tx:
            before = await repository.find_document(tx, workspace_id, uri=source.uri)
            known = await repository.list_passages(tx, workspace_id, before[0].id) if before else []
        if before is not None and before[0].status == "ready" and before[0].sha256 == sha256:
            return before[0]
        found, pieces = await asyncio.to_thread(_prepare, source, self._max_bytes)
        document = Document(
            id=before[0].id if before else new_id("doc"),
            workspace_id=workspace_id,
            uri=source.uri,
            title=found.title,
            lang=_lang(found.lang, found.text),
            topic=found.topic[:200],
            sha256=sha256,
            bytes=len(source.data),
            status="ready",
            error="",
            passage_count=len(pieces),
            updated_at=self._database.clock.now(),
        )
        passages = _passages(document, found.text, pieces, known)
        vectors = await self._vectors([passage for passage, _ in passages])
        async with self._database.write() as tx:
            await repository.put_document(tx, document, found.text, passages, self._encode.name, vectors)
            await tx.append(workspace_id, DocumentIngested(document.id, document.uri, document.title, len(passages)))
        return document

    async def _note_failure(self, workspace_id: str, uri: str, error: str) -> None:
        """Keep a failed document as a row, so that it can be seen later; one that was ready before stays as it was."""
        now = self._database.clock.now()
        async with self._database.write() as tx:
            before = await repository.find_document(tx, workspace_id, uri=uri[:2000])
            if before is not None and before[0].status == "ready":
                return
            title = readers.name_of(uri)[:300]
            id_ = before[0].id if before else new_id("doc")
            failed = Document(id_, workspace_id, uri[:2000], title, detect_lang(title), "", "", 0, "failed", error, 0, now)
            await repository.put_document(tx, failed, "", [], "", [])

    async def _vectors(self, passages: Sequence[Passage]) -> list[bytes]:
        out: list[bytes] = []
        for start in range(0, len(passages), ENCODE_AT_ONCE):
            rows = await self._encode.encode([passage.context for passage in passages[start : start + ENCODE_AT_ONCE]])
            out += [np.asarray(row, "<f4").tobytes() for row in rows]
        return out

    async def prepare(self) -> bool:
        """Let PostgreSQL compare vectors itself where it can (pgvector); whether it does."""
        return await embedding.prepare(self._database)

    async def encode_missing(self, workspace_id: str) -> int:
        """Make vectors for passages that have none of the present encoder, after it was changed. Returns how many."""
        made = 0
        async with self._database.write() as tx:
            await embedding.fill(tx, workspace_id, self._encode.name)
        while True:
            async with self._database.read() as tx:
                todo = await repository.list_unencoded(tx, workspace_id, self._encode.name, ENCODE_AT_ONCE)
            if not todo:
                return made
            vectors = await self._vectors([passage for _, passage in todo])
            async with self._database.write() as tx:
                kept = await repository.keep_present(tx, workspace_id, [number for number, _ in todo])
                pairs = zip(todo, vectors, strict=True)
                await repository.put_vectors(
                    tx, workspace_id, self._encode.name, {number: blob for (number, _), blob in pairs if number in kept}
                )
            made += len(todo)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def delete(self, workspace_id: str, document_id: str) -> None:
        """Remove a document with its passages, vectors and terms. Raises NotFound."""
        async with self._database.write() as tx:
            document = await repository.delete_document(tx, workspace_id, document_id)
            if document is None:
                raise NotFound("There is no such document.")
            await tx.append(workspace_id, DocumentDeleted(document.id, document.uri, document.title))

    async def list_documents(self, workspace_id: str) -> list[Document]:
        """All documents by title, failed ones too."""
        async with self._database.read() as tx:
            return await repository.list_documents(tx, workspace_id)

    async def get_document(self, workspace_id: str, document_id: str) -> DocumentText:
        """A document with its text and passages. Raises NotFound."""
        async with self._database.read() as tx:
            found = await repository.find_document(tx, workspace_id, document_id=document_id)
            if found is None:
                raise NotFound("There is no such document.")
            return DocumentText(*found, tuple(await repository.list_passages(tx, workspace_id, document_id)))

    async def get_passage(self, workspace_id: str, passage_id: str) -> Passage:
        """A passage. Raises NotFound, also where its document was deleted or replaced since."""
        async with self._database.read() as tx:
            found = await repository.find_passage(tx, workspace_id, passage_id)
        if found is None:
            raise NotFound("There is no such passage; its document may have been changed or deleted.")
        return found

    async def search(
        self, workspace_id: str, query: str, *, lang: Lang | None = None, k: int = 5, dense_share: float = DENSE_SHARE
    ) -> SearchResult:
        """The `k` passages that answer best, and how probable it is that they do.

        `lang` is the language the reader wants, by default that of the question: passages in it are preferred, others found too.
        """
        return await self._searcher.search(workspace_id, query, lang=lang, k=k, dense_share=dense_share)


def check_uri(uri: str) -> None:
    """Raise Invalid for a name under which a document cannot be kept."""
    if not uri.strip():
        raise Invalid("A document needs a name.")
    if len(uri) > 2000:
        raise Invalid("The name or address is longer than 2,000 characters.")


def _given(source: Input) -> _Fetch:
    async def fetch() -> Input:
        return source

    return fetch


def _from_file(path: Path, folder: Path, max_bytes: int) -> _Fetch:
    def load() -> Input:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Invalid("The file is a link that leads out of the folder; it is not read.")
        if path.stat().st_size > max_bytes:
            raise TooLarge(f"The file has {path.stat().st_size:,} bytes; at most {max_bytes:,} are accepted.")
        try:
            return Input(path.relative_to(folder).as_posix(), path.read_bytes())
        except OSError as error:
            raise Invalid(f"The file cannot be opened: {error.strerror}.") from error

    async def fetch() -> Input:
        return await asyncio.to_thread(load)

    return fetch


def _prepare(source: Input, max_bytes: int) -> tuple[readers.Read, list[tuple[chunk.Chunk, Terms]]]:
    """Read and cut; the slow part, run in a thread."""
    found = readers.read(source, max_bytes)
    title = search_terms(found.title)
    pieces = chunk.cut(found.text, found.title)
    if not pieces:
        raise Invalid("There is nothing but headings in this file.")
    return found, [(p, Terms(title, search_terms(p.heading), search_terms(found.text[p.start : p.end]))) for p in pieces]


def _passages(
    document: Document, text: str, pieces: Sequence[tuple[chunk.Chunk, Terms]], known: Sequence[Passage]
) -> list[tuple[Passage, Terms]]:
    """Passages of a document. One that says what a passage said before keeps its id, so that earlier citations still open."""
    ids = {(passage.heading, passage.body): passage.id for passage in known}
    out: list[tuple[Passage, Terms]] = []
    for ordinal, (piece, terms) in enumerate(pieces, start=1):
        body = text[piece.start : piece.end]
        passage = Passage(
            id=ids.pop((piece.heading, body), "") or new_id("psg"),
            workspace_id=document.workspace_id,
            document_id=document.id,
            ordinal=ordinal,
            title=document.title,
            heading=piece.heading,
            body=body,
            start=piece.start,
            end=piece.end,
            lang=document.lang,
        )
        out.append((passage, terms))
    return out


def _lang(said: str, text: str) -> Lang:
    """The language that the file names, else the one that is detected."""
    for lang in get_args(Lang):
        if said.lower().startswith(lang):
            found: Lang = lang
            return found
    return detect_lang(text)
