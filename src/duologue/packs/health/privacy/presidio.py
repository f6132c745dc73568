"""Our recognisers in Presidio's frame, for whoever runs Presidio already (the extra `presidio`); nothing else here imports it.

Presidio brings the frame (registry, scores, anonymisers) and needs a language model of spaCy's only for recognisers of its own that
are left out here: texts go in whole, spaCy's blank tokenizers stand in for the models, which no registry holds.
"""

from collections.abc import Sequence
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

from duologue.kit.text import Lang
from duologue.packs.health.privacy.redact import find_phi

LANGS: tuple[Lang, ...] = ("en", "zh")
ENTITIES = {
    "NAME": "PERSON", "PHONE": "PHONE_NUMBER", "EMAIL": "EMAIL_ADDRESS", "URL": "URL", "IP": "IP_ADDRESS", "CARD": "CREDIT_CARD",
    "DATE": "DATE_TIME", "AGE": "AGE", "ADDRESS": "LOCATION", "PLACE": "LOCATION", "ID": "ID",
}  # fmt: skip
"""Our types in Presidio's names; AGE and ID have none there and keep ours."""
SCORE = 0.85
"""Ours are decisions, not scores: above the thresholds that are usual in Presidio (.4 to .6)."""


class Recognizer(EntityRecognizer):  # type: ignore[misc]
    """What `find_phi` finds in one language, under Presidio's names."""

    def __init__(self, lang: Lang) -> None:
        super().__init__(sorted(set(ENTITIES.values())), name=f"duologue-{lang}", supported_language=lang, version="1")

    def load(self) -> None:
        """Nothing: weights load with the first text."""

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: NlpArtifacts | None = None) -> list[RecognizerResult]:
        """Spans of the wanted entities."""
        lang: Lang = "zh" if self.supported_language == "zh" else "en"
        told = [(start, end, ENTITIES.get(kind, kind)) for start, end, kind in find_phi(text, lang)]
        return [RecognizerResult(kind, start, end, SCORE) for start, end, kind in told if not entities or kind in entities]


class _Blank(SpacyNlpEngine):  # type: ignore[misc]
    """spaCy's tokenizers without a model."""

    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": lang, "model_name": "blank"} for lang in LANGS])

    def load(self) -> None:
        import spacy

        self.nlp: dict[str, Any] = {lang: spacy.blank(lang) for lang in LANGS}


def make_analyzer() -> AnalyzerEngine:
    """An analyzer for both languages with our recognisers alone; add others to its registry."""
    registry = RecognizerRegistry(recognizers=[Recognizer(lang) for lang in LANGS], supported_languages=list(LANGS))
    return AnalyzerEngine(registry=registry, nlp_engine=_Blank(), supported_languages=list(LANGS))
