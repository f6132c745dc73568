"""Anki decks by `genanki`: a course's questions as cards, or a learner's own reviews with the day they are due.

Ids are made from the questions' own, so that importing again changes cards instead of adding them.
"""

import html
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from duologue.kit.text import Lang
from duologue.packs.education.course import Item

FRONT = "<div>{{Question}}</div>"
BACK = "{{FrontSide}}<hr id=answer><div><b>{{Answer}}</b></div><div>{{Steps}}</div>"
CSS = ".card { font-family: sans-serif; font-size: 20px; text-align: left; } ol { padding-left: 1.2em; }"
DUE: dict[Lang, str] = {"en": "due {day}", "zh": "{day} 到期"}


def write_deck(title: str, items: Iterable[Item], due: Mapping[str, date] | None = None, lang: Lang = "en") -> bytes:
    """An `.apkg` of items; those whose skill has a day in `due` say it, soonest first. Needs the extra education."""
    import genanki

    model = genanki.Model(
        _number("duologue-model"), "Duologue", fields=[{"name": n} for n in ("Question", "Answer", "Steps", "Id")],
        templates=[{"name": "Card", "qfmt": FRONT, "afmt": BACK}], css=CSS,
    )  # fmt: skip
    deck = genanki.Deck(_number(f"deck:{title}"), title)
    for item in _sorted(items, due or {}):
        day = (due or {}).get(item.skills[0]) if item.skills else None
        words = _lines(item.text) + _options(item) + (f"<p><small>{DUE[lang].format(day=day)}</small></p>" if day else "")
        tags = [_tag(s) for s in item.skills] + ([f"due::{day}"] if day else [])
        fields = [words, _answer(item), _list(item.steps), html.escape(item.id)]
        deck.add_note(genanki.Note(model=model, fields=fields, tags=tags, guid=genanki.guid_for("duologue", item.id)))
    with tempfile.TemporaryDirectory(prefix="duologue-") as folder:
        path = Path(folder) / "deck.apkg"
        genanki.Package(deck).write_to_file(str(path), timestamp=0)
        return path.read_bytes()


def _sorted(items: Iterable[Item], due: Mapping[str, date]) -> list[Item]:
    return sorted(items, key=lambda i: due.get(i.skills[0], date.max) if i.skills else date.max)


def _number(text: str) -> int:
    """A number as Anki wants one, always the same for the same text."""
    return int.from_bytes(sha256(text.encode()).digest()[:4]) % (1 << 30) + (1 << 30)


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _options(item: Item) -> str:
    return "".join(f"<div>{letter}. {_lines(words)}</div>" for letter, words in sorted(item.options.items()))


def _answer(item: Item) -> str:
    words = item.options.get(item.key.strip(), "")
    return _lines(f"{item.key}. {words}" if words else item.key)


def _list(steps: Sequence[str]) -> str:
    return "<ol>" + "".join(f"<li>{_lines(s)}</li>" for s in steps) + "</ol>" if steps else ""


def _tag(text: str) -> str:
    return "_".join(text.split())
