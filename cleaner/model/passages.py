"""Many texts at once: laid end to end for the first look, and the passages of them that are looked at again.

The first look sees every token. A passage, the tokens around a loud one or a whole text, is cut out
with an index map, so that the cost of each further look is that of what it looks at. A text is
judged the same alone and among others.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import ranges
from cleaner.evidence import View, view
from cleaner.folding import Folded
from cleaner.model.clean_text import CleanText
from cleaner.model.features import Glance, glance
from cleaner.rules import RuleSet
from cleaner.tokens import Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_PADDING = "\n" * 32 + ". . . .\n\n"
"""Between two texts: more than any rule looks back or ahead."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Texts laid end to end, with the first look at their tokens."""

    view: View
    glance: Glance
    starts: Ints
    """Offset of each text in ``view.text``."""
    first: Ints
    """Number of the first token of each text."""
    last: Ints
    """One past the last."""

    def text_of(self, tokens: Ints) -> Ints:
        """The text that each token is part of, if it is one of a text."""
        return np.searchsorted(self.first, tokens, side="right") - 1

    def characters(self, text: int) -> tuple[int, int]:
        """Offsets in the folded characters between which a text that has tokens stands."""
        tokens = self.view.tokens
        return int(tokens.starts[self.first[text]]), int(tokens.ends[self.last[text] - 1])


@dataclass(frozen=True, eq=False)
class Passages:
    """Intervals of the tokens of a batch, numbered through from 0; disjoint and in order."""

    batch: Batch
    folded: Folded
    """The characters of the passages, end to end."""
    tokens: Tokens
    """Offsets index ``folded``."""
    number: Ints
    """Of each token in the batch."""
    text: Ints
    """The text that each passage is part of."""
    first: Ints
    last: Ints
    """One past the last token of each passage."""

    @functools.cached_property
    def owner(self) -> Ints:
        """The passage that each token is part of."""
        return np.repeat(np.arange(self.first.size), self.last - self.first)


def first_look(texts: Sequence[str], rules: RuleSet, clean: CleanText) -> Batch:
    """Lay ``texts`` end to end, fold them and cut them into tokens, and look at each token."""
    starts = np.zeros(len(texts), dtype=np.int64)
    ends = starts.copy()
    parts = [_PADDING]
    length = len(_PADDING)
    for number, text in enumerate(texts):
        starts[number], ends[number] = length, length + len(text)
        parts += (text, _PADDING)
        length = int(ends[number]) + len(_PADDING)
    seen = view("".join(parts), rules)
    at = seen.folded.starts[seen.tokens.starts]
    first, last = np.searchsorted(at, starts), np.searchsorted(at, ends)
    return Batch(seen, glance(seen, clean, first, last), starts, first, last)


def whole(batch: Batch, texts: Ints | None = None) -> Passages:
    """Each of the texts, all when none are named, as one passage; those without tokens have none."""
    texts = np.arange(batch.first.size) if texts is None else texts
    texts = texts[batch.last[texts] > batch.first[texts]]
    return _cut(batch, texts, batch.first[texts], batch.last[texts])


def between(batch: Batch, edges: Sequence[tuple[int, int]]) -> Passages:
    """Of each text the tokens between two edges; those without tokens have no passage."""
    first, last = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    texts = np.flatnonzero(last > first)
    return _cut(batch, texts, first[texts], last[texts])


def around(batch: Batch, loud: Ints, reach: int) -> Passages:
    """The tokens given in ascending order with up to ``reach`` to either side of each; passages that touch are one."""
    text = batch.text_of(loud)
    inside = (text >= 0) & (loud < batch.last[text])
    text, loud = text[inside], loud[inside]
    first = np.maximum(loud - reach, batch.first[text])
    last = np.minimum(loud + reach + 1, batch.last[text])
    begins = np.flatnonzero(np.r_[True, (first[1:] > last[:-1]) | (text[1:] != text[:-1])][: loud.size])
    ends = np.r_[begins[1:] - 1, loud.size - 1][: begins.size]
    return _cut(batch, text[begins], first[begins], last[ends])


def _cut(batch: Batch, text: Ints, first: Ints, last: Ints) -> Passages:
    folded, tokens = batch.view.folded, batch.view.tokens
    edges = np.append(tokens.starts, folded.codes.size)
    sizes = last - first
    number = ranges(first, sizes)
    begins, lengths = edges[first], edges[last] - edges[first]
    characters = ranges(begins, lengths)
    moved = np.repeat(np.cumsum(lengths) - lengths - begins, sizes)
    cut = Folded(
        codes=folded.codes[characters],
        bare_codes=folded.bare_codes[characters],
        starts=folded.starts[characters],
        ends=folded.ends[characters],
        original=folded.original[characters],
        disguised=folded.disguised[characters],
    )
    own = Tokens(tokens.starts[number] + moved, tokens.ends[number] + moved, tokens.kinds[number], tokens.gaps[number])
    ends = np.cumsum(sizes)
    return Passages(batch, cut, own, number, text, ends - sizes, ends)
