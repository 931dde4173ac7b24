"""What stands around an article on a page, as training makes it up."""

from __future__ import annotations

import random
import re
import tomllib

import pytest
from conftest import ROOT, records

from cleaner.training.material import load_material, template_languages
from cleaner.training.page import on_a_page
from cleaner.training.strange import machine_token, misread, nickname, unknown_language

TEMPLATES = ROOT / "cleaner" / "training" / "templates" / "pages"
KINDS = set("sections accounts partners products widgets teasers tags comments forms legal headings bylines".split())
SLOTS = {"n", "year", "phone", "money", "pct"}

OTHERS = [record["text"] for record in records("honest") if record["format"] == "text"]


@pytest.mark.parametrize("lang", template_languages())
def test_the_article_stands_whole_among_filled_lines(lang: str) -> None:
    material = load_material(lang, [], "tagger")
    article = "Một đoạn.\n\nMột đoạn {khác}, giữ nguyên."
    rng = random.Random(1)
    pages = [on_a_page(article, OTHERS, material, rng) for _ in range(30)]
    assert all(page.count(article) == 1 for page in pages)
    around = "".join(page.replace(article, "") for page in pages)
    assert "{" not in around
    assert len(set(pages)) == len(pages)
    assert len(around) > 1000


def test_sides_see_different_lines() -> None:
    article, lines = "Một đoạn.", {}
    for side in ("tagger", "segments"):
        material, rng = load_material("vi", [], side), random.Random(2)
        pages = [on_a_page(article, OTHERS[:1], material, rng) for _ in range(200)]
        lines[side] = {
            line for page in pages for line in page.split("\n") if line and not any(c.isdigit() for c in line)
        }
    shared = lines["tagger"] & lines["segments"]
    assert len(lines["segments"]) > 200
    assert len(shared) < 0.35 * len(lines["segments"])


@pytest.mark.parametrize("lang", template_languages())
def test_every_language_has_lines_of_every_kind_without_strange_slots(lang: str) -> None:
    lines = tomllib.loads((TEMPLATES / f"{lang}.toml").read_text("utf-8"))
    assert set(lines) == KINDS
    for kind, found in lines.items():
        assert len(found) == len(set(found)) >= 5, kind
        assert {slot for line in found for slot in re.findall(r"\{(\w*)\}", line)} <= SLOTS, kind
        assert not [line for line in found if "\n" in line or line != line.strip()], kind


def test_an_unknown_language_keeps_the_shape_of_its_text() -> None:
    text = "Hôm nay, The Committee met at 8:30 in Room B2."
    other = unknown_language(text, random.Random(3))
    assert other != text
    assert [(c.isalpha(), c.isupper(), c.isspace()) for c in other] == [
        (c.isalpha(), c.isupper(), c.isspace()) for c in text
    ]
    assert len({a for a, b in zip(text.lower(), other.lower(), strict=True) if a == "e" and b != a}) <= 1


def test_what_machines_and_readers_leave_on_a_page() -> None:
    rng = random.Random(4)
    tokens = [machine_token("Một bài báo về giao thông", rng) for _ in range(300)]
    assert len(set(tokens)) > 250
    assert any(re.fullmatch("[0-9a-f]{12,}", token) for token in tokens)
    assert any(token.startswith("q=M%E1%BB%99t") for token in tokens)
    names = [nickname(rng) for _ in range(200)]
    assert all(re.fullmatch(r"[A-Za-z_]+[0-9]*", name) for name in names)
    assert any(name[-1].isdigit() for name in names)
    assert "Ã" in misread("đã về đích " * 3, random.Random(1)) or "á»" in misread("đã về đích", random.Random(1))
