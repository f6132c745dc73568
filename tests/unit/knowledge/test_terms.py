"""What is indexed: words without function words, stems, Chinese by words and by pairs of characters."""

from concurrent.futures import ThreadPoolExecutor

from duologue.knowledge.terms import index_terms, search_terms, stem


def test_english_words_are_stemmed_and_function_words_left_out() -> None:
    assert index_terms("How do I return the boots I've returned?") == ["return", "boot", "return"]
    assert index_terms("the shop's delivery, deliveries, DELIVERED") == ["shop", "deliveri", "deliveri", "deliv"]


def test_numbers_codes_and_prices_stay_as_they_are() -> None:
    assert index_terms("RO-104233 costs £3.95, batch E2-2410") == ["ro-104233", "cost", "3.95", "batch", "e2-2410"]


def test_full_width_and_half_width_are_the_same() -> None:
    assert index_terms("ＲＯ－１０４２３３　３０天") == index_terms("RO-104233 30天")


def test_chinese_is_found_however_it_is_cut() -> None:
    assert set(search_terms("退货运费谁出")) >= {"退货", "货运", "运费"}
    assert search_terms("return boots") == index_terms("return boots")
    assert "的" not in index_terms("我的帐篷")
    assert "帐篷" in index_terms("我的帐篷")


def test_stems_are_the_same_from_every_thread() -> None:
    words = ["returning", "deliveries", "sizes", "boots"] * 50
    with ThreadPoolExecutor(4) as pool:
        many = list(pool.map(lambda word: stem.__wrapped__(word), words))
    assert many == [stem(word) for word in words]


def test_a_place_is_found_by_its_short_and_by_its_long_name() -> None:
    assert "uk" in index_terms("Delivery in the United Kingdom")
    assert "uk" in index_terms("delivery in the uk")
    assert "eu" in index_terms("the European Union")
