"""Run a cleaner over documents of which it is known what was injected, and gather how it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, cast

from cleaner.training.corpus import BadRecord, read_jsonl
from cleaner.training.metrics import (
    ERROR_KINDS,
    KEYS,
    UNKNOWN,
    ErrorKind,
    Figure,
    Record,
    Score,
    Topic,
    Treatment,
    breakdown,
    error_counts,
    figures,
    score,
    verdicts,
    worst_topic,
)
from cleaner.training.spans import Interval, derive_spans, difference, merged
from cleaner.types import FORMATS, Finding, Format, Policy, Result, SourceError

BATCH = 100
"""Documents that a worker process gets at once."""
BEFORE, BEHIND = 60, 140
"""Characters of a text shown before and behind the place of a mistake."""


class Cleans(Protocol):
    """What is evaluated: :class:`cleaner.Cleaner`, or anything that cleans like it."""

    def clean(self, source: str, format: str = "auto") -> Result:
        """Clean one source."""
        ...


@dataclass(frozen=True, slots=True)
class Mistake:
    """A document that was not restored, or that should have stayed as it is."""

    id: str
    place: str
    """``file:line``."""
    kind: ErrorKind
    wrong: int
    """Characters cut that should have stayed, and those that stayed and should have been cut."""
    around: str
    """The source around the first of them."""
    expected: str
    """The original around the first difference."""
    got: str
    """The cleaned text there."""
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(replace(self, findings=())) | {"findings": [finding.to_dict() for finding in self.findings]}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a system did on one document."""

    score: Score
    mistake: Mistake | None
    findings: tuple[Finding, ...]
    seconds: float
    """Spent on cleaning."""
    size: int
    """Bytes of UTF-8."""


@dataclass(frozen=True)
class Evaluation:
    """How a system did on many documents."""

    scores: tuple[Score, ...]
    mistakes: tuple[Mistake, ...] = ()
    """The worst first."""
    quarantined: tuple[BadRecord, ...] = ()
    """What the system refused to clean."""
    seconds: float = 0.0
    """Spent on cleaning, over all workers."""
    size: int = 0
    """Bytes of UTF-8 cleaned."""

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """The main figures with their intervals."""
        return figures(self.scores, intervals=True)

    @property
    def worst_topic(self) -> Topic | None:
        """The delicate topic whose documents were cut most often."""
        return worst_topic(self.scores)

    @property
    def throughput(self) -> float:
        """Megabytes of UTF-8 that a worker cleans in a second; 0 when it was not measured."""
        return self.size / self.seconds / 1e6 if self.seconds else 0.0

    def breakdown(self, key: str) -> dict[str, dict[str, Figure]]:
        """The figures of each group by one of :data:`cleaner.training.metrics.KEYS`, the largest group first."""
        return breakdown(self.scores, key)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form: figures, worst topic, verdicts by kind of document, kinds of error, all breakdowns."""
        return {
            "figures": _figures_to_dict(self.figures),
            "worst_topic": self.worst_topic._asdict() if self.worst_topic else None,
            "verdicts": verdicts(self.scores),
            "errors": error_counts(self.scores),
            "breakdowns": {
                key: {name: _figures_to_dict(group) for name, group in self.breakdown(key).items()} for key in KEYS
            },
        }


def _figures_to_dict(found: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: figure.to_dict() for name, figure in found.items()}


# --- running


def evaluate(
    records: Iterable[Record],
    cleaner: Cleans,
    assisted: Cleans,
    workers: int = 1,
    advance: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Clean every record and judge the outcome.

    Args:
        records: the documents; they are read once and not kept.
        cleaner: what is evaluated.
        assisted: the same under :func:`assisted_policy`.
        workers: processes to share the work.
        advance: called after each record.
    """
    scores: list[Score] = []
    mistakes: list[Mistake] = []
    quarantined: list[BadRecord] = []
    seconds, size = 0.0, 0
    for outcome in outcomes(records, cleaner, assisted, workers):
        if isinstance(outcome, BadRecord):
            quarantined.append(outcome)
        else:
            scores.append(outcome.score)
            mistakes += [outcome.mistake] if outcome.mistake else []
            seconds += outcome.seconds
            size += outcome.size
        advance()
    mistakes.sort(key=lambda mistake: (ERROR_KINDS.index(mistake.kind), -mistake.wrong))
    return Evaluation(tuple(scores), tuple(mistakes), tuple(quarantined), seconds, size)


def evaluate_cuts(records: Iterable[Record], cuts: Iterable[Iterable[Interval]]) -> Evaluation:
    """Judge a system that is known by what it cuts out of each record."""
    pairs = zip(records, cuts, strict=True)
    return Evaluation(tuple(score(record, Treatment.of_cuts(record.source, cut)) for record, cut in pairs))


def assisted_policy(policy: Policy) -> Policy:
    """``policy`` of an editor who accepts every flag."""
    flags = {name: policy.thresholds(name).flag for name in policy.categories}
    return replace(policy, strip=policy.flag, categories={name: (flag, flag) for name, flag in flags.items()})


def outcomes(
    records: Iterable[Record], cleaner: Cleans, assisted: Cleans, workers: int = 1
) -> Iterator[Outcome | BadRecord]:
    """What becomes of each record, in order; the arguments are those of :func:`evaluate`."""
    if workers == 1:
        for record in records:
            yield _judge(record, cleaner, assisted)
        return
    from joblib import Parallel, delayed

    tasks = (delayed(_judge_all)(batch, cleaner, assisted) for batch in _batches(records))
    yield from chain.from_iterable(Parallel(n_jobs=workers, return_as="generator", batch_size=1)(tasks))


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _judge_all(records: Iterable[Record], cleaner: Cleans, assisted: Cleans) -> list[Outcome | BadRecord]:
    return [_judge(record, cleaner, assisted) for record in records]


def _judge(record: Record, cleaner: Cleans, assisted: Cleans) -> Outcome | BadRecord:
    started = perf_counter()
    try:
        result = cleaner.clean(record.source, record.format)
        seconds = perf_counter() - started
        accepted = assisted.clean(record.source, record.format).text if record.kind == "infected" else None
    except SourceError as error:
        return BadRecord(record.place, str(error))
    judged = score(record, Treatment.of_result(result), accepted)
    size = len(record.source.encode("utf-8", "surrogatepass"))
    return Outcome(judged, _mistake(record, result, judged), result.findings, seconds, size)


def _mistake(record: Record, result: Result, judged: Score) -> Mistake | None:
    if judged.error is None:
        return None
    differs = next((i for i, (a, b) in enumerate(zip(record.clean, result.text, strict=False)) if a != b), None)
    at = min(len(record.clean), len(result.text)) if differs is None else differs
    removed = Treatment.of_result(result).removed
    wrong = difference(record.spans, removed) + difference(removed, record.spans)
    return Mistake(
        id=record.id,
        place=record.place,
        kind=judged.error,
        wrong=judged.wrong,
        around=_around(record.source, min(wrong, default=(at, at))[0]),
        expected=_around(record.clean, at),
        got=_around(result.text, at),
        findings=result.findings,
    )


def _around(text: str, at: int) -> str:
    return text[max(0, at - BEFORE) : at + BEHIND]


# --- reading


def read_records(path: Path) -> Iterator[Record | BadRecord]:
    """The records of a ``.jsonl`` or ``.jsonl.gz`` file; what is none is told with file, line and cause.

    Raises:
        CorpusError: the file cannot be read.
    """
    for place, values in read_jsonl(path):
        if isinstance(values, BadRecord):
            yield values
            continue
        yield record_of(values, place)


def record_of(values: Mapping[str, Any], place: str) -> Record | BadRecord:
    """What a JSON object says of a document, or why it cannot be judged."""
    try:
        return _record(values, place)
    except SourceError as error:
        return BadRecord(place, str(error))


def _record(values: Mapping[str, Any], place: str) -> Record:
    key = "html" if "html" in values else "text"
    source = _text_of(values, key)
    if source is None or not source.strip():
        raise SourceError("no 'text' or 'html'")
    clean = _text_of(values, "clean")
    clean = source if clean is None else clean
    spans, categories = _spans_of(values, source)
    if source == clean and spans:
        raise SourceError("'spam' in a record whose 'clean' is missing or equal to the text")
    return Record(
        source=source,
        clean=clean,
        id=str(values.get("id", place)),
        place=place,
        lang=_word(values, "lang", "und"),
        format="html" if key == "html" else _format_of(values),
        spans=spans or derive_spans(source, clean),
        category=(categories[0] if categories else "") or UNKNOWN,
        style=_word(values, "style"),
        domain=_word(values, "domain"),
        topics=_topics_of(values),
        known_brand=_truth(values, "known_brand"),
        obfuscated=_truth(values, "obfuscated"),
    )


def _text_of(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise SourceError(f"{key!r} is not a string")
    return value


def _word(values: Mapping[str, Any], key: str, default: str = UNKNOWN) -> str:
    return str(values.get(key) or default)


def _truth(values: Mapping[str, Any], key: str) -> bool | None:
    value = values.get(key)
    return None if value is None else bool(value)


def _format_of(values: Mapping[str, Any]) -> Format:
    format = values.get("format") or "text"
    if format not in FORMATS:
        raise SourceError(f"unknown format {format!r} (known: {', '.join(FORMATS)})")
    return cast("Format", format)


def _topics_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Topics under any of the names they go by: one, a list, or a table whose keys they are."""
    found: dict[str, None] = {}
    for key in ("topic", "topics", "categories"):
        value = values.get(key) or ()
        names: Iterable[object] = value if isinstance(value, (list, dict)) else (value,) if value else ()
        found.update(dict.fromkeys(str(name) for name in names))
    return tuple(found)


def _spans_of(values: Mapping[str, Any], source: str) -> tuple[tuple[Interval, ...], Sequence[str]]:
    """The injected spans in order, and the categories in the same order."""
    spam = values.get("spam")
    if spam is None:
        return (), ()
    if not isinstance(spam, list) or not all(isinstance(span, dict) for span in spam):
        raise SourceError("'spam' is not a list of {start, end, category}")
    for span in spam:
        start, end = span.get("start"), span.get("end")
        if type(start) is not int or type(end) is not int:
            raise SourceError("a span of 'spam' has no whole numbers as 'start' and 'end'")
        if not 0 <= start < end <= len(source):
            raise SourceError(f"a span of 'spam' is out of range: [{start}, {end}) of {len(source)} characters")
    ordered = sorted(spam, key=lambda span: (span["start"], span["end"]))
    spans = merged((span["start"], span["end"]) for span in ordered)
    return tuple(spans), [str(span.get("category") or "") for span in ordered]
