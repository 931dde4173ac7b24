"""Samples → rows to learn from, in worker processes."""

from __future__ import annotations

import random
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.evidence import view
from cleaner.model.classifier import Classifier, category_features, spans_in_tokens
from cleaner.model.features import Columns, Counts, columns, hashed_features
from cleaner.model.screen import screen_features
from cleaner.model.segments import Marked, Tagged, candidates, rows, variants
from cleaner.rules import RuleSet
from cleaner.training.fit_tagger import Sequence
from cleaner.training.inject import Injector, Sample
from cleaner.training.material import Material
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hosts:
    """Honest texts of one language."""

    material: Material
    foreign: tuple[Material, ...]
    clean: tuple[str, ...]
    hard: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """How the samples of a run are put together; shares of all samples."""

    infected: float = 0.6
    decorated: float = 0.12
    hard: float = 0.3
    """Of the hosts, delicate articles."""
    longest: int = 6000
    """Hosts are cut to at most this many characters."""
    shortest: int = 150


def draw(hosts: Hosts, mix: Mix, count: int, seed: int) -> list[Sample]:
    """Samples made from ``hosts``: infected, decorated with honest doubles, or as they are."""
    rng = random.Random(seed)
    injector = Injector(hosts.material, hosts.foreign, seed + 1)
    made = []
    for _ in range(count):
        delicate = bool(hosts.hard) and rng.random() < mix.hard
        host = crop(rng.choice(hosts.hard if delicate else hosts.clean or hosts.hard), rng, mix)
        roll = rng.random() + (0.25 * mix.infected if delicate else 0)
        if roll < mix.infected:
            made.append(injector.infect(host))
        elif roll < mix.infected + mix.decorated:
            made.append(injector.decorate(host))
        else:
            made.append(Sample(host, host, (), "delicate" if delicate else "clean", hosts.material.lang))
    return made


def crop(text: str, rng: random.Random, mix: Mix) -> str:
    """A part of an article that begins and ends at line or sentence edges, where there are any."""
    text = text.strip()
    wanted = int(mix.shortest * (mix.longest / mix.shortest) ** rng.random())
    if len(text) <= wanted:
        return text
    begin = 0
    if rng.random() < 0.5:
        begin = rng.randrange(len(text) - wanted)
        edge = max(text.find("\n", begin, begin + wanted // 2), text.find(". ", begin, begin + wanted // 2))
        begin = edge + 1 if edge >= 0 else begin
    piece = text[begin : begin + wanted]
    edge = max(piece.rfind("\n"), piece.rfind(". ") + 1, piece.rfind("。") + 1)
    return (piece[:edge] if edge > wanted // 2 else piece).strip()


def tagger_sequences(
    hosts: Hosts, mix: Mix, count: int, seed: int, rules: RuleSet, counts: Counts, bits: int, screen_bits: int
) -> list[Sequence]:
    """Training texts of the tagger."""
    sequences = []
    for sample in draw(hosts, mix, count, seed):
        seen_view = view(sample.text, rules)
        if not len(seen_view.tokens):
            continue
        spans = spans_in_tokens(seen_view, [(s.start, s.end) for s in sample.spans])
        seen = columns(seen_view, counts)
        first_look = screen_features(seen, screen_bits)
        sequences.append(Sequence(hashed_features(seen, bits), tuple(_disjoint(spans)), first_look))
    return sequences


def _disjoint(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for span in sorted(spans):
        if kept and span[0] < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(span[1], kept[-1][1]))
        else:
            kept.append(span)
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRows:
    """Rows of candidate segments with what they turned out to be."""

    worth: NDArray[np.float32]
    worth_labels: NDArray[np.bool_]
    bounds: NDArray[np.float32]
    bounds_labels: NDArray[np.bool_]
    weights: NDArray[np.float32]
    """Of the rows of ``worth``: mistakes in honest texts weigh more."""


def segment_rows(classifier: Classifier, samples: Seq[Sample], seed: int, harm: float = 3.0) -> SegmentRows | None:
    """Candidate segments of ``samples`` as rows, if there are any; ``harm`` weighs those of honest documents."""
    rng = random.Random(seed)
    worth, worth_labels, weights, bounds, bounds_labels = [], [], [], [], []
    for sample in samples:
        seen_view = classifier.look(sample.text)
        if not len(seen_view.tokens):
            continue
        true = _disjoint(spans_in_tokens(seen_view, [(s.start, s.end) for s in sample.spans]))
        tagged = classifier.tag(seen_view, _made_up_markup(true, len(seen_view.tokens), rng))
        if tagged is None:
            continue
        spans = candidates(tagged)
        if sample.spans:
            spans = _with_moved(tagged, spans, true, rng)
        if not spans:
            continue
        inside = true_characters(tagged, true)
        labels = np.array([is_worth(inside, tagged, span, true) for span in spans], dtype=bool)
        worth.append(rows(tagged, spans))
        worth_labels.append(labels)
        weights.append(np.full(len(spans), 1.0 if true else harm, dtype=np.float32))
        chosen = [span for span in spans if _touches(span, true)]
        if chosen:
            bounds.append(rows(tagged, chosen))
            bounds_labels.append(np.array([span in true for span in chosen], dtype=bool))
    if not worth or not bounds:
        return None
    return SegmentRows(
        np.concatenate(worth),
        np.concatenate(worth_labels),
        np.concatenate(bounds),
        np.concatenate(bounds_labels),
        np.concatenate(weights),
    )


def _made_up_markup(true: list[tuple[int, int]], size: int, rng: random.Random) -> tuple[Marked, ...]:
    """Links and hidden elements as a page would have them: around injections, and around honest words."""
    if rng.random() > 0.25:
        return ()
    marked = []
    for first, end in true:
        if rng.random() < 0.6:
            link = rng.choice((0.0, 0.3, 0.6, 0.65, 0.95, 1.0))
            marked.append(Marked(first, end, link, rng.random() < 0.02, rng.random() < 0.5))
    for _ in range(rng.randint(0, 4)):
        first = rng.randrange(size)
        end = min(size, first + rng.randint(1, 8))
        if not _touches((first, end), true):
            link = 0.3 * (rng.random() < 0.2)
            marked.append(Marked(first, end, link, not link and rng.random() < 0.7, rng.random() < 0.25))
    return tuple(marked)


def _with_moved(
    tagged: Tagged, spans: list[tuple[int, int]], true: list[tuple[int, int]], rng: random.Random
) -> list[tuple[int, int]]:
    """The candidates, the true spans, and some of both with moved boundaries."""
    found = dict.fromkeys(spans)
    for span in true:
        found[span] = None
        moved = variants(tagged, span)
        found.update(dict.fromkeys(rng.sample(moved, min(10, len(moved)))))
    for span in rng.sample(spans, min(3, len(spans))):
        moved = variants(tagged, span)
        found.update(dict.fromkeys(rng.sample(moved, min(4, len(moved)))))
    return list(found)


def _touches(span: tuple[int, int], true: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and span[1] > first for first, end in true)


def true_characters(tagged: Tagged, true: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Running count of injected characters before each token, and of all characters."""
    lengths = tagged.view.tokens.ends - tagged.view.tokens.starts
    inside = np.zeros(lengths.size, dtype=np.int64)
    for first, end in true:
        inside[first:end] = 1
    return np.stack([np.r_[0, np.cumsum(inside * lengths)], np.r_[0, np.cumsum(lengths)]])


def is_worth(running: NDArray[np.int64], tagged: Tagged, span: tuple[int, int], true: list[tuple[int, int]]) -> bool:
    """Whether cutting ``span`` removes at least half of an injection and next to nothing else."""
    first, end = span
    injected = running[0, end] - running[0, first]
    size = running[1, end] - running[1, first]
    if injected == 0 or injected < 0.9 * size:
        return False
    touched = [(a, b) for a, b in true if a < end and b > first]
    return bool(injected * 2 >= sum(running[1, b] - running[1, a] for a, b in touched))


def category_rows(
    samples: Seq[Sample], rules: RuleSet, counts: Counts, bits: int
) -> list[tuple[NDArray[np.int64], int]]:
    """Hashed words of injected spans, with the number of their category."""
    found = []
    for sample in samples:
        seen_view = view(sample.text, rules)
        seen: Columns = columns(seen_view, counts)
        for span in sample.spans:
            for first, end in spans_in_tokens(seen_view, [(span.start, span.end)]):
                found.append((category_features(seen, first, end, bits), CATEGORIES.index(span.category)))
    return found
