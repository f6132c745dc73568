"""Secrets that the server hands out: opaque session tokens, signed person tokens, CSRF tokens. Knows no database.

A person's token is `p1.<workspace>.<person>.<mac>`: whoever holds it is that person. The key is one file in the data folder;
deleting it signs every person out.
"""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from duologue.kit.errors import NotSignedIn, SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class PersonRef:
    """Whom a person's token names."""

    workspace_id: str
    person_id: str


def load_key(path: Path) -> bytes:
    """The key in `path`, made there (mode 0600, at once and whole) where it is missing. Raises SetupError."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".key-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_bytes(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                os.link(draft, path)
            except FileExistsError:
                log.info("another process made %s first; its key counts", path.name)
            finally:
                os.unlink(draft)
        key = path.read_bytes()
    except OSError as error:
        raise SetupError(f"The key file {path} cannot be used: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise SetupError(f"The key file {path} has {len(key)} bytes instead of {KEY_BYTES}; restore it or delete it.")
    return key


def new_token() -> str:
    """An opaque session token with 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a session token, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


class Signer:
    """Signs and checks with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _mac(self, purpose: str, text: str) -> str:
        digest = hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def person_token(self, ref: PersonRef) -> str:
        """The token that makes its holder this person."""
        body = f"p1.{ref.workspace_id}.{ref.person_id}"
        return f"{body}.{self._mac('person', body)}"

    def read_person_token(self, token: str) -> PersonRef:
        """Whom a token names. Raises NotSignedIn where it is not ours."""
        body, _, mac = token.rpartition(".")
        parts = body.split(".")
        if len(parts) != 3 or parts[0] != "p1" or not hmac.compare_digest(mac.encode(), self._mac("person", body).encode()):
            raise NotSignedIn("This chat session is not valid; open the page again.")
        return PersonRef(parts[1], parts[2])

    def csrf(self, token: str) -> str:
        """The CSRF token that belongs to a session's or person's token."""
        return self._mac("csrf", token)

    def is_csrf(self, token: str, given: str) -> bool:
        """Whether `given` is the CSRF token of `token`."""
        return hmac.compare_digest(self.csrf(token).encode(), given.encode())
