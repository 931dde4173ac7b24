"""What stands around an article on a page: menus, lists of other articles, bylines, last lines.

None of it is on the article's topic, and all of it is honest.
"""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from textwrap import shorten

from cleaner.training.material import PAGES, Material

Furniture = dict[str, list[str]]


def on_a_page(article: str, others: Sequence[str], material: Material, rng: random.Random) -> str:
    """The text of a page with the article in the middle, and the beginnings of ``others`` in lists around it."""
    page = _furniture().get(material.lang)
    if page is None:
        return article
    lines = list(_above(article, page, rng))
    lines += [article]
    lines += _below(others, page, rng)
    gap = rng.choice(("\n", "\n\n", "\n\n", "\n\n\n"))
    return gap.join(material.fill(line, rng) if line is not article else line for line in lines)


def _above(article: str, page: Furniture, rng: random.Random) -> Iterator[str]:
    if rng.random() < 0.5:
        yield _beginning(article, rng.randint(40, 90), "…")
    if rng.random() < 0.7:
        yield from _menu(page, rng)
    if rng.random() < 0.3:
        yield rng.choice((" › ", " / ", " > ", " » ")).join(rng.sample(page["sections"], 2))
    yield from rng.sample(page["bylines"], rng.randint(0, 3))


def _below(others: Sequence[str], page: Furniture, rng: random.Random) -> Iterator[str]:
    yield from rng.sample(page["bylines"], rng.randint(0, 2))
    for _ in range(rng.randint(0, 2)):
        yield rng.choice(page["headings"])
        for _ in range(rng.randint(2, 9)):
            yield _teaser(rng.choice(others), rng)
    if rng.random() < 0.4:
        yield from _menu(page, rng)
    yield from rng.sample(page["footers"], rng.randint(0, 3))


def _menu(page: Furniture, rng: random.Random) -> Iterator[str]:
    names = rng.sample(page["sections"], rng.randint(3, min(14, len(page["sections"]))))
    if rng.random() < 0.25:
        yield rng.choice((" | ", "  ", " - ", " · ")).join(names)
    else:
        yield from names


def _teaser(text: str, rng: random.Random) -> str:
    """The first words of another article, as its headline."""
    return _beginning(text, rng.randint(35, 110), rng.choice(("…", "...", "")))


def _beginning(text: str, width: int, placeholder: str) -> str:
    """The first ``width`` characters or less, to the end of a word where words are parted; no slot of a template."""
    line = text.strip().split("\n")[0]
    cut = shorten(line, width, placeholder=placeholder) if " " in line[:width] else line[:width] + placeholder
    return cut.replace("{", "(").replace("}", ")")


@functools.cache
def _furniture() -> dict[str, Furniture]:
    return tomllib.loads((files("cleaner.training") / "templates" / PAGES).read_text("utf-8"))
