"""The lexicon: phrases by language and category, found in a folded text.

The data stand in ``data/<lang>.toml`` (phrases with their strength, calls to action, words of
sober reporting, words before a contact). Phrases are looked up in the view without marks, all at
once (Aho & Corasick 1975), and then have to agree in their marks: *cờ bạc*, *cổ bạc* and
*có Bắc* are one string there.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import ahocorasick_rs
import numpy as np

from cleaner.folding import SIZE, Folded, fold, look_up
from cleaner.tokens import DIGIT, LETTER, SIGN, UNIT, kind_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SQUASHED, UNMISTAKABLE = 9, 7
"""Letters from which a phrase is known without its spaces, and one that is unmistakable."""
ODD = 0.8
"""Weight of a phrase without its spaces of which nothing else is said."""
_ADDRESS = re.compile(r"[\w-]*\.[a-z]")
"""How a name goes on that is one of a host."""
_PARTED = "\u0530"
"""Beyond Latin and Cyrillic letters there are languages that part words at will, or never."""
STRENGTHS = {"weak": 0.3, "medium": 0.6, "strong": 0.9}
BEGINNING = 5
"""Letters that a form and a text must share before the form is looked for in a single article."""
MANY = 50_000
"""Characters from which it pays to build an automaton of all forms."""
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

    @property
    def weight(self) -> float:
        """The weight of its term, 0..1."""
        return self.term.weight

    def moved(self, by: int) -> Hit:
        """The same hit in a text that begins ``by`` characters earlier."""
        return Hit(self.start + by, self.end + by, self.term, self.disguised)


@dataclass(frozen=True, slots=True)
class Entries:
    """Terms in compiled form: three lists of one length, in order of ``bare``."""

    bare: list[str]
    """What is looked for: the term without marks, or squashed as well."""
    texts: list[str]
    """The term with its marks; empty where it is ``bare``."""
    groups: list[int]
    """What the terms have in common, as numbers of ``Lexicon.groups``."""


class _Forms:
    """Strings that are looked for all at once (Aho & Corasick 1975), the longest where several start together.

    To build the automaton of all takes as long as to look through a million characters. Until there are
    many characters to look through, only the forms whose beginning stands in the text are built in.
    """

    def __init__(self, forms: list[str]) -> None:
        self._forms = forms
        self._looked_through = 0
        self._built_in: tuple[list[int], ahocorasick_rs.AhoCorasick] = ([], _automaton([]))

    @functools.cached_property
    def _all(self) -> ahocorasick_rs.AhoCorasick:
        return _automaton(self._forms)

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """(number of a form, start, end) from left to right, disjoint."""
        self._looked_through += len(text)
        if self._looked_through > MANY:
            return self._all.find_matches_as_indexes(text)
        beginnings = {text[at : at + BEGINNING] for at in range(len(text))}
        short, by_beginning = self._by_beginning
        wanted = sorted(chain(short, *(by_beginning[found] for found in beginnings & by_beginning.keys())))
        numbers, automaton = self._built_in
        if numbers != wanted:
            numbers, automaton = self._built_in = wanted, _automaton([self._forms[number] for number in wanted])
        return [(numbers[index], start, end) for index, start, end in automaton.find_matches_as_indexes(text)]

    @functools.cached_property
    def _by_beginning(self) -> tuple[list[int], dict[str, list[int]]]:
        """Numbers of the forms that are shorter than a beginning, and of the others by theirs."""
        short: list[int] = []
        others: dict[str, list[int]] = defaultdict(list)
        for number, form in enumerate(self._forms):
            (short if len(form) < BEGINNING else others[form[:BEGINNING]]).append(number)
        return short, others


def _automaton(forms: list[str]) -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(forms, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)


class Lexicon:
    """A set of terms, ready to be found. Automata are built when a text first needs them."""

    def __init__(self, entries: Entries, groups: Sequence[tuple[str, str, float, bool, str]]) -> None:
        """``groups``: kind, category, weight, glue and language that many terms share."""
        self._entries = entries
        self._groups = groups
        self._made: dict[int, tuple[Term, ...]] = {}
        self._first_other = next((i for i, bare in enumerate(entries.bare) if bare[0] > "\u036f"), len(entries.bare))

    @functools.cached_property
    def _touching(self) -> frozenset[str]:
        """The forms that may touch letters on either side."""
        glue = [glue for _, _, _, glue, _ in self._groups]
        return frozenset(
            bare for bare, group in zip(self._entries.bare, self._entries.groups, strict=True) if glue[group]
        )

    @functools.cached_property
    def _latin(self) -> _Forms:
        return _Forms(self._entries.bare[: self._first_other])

    @functools.cached_property
    def _other(self) -> _Forms:
        return _Forms(self._entries.bare[self._first_other :])

    @functools.cached_property
    def _other_begins(self) -> NDArray[np.bool_]:
        """The code points that terms of other scripts begin with."""
        begins = np.zeros(SIZE, dtype=bool)
        begins[[ord(bare[0]) for bare in self._entries.bare[self._first_other :]]] = True
        return begins

    def _matches(self, folded: Folded) -> list[tuple[int, int, int]]:
        """(number of an entry, start, end) from left to right; Latin terms and those of other scripts apart."""
        found: list[tuple[int, int, int]] = []
        if self._first_other:
            found = self._latin.find(folded.bare)
        if look_up(self._other_begins, folded.bare_codes).any():
            other = self._other.find(folded.bare)
            if other:
                found = sorted([*found, *((n + self._first_other, a, b) for n, a, b in other)], key=lambda m: m[1:])
        return found

    def _terms(self, number: int) -> tuple[Term, ...]:
        """All the terms that one form stands for."""
        if number not in self._made:
            self._made[number] = tuple(self._make(number))
        return self._made[number]

    def _make(self, number: int) -> Iterator[Term]:
        bare = self._entries.bare[number]
        while number and self._entries.bare[number - 1] == bare:
            number -= 1
        while number < len(self._entries.bare) and self._entries.bare[number] == bare:
            text = self._entries.texts[number] or bare
            yield Term(text, *self._groups[self._entries.groups[number]])
            number += 1

    def find(self, folded: Folded) -> Iterator[Hit]:
        """Hits from left to right, disjoint, the longest first where several start together."""
        matches = self._matches(folded)
        if not matches:
            return
        done = 0
        for (number, start, end), is_free in zip(matches, _free(folded, matches), strict=True):
            if start < done or not (is_free or self._entries.bare[number] in self._touching):
                continue
            for term in self._terms(number):
                if not (term.glue or is_free):
                    continue
                agreement = _marks_agree(term, folded, start, end)
                if agreement is not None:
                    yield Hit(start, end, term, agreement)
                    done = end
                    break


def _free(folded: Folded, matches: list[tuple[int, int, int]]) -> list[bool]:
    """Whether each match begins and ends where a word may."""
    edges = np.array(matches, dtype=np.int64)[:, 1:]
    inside, outside = edges - np.array([0, 1]), edges - np.array([1, 0])
    own, neighbour = (look_up(kind_table(), folded.codes.take(at, mode="clip")) for at in (inside, outside))
    may_end = (neighbour != LETTER) & (neighbour != DIGIT) | (own == SIGN) | (own == UNIT)
    free: list[bool] = (may_end | (edges == np.array([0, folded.codes.size]))).all(axis=1).tolist()
    return free


def _marks_agree(term: Term, folded: Folded, start: int, end: int) -> bool | None:
    """Whether a find is the term: ``False`` as written, ``True`` in disguise, ``None`` not at all."""
    found = folded.text(start, end)
    plain = term.text.isascii()
    if end - start < len(term.text) and not term.unmistakable:
        is_told = found.isascii() or _signature(found) == _signature(term.text.replace(" ", ""))
        return True if is_told and not _ADDRESS.match(folded.bare, end) else None
    if found == term.text or (not plain and _signature(found) == _signature(term.text)):
        return bool(folded.disguised[start:end].any())
    if term.unmistakable:
        return True
    if plain:
        return True if folded.disguised[start:end].any() else None
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
    """Entries and groups of a lexicon: each term as it stands, and without its spaces if it is told from others so.

    What is written without spaces is as strong as the terms say of that form, and strong if they say nothing: honest
    text has no reason to write a phrase of spam so. It may touch letters.
    """
    bares = fold("\n".join(term.text for term in terms)).bare.split("\n")
    squashed = [_squashed(term, bare) for term, bare in zip(terms, bares, strict=True)]
    parted = {form for term, form in zip(terms, squashed, strict=True) if form and term.kind == "phrase"}
    strengths = {bare: term.weight for term, bare in zip(terms, bares, strict=True) if bare in parted}
    groups: dict[tuple[str, str, float, bool, str], int] = {}
    found: list[tuple[str, str, int]] = []

    def add(form: str, term: Term, weight: float, glue: bool) -> None:
        group = groups.setdefault((term.kind, term.category, weight, glue, term.lang), len(groups))
        found.append((form, term.text, group))

    for term, bare, form in zip(terms, bares, squashed, strict=True):
        if bare not in parted:
            add(bare, term, term.weight, term.glue)
        if form:
            is_phrase = term.kind == "phrase"
            weight = strengths.get(form, max(term.weight, ODD) if is_phrase else term.weight)
            add(form, term, weight, term.glue or is_phrase)
    found.sort()
    entries = Entries(
        [bare for bare, _, _ in found],
        ["" if text == bare else text for bare, text, _ in found],
        [group for _, _, group in found],
    )
    return entries, list(groups)


def _squashed(term: Term, bare: str) -> str:
    """The term without its spaces and marks, if it has any spaces and is still told from other words; else empty."""
    form = bare.replace(" ", "")
    is_parted = term.kind == "phrase" and term.weight > STRENGTHS["weak"] and bare[0] < _PARTED
    is_telling = len(form) >= UNMISTAKABLE if term.unmistakable else is_parted and len(form) >= SQUASHED
    return form if form != bare and is_telling else ""
