"""Facts from talk: what an answer makes of its question, and what stays though a narrower question is denied."""

import pytest

from duologue.kit.text import Lang
from duologue.packs.health.evaluate.notes import score_notes
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.record.note import note_of, write_note


def _status(talk: list[str], concept: str, lang: str, experiencer: str = "patient") -> str:
    turns = [{"role": "doctor" if i % 2 == 0 else "patient", "text": t} for i, t in enumerate(talk)]
    graph = extract_facts(turns, lang)  # type: ignore[arg-type]
    found = [f for f in graph.facts if f.concept == concept and f.experiencer == experiencer]
    return found[0].status if found else "not told"


@pytest.mark.parametrize(
    ("talk", "concept", "status"),
    [
        (["What is it?", "My leg is weak.", "Any weakness on the right side?", "No."], "weakness", "present"),
        (["What is it?", "I have a cough.", "Do you still have the cough?", "No, it's gone."], "cough", "denied"),
        (["Fever or chills?", "I had diarrhea for a few days."], "fever", "not told"),
        (["When did the rash come up?", "Last night."], "rash", "present"),
        (["Any chance you're pregnant?", "I did a test yesterday, it was negative."], "pregnancy", "denied"),
        (["Any fever, rash?", "No rash."], "fever", "not told"),
        (["Any fever, rash?", "No."], "fever", "denied"),
        (["So no fever?", "Right, yes."], "fever", "denied"),
        (["Do you smoke?", "I gave up smoking six years ago."], "smoking", "denied"),
        (["Do you smoke or drink?", "I don't smoke, but I drink a little."], "alcohol", "present"),
        (["Complications after your surgery?", "No."], "surgery", "not told"),
        (["Your chart says you have atrial fibrillation.", "That's correct."], "atrial fibrillation", "present"),
        (["You may have asthma, so we will do a test.", "Right."], "asthma", "not told"),
        (["Are you allergic to aspirin?", "No."], "allergies", "not told"),
        (["All right, you do n't have a fever.", "mm-hmm"], "fever", "not told"),
        (["Tell me?", "No, the weight loss has really decreased the pain."], "weight loss", "present"),
        (["What now?", "Could it be asthma?"], "asthma", "not told"),
    ],
)
def test_english_talk(talk: list[str], concept: str, status: str) -> None:
    assert _status(talk, concept, "en") == status


@pytest.mark.parametrize(
    ("talk", "concept", "status"),
    [
        (["腰痛吗？", "腰不痛。"], "back pain", "denied"),
        (["有糖尿病吗？", "查过，没有。"], "diabetes", "denied"),
        (["抽烟喝酒吗？", "烟戒了五年了，酒不喝。"], "smoking", "denied"),
        (["抽烟喝酒吗？", "烟戒了五年了，酒不喝。"], "alcohol", "denied"),
        (["头孢过敏吗？", "头孢没事，左氧氟沙星吃了会起疹子。"], "cephalexin", "denied"),
        (["疹子什么时候起的？", "吃完海鲜两个小时。"], "shellfish", "not told"),
        (["肚子胀吗？", "胀，老打嗝。"], "bloating", "present"),
        (["发烧、夜里出汗有吗？", "这些都没有。"], "night sweats", "denied"),
    ],
)
def test_chinese_talk(talk: list[str], concept: str, status: str) -> None:
    assert _status(talk, concept, "zh") == status


def test_a_chinese_note_names_things_and_not_the_answers() -> None:
    talk = ["喉咙痛吗？", "没有。", "您抽烟吗？", "抽，一天半包。", "腰痛吗？", "腰不痛。"]
    turns = [{"role": "doctor" if i % 2 == 0 else "patient", "text": t} for i, t in enumerate(talk)]
    text = write_note(turns, "zh").text
    assert "否认喉咙痛、腰痛。" in text
    assert "抽烟（一天半包）。" in text
    assert "没有" not in text


def test_kin_and_bare_numbers_are_read_with_their_question() -> None:
    assert _status(["Has anyone in your family had migraines?", "My mum and my aunt."], "migraine", "en", "family") == "present"
    pulse = extract_facts([{"role": "doctor", "text": "Your pulse?"}, {"role": "patient", "text": "My watch says 110."}], "en")
    assert [(f.concept, f.value, f.sources[0].words) for f in pulse.facts] == [("pulse", 110.0, "110")]


def test_gold_facts_judge_every_fact_told() -> None:
    talk = [{"role": "patient", "text": "I have a cough and a rash, no fever."}]
    row = {
        "lang": "en",
        "dialogue": talk,
        "note": "Cough.",
        "facts": [{"concept": "cough"}, {"concept": "fever", "status": "present"}],
    }
    by = {metric: (value, n) for metric, value, n, _ in score_notes([row])}
    assert by["fact_precision"] == (1 / 3, 3)
    assert by["fact_recall"] == (0.5, 2)
    assert 0 < by["rouge1"][0] < 1


@pytest.mark.parametrize(
    ("talk", "status"),
    [
        (
            ["Do you smoke?", "I quit about twenty years ago. I smoked two packs a day.", "Only cigarettes?", "Cigars, too."],
            "denied",
        ),
        (["Do you smoke?", "I used to smoke, I quit in 2010.", "How much?", "I smoked a pack for years."], "denied"),
        (["Do you smoke?", "I quit for a while but I am smoking again."], "present"),
        (["Do you smoke?", "No, I quit.", "Really none?", "Well, I still smoke a cigarette now and then."], "present"),
        (["When was the last time you had a cigarette?", "Seventeen years back."], "denied"),
        (["Any tobacco?", "I smoked for a long time, it was the norm back in the day."], "denied"),
        (["Do you smoke?", "I don't smoke but I do have one on a rare occasion."], "present"),
        (["Do you smoke?", "Yeah, I smoke weed every now and again."], "not asked"),
        (["And at home?", "I used to smoke a lot more than I do."], "present"),
    ],
)
def test_a_habit_that_ended_stays_ended_until_it_is_said_to_go_on(talk: list[str], status: str) -> None:
    turns = [{"role": "doctor" if i % 2 == 0 else "patient", "text": text} for i, text in enumerate(talk)]
    assert extract_facts(turns, "en").status("smoking") == status


@pytest.mark.parametrize(
    ("talk", "concept", "status"),
    [
        (["Any alcohol?", "I use to drink occasionally, but I stopped completely."], "alcohol", "denied"),
        (["What about alcohol?", "I don't like the taste of alcohol, so I stay away from it."], "alcohol", "denied"),
        (["And drink?", "I denied heavy alcohol at work."], "alcohol", None),
        (["Habits?", "I quit drinking in 1984. I use recreational drugs at weekends."], "drugs", "present"),
        (["Medicines?", "Please stop the Coumadin, I am tired of the blood draws."], "warfarin", "present"),
        (["Medicines?", "She is off Coumadin since May."], "warfarin", "denied"),
        (["How bad is it?", "Without ibuprofen I would say it is a six."], "ibuprofen", None),
        (["Any vomiting?", "Thankfully, no. I would have made my husband clean up the vomit."], "vomiting", "denied"),
        (["Rashes?", "I have no rash, except where the dressing is."], "rash", "present"),
        (["And?", "No history of vertigo, headache, floaters, cough, rash, hoarseness or goiter."], "hoarseness", "denied"),
        (["And now?", "He wants to do surgery, I don't."], "surgery", None),
        (["Children?", "Two, and I have not had a vasectomy. I had my gallbladder operation in May."], "surgery", "present"),
        (["You told of congestion. Any nausea, vomiting, pain in your belly, anything like that?", "No."], "runny nose", None),
    ],
)  # fmt: skip
def test_what_was_what_is_and_what_is_only_spoken_of_are_told_apart(talk: list[str], concept: str, status: str | None) -> None:
    turns = [{"role": "doctor" if i % 2 == 0 else "patient", "text": text} for i, text in enumerate(talk)]
    graph = extract_facts(turns, "en")
    assert {f.status for f in graph.facts if f.concept == concept} == ({status} if status else set())


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        (
            "Does anyone in your family have diabetes?",
            "No. I cough.",
            {("diabetes", "family", "denied"), ("cough", "patient", "present")},
        ),
        (
            "Any family history of asthma?",
            "No, but I have asthma.",
            {("asthma", "family", "denied"), ("asthma", "patient", "present")},
        ),
        ("Any family history of asthma?", "My sister has asthma.", {("asthma", "family", "present")}),
        ("Any family history of cancer?", "I have a sister with cancer.", {("cancer", "family", "present")}),
        (
            "家里有人得过糖尿病吗？",
            "没有，我自己有高血压。",
            {("diabetes", "family", "denied"), ("hypertension", "patient", "present")},
        ),
        (
            "家里有人得过高血压吗？",
            "我爸有高血压，我也有高血压。",
            {("hypertension", "family", "present"), ("hypertension", "patient", "present")},
        ),
    ],
)
def test_asked_about_his_family_a_patient_speaks_of_himself_too(
    question: str, answer: str, told: set[tuple[str, str, str]]
) -> None:
    graph = extract_facts([{"role": "doctor", "text": question}, {"role": "patient", "text": answer}])
    assert {(f.concept, f.experiencer, f.status) for f in graph.facts} == told


@pytest.mark.parametrize(
    ("question", "answer", "sentence"),
    [
        ("Does anyone in your family have diabetes?", "No.", "Denies family history of diabetes."),
        ("Does anyone in your family have diabetes?", "I don't know.", "Unsure about family history of diabetes."),
        ("What brings you in?", "A cough.", "Not asked."),
        ("家里有人得过糖尿病吗？", "没有。", "否认糖尿病家族史。"),
        ("您哪里不舒服？", "咳嗽。", "未询问。"),
    ],
)
def test_the_note_tells_a_denied_family_history_from_one_not_asked(question: str, answer: str, sentence: str) -> None:
    note = note_of(extract_facts([{"role": "doctor", "text": question}, {"role": "patient", "text": answer}]))
    assert [s.text for s in note.sentences if s.section == "family"] == [sentence]


@pytest.mark.parametrize(
    ("lang", "told", "question", "answer"),
    [
        ("en", "tummy ache since yesterday", "Could you be pregnant, is there pain low on one side, bleeding or dizziness?", "no"),
        ("zh", "昨天开始肚子疼", "有可能怀孕吗？一侧下腹疼、出血、发晕或肩膀疼吗？", "没有，慢慢疼起来的"),
    ],
)
def test_a_no_to_a_list_takes_back_nothing_that_was_told(lang: Lang, told: str, question: str, answer: str) -> None:
    talk = [("patient", told), ("doctor", question), ("patient", answer)]
    graph = extract_facts([{"role": r, "text": t} for r, t in talk], lang)
    assert [graph.status(c) for c in ("abdominal pain", "pregnancy")] == ["present", "denied"]


@pytest.mark.parametrize(
    ("lang", "text", "concepts"),
    [
        ("en", "my sinuses are killing me, 5 days of green snot", ["headache", "runny nose"]),
        ("en", "got one of my migraines again", ["headache"]), ("en", "my ankles swell", ["swelling"]),
        ("zh", "又犯偏头痛了", ["headache"]), ("zh", "眼眶胀，流黄鼻涕", ["headache", "runny nose"]),
    ],
)  # fmt: skip
def test_what_brings_people_is_a_complaint_in_their_words(lang: Lang, text: str, concepts: list[str]) -> None:
    assert {f.concept for f in extract_facts(text, lang).of("symptom") if f.status == "present"} >= set(concepts)
