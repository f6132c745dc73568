"""The classifier of emergencies: scores as scikit-learn's machine, ships small, asks a rule's own question, and only asks."""

from pathlib import Path

import numpy as np
import pytest

from duologue.kit.text import Lang
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.interview.consultation import Said, new_alarms
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.language.phrases import load_rules
from duologue.packs.health.redflags import classifier, rules
from duologue.packs.health.redflags.classifier import Row, fit, save_weights, score, suspect
from duologue.packs.health.redflags.deciding import deciding_question, denies
from duologue.packs.health.redflags.rules import load_redflag_rules, marks_in, red_flags, vector_of

RULES = {r.id for r in load_redflag_rules()[1]}
SUSPICIOUS = {"en": "my nan has gone a funny colour and is slumped in the chair", "zh": "我奶奶脸色发灰，瘫在椅子上"}
ORDINARY = {"en": "Could I have a sick note for this week? I have a cold", "zh": "感冒了，能开这周的病假条吗"}


def _rows() -> list[Row]:
    draw = np.random.default_rng(3)
    words = ["chest", "pain", "arm", "cold", "nose", "form", "note", "tired", "grey", "slumped"]
    rows = []
    for i in range(60):
        vector = draw.normal(size=8).astype(np.float32)
        text = " ".join(draw.choice(words, 5))
        rows.append(
            Row(text, ("faintish",) * (i % 3 == 0), vector / np.linalg.norm(vector), "pain" in text or i % 7 == 0, f"r{i % 4}")
        )
    return rows


def test_the_margin_is_that_of_scikit_learns_machine_on_unread_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import SVC

    rows = _rows()
    known, unread = rows[:45], rows[45:]
    tfidf = TfidfVectorizer(analyzer=lambda r: classifier.features(r.text, r.marks, "en"), sublinear_tf=True, min_df=2)
    a, b = tfidf.fit_transform(known).toarray(), tfidf.transform(unread).toarray()

    def kernel(x: np.ndarray, u: list[Row]) -> np.ndarray:
        apart = np.array([[np.sum((p.vector - q.vector) ** 2) for q in known] for p in u])
        return x @ a.T + classifier.MEANING * np.exp(-classifier.GAMMA * apart)

    machine = SVC(C=classifier.C, kernel="precomputed", class_weight="balanced").fit(
        kernel(a, known), [r.is_red_flag for r in known]
    )
    expected = machine.decision_function(kernel(b, unread))
    weights = fit(known, "en")
    got = [score(r.text, r.marks, r.vector, "en", weights) for r in unread]
    assert got == pytest.approx(expected, abs=0.01)

    save_weights(weights, "en", tmp_path)
    monkeypatch.setattr(classifier, "_WEIGHTS", tmp_path)
    kept = classifier.load_weights.__wrapped__("en")
    assert [score(r.text, r.marks, r.vector, "en", kept) for r in unread] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_ships_is_small_and_names_rules(lang: str) -> None:
    weights = classifier.load_weights(lang)  # type: ignore[arg-type]
    assert set(weights.rules) == RULES | {""}
    files = list((Path(classifier.__file__).parents[1] / "weights").glob(f"redflags-{lang}.*"))
    assert len(files) == 2
    assert max(f.stat().st_size for f in files) < 3_000_000


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_no_rule_names_is_asked_about_and_raises_only_when_not_denied(lang: str) -> None:
    text = SUSPICIOUS[lang]
    alarm = red_flags(text, lang)[0]  # type: ignore[arg-type]
    assert (alarm.rule, alarm.state) == ("unnamed", "ask")
    assert red_flags(ORDINARY[lang], lang) == []  # type: ignore[arg-type]
    step = Interview(lang).hear(text)  # type: ignore[arg-type]
    assert step.text == deciding_question(alarm.like or alarm.rule, lang)  # type: ignore[arg-type]
    talk = [Said("person", text, 1), Said("assistant", step.text, 2, step.key)]
    yes, no = ("yes", "no") if lang == "en" else ("是的", "没有")
    for answer, is_raised in ((yes, True), (no, False)):
        found = new_alarms([*talk, Said("person", answer, 3)], lang)  # type: ignore[arg-type]
        assert any(a.state == "raised" for a in found) is is_raised


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_words_decide_alone_where_there_is_no_encoder(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "vector_of", lambda text: None)
    assert [a.like for a in red_flags(SUSPICIOUS[lang], lang)] == [""]  # type: ignore[arg-type]
    assert red_flags(ORDINARY[lang], lang) == []  # type: ignore[arg-type]


def test_the_rule_whose_question_is_asked_is_one_that_the_text_resembles() -> None:
    for text, rule in (
        ("dark hot rash and a banging head", "rash"),
        ("the water has gone and there's a loop of something", "labour"),
    ):
        assert suspect(text, marks_in(text, "en"), vector_of(text), "en") == rule


def test_every_rule_has_a_deciding_question_in_both_languages() -> None:
    questions = load_rules("questions.yaml")
    assert questions.keys() == RULES | {"unnamed"}
    assert [k for k, (en, zh) in questions.items() if not en.endswith("?") or not zh.endswith("？")] == []


def test_a_bare_yes_to_a_deciding_question_says_not_which_of_its_things_is_so() -> None:
    alarm = next(a for a in red_flags("dark hot rash and a banging head", "en"))
    asked = {"role": "assistant", "text": deciding_question(alarm.like or alarm.rule, "en")}
    told = {"role": "person", "text": "my head hurts"}
    bare = extract_facts([told, asked, {"role": "person", "text": "yes"}], "en")
    named = extract_facts([told, asked, {"role": "person", "text": "yes, a rash"}], "en")
    assert {f.concept for f in bare.facts if f.status == "present"} == {"headache"}
    assert "rash" in {f.concept for f in named.facts if f.status == "present"}


@pytest.mark.parametrize(
    ("lang", "asked", "said"),
    [
        ("en", "Do you have a fever?", "No. My whole left half won't do what I want since breakfast"),
        ("en", "What brings you here today?", "It started an hour ago, my nan has gone a funny colour and is slumped in the chair"),
        ("zh", "有没有发烧？", "没有，我奶奶脸色发灰，整个人瘫在椅子上"),
    ],
)
def test_what_an_answer_tells_beyond_its_yes_or_no_is_read_too(lang: str, asked: str, said: str) -> None:
    talk = [{"role": "assistant", "text": asked}, {"role": "person", "text": said}]
    assert red_flags(talk, lang) != []  # type: ignore[arg-type]
    bare = {"role": "person", "text": "No." if lang == "en" else "没有。"}
    assert red_flags([talk[0], bare], lang) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_later_suspicion_is_asked_about_though_an_earlier_one_was_denied(lang: str) -> None:
    first = {"en": "I've felt a bit off since this morning.", "zh": "最近总是头晕，尤其是站起来的时候。"}[lang]
    interview = Interview(lang)  # type: ignore[arg-type]
    assert interview.hear(first).key == "redflag:unnamed"
    step = interview.hear("no" if lang == "en" else "没有")
    assert not step.key.startswith("redflag:")
    assert interview.hear(SUSPICIOUS[lang]).key.startswith("redflag:")


@pytest.mark.parametrize(
    ("rule", "answer", "is_denied"),
    [
        ("unnamed", "no", True),
        ("unnamed", "No, it isn't severe but it is getting worse", False),
        ("unnamed", "不严重，但是越来越重", False),
        ("unnamed", "没有，但是没有发烧", True),
        ("acs", "No, but my knee hurts a little", True),
        ("acs", "I'm not sure", False),
        ("stroke", "没有", True),
    ],
)
def test_a_no_that_takes_up_a_part_of_the_question_denies_nothing(rule: str, answer: str, is_denied: bool) -> None:
    lang: Lang = "zh" if answer[0] > "\u3000" else "en"
    assert denies(deciding_question(rule, lang), answer, lang) is is_denied


def test_a_yes_to_what_was_suspected_counts_though_a_rule_has_its_say_by_then() -> None:
    interview = Interview("en")
    step = interview.hear("sore calf since I flew home on Friday")
    assert step.key == "redflag:unnamed"
    talk = [Said("person", "sore calf since I flew home on Friday", 1), Said("assistant", step.text, 2, step.key)]
    said = Said("person", "yeah a bit puffy", 3)
    assert "unnamed" in [a.rule for a in new_alarms([*talk, said], "en") if a.state == "raised"]
    assert new_alarms([*talk, Said("person", "no", 3)], "en") == []
    assert interview.hear("yeah a bit puffy").kind == "escalate"


def test_nobody_of_sixty_eight_is_asked_about_a_pregnancy() -> None:
    (alarm,) = [a for a in red_flags("我妈68岁，这两天头晕，血压165/95") if a.rule == "unnamed"]
    assert alarm.like == ""
