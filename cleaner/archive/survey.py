"""The first pass over an archive: what recurs in it, counted in memory that does not grow with it.

Two scans. The first counts, once a document, every word, every pair of words and every longer run, by their hashes, in
tables of a fixed size; what many documents share is then watched for (:class:`Watch`). The second scan grows the
longest recurring runs and keeps, of each, some of the documents that it stands in: those with the lowest hashes, which
are the same whatever the order and whoever read them (bottom-k samples, Cohen & Kaplan 2007).
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cleaner.archive.findings import Portion
from cleaner.archive.formats import module_of
from cleaner.archive.records import Text
from cleaner.document import read
from cleaner.document.targets import host_of, site_of
from cleaner.folding import Folded, bare_term, fold
from cleaner.model.features import scramble, span_hashes
from cleaner.rules.markup import Markup, link_weights
from cleaner.rules.shapes import Known, find_phones, find_shapes
from cleaner.tokens import BROKEN, DIGIT, SIGN, Tokens, tokenize
from cleaner.types import Document, Element

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
"""The tables: words and marks, pairs of words, and runs of :data:`_LONG` words."""
_LONG = 8
"""Words of a run that is counted, or characters of scripts without spaces; a power of two."""
LEAST = 5
"""Documents that a campaign is in at least."""
_NOISE = 6.0
"""Standard deviations above the usual load of a slot from which what it holds recurs."""
_WATCHED = 1 << 20
"""Slots of a table that are watched for at most."""
_RARE = 4 * 8
"""Levels by which a word is rarer than most of its document's that is foreign to it."""
_SELDOM = 2 * 8
"""The same of a word that hardly occurs without the next."""
_TOPICAL = 0.1
"""Share of the documents up to which a word tells what a text is about."""
_STEPS = 8
"""Levels to a doubling of the documents."""
_INSEPARABLE = _STEPS
"""Levels by which a pair may be rarer than its words that hardly occur apart."""
_FALL = _STEPS // 2
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
_BATCH = 1 << 18
"""Characters that are looked at together."""
_EDGE = 8
"""Words from the beginning or the end of a document that stand at its edge."""
_AROUND = 60
"""Characters to either side of an occurrence that are kept to show it."""
_LONGEST = 400
"""Characters of an occurrence that are kept."""
_GAP = "\n\n"
_HANDLES = {"@": re.compile(r"@(?<![\w.@/]@)[a-z][\w.]{2,}"), ".me/": re.compile(r"\.me/\+?[\w.]{3,}")}
"""Names on social networks, and addresses of those, by what they begin with."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


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
    return slots.astype(np.uint32), np.clip(_STEPS * np.log2(table[slots]), 1, 255).astype(np.uint8)


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
        return _STEPS * math.log2(max(share * self.documents, least, 1))


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


def count(portions: Sequence[Portion], known: Known) -> Counts:
    """The first scan: what stands in some portions. This is what workers do."""
    return count_texts(_texts(portions), known)


def gather(portions: Sequence[Portion], watch: Watch, known: Known) -> Gathered:
    """The second scan: where what recurs stands in some portions. This is what workers do."""
    return gather_texts(_texts(portions), watch, known)


def count_texts(texts: Iterable[Text], known: Known) -> Counts:
    """The first scan of these texts."""
    keys: list[list[Hashes]] = [[], [], []]
    documents = 0
    for batch in _batches(texts):
        look = _look(batch)
        for row, (hashes, owner) in enumerate(_countable(look, known)):
            keys[row].append(_distinct(hashes >> np.uint64(64 - _BITS) << np.uint64(32) | owner.astype(np.uint64)))
        documents += len(batch)
    slots, counts = zip(*(_tally(parts) for parts in keys), strict=True)
    return Counts(documents, slots, counts)


def _tally(parts: Sequence[Hashes]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    slots = np.sort(np.concatenate([part >> np.uint64(32) for part in parts] or [np.zeros(0, np.uint64)]))
    begins = np.flatnonzero(np.append(True, slots[1:] != slots[:-1])[: slots.size])
    counts = np.diff(np.append(begins, slots.size))
    return slots[begins].astype(np.uint32), counts.astype(np.uint32)


def _distinct(keys: Hashes) -> Hashes:
    keys = np.sort(keys)
    found: Hashes = keys[np.append(True, keys[1:] != keys[:-1])[: keys.size]]
    return found


def gather_texts(texts: Iterable[Text], watch: Watch, known: Known) -> Gathered:
    """The second scan of these texts."""
    tables = watch.tables()
    gathered = Gathered()
    for batch in _batches(texts):
        gathered = gathered.merged(_gathered(batch, watch, tables, known))
    return gathered


def _texts(portions: Iterable[Portion]) -> Iterator[Text]:
    for portion in portions:
        for record in module_of(portion.format).texts(portion.piece, portion.layout):
            if isinstance(record, Text):
                yield record


def _batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    batch: list[Text] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text.text)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """Texts laid end to end, and their words: one entry a word."""

    records: Sequence[Text]
    documents: Sequence[Document]
    offsets: Ints
    """Where each text begins in ``text``."""
    text: str
    folded: Folded
    tokens: Tokens
    first: Ints
    """Offset in the folded text."""
    last: Ints
    kinds: Levels
    owner: Ints
    """Number of the document."""
    line: Ints
    hashes: Hashes

    def documentof(self, at: int) -> int:
        """The document that an offset in the folded text is part of."""
        return int(np.searchsorted(self.offsets, self.folded.starts[at], side="right")) - 1

    def words(self, start: int, end: int) -> tuple[int, int]:
        """The words that stand in ``start..end`` of the folded text."""
        return int(np.searchsorted(self.last, start, side="right")), int(np.searchsorted(self.first, end))


def _look(records: Sequence[Text]) -> _Look:
    documents = [read(record.text, record.format) for record in records]
    lengths = np.array([len(document.text) + len(_GAP) for document in documents], dtype=np.int64)
    offsets = np.cumsum(lengths) - lengths
    text = _GAP.join(document.text for document in documents)
    folded = fold(text)
    tokens = tokenize(folded)
    words = tokens.kinds != SIGN
    first, last = tokens.starts[words], tokens.ends[words]
    of_each = np.diff(np.append(np.searchsorted(folded.starts[first], offsets), first.size))
    return _Look(
        records,
        documents,
        offsets,
        text,
        folded,
        tokens,
        first,
        last,
        tokens.kinds[words],
        np.repeat(np.arange(len(documents)), of_each),
        np.cumsum(tokens.gaps >= BROKEN)[words],
        span_hashes(folded.bare_codes, first, last),
    )


def _countable(look: _Look, known: Known) -> Iterator[tuple[Hashes, Ints]]:
    """The hashes of each table, and the documents that they are of."""
    marks = list(_marks(look, known))
    named = np.array([mark.key for mark in marks if mark.kind != "brand"], dtype=np.uint64)
    owners = np.array([mark.owner for mark in marks if mark.kind != "brand"], dtype=np.int64)
    yield np.concatenate([look.hashes, named]), np.concatenate([look.owner, owners])
    pairs, fits = _pairs(look)
    yield pairs[fits], look.owner[:-1][fits]
    runs, fits = _runs(look)
    yield runs[fits], look.owner[: runs.size][fits]


def _pairs(look: _Look) -> tuple[Hashes, Mask]:
    """A key of each word with the next, and whether both stand in one line."""
    return pair_of(look.hashes[:-1], look.hashes[1:]), look.line[1:] == look.line[:-1]


def pair_of(left: Hashes, right: Hashes) -> Hashes:
    """A key of two words, given their hashes."""
    return scramble(left * _MIX + right)


def _runs(look: _Look) -> tuple[Hashes, Mask]:
    """A key of each word with those behind it, and whether the line has so many."""
    keys = look.hashes
    for length in (1, 2, 4):
        keys = scramble(keys)[:-length] * _MIX + keys[length:]
    return keys, look.line[: keys.size] == look.line[_LONG - 1 :][: keys.size]


class _Mark(NamedTuple):
    """What is counted beside words: a brand, a contact, the target or the words of a link."""

    owner: int
    kind: str
    key: int
    start: int
    """Offset in the folded text."""
    end: int
    link: float = 0.0
    is_hidden: bool = False
    site: str = ""


def _marks(look: _Look, known: Known) -> Iterator[_Mark]:
    """The marks of all documents; those in links first."""
    for number, document in enumerate(look.documents):
        if document.targets:
            yield from _links(look, number, document, known)
    for shape in find_shapes(look.folded, look.tokens, known):
        owner = look.documentof(shape.start)
        if shape.kind == "brand":
            yield _Mark(owner, "brand", _key("brand", shape.detail), shape.start, shape.end)
        elif shape.kind == "domain":
            site = site_of(shape.detail.replace("。", ".").replace("．", ".").strip("."))
            key = _key("target", site)
            yield _Mark(owner, "target", key, shape.start, shape.end, shape.weight, site=site)
    bare = look.folded.bare
    patterns = (pattern for beginning, pattern in _HANDLES.items() if beginning in bare)
    handles = (found.span() for pattern in patterns for found in pattern.finditer(bare))
    for start, end in (*find_phones(bare), *handles):
        name = "".join(c for c in bare[start:end] if c.isalnum() or c in "@/_")
        yield _Mark(look.documentof(start), "contact", _key("contact", name), start, end)


def _links(look: _Look, number: int, document: Document, known: Known) -> Iterator[_Mark]:
    """The links of a document that lead to sites of which nothing good is known."""
    weight = link_weights(document, known)
    if not any(weight(target) for target in document.targets):
        return
    starts, offset = look.folded.starts, int(look.offsets[number])
    for element in document.elements:
        of = weight(element.href) if element.href else 0.0
        site = site_of(host_of(element.href) or "") if of else ""
        if not site:
            continue
        start, end = np.searchsorted(starts, (offset + element.text_start, offset + element.text_end)).tolist()
        yield _Mark(number, "target", _key("target", site), start, end, of, bool(element.hidden), site)
        words = _words_of(document, element)
        if words:
            yield _Mark(number, "anchor", _key("anchor", words), start, end, of, bool(element.hidden), site)


def _words_of(document: Document, element: Element) -> str:
    words = document.text[element.text_start : element.text_end]
    return " ".join(bare_term(words).split()) if len(words) <= _LONGEST else ""


def _key(kind: str, name: str) -> int:
    return int.from_bytes(blake2b(f"{kind} {name}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


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
    mark: _Mark | None


def _gathered(records: Sequence[Text], watch: Watch, tables: Sequence[Levels], known: Known) -> Gathered:
    """What recurs in some documents."""
    look = _look(records)
    if not look.hashes.size:
        return Gathered()
    words = _level_of(tables[WORDS], look.hashes)
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


def _marked(look: _Look, words: Levels, table: Levels, known: Known) -> Iterator[_Find]:
    """The marks that recur."""
    for mark in _marks(look, known):
        first, last = look.words(mark.start, mark.end)
        if mark.kind == "brand":
            level = int(words[first:last].max(initial=0))
        else:
            level = int(_level_of(table, np.array([mark.key], dtype=np.uint64))[0])
        if level:
            yield _Find(mark.kind, mark.key, level, 0, mark.owner, first, last, mark)


def _grown(look: _Look, linked: Mask, foreign: Mask, levels: Levels) -> Iterator[tuple[int, int, int, int, int, int]]:
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
    look: _Look, begins: Ints, ends: Ints, levels: Levels, foreign: Ints
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Key, level, number of foreign words, document, first and last word of each run."""
    hashes = np.append(np.uint64(0), np.cumsum(scramble(look.hashes)))
    kind = (ends - begins) * 2 + (foreign > 0)
    keys = scramble((hashes[ends] - hashes[begins]) * _MIX + kind.astype(np.uint64))
    columns = (keys, levels, foreign, look.owner[begins], begins, ends)
    return zip(*(column.tolist() for column in columns), strict=True)


def _covered(linked: Mask) -> Mask:
    """The words that belong together with the next, or with the one before."""
    return np.asarray(linked | np.append(False, linked[:-1]))


def _between(size: int, begins: Ints, ends: Ints) -> Mask:
    """The words in these intervals."""
    depth = np.bincount(begins, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.asarray(np.cumsum(depth)[:size] > 0)


def _level_of(table: Levels, keys: Hashes) -> Levels:
    """The level of each key in a table."""
    return table[(keys >> np.uint64(64 - _BITS)).astype(np.int64)]


def _foreign(look: _Look, about: _Documents, words: Levels, table: Levels) -> tuple[Mask, Mask, Levels]:
    """Which words stand often before the next, both being foreign to their document; those, and what belongs to them.

    A word is foreign where it is much rarer in the archive than most words of the document, or as rare as the pair.
    """
    keys, fits = _pairs(look)
    pairs = np.append(np.where(fits, _level_of(table, keys), np.uint8(0)), np.uint8(0)).astype(np.int16)
    own, after = words.astype(np.int16), np.append(words[1:], np.uint8(0)).astype(np.int16)
    commoner, rarer = np.maximum(own, after), np.minimum(own, after)
    typical = about.typical[look.owner]
    inseparable = (commoner <= typical - _SELDOM) & (pairs >= commoner - _INSEPARABLE)
    named = look.kinds != DIGIT
    foreign = (pairs > 0) & named & np.append(named[1:], False) & ((commoner <= typical - _RARE) | inseparable)
    attached = (pairs > 0) & (rarer <= typical - _RARE) & (pairs >= rarer - _INSEPARABLE)
    attached &= np.append(False, foreign[:-1]) | np.append(foreign[1:], False)
    return foreign, foreign | attached, pairs.astype(np.uint8)


def _long(look: _Look, table: Levels) -> tuple[Ints, Ints, Levels]:
    """First and last words of the longest runs all of which recurs about as often, and their levels."""
    keys, fits = _runs(look)
    levels = np.where(fits, _level_of(table, keys), np.uint8(0)).astype(np.int16)
    before, behind = np.append(np.int16(0), levels[:-1]), np.append(levels[1:], np.int16(0))
    begins = np.flatnonzero((levels > 0) & (np.abs(levels - before) > _FALL))
    ends = np.flatnonzero((levels > 0) & (np.abs(levels - behind) > _FALL)) + _LONG
    longer = ends - begins > _LONG  # one by itself may be others that fall on its slot
    return begins[longer], ends[longer], levels[begins[longer]].astype(np.uint8)


class _Documents:
    """Hash and sketch of each document of a batch."""

    def __init__(self, look: _Look, words: Levels, watch: Watch) -> None:
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
        keys = _distinct(look.owner[chosen].astype(np.uint64) << np.uint64(44) | value)
        edges = np.searchsorted(keys >> np.uint64(44), np.arange(self.bounds.size))
        values = (keys & np.uint64(2**44 - 1)).tolist()
        self.sketches = [tuple(values[a : min(b, a + _SKETCH)]) for a, b in pairwise(edges.tolist())]


def _occurrences(
    look: _Look, finds: Sequence[_Find], about: _Documents, pairs: Levels, known: Known
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
    reads_on = inner & (_level_of(pairs, seams) > 0)
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
            text=text[a : min(b, a + _LONGEST)],
            is_whole=b - a <= _LONGEST,
            before=text[max(0, a - _AROUND) : a],
            behind=text[b : b + _AROUND],
        )


class _Around:
    """The markup around places of a batch."""

    def __init__(self, look: _Look, known: Known) -> None:
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
