"""A document → what can be observed in it: its folded text, its tokens and the hits of the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from cleaner.folding import Folded, fold
from cleaner.rules import RuleSet
from cleaner.rules.lexicon import Hit
from cleaner.rules.shapes import Shape, domain_ends, find_shapes
from cleaner.tokens import Tokens, tokenize

_ADDRESS = re.compile(r"[\w-]*\.[a-z]")
"""How a name goes on that is one of a host."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A visible text with everything that is seen at first sight; rule hits index the folded text."""

    text: str
    folded: Folded
    tokens: Tokens
    hits: tuple[Hit, ...]
    shapes: tuple[Shape, ...]


def view(text: str, rules: RuleSet) -> View:
    """Fold ``text``, cut it into tokens, and look for the phrases and shapes of the rule set."""
    folded = fold(text)
    hits = tuple(rules.phrases.find(folded))
    tokens = tokenize(folded, [*_edges(hits, folded), *domain_ends(folded, rules.known)])
    return View(text, folded, tokens, hits, tuple(find_shapes(folded, tokens, rules.known)))


def _edges(hits: Iterable[Hit], folded: Folded) -> Iterator[int]:
    """Where phrases begin and end, and the words of those that are written without spaces, but for addresses."""
    for hit in hits:
        yield hit.start
        yield hit.end
        words = hit.term.text.split()
        if hit.end - hit.start == sum(map(len, words)) and not _ADDRESS.match(folded.bare, hit.end):
            yield from (hit.start + length for length in accumulate(map(len, words[:-1])))
