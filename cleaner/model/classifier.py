"""The classifier: a visible text in, scored spans out. Needs numpy only."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import distinct
from cleaner.intervals import Intervals
from cleaner.model.categories import category_of
from cleaner.model.chain import LABELS
from cleaner.model.clean_text import CleanText
from cleaner.model.decoding import best_gain, decode
from cleaner.model.features import SHAPES_OF, Columns, columns, hashed_features
from cleaner.model.network import Network, laid_out
from cleaner.model.passages import Batch, Passages, around, first_look
from cleaner.model.pieces import Piece, Ration, batches, pieces_of
from cleaner.model.screen import ScreenWeights, loud_tokens
from cleaner.model.segments import FEATURES, Marked, Tagged, in_passages, rows, variants
from cleaner.model.trees import Trees
from cleaner.model.whole import whole_ends
from cleaner.rules import RuleSet
from cleaner.rules.markup import SUSPICIOUS, UNKNOWN_LINK, Markup, leads_to_spam
from cleaner.rules.spelled import find_spelled, spelled_tokens
from cleaner.tokens import DIGIT, LETTER
from cleaner.types import Document, Element

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

GLIMPSE = 8
"""Tokens to either side of a loud one that are looked at with it."""
READ = 200
"""Tokens to either side of what may be injected that are read with it."""
_UNSEEN = list(FEATURES).index("unseen")
"""Place of the feature of a segment that is its share of words that clean text never held."""
QUIET = 0.0
"""Log-odds up to which a token of a text that raises hope is not read for its own sake."""
MARGIN, SLACK = 2.0, 1.0
"""Log-odds by which a moved boundary may lower the score of a span, and may be expected to raise it."""
KNOWN, SEVERAL = 0.4, 20
"""Share of the words of a text that clean text holds from which its language is known; of fewer words nothing is said.
(Of the eleven languages all but one text in two hundred lie above it; German, Polish, Arabic… far below.)"""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The learnt arrays."""

    tagger: Network
    transitions: Floats
    clean: CleanText
    worth: Trees
    """Scores a segment: is it an injection, and nothing but an injection?"""
    bounds: Trees
    """Scores the boundaries of a segment: are they exactly those of the injection?"""
    screen: ScreenWeights
    hope: float
    """Log-odds of the best span of a passage, against none, from which its text is read."""
    categories: NDArray[np.int8]
    """Shape (2 ** bits, category): votes of words for categories."""
    slope: float
    intercept: float
    """Calibration of ``worth`` (Platt 1999)."""


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
    element: Element | None = None
    """The link or frame that was found, where no words were."""
    unwrap: bool = False
    """Whether its words belong to the article, and only the tags around them were injected."""
    is_unheard: bool = False
    """Whether it holds words that no clean text held."""
    in_unknown_language: bool = False
    """Whether what was learnt says little of it: it reaches from the first to the last thing that rules recognise."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A chosen token interval ``[first, last)`` with its row of features and its raw score."""

    first: int
    last: int
    raw: float
    row: Floats
    is_spelled: bool = False
    """Whether it holds words whose letters are spelled out."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A segment of a document, as the trees judge it."""

    document: int
    start: int
    end: int
    """Offsets into the text of the document."""
    raw: float
    row: Floats


class Classifier:
    """Finds and scores the spans of texts. Immutable, hence safe to share between threads."""

    def __init__(self, weights: Weights, rules: RuleSet) -> None:
        self.weights = weights
        self.rules = rules

    def find(self, documents: Sequence[Document], floor: float) -> list[list[Scored]]:
        """The spans of each document that score at least ``floor``: disjoint, in order.

        A document is judged the same alone and among others; many together cost less.
        """
        found: list[list[Scored]] = [[] for _ in documents]
        lowest = self._raw(floor)

        @functools.cache
        def protected(document: int) -> Intervals:
            return Intervals(documents[document].protected)

        for some, tagged, markup in self._readings(documents):
            chosen = [segment for segment in self.segments(tagged, lowest) if segment.raw >= lowest]
            for segment, contributions in zip(chosen, self._contributions(chosen), strict=True):
                piece = some[tagged.text_of(segment.first)]
                scored = self._scored(markup(piece.document), tagged, segment, contributions, piece.offset)
                is_nothing = scored.in_unknown_language and not scored.named
                if not is_nothing and not protected(piece.document).overlap(scored.start, scored.end):
                    found[piece.document].append(scored)
        for number, own in enumerate(found):
            if own:
                ends = whole_ends([(s.start, s.end) for s in own], documents[number].text, protected(number))
                found[number] = [replace(s, end=end) for s, end in zip(own, ends, strict=True)]
        return found

    def candidates(self, documents: Sequence[Document], floor: float) -> Iterator[Candidate]:
        """What :meth:`find` judges, as it is judged: to learn from; in no order."""
        lowest = self._raw(floor)
        for some, tagged, _ in self._readings(documents):
            for segment in self.segments(tagged, lowest):
                piece = some[tagged.text_of(segment.first)]
                place = _span(tagged, segment, piece.offset)
                yield Candidate(piece.document, *place, segment.raw, segment.row)

    def _readings(self, documents: Sequence[Document]) -> Iterator[tuple[list[Piece], Tagged, Callable[[int], Markup]]]:
        """The pieces that raise hope, some at a time, with the tagger's opinion of them and the markup of documents."""

        @functools.cache
        def markup(document: int) -> Markup:
            return Markup(documents[document], self.rules.known)

        led = {n for n, document in enumerate(documents) if leads_to_spam(document, self.rules.known)}
        ration = Ration(documents)
        hopeful = [
            piece for some in batches(pieces_of(documents)) for piece in self._hopeful_pieces(some, markup, led, ration)
        ]
        for some in batches(hopeful):
            batch = self.look([piece.text for piece in some])
            near = np.concatenate([first + piece.near for first, piece in zip(batch.first, some, strict=True)])
            yield some, self.read(around(batch, near, READ), self._marked(some, markup, batch)), markup

    def _hopeful_pieces(
        self, pieces: Sequence[Piece], markup: Callable[[int], Markup], led: Container[int], ration: Ration
    ) -> list[Piece]:
        """The pieces that raise hope, with the tokens to read; ``led`` are the documents with suspicious links."""
        batch = self.look([piece.text for piece in pieces])
        suspicious = [mark for mark in self._marked(pieces, markup, batch, led) if mark.link >= SUSPICIOUS]
        loud = loud_tokens(batch, self.weights.screen)
        hope = self.hopeful(batch, suspicious, ration.of(loud, pieces, batch))
        hope = distinct(np.concatenate([hope, spelled_tokens(batch.view.folded, batch.view.tokens)]))
        text = batch.text_of(hope)
        return [
            replace(pieces[number], near=hope[text == number] - batch.first[number])
            for number in distinct(text).tolist()
        ]

    def _scored(
        self, markup: Markup, tagged: Tagged, segment: Segment, contributions: dict[str, float], offset: int
    ) -> Scored:
        is_unknown = not _knows(tagged.passages.batch, tagged.text_of(segment.first))
        if is_unknown and not segment.is_spelled:
            segment = _recognised(tagged, segment)
        start, end = _span(tagged, segment, offset)
        return Scored(
            start=start,
            end=end,
            score=self.probability(segment.raw),
            category=category_of(tagged, segment.first, segment.last, self.weights.categories),
            contributions=contributions,
            named=_named(tagged, segment) | _markup_names(markup.around(start, end)) | _spelling(segment),
            is_unheard=bool(segment.row[_UNSEEN] > 0),
            in_unknown_language=is_unknown,
        )

    def _marked(
        self,
        pieces: Sequence[Piece],
        markup: Callable[[int], Markup],
        batch: Batch,
        only: Container[int] | None = None,
    ) -> list[Marked]:
        """Links and hidden elements as token intervals of the batch; of ``only`` some documents, if they are named."""
        marked = []
        for number, piece in enumerate(pieces):
            if only is not None and piece.document not in only:
                continue
            of = markup(piece.document)
            found = of.around(piece.offset, piece.offset + len(piece.text))
            places = [(e.text_start - piece.offset, e.text_end - piece.offset) for e in found]
            for element, (first, end) in zip(found, _token_bounds(batch, number, places), strict=True):
                if end > first:
                    weight = of.weight(element.href) if element.href else 0.0
                    marked.append(Marked(first, end, weight, bool(element.href) and not weight, bool(element.hidden)))
        return marked

    def look(self, texts: Sequence[str]) -> Batch:
        """The first look at each token of ``texts``."""
        return first_look(texts, self.rules, self.weights.clean)

    def hopeful(self, batch: Batch, marked: Sequence[Marked], loud: Ints) -> Ints:
        """The tokens to read, ascending: those that may be injected, of texts that raise hope of an injection.

        The passages around the loud tokens of the first look, and around conspicuous markup, are looked at again.
        The words of a link that leads to spam raise hope by themselves.
        """
        conspicuous = [np.arange(m.first, m.end) for m in marked if m.link or m.hidden]
        passages = around(batch, distinct(np.concatenate([loud, *conspicuous])), GLIMPSE)
        emissions = self._scores(columns(passages, self.weights.clean), passages)[:, :LABELS]
        gain = best_gain(passages, emissions, self.weights.transitions)
        spam = np.array([m.first for m in marked if m.link > UNKNOWN_LINK], dtype=np.int64)
        hope = batch.text_of(np.concatenate([passages.number[gain > self.weights.hope], spam]))
        near = distinct(np.concatenate([passages.number[gain > min(self.weights.hope, QUIET)], spam]))
        return near[np.isin(batch.text_of(near), hope)]

    def tag(self, batch: Batch, marked: Sequence[Marked] = ()) -> Tagged:
        """The tagger's opinion of what is worth reading."""
        hope = self.hopeful(batch, marked, loud_tokens(batch, self.weights.screen))
        return self.read(around(batch, hope, READ), marked)

    def read(self, passages: Passages, marked: Sequence[Marked] = ()) -> Tagged:
        """The tagger's opinion of every token of ``passages``."""
        seen = columns(passages, self.weights.clean)
        scores = self._scores(seen, passages)
        emissions, misplaced = scores[:, :LABELS], np.asarray(1 / (1 + np.exp(-scores[:, LABELS])), dtype=np.float32)
        transitions = self.weights.transitions
        labels, spans = decode(passages, emissions, transitions)
        return Tagged(
            passages,
            seen,
            emissions,
            labels,
            misplaced,
            transitions,
            spans,
            self.weights.clean,
            self.rules,
            tuple(marked),
        )

    def _scores(self, seen: Columns, passages: Passages) -> Floats:
        """Of every token the scores of its labels, and behind them that of not belonging where it stands."""
        rows, inside = laid_out(hashed_features(seen, self.weights.tagger.bits), passages.first)
        return self.weights.tagger.emissions(rows, inside)[inside]

    def segments(self, tagged: Tagged, lowest: float) -> list[Segment]:
        """Disjoint segments in text order with the best boundaries, about ``lowest`` raw score or better."""
        found = self._chosen(tagged, lowest)
        return sorted(self._with_spelled(tagged, found), key=lambda s: s.first)

    def _with_spelled(self, tagged: Tagged, found: Sequence[Segment]) -> list[Segment]:
        """The segments, and the runs of letters that are spelled out; with such a run those that touch it are one."""
        runs = _spelled(tagged)
        if not runs:
            return list(found)
        spread = Intervals(runs)
        apart = [s for s in found if not spread.overlap(s.first, s.last)]
        touching = [s for s in found if spread.overlap(s.first, s.last)]
        joined: list[list[int]] = []
        for first, last in sorted([*runs, *((s.first, s.last) for s in touching)]):
            if joined and first < joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], last)
            else:
                joined.append([first, last])
        spans = np.array(joined, dtype=np.int64)
        table = rows(tagged, spans)
        raws = self.weights.worth.score(table)
        for s in touching:
            number = int(np.searchsorted(spans[:, 1], s.first, side="right"))
            raws[number] = max(raws[number], s.raw)
        places = zip(joined, raws.tolist(), table, strict=True)
        return apart + [Segment(first, last, raw, row, is_spelled=True) for (first, last), raw, row in places]

    def _chosen(self, tagged: Tagged, lowest: float) -> list[Segment]:
        """Disjoint segments with the best boundaries, by what was learnt."""
        winners = self.winners(tagged, lowest - SLACK)
        if not winners:
            return []
        options = [variants(tagged, span) for span, _ in winners]
        spans = [option for some in options for option in some]
        table = rows(tagged, np.array(spans, dtype=np.int64))
        bounds = self.weights.bounds.score(table)
        edges = np.cumsum([0, *map(len, options)]).tolist()
        orders = [begin + np.argsort(-bounds[begin:end], kind="stable") for begin, end in pairwise(edges)]
        worth = np.full(len(table), np.nan)  # of few it is asked: mostly of those with the best boundaries alone
        best = np.array([order[0] for order in orders])
        worth[best] = self.weights.worth.score(table[best])
        taken = np.zeros(len(tagged.passages.tokens), dtype=bool)
        found: list[Segment] = []
        for (_, own), order in zip(winners, orders, strict=True):
            for number in order.tolist():
                first, last = spans[number]
                if taken[first:last].any():
                    continue
                if np.isnan(worth[number]):
                    worth[order] = self.weights.worth.score(table[order])
                if worth[number] >= own - MARGIN:
                    found.append(Segment(first, last, raw=float(worth[number]), row=table[number]))
                    taken[first:last] = True
                    break
        return found

    def winners(self, tagged: Tagged, lowest: float) -> list[tuple[tuple[int, int], float]]:
        """Disjoint candidates of at least ``lowest`` raw score, and that score, the best first."""
        spans = tagged.candidates
        if not len(spans):
            return []
        worth = self.weights.worth.score(rows(tagged, spans))
        taken = np.zeros(len(tagged.passages.tokens), dtype=bool)
        found = []
        for number in np.argsort(-worth, kind="stable"):
            first, last = spans[number].tolist()
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

    def _contributions(self, segments: Sequence[Segment]) -> list[dict[str, float]]:
        """What each group of evidence added to the score of each segment."""
        table = np.array([segment.row for segment in segments], dtype=np.float32).reshape(-1, len(FEATURES))
        credit = self.weights.worth.contributions(table) * self.weights.slope
        groups = {group: np.zeros(len(table)) for group in FEATURES.values()}
        for column, group in enumerate(FEATURES.values()):
            groups[group] += credit[:, column]
        return [
            dict(sorted(zip(groups, row, strict=True), key=lambda item: -abs(item[1])))
            for row in zip(*(sums.tolist() for sums in groups.values()), strict=True)
        ]


def _span(tagged: Tagged, segment: Segment, offset: int) -> tuple[int, int]:
    """Offsets in the text of the document where a segment stands, whose piece begins at ``offset``."""
    passages = tagged.passages
    folded, tokens = passages.folded, passages.tokens
    moved = offset - int(passages.batch.starts[tagged.text_of(segment.first)])
    start = moved + int(folded.starts[tokens.starts[segment.first]])
    return start, moved + int(folded.ends[tokens.ends[segment.last - 1] - 1])


def _named(tagged: Tagged, segment: Segment) -> dict[str, tuple[str, ...]]:
    """What the rules found in a segment, by group of evidence."""
    view, (start, end) = tagged.passages.batch.view, tagged.place(segment.first, segment.last)
    found: dict[str, dict[str, None]] = {}
    first = bisect_left(view.hits, start, key=lambda h: h.start)
    for hit in view.hits[first : bisect_left(view.hits, end, key=lambda h: h.start)]:
        if hit.end <= end:
            found.setdefault("phrase", {})[f"“{hit.term.text}” ({hit.term.category})"] = None
    for shape in view.shapes:
        if start <= shape.start and shape.end <= end:
            found.setdefault(shape.kind, {})[shape.detail] = None
    return {group: tuple(names)[:5] for group, names in found.items()}


def _spelling(segment: Segment) -> dict[str, tuple[str, ...]]:
    return {"disguise": ("its letters stand apart",)} if segment.is_spelled else {}


def _spelled(tagged: Tagged) -> list[tuple[int, int]]:
    """Token intervals of the runs of letters that are spelled out."""
    passages = tagged.passages
    batch = passages.batch
    found: list[tuple[int, int]] = []
    seen = np.intersect1d(passages.number, spelled_tokens(batch.view.folded, batch.view.tokens))
    for text in distinct(batch.text_of(seen)).tolist():
        begin = int(batch.starts[text])
        _, end = batch.characters(text)
        runs = find_spelled(batch.view.text[begin : int(batch.view.folded.ends[end - 1])])
        places = in_passages(passages, spans_in_tokens(batch, text, list(runs)))
        found += [(first, last) for first, last in places.tolist()]
    return found


def _knows(batch: Batch, text: int) -> bool:
    """Whether a text is in a language that clean text was counted in, as far as its words tell."""
    own = slice(int(batch.first[text]), int(batch.last[text]))
    kinds = batch.view.tokens.kinds[own]
    known = batch.glance.rarity[own][(kinds >= LETTER) & (kinds != DIGIT)] > 0
    return known.size < SEVERAL or bool(known.mean() >= KNOWN)


def _recognised(tagged: Tagged, segment: Segment) -> Segment:
    """The part of a segment from the first to the last token that rules recognise; all when there is none."""
    glance, number = tagged.passages.batch.glance, tagged.passages.number[segment.first : segment.last]
    shapes = (glance.mark[number] > 0) & (glance.mark[number] != SHAPES_OF["honest-domain"])
    seen = np.flatnonzero((glance.lexicon[number] > 0) | shapes)
    if not seen.size:
        return segment
    return replace(segment, first=segment.first + int(seen[0]), last=segment.first + int(seen[-1]) + 1)


def _markup_names(around: Sequence[Element]) -> dict[str, tuple[str, ...]]:
    """Link targets and hiding techniques of the markup around a span, by group of evidence."""
    found = {"link": [e.href for e in around if e.href], "hidden": [e.hidden for e in around if e.hidden]}
    return {group: tuple(dict.fromkeys(names))[:5] for group, names in found.items() if names}


def spans_in_tokens(batch: Batch, text: int, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Intervals of one text of a batch as token intervals of the batch; empty ones are left out."""
    return [(first, end) for first, end in _token_bounds(batch, text, spans) if end > first]


def _token_bounds(batch: Batch, text: int, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The tokens of the batch that each interval of one of its texts touches."""
    tokens, folded = batch.view.tokens, batch.view.folded
    first, last = int(batch.first[text]), int(batch.last[text])
    starts = folded.starts[tokens.starts[first:last]] - batch.starts[text]
    ends = folded.ends[tokens.ends[first:last] - 1] - batch.starts[text]
    begins = first + np.searchsorted(ends, [start for start, _ in spans], side="right")
    stops = first + np.searchsorted(starts, [end for _, end in spans])
    return list(zip(begins.tolist(), stops.tolist(), strict=True))
