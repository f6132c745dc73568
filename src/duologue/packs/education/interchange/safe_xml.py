"""XML from outside, read without entities or document types; and written. Names are compared without namespaces."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from duologue.kit.errors import Invalid

MAX_ELEMENTS = 400_000
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(content: bytes, what: str) -> Element:
    """The root element. Raises Invalid with one sentence for what is broken or tries to do harm."""
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Invalid(f"{what} declares a document type or entities; export it again without them.") from error
    except ParseError as error:
        line, column = error.position
        raise Invalid(f"{what} is not well-formed XML (line {line}, column {column}); export it again.") from error
    except (ValueError, LookupError) as error:
        raise Invalid(f"{what} is in an encoding that cannot be read; save it as UTF-8.") from error
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise Invalid(f"{what} has more than {MAX_ELEMENTS} elements; send it in parts.")
    return root


def name_of(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element | None, *names: str) -> list[Element]:
    """The direct children of that name, whatever the namespace."""
    return [] if element is None else [e for e in element if name_of(e) in names]


def child(element: Element | None, *path: str) -> Element | None:
    """The first element down a path of names, or None."""
    for name in path:
        element = next(iter(children(element, name)), None)
    return element


def within(element: Element | None, *names: str) -> Iterator[Element]:
    """All elements of that name below, in order."""
    return iter(()) if element is None else (e for e in element.iter() if name_of(e) in names)


def text_of(element: Element | None) -> str:
    """All text in an element."""
    return "" if element is None else "".join(element.itertext())


def clean(text: str) -> str:
    """The text as XML brings it back: without forbidden characters, with line feeds alone."""
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """A new child; a trailing underscore in an attribute's name is dropped."""
    made = SubElement(parent, name, {k.rstrip("_").replace("__", ":"): clean(v) for k, v in attributes.items()})
    if text is not None:
        made.text = clean(text)
    return made


def to_bytes(root: Element, *, pretty: bool = True) -> bytes:
    """The document in UTF-8 with its declaration."""
    if pretty:
        indent(root, " ")
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
