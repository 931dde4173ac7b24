"""The classifier: a visible text in, scored spans out. Needs numpy only."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.evidence import View, view
from cleaner.model.chain import LABELS
from cleaner.model.features import WIDTH, Columns, Counts, columns, hashed_features
from cleaner.model.screen import ScreenWeights, suspicious
from cleaner.model.segments import FEATURES, Marked, Tagged, candidates, rows, tag, variants
from cleaner.model.trees import Trees
from cleaner.rules import RuleSet
from cleaner.rules.markup import link_weight, markup_of
from cleaner.types import CATEGORIES, Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_EVEN_BYTES = np.uint64(0x00FF00FF00FF00FF)
HELD_BACK = 0.8
"""Highest score of a span that a person should see first, whatever the trees say."""
PROSE = float(np.log1p(9))
"""The feature ``tokens`` of a span of nine tokens: longer ones are prose."""
MARGIN = 2.0
"""Log-odds by which a moved boundary may lower the score of a span."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The learnt arrays."""

    tagger: NDArray[np.int8]
    """Shape (2 ** bits, LABELS), in steps of ``scale``."""
    scale: float
    transitions: Floats
    counts: Counts
    worth: Trees
    """Scores a segment: is it an injection, and nothing but an injection?"""
    bounds: Trees
    """Scores the boundaries of a segment: are they exactly those of the injection?"""
    screen: ScreenWeights
    categories: NDArray[np.int8]
    """Shape (2 ** bits, category): votes of words for categories."""
    slope: float
    intercept: float
    """Calibration of ``worth`` (Platt 1999)."""

    @property
    def bits(self) -> int:
        """Logarithm of the number of features."""
        return int(self.tagger.shape[0]).bit_length() - 1


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A span of the visible text that may be an injection."""

    start: int
    end: int
    """Offsets into the text of the document."""
    score: float
    """Calibrated probability, 0..1."""
    category: str
    contributions: dict[str, float]
    """Log-odds that each group of evidence added, strongest first."""
    named: dict[str, tuple[str, ...]]
    """What the rules found inside, by group of evidence."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A chosen token interval ``[first, last)`` with its row of features and its raw score."""

    first: int
    last: int
    raw: float
    row: Floats


class Classifier:
    """Finds and scores the spans of a text. Immutable, hence safe to share between threads."""

    def __init__(self, weights: Weights, rules: RuleSet) -> None:
        self.weights = weights
        self.rules = rules

    def find(self, document: Document, floor: float) -> list[Scored]:
        """The spans of a document that score at least ``floor``: disjoint, in order."""
        edges = block_edges(document.text)
        blocks = [document.text[a:b] for a, b in pairwise(edges)]
        looked_at = [True] * len(blocks) if self._marks_spam(document) else self.suspicious(blocks)
        found: list[Scored] = []
        for offset, block, worth_reading in zip(edges, blocks, looked_at, strict=False):
            if worth_reading:
                found += self._find_in_block(document, block, offset, floor)
        protected = document.protected
        return [s for s in found if not any(a < s.end and s.start < b for a, b in protected)]

    def _find_in_block(self, document: Document, block: str, offset: int, floor: float) -> list[Scored]:
        seen = self.look(block)
        tagged = self.tag(seen, self._marked(document, seen, offset))
        if tagged is None:
            return []
        lowest = self._raw(floor)
        return [self._scored(document, tagged, s, offset) for s in self.segments(tagged, lowest) if s.raw >= lowest]

    def _scored(self, document: Document, tagged: Tagged, segment: Segment, offset: int) -> Scored:
        folded, tokens = tagged.view.folded, tagged.view.tokens
        start, end = int(tokens.starts[segment.first]), int(tokens.ends[segment.last - 1])
        return Scored(
            start=offset + int(folded.starts[start]),
            end=offset + int(folded.ends[end - 1]),
            score=min(self.probability(segment.raw), HELD_BACK if is_doubtful(segment.row) else 1.0),
            category=self.category(tagged, segment.first, segment.last),
            contributions=self._contributions(segment.row),
            named=_named(tagged.view, start, end) | _markup_names(document, offset, tagged, segment),
        )

    def suspicious(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts hold anything worth reading closely; a text is judged the same alone and among others."""
        return suspicious(texts, self.weights.screen, self.rules, self.weights.counts)

    def _marks_spam(self, document: Document) -> bool:
        """Whether the markup alone is a reason to read closely: something hidden, or a doubtful link."""
        return any(e.hidden or link_weight(e.href, self.rules.known) > 0 for e in markup_of(document))

    def _marked(self, document: Document, seen: View, offset: int) -> tuple[Marked, ...]:
        """Links and hidden elements as token intervals."""
        marked = []
        for element in markup_of(document):
            inside = (element.text_start - offset, element.text_end - offset)
            for first, end in spans_in_tokens(seen, [inside]):
                weight = link_weight(element.href, self.rules.known) if element.href else 0.0
                marked.append(Marked(first, end, weight, bool(element.href) and not weight, bool(element.hidden)))
        return tuple(marked)

    def look(self, text: str) -> View:
        """Fold and cut the text and apply the rules."""
        return view(text, self.rules)

    def tag(self, seen_view: View, marked: tuple[Marked, ...] = ()) -> Tagged | None:
        """The tagger's opinion of every token; ``None`` when there are no tokens."""
        if not len(seen_view.tokens):
            return None
        seen = columns(seen_view, self.weights.counts)
        return tag(
            seen_view, seen, self.emissions(seen), self.weights.transitions, self.weights.counts, self.rules, marked
        )

    def emissions(self, seen: Columns) -> Floats:
        """Label scores of every token."""
        weights = self._lanes.take(hashed_features(seen, self.weights.bits))
        sums = np.empty((len(weights), 8), dtype=np.uint16)
        for odd in (0, 1):
            sums[:, odd::2] = (weights >> np.uint64(8 * odd) & _EVEN_BYTES).sum(axis=1).view(np.uint16).reshape(-1, 4)
        return np.asarray((sums[:, :LABELS].astype(np.int32) - 128 * WIDTH) * self.weights.scale, dtype=np.float32)

    @functools.cached_property
    def _lanes(self) -> NDArray[np.uint64]:
        """The tagger's weights of a feature as the bytes of one number, 128 added: sums fit into two bytes each."""
        padded = np.zeros((len(self.weights.tagger), 8), dtype=np.int8)
        padded[:, :LABELS] = self.weights.tagger
        return (padded.view(np.uint8) ^ np.uint8(128)).view("<u8").ravel()

    def segments(self, tagged: Tagged, lowest: float) -> list[Segment]:
        """Disjoint segments in text order with the best boundaries, about ``lowest`` raw score or better."""
        winners = self._winners(tagged, lowest - MARGIN)
        if not winners:
            return []
        options = [variants(tagged, span) for span, _ in winners]
        table = rows(tagged, [option for some in options for option in some])
        worth, bounds = self.weights.worth.score(table), self.weights.bounds.score(table)
        taken = np.zeros(len(tagged.view.tokens), dtype=bool)
        found: list[Segment] = []
        at = 0
        for (_, own), some in zip(winners, options, strict=True):
            here = range(at, at + len(some))
            at += len(some)
            free = [
                n for n, (a, b) in zip(here, some, strict=True) if worth[n] >= own - MARGIN and not taken[a:b].any()
            ]
            if free:
                best = max(free, key=lambda n: bounds[n])
                segment = Segment(*some[best - here.start], raw=float(worth[best]), row=table[best])
                taken[segment.first : segment.last] = True
                found.append(segment)
        return sorted(found, key=lambda s: s.first)

    def _winners(self, tagged: Tagged, lowest: float) -> list[tuple[tuple[int, int], float]]:
        """Disjoint candidates and their raw scores, the best first."""
        spans = candidates(tagged)
        if not spans:
            return []
        worth = self.weights.worth.score(rows(tagged, spans))
        taken = np.zeros(len(tagged.view.tokens), dtype=bool)
        found = []
        for number in np.argsort(-worth, kind="stable"):
            first, last = spans[number]
            if worth[number] < lowest:
                break
            if not taken[first:last].any():
                taken[first:last] = True
                found.append(((first, last), float(worth[number])))
        return found

    def probability(self, raw: float) -> float:
        """The calibrated score of a raw one."""
        return float(1 / (1 + np.exp(-np.clip(self.weights.slope * raw + self.weights.intercept, -40, 40))))

    def _raw(self, probability: float) -> float:
        p = min(max(probability, 1e-9), 1 - 1e-9)
        return float((np.log(p / (1 - p)) - self.weights.intercept) / self.weights.slope)

    def category(self, tagged: Tagged, first: int, last: int) -> str:
        """What a span promotes: the lexicon's categories and the votes of its words."""
        votes = category_votes(self.weights.categories, tagged.seen, first, last)
        for hit in tagged.view.hits:
            if hit.start < tagged.view.tokens.ends[last - 1] and hit.end > tagged.view.tokens.starts[first]:
                votes[CATEGORIES.index(hit.term.category)] += 2 * hit.term.weight
        for shape in tagged.view.shapes:
            if (
                shape.category != "other"
                and tagged.view.tokens.starts[first] <= shape.start < (tagged.view.tokens.ends[last - 1])
            ):
                votes[CATEGORIES.index(shape.category)] += shape.weight
        return CATEGORIES[int(votes.argmax())]

    def _contributions(self, row: Floats) -> dict[str, float]:
        credit = self.weights.worth.contributions(row) * self.weights.slope
        groups: dict[str, float] = {}
        for value, group in zip(credit, FEATURES.values(), strict=True):
            groups[group] = groups.get(group, 0.0) + float(value)
        return dict(sorted(groups.items(), key=lambda item: -abs(item[1])))


def is_doubtful(row: Floats) -> bool:
    """Whether a span has the marks of honest text that was cut by mistake before: it is shown, not cut.

    That is prose whose single words hardly speak for spam, words amid a report of police or court, and
    hashtags in which the rules find nothing.
    """
    value = dict(zip(FEATURES, row.tolist(), strict=True))
    is_prose = value["tokens"] > PROSE and value["mean"] < 0.5
    is_reported = value["frames_near"] + value["frames_inside"] >= 4 and value["hidden"] == 0 and value["link"] == 0
    is_campaign = value["hashtags"] > 0 and value["hits"] == 0 and value["brand"] == 0
    return bool(is_prose or is_reported or is_campaign)


def block_edges(text: str, size: int = 1 << 16) -> list[int]:
    """Offsets that part a long text into blocks of at most ``size`` characters, at line ends where there are any."""
    edges = [0]
    while len(text) - edges[-1] > size:
        begin, limit = edges[-1] + size // 2, edges[-1] + size
        cut = max(text.rfind("\n", begin, limit), text.rfind(". ", begin, limit))
        cut = cut if cut > 0 else text.rfind(" ", begin, limit)
        edges.append(cut + 1 if cut > 0 else limit)
    return [*edges, len(text)]


def _named(seen: View, start: int, end: int) -> dict[str, tuple[str, ...]]:
    """What the rules found between two offsets of the folded text, by group of evidence."""
    found: dict[str, dict[str, None]] = {}
    for hit in seen.hits:
        if start <= hit.start and hit.end <= end:
            found.setdefault("phrase", {})[f"“{hit.term.text}” ({hit.term.category})"] = None
    for shape in seen.shapes:
        if start <= shape.start and shape.end <= end:
            found.setdefault(shape.kind, {})[shape.detail] = None
    return {group: tuple(names)[:5] for group, names in found.items()}


def _markup_names(document: Document, offset: int, tagged: Tagged, segment: Segment) -> dict[str, tuple[str, ...]]:
    """Link targets and hiding techniques around a segment, by group of evidence."""
    folded, tokens = tagged.view.folded, tagged.view.tokens
    start = offset + int(folded.starts[tokens.starts[segment.first]])
    end = offset + int(folded.ends[tokens.ends[segment.last - 1] - 1])
    around = [e for e in markup_of(document) if e.text_start < end and start < e.text_end]
    found = {"link": [e.href for e in around if e.href], "hidden": [e.hidden for e in around if e.hidden]}
    return {group: tuple(dict.fromkeys(names))[:5] for group, names in found.items() if names}


def category_features(seen: Columns, first: int, last: int, bits: int) -> NDArray[np.int64]:
    """Hashed words and pairs of words of a span."""
    bare = seen.bare[first:last]
    pairs = bare[:-1] * np.uint64(3) + bare[1:]
    return (np.concatenate([bare, pairs]) >> np.uint64(64 - bits)).astype(np.int64)


def category_votes(table: NDArray[np.int8], seen: Columns, first: int, last: int) -> NDArray[np.float64]:
    """Mean vote of a span's words for each category."""
    bits = int(table.shape[0]).bit_length() - 1
    return np.asarray(table[category_features(seen, first, last, bits)].mean(axis=0, dtype=np.float64) / 16)


def spans_in_tokens(seen_view: View, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Intervals of the text as token intervals; empty ones are left out."""
    starts = seen_view.folded.starts[seen_view.tokens.starts]
    ends = seen_view.folded.ends[seen_view.tokens.ends - 1]
    found = []
    for start, end in spans:
        first, last = int(np.searchsorted(ends, start, side="right")), int(np.searchsorted(starts, end))
        if last > first:
            found.append((first, last))
    return found
