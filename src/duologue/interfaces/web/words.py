"""The pages' words in each language: gettext catalogues, compiled to JSON when the program starts. Knows no page.

A key is a name (`chat.send`), not a sentence, so that both languages are translations and neither is the original.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from duologue.kit.text import Lang

LOCALE = Path(__file__).parent / "locale"
LANGS: tuple[Lang, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Words:
    """One language: a string per key, or a list of strings, one per plural form; and all of it as JSON, with its hash."""

    lang: Lang
    strings: dict[str, str | list[str]]
    content: bytes
    digest: str

    def __getitem__(self, key: str) -> str:
        found = self.strings[key]
        return found if isinstance(found, str) else found[-1]


def load_words(lang: Lang, folder: Path = LOCALE) -> Words:
    """Read the catalogue of `lang`. A key without a translation is an error of ours and raises KeyError."""
    with (folder / lang / "LC_MESSAGES" / "web.po").open("rb") as file:
        catalog = read_po(file, locale=lang)
    strings: dict[str, str | list[str]] = {}
    for message in catalog:
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        text = message.string if isinstance(message.string, str) else list(message.string or ())
        if not text or (isinstance(text, list) and not all(text)):
            raise KeyError(f"{lang}: {key} has no translation")
        strings[key] = text
    content = json.dumps(strings, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return Words(lang, strings, content, hashlib.sha256(content).hexdigest()[:16])


def choose_lang(asked: str, remembered: str, accepted: str) -> Lang:
    """The language of a page: the one in the address, else the remembered one, else the browser's, else English."""
    for given in (asked, remembered):
        for lang in LANGS:
            if given == lang:
                return lang
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower()
        for lang in LANGS:
            if tag == lang or tag.startswith(f"{lang}-"):
                return lang
    return "en"
