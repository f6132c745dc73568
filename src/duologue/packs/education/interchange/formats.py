"""Which formats there are, by name: what they are called, how a file of theirs ends, who reads and who writes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import ModuleType

from duologue.kit.errors import Invalid, TooLarge
from duologue.packs.education.course import Item
from duologue.packs.education.interchange import gift, moodle_xml, qti12, qti21, table
from duologue.packs.education.interchange.archive import is_zip, unpack
from duologue.packs.education.interchange.parcel import MAX_ITEMS, Held, Parcel, Written
from duologue.packs.education.interchange.safe_xml import name_of, parse


@dataclass(frozen=True, slots=True)
class Format:
    """A format of questions. `held` says what comes back from it as it went in."""

    name: str
    title: str
    suffix: str
    media_type: str
    held: Held
    read: Callable[[bytes], Parcel]
    write: Callable[[Iterable[Item], str], Written]


def _of(name: str, title: str, suffix: str, media_type: str, module: ModuleType) -> Format:
    return Format(name, title, suffix, media_type, module.HELD, module.read, module.write)


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        _of("gift", "GIFT", ".gift.txt", "text/plain", gift),
        _of("moodle", "Moodle XML", ".moodle.xml", "application/xml", moodle_xml),
        _of("qti12", "QTI 1.2", ".qti12.zip", "application/zip", qti12),
        _of("qti21", "QTI 2.1", ".qti21.zip", "application/zip", qti21),
        _of("csv", "CSV", ".csv", "text/csv", table),
    )
}


def get_format(name: str) -> Format:
    """A format by its name. Raises Invalid naming those that there are."""
    if name not in FORMATS:
        raise Invalid(f"There is no format {name}; use one of {', '.join(FORMATS)}.", field="format")
    return FORMATS[name]


def guess(content: bytes, file_name: str) -> Format:
    """The format of a file, by what it holds and then by its name. Raises Invalid where neither tells."""
    if is_zip(content):
        names = {name_of(parse(data, name)) for name, data in unpack(content).items()}
        if names & {"questestinterop", "assessmentItem"}:
            return FORMATS["qti12" if "questestinterop" in names else "qti21"]
        raise Invalid("The archive holds neither QTI 1.2 nor QTI 2.1.")
    if content[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        root = name_of(parse(content, file_name))
        by_root = {"quiz": "moodle", "questestinterop": "qti12", "assessmentItem": "qti21"}
        if root in by_root:
            return FORMATS[by_root[root]]
        raise Invalid(
            f"{file_name} begins with “{root[:40]}”; Moodle XML begins with quiz, QTI with questestinterop or assessmentItem."
        )
    return FORMATS["csv" if file_name.lower().endswith((".csv", ".tsv")) else "gift"]


def read(content: bytes, file_name: str, name: str = "") -> Parcel:
    """The questions of a file in the format that is named, or that it looks like. Raises Invalid, TooLarge."""
    if not content.strip():
        raise Invalid("The file is empty.")
    found = (get_format(name) if name else guess(content, file_name)).read(content)
    if len(found.items) > MAX_ITEMS:
        raise TooLarge(f"The file holds {len(found.items)} questions; send at most {MAX_ITEMS} at once.", max_items=MAX_ITEMS)
    if not found.items and not found.notes:
        raise Invalid("There is no question in the file.")
    return replace(found, notes=tuple({repr(note): note for note in found.notes}.values()))
