"""Personal data: what is taken out, what stays, and the way back."""

import pytest

from duologue.packs.health.privacy.redact import by_rule, redact


def test_chinese_record() -> None:
    text = "患者张伟，家住北京市海淀区中关村大街27号，手机13812345678，身份证110101198003074512，2023年5月6日就诊。"
    done = redact(text, "zh")
    assert not any(w in done.text for w in ("张伟", "中关村", "13812345678", "110101", "2023年"))
    assert "就诊" in done.text


def test_the_map_leads_back() -> None:
    text = "Dr. Susan Miller called 555-123-4567 and wrote to a.b@example.org on 03/04/2021"
    done = redact(text, "en")
    restored = done.text
    for mark, words in done.back.items():
        restored = restored.replace(mark, words)
    assert restored == text
    assert "Miller" not in done.text
    assert "example.org" not in done.text


def test_what_is_clinical_stays() -> None:
    assert by_rule("头晕三天，活动后加重，血压130/80。", "zh") == []
    assert by_rule("cough for three days, temperature 38.5", "en") == []


def test_a_forms_own_labels_stay() -> None:
    pytest.importorskip("pycrfsuite")
    done = redact("Name:    Martim A Pereira\nAddress: 83 Dora Creek\nPhone number: 555-123-4567", "en").text
    assert [line.split(":")[0] for line in done.split("\n")] == ["Name", "Address", "Phone number"]
    assert "Pereira" not in done


def test_a_weekday_and_common_words_are_nobodys() -> None:
    pytest.importorskip("pycrfsuite")
    text = "Hello, the cough started on Sunday. Maybe a cold."
    assert redact(text, "en").text == text
    assert redact("My name is Grace Sunday Okafor and it hurts", "en").text.count("[") == 1
