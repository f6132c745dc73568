"""The workspace's knowledge: upload, fetch, look at, search, delete. Progress goes out as `ephemeral` frames of kind `progress`."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, UploadFile
from pydantic import Field

from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.passages import PassageOut, passage_json
from duologue.interfaces.api.schemas import Done, In, Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined, Services
from duologue.kit.errors import Invalid, TooLarge
from duologue.kit.text import Lang
from duologue.knowledge.model import Document, IngestProgress, IngestReport, Input
from duologue.store.bus import Ephemeral
from duologue.store.feed import to_payload

router = APIRouter(prefix="/api/admin", tags=["knowledge"], responses=RESPONSES)

Scholar = Annotated[Session, Depends(Needs("knowledge.read"))]
Librarian = Annotated[Session, Depends(Needs("knowledge.write"))]

MOST_URLS = 200


class DocumentOut(Out):
    id: str
    uri: str
    title: str
    lang: Lang
    topic: str
    bytes: int
    status: str
    error: str
    passage_count: int


class DocumentsOut(Out):
    documents: list[DocumentOut]


class FailedOut(Out):
    uri: str
    error: str


class ReportOut(Out):
    ready: list[DocumentOut]
    failed: list[FailedOut]


class WholeDocumentOut(Out):
    document: DocumentOut
    text: str
    passages: list[PassageOut]


class UrlsIn(In):
    urls: list[str] = Field(min_length=1, max_length=MOST_URLS)


class HitOut(Out):
    passage: PassageOut
    document_id: str
    title: str
    uri: str
    score: float
    bm25_rank: int | None
    dense_rank: int | None


class FoundOut(Out):
    hits: list[HitOut]
    support: float = Field(description="Calibrated probability that the hits hold the answer.")


def _document(document: Document) -> Json:
    return to_payload(document)


def _report(report: IngestReport) -> Json:
    failed = [{"uri": uri, "error": error} for uri, error in report.failed]
    return {"ready": [_document(d) for d in report.ready], "failed": failed}


class _Progress:
    """Tells the workspace's pages how far an ingest is."""

    def __init__(self, services: Services, session: Session) -> None:
        self._bus, self._session = services.database.bus, session

    def __call__(self, progress: IngestProgress) -> None:
        data = {"what": "ingest", "by": self._session.member.id, **to_payload(progress)}
        self._bus.publish(Ephemeral("progress", self._session.workspace.id, "", "internal", data))


@router.get("/documents", response_model=DocumentsOut)
async def list_documents(session: Scholar, services: Joined) -> Json:
    """All documents, failed ones too."""
    return {"documents": [_document(d) for d in await services.knowledge.list_documents(session.workspace.id)]}


@router.post("/documents", response_model=ReportOut)
async def upload_documents(
    files: Annotated[list[UploadFile], File(description="Markdown, HTML, PDF, DOCX, CSV or plain text.")],
    session: Librarian,
    services: Joined,
) -> Json:
    """Take files in; the same name again replaces. A file that cannot be read is reported by name, the rest goes on."""
    inputs = []
    for file in files:
        name = (file.filename or "").replace("\\", "/").lstrip("/")
        if not name or "\x00" in name:
            raise Invalid("Each file needs a name.")
        if file.size is not None and file.size > services.settings.max_upload_bytes:
            raise TooLarge(f"{name} is larger than {services.settings.max_upload_bytes} bytes.", file=name)
        inputs.append(Input(name, await file.read(), file.content_type or ""))
    return _report(await services.knowledge.ingest(session.workspace.id, inputs, _Progress(services, session)))


@router.post("/documents/urls", response_model=ReportOut)
async def fetch_documents(given: UrlsIn, session: Librarian, services: Joined) -> Json:
    """Fetch pages and take them in; public addresses only."""
    return _report(await services.knowledge.ingest_urls(session.workspace.id, given.urls, _Progress(services, session)))


@router.get("/documents/{document_id}", response_model=WholeDocumentOut)
async def get_document(document_id: str, session: Scholar, services: Joined) -> Json:
    """One document with its passages in order."""
    found = await services.knowledge.get_document(session.workspace.id, document_id)
    return {
        "document": _document(found.document),
        "text": found.text,
        "passages": [passage_json(p) for p in found.passages],
    }


@router.delete("/documents/{document_id}", response_model=Done)
async def delete_document(document_id: str, session: Librarian, services: Joined) -> Json:
    """Delete a document and its passages, everywhere."""
    await services.knowledge.delete(session.workspace.id, document_id)
    return {"ok": True}


@router.get("/search", response_model=FoundOut)
async def search(
    session: Scholar,
    services: Joined,
    q: Annotated[str, Query(min_length=1, max_length=1_000)],
    k: Annotated[int, Query(ge=1, le=50)] = 8,
    lang: Lang | None = None,
) -> Json:
    """Search the knowledge as the assistant does."""
    found = await services.knowledge.search(session.workspace.id, q, lang=lang, k=k)
    hits = [
        {
            "passage": passage_json(h.passage),
            "document_id": h.passage.document_id,
            "title": h.passage.title,
            "uri": h.uri,
            "score": h.score,
            "bm25_rank": h.bm25_rank,
            "dense_rank": h.dense_rank,
        }
        for h in found.hits
    ]
    return {"hits": hits, "support": found.support}
