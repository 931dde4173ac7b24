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
import numpy as np

from cleaner.folding import Folded, fold
from cleaner.tokens import BREAK, SIGN, SPACE, UNIT, kind_table

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Entries:
    """Terms in compiled form: three lists of one length, in order of ``bare``."""

    bare: list[str]
    """What is looked for: the term without marks, or squashed as well."""
    texts: list[str]
    """The term with its marks; empty where it is ``bare``."""
    groups: list[int]
    """What the terms have in common, as numbers of ``Lexicon.groups``."""


class Lexicon:
    """A set of terms, ready to be found. Automata are built when a text first needs them."""

    def __init__(self, entries: Entries, groups: Sequence[tuple[str, str, float, bool, str]]) -> None:
        """``groups``: kind, category, weight, glue and language that many terms share."""
        self._entries = entries
        self._groups = groups
        self._first_other = next((i for i, bare in enumerate(entries.bare) if bare[0] > "\u036f"), len(entries.bare))

    @functools.cached_property
    def _touching(self) -> frozenset[str]:
        """The forms that may touch letters on either side."""
        glue = [glue for _, _, _, glue, _ in self._groups]
        return frozenset(
            bare for bare, group in zip(self._entries.bare, self._entries.groups, strict=True) if glue[group]
        )

    @functools.cached_property
    def _latin(self) -> ahocorasick_rs.AhoCorasick:
        return self._automaton(0, self._first_other)

    @functools.cached_property
    def _other(self) -> ahocorasick_rs.AhoCorasick:
        return self._automaton(self._first_other, len(self._entries.bare))

    def _automaton(self, first: int, end: int) -> ahocorasick_rs.AhoCorasick:
        return ahocorasick_rs.AhoCorasick(
            self._entries.bare[first:end], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def _matches(self, folded: Folded) -> list[tuple[int, int, int]]:
        """(number of an entry, start, end) from left to right; Latin terms and those of other scripts apart."""
        found: list[tuple[int, int, int]] = []
        if self._first_other:
            found = self._latin.find_matches_as_indexes(folded.bare)
        if self._first_other < len(self._entries.bare) and bool((folded.bare_codes > 0x36F).any()):
            other = self._other.find_matches_as_indexes(folded.bare)
            if other:
                found = sorted([*found, *((n + self._first_other, a, b) for n, a, b in other)], key=lambda m: m[1:])
        return found

    def _terms(self, number: int) -> Iterator[Term]:
        """All the terms that one form stands for."""
        bare = self._entries.bare[number]
        while number and self._entries.bare[number - 1] == bare:
            number -= 1
        while number < len(self._entries.bare) and self._entries.bare[number] == bare:
            text = self._entries.texts[number] or bare
            yield Term(text, *self._groups[self._entries.groups[number]])
            number += 1

    def find(self, folded: Folded) -> Iterator[Hit]:
        """Hits from left to right, disjoint, the longest first where several start together."""
        kinds = kind_table()
        size = folded.codes.size
        done = 0
        matches = self._matches(folded)
        if not matches:
            return
        beside = np.array(matches, dtype=np.int64)[:, [1, 1, 2, 2]] + np.array([-1, 0, 0, -1])
        around: list[list[int]] = kinds.take(folded.codes.take(beside, mode="clip")).tolist()
        for (number, start, end), (before, first, after, last) in zip(matches, around, strict=True):
            if start < done:
                continue
            left_free = start == 0 or _free(before, first)
            right_free = end == size or _free(after, last)
            if not (left_free and right_free) and self._entries.bare[number] not in self._touching:
                continue
            for term in self._terms(number):
                if not term.glue and not (left_free and right_free):
                    continue
                agreement = _marks_agree(term, folded, start, end)
                if agreement is not None:
                    yield Hit(start, end, term, agreement)
                    done = end
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


def compile_terms(terms: Sequence[Term]) -> tuple[Entries, list[tuple[str, str, float, bool, str]]]:
    """Entries and groups of a lexicon: each term as it stands and, if unmistakable, squashed."""
    groups: dict[tuple[str, str, float, bool, str], int] = {}
    found: list[tuple[str, str, int]] = []
    for term, bare in zip(terms, fold("\n".join(term.text for term in terms)).bare.split("\n"), strict=True):
        key = (term.kind, term.category, term.weight, term.glue, term.lang)
        group = groups.setdefault(key, len(groups))
        squashed = bare.replace(" ", "")
        found.append((bare, term.text, group))
        if term.unmistakable and len(squashed) >= 7 and squashed != bare:
            found.append((squashed, term.text, group))
    found.sort()
    entries = Entries(
        [bare for bare, _, _ in found],
        ["" if text == bare else text for bare, text, _ in found],
        [group for _, _, group in found],
    )
    return entries, list(groups)
