"""Tokens: words, single characters of unspaced scripts and signs, also where words were glued together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.folding import fold
from cleaner.tokens import APART, BROKEN, GLUED, SPACED, is_syllable, tokenize

HOST = " của người dân được hỗ trợ để đến trường"
"""Enough marks to be known as Vietnamese."""
CUT = [
    pytest.param("Trạm y tế, 40 ca.", ["trạm", "y", "tế", ",", "40", "ca", "."], id="words and signs"),
    pytest.param("fb88 và H5N1", ["fb88", "và", "h5n1"], id="letters and digits are one word"),
    pytest.param("澳门金沙 88", ["澳", "门", "金", "沙", "88"], id="Chinese, by character"),
    pytest.param("카지노", ["카", "지", "노"], id="Korean, by syllable"),
    pytest.param("เว็บ", ["เว็", "บ"], id="Thai marks stay with their base"),
    pytest.param("a\u200bb c", ["ab", "c"], id="zero-width characters part nothing"),
    pytest.param("", [], id="empty"),
    pytest.param(" \r\n\t", [], id="blank"),
]
GLUED_WORDS = [
    pytest.param("mặnnhà", ["mặn", "nhà"], id="two syllables"),
    pytest.param("thụqx88", ["thụ", "qx88"], id="a brand behind a syllable"),
    pytest.param("nghiêng", ["nghiêng"], id="one long syllable"),
    pytest.param("bếnKQ77", ["bến", "kq77"], id="a brand that begins with a capital"),
    pytest.param("lúatenbet", ["lúa", "tenbet"], id="a brand without digits"),
    pytest.param("QX88trồng", ["qx88", "trồng"], id="a brand before a syllable"),
    pytest.param("kqbetluồng", ["kqbet", "luồng"], id="a brand without digits before a syllable"),
    pytest.param("𝐪𝐱𝟖𝟖trồng", ["qx88", "trồng"], id="styled letters before plain ones"),
    pytest.param("ｑｘ８８mái", ["qx88", "mái"], id="fullwidth letters before plain ones"),
    pytest.param("20tuổi", ["20", "tuổi"], id="a number before a syllable"),
    pytest.param("iPhone", ["iphone"], id="a capital inside a foreign word"),
]
GAPS = [
    ("một, hai", [APART, GLUED, SPACED]),
    ("một\nhai", [APART, BROKEN]),
    ("một\r\nhai", [APART, BROKEN]),
    ("một\n\nhai", [APART, APART]),
    ("một\r\n\r\nhai", [APART, APART]),
]


@pytest.mark.parametrize(("text", "words"), CUT)
def test_cuts(text: str, words: list[str]) -> None:
    assert tokens_of(text) == words


@pytest.mark.parametrize(("text", "words"), GLUED_WORDS)
def test_parts_glued_words_of_a_vietnamese_text(text: str, words: list[str]) -> None:
    assert tokens_of(text + HOST)[: len(words)] == words


@pytest.mark.parametrize(("text", "gaps"), GAPS)
def test_knows_what_stands_before_a_token(text: str, gaps: list[int]) -> None:
    assert tokenize(fold(text)).gaps.tolist() == gaps


def test_cuts_inside_words_where_told() -> None:
    assert tokens_of("xosomienbac", cuts=[4]) == ["xoso", "mienbac"]


def test_leaves_an_endless_word_whole() -> None:
    assert tokens_of("bạ" * 3000) == ["bạ" * 3000]


@pytest.mark.parametrize(("word", "is_one"), [("nghieng", True), ("a", True), ("kubet", False), ("xs", False)])
def test_syllables(word: str, is_one: bool) -> None:
    assert is_syllable(word) is is_one


@given(st.text(st.characters(codec=None), max_size=80))
def test_tokens_hold_everything_but_white_space(text: str) -> None:
    folded = fold(text)
    tokens = tokenize(folded)
    edges = [edge for pair in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True) for edge in pair]
    assert edges == sorted(edges)
    inside = "".join(tokens_of(text))
    left_out = len(folded.text()) - len(inside)
    assert inside == "".join(inside.split())
    assert left_out == sum(not c.strip() for c in folded.text())


def tokens_of(text: str, cuts: list[int] | None = None) -> list[str]:
    folded = fold(text)
    tokens = tokenize(folded, cuts or [])
    return [folded.text(a, b) for a, b in zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)]
