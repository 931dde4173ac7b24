"""Candidate segments and everything that speaks for or against each, as one row of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.evidence import View
from cleaner.model.chain import BEGIN, END, INSIDE, LABELS, OUTSIDE, SINGLE, best_spans, marginals
from cleaner.model.features import Columns, Counts, scramble
from cleaner.rules import RuleSet
from cleaner.rules.lexicon import Hit
from cleaner.rules.shapes import find_phones
from cleaner.tokens import APART, BROKEN, DIGIT, LETTER, SIGN
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

BIASES = (-1.0, 0.0, 1.0)
"""Log-odds added to every spam label before decoding: from cautious to eager."""
QUIET = -2.0
"""Log-odds below which no eager path comes near a token, which is then left outside without decoding."""
REACH = 6
"""Tokens to either side of a louder one that are decoded with it."""
LONGEST = 512
"""Tokens of a window; longer ones are cut, which bounds the steps of decoding."""
NEIGHBOURHOOD = 30
"""Tokens to either side in which words of reporting count."""

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
    "title_case": "layout",
    "upper_case": "layout",
    "unmarked": "disguise",
    "foreign": "disguise",
    "disguised": "disguise",
    "digits": "layout",
    "signs": "layout",
    "length_of_text": "context",
    "spam_elsewhere": "context",
    "topic_elsewhere": "context",
    "category_elsewhere": "context",
    "vietnamese": "context",
    "repeats": "repetition",
    "place": "layout",
    "link": "link",
    "honest_link": "link",
    "hidden": "hidden",
}
"""Each feature and the group under which it is told to a user. Order is part of a model."""


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """A view with what the tagger thinks of its tokens."""

    view: View
    seen: Columns
    emissions: Floats
    """Shape (token, LABELS)."""
    labels: Floats
    """Probability of each label; shape (token, LABELS)."""
    transitions: Floats
    spans: tuple[tuple[int, int], ...]
    """Token intervals on the best paths, from cautious to eager; they may overlap."""
    counts: Counts
    context: tuple[Hit, ...]
    marked: tuple[Marked, ...] = ()

    @property
    def spam(self) -> Floats:
        """Probability that each token is injected."""
        return 1.0 - self.labels[:, OUTSIDE]


@dataclass(frozen=True, slots=True)
class Marked:
    """Markup around tokens ``first..end``: a link with its judged target, or something hidden."""

    first: int
    end: int
    link: float = 0.0
    honest: bool = False
    hidden: bool = False


def tag(
    view: View,
    seen: Columns,
    emissions: Floats,
    transitions: Floats,
    counts: Counts,
    rules: RuleSet,
    marked: tuple[Marked, ...] = (),
) -> Tagged:
    """Decode the chain for one text."""
    labels = np.zeros_like(emissions)
    labels[:, OUTSIDE] = 1
    spans: dict[tuple[int, int], None] = {}
    windows = _windows(emissions, transitions)
    if windows:
        lengths = np.array([end - first for first, end in windows], dtype=np.int64)
        padded = np.zeros((len(windows), int(lengths.max()), LABELS), dtype=np.float32)
        for row, (first, end) in enumerate(windows):
            padded[row, : end - first] = emissions[first:end]
        found = marginals(padded, lengths, transitions)
        for row, (first, end) in enumerate(windows):
            labels[first:end] = found[row, : end - first]
        eager = np.tile(padded, (len(BIASES), 1, 1))
        eager[:, :, 1:] += np.repeat(np.array(BIASES, dtype=np.float32), len(windows))[:, None, None]
        paths = best_spans(eager, np.tile(lengths, len(BIASES)), transitions)
        for number, path in enumerate(paths):
            offset = windows[number % len(windows)][0]
            spans.update(dict.fromkeys((offset + first, offset + end) for first, end in path))
    context = tuple(rules.context.find(view.folded))
    return Tagged(view, seen, emissions, labels, transitions, tuple(spans), counts, context, marked)


def _windows(emissions: Floats, transitions: Floats) -> list[tuple[int, int]]:
    """Intervals around the tokens that an eager path comes near to; elsewhere nothing needs decoding."""
    near = np.flatnonzero(_best_gain(emissions, transitions, max(BIASES)) > QUIET)
    if not near.size:
        return []
    breaks = np.flatnonzero(np.diff(near) > 2 * REACH)
    begins = np.maximum(np.r_[near[0], near[breaks + 1]] - REACH, 0)
    ends = np.minimum(np.r_[near[breaks], near[-1]] + REACH + 1, len(emissions))
    return [
        (first, min(first + LONGEST, int(end)))
        for begin, end in zip(begins, ends, strict=True)
        for first in range(int(begin), int(end), LONGEST)
    ]


def _best_gain(emissions: Floats, steps: Floats, bias: float) -> Floats:
    """For each token, the score of the best span around it, alone in the text, against no span at all.

    The score of a span falls into what its begin, its end and the running sum between them bring, so that the best
    begin before and the best end after each token are found apart.
    """
    gain = emissions[:, 1:] - emissions[:, [OUTSIDE]] + np.float32(bias)
    begin, inside, end, single = (gain[:, label - 1] for label in (BEGIN, INSIDE, END, SINGLE))
    rest = steps[OUTSIDE, OUTSIDE]
    running = np.cumsum(inside + (steps[INSIDE, INSIDE] - rest), dtype=np.float64)
    before = np.concatenate([[0.0], running[:-1]])
    longer = steps[BEGIN, INSIDE] + steps[INSIDE, END] - steps[INSIDE, INSIDE]
    edges = steps[OUTSIDE, BEGIN] + steps[END, OUTSIDE] + max(longer, steps[BEGIN, END]) - 3 * rest
    left = np.maximum.accumulate(begin - running)
    right = np.maximum.accumulate((end + before)[::-1])[::-1]
    alone = single + (steps[OUTSIDE, SINGLE] + steps[SINGLE, OUTSIDE] - 2 * rest)
    return np.asarray(np.maximum(left + right + edges, alone), dtype=np.float32)


def candidates(tagged: Tagged) -> list[tuple[int, int]]:
    """Token intervals that may be injections: the tagger's, the rules', and lines and sentences."""
    found = dict.fromkeys(tagged.spans)
    clusters = rule_clusters(tagged)
    found.update(dict.fromkeys(clusters))
    found.update(dict.fromkeys((m.first, m.end) for m in tagged.marked if m.end > m.first and (m.link or m.hidden)))
    seeds = [*found]
    spam = np.concatenate([[0.0], np.cumsum(tagged.spam)])
    for edges in (line_edges(tagged), sentence_edges(tagged)):
        for first, end in seeds:
            begin = int(edges[np.searchsorted(edges, first, side="right") - 1])
            stop = int(edges[np.searchsorted(edges, end, side="left")])
            if (begin, stop) not in found and spam[stop] - spam[begin] > 0.06 * (stop - begin):
                found[begin, stop] = None
    ordered = sorted(seeds)
    for (first, end), (start, stop) in pairwise(ordered):
        if 0 <= start - end <= 6:
            found[first, stop] = None
    return sorted(found)


def rule_clusters(tagged: Tagged) -> list[tuple[int, int]]:
    """Runs of tokens that the rules saw something in, small gaps included."""
    seen = tagged.seen
    strong = (seen.lexicon > 0) & ((seen.lexicon.astype(np.int64) - 1) % 3 > 0)
    loud = strong | ((seen.mark > 1) & (seen.mark != 6))
    at = np.flatnonzero(loud)
    if not at.size:
        return []
    breaks = np.flatnonzero(np.diff(at) > 3)
    begins, ends = np.r_[at[0], at[breaks + 1]], np.r_[at[breaks], at[-1]] + 1
    return [(int(a), int(b)) for a, b in zip(begins, ends, strict=True)]


def line_edges(tagged: Tagged) -> Ints:
    """Token numbers where lines begin, and the number of tokens."""
    gaps = tagged.view.tokens.gaps
    return np.append(np.flatnonzero(gaps >= BROKEN), gaps.size)


def sentence_edges(tagged: Tagged) -> Ints:
    """Token numbers where sentences or lines begin, and the number of tokens."""
    tokens = tagged.view.tokens
    starts = (tokens.gaps >= BROKEN) | _after_sentence(tagged)
    return np.append(np.flatnonzero(starts), len(tokens))


def _after_sentence(tagged: Tagged) -> NDArray[np.bool_]:
    tokens, codes = tagged.view.tokens, tagged.view.folded.codes
    first = codes[tokens.starts]
    stop = np.isin(first, _STOPS) & (tokens.kinds == SIGN)
    after = np.zeros(len(tokens), dtype=bool)
    after[1:] = stop[:-1] & ((tokens.gaps[1:] > 0) | (first[:-1] >= 0x3000))
    return after


_STOPS = np.array([ord(c) for c in ".!?…。！？"], dtype=np.uint32)
_QUOTES = np.array([ord(c) for c in "\"'“”‘’«»「」『』"], dtype=np.uint32)


def variants(tagged: Tagged, span: tuple[int, int], reach: int = 2) -> list[tuple[int, int]]:
    """The span with its boundaries moved by up to ``reach`` tokens, and to ends of lines and sentences."""
    first, end = span
    size = len(tagged.view.tokens)
    begins = {first + by for by in range(-reach, reach + 1)}
    stops = {end + by for by in range(-reach, reach + 1)}
    for edges in (line_edges(tagged), sentence_edges(tagged)):
        begins.add(int(edges[max(0, int(np.searchsorted(edges, first, side="right")) - 1)]))
        stops.add(int(edges[min(edges.size - 1, int(np.searchsorted(edges, end, side="left")))]))
    return [(a, b) for a in sorted(begins) for b in sorted(stops) if 0 <= a < b <= size]


def rows(tagged: Tagged, spans: Sequence[tuple[int, int]]) -> Floats:
    """One row of :data:`FEATURES` for each token interval."""
    a = np.array([first for first, _ in spans], dtype=np.int64)
    b = np.array([end for _, end in spans], dtype=np.int64)
    table = _Table(tagged, a, b)
    table.extent()
    table.wording()
    table.rules()
    table.layout()
    table.seam()
    table.context()
    return np.stack([table.columns[name] for name in FEATURES], axis=1).astype(np.float32)


class _Table:
    """Builds the columns of :func:`rows`, one method a group of features."""

    def __init__(self, tagged: Tagged, a: Ints, b: Ints) -> None:
        self.tagged, self.a, self.b = tagged, a, b
        self.size = len(tagged.view.tokens)
        self.n = (b - a).astype(np.float64)
        self.columns: dict[str, NDArray[np.float64]] = {}

    def _sum(self, values: NDArray[np.generic], a: Ints | None = None, b: Ints | None = None) -> NDArray[np.float64]:
        sums = np.concatenate([[0.0], np.cumsum(values.astype(np.float64))])
        return np.asarray(sums[self.b if b is None else b] - sums[self.a if a is None else a])

    def _mean(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        return self._sum(values) / self.n

    def _at(self, values: NDArray[np.generic], index: Ints, outside: float = -1.0) -> NDArray[np.float64]:
        inside = (index >= 0) & (index < self.size)
        return np.where(inside, values[np.clip(index, 0, self.size - 1)].astype(np.float64), outside)

    def extent(self) -> None:
        tokens = self.tagged.view.tokens
        self.columns["tokens"] = np.log1p(self.n)
        self.columns["characters"] = np.log1p(tokens.ends[self.b - 1] - tokens.starts[self.a])

    def wording(self) -> None:
        spam, labels, c = self.tagged.spam, self.tagged.labels, self.columns
        c["mean"] = self._mean(spam)
        c["highest"] = np.array([spam[x:y].max() for x, y in zip(self.a, self.b, strict=True)])
        c["lowest"] = np.array([spam[x:y].min() for x, y in zip(self.a, self.b, strict=True)])
        before, after = np.maximum(self.a - 3, 0), np.minimum(self.b + 3, self.size)
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
        seen, view, c = self.tagged.seen, self.tagged.view, self.columns
        strength = np.where(seen.lexicon > 0, (seen.lexicon.astype(np.int64) - 1) % 3, -1)
        for name, level in (("strong", 2), ("medium", 1), ("weak", 0)):
            c[name] = self._mean(strength == level)
        starts, ends = self._token_bounds(view.hits)
        inside, cut = self._inside(starts, ends)
        weights = np.array([hit.term.weight for hit in view.hits])
        c["hits"] = inside.sum(axis=1).astype(np.float64)
        c["hit_weight"] = (inside * weights).max(axis=1, initial=0.0)
        c["hits_cut"] = cut.sum(axis=1).astype(np.float64)
        c["hits_disguised"] = (inside & np.array([hit.disguised for hit in view.hits], dtype=bool)).sum(axis=1) * 1.0
        family = np.array([hit.term.category in ("gambling", "lottery", "betting") for hit in view.hits], dtype=bool)
        c["gambling_family"] = ((inside & family) * weights).max(axis=1, initial=0.0)
        shape_inside = self._inside(*self._token_bounds(view.shapes))[0]
        for name, kind in (("brand", "brand"), ("domain", "domain")):
            of = np.array([s.weight if s.kind == kind else 0.0 for s in view.shapes])
            c[name] = (shape_inside * of).max(axis=1, initial=0.0)
        for name, kind in (("brands", "brand"), ("honest_domain", "honest-domain"), ("hashtags", "hashtag")):
            of_kind = np.array([s.kind == kind for s in view.shapes], dtype=bool)
            c[name] = (shape_inside & of_kind).sum(axis=1).astype(np.float64)
        phones = tuple(find_phones(view.folded))
        c["phones"] = self._inside(*self._token_bounds(phones))[0].sum(axis=1).astype(np.float64)
        inside = self._inside(*self._token_bounds(self.tagged.context))[0]
        for name, kind in (("calls", "cta"), ("contacts", "contact"), ("frames_inside", "frame")):
            of_kind = np.array([h.term.kind == kind for h in self.tagged.context], dtype=bool)
            c[name] = (inside & of_kind).sum(axis=1).astype(np.float64)
        for name in ("link", "honest_link", "hidden"):
            c[name] = np.zeros(self.a.size)
        for m in self.tagged.marked:
            overlap = np.minimum(self.b, m.end) - np.maximum(self.a, m.first)
            share = np.maximum(overlap, 0) / self.n
            c["link"] = np.maximum(c["link"], share * m.link)
            c["honest_link"] = np.maximum(c["honest_link"], share * m.honest)
            c["hidden"] = np.maximum(c["hidden"], share * m.hidden)

    def _token_bounds(self, found: Sequence[object]) -> tuple[Ints, Ints]:
        tokens = self.tagged.view.tokens
        starts = np.array([getattr(f, "start") for f in found], dtype=np.int64)  # noqa: B009
        ends = np.array([getattr(f, "end") for f in found], dtype=np.int64)  # noqa: B009
        return np.searchsorted(tokens.ends, starts, side="right"), np.searchsorted(tokens.starts, ends)

    def _inside(self, starts: Ints, ends: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which finds lie wholly inside each span, and which are cut by its boundary."""
        a, b = self.a[:, None], self.b[:, None]
        inside = (starts >= a) & (ends <= b)
        touching = (starts < b) & (ends > a)
        return inside, touching & ~inside

    def layout(self) -> None:
        tagged, c = self.tagged, self.columns
        tokens, seen = tagged.view.tokens, tagged.seen
        c["gap_before"] = self._at(tokens.gaps, self.a)
        c["gap_after"] = self._at(tokens.gaps, self.b, APART)
        sign = np.where(seen.shape >= 200, seen.shape.astype(np.int64) - 199, 0)
        c["sign_before"] = self._at(sign, self.a - 1)
        c["sign_after"] = self._at(sign, self.b)
        after_sentence = _after_sentence(tagged)
        c["starts_line"] = (c["gap_before"] >= BROKEN).astype(np.float64)
        c["ends_line"] = (c["gap_after"] >= BROKEN).astype(np.float64)
        c["starts_sentence"] = self._at(after_sentence, self.a)
        c["ends_sentence"] = self._at(after_sentence, self.b)
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
        c["place"] = self.a / max(1, self.size)

    def seam(self) -> None:
        seen, counts, c = self.tagged.seen, self.tagged.counts, self.columns
        word = seen.word
        left, right = self._word(word, self.a - 1), self._word(word, self.b)
        before, after = self._word(word, self.a - 2), self._word(word, self.b + 1)
        c["seam_pair"] = _look_up(counts, scramble(left * _PAIR + right))
        c["seam_left"] = _look_up(counts, scramble((before * _TRIPLE + left) * _PAIR + right))
        c["seam_right"] = _look_up(counts, scramble((left * _TRIPLE + right) * _PAIR + after))
        c["fluency_in"] = self._at(seen.fluency, self.a) + self._at(seen.triple, self.a)
        c["fluency_out"] = self._at(seen.fluency, self.b) + self._at(seen.triple, self.b)
        inner = np.maximum(self.n - 1, 1)
        c["fluency_inside"] = np.where(self.n > 1, self._sum(seen.fluency, self.a + 1, self.b) / inner, -1)
        c["triple_inside"] = np.where(
            self.n > 2, self._sum(seen.triple, np.minimum(self.a + 2, self.b), self.b) / inner, -1
        )
        c["rarity"] = self._mean(seen.rarity)
        c["unseen"] = self._mean(seen.rarity == 0)

    def _word(self, word: NDArray[np.uint64], index: Ints) -> NDArray[np.uint64]:
        inside = (index >= 0) & (index < self.size)
        return np.where(inside, word[np.clip(index, 0, self.size - 1)], np.uint64(0))

    def context(self) -> None:
        tagged, c = self.tagged, self.columns
        seen, spam = tagged.seen, tagged.spam
        frames = [hit for hit in tagged.context if hit.term.kind == "frame"]
        starts, _ = self._token_bounds(frames)
        near = (starts >= self.a[:, None] - NEIGHBOURHOOD) & (starts < self.b[:, None] + NEIGHBOURHOOD)
        within = (starts >= self.a[:, None]) & (starts < self.b[:, None])
        c["frames_near"] = (near & ~within).sum(axis=1).astype(np.float64)
        c["frames_share"] = np.full(self.a.size, 100 * len(frames) / (self.size + 20))
        c["quoted"] = self._quoted()
        rest = np.maximum(self.size - self.n, 1)
        c["length_of_text"] = np.full(self.a.size, np.log1p(self.size))
        c["spam_elsewhere"] = (spam.sum() - self._sum(spam)) / rest
        topical = seen.lexicon > 0
        c["topic_elsewhere"] = 100 * (topical.sum() - self._sum(topical)) / (rest + 20)
        category = np.where(topical, (seen.lexicon.astype(np.int64) - 1) // 3, -1)
        own = np.array([_most(category[x:y]) for x, y in zip(self.a, self.b, strict=True)])
        totals = np.bincount(category[topical], minlength=len(CATEGORIES))
        inside = [np.count_nonzero(category[x:y] == o) for x, y, o in zip(self.a, self.b, own, strict=True)]
        same = np.where(own >= 0, totals[own] - np.array(inside), 0)
        c["category_elsewhere"] = 100 * same / (rest + 20)
        c["vietnamese"] = np.full(self.a.size, float(seen.vietnamese))
        c["repeats"] = self._repeats()

    def _quoted(self) -> NDArray[np.float64]:
        """2 when quotation marks stand right around the span, 1 when an open one stands before it in its line."""
        tokens, codes = self.tagged.view.tokens, self.tagged.view.folded.codes
        quote = np.isin(codes[tokens.starts], _QUOTES) & (tokens.kinds == SIGN)
        around = (self._at(quote, self.a - 1, 0) > 0) & (self._at(quote, self.b, 0) > 0)
        around |= (self._at(quote, self.a, 0) > 0) & (self._at(quote, self.b - 1, 0) > 0) & (self.n > 2)
        edges = line_edges(self.tagged)
        begin = edges[np.searchsorted(edges, self.a, side="right") - 1]
        opened = self._sum(quote, begin, self.a) % 2 == 1
        return np.where(around, 2.0, opened * 1.0)

    def _repeats(self) -> NDArray[np.float64]:
        """How often the same words stand elsewhere in the text."""
        word = self.tagged.seen.bare
        found = np.zeros(self.a.size)
        for row, (x, y) in enumerate(zip(self.a, self.b, strict=True)):
            length = y - x
            if length > 12:
                continue
            same = word[: self.size - length + 1] == word[x]
            for by in range(1, length):
                same = same & (word[by : self.size - length + 1 + by] == word[x + by])
            found[row] = min(8, same.sum() - 1)
        return found


_PAIR = np.uint64(0xBF58476D1CE4E5B9)
_TRIPLE = np.uint64(0x94D049BB133111EB)


def _look_up(counts: Counts, key: NDArray[np.uint64]) -> NDArray[np.float64]:
    return counts.pairs[(key >> np.uint64(64 - counts.pair_bits)).astype(np.int64)].astype(np.float64)


def _most(values: NDArray[np.int64]) -> int:
    values = values[values >= 0]
    return int(np.bincount(values).argmax()) if values.size else -1
