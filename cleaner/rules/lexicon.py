"""The lexicon: phrases by language and category, found in a folded text.

The data stand in ``data/<lang>.toml`` (phrases with their strength, calls to action, words of
sober reporting, words before a contact). Phrases are looked up in the view without marks, all at
once (Aho & Corasick 1975), and then have to agree in their marks: *cờ bạc*, *cổ bạc* and
*có Bắc* are one string there.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ahocorasick_rs

from cleaner.folding import Folded, fold
from cleaner.tokens import BREAK, SIGN, SPACE, UNIT, kind_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRENGTHS = {"weak": 0.3, "medium": 0.6, "strong": 0.9}
_SURROUNDINGS = 30
"""Characters to either side in which the marks of the neighbours are looked for."""


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the lexicon."""

    text: str
    """With its marks, folded."""
    kind: str
    """``phrase``, ``cta``, ``frame`` or ``contact``."""
    category: str
    weight: float
    glue: bool
    """It may touch letters on either side."""
    lang: str

    @property
    def unmistakable(self) -> bool:
        """Whether the phrase is known by its letters alone, marks missing or wrong."""
        return self.weight >= STRENGTHS["strong"] and (self.glue or self.text.count(" ") >= 2 or len(self.text) >= 12)


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found; offsets index the folded text."""

    start: int
    end: int
    term: Term
    disguised: bool
    """Found only because spelling, marks or alphabet were undone."""


class Lexicon:
    """A set of terms, ready to be found."""

    def __init__(self, entries: Sequence[tuple[str, Term]]) -> None:
        """``entries``: pairs of the form without marks that is looked for, and the term it stands for."""
        self._by_bare: dict[str, list[Term]] = {}
        for bare, term in entries:
            self._by_bare.setdefault(bare, []).append(term)
        self._patterns = list(self._by_bare)
        self._automaton = ahocorasick_rs.AhoCorasick(
            self._patterns, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def find(self, folded: Folded) -> Iterator[Hit]:
        """Hits from left to right, disjoint, the longest first where several start together."""
        if not self._patterns:
            return
        kinds = kind_table()
        size = folded.codes.size
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded.bare):
            left_free = start == 0 or _free(kinds[folded.codes[start - 1]], kinds[folded.codes[start]])
            right_free = end == size or _free(kinds[folded.codes[end]], kinds[folded.codes[end - 1]])
            for term in self._by_bare[self._patterns[pattern]]:
                if not term.glue and not (left_free and right_free):
                    continue
                agreement = _marks_agree(term, folded, start, end)
                if agreement is not None:
                    yield Hit(start, end, term, agreement)
                    break


def _free(neighbour: int, own: int) -> bool:
    """Whether a word may begin or end between these two kinds of character."""
    return neighbour in (SIGN, SPACE, BREAK, UNIT) or own in (UNIT, SIGN) or neighbour >= UNIT


def _marks_agree(term: Term, folded: Folded, start: int, end: int) -> bool | None:
    """Whether a find is the term: ``False`` as written, ``True`` in disguise, ``None`` not at all."""
    found = folded.text(start, end)
    changed = bool(folded.disguised[start:end].any())
    if found == term.text:
        return changed
    if term.text.isascii():
        return True if term.unmistakable else (None if not changed else True)
    if _signature(found) == _signature(term.text):
        return changed
    if term.unmistakable:
        return True
    if found.isascii() and _unmarked(folded.codes[max(0, start - _SURROUNDINGS) : end + _SURROUNDINGS]):
        return True
    return None


@functools.lru_cache(maxsize=8192)
def _signature(text: str) -> str:
    """Letters and marks of each word, the place of the tone left open (*hoà*, *hòa*)."""
    return " ".join("".join(sorted(unicodedata.normalize("NFD", word))) for word in text.split())


def _unmarked(codes: NDArray[np.uint32]) -> bool:
    return not bool((codes > 127).any())


def entries_of(terms: Sequence[Term]) -> list[tuple[str, Term]]:
    """The forms without marks under which terms are looked up: as they stand and, if unmistakable, squashed."""
    bare_forms = fold("\n".join(term.text for term in terms)).bare.split("\n")
    entries = []
    for term, bare in zip(terms, bare_forms, strict=True):
        entries.append((bare, term))
        squashed = bare.replace(" ", "")
        if term.unmistakable and len(squashed) >= 7 and squashed != bare:
            entries.append((squashed, term))
    return entries
