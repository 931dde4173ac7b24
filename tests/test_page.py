"""What stands around an article on a page, as training makes it up."""

from __future__ import annotations

import random

import pytest
from conftest import records

from cleaner.training.material import load_material, template_languages
from cleaner.training.page import on_a_page

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
