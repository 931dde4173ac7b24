"""The second scan of an archive: where that stands which the first one found to recur.

It grows the longest recurring runs and keeps, of each, some of the documents that it stands in: those with the lowest
hashes, which are the same whatever the order and whoever read them (bottom-k samples, Cohen & Kaplan 2007).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cleaner.archive.findings import Portion
from cleaner.archive.frequencies import PAIRS, RUNS, STEPS, WORDS, Watch, level_of
from cleaner.archive.looks import (
    LONG,
    LONGEST,
    MIX,
    Look,
    Mark,
    batches_of,
    look_at,
    marks_of,
    pair_of,
    pairs_of,
    runs_of,
    texts_of,
)
from cleaner.archive.records import Text
from cleaner.arrays import distinct
from cleaner.document.targets import host_of, site_of
from cleaner.model.features import scramble
from cleaner.rules.markup import Markup
from cleaner.rules.shapes import Known
from cleaner.tokens import DIGIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]
    Levels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

_RARE = 4 * 8
"""Levels by which a word is rarer than most of its document's that is foreign to it."""
_SELDOM = 2 * 8
"""The same of a word that hardly occurs without the next."""
_TOPICAL = 0.1
"""Share of the documents up to which a word tells what a text is about."""
_INSEPARABLE = STEPS
"""Levels by which a pair may be rarer than its words that hardly occur apart."""
_FALL = STEPS // 2
"""Levels by which neighbouring runs differ that are no parts of a longer one."""
FOREIGN = 3
"""Foreign words that a phrase has to have for them to tell anything."""
SAMPLE = 24
"""Documents of each candidate that are kept."""
BACKGROUND = 200
"""Documents of the archive that are kept to tell what is usual."""
_SKETCH = 16
"""Words of a document that are kept to tell what it is about."""
CANDIDATES = 1 << 15
"""Candidates that are kept: first those of foreign words and marks, then the most frequent."""
_EDGE = 8
"""Words from the beginning or the end of a document that stand at its edge."""
_AROUND = 60
"""Characters to either side of an occurrence that are kept to show it."""


class Occurrence(NamedTuple):
    """Where a candidate stands in one document."""

    document: int
    """Hash of what the document says otherwise; copies have the same."""
    about: tuple[int, ...]
    """The words that tell best what the document is about, as hashes."""
    left: int
    """Hash of the word before it in its line; 0 where there is none."""
    right: int
    reads_on: bool
    """Whether the words before and behind it often follow each other in the archive."""
    covers: float
    """Share of the words of its line that are its own, 0..1."""
    is_edge: bool
    """Whether it stands in the first or the last words of the document."""
    raised: float
    """Share of its words that begin with a capital."""
    link: float
    """How much the target of the link that it stands in looks like one of spam, 0..1."""
    is_hidden: bool
    site: str
    """Where its link leads to; empty when it is no link."""
    record: str
    """What users call the document."""
    text: str
    """As it is spelled."""
    is_whole: bool
    """Whether ``text`` is all of it."""
    before: str
    behind: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that recurs."""

    kind: str
    """``phrase``, ``brand``, ``anchor``, ``target`` or ``contact``."""
    key: int
    level: int
    """Level of its most frequent part in the first scan, which tells what is kept when there are too many."""
    foreign: int
    """How many of its words are foreign to the documents."""
    documents: int
    sample: tuple[Occurrence, ...]
    """By ascending hash of the document, one for each."""

    @property
    def rank(self) -> tuple[bool, int, str, int]:
        """Those that are kept first come first."""
        return self.kind == "phrase" and not self.foreign, -self.level, self.kind, self.key

    def merged(self, other: Candidate) -> Candidate:
        """The same candidate, found in other documents as well."""
        return Candidate(
            self.kind,
            self.key,
            max(self.level, other.level),
            max(self.foreign, other.foreign),
            self.documents + other.documents,
            _lowest((*self.sample, *other.sample)),
        )


def _lowest(sample: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    by_document: dict[int, Occurrence] = {}
    for one in sorted(sample):
        by_document.setdefault(one.document, one)
    return tuple(heapq.nsmallest(SAMPLE, by_document.values()))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the second scan gathered of some documents, or of all."""

    candidates: dict[tuple[str, int], Candidate] = field(default_factory=dict)
    background: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Hash and most telling words of some documents, by ascending hash."""

    def merged(self, other: Gathered) -> Gathered:
        """Both together; which comes first does not matter."""
        candidates = dict(self.candidates)
        for name, found in other.candidates.items():
            candidates[name] = candidates[name].merged(found) if name in candidates else found
        background = tuple(heapq.nsmallest(BACKGROUND, {*self.background, *other.background}))
        both = Gathered(candidates, background)
        return both if len(candidates) <= 2 * CANDIDATES else both.bounded()

    def bounded(self) -> Gathered:
        """The candidates that are kept when there are too many."""
        kept = heapq.nsmallest(CANDIDATES, self.candidates.values(), key=lambda candidate: candidate.rank)
        return Gathered({(candidate.kind, candidate.key): candidate for candidate in kept}, self.background)


def gather(portions: Sequence[Portion], watch: Watch, known: Known) -> Gathered:
    """The second scan: where what recurs stands in some portions. This is what workers do."""
    return gather_texts(texts_of(portions), watch, known)


def gather_texts(texts: Iterable[Text], watch: Watch, known: Known) -> Gathered:
    """The second scan of these texts."""
    tables = watch.tables()
    gathered = Gathered()
    for batch in batches_of(texts):
        gathered = gathered.merged(_gathered(batch, watch, tables, known))
    return gathered


class _Find(NamedTuple):
    """Something that recurs, at a place of a batch."""

    kind: str
    key: int
    level: int
    foreign: int
    """How many of its words are foreign to the document."""
    owner: int
    first: int
    """Number of its first word."""
    last: int
    """One past the last."""
    mark: Mark | None


def _gathered(records: Sequence[Text], watch: Watch, tables: Sequence[Levels], known: Known) -> Gathered:
    """What recurs in some documents."""
    look = look_at(records)
    if not look.hashes.size:
        return Gathered()
    words = level_of(tables[WORDS], look.hashes)
    about = _Documents(look, words, watch)
    foreign, linked, pairs = _foreign(look, about, words, tables[PAIRS])
    runs = _long(look, tables[RUNS])
    covered = _covered(linked) | _between(look.hashes.size, *runs[:2])
    about.leave_out(covered)
    finds = [
        *(_Find("phrase", *found, None) for found in _grown(look, linked, foreign, pairs)),
        *(_Find("phrase", *found, None) for found in _named(look, *runs, np.zeros_like(runs[0]))),
        *_marked(look, words, tables[WORDS], known),
    ]
    by_name: dict[tuple[str, int], dict[int, tuple[_Find, Occurrence]]] = {}
    for find, occurrence in zip(finds, _occurrences(look, finds, about, tables[PAIRS], known), strict=True):
        by_name.setdefault((find.kind, find.key), {}).setdefault(find.owner, (find, occurrence))
    candidates = {
        (kind, key): Candidate(
            kind,
            key,
            max(find.level for find, _ in some.values()),
            max(find.foreign for find, _ in some.values()),
            len(some),
            _lowest(occurrence for _, occurrence in some.values()),
        )
        for (kind, key), some in by_name.items()
    }
    background = heapq.nsmallest(BACKGROUND, set(zip(about.hashes, about.sketches, strict=True)))
    return Gathered(candidates, tuple(background))


def _marked(look: Look, words: Levels, table: Levels, known: Known) -> Iterator[_Find]:
    """The marks that recur."""
    for mark in marks_of(look, known):
        first, last = look.words(mark.start, mark.end)
        if mark.kind == "brand":
            level = int(words[first:last].max(initial=0))
        else:
            level = int(level_of(table, np.array([mark.key], dtype=np.uint64))[0])
        if level:
            yield _Find(mark.kind, mark.key, level, 0, mark.owner, first, last, mark)


def _grown(look: Look, linked: Mask, foreign: Mask, levels: Levels) -> Iterator[tuple[int, int, int, int, int, int]]:
    """The longest runs of words each of which belongs together with the next.

    Those of fewer than :data:`FOREIGN` foreign words are none: archives are full of names and terms.
    """
    begins = np.flatnonzero(linked & ~np.append(False, linked[:-1]))
    ends = np.flatnonzero(linked & ~np.append(linked[1:], False)) + 2
    sums = np.append(0, np.cumsum(foreign))
    strange = sums[ends - 1] - sums[begins] + 1
    begins, ends, strange = (column[strange >= FOREIGN] for column in (begins, ends, strange))
    tops = np.maximum.reduceat(levels, np.c_[begins, ends - 1].ravel())[::2] if begins.size else levels[:0]
    return _named(look, begins, ends, tops, strange)


def _named(
    look: Look, begins: Ints, ends: Ints, levels: Levels, foreign: Ints
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Key, level, number of foreign words, document, first and last word of each run."""
    hashes = np.append(np.uint64(0), np.cumsum(scramble(look.hashes)))
    kind = (ends - begins) * 2 + (foreign > 0)
    keys = scramble((hashes[ends] - hashes[begins]) * MIX + kind.astype(np.uint64))
    columns = (keys, levels, foreign, look.owner[begins], begins, ends)
    return zip(*(column.tolist() for column in columns), strict=True)


def _covered(linked: Mask) -> Mask:
    """The words that belong together with the next, or with the one before."""
    return np.asarray(linked | np.append(False, linked[:-1]))


def _between(size: int, begins: Ints, ends: Ints) -> Mask:
    """The words in these intervals."""
    depth = np.bincount(begins, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.asarray(np.cumsum(depth)[:size] > 0)


def _foreign(look: Look, about: _Documents, words: Levels, table: Levels) -> tuple[Mask, Mask, Levels]:
    """Which words stand often before the next, both being foreign to their document; those, and what belongs to them.

    A word is foreign where it is much rarer in the archive than most words of the document, or as rare as the pair.
    """
    keys, fits = pairs_of(look)
    pairs = np.append(np.where(fits, level_of(table, keys), np.uint8(0)), np.uint8(0)).astype(np.int16)
    own, after = words.astype(np.int16), np.append(words[1:], np.uint8(0)).astype(np.int16)
    commoner, rarer = np.maximum(own, after), np.minimum(own, after)
    typical = about.typical[look.owner]
    inseparable = (commoner <= typical - _SELDOM) & (pairs >= commoner - _INSEPARABLE)
    named = look.kinds != DIGIT
    foreign = (pairs > 0) & named & np.append(named[1:], False) & ((commoner <= typical - _RARE) | inseparable)
    attached = (pairs > 0) & (rarer <= typical - _RARE) & (pairs >= rarer - _INSEPARABLE)
    attached &= np.append(False, foreign[:-1]) | np.append(foreign[1:], False)
    return foreign, foreign | attached, pairs.astype(np.uint8)


def _long(look: Look, table: Levels) -> tuple[Ints, Ints, Levels]:
    """First and last words of the longest runs all of which recurs about as often, and their levels."""
    keys, fits = runs_of(look)
    levels = np.where(fits, level_of(table, keys), np.uint8(0)).astype(np.int16)
    before, behind = np.append(np.int16(0), levels[:-1]), np.append(levels[1:], np.int16(0))
    begins = np.flatnonzero((levels > 0) & (np.abs(levels - before) > _FALL))
    ends = np.flatnonzero((levels > 0) & (np.abs(levels - behind) > _FALL)) + LONG
    longer = ends - begins > LONG  # one by itself may be others that fall on its slot
    return begins[longer], ends[longer], levels[begins[longer]].astype(np.uint8)


class _Documents:
    """Hash and sketch of each document of a batch."""

    def __init__(self, look: Look, words: Levels, watch: Watch) -> None:
        self._look, self._words, self._watch = look, words, watch
        self.bounds = np.searchsorted(look.owner, np.arange(len(look.documents) + 1))
        order = np.sort(look.owner << 8 | words)
        middle = (self.bounds[:-1] + self.bounds[1:]) // 2
        self.typical = (order[np.minimum(middle, order.size - 1)] & 255).astype(np.int16)
        """Level of the words of each document: half of them are commoner."""

    def leave_out(self, covered: Mask) -> None:
        """Hash and sketch what the documents hold beside the words that recur in them."""
        look, words, watch = self._look, self._words, self._watch
        sums = np.append(np.uint64(0), np.cumsum(np.where(covered, np.uint64(0), scramble(look.hashes))))
        self.hashes: list[int] = scramble(sums[self.bounds[1:]] - sums[self.bounds[:-1]]).tolist()
        chosen = np.flatnonzero(~covered & (words > 0) & (words <= watch.level(_TOPICAL)))
        chance = (look.hashes[chosen] >> np.uint64(11)).astype(np.float64) * 2.0**-53
        weight = watch.level(1) + 1 - words[chosen]
        value = np.minimum(-np.log(np.maximum(chance, 1e-300)) / weight * 2.0**36, 2.0**44 - 1).astype(np.uint64)
        keys = distinct(look.owner[chosen].astype(np.uint64) << np.uint64(44) | value)
        edges = np.searchsorted(keys >> np.uint64(44), np.arange(self.bounds.size))
        values = (keys & np.uint64(2**44 - 1)).tolist()
        self.sketches = [tuple(values[a : min(b, a + _SKETCH)]) for a, b in pairwise(edges.tolist())]


def _occurrences(
    look: Look, finds: Sequence[_Find], about: _Documents, pairs: Levels, known: Known
) -> Iterator[Occurrence]:
    """What is kept of each find."""
    size = look.hashes.size
    owner, first, last = np.array([(f.owner, f.first, f.last) for f in finds], dtype=np.int64).reshape(-1, 3).T
    line = np.searchsorted(look.line, look.line[np.minimum(first, size - 1)])
    line_end = np.searchsorted(look.line, look.line[np.minimum(first, size - 1)], side="right")
    has_left, has_right = line < first, last < line_end
    left = np.where(has_left, look.hashes[first - 1], np.uint64(0))
    right = np.where(has_right, look.hashes[np.minimum(last, size - 1)], np.uint64(0))
    inner = (about.bounds[owner] < first) & (last < about.bounds[owner + 1])
    seams = pair_of(look.hashes[first - 1], look.hashes[np.minimum(last, size - 1)])
    reads_on = inner & (level_of(pairs, seams) > 0)
    covers = (last - first) / np.maximum(line_end - line, 1)
    is_edge = (first - about.bounds[owner] < _EDGE) | (about.bounds[owner + 1] - last < _EDGE)
    capitals = np.append(0, np.cumsum(look.folded.original[look.first] != look.folded.codes[look.first]))
    raised = (capitals[last] - capitals[first]) / np.maximum(last - first, 1)
    columns: dict[str, NDArray[Any]] = {
        "left": left,
        "right": right,
        "reads_on": reads_on,
        "covers": covers,
        "is_edge": is_edge,
        "raised": raised,
    }
    seen = zip(*(column.tolist() for column in columns.values()), strict=True)
    around = _Around(look, known)
    starts, ends = look.folded.starts, look.folded.ends
    for find, of_words in zip(finds, seen, strict=True):
        document, mark = find.owner, find.mark
        offset, text = int(look.offsets[document]), look.documents[document].text
        start, stop = (mark.start, mark.end) if mark else (look.first[find.first], look.last[find.last - 1])
        a = int(starts[start]) - offset
        b = int(ends[stop - 1]) - offset if stop > start else a
        link, is_hidden, site = (mark.link, mark.is_hidden, mark.site) if mark else around.of(document, a, b)
        yield Occurrence(
            about.hashes[document],
            about.sketches[document],
            **dict(zip(columns, of_words, strict=True)),
            link=link,
            is_hidden=is_hidden,
            site=site,
            record=look.records[document].record,
            text=text[a : min(b, a + LONGEST)],
            is_whole=b - a <= LONGEST,
            before=text[max(0, a - _AROUND) : a],
            behind=text[b : b + _AROUND],
        )


class _Around:
    """The markup around places of a batch."""

    def __init__(self, look: Look, known: Known) -> None:
        self._documents = look.documents
        self._known = known
        self._made: dict[int, Markup] = {}

    def of(self, owner: int, start: int, end: int) -> tuple[float, bool, str]:
        """Weight of the link that ``start..end`` stands in, whether it is hidden, and where the link leads to."""
        document = self._documents[owner]
        if document.format == "text":
            return 0.0, False, ""
        if owner not in self._made:
            self._made[owner] = Markup(document, self._known)
        markup = self._made[owner]
        around = markup.around(start, end)
        links = [(markup.weight(e.href), e.href) for e in around if e.href]
        weight, href = max(links, default=(0.0, ""))
        return weight, any(e.hidden for e in around), site_of(host_of(href) or "") if weight else ""
