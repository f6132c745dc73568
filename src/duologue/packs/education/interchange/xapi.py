"""Answers and signed grades as xAPI 1.0.3 statements, with pseudonyms for learners: no name and no words of theirs leave by it.

Source: ADL, Experience API 1.0.3, part 2 (statements) and 4.1.4.9 (interaction activities). The same answer always has the same id.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from duologue.kit.text import Lang
from duologue.packs.education.course import Course, Item
from duologue.packs.education.grades.repository import Submission
from duologue.packs.education.grading.grade import MATH
from duologue.packs.education.learners.repository import AnswerRow

VERBS = {"answered": "http://adlnet.gov/expapi/verbs/answered", "scored": "http://adlnet.gov/expapi/verbs/scored"}
QUESTION = "http://adlnet.gov/expapi/activities/cmi.interaction"
_SPACE = UUID("6a6f0f3e-2c0e-4a7e-9f57-5f0e2e9d6f11")
KINDS = {
    "choice": "choice", "choices": "choice", "ordering": "sequencing", "number": "numeric", "blanks": "fill-in", "fill": "fill-in",
    "short": "long-fill-in", "essay": "long-fill-in", "program": "other",
}  # fmt: skip
LANGS: dict[Lang, str] = {"en": "en", "zh": "zh-Hans"}


class Statements:
    """Makes statements of one school. `home` is its address, `secret` makes pseudonyms that nobody outside can undo."""

    def __init__(self, home: str, secret: bytes, lang: Lang) -> None:
        self.home = home.rstrip("/")
        self._secret = secret
        self._lang = lang

    def pseudonym(self, person_id: str) -> str:
        """The same for the same learner in this school, and nothing that leads back."""
        return hmac.new(self._secret, person_id.encode(), "sha256").hexdigest()[:32]

    def answered(self, rows: Iterable[AnswerRow], course: Course) -> list[dict[str, Any]]:
        """A statement for each answer to a practice question."""
        items = {i.id: i for i in course.items}
        out = []
        for row in rows:
            result: dict[str, Any] = {"success": row.correct, "completion": True}
            if row.hints:
                result["extensions"] = {f"{self.home}/xapi/extensions/hints": row.hints}
            out.append(
                self._make("answered", row.person_id, row.id, row.at, self._question(row.item, items.get(row.item)), result, "")
            )
        return out

    def scored(self, rows: Iterable[Submission], items: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[dict[str, Any]]:
        """A statement for each grade that a teacher has signed; drafts are nobody's business."""
        out = []
        for one in rows:
            if one.state != "signed":
                continue
            score = float(one.signed["score"])
            body = items.get((one.homework_id, one.item), {})
            item = Item(one.item, str(body.get("type", "")), (), str(body.get("text", "")), options=dict(body.get("options") or {}))
            result = {
                "score": {"scaled": round(score, 4), "min": 0, "max": 1, "raw": round(score, 4)},
                "success": score >= 1,
                "completion": True,
            }
            at = datetime.fromisoformat(one.signed["at"]) if one.signed.get("at") else one.at
            out.append(self._make("scored", one.person_id, one.id, at, self._question(one.item, item), result, one.homework_id))
        return out

    def _make(
        self, verb: str, person_id: str, key: str, at: datetime, object_: dict[str, Any], result: dict[str, Any], parent: str
    ) -> dict[str, Any]:
        context: dict[str, Any] = {"platform": "Duologue", "language": LANGS[self._lang]}
        if parent:
            context["contextActivities"] = {"parent": [{"objectType": "Activity", "id": f"{self.home}/xapi/homework/{parent}"}]}
        return {
            "id": str(uuid5(_SPACE, f"{self.home}|{verb}|{key}")),
            "actor": {"objectType": "Agent", "account": {"homePage": self.home, "name": self.pseudonym(person_id)}},
            "verb": {"id": VERBS[verb], "display": {"en-US": verb}},
            "object": object_,
            "result": result,
            "context": context,
            "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    def _question(self, item_id: str, item: Item | None) -> dict[str, Any]:
        """The activity; without its key, for statements are read by others than the teacher."""
        kind = KINDS.get(item.type, "fill-in" if item.type in MATH else "other") if item else "other"
        definition: dict[str, Any] = {"type": QUESTION, "interactionType": kind}
        if item and item.text:
            definition["description"] = {LANGS[self._lang]: item.text}
        if item and kind == "choice" and item.options:
            definition["choices"] = [{"id": k, "description": {LANGS[self._lang]: v}} for k, v in sorted(item.options.items())]
        return {"objectType": "Activity", "id": f"{self.home}/xapi/items/{quote(item_id, safe='')}", "definition": definition}


def to_bytes(statements: list[dict[str, Any]]) -> bytes:
    """The statements as one JSON array, as `POST /statements` of a record store takes it."""
    return json.dumps(statements, ensure_ascii=False, indent=1).encode()
