"""The first scan of an archive: what recurs in it, counted in memory that does not grow with it.

Once a document, every word, every pair of words and every longer run is counted by its hash, in tables of a fixed size;
what many documents share is then watched for (:class:`Watch`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.archive.findings import Portion
from cleaner.archive.looks import Look, batches_of, look_at, marks_of, pairs_of, runs_of, texts_of
from cleaner.archive.records import Text
from cleaner.arrays import distinct
from cleaner.rules.shapes import Known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]
    Levels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

_BITS = 24
SLOTS = 1 << _BITS
"""Of each table; what falls on one slot is counted together."""
WORDS, PAIRS, RUNS = range(3)
"""The tables: words and marks, pairs of words, and runs of :data:`LONG` words."""
LEAST = 5
"""Documents that a campaign is in at least."""
_NOISE = 6.0
"""Standard deviations above the usual load of a slot from which what it holds recurs."""
_WATCHED = 1 << 20
"""Slots of a table that are watched for at most."""
STEPS = 8
"""Levels to a doubling of the documents."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Of some documents, the slots of each table that they fill, ascending, and by how many of them."""

    documents: int
    slots: tuple[NDArray[np.uint32], ...]
    counts: tuple[NDArray[np.uint32], ...]


class Frequencies:
    """How many documents fill each slot of the tables. 200 MB, whatever the archive's size."""

    def __init__(self) -> None:
        self.documents = 0
        self._tables = np.zeros((3, SLOTS), dtype=np.uint32)

    def add(self, counts: Counts) -> None:
        """Count more documents."""
        self.documents += counts.documents
        for table, slots, more in zip(self._tables, counts.slots, counts.counts, strict=True):
            table[slots] += more

    def watch(self) -> Watch:
        """What so many documents share that the second scan has to look at it."""
        found = [_frequent(table) for table in self._tables]
        return Watch(self.documents, tuple(slots for slots, _ in found), tuple(levels for _, levels in found))


def _frequent(table: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], Levels]:
    """The slots that hold more than usual, and the level of each."""
    usual = float(np.median(table[::64]))
    least = max(LEAST, usual + _NOISE * math.sqrt(usual))
    slots = np.flatnonzero(table >= least)
    if slots.size > _WATCHED:
        least = np.partition(table[slots], -_WATCHED)[-_WATCHED] + 1
        slots = slots[table[slots] >= least]
    return slots.astype(np.uint32), np.clip(STEPS * np.log2(table[slots]), 1, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """The slots of each table that recur, and how often: ``8 · log2`` of the number of documents."""

    documents: int
    slots: tuple[NDArray[np.uint32], ...]
    levels: tuple[Levels, ...]

    def tables(self) -> tuple[Levels, ...]:
        """The level of every slot; 0 where nothing recurs."""
        made = tuple(np.zeros(SLOTS, dtype=np.uint8) for _ in self.slots)
        for table, slots, levels in zip(made, self.slots, self.levels, strict=True):
            table[slots] = levels
        return made

    def level(self, share: float, least: float = 1) -> float:
        """The level of what stands in this share of the documents, or in ``least``."""
        return STEPS * math.log2(max(share * self.documents, least, 1))


def count(portions: Sequence[Portion], known: Known) -> Counts:
    """The first scan: what stands in some portions. This is what workers do."""
    return count_texts(texts_of(portions), known)


def count_texts(texts: Iterable[Text], known: Known) -> Counts:
    """The first scan of these texts."""
    keys: list[list[Hashes]] = [[], [], []]
    documents = 0
    for batch in batches_of(texts):
        look = look_at(batch)
        for row, (hashes, owner) in enumerate(_countable(look, known)):
            keys[row].append(distinct(hashes >> np.uint64(64 - _BITS) << np.uint64(32) | owner.astype(np.uint64)))
        documents += len(batch)
    slots, counts = zip(*(_tally(parts) for parts in keys), strict=True)
    return Counts(documents, slots, counts)


def _tally(parts: Sequence[Hashes]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    slots = np.sort(np.concatenate([part >> np.uint64(32) for part in parts] or [np.zeros(0, np.uint64)]))
    begins = np.flatnonzero(np.append(True, slots[1:] != slots[:-1])[: slots.size])
    counts = np.diff(np.append(begins, slots.size))
    return slots[begins].astype(np.uint32), counts.astype(np.uint32)


def _countable(look: Look, known: Known) -> Iterator[tuple[Hashes, Ints]]:
    """The hashes of each table, and the documents that they are of."""
    marks = list(marks_of(look, known))
    named = np.array([mark.key for mark in marks if mark.kind != "brand"], dtype=np.uint64)
    owners = np.array([mark.owner for mark in marks if mark.kind != "brand"], dtype=np.int64)
    yield np.concatenate([look.hashes, named]), np.concatenate([look.owner, owners])
    pairs, fits = pairs_of(look)
    yield pairs[fits], look.owner[:-1][fits]
    runs, fits = runs_of(look)
    yield runs[fits], look.owner[: runs.size][fits]


def level_of(table: Levels, keys: Hashes) -> Levels:
    """The level of each key in a table."""
    return table[(keys >> np.uint64(64 - _BITS)).astype(np.int64)]
