"""Markdown and plain text, with YAML front matter (`title`, `topic`, `lang`)."""

import re

import yaml

from duologue.kit.errors import Invalid
from duologue.knowledge.chunk import plain
from duologue.knowledge.readers.read import Read, decode

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def read(data: bytes, uri: str) -> Read:
    """The text without its front matter; the title from there, else from the first heading."""
    text = decode(data)
    about: dict[str, object] = {}
    if match := _FRONT.match(text):
        try:
            loaded = yaml.safe_load(match.group(1))
        except yaml.YAMLError as error:
            raise Invalid("The front matter between the --- lines is not valid YAML.") from error
        if isinstance(loaded, dict):
            about = loaded
        text = text[match.end() :]
    first = _HEADING.search(text)
    title = str(about.get("title") or (plain(first.group(1)) if first else ""))
    return Read(title, text, str(about.get("topic") or ""), str(about.get("lang") or ""))
