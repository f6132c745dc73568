"""What a platform registers, whom and what it launches, and the words of the LTI 1.3 standard. Knows no storage.

Source: 1EdTech, LTI Core 1.3 and Security Framework 1.0; Assignment and Grade Services 2.0; Deep Linking 2.0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
DEEP = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
TEACHERS = ("#Instructor", "#TeachingAssistant", "#ContentDeveloper", "#Mentor", "#Administrator", "#Manager")
"""Ends of role addresses whose holders are staff; everyone else is a learner."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One deployment of a platform, and the workspace that it opens. `has_consent`: the school holds the learners' consent."""

    id: str
    workspace_id: str
    name: str
    issuer: str
    client_id: str
    deployment_id: str
    auth_url: str
    token_url: str
    key_set_url: str
    has_consent: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of a platform: a learner is a person here; staff is a member only if the owner has linked him."""

    registration_id: str
    sub: str
    workspace_id: str
    name: str
    role: Literal["learner", "staff"]
    at: datetime
    person_id: str = ""
    member_email: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a platform's course that opens homework, or where `homework_id` is empty the learner's page; and its gradebook."""

    registration_id: str
    id: str
    workspace_id: str
    title: str
    homework_id: str = ""
    endpoint: dict[str, Any] = field(default_factory=dict)

    @property
    def scopes(self) -> Sequence[str]:
        """What the gradebook lets the tool do."""
        told = self.endpoint.get("scope")
        return [str(s) for s in told] if isinstance(told, list) else []


@dataclass(frozen=True, slots=True)
class Score:
    """One learner's grade for a link: what was sent last, and when it is tried again."""

    registration_id: str
    link_id: str
    person_id: str
    workspace_id: str
    sent: dict[str, Any] = field(default_factory=dict)
    tries: int = 0
    error: str = ""
    next_at: datetime | None = None
