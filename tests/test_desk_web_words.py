"""What the desk says: every catalog has every message, with the same places to fill in."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from catalogs import CATALOGS, messages, read

from cleaner.desk.errors import ForbiddenError, InvalidError
from cleaner.desk.tables import Reason, now
from cleaner.desk.web.words import CATEGORIES, REASONS, read_words
from cleaner.reasons import _SAYS
from cleaner.types import CATEGORIES as KNOWN

PLACES = re.compile(r"%\(\w+\)s|\{\}")


@pytest.mark.parametrize("file", CATALOGS, ids=lambda file: file.stem)
def test_a_catalog_says_all_and_nothing_else(file: Path) -> None:
    said, catalog = messages(), read(file)
    wanted = {message.id for message in said if message.id}
    there = {message.id: message.string for message in catalog if message.id}
    assert len(wanted) > 200
    assert wanted - there.keys() == set()
    assert there.keys() - wanted == set()
    assert [
        id for id, string in there.items() if not string or not all([string] if isinstance(string, str) else string)
    ] == []
    assert [message.id for message in catalog if message.fuzzy and message.id] == []


@pytest.mark.parametrize("file", CATALOGS, ids=lambda file: file.stem)
def test_translations_have_the_places_of_what_they_translate(file: Path) -> None:
    for message in read(file):
        if not message.id:
            continue
        last = message.id if isinstance(message.id, str) else message.id[-1]
        for string in [message.string] if isinstance(message.string, str) else message.string or [""]:
            assert sorted(PLACES.findall(string)) == sorted(PLACES.findall(last)), message.id


def test_all_categories_and_reasons_have_words() -> None:
    assert set(CATEGORIES) == set(KNOWN)
    assert set(_SAYS) == set(REASONS)


@pytest.mark.parametrize(
    ("language", "code", "text", "contribution", "said"),
    [
        ("en", "phrase", "a phrase of the lexicon: “lô đề” (lottery)", 1.2, "A known phrase: “lô đề” (lottery)"),
        ("vi", "phrase", "a phrase of the lexicon: “lô đề” (lottery)", 1.2, "Cụm từ đã biết: “lô đề” (xổ số)"),
        ("vi", "phrase", "a: “lô” (lottery), “kèo” (betting)", 1.0, "Cụm từ đã biết: “lô” (xổ số), “kèo” (cá cược)"),
        ("vi", "hashtag", "hashtags: #a; its words stay", 1.0, "Thẻ hashtag: #a; phần chữ được giữ lại"),
        ("en", "link", "the target: //x (y); its words stay", 1.2, "Where its link leads: //x (y); its words stay"),
        ("vi", "novel", "something new; its words stay", 1.0, "something new; phần chữ được giữ lại"),
        ("en", "seam", "how the sentence reads without the span", -0.4, "The sentence needs it"),
        ("vi", "seam", "how the sentence reads without the span", 0.4, "Câu văn trôi chảy hơn khi bỏ nó đi"),
        ("en", "novel", "something new: there", 1.0, "something new: there"),
    ],
)
def test_reasons_in_plain_words(language: str, code: str, text: str, contribution: float, said: str) -> None:
    assert read_words()[language].reason(Reason(code=code, text=text, contribution=contribution)) == said


def test_errors_dates_and_numbers() -> None:
    english, vietnamese = read_words()["en"], read_words()["vi"]
    error = InvalidError("2 of the findings must be decided first")
    assert english.error(error) == "2 of the findings must be decided first."
    assert vietnamese.error(error) == "Trước hết còn 2 chỗ phải quyết định."
    refused = ForbiddenError("this needs the scope “admin”, which Hà 2 does not have")
    assert vietnamese.error(refused) == "Việc này cần quyền “admin”, mà Hà 2 không có."
    assert vietnamese.told("/srv/a b: no model here (manifest.json is missing)").startswith(
        "/srv/a b: không có mô hình"
    )
    assert vietnamese.error(InvalidError("the cat sat on 3 mats")) == "The cat sat on 3 mats."
    assert vietnamese.ago(now() - timedelta(hours=3)) == "3 giờ trước"
    assert (english.number(12345.5), vietnamese.number(12345.5)) == ("12,345.5", "12.345,5")
    assert (english.percent(0.9999), english.percent(1.0), english.percent(0.5)) == ("99%", "100%", "50%")
    assert vietnamese.place("hidden from readers (display:none)") == "giấu khỏi người đọc (display:none)"
    assert vietnamese.place("alt of <img>") == "alt của <img>"
