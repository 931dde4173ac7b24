"""The figures by which cleaning is judged: pure functions of what was injected, what was cut and what is left.

Every figure is a quotient of two sums over documents (:data:`MEASURES`), so that one bootstrap serves all.
Offsets are half-open intervals of Unicode code points of the source; characters are counted without white space.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from cleaner.training.spans import Interval, difference, intersection, merged, solid
from cleaner.types import Format, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["infected", "clean", "hard"]
ErrorKind = Literal["false cut", "too long", "missed", "partial", "wrong mending"]

KINDS: tuple[Kind, ...] = get_args(Kind)
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
"""What can go wrong with a document, the most harmful first; it counts as the first that it is.

A false cut took nothing but honest text; a cut too long took some beside the injection; missed: nothing was cut;
partial: some of the injection stayed; wrong mending: the right characters went, but the seam is not as it was.
"""
KEYS = ("lang", "format", "style", "category", "brand", "disguise", "domain", "topic")
"""What figures can be broken down by. Style, category, brand and disguise are known of infected documents only,
topics of honest ones."""
STRICT_FORMATS = ("html", "markdown")
"""Restored only when every character is as it was: white space has a meaning there."""
ORDINARY = "ordinary"
"""The topic of honest documents that are not delicate."""
UNKNOWN = "unknown"
RESAMPLES = 1000
SEED = 20_240
CONFIDENCE = 0.95
SMALLEST_TOPIC = 5
"""Documents from which a topic can be named as the worst."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document as published, and as it was."""

    source: str
    clean: str
    """What a careful editor publishes; equal to ``source`` when the document is honest."""
    id: str = ""
    place: str = ""
    """``file:line`` where it was read."""
    lang: str = "und"
    format: Format = "text"
    spans: tuple[Interval, ...] = ()
    """What was injected, in source order, disjoint."""
    category: str = UNKNOWN
    """Of the first span."""
    style: str = UNKNOWN
    domain: str = UNKNOWN
    """Domain of life: health, schools, sport…"""
    topics: tuple[str, ...] = ()
    """What an honest document speaks of."""
    known_brand: bool | None = None
    """Whether the brand is one that training may have seen."""
    obfuscated: bool | None = None

    @property
    def kind(self) -> Kind:
        """``infected``; ``hard``: honest, on a delicate topic; ``clean``: honest otherwise."""
        if self.clean != self.source:
            return "infected"
        return "hard" if any(topic != ORDINARY for topic in self.topics) else "clean"

    @property
    def is_strict(self) -> bool:
        """Whether white space counts."""
        return self.format in STRICT_FORMATS

    def labels(self) -> dict[str, tuple[str, ...]]:
        """The groups that the document belongs to, for each of :data:`KEYS` that says something of it."""
        labels: dict[str, tuple[str, ...]] = {
            "lang": (self.lang,),
            "format": (self.format,),
            "domain": (self.domain,),
        }
        if self.kind == "infected":
            brand = {None: UNKNOWN, True: "known", False: "unseen"}[self.known_brand]
            disguise = {None: UNKNOWN, True: "obfuscated", False: "plain"}[self.obfuscated]
            labels |= {"style": (self.style,), "category": (self.category,), "brand": (brand,), "disguise": (disguise,)}
        else:
            labels["topic"] = self.topics
        return labels


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a system did with a document."""

    text: str
    removed: tuple[Interval, ...]
    """What was cut of the source, in order, disjoint; the mending of seams aside."""
    verdict: str
    found: bool
    """Whether anything was cut or flagged."""

    @classmethod
    def of_result(cls, result: Result) -> Treatment:
        """The characters that lie in a finding to strip and in an edit; none when the document was left as it is."""
        strip = [(finding.start, finding.end) for finding in result.findings if finding.action == "strip"]
        removed = intersection(strip, [(edit.start, edit.end) for edit in result.edits])
        return cls(result.text, tuple(removed), result.verdict, bool(result.findings))

    @classmethod
    def of_cuts(cls, source: str, cuts: Iterable[Interval]) -> Treatment:
        """``source`` without ``cuts``."""
        removed = tuple(merged(cuts))
        text = "".join(source[start:end] for start, end in difference([(0, len(source))], removed))
        return cls(text, removed, "cleaned" if removed else "clean", bool(removed))


@dataclass(frozen=True, slots=True)
class Score:
    """How a system did on one document."""

    kind: Kind
    verdict: str
    labels: Mapping[str, tuple[str, ...]]
    exact: bool
    """The text is the original, white space collapsed; in HTML and Markdown byte by byte."""
    strict: bool
    """The text is the original, byte by byte."""
    assisted: bool | None
    """As ``exact``, had every flag been accepted; ``None``: the system does not flag."""
    true: int
    """Characters injected."""
    removed: int
    """Characters cut."""
    common: int
    """Characters injected and cut."""
    untouched: bool
    """Nothing was cut."""
    silent: bool
    """Nothing was cut or flagged."""
    error: ErrorKind | None = None
    """What went wrong; ``None`` when nothing did."""

    @property
    def wrong(self) -> int:
        """Characters cut that should have stayed, and those that stayed and should have been cut."""
        return self.true + self.removed - 2 * self.common


def score(record: Record, treatment: Treatment, assisted: str | None = None) -> Score:
    """Judge what was done with a document.

    Args:
        record: the document.
        treatment: what the system made of it.
        assisted: the text when every flag is accepted too; ``None`` when the system does not flag.
    """
    judged = Score(
        kind=record.kind,
        verdict=treatment.verdict,
        labels=record.labels(),
        exact=is_restored(treatment.text, record.clean, record.is_strict),
        strict=is_restored(treatment.text, record.clean, strict=True),
        assisted=None if assisted is None else is_restored(assisted, record.clean, record.is_strict),
        true=solid(record.source, record.spans),
        removed=solid(record.source, treatment.removed),
        common=solid(record.source, intersection(record.spans, treatment.removed)),
        untouched=not treatment.removed and treatment.text == record.source,
        silent=not treatment.found,
    )
    return replace(judged, error=_error(record, treatment, judged))


def _error(record: Record, treatment: Treatment, judged: Score) -> ErrorKind | None:
    if judged.exact and (record.kind == "infected" or judged.untouched):
        return None
    for cut in treatment.removed:
        if solid(record.source, [cut]) and not solid(record.source, intersection([cut], record.spans)):
            return "false cut"
    if judged.removed > judged.common:
        return "too long"
    if judged.untouched:
        return "missed"
    return "partial" if judged.common < judged.true else "wrong mending"


def is_restored(text: str, original: str, strict: bool) -> bool:
    """Whether ``text`` is the original; unless ``strict``, runs of white space count as one space."""
    return text == original or (not strict and collapse(text) == collapse(original))


def collapse(text: str) -> str:
    """``text`` with runs of white space as one space, and none at its ends."""
    return " ".join(text.split())


# --- figures


class Figure(NamedTuple):
    """A quotient over many documents, with its interval where it was asked for."""

    value: float | None
    """0..1; ``None`` when there is nothing to judge."""
    of: int
    """The documents, or for precision, recall and F1 the characters, that it is a share of."""
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {name: None if value is None else round(value, 5) for name, value in self._asdict().items()}


class Measure(NamedTuple):
    """How a figure is counted."""

    name: str
    title: str
    parts: Callable[[Score], tuple[int, int]]
    """What a document adds to the numerator and to the denominator."""


def _share(kind: Kind, is_good: Callable[[Score], bool | None]) -> Callable[[Score], tuple[int, int]]:
    """The share of the documents of a kind that are good; those of which it is not known do not count."""

    def parts(judged: Score) -> tuple[int, int]:
        good = is_good(judged) if judged.kind == kind else None
        return int(bool(good)), int(good is not None)

    return parts


MEASURES = (
    Measure("exact", "exact restoration", _share("infected", lambda s: s.exact)),
    Measure("strict", "exact restoration, strict", _share("infected", lambda s: s.strict)),
    Measure("assisted", "assisted restoration", _share("infected", lambda s: s.assisted)),
    Measure("hit", "hit rate", _share("infected", lambda s: s.common > 0)),
    Measure("precision", "span precision", lambda s: (s.common, s.removed)),
    Measure("recall", "span recall", lambda s: (s.common, s.true)),
    Measure("f1", "span F1", lambda s: (2 * s.common, s.removed + s.true)),
    Measure("clean_untouched", "clean untouched", _share("clean", lambda s: s.untouched)),
    Measure("clean_silent", "clean without a finding", _share("clean", lambda s: s.silent)),
    Measure("hard_untouched", "hard negatives untouched", _share("hard", lambda s: s.untouched)),
    Measure("hard_silent", "hard negatives without a finding", _share("hard", lambda s: s.silent)),
)


def figures(scores: Sequence[Score], intervals: bool = False) -> dict[str, Figure]:
    """All figures over ``scores`` by name; with ``intervals``, those that hold 95 % of 1,000 resamples of documents.

    Where all documents agree the interval has no width, however few they are.
    """
    table = counts(scores)
    bounds = map(percentiles, resample(table).T) if intervals and scores else [(None, None)] * len(MEASURES)
    return {
        measure.name: Figure(int(above) / int(below) if below else None, int(below), low, high)
        for measure, (above, below), (low, high) in zip(MEASURES, table.sum(axis=0), bounds, strict=True)
    }


def counts(scores: Sequence[Score]) -> NDArray[np.int64]:
    """Document × measure × (numerator, denominator)."""
    table = [[measure.parts(judged) for measure in MEASURES] for judged in scores]
    return np.array(table, dtype=np.int64).reshape(-1, len(MEASURES), 2)


def resample(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """Resample × measure: the quotients of 1,000 resamples of the documents of ``table``; NaN: nothing to judge.

    ``table`` is that of :func:`counts`, or of several systems side by side: each resample is the same for all measures.
    """
    rng = np.random.default_rng(SEED)
    count = len(table)
    flat = table.reshape(count, -1).astype(np.float64)
    draws = (np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(RESAMPLES))
    sums = np.array([draw @ flat for draw in draws]).reshape(RESAMPLES, -1, 2)
    above, below = sums[..., 0], sums[..., 1]
    quotients: NDArray[np.float64] = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return quotients


def percentiles(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """What holds 95 % of ``values``, NaN aside; ``None`` without any."""
    known = values[~np.isnan(values)]
    if not known.size:
        return None, None
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def breakdown(scores: Iterable[Score], key: str) -> dict[str, dict[str, Figure]]:
    """Figures of each group of documents by one of :data:`KEYS`, the largest group first."""
    groups = _groups(scores, key)
    return {name: figures(groups[name]) for name in sorted(groups, key=lambda name: (-len(groups[name]), name))}


def _groups(scores: Iterable[Score], key: str) -> dict[str, list[Score]]:
    groups: dict[str, list[Score]] = defaultdict(list)
    for judged in scores:
        for label in judged.labels.get(key, ()):
            groups[label].append(judged)
    return groups


class Topic(NamedTuple):
    """A delicate topic and the share of its documents that stayed untouched."""

    name: str
    untouched: float
    documents: int


def worst_topic(scores: Iterable[Score], smallest: int = SMALLEST_TOPIC) -> Topic | None:
    """Of the topics with at least ``smallest`` hard negatives, the one most often cut; ``None`` without such topics."""
    groups = _groups((judged for judged in scores if judged.kind == "hard"), "topic")
    topics = [
        Topic(name, sum(judged.untouched for judged in group) / len(group), len(group))
        for name, group in groups.items()
        if len(group) >= smallest and name != ORDINARY
    ]
    return min(topics, key=lambda topic: (topic.untouched, -topic.documents, topic.name), default=None)


def verdicts(scores: Iterable[Score]) -> dict[str, dict[str, int]]:
    """How many documents of each kind got each verdict."""
    counts = Counter((judged.kind, judged.verdict) for judged in scores)
    return {kind: {verdict: n for (k, verdict), n in sorted(counts.items()) if k == kind} for kind in KINDS}


def error_counts(scores: Iterable[Score]) -> dict[str, int]:
    """How many documents each kind of error was made in."""
    counts = Counter(judged.error for judged in scores)
    return {kind: counts[kind] for kind in ERROR_KINDS}
