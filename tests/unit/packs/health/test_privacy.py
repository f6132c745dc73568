"""Personal data: what is taken out, what stays, and the way back."""

import pytest

from duologue.kit.text import Lang
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


@pytest.mark.parametrize(
    ("lang", "text", "hidden"),
    [
        ("zh", "我叫王小明，孩子名字欧阳子涵，麻烦通知我爱人赵磊。", ["王小明", "欧阳子涵", "赵磊"]),
        ("zh", "我和王丽华是同事，陪我来的是儿媳妇何静，3号楼的老陈也来了。", ["王丽华", "何静", "老陈"]),
        ("en", "My flatmate Kwabena rang, his brother is called rashid.", ["Kwabena", "rashid"]),
        ("en", "my name is zoltan and I was transferred to Addenbrooke's", ["zoltan", "Addenbrooke"]),
        ("en", "My login is jbrandt_88; write to Flat 4, 112 Meadow Road.", ["jbrandt", "Flat 4", "Meadow"]),
        ("en", "Dr Achebe at St Bartholomew's told me so.", ["Achebe", "Bartholomew"]),
        ("zh", "邻居老吴送我来的，我舅舅唐建军在家。", ["老吴", "唐建军"]),
        ("zh", "我是昨天挂号的陈秀英，床号12床。", ["陈秀英", "12床"]),
        ("zh", "我妈叫买买提·阿依古丽，住3号楼2单元501。", ["买买提", "阿依古丽", "3号楼", "501"]),
        ("zh", "我姓诸葛，老家在成都，叫我阿强。", ["诸葛", "成都"]),
    ],
)
def test_names_of_kin_second_scripts_and_places_are_taken_out(lang: Lang, text: str, hidden: list[str]) -> None:
    done = redact(text, lang).text
    assert not [words for words in hidden if words in done], done


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "It's my mum What has happened? My son is called in for a scan. My wife and I have had a cough."),
        ("zh", "我去肯尼亚要打什么疫苗？同事小时候也得过，请阿司匹林停一停。"),
    ],
)
def test_what_only_looks_like_a_name_stays(lang: Lang, text: str) -> None:
    assert by_rule(text, lang) == []


def test_a_place_is_taken_out_without_the_words_that_lead_to_it() -> None:
    done = redact("我去年在北京协和医院住过院，结果请发到limei88@163.com。", "zh").text
    assert done.startswith("我去年在[")
    assert "结果请发到[EMAIL" in done


@pytest.mark.parametrize("text", ["方便的话明天来", "安静的时候也疼", "钱不够怎么办", "黄体破裂怎么办", "石膏拆了", "向您咨询"])
def test_words_that_begin_like_a_surname_are_nobodys(text: str) -> None:
    assert redact(text, "zh").text == text
