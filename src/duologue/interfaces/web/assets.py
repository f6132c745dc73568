"""The static files as they are served: read once, named by one hash of them all, gzipped, with their modules' import graph.

Served from memory by exact name, so that no path can lead outside the folder. Knows nothing of pages.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_IMPORT = re.compile(r"""(?:from|import)\s*["'](\.[^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, the same gzipped (None where that saves nothing), its media type."""

    content: bytes
    gzipped: bytes | None
    media_type: str


class Assets:
    """All files below `folder` whose type is known, and those of other folders below `packs/<name>/`."""

    def __init__(self, folder: Path, packs: Mapping[str, Path] | None = None) -> None:
        roots = {"": folder, **{f"packs/{name}/": place for name, place in sorted((packs or {}).items())}}
        self._assets = {
            prefix + path.relative_to(root).as_posix(): _load(path)
            for prefix, root in roots.items()
            for path in sorted(p for p in root.rglob("*") if p.is_file() and p.suffix in TYPES)
        }

    @cached_property
    def digest(self) -> str:
        """Changes with any file; part of every address, so that a browser may keep what it has for a year."""
        whole = hashlib.sha256()
        for name, asset in self._assets.items():
            whole.update(name.encode() + b"\0" + asset.content)
        return whole.hexdigest()[:16]

    def find(self, name: str) -> Asset | None:
        """The file of this name."""
        return self._assets.get(name)

    def names(self, suffix: str) -> list[str]:
        """Files with this ending, vendored ones too."""
        return [name for name in self._assets if name.endswith(suffix)]

    def modules(self, entry: str) -> list[str]:
        """`entry` and every module that it imports, directly or not: what a page preloads."""
        seen: dict[str, None] = {}
        waiting = [entry]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            asset = self._assets[name]
            seen[name] = None
            waiting += [_resolve(name, target) for target in _IMPORT.findall(asset.content.decode())]
        return list(seen)


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    gzipped = None if path.suffix == ".woff2" else gzip.compress(content, 9, mtime=0)
    return Asset(content, gzipped if gzipped and len(gzipped) < len(content) else None, TYPES[path.suffix])


def _resolve(name: str, target: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / target).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
