"""Is a named concept negated in a sentence, or by the answer to a question? Clinical prose or a person's words."""

import re

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Spoken, find_exchanges, read_turns
from duologue.packs.health.language.context import is_negated
from duologue.packs.health.language.phrases import fold


def negated(sentence: str, concept: str, lang: Lang | None = None) -> bool:
    """Whether `sentence` says that `concept` (its words, as they stand there) is absent; the first mention decides.

    A concept that does not stand in the sentence is taken to stand at its end.
    """
    language = lang or detect_lang(sentence)
    place = _locate(sentence, concept)
    if place is None:
        sentence = f"{sentence.rstrip('.。')} {concept}"
        place = (len(sentence) - len(concept), len(sentence))
    return is_negated(sentence, *place, language)


def answered(turns: Spoken, concept: str, lang: Lang | None = None) -> bool | None:
    """What a dialogue says of a concept: true present, false denied, None not asked or not known. The last word counts."""
    out: bool | None = None
    read = read_turns(turns)
    exchanges = {x.answer.index: x for x in find_exchanges(read, lang)}
    for turn in read:
        language = lang or detect_lang(turn.text)
        exchange = exchanges.get(turn.index)
        if exchange and _locate(exchange.question.text, concept):
            out = {"yes": True, "no": False}.get(exchange.polarity, out)
        place = _locate(turn.text, concept) if turn.role == "patient" else None
        if place:
            out = not is_negated(turn.text, *place, language)
    return out


def _locate(text: str, concept: str) -> tuple[int, int] | None:
    """Where the words of a concept stand; other blanks and punctuation between them don't matter."""
    words = [re.escape(w) for w in re.findall(r"[^\W_]+", fold(concept))]
    if not words:
        return None
    edge = r"(?<![a-z0-9])" if words[0].isascii() else ""
    m = re.search(edge + r"[\W_]*".join(words), fold(text))
    return m.span() if m else None
