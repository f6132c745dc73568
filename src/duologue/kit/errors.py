"""The one tree of errors. Each has a code, an HTTP status and a sentence that says what to do.

Knows nothing of HTTP beyond the number; the interfaces turn an error into `{"error": {code, message, detail}}`.
A subclass is made only where a caller would act differently; else a `code` is given to its parent.
"""

from typing import Any, ClassVar


class DuologueError(Exception):
    """Anything that a person can be told about. `detail` is safe to show and serialisable as JSON."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class Invalid(DuologueError):
    """The request cannot be understood or breaks a rule of its own; nothing was changed."""

    code = "invalid"
    status = 422


class NotSignedIn(DuologueError):
    """No valid session came with the request."""

    code = "not_signed_in"
    status = 401


class Forbidden(DuologueError):
    """The role of the caller does not allow this."""

    code = "forbidden"
    status = 403


class NotFound(DuologueError):
    """There is no such thing, or it is not the caller's to see."""

    code = "not_found"
    status = 404


class Conflict(DuologueError):
    """The thing changed in the meantime; read it again and decide anew."""

    code = "conflict"
    status = 409


class DraftSuperseded(Conflict):
    """A newer message or a change of control made this draft stale."""

    code = "draft_superseded"


class AlreadyDecided(Conflict):
    """Another person has already decided on this draft."""

    code = "already_decided"


class NotInControl(Conflict):
    """The conversation is not held by the caller; take it over first."""

    code = "not_in_control"


class CursorExpired(DuologueError):
    """The feed no longer holds what follows this cursor; fetch the whole state again."""

    code = "cursor_expired"
    status = 410


class TooLarge(DuologueError):
    """The message or file is larger than the setting allows."""

    code = "too_large"
    status = 413


class TooManyRequests(DuologueError):
    """Slow down; `detail["retry_after_s"]` says for how long."""

    code = "too_many_requests"
    status = 429


class Unavailable(DuologueError):
    """Something that this needs (a model, a database, a server) does not answer now."""

    code = "unavailable"
    status = 503


class ModelUnavailable(Unavailable):
    """The configured language model does not answer."""

    code = "model_unavailable"


class Overloaded(ModelUnavailable):
    """The model has as many requests as it can hold; come back after `detail["retry_after_s"]` seconds."""

    code = "overloaded"


class SetupError(DuologueError):
    """The program cannot start as it is set up: a taken port, an unwritable folder, a broken database."""

    code = "setup"
