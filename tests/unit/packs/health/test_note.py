"""What a note says of red flags and habits: words that a reader knows, no names of rules; amounts as they were told."""

import pytest

from duologue.kit.text import Lang
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.record.note import write_note
from duologue.packs.health.redflags.rules import load_redflag_rules, red_flags

SUSPECTED = {"en": "Everything went grey and far away and now I cannot get warm", "zh": "我把一整盒对乙酰氨基酚都吞了"}
RAISED = {"en": "I have crushing chest pain and my left arm is numb", "zh": "胸口压榨样疼痛，左胳膊发麻，出冷汗"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_red_flag_stands_in_the_note_by_its_title_whether_a_rule_names_it_or_not(lang: str) -> None:
    names = [rule.id for rule in load_redflag_rules()[1]] + ["unnamed"]
    for text, opening in ((RAISED[lang], ("Red flag: ", "危险信号：")), (SUSPECTED[lang], ("To be asked about: ", "待询问："))):
        (alarm, *_) = red_flags(text, lang)  # type: ignore[arg-type]
        said = [s.text for s in write_note([{"role": "patient", "text": text}], lang).sentences if s.section == "assessment"]  # type: ignore[arg-type]
        assert said[0].startswith(opening)
        assert alarm.title in said[0]
        assert not [n for n in names if f"({n})" in said[0] or f"（{n}）" in said[0] or n in said[0].split()]
    assert red_flags(SUSPECTED[lang], lang)[0].rule == "unnamed"  # type: ignore[arg-type]


def test_a_habit_is_written_with_its_amount() -> None:
    english = [("doctor", "Do you smoke?"), ("patient", "I smoke five cigarettes a day."), ("doctor", "Alcohol?")]
    talk = [{"role": r, "text": t} for r, t in [*english, ("patient", "Yes, two glasses of wine a week.")]]
    note = write_note(talk, "en").text
    assert "smoking (five cigarettes a day)" in note.lower()
    assert "alcohol (two glasses of wine a week)" in note.lower()
    chinese = [{"role": "doctor", "text": "您抽烟吗？"}, {"role": "patient", "text": "抽，一天半包。"}]
    assert "抽烟（一天半包）。" in write_note(chinese, "zh").text


def test_a_pain_is_written_with_its_character_and_how_it_began_and_no_other_symptom_is() -> None:
    english = ["I have a cough. My stomach hurts, it came on suddenly.", "What kind of pain is it?", "Mostly dull."]
    note = write_note([{"role": "doctor" if t.endswith("?") else "patient", "text": t} for t in english], "en").text
    assert "Abdominal pain (dull, suddenly)." in note
    assert "Cough." in note
    chinese = ["肚子疼一天了，突然开始的。", "怎么个疼法？", "绞痛。"]
    told = write_note([{"role": "doctor" if t.endswith("？") else "patient", "text": t} for t in chinese], "zh").text
    assert "肚子疼（绞痛，突然，一天）。" in told


@pytest.mark.parametrize(
    ("lang", "said", "answer", "expected"),
    [
        ("en", "I have chest pain", "No.", "Asked about and denied: Possible heart attack."),
        ("zh", "胸口疼", "没有。", "已询问，否认：可能的心肌梗死。"),
        ("en", "I have chest pain", "I'm not sure", "To be asked about: Possible heart attack."),
    ],
)
def test_a_danger_that_was_asked_about_and_denied_is_not_still_to_be_asked(
    lang: Lang, said: str, answer: str, expected: str
) -> None:
    interview = Interview(lang)
    step = interview.hear(said)
    assert step.key == "redflag:acs"
    interview.hear(answer)
    assert expected in write_note(interview.turns, lang).text
