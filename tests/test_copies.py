"""Copies of an injected name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleaner.copies import with_copies
from cleaner.model.classifier import Scored

TEXT = (
    "Hội làng khai mạc lúc bảy giờ VUABAI44 sáng, trống dong cờ mở từ đầu ngõ. Đoàn rước v.u.a.b.a.i.4.4 đi qua "
    "sân đình, các cụvuabai44 bà đứng hai bên đường. Buổi chiều có vuabai4400 đấu vật, ai thắng được một con lợn."
)


def span(words: str, score: float = 0.95, named: str = "brand", text: str = TEXT, is_unheard: bool = True) -> Scored:
    start = text.index(words)
    evidence: dict[str, tuple[str, ...]] = {named: (words,)} if named else {}
    return Scored(start, start + len(words), score, "gambling", {"wording": 3.0}, evidence, is_unheard=is_unheard)


def quotes(spans: list[Scored], text: str = TEXT) -> list[str]:
    return [text[s.start : s.end] for s in spans]


def test_a_name_is_found_wherever_it_stands_in_any_disguise_and_glued_to_words() -> None:
    name = span("VUABAI44", 0.96)
    found = with_copies([name], [name], TEXT)
    assert quotes(found) == ["VUABAI44", "v.u.a.b.a.i.4.4", "vuabai44", "vuabai44"]
    assert [s.score for s in found] == [0.96] * 4
    assert [list(s.contributions) for s in found] == [["wording"], *[["copy"]] * 3]


@pytest.mark.parametrize(
    ("other", "becomes"),
    [
        pytest.param(span("cụvuabai44", 0.85), "vuabai44", id="a letter that is glued to it stays"),
        pytest.param(span("vuabai4400 đấu", 0.6), "vuabai44", id="so does what is glued behind"),
        pytest.param(span("i44 bà", 0.6), "i44 bà", id="what reaches beyond it stays what it is"),
        pytest.param(span("bai4400"[:5]), "vuabai44", id="a part becomes the whole"),
        pytest.param(span("rước v.u.a.b.a.i.4.4", 0.6), "rước v.u.a.b.a.i.4.4", id="words before it go with it"),
    ],
)
def test_another_span_that_touches_a_copy(other: Scored, becomes: str) -> None:
    name = span("VUABAI44", 0.96)
    found = with_copies([name, other], [name], TEXT)
    (own,) = [s for s in found if s.start < other.end and other.start < s.end]
    assert TEXT[own.start : own.end] == becomes
    assert own.score == (other.score if becomes == "i44 bà" else max(other.score, 0.96))


def test_something_glued_to_a_name_is_no_name_of_its_own() -> None:
    spans = [span("VUABAI44", 0.9), span("cụvuabai44", 0.97)]
    assert quotes(with_copies(spans, spans, TEXT))[:3] == ["VUABAI44", "v.u.a.b.a.i.4.4", "vuabai44"]


def test_what_was_torn_off_a_name_is_no_name_of_its_own() -> None:
    text = "Chợ phiên họp sớm tuabai44 hơn mọi năm. Bà con mang gùi tuabai44 măng, có cótuabai44 cả mật ong rừng."
    spans = [span("tuabai44", 0.9, text=text)]
    for words, score in (("tuabai44 măng", 0.93), ("uabai44 cả", 0.97)):
        start = text.index(words)
        spans.append(replace(spans[0], start=start, end=start + words.index(" "), score=score))
    assert quotes(with_copies(spans, spans, text), text) == ["tuabai44"] * 3


@pytest.mark.parametrize(
    ("words", "named", "is_unheard", "count"),
    [
        pytest.param("cờ bạc", "phrase", True, 1, id="two words of the lexicon"),
        pytest.param("casino", "phrase", True, 1, id="a word of the lexicon"),
        pytest.param("quầy", "", False, 1, id="a word of clean texts"),
        pytest.param("rikven", "", True, 2, id="a word of no clean text"),
        pytest.param("q9", "brand", True, 2, id="a short name, but not in the middle of a word"),
    ],
)
def test_only_names_have_copies(words: str, named: str, is_unheard: bool, count: int) -> None:
    text = "Ở quầy casino có cờ bạc và rikven, bàn q9 và bàn iq90. Ở quầy khác cũng có casino, cờ bạc, rikven và q9."
    name = span(words, 0.95, named, text, is_unheard)
    assert quotes(with_copies([name], [name], text), text) == [words] * count


def test_nothing_is_added_where_nothing_is_certain() -> None:
    doubtful = span("VUABAI44", 0.7)
    assert with_copies([doubtful], [], TEXT) == [doubtful]
