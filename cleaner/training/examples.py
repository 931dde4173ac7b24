"""Samples → rows to learn from, in worker processes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cleaner.model.categories import category_features
from cleaner.model.classifier import Classifier, spans_in_tokens
from cleaner.model.clean_text import CleanText
from cleaner.model.features import columns, hashed_features
from cleaner.model.passages import Batch, between, first_look, whole
from cleaner.model.screen import screen_features
from cleaner.model.segments import Marked, Tagged, in_passages, rows, variants
from cleaner.rules import RuleSet
from cleaner.training.fit_tagger import Sequence
from cleaner.training.grafts import grafted
from cleaner.training.inject import Injector, Sample
from cleaner.training.material import Material
from cleaner.training.page import on_a_page
from cleaner.training.strange import unknown_language
from cleaner.training.unfamiliar import unfamiliar
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray


STRETCH = 240
"""Tokens of the longest training texts of the tagger, a little more where an injection would be cut."""
OPTIONS = 24
"""Of the boundaries that an injection may have, about so many are learnt from."""


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
    traps: float = 0.08
    """Of the hosts, texts of the templates that were written to look dangerous."""
    prose: float = 0.15
    """Of the other hosts, honest texts that were written as the templates were."""
    pages: float = 0.15
    """Of the hosts, articles with what stands around them on a page."""
    unknown: float = 0.02
    """Of the hosts, texts in no language that the model knows."""
    grafts: float = 0.0
    """Of all samples, honest words where they do not belong."""
    longest: int = 6000
    """Hosts are cut to at most this many characters."""
    shortest: int = 150


def draw(hosts: Hosts, mix: Mix, count: int, seed: int) -> list[Sample]:
    """Samples made from ``hosts``: infected, decorated with honest doubles, or as they are."""
    rng = random.Random(seed)
    injector = Injector(hosts.material, hosts.foreign, seed + 1)
    made = []
    for _ in range(count):
        if hosts.material.articles and rng.random() < mix.traps:
            delicate, text = True, hosts.material.fill(rng.choice(hosts.material.articles), rng)
        elif hosts.material.prose and rng.random() < mix.prose:
            delicate, text = False, rng.choice(hosts.material.prose)
        else:
            delicate = bool(hosts.hard) and rng.random() < mix.hard
            text = rng.choice(hosts.hard if delicate else hosts.clean or hosts.hard)
        host = crop(text, rng, mix)
        if rng.random() < mix.grafts:
            pool = hosts.material.prose if text in hosts.material.prose or rng.random() < 0.15 else hosts.clean
            made.append(grafted(host, crop(rng.choice(pool or (text,)), rng, mix), hosts.material.lang, rng))
            continue
        if rng.random() < mix.unknown:
            host = unknown_language(host, rng)
        if rng.random() < mix.pages:
            others = hosts.hard if hosts.hard and rng.random() < 0.15 else hosts.clean or hosts.hard
            host = on_a_page(host, others, hosts.material, rng)
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
    hosts: Hosts, mix: Mix, count: int, seed: int, rules: RuleSet, clean: CleanText, bits: int
) -> list[Sequence]:
    """Training texts of the tagger: of each sample a stretch of at most :data:`STRETCH` tokens."""
    rng = random.Random(seed)
    sequences = []
    for some in in_batches(draw(hosts, mix, count, seed)):
        batch = first_look([sample.text for sample in some], rules, clean)
        true = true_spans(batch, some)
        stretches = [
            _stretch(int(first), int(last), own, rng)
            for first, last, own in zip(batch.first, batch.last, true, strict=True)
        ]
        passages = between(batch, stretches)
        seen = unfamiliar(columns(passages, clean), passages, np.random.default_rng(rng.getrandbits(32)))
        features = hashed_features(seen, bits)
        screen = screen_features(batch.glance)
        for text, first, last in zip(passages.text, passages.first, passages.last, strict=True):
            begin, end = stretches[text]
            spans = tuple((a - begin, b - begin) for a, b in true[text] if begin <= a and b <= end)
            sequences.append(Sequence(features[first:last], spans, screen[:, begin:end], some[text].style == "graft"))
    return sequences


def _stretch(first: int, last: int, true: list[tuple[int, int]], rng: random.Random) -> tuple[int, int]:
    """A part of the tokens ``first..last``, around one of the injections if there are any; it cuts none in two."""
    if last - first <= STRETCH:
        return first, last
    a, b = rng.choice(true) if true else (rng.randrange(first, last), 0)
    b = max(a, b)
    begin = max(first, a - rng.randint(0, max(0, STRETCH - (b - a))))
    end = min(last, max(b, begin + STRETCH))
    for a, b in true:
        begin = a if a < begin < b else begin
        end = b if a < end < b else end
    return begin, end


def honest_rows(classifier: Classifier, texts: Seq[str], lang: str, harm: float = 3.0) -> SegmentRows | None:
    """What the classifier takes for candidates in honest texts (hard negatives)."""
    return segment_rows(classifier, [Sample(text, text, (), "clean", lang) for text in texts], 0, harm)


def in_batches(samples: Seq[Sample], size: int = 50) -> Iterator[Seq[Sample]]:
    """The samples in order, so many at a time."""
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]


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

    table: NDArray[np.float32]
    labels: NDArray[np.bool_]
    """Whether cutting each of them is right."""
    weights: NDArray[np.float32]
    """Mistakes in honest texts weigh more."""


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Rows of the boundaries that a found injection may have, the options of each one after another."""

    table: NDArray[np.float32]
    labels: NDArray[np.bool_]
    """Whether they are exactly those of the injection."""
    options: NDArray[np.int64]
    """Numbers of rows of each."""


Table = TypeVar("Table", SegmentRows, Choices)


def segment_rows(classifier: Classifier, samples: Seq[Sample], seed: int, harm: float = 3.0) -> SegmentRows | None:
    """Candidate segments of ``samples`` as rows, if there are any; ``harm`` weighs those of honest documents."""
    rng = random.Random(seed)
    parts = [part for some in in_batches(samples) if (part := _rows_of(classifier, some, rng, harm)) is not None]
    return joined(parts) if parts else None


def joined(parts: Seq[Table]) -> Table:
    """All rows of several parts, of which there is at least one."""
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(part, name) for part in parts]) for name in kind.__slots__))


def _rows_of(classifier: Classifier, samples: Seq[Sample], rng: random.Random, harm: float) -> SegmentRows | None:
    tagged, injected = _tagged(classifier, samples, rng)
    spans = _with_moved(tagged, tagged.candidates, injected, rng)
    if not len(spans):
        return None
    text = tagged.passages.text[tagged.passages.owner[spans[:, 0]]]
    infected = np.array([bool(sample.spans) for sample in samples])
    weights = np.where(infected[text], 1.0, harm).astype(np.float32)
    return SegmentRows(rows(tagged, spans), are_worth(tagged, spans, injected), weights)


def _tagged(classifier: Classifier, samples: Seq[Sample], rng: random.Random) -> tuple[Tagged, NDArray[np.int64]]:
    """The tagger's opinion of texts, some with made-up markup, and the injections as its token intervals."""
    batch = classifier.look([sample.text for sample in samples])
    true = true_spans(batch, samples)
    marked = [
        mark
        for text, own in enumerate(true)
        for mark in _made_up_markup(own, int(batch.first[text]), int(batch.last[text]), rng)
    ]
    tagged = classifier.tag(batch, marked)
    return tagged, in_passages(tagged.passages, [span for own in true for span in own])


def choices(classifier: Classifier, samples: Seq[Sample], lowest: float, seed: int) -> Choices | None:
    """What the classifier may choose between where it finds an injection, if the right boundaries are among it.

    What it finds scores at least ``lowest``, raw; of boundaries with many options some are left out.
    """
    rng = random.Random(seed)
    parts = [part for some in in_batches(samples) if (part := _choices_of(classifier, some, lowest, rng)) is not None]
    return joined(parts) if parts else None


def _choices_of(classifier: Classifier, samples: Seq[Sample], lowest: float, rng: random.Random) -> Choices | None:
    tagged, injected = _tagged(classifier, samples, rng)
    right = set(map(tuple, injected.tolist()))
    found = []
    for span, _ in classifier.winners(tagged, lowest):
        among = variants(tagged, span)
        if not right.isdisjoint(among):
            found.append([option for option in among if option in right or rng.random() < OPTIONS / len(among)])
    if not found:
        return None
    spans = [option for among in found for option in among]
    table = rows(tagged, np.array(spans, dtype=np.int64))
    return Choices(table, np.array([span in right for span in spans]), np.array([len(among) for among in found]))


def true_spans(batch: Batch, samples: Seq[Sample]) -> list[list[tuple[int, int]]]:
    """The injections of each sample as tokens of the batch."""
    return [
        _disjoint(spans_in_tokens(batch, text, [(s.start, s.end) for s in sample.spans]))
        for text, sample in enumerate(samples)
    ]


def _made_up_markup(true: list[tuple[int, int]], begin: int, end: int, rng: random.Random) -> Iterator[Marked]:
    """Links and hidden elements as a page would have them: around injections, and around honest words."""
    if rng.random() > 0.25 or begin == end:
        return
    for first, last in true:
        if rng.random() < 0.6:
            link = rng.choice((0.0, 0.3, 0.6, 0.65, 0.95, 1.0))
            yield Marked(first, last, link, rng.random() < 0.02, rng.random() < 0.5)
    for _ in range(rng.randint(0, 4)):
        first = rng.randrange(begin, end)
        last = min(end, first + rng.randint(1, 8))
        if not any(first < b and last > a for a, b in true):
            link = 0.3 * (rng.random() < 0.2)
            yield Marked(first, last, link, not link and rng.random() < 0.7, rng.random() < 0.25)


def _with_moved(
    tagged: Tagged, spans: NDArray[np.int64], true: NDArray[np.int64], rng: random.Random
) -> NDArray[np.int64]:
    """The candidates, the true spans, and some of both with moved boundaries."""
    found: dict[tuple[int, int], None] = {}
    for chosen, most in ((true, 10), (spans[overlaps(spans, true)], 2)):
        for span in chosen.tolist():
            moved = variants(tagged, (span[0], span[1]))
            found.update(dict.fromkeys(rng.sample(moved, min(most, len(moved)))))
    more = np.array(list(found), dtype=np.int64).reshape(-1, 2)
    return np.unique(np.concatenate([spans, true, more]), axis=0)


def overlaps(spans: NDArray[np.int64], true: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the spans touch a true one; the true ones are disjoint and ascending."""
    return np.asarray(np.searchsorted(true[:, 0], spans[:, 1]) > np.searchsorted(true[:, 1], spans[:, 0], side="right"))


def are_worth(tagged: Tagged, spans: NDArray[np.int64], true: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether cutting each span removes half of what it touches of the injections or more, and hardly anything else."""
    tokens = tagged.passages.tokens
    lengths = tokens.ends - tokens.starts
    inside = np.zeros(len(lengths), dtype=np.int64)
    for first, end in true.tolist():
        inside[first:end] = 1
    running = np.stack([np.r_[0, np.cumsum(inside * lengths)], np.r_[0, np.cumsum(lengths)]])
    injected, size = running[:, spans[:, 1]] - running[:, spans[:, 0]]
    sizes = np.r_[0, np.cumsum(running[1, true[:, 1]] - running[1, true[:, 0]])]
    begin = np.searchsorted(true[:, 1], spans[:, 0], side="right")
    touched = sizes[np.maximum(np.searchsorted(true[:, 0], spans[:, 1]), begin)] - sizes[begin]
    return np.asarray((injected > 0) & (injected >= 0.9 * size) & (injected * 2 >= touched))


def category_rows(
    samples: Seq[Sample], rules: RuleSet, clean: CleanText, bits: int
) -> list[tuple[NDArray[np.int64], int]]:
    """Hashed words of injected spans, with the number of their category."""
    found = []
    for some in in_batches(samples):
        batch = first_look([sample.text for sample in some], rules, clean)
        passages = whole(batch)
        seen = columns(passages, clean)
        for text, sample in enumerate(some):
            for span in sample.spans:
                inside = spans_in_tokens(batch, text, [(span.start, span.end)])
                for first, end in in_passages(passages, inside).tolist():
                    found.append((category_features(seen, first, end, bits), CATEGORIES.index(span.category)))
    return found
