"""The tool's own key: made once in the pack's folder, readable by the server alone; its public half is what platforms fetch."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from duologue.kit.errors import SetupError

FILE, BITS = "lti-key.json", 2048


def load_key(folder: Path) -> RSAKey:
    """The private key, made in `folder` (mode 0600, at once and whole) where it is missing. Raises SetupError."""
    path = folder / FILE
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            key = RSAKey.generate_key(BITS, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)
            handle, draft = tempfile.mkstemp(dir=folder, prefix=".key-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(key.as_dict(private=True), file)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(draft, path)  # another process may have been first; its key counts
            except FileExistsError:
                return load_key(folder)
            finally:
                os.unlink(draft)
        return RSAKey.import_key(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise SetupError(
            f"The key file {path} cannot be used; restore it, or delete it and have the platforms fetch the new one."
        ) from error


def public_keys(folder: Path) -> dict[str, Any]:
    """The key set that platforms check the tool's signatures with."""
    return {"keys": [load_key(folder).as_dict(private=False)]}


def sign(folder: Path, claims: dict[str, Any]) -> str:
    """A token signed by the tool."""
    key = load_key(folder)
    return jwt.encode({"alg": "RS256", "kid": key.kid or "", "typ": "JWT"}, claims, key, algorithms=["RS256"])
