"""A cited passage with what stands around it, for persons and for the desk alike."""

from duologue.interfaces.api.render import render_html
from duologue.interfaces.api.schemas import Json, Out
from duologue.interfaces.api.services import Services
from duologue.knowledge.model import Passage


class DocumentRefOut(Out):
    id: str
    title: str
    uri: str


class PassageOut(Out):
    id: str
    heading: str
    body: str
    html: str
    ordinal: int


class PassageInPlaceOut(Out):
    document: DocumentRefOut
    passage: PassageOut
    before: PassageOut | None
    after: PassageOut | None


async def get_passage_in_place(services: Services, workspace_id: str, passage_id: str) -> Json:
    """The passage, its document and its neighbours; NotFound where this workspace has no such passage."""
    passage = await services.knowledge.get_passage(workspace_id, passage_id)
    found = await services.knowledge.get_document(workspace_id, passage.document_id)
    by_ordinal = {p.ordinal: p for p in found.passages}
    return {
        "document": {"id": found.document.id, "title": found.document.title, "uri": found.document.uri},
        "passage": passage_json(passage),
        "before": _maybe(by_ordinal.get(passage.ordinal - 1)),
        "after": _maybe(by_ordinal.get(passage.ordinal + 1)),
    }


def passage_json(passage: Passage) -> Json:
    """A passage with its HTML."""
    return {
        "id": passage.id,
        "heading": passage.heading,
        "body": passage.body,
        "html": render_html(passage.body),
        "ordinal": passage.ordinal,
    }


def _maybe(passage: Passage | None) -> Json | None:
    return passage_json(passage) if passage else None
