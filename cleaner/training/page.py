"""What stands around an article on a page: menus, lists of other articles, shop items, comments, last lines.

None of it is on the article's topic, and all of it is honest. The lines are parted like the spam material: what one
side of the training has seen, the next has not.
"""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from textwrap import shorten

from cleaner.training.material import PAGES, Material, of_side
from cleaner.training.strange import machine_token, misread, nickname

Furniture = dict[str, list[str]]

_ABOVE = (("sections", 0.7, 14), ("accounts", 0.35, 4), ("forms", 0.2, 3), ("widgets", 0.15, 5), ("bylines", 0.6, 3))
_BELOW = (
    ("bylines", 0.5, 2),
    ("tags", 0.35, 6),
    ("comments", 0.25, 8),
    ("teasers", 0.5, 10),
    ("products", 0.3, 10),
    ("widgets", 0.2, 8),
    ("partners", 0.25, 12),
    ("accounts", 0.3, 5),
    ("forms", 0.25, 4),
    ("sections", 0.4, 14),
    ("legal", 0.6, 4),
)
"""Kinds of lines in the order of a page: how often they are there, and how many there are at most."""
_IN_ONE_LINE = ("sections", "tags", "partners", "accounts")
"""Kinds that may stand beside one another in a single line."""
_SEPARATORS = (" | ", "  ", " - ", " · ", ", ", " ")


def on_a_page(article: str, others: Sequence[str], material: Material, rng: random.Random) -> str:
    """The text of a page with the article in the middle, and the beginnings of ``others`` in lists around it."""
    page = _furniture(material.lang, material.side)
    if not page:
        return article
    fill: Callable[[str], str] = lambda line: material.fill(line, rng)  # noqa: E731
    above, below = list(_above(article, page, rng)), list(_below(others, page, rng))
    gap = rng.choice(("\n", "\n\n", "\n\n", "\n\n\n"))
    return gap.join([*map(fill, above), article, *map(fill, below)])


def _above(article: str, page: Furniture, rng: random.Random) -> Iterator[str]:
    if rng.random() < 0.5:
        yield _beginning(article, rng.randint(40, 90), "…")
    if rng.random() < 0.3:
        yield rng.choice((" › ", " / ", " > ", " » ")).join(rng.sample(page["sections"], 2))
    for kind, often, most in _ABOVE:
        if rng.random() < often:
            yield from _block(kind, most, page, rng)


def _below(others: Sequence[str], page: Furniture, rng: random.Random) -> Iterator[str]:
    for kind, often, most in _BELOW:
        if rng.random() < often:
            if kind in ("teasers", "products", "partners", "comments") and rng.random() < 0.7:
                yield rng.choice(page["headings"])
            yield from _block(kind, most, page, rng)
        if rng.random() < 0.02:
            yield _slotless(machine_token(rng.choice(others), rng))
        if rng.random() < 0.01:
            yield _slotless(misread(_beginning(rng.choice(others), rng.randint(30, 200), ""), rng))
    if rng.random() < 0.5:
        yield rng.choice(page["headings"])
        for _ in range(rng.randint(2, 9)):
            yield _beginning(rng.choice(others), rng.randint(35, 110), rng.choice(("…", "...", "")))


def _block(kind: str, most: int, page: Furniture, rng: random.Random) -> Iterator[str]:
    """Lines of one kind, some of them in one line, comments with the names of those who wrote them."""
    found = rng.sample(page[kind], min(rng.randint(1, most), len(page[kind])))
    if kind in _IN_ONE_LINE and len(found) > 1 and rng.random() < 0.25:
        yield rng.choice(_SEPARATORS).join(found)
        return
    for line in found:
        if kind == "comments" and rng.random() < 0.6:
            yield nickname(rng)
        yield line


def _beginning(text: str, width: int, placeholder: str) -> str:
    """The first ``width`` characters or less, to the end of a word where words are parted; no slot of a template."""
    line = text.strip().split("\n")[0]
    cut = shorten(line, width, placeholder=placeholder) if " " in line[:width] else line[:width] + placeholder
    return _slotless(cut)


def _slotless(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


@functools.cache
def _furniture(lang: str, side: str) -> Furniture:
    file = files("cleaner.training") / "templates" / PAGES / f"{lang}.toml"
    if not file.is_file():
        return {}
    return {kind: of_side(lines, side) for kind, lines in tomllib.loads(file.read_text("utf-8")).items()}
