"""Candidate segments and everything that speaks for or against each, as one row of numbers."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import distinct
from cleaner.model.chain import BEGIN, END, INSIDE, OUTSIDE, SINGLE
from cleaner.model.clean_text import CleanText
from cleaner.model.context import topic_sums
from cleaner.model.decoding import unique_spans
from cleaner.model.features import Columns, scramble
from cleaner.model.passages import Passages
from cleaner.rules import RuleSet
from cleaner.rules.lexicon import Hit
from cleaner.rules.shapes import Shape, find_phones
from cleaner.tokens import APART, BROKEN, DIGIT, LETTER, SIGN, Tokens
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

NEIGHBOURHOOD = 30
"""Tokens to either side in which words of reporting count."""
SURE = 0.9
"""Probability from which a token elsewhere counts as injected."""
LONGEST_REPEAT = 12
"""Tokens of the longest spans whose repetitions are counted."""

FEATURES: dict[str, str] = {
    "tokens": "extent",
    "characters": "extent",
    "mean": "wording",
    "highest": "wording",
    "lowest": "wording",
    "left_of": "wording",
    "right_of": "wording",
    "step_in": "wording",
    "step_out": "wording",
    "opens": "wording",
    "closes": "wording",
    "path": "wording",
    "path_mean": "wording",
    "strong": "phrase",
    "medium": "phrase",
    "weak": "phrase",
    "hits": "phrase",
    "hit_weight": "phrase",
    "hits_cut": "phrase",
    "hits_disguised": "disguise",
    "gambling_family": "phrase",
    "brand": "brand",
    "brands": "brand",
    "domain": "domain",
    "honest_domain": "domain",
    "hashtags": "hashtag",
    "phones": "contact",
    "calls": "contact",
    "contacts": "contact",
    "frames_inside": "context",
    "frames_near": "context",
    "frames_share": "context",
    "quoted": "context",
    "gap_before": "layout",
    "gap_after": "layout",
    "sign_before": "layout",
    "sign_after": "layout",
    "starts_line": "layout",
    "ends_line": "layout",
    "starts_sentence": "layout",
    "ends_sentence": "layout",
    "case_before": "layout",
    "case_first": "layout",
    "case_after": "layout",
    "seam_pair": "seam",
    "seam_left": "seam",
    "seam_right": "seam",
    "fluency_in": "seam",
    "fluency_out": "seam",
    "fluency_inside": "seam",
    "triple_inside": "seam",
    "rarity": "seam",
    "unseen": "seam",
    "misplaced": "seam",
    "misplaced_lowest": "seam",
    "misplaced_left": "seam",
    "misplaced_right": "seam",
    "misplaced_in": "seam",
    "misplaced_out": "seam",
    "title_case": "layout",
    "upper_case": "layout",
    "unmarked": "disguise",
    "foreign": "disguise",
    "disguised": "disguise",
    "digits": "layout",
    "signs": "layout",
    "length_of_text": "context",
    "spam_elsewhere": "context",
    "sure_elsewhere": "context",
    "topic_elsewhere": "context",
    "category_elsewhere": "context",
    "topic_fit": "context",
    "topic_told": "context",
    "recurring": "context",
    "vietnamese": "context",
    "repeats": "repetition",
    "place": "layout",
    "link": "link",
    "honest_link": "link",
    "hidden": "hidden",
}
"""Each feature and the group under which it is told to a user. Order is part of a model."""


@dataclass(frozen=True, eq=False)
class Tagged:
    """Passages with what the tagger thinks of their tokens. Spans are pairs of token numbers of the passages."""

    passages: Passages
    seen: Columns
    emissions: Floats
    """Shape (token, LABELS)."""
    labels: Floats
    """Probability of each label; shape (token, LABELS)."""
    misplaced: Floats
    """Probability that a token does not belong where it stands, whatever it says."""
    transitions: Floats
    spans: Ints
    """Token intervals on the best paths, from cautious to eager; shape (span, 2). They may overlap."""
    clean: CleanText
    rules: RuleSet
    marked: tuple[Marked, ...] = ()

    def text_of(self, token: int) -> int:
        """The number of the text of the batch that a token stands in."""
        return int(self.passages.text[self.passages.owner[token]])

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Offsets in the folded text of the batch where the tokens ``[first, last)`` stand."""
        number, tokens = self.passages.number, self.passages.batch.view.tokens
        return int(tokens.starts[number[first]]), int(tokens.ends[number[last - 1]])

    @functools.cached_property
    def candidates(self) -> Ints:
        """Token intervals that may be injections: the tagger's, the rules', lines, sentences; shape (span, 2)."""
        marked = [(m.first, m.end) for m in self.marked if m.end > m.first and (m.link or m.hidden)]
        seeds = unique_spans(
            np.concatenate([self.spans, self._clusters(), in_passages(self.passages, marked)]).astype(np.int64)
        )
        if not len(seeds):
            return seeds
        spam = np.concatenate([[0.0], np.cumsum(self.spam, dtype=np.float64)])
        found = [seeds]
        for edges in (self.lines, self.sentences):
            begin = edges[np.searchsorted(edges, seeds[:, 0], side="right") - 1]
            stop = edges[np.searchsorted(edges, seeds[:, 1])]
            likely = spam[stop] - spam[begin] > 0.06 * (stop - begin)
            found.append(np.stack([begin, stop], axis=1)[likely])
        between = seeds[1:, 0] - seeds[:-1, 1]
        near = (between >= 0) & (between <= 6)
        near &= self.passages.owner[seeds[1:, 0]] == self.passages.owner[seeds[:-1, 0]]
        found.append(np.stack([seeds[:-1, 0], seeds[1:, 1]], axis=1)[near])
        return unique_spans(np.concatenate(found))

    def _clusters(self) -> Ints:
        """Runs of tokens that the rules saw something in, small gaps included; shape (run, 2)."""
        seen = self.seen
        strong = (seen.lexicon > 0) & ((seen.lexicon.astype(np.int64) - 1) % 3 > 0)
        at = np.flatnonzero(strong | ((seen.mark > 1) & (seen.mark != 6)))
        owner = self.passages.owner[at]
        apart = np.flatnonzero((np.diff(at) > 3) | (np.diff(owner) > 0))
        if not at.size:
            return np.zeros((0, 2), dtype=np.int64)
        return np.stack([np.r_[at[0], at[apart + 1]], np.r_[at[apart], at[-1]] + 1], axis=1)

    @functools.cached_property
    def layers(self) -> list[NDArray[np.float64]]:
        """The columns of the marks, parted so that those of one layer lie apart, and in order."""
        layers: list[list[Marked]] = []
        for mark in sorted(self.marked, key=lambda m: m.first):
            layer = next((layer for layer in layers if layer[-1].end <= mark.first), None)
            if layer is None:
                layers.append([mark])
            else:
                layer.append(mark)
        columns = [[(m.first, m.end, m.link, m.honest, m.hidden) for m in layer] for layer in layers]
        return [np.array(layer, dtype=np.float64).T for layer in columns]

    @functools.cached_property
    def finds(self) -> dict[str, Finds]:
        """What the rules found, by the feature it makes up; the context only of texts with candidates."""
        view = self.passages.batch.view
        phrases, shapes, context = view.hits, view.shapes, self._context()
        gambling = [hit for hit in phrases if hit.term.category in ("gambling", "lottery", "betting")]
        chosen: dict[str, Sequence[Hit | Shape]] = {
            "hits": phrases,
            "hits_disguised": [hit for hit in phrases if hit.disguised],
            "gambling_family": gambling,
            "brand": [shape for shape in shapes if shape.kind == "brand"],
            "domain": [shape for shape in shapes if shape.kind == "domain"],
            "honest_domain": [shape for shape in shapes if shape.kind == "honest-domain"],
            "hashtags": [shape for shape in shapes if shape.kind == "hashtag"],
            "calls": [hit for hit in context if hit.term.kind == "cta"],
            "contacts": [hit for hit in context if hit.term.kind == "contact"],
            "frames": [hit for hit in context if hit.term.kind == "frame"],
        }
        return {name: Finds.of(found, view.tokens) for name, found in chosen.items()}

    def _context(self) -> list[Hit]:
        """Calls to action, contacts and words of reporting in the texts that may hold an injection."""
        folded = self.passages.batch.view.folded
        found: list[Hit] = []
        for text in distinct(self.passages.text[self.passages.owner[self.candidates[:, 0]]]).tolist():
            begin, end = self.passages.batch.characters(text)
            found += [hit.moved(begin) for hit in self.rules.context.find(folded.part(begin, end))]
        return found

    @functools.cached_property
    def spam(self) -> Floats:
        """Probability that each token is injected."""
        return np.asarray(1.0 - self.labels[:, OUTSIDE], dtype=np.float32)

    @functools.cached_property
    def topics(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the words stand among the topics: running sum over the tokens, and the sum of each passage's text."""
        vectors = self.clean.topics_of(self.seen.word).astype(np.float64)
        running = np.concatenate([np.zeros_like(vectors[:1]), np.cumsum(vectors, axis=0)])
        return running, topic_sums(self.passages, self.clean).astype(np.float64)

    @functools.cached_property
    def lines(self) -> Ints:
        """Token numbers where lines or passages begin, and the number of tokens."""
        return self._edges(self.passages.tokens.gaps >= BROKEN)

    @functools.cached_property
    def sentences(self) -> Ints:
        """Token numbers where sentences, lines or passages begin, and the number of tokens."""
        return self._edges((self.passages.tokens.gaps >= BROKEN) | self.after_sentence)

    @functools.cached_property
    def after_sentence(self) -> NDArray[np.bool_]:
        """Where the token before ends a sentence."""
        tokens, codes = self.passages.tokens, self.passages.folded.codes
        first = codes[tokens.starts]
        stop = np.isin(first, _STOPS) & (tokens.kinds == SIGN)
        after = np.zeros(len(tokens), dtype=bool)
        after[1:] = stop[:-1] & ((tokens.gaps[1:] > 0) | (first[:-1] >= 0x3000))
        after[self.passages.first] = False
        return after

    def _edges(self, starts: NDArray[np.bool_]) -> Ints:
        return np.append(np.flatnonzero(starts | self.seen.opens), starts.size)


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """Finds of one kind of rule as token intervals of the batch, ascending and disjoint."""

    first: Ints
    end: Ints
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, found: Sequence[Hit | Shape], tokens: Tokens) -> Finds:
        """Finds by their offsets in the folded text of the batch."""
        starts = np.array([find.start for find in found], dtype=np.int64)
        ends = np.array([find.end for find in found], dtype=np.int64)
        return cls(
            np.searchsorted(tokens.ends, starts, side="right"),
            np.searchsorted(tokens.starts, ends),
            np.array([find.weight for find in found], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True)
class Marked:
    """Markup around tokens ``first..end`` of the batch: a link with its judged target, or something hidden."""

    first: int
    end: int
    link: float = 0.0
    honest: bool = False
    hidden: bool = False


def in_passages(passages: Passages, spans: Sequence[tuple[int, int]]) -> Ints:
    """Token intervals of the batch as those of the passages; what is not read closely is left out."""
    pairs = np.array(spans, dtype=np.int64).reshape(-1, 2)
    first, end = np.searchsorted(passages.number, pairs[:, 0]), np.searchsorted(passages.number, pairs[:, 1])
    known = end > first
    first, end = first[known], end[known]
    return np.stack([first, np.minimum(end, passages.last[passages.owner[first]])], axis=1)


_STOPS = np.array([ord(c) for c in ".!?…。！？"], dtype=np.uint32)
_QUOTES = np.array([ord(c) for c in "\"'“”‘’«»「」『』"], dtype=np.uint32)


def variants(tagged: Tagged, span: tuple[int, int], reach: int = 3) -> list[tuple[int, int]]:
    """The span with its boundaries moved by up to ``reach`` tokens, to ends of its lines, and by up to a sentence."""
    first, end = span
    passage = tagged.passages.owner[first]
    lowest, highest = int(tagged.passages.first[passage]), int(tagged.passages.last[passage])
    begins = {first + by for by in range(-reach, reach + 1)}
    stops = {end + by for by in range(-reach, reach + 1)}
    lines, sentences = tagged.lines, tagged.sentences
    begins.add(int(lines[np.searchsorted(lines, first, side="right") - 1]))
    stops.add(int(lines[np.searchsorted(lines, end, side="left")]))
    begins.add(int(sentences[max(int(np.searchsorted(sentences, first, side="left")) - 1, 0)]))
    stops.add(int(sentences[min(int(np.searchsorted(sentences, end, side="right")), len(sentences) - 1)]))
    return [(a, b) for a in sorted(begins) for b in sorted(stops) if lowest <= a < b <= highest]


def rows(tagged: Tagged, spans: Ints) -> Floats:
    """One row of :data:`FEATURES` for each token interval; ``spans`` has shape (span, 2)."""
    table = _Table(tagged, spans)
    table.extent()
    table.wording()
    table.rules()
    table.layout()
    table.seam()
    table.context()
    return np.stack([table.columns[name] for name in FEATURES], axis=1).astype(np.float32)


class _Table:
    """Builds the columns of :func:`rows`, one method a group of features."""

    def __init__(self, tagged: Tagged, spans: Ints) -> None:
        passages = tagged.passages
        batch = passages.batch
        self.tagged, self.a, self.b = tagged, spans[:, 0], spans[:, 1]
        self.n = (self.b - self.a).astype(np.float64)
        passage = passages.owner[self.a]
        self.low, self.high = passages.first[passage], passages.last[passage]
        self.text = passages.text[passage]
        self.from_, self.to = passages.number[self.a], passages.number[self.b - 1] + 1
        """The spans as tokens of the batch."""
        self.text_first, self.text_last = batch.first[self.text], batch.last[self.text]
        self.size = (self.text_last - self.text_first).astype(np.float64)
        self.columns: dict[str, NDArray[np.float64]] = {}

    def _sum(self, values: NDArray[np.generic], a: Ints | None = None, b: Ints | None = None) -> NDArray[np.float64]:
        sums = np.concatenate([[0.0], np.cumsum(values.astype(np.float64))])
        return np.asarray(sums[self.b if b is None else b] - sums[self.a if a is None else a])

    def _mean(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        return self._sum(values) / self.n

    def _over(self, reduce: np.ufunc, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The largest or smallest of the values of each span."""
        edges = np.stack([self.a, self.b], axis=1).ravel()
        return np.asarray(reduce.reduceat(np.append(values, values[-1:]), edges)[::2], dtype=np.float64)

    def _at(self, values: NDArray[np.generic], index: Ints, outside: float = -1.0) -> NDArray[np.float64]:
        inside = (index >= self.low) & (index < self.high)
        return np.where(inside, values[np.clip(index, 0, values.size - 1)].astype(np.float64), outside)

    def extent(self) -> None:
        tokens = self.tagged.passages.tokens
        self.columns["tokens"] = np.log1p(self.n)
        self.columns["characters"] = np.log1p(tokens.ends[self.b - 1] - tokens.starts[self.a])

    def wording(self) -> None:
        spam, labels, c = self.tagged.spam, self.tagged.labels, self.columns
        c["mean"] = self._mean(spam)
        c["highest"] = self._over(np.maximum, spam)
        c["lowest"] = self._over(np.minimum, spam)
        before, after = np.maximum(self.a - 3, self.low), np.minimum(self.b + 3, self.high)
        c["left_of"] = self._sum(spam, before, self.a) / 3
        c["right_of"] = self._sum(spam, self.b, after) / 3
        c["step_in"] = self._at(spam, self.a) - self._at(spam, self.a - 1, 0.0)
        c["step_out"] = self._at(spam, self.b - 1) - self._at(spam, self.b, 0.0)
        c["opens"] = self._at(labels[:, BEGIN] + labels[:, SINGLE], self.a)
        c["closes"] = self._at(labels[:, END] + labels[:, SINGLE], self.b - 1)
        c["path"] = np.clip(self._path_gain(), -60, 60)
        c["path_mean"] = c["path"] / self.n

    def _path_gain(self) -> NDArray[np.float64]:
        """Score of the span as one segment, against all outside."""
        gain = self.tagged.emissions - self.tagged.emissions[:, [OUTSIDE]]
        steps = self.tagged.transitions
        inner = self._sum(gain[:, INSIDE], self.a + 1, np.maximum(self.b - 1, self.a + 1))
        ends = gain[self.a, BEGIN] + gain[self.b - 1, END] + steps[OUTSIDE, BEGIN] + steps[END, OUTSIDE]
        joints = np.where(self.n == 2, steps[BEGIN, END], steps[BEGIN, INSIDE] + steps[INSIDE, END])
        joints = joints + np.maximum(self.n - 3, 0) * steps[INSIDE, INSIDE]
        alone = gain[self.a, SINGLE] + steps[OUTSIDE, SINGLE] + steps[SINGLE, OUTSIDE]
        outside = (self.n + 1) * steps[OUTSIDE, OUTSIDE]
        return np.asarray(np.where(self.n == 1, alone, inner + ends + joints) - outside, dtype=np.float64)

    def rules(self) -> None:
        seen, c = self.tagged.seen, self.columns
        strength = np.where(seen.lexicon > 0, (seen.lexicon.astype(np.int64) - 1) % 3, -1)
        for name, level in (("strong", 2), ("medium", 1), ("weak", 0)):
            c[name] = self._mean(strength == level)
        c["hits"], c["hits_cut"] = self._count("hits"), self._cut("hits")
        c["hit_weight"] = self._highest("hits")
        c["hits_disguised"] = self._count("hits_disguised")
        c["gambling_family"] = self._highest("gambling_family")
        c["brand"], c["brands"] = self._highest("brand"), self._count("brand")
        c["domain"] = self._highest("domain")
        for name in ("honest_domain", "hashtags", "calls", "contacts"):
            c[name] = self._count(name)
        c["frames_inside"] = self._count("frames")
        c["phones"] = self._phones()
        for name in ("link", "honest_link", "hidden"):
            c[name] = np.zeros(self.a.size)
        for first, end, *weights in self.tagged.layers:
            for name, weight in zip(("link", "honest_link", "hidden"), weights, strict=True):
                if weight.any():
                    c[name] = np.maximum(c[name], self._largest_share(first, end, weight))

    def _largest_share(
        self, first: NDArray[np.float64], end: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The largest weighted share of each span that one of the marks has; they lie apart, and in order."""
        begin, stop = np.searchsorted(first, self.from_), np.searchsorted(end, self.to, side="right")
        edges = np.stack([begin, np.maximum(begin, stop)], axis=1).ravel()
        inside = np.maximum.reduceat(np.append((end - first) * weight, 0.0), edges)[::2]
        largest = np.where(stop > begin, inside, 0.0)
        for number in (begin - 1, stop):  # those over its boundaries
            mark = np.clip(number, 0, first.size - 1)
            overlap = np.minimum(self.to, end[mark]) - np.maximum(self.from_, first[mark])
            largest = np.maximum(largest, np.maximum(overlap, 0) * weight[mark])
        return np.asarray(largest / self.n)

    def _inside(self, finds: Finds) -> tuple[Ints, Ints]:
        """The finds wholly inside each span, as an interval of their numbers."""
        begin = np.searchsorted(finds.first, self.from_)
        return begin, np.maximum(np.searchsorted(finds.end, self.to, side="right"), begin)

    def _count(self, name: str) -> NDArray[np.float64]:
        """How many finds lie wholly inside each span."""
        begin, stop = self._inside(self.tagged.finds[name])
        return (stop - begin).astype(np.float64)

    def _highest(self, name: str) -> NDArray[np.float64]:
        """The largest weight of the finds inside each span; 0 where there is none."""
        begin, stop = self._inside(self.tagged.finds[name])
        edges = np.stack([begin, stop], axis=1).ravel()
        found = np.maximum.reduceat(np.append(self.tagged.finds[name].weight, 0.0), edges)[::2]
        return np.where(stop > begin, found, 0.0)

    def _cut(self, name: str) -> NDArray[np.float64]:
        """How many finds a boundary of each span cuts."""
        finds = self.tagged.finds[name]
        begin, stop = self._inside(finds)
        touching = np.searchsorted(finds.first, self.to) - np.searchsorted(finds.end, self.from_, side="right")
        return np.asarray(np.maximum(touching, 0) - (stop - begin), dtype=np.float64)

    def _beginning(self, name: str, first: Ints, last: Ints) -> NDArray[np.float64]:
        """How many finds begin in the tokens ``first..last`` of the batch."""
        at = self.tagged.finds[name].first
        return (np.searchsorted(at, last) - np.searchsorted(at, first)).astype(np.float64)

    def _phones(self) -> NDArray[np.float64]:
        """Telephone numbers wholly inside each span."""
        tokens = self.tagged.passages.tokens
        found = np.array(find_phones(self.tagged.passages.folded.bare), dtype=np.int64).reshape(-1, 2)
        begun = np.searchsorted(found[:, 0], tokens.starts[self.a])
        ended = np.searchsorted(found[:, 1], tokens.ends[self.b - 1], side="right")
        return np.asarray(np.maximum(ended - begun, 0), dtype=np.float64)

    def layout(self) -> None:
        tagged, c = self.tagged, self.columns
        tokens, seen = tagged.passages.tokens, tagged.seen
        c["gap_before"] = tokens.gaps[self.a].astype(np.float64)
        c["gap_after"] = self._at(tokens.gaps, self.b, APART)
        sign = np.where(seen.shape >= 200, seen.shape.astype(np.int64) - 199, 0)
        c["sign_before"] = self._at(sign, self.a - 1)
        c["sign_after"] = self._at(sign, self.b)
        c["starts_line"] = (c["gap_before"] >= BROKEN).astype(np.float64)
        c["ends_line"] = (c["gap_after"] >= BROKEN).astype(np.float64)
        c["starts_sentence"] = self._at(tagged.after_sentence, self.a)
        c["ends_sentence"] = self._at(tagged.after_sentence, self.b)
        case = np.where(seen.shape >= 200, -1, seen.shape.astype(np.int64) // 8 % 4)
        c["case_before"] = self._at(case, self.a - 1, -2)
        c["case_first"] = self._at(case, self.a, -2)
        c["case_after"] = self._at(case, self.b, -2)
        words = np.maximum(self._sum(tokens.kinds >= LETTER), 1)
        c["title_case"] = self._sum(case == 1) / words
        c["upper_case"] = self._sum(case == 2) / words
        c["digits"] = self._mean(tokens.kinds == DIGIT)
        c["signs"] = self._mean(tokens.kinds == SIGN)
        c["unmarked"] = self._mean(seen.unmarked_run > 1)
        c["foreign"] = self._mean(seen.foreign)
        c["disguised"] = self._mean(seen.disguised)
        c["place"] = (self.from_ - self.text_first) / self.size

    def seam(self) -> None:
        seen, clean, c = self.tagged.seen, self.tagged.clean, self.columns
        left, right = self._word(self.a - 1), self._word(self.b)
        before, after = self._word(self.a - 2), self._word(self.b + 1)
        c["seam_pair"] = clean.fluency(scramble(left * _PAIR + right)).astype(np.float64)
        c["seam_left"] = clean.fluency(scramble((before * _TRIPLE + left) * _PAIR + right)).astype(np.float64)
        c["seam_right"] = clean.fluency(scramble((left * _TRIPLE + right) * _PAIR + after)).astype(np.float64)
        c["fluency_in"] = self._at(seen.fluency, self.a) + self._at(seen.triple, self.a)
        c["fluency_out"] = self._at(seen.fluency, self.b) + self._at(seen.triple, self.b)
        inner = np.maximum(self.n - 1, 1)
        c["fluency_inside"] = np.where(self.n > 1, self._sum(seen.fluency, self.a + 1, self.b) / inner, -1)
        c["triple_inside"] = np.where(
            self.n > 2, self._sum(seen.triple, np.minimum(self.a + 2, self.b), self.b) / inner, -1
        )
        c["rarity"] = self._mean(seen.rarity)
        c["unseen"] = self._mean(seen.rarity == 0)
        misplaced = self.tagged.misplaced
        c["misplaced"] = self._mean(misplaced)
        c["misplaced_lowest"] = self._over(np.minimum, misplaced)
        c["misplaced_left"] = self._sum(misplaced, np.maximum(self.a - 3, self.low), self.a) / 3
        c["misplaced_right"] = self._sum(misplaced, self.b, np.minimum(self.b + 3, self.high)) / 3
        c["misplaced_in"] = self._at(misplaced, self.a) - self._at(misplaced, self.a - 1, 0.0)
        c["misplaced_out"] = self._at(misplaced, self.b - 1) - self._at(misplaced, self.b, 0.0)

    def _word(self, index: Ints) -> NDArray[np.uint64]:
        word = self.tagged.seen.word
        inside = (index >= self.low) & (index < self.high)
        return np.where(inside, word[np.clip(index, 0, word.size - 1)], np.uint64(0))

    def context(self) -> None:
        tagged, c = self.tagged, self.columns
        batch = tagged.passages.batch
        near = (
            np.maximum(self.from_ - NEIGHBOURHOOD, self.text_first),
            np.minimum(self.to + NEIGHBOURHOOD, self.text_last),
        )
        c["frames_near"] = self._beginning("frames", *near) - self._beginning("frames", self.from_, self.to)
        c["frames_share"] = 100 * self._beginning("frames", self.text_first, self.text_last) / (self.size + 20)
        c["quoted"] = self._quoted()
        rest = np.maximum(self.size - self.n, 1)
        c["length_of_text"] = np.log1p(self.size)
        text = tagged.passages.text[tagged.passages.owner]
        spam = np.bincount(text, tagged.spam, minlength=len(batch.starts))
        c["spam_elsewhere"] = (spam[self.text] - self._sum(tagged.spam)) / rest
        sure = tagged.spam > SURE
        c["sure_elsewhere"] = np.log1p(
            np.bincount(text, sure, minlength=len(batch.starts))[self.text] - self._sum(sure)
        )
        lexicon = batch.glance.lexicon
        topical = np.concatenate([[0], np.cumsum(lexicon > 0)])
        whole, own = topical[self.text_last] - topical[self.text_first], topical[self.to] - topical[self.from_]
        c["topic_elsewhere"] = 100 * (whole - own) / (rest + 20)
        c["category_elsewhere"] = 100 * self._same_category(lexicon) / (rest + 20)
        c["topic_fit"], c["topic_told"] = self._topic_fit()
        telling = (tagged.seen.rarity < 5) & (tagged.passages.tokens.kinds >= LETTER)
        c["recurring"] = self._sum(telling & (tagged.seen.recurs > 0)) / np.maximum(self._sum(telling), 1)
        c["vietnamese"] = tagged.seen.vietnamese[self.a].astype(np.float64)
        c["repeats"] = self._repeats()

    def _topic_fit(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How well each span fits the topic of the rest of its text, -1..1, and how much both tell of one."""
        tagged = self.tagged
        running, total = tagged.topics
        own = running[self.b] - running[self.a]
        rest = total[tagged.passages.owner[self.a]] - own
        lengths = np.sqrt(np.stack([np.einsum("ij,ij->i", v, v) for v in (own, rest)])) / 127
        fit = np.einsum("ij,ij->i", own, rest) / np.maximum(lengths.prod(axis=0) * 127**2, 1e-6)
        return fit, np.log1p(lengths.min(axis=0))

    def _same_category(self, lexicon: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Tokens elsewhere in the text whose phrase is of the category that most of the span's phrases are of."""
        at = np.flatnonzero(lexicon)
        counts = np.zeros((at.size + 1, len(CATEGORIES)), dtype=np.int64)
        counts[1:][np.arange(at.size), (lexicon[at].astype(np.int64) - 1) // 3] = 1
        counts = counts.cumsum(axis=0)
        edges = [np.searchsorted(at, place) for place in (self.text_first, self.from_, self.to, self.text_last)]
        own = counts[edges[2]] - counts[edges[1]]
        elsewhere = counts[edges[3]] - counts[edges[0]] - own
        most = own.argmax(axis=1)[:, None]
        found = np.take_along_axis(elsewhere, most, axis=1)[:, 0]
        return np.where(own.any(axis=1), found, 0).astype(np.float64)

    def _quoted(self) -> NDArray[np.float64]:
        """2 when quotation marks stand right around the span, 1 when an open one stands before it in its line."""
        tokens, codes = self.tagged.passages.tokens, self.tagged.passages.folded.codes
        quote = np.isin(codes[tokens.starts], _QUOTES) & (tokens.kinds == SIGN)
        around = (self._at(quote, self.a - 1, 0) > 0) & (self._at(quote, self.b, 0) > 0)
        around |= (self._at(quote, self.a, 0) > 0) & (self._at(quote, self.b - 1, 0) > 0) & (self.n > 2)
        edges = self.tagged.lines
        begin = edges[np.searchsorted(edges, self.a, side="right") - 1]
        opened = self._sum(quote, begin, self.a) % 2 == 1
        return np.where(around, 2.0, opened * 1.0)

    def _repeats(self) -> NDArray[np.float64]:
        """How often the same words stand elsewhere in the passages of the text, at most 8; 0 for long spans."""
        word = self.tagged.seen.bare
        text = self.tagged.passages.text[self.tagged.passages.owner].astype(np.uint64)
        found = np.zeros(self.a.size)
        running = np.zeros(word.size, dtype=np.uint64)
        for length in range(1, LONGEST_REPEAT + 1):
            if length > word.size:
                break
            size = word.size - length + 1
            running = running[:size] * _PAIR + word[length - 1 :]
            rows = np.flatnonzero(self.n == length)
            if rows.size:
                whole = self.tagged.passages.owner[:size] == self.tagged.passages.owner[length - 1 :]
                keys = np.sort((running * _TRIPLE + text[:size])[whole])
                own = running[self.a[rows]] * _TRIPLE + text[self.a[rows]]
                times = np.searchsorted(keys, own, side="right") - np.searchsorted(keys, own)
                found[rows] = np.minimum(times - 1, 8)
        return found


_PAIR = np.uint64(0xBF58476D1CE4E5B9)
_TRIPLE = np.uint64(0x94D049BB133111EB)
