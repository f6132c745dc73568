"""Both languages have every word that the pages use, with the same placeholders; none is left over."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from duologue.interfaces.web.pages import HERE
from duologue.interfaces.web.words import LANGS, LOCALE, choose_lang, load_words
from duologue.kit.text import detect_lang

SCRIPTS = [p for p in (HERE / "static/js").rglob("*.js") if p.name != "widget.js"]
TEXT = "\n".join(p.read_text("utf-8") for p in SCRIPTS) + (HERE / "templates/shell.html").read_text("utf-8")
KEY = r"[a-z_]+\.[a-z_A-Z0-9]+"
LITERAL = re.compile(rf"""["'`]({KEY})["'`]""")
PREFIX = re.compile(r"""["'`]([a-z_]+\.[a-z_]*)(?:\$\{|["'] ?~)""")
SAME_IN_BOTH = {"owner.ai"}


def _words(lang: str) -> dict[str, str | list[str]]:
    return load_words(lang).strings  # type: ignore[arg-type]


def _forms(text: str | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else text


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_keys() -> None:
    assert _words("en").keys() == _words("zh").keys()


def test_every_key_that_is_used_is_there() -> None:
    known = _words("en")
    groups = {key.split(".")[0] for key in known}
    used = {key for key in LITERAL.findall(TEXT) if key.split(".")[0] in groups and not key.endswith((".js", ".value"))}
    assert used - known.keys() == set()
    prefixes = set(PREFIX.findall(TEXT))
    assert {p for p in prefixes if p.split(".")[0] in groups and not any(k.startswith(p) for k in known)} == set()


def test_no_key_is_left_over() -> None:
    literal, prefixes = set(LITERAL.findall(TEXT)), tuple(set(PREFIX.findall(TEXT)))
    assert {key for key in _words("en") if key not in literal and not key.startswith(prefixes)} == set()


def test_placeholders_agree() -> None:
    wrong, known = [], {lang: _words(lang) for lang in LANGS}
    for key in known["en"]:
        sets = [_placeholders(form) for lang in LANGS for form in _forms(known[lang][key])]
        wrong += [key] if any(s != sets[0] for s in sets) else []
    assert wrong == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_text_is_in_its_language(lang: str) -> None:
    wrong = {
        key: text
        for key, forms in _words(lang).items()
        for text in _forms(forms)
        if key not in SAME_IN_BOTH and detect_lang(text, "zh" if lang == "zh" else "en") != lang
    }
    assert wrong == {}


@pytest.mark.parametrize("lang", LANGS)
def test_the_plural_forms_are_those_of_the_language(lang: str) -> None:
    with (LOCALE / lang / "LC_MESSAGES/web.po").open("rb") as file:
        catalog = read_po(file, locale=lang)
    assert [str(error) for _, errors in catalog.check() for error in errors] == []
    assert all(len(m.string) == catalog.num_plurals for m in catalog if isinstance(m.id, tuple))


def test_a_missing_translation_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "web.po").write_text(head + 'msgid "a.b"\nmsgstr ""\n', "utf-8")
    with pytest.raises(KeyError, match=r"a\.b"):
        load_words("en", tmp_path)


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "chosen"),
    [
        ("zh", "en", "en", "zh"),
        ("", "zh", "en-GB,en", "zh"),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "fr-FR,en;q=0.8", "en"),
        ("xx", "yy", "", "en"),
    ],
)
def test_the_language_of_a_page(asked: str, remembered: str, accepted: str, chosen: str) -> None:
    assert choose_lang(asked, remembered, accepted) == chosen
