"""The nouns of knowledge: what comes in, what is kept, what a search finds. Frozen values; no storage, no search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from duologue.kit.text import Lang

DocumentStatus = Literal["ready", "failed"]


@dataclass(frozen=True, slots=True)
class Input:
    """A file as it came. `uri` names it for people and is its identity: ingesting the same uri again replaces it."""

    uri: str
    data: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as the workspace keeps it. `bytes` is the size of what came in; `sha256` is of the same."""

    id: str
    workspace_id: str
    uri: str
    title: str
    lang: Lang
    topic: str
    sha256: str
    bytes: int
    status: DocumentStatus
    error: str
    passage_count: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that can be cited: `body == text[start:end]` of the document's normalised text."""

    id: str
    workspace_id: str
    document_id: str
    ordinal: int
    title: str
    heading: str
    body: str
    start: int
    end: int
    lang: Lang

    @property
    def context(self) -> str:
        """Where the passage stands, then what it says: the text that is encoded."""
        where = " › ".join(part for part in (self.title, self.heading) if part)
        return f"{where}\n{self.body}" if where else self.body


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document with its normalised Markdown text and its passages in order."""

    document: Document
    text: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. Ranks start at 1; None where that channel did not find it. `score` is the fused one, 0 … 1.

    `said`: how near each piece of the passage is to the question, by where in the body it begins; of the first passages only.
    """

    passage: Passage
    score: float
    bm25_rank: int | None
    dense_rank: int | None
    bm25_score: float
    dense_score: float
    uri: str = ""
    said: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, and `support`: the calibrated probability that they hold the answer (see `support.py`).

    `tells`: how much each word of the question tells, 1 for one that no passage has; what was replaced stands as its substitute.
    """

    hits: tuple[Hit, ...]
    support: float
    signals: dict[str, float]
    tells: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """Told after each source. `error` is empty where it went well."""

    done: int
    total: int
    uri: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of the sources: documents that are ready, and (uri, sentence) for those that failed."""

    ready: tuple[Document, ...]
    failed: tuple[tuple[str, str], ...]


class Encode(Protocol):
    """Sentence vectors as a port; `engine.protocol.Encoder` has the same shape."""

    @property
    def name(self) -> str:
        """Name and version; vectors of different names are never compared."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, (n, dim)."""
        ...
