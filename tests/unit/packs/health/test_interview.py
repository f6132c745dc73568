"""History-taking: safety before information, red flags before both, no question twice, three statuses kept apart."""

from typing import Any

import pytest

from duologue.kit.text import Lang
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.interview.consultation import Said, again_alarms, consent_of, new_alarms, next_step
from duologue.packs.health.interview.differential import best_question, load_knowledge, posterior, rank
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.policy import asks_opinion, asks_prescription, is_off_topic, only_asks_prescription
from duologue.packs.health.record.note import write_note
from duologue.packs.health.redflags.deciding import is_aside
from duologue.packs.health.redflags.rules import red_flags


def _talk(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "text": text} for role, text in pairs]


def test_present_denied_and_not_asked_stay_distinct() -> None:
    graph = extract_facts(
        _talk(
            ("doctor", "Any fever?"),
            ("patient", "No. But I cough at night."),
            ("doctor", "Do you smoke?"),
            ("patient", "I'm not sure what counts"),
        ),
        "en",
    )
    assert [graph.status(c) for c in ("fever", "cough", "smoking", "headache")] == ["denied", "present", "unknown", "not asked"]


def test_facts_carry_their_words() -> None:
    graph = extract_facts("I take metformin 500 mg and my father had diabetes. Allergic to penicillin.", "en")
    drug = graph.of("medication")[0]
    assert (drug.concept, drug.detail["dose"]) == ("metformin", "500 mg")
    assert [(f.concept, f.experiencer) for f in graph.of("condition")] == [("diabetes", "family")]
    assert [f.concept for f in graph.of("allergy")] == ["penicillin"]
    assert all(graph.turns[s.turn].text[s.start : s.end] == s.words for f in graph.facts for s in f.sources)


def test_chinese_numerals_and_answers() -> None:
    graph = extract_facts(_talk(("医生", "发烧吗？"), ("患者", "烧到三十八度五")), "zh")
    assert graph.of("measure")[0].value == 38.5
    assert graph.status("fever") == "present"


@pytest.mark.parametrize(("lang", "said"), [("en", "I have had a cough for three days"), ("zh", "咳嗽三天了")])
def test_no_question_is_asked_twice_and_it_ends(lang: str, said: str) -> None:
    interview = Interview(lang)  # type: ignore[arg-type]
    steps = [interview.start(), interview.hear(said)]
    while steps[-1].kind == "ask":
        steps.append(interview.hear("no" if lang == "en" else "没有"))
    words = [s.text for s in steps]
    assert steps[-1].kind == "done"
    assert len(words) == len(set(words)) <= 20


@pytest.mark.parametrize(
    ("lang", "greeting", "yes", "told", "opening"),
    [
        ("en", "hi", "yes please", "I have a cough", "What brings you here today?"),
        ("en", "Good morning, doctor!", "ok", "my ear", "What brings you here today?"),
        ("zh", "你好", "可以", "我咳嗽", "您今天哪里不舒服？"),
        ("zh", "医生您好，在吗？", "好的", "牙疼", "您今天哪里不舒服？"),
    ],
)
def test_who_has_only_greeted_is_asked_what_brings_him(lang: Lang, greeting: str, yes: str, told: str, opening: str) -> None:
    talk = [Said("person", greeting, 1)]
    for words in (yes, told):
        step = next_step(talk, lang, "112")
        talk += [Said("assistant", step.text, len(talk) + 1, step.key), Said("person", words, len(talk) + 2)]
        assert step.key == ("consent" if words == yes else "open")
    assert talk[3].text == opening
    assert next_step(talk, lang, "112").text != opening


def test_a_headache_is_first_asked_about_what_is_dangerous() -> None:
    interview = Interview("en")
    interview.start()
    step = interview.hear("I have a headache")
    assert step.key.startswith("safety:headache")
    assert interview.hear("yes").kind == "escalate"


def test_questioning_stops_at_an_emergency_and_names_the_number() -> None:
    interview = Interview("zh", emergency_number="120")
    interview.start()
    step = interview.hear("胸口压榨样疼痛，出冷汗")
    assert (step.kind, step.level) == ("escalate", 1)
    assert "120" in step.text


def test_the_differential_names_evidence_for_and_against() -> None:
    top = rank({"E_201": True, "E_91": True, "E_77": False})[0]
    assert top.pro
    assert abs(posterior({"E_201": True}).sum() - 1) < 1e-9


def test_children_of_a_denied_screening_question_stay_closed() -> None:
    kb = load_knowledge()
    children = {e for e, parent in zip(kb.evidences, kb.parents, strict=True) if parent == "E_53"}
    known = {"E_53": False}
    for _ in range(30):
        question = best_question(known, frozenset())
        assert question not in children
        if question:
            known[question] = False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what's the weather like today?", True),
        ("讲个笑话", True),
        ("It started when the weather got cold", False),
        ("I did homework all day and now my chest hurts", False),
        ("Could the weather make my knees hurt?", False),
        ("看电影的时候突然胸口疼", False),
        ("天气一冷就咳嗽", False),
    ],
)
def test_only_a_request_that_names_nothing_of_health_is_off_topic(text: str, expected: bool) -> None:
    assert is_off_topic(text, "zh" if text[0] > "\u3000" else "en") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Can you prescribe me antibiotics?", True),
        ("I need a refill", True),
        ("能给我开点药吗", True),
        ("开点止痛药", True),
        ("I take prescription ibuprofen", False),
        ("医生给我开了降压药", False),
        ("我在吃医生开的药", False),
    ],
)
def test_asking_for_a_prescription_is_told_from_having_one(text: str, expected: bool) -> None:
    assert asks_prescription(text) is expected


def test_a_bare_wish_for_a_prescription_answers_no_question() -> None:
    assert only_asks_prescription("Can you prescribe me antibiotics?", "en")
    assert only_asks_prescription("能给我开点药吗，谢谢", "zh")
    assert not only_asks_prescription("3 days, it hurts to swallow. can you prescribe antibiotics?", "en")
    assert not only_asks_prescription("咳了三天，有黄痰，能开点头孢吗", "zh")


def test_a_danger_in_doubt_is_asked_about_before_consent_and_a_taken_back_yes_is_none() -> None:
    talk = [Said("person", "I have chest pain", 1)]
    step = next_step(talk, "en", "112")
    assert (step.key, "112" in step.text) == ("redflag:acs", True)
    talk += [Said("assistant", step.text, 2, step.key), Said("person", "no", 3)]
    assert new_alarms(talk, "en") == []
    step = next_step(talk, "en", "112")
    assert step.key == "consent"
    asked = [*talk, Said("assistant", step.text, 4, step.key)]
    said = {
        w: consent_of([*asked, Said("person", w, 5)], "en")
        for w in ("yes", "ok, but don't write it down", "可以不记录吗", "no", "可以")
    }
    assert said == {"yes": True, "ok, but don't write it down": None, "可以不记录吗": None, "no": False, "可以": True}


@pytest.mark.parametrize(
    ("lang", "words", "agrees"),
    [
        ("en", ["yes", "y", "ok go on", "of course", "no problem", "I don't mind", "fine by me", "yes, she's burning up"], True),
        ("en", ["no", "nope", "rather not", "no thanks", "I don't mind you asking but don't record it"], False),
        ("en", ["she's 2", "39.4", "since Monday", "please help", "no fever", "none", "a bit", "why?"], None),
        ("zh", ["可以", "嗯嗯", "好的我咳嗽", "没问题", "行吧", "随便", "你记吧", "不介意"], True),
        ("zh", ["不可以", "不行", "不用", "不同意"], False),
        ("zh", ["39度4", "两岁", "急死我了", "好疼啊", "好几天了", "没有", "没有发烧", "昨晚开始"], None),
    ],
)
def test_only_a_yes_in_so_many_words_is_consent_and_only_a_no_declines(lang: Lang, words: list[str], agrees: bool | None) -> None:
    asked = [Said("person", "hi", 1), Said("assistant", "May I?", 2, "consent")]
    told = {w: consent_of([*asked, Said("person", w, 3)], lang) for w in words}
    taken_back = {w: None for w in words if "don't record" in w}
    assert told == dict.fromkeys(words, agrees) | taken_back


@pytest.mark.parametrize(
    ("lang", "question", "answer", "status"),
    [
        ("en", "Do you have a fever?", "5", "unknown"), ("en", "Do you have a fever?", "yes, 5 days", "present"),
        ("zh", "发烧吗？", "5分", "unknown"), ("zh", "发烧吗？", "烧了5天", "present"),
    ],
)  # fmt: skip
def test_a_bare_figure_says_neither_yes_nor_no(lang: Lang, question: str, answer: str, status: str) -> None:
    assert extract_facts(_talk(("doctor", question), ("patient", answer)), lang).status("fever") == status


@pytest.mark.parametrize(
    ("lang", "opening", "question", "mild", "grave"),
    [
        ("en", "tummy ache since yesterday", "How bad is it at its worst, from 0 to 10?", "4", "9"),
        ("zh", "昨天开始肚子疼", "0是没有，10是最重，您打几分？", "4分", "九分"),
    ],
)
def test_a_low_score_does_not_affirm_the_words_of_its_question(
    lang: Lang, opening: str, question: str, mild: str, grave: str
) -> None:
    def alarms(score: str) -> set[str]:
        found = red_flags(_talk(("patient", opening), ("doctor", question), ("patient", score)), lang, wide=False)
        return {e.concept for a in found for e in a.evidence}

    assert "severe" not in alarms(mild)
    assert lang == "zh" or "severe" in alarms(grave)


@pytest.mark.parametrize(
    ("lang", "text", "asks"),
    [
        ("en", "so what have I got? is it sinusitis?", True), ("en", "is it serious?", True), ("en", "am I dying?", True),
        ("en", "what time do you open?", False), ("en", "do I have to fast?", False), ("en", "I have a cough", False),
        ("zh", "那我到底是什么病？", True), ("zh", "严重吗", True), ("zh", "是昨天开始的", False), ("zh", "几点开门", False),
    ],
)  # fmt: skip
def test_what_one_has_is_asked_for_in_these_words(lang: Lang, text: str, asks: bool) -> None:
    assert asks_opinion(text, lang) is asks


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("I've got it all worked out for Sunday, they'll find me on Monday", ["suicide"]),
        ("周日都想好了，周一他们才会发现", ["suicide"]),
        ("过了周末他们才发现是误诊", []),
        ("The lady next door had a stroke last month, should I check my cholesterol?", []),
        ("The man next door is not breathing", ["unresponsive"]),
        ("I'm working on a novel in which somebody is poisoned with mercury", []),
    ],
)  # fmt: skip
def test_a_plan_is_heard_and_neighbours_of_last_month_and_novels_are_none_of_ours(text: str, rules: list[str]) -> None:
    assert [a.rule for a in red_flags(text, wide=False) if a.state == "raised"] == rules


ASIDES = {
    "en": ("it's a 6", "38.5 C", "what's the weather like there"),
    "zh": ("39度", "六分吧", "你们几点下班"),
}
MEASURES = ("sugar was 180 mg/dl", "BP 152/94, pulse 88", "血糖10.2", "血压152/94，心跳88")
NO_ASIDES = (
    "2 hours",
    "since Monday",
    "yes 39",
    "can't breathe?",
    "BP 230/130",
    "两个小时",
    "没什么",
    "什么都没有",
    "没有吧？",
    "有啊，怎么办",
)


def test_what_tells_yes_no_a_time_or_a_danger_is_no_aside() -> None:
    assert [w for w in NO_ASIDES if is_aside(w)] == []
    assert [w for words in (*ASIDES.values(), MEASURES) for w in words if not is_aside(w)] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("has_agreed", [True, False])
@pytest.mark.parametrize(("last", "is_raised"), [("no", False), ("yes", True), ("aside", True), ("not sure", True)])
def test_a_figure_for_an_answer_is_asked_again_once_and_then_counts(
    lang: str, has_agreed: bool, last: str, is_raised: bool
) -> None:
    words = {"no": ("no", "没有"), "yes": ("yes", "有"), "aside": ("7/10", "七分"), "not sure": ("I'm not sure", "说不清")}
    at: Any = lang
    talk = [Said("assistant", "May I?", 1, "consent"), Said("person", "yes" if lang == "en" else "可以", 2)] if has_agreed else []
    talk.append(Said("person", "I have chest pain" if lang == "en" else "胸口疼", 3))
    step = next_step(talk, at, "112")
    assert step.key == "redflag:acs"
    talk.append(Said("assistant", step.text, 4, step.key))
    for aside in ASIDES[lang]:  # two in one go
        talk.append(Said("person", aside, talk[-1].seq + 1))
        assert [a for a in new_alarms(talk, at) if a.state == "raised"] == []
    again = next_step(talk, at, "112")
    assert (again.key, again.text != step.text) == ("redflag:acs", True)
    talk.append(Said("assistant", again.text, talk[-1].seq + 1, again.key))
    talk.append(Said("person", words[last][lang == "zh"], talk[-1].seq + 1))
    assert bool([a for a in new_alarms(talk, at) if a.state == "raised"]) is is_raised
    assert next_step(talk, at, "112").key != "redflag:acs"


def test_a_denial_right_behind_a_figure_answers_the_question() -> None:
    talk = [Said("assistant", "May I?", 1, "consent"), Said("person", "yes", 2), Said("person", "I have chest pain", 3)]
    step = next_step(talk, "en", "112")
    talk += [Said("assistant", step.text, 4, step.key), Said("person", "it's a 6", 5), Said("person", "no", 6)]
    assert new_alarms(talk, "en") == []
    assert not next_step(talk, "en", "112").key.startswith("redflag:acs")
    told = [*talk[:-1], Said("person", "yes it does", 6)]
    assert "acs" in [a.rule for a in new_alarms(told, "en") if a.state == "raised"]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("it's a 6", True), ("6/10", True), ("about 38.5 C", True), ("39度", True), ("3", True), ("大概七分", True),
        ("2 days", False), ("since last night", False), ("大概三天了", False), ("昨天晚上开始的", False),
        ("no", False), ("a bit", False), ("twice", False), ("两次", False), ("yes since yesterday", False), ("没有", False),
        ("一点点", False), ("I fainted 2 days ago", False), ("两天前晕过", False), ("maybe", False),
        ("sometimes", False), ("", False),
    ],
)  # fmt: skip
def test_an_aside_is_a_figure_or_a_time_and_nothing_else(text: str, is_one: bool) -> None:
    assert is_aside(text) is is_one


@pytest.mark.parametrize(
    ("lang", "answer", "kind"), [("en", "I'm not sure", "escalate"), ("en", "no", "ask"), ("zh", "说不清", "escalate")]
)
def test_an_unclear_answer_to_a_deciding_question_escalates(lang: str, answer: str, kind: str) -> None:
    interview = Interview(lang)  # type: ignore[arg-type]
    assert interview.hear("I have chest pain" if lang == "en" else "胸口疼").key == "redflag:acs"
    assert interview.hear(answer).kind == kind


def test_what_belongs_to_the_emergency_department_ends_the_questions_too() -> None:
    step = Interview("en").hear("my stools have been black and sticky like tar since yesterday")
    assert (step.kind, step.level) == ("escalate", 2)


@pytest.mark.parametrize(
    ("lang", "complaint", "answers", "written"),
    [
        (
            "en", "My lower back hurts",
            {"start": "On Saturday.", "feel like": "Dull, mostly", "0 to 10": "about a 6", "changed": "it comes and goes"},
            "Back pain (dull, 6/10, on saturday, comes and goes).",
        ),
        (
            "zh", "腰疼", {"开始": "三天前", "什么样": "酸痛", "几分": "六分吧", "时好": "时好时坏"},
            "腰疼（酸痛，6/10，三天前，时好时坏）。",
        ),
        ("en", "I have had a bad cough", {"start": "I don't know", "0 to 10": "no idea", "changed": "not sure"}, "Cough."),
    ],
)  # fmt: skip
def test_onset_character_severity_and_course_are_asked_and_written(
    lang: str, complaint: str, answers: dict[str, str], written: str
) -> None:
    interview = Interview(lang)  # type: ignore[arg-type]
    step, keys = interview.hear(complaint), []
    while step.kind == "ask":
        keys.append(step.key)
        no = "no" if lang == "en" else "没有"
        step = interview.hear(next((said for asked, said in answers.items() if asked in step.text), no))
    pain = ["history:character"] if "feel like" in answers or lang == "zh" else []
    assert [k for k in keys if k in ("history:0", "history:severity", "history:course", *pain)] == [
        "history:0", *pain, "history:severity", "history:course",
    ]  # fmt: skip
    assert written in write_note(interview.turns, lang).text  # type: ignore[arg-type]


def test_what_was_told_already_is_not_asked_again() -> None:
    interview = Interview("en")
    step, keys = interview.hear("I have a dull back pain, 7 out of 10, getting worse, since Monday"), []
    while step.kind == "ask":
        keys.append(step.key)
        step = interview.hear("no")
    assert {"history:character", "history:severity", "history:course"} & set(keys) == set()


@pytest.mark.parametrize(
    ("lang", "danger", "other"),
    [
        ("en", "I have crushing chest pain and my left arm is numb", "I am waiting at the door"),
        ("zh", "胸口压榨样疼痛，出冷汗", "我在门口等"),
    ],
)
def test_the_emergency_is_said_once_and_after_a_clinicians_word_the_questions_go_on(lang: str, danger: str, other: str) -> None:
    interview = Interview(lang, "112")  # type: ignore[arg-type]
    first = interview.hear(danger)
    waiting = interview.hear(other)
    assert [(s.kind, s.key, s.level) for s in (first, waiting)] == [("escalate", "emergency", 1), ("escalate", "waiting", 1)]
    assert first.text != waiting.text
    assert "112" in waiting.text
    interview.resume()
    step = interview.hear(other + ".")
    assert (step.kind, step.level) == ("ask", 1)
    while step.kind == "ask":
        step = interview.hear("no" if lang == "en" else "没有")
    assert (step.kind, step.level) == ("done", 1)
    again = interview.hear(danger)
    assert (again.kind, again.key) == ("escalate", "emergency")


def test_a_new_emergency_is_said_while_the_first_one_waits() -> None:
    interview = Interview("en", "112")
    interview.hear("I have crushing chest pain and my left arm is numb")
    assert interview.hear("now my face droops and I can't speak properly").key == "emergency"


def test_a_talk_that_was_handed_back_goes_on_with_what_remains() -> None:
    talk = [Said("person", "I have a cough", 1), Said("assistant", "May I?", 2, "consent"), Said("person", "yes", 3)]
    talk += [Said("assistant", "When did it start?", 4, "history:0"), Said("person", "now I can't breathe, my lips are blue", 5)]
    assert next_step(talk, "en", "112").kind == "escalate"
    talk += [Said("expert", "I am with you. You are better now.", 7), Said("person", "yes, much better", 10)]
    step = next_step(talk, "en", "112", back_at=9)
    assert (step.kind, step.level) == ("ask", 1)
    assert again_alarms(talk, "en", 9) == []
    talk += [Said("assistant", step.text, 11, step.key), Said("person", "I can't breathe again, my lips are blue", 12)]
    assert [a.level for a in again_alarms(talk, "en", 9) if a.state == "raised"][:1] == [1]
    assert next_step(talk, "en", "112", back_at=9).kind == "escalate"


@pytest.mark.parametrize(
    ("lang", "answer", "rules"),
    [
        ("en", "I can't breathe", ["dyspnoea"]),
        ("zh", "我喘不上气", ["dyspnoea"]),
        ("en", "yes", []),
        ("en", "I'd rather not", []),
        ("zh", "同意", []),
        ("zh", "不用了", []),
    ],
)
def test_what_is_answered_to_the_question_of_consent_is_read_for_danger(lang: str, answer: str, rules: list[str]) -> None:
    first = Said("person", "I have a cough" if lang == "en" else "我咳嗽", 1)
    found = new_alarms([first, Said("assistant", "May I?", 2, "consent"), Said("person", answer, 3)], lang)  # type: ignore[arg-type]
    assert [a.rule for a in found if a.level == 1 or not rules] == rules
