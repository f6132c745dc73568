"""What can happen to the knowledge of a workspace, as facts in the past tense."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DocumentIngested:
    """A document is ready to be searched; it took the place of an earlier one of the same uri, if there was one."""

    kind: ClassVar[str] = "DocumentIngested"
    document_id: str
    uri: str
    title: str
    passage_count: int


@dataclass(frozen=True, slots=True)
class DocumentDeleted:
    """A document and all its passages are gone."""

    kind: ClassVar[str] = "DocumentDeleted"
    document_id: str
    uri: str
    title: str


KnowledgeEvent = DocumentIngested | DocumentDeleted
