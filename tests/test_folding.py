"""Folding: every disguise is undone, and every folded character knows where it came from."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.folding import Folded, bare_term, decode, encode, fold

ANY_TEXT = st.text(st.characters(codec=None), max_size=80)
FRAGMENTS = ["xổ số", "XỔ", "s\u200bố", "ｆｂ", "𝐬𝐥𝐨𝐭", "k u b e", "t-à-i", "o\u0302", "\x00", "\ud800", "\r\n", "ไทย"]
DISGUISED = [
    pytest.param("XỔ SỐ MIỀN BẮC", "xổ số miền bắc", id="upper case"),
    pytest.param(unicodedata.normalize("NFD", "xổ số miền bắc"), "xổ số miền bắc", id="decomposed"),
    pytest.param("xổ s\u200bố mi\u200dền b\ufeffắc", "xổ số miền bắc", id="zero-width characters"),
    pytest.param("xổ s\u00adố", "xổ số", id="soft hyphen"),
    pytest.param("ｓｌｏｔ　ｇａｃｏｒ", "slot gacor", id="fullwidth"),
    pytest.param("𝐬𝐥𝐨𝐭 𝓰𝓪𝓬𝓸𝓻 𝟕𝟕", "slot gacor 77", id="mathematical alphabets"),
    pytest.param("ⓢⓛⓞⓣ 🅶🅰🅲🅾🆁", "slot gacor", id="circled and squared"),
    pytest.param("cаsinо оnlinе", "casino online", id="Cyrillic look-alikes in Latin words"),
    pytest.param("кaзинo", "казино", id="Latin look-alikes in a Cyrillic word"),
    pytest.param("(s l o t) gacor", "(slot) gacor", id="spaced letters in brackets"),
    pytest.param("s l o t gacor", "slot gacor", id="spaced letters before a word"),
    pytest.param("s-l-o-t gacor", "slot gacor", id="hyphenated letters"),
    pytest.param("k.u.b.e.t", "kubet", id="dotted letters"),
    pytest.param("T-À-I X-Ỉ-U 8-8", "tài xỉu 88", id="hyphenated words"),
    pytest.param("n h à c á i abc", "nhàcái abc", id="spaced letters up to a word"),
    pytest.param("nhà\u00a0cái", "nhà cái", id="no-break space"),
]
HONEST = [
    pytest.param("казино и покер", id="Cyrillic"),
    pytest.param("βήτα και άλφα", id="Greek"),
    pytest.param("Nguyễn Văn A, B và C", id="single letters in a sentence"),
    pytest.param("điểm 1 2 3 4 5", id="single digits"),
    pytest.param("18-5-2019", id="a date"),
    pytest.param("B.C.H tỉnh, U.S.A", id="three letters that are short for something"),
]


@pytest.mark.parametrize(("disguised", "plain"), DISGUISED)
def test_disguise_is_undone_and_noticed(disguised: str, plain: str) -> None:
    assert fold(disguised).text() == plain
    assert fold(unicodedata.normalize("NFC", disguised)).text() == plain


@pytest.mark.parametrize("text", HONEST)
def test_honest_spelling_is_left_alone(text: str) -> None:
    folded = fold(text)
    assert folded.text() == text.lower()
    assert not folded.disguised.any()


def test_styled_letters_count_as_disguise_and_capitals_do_not() -> None:
    assert fold("𝐬𝐥𝐨𝐭").disguised.all()
    assert not fold("SLOT Đà Nẵng").disguised.any()


def test_tags_are_left_out_and_rare_ideographs_keep_their_place() -> None:
    assert fold("ku\U000e0041bet").text() == "kubet"
    folded = fold("一\U00020000\u0301\U0002ebf0")
    assert folded.starts.tolist() == [0, 1, 3]
    assert folded.ends.tolist() == [1, 3, 4]


def test_a_look_alike_is_judged_by_the_words_of_its_line() -> None:
    assert fold("nhà саѕ nhà").text() == "nhà cas nhà"
    assert fold("nhà\nсаѕ\nnhà").text() == "nhà\nсаѕ\nnhà"


def test_the_bare_view_has_no_marks() -> None:
    assert fold("Đường XỔ SỐ ở Huế").bare == "duong xo so o hue"
    assert bare_term("Đánh Đề") == "danh de"


def test_each_folded_character_knows_its_interval() -> None:
    text = "a\u200b" + unicodedata.normalize("NFD", "ổ") + "Z"
    folded = fold(text)
    assert folded.text() == "aổz"
    assert [text[a:b] for a, b in intervals(folded)] == ["a", text[2:5], "Z"]


@given(ANY_TEXT | st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_intervals_are_in_order_and_the_views_have_one_length(text: str) -> None:
    folded = fold(text)
    assert folded.codes.size == folded.bare_codes.size == folded.starts.size == folded.disguised.size
    edges = [edge for interval in intervals(folded) for edge in interval]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in intervals(folded))


@given(ANY_TEXT)
def test_any_string_survives_as_code_points(text: str) -> None:
    assert decode(encode(text)) == text


def intervals(folded: Folded) -> list[tuple[int, int]]:
    return list(zip(folded.starts.tolist(), folded.ends.tolist(), strict=True))
