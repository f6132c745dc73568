"""What can happen to the members of a workspace, as facts in the past tense."""

from dataclasses import dataclass
from typing import ClassVar

from duologue.accounts.model import Member


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A member was added, changed or deactivated; `member` is as he is now."""

    kind: ClassVar[str] = "MemberChanged"
    member: Member
    by: str
