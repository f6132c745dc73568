"""Our recognisers in Presidio's frame: the same spans under its names, and a place for other recognisers beside them."""

import pytest

from duologue.kit.text import Lang
from duologue.packs.health.privacy.redact import find_phi

pytest.importorskip("presidio_analyzer", reason="the extra `presidio` is not installed")

TEXTS: dict[Lang, str] = {
    "en": "My name is Anna Meier, call me on 020 7946 0958 or anna@clinic.example.",
    "zh": "我叫王小明，电话13812345678，住在上海市徐汇区漕溪路12号。",
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_presidio_finds_in_both_languages_what_we_find(lang: Lang) -> None:
    from duologue.packs.health.privacy.presidio import ENTITIES, make_analyzer

    found = make_analyzer().analyze(TEXTS[lang], language=lang)
    ours = {(a, b, ENTITIES[kind]) for a, b, kind in find_phi(TEXTS[lang], lang)}
    assert {(r.start, r.end, r.entity_type) for r in found} == ours
    assert {"PERSON", "PHONE_NUMBER"} <= {kind for _, _, kind in ours}


def test_presidios_own_recognisers_and_filters_work_beside_them() -> None:
    from presidio_analyzer import Pattern, PatternRecognizer

    from duologue.packs.health.privacy.presidio import make_analyzer

    analyzer = make_analyzer()
    ward = PatternRecognizer("WARD", patterns=[Pattern("ward", r"ward [A-Z]\d", 0.9)], supported_language="en")
    analyzer.registry.add_recognizer(ward)
    text = "Anna Meier lies on ward B4"
    assert "WARD" in {r.entity_type for r in analyzer.analyze(text, language="en")}
    assert {r.entity_type for r in analyzer.analyze(text, language="en", entities=["PERSON"])} <= {"PERSON"}
