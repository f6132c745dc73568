"""Archives from outside, within limits that hold whatever their headers say; and written. Nothing is unpacked to disk."""

import io
import zipfile
import zlib

from duologue.kit.errors import Invalid

MAX_FILES, MAX_BYTES, MAX_RATIO = 4_000, 60_000_000, 200
"""A package of 2,000 questions has as many files of some kilobytes. A zip bomb grows by thousands."""


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin as an archive does."""
    return content[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def unpack(content: bytes, suffixes: tuple[str, ...] = (".xml",)) -> dict[str, bytes]:
    """The files with one of the suffixes, by name. Raises Invalid for what is broken, encrypted or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = [i for i in archive.infolist() if not i.is_dir() and i.filename.lower().endswith(suffixes)]
            if len(listed) > MAX_FILES or len(archive.infolist()) > 10 * MAX_FILES:
                raise Invalid(f"The archive holds more than {MAX_FILES} files; send it in parts.")
            if any(i.flag_bits & 1 for i in listed):
                raise Invalid("The archive is locked with a password; send it without one.")
            out: dict[str, bytes] = {}
            left = min(MAX_BYTES, MAX_RATIO * len(content) + 1_000_000)
            for info in listed:
                with archive.open(info) as file:
                    data = file.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise Invalid("The archive unpacks to far more than it should; export it again.")
                out[info.filename] = data
            return out
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError, ValueError) as error:
        raise Invalid("The archive is broken or packed in an unusual way; export it again.") from error
    except zlib.error as error:
        raise Invalid("The archive is broken; export it again.") from error


def pack(files: dict[str, bytes]) -> bytes:
    """An archive that is the same for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
