"""A model that learns from decisions, and the one that holds, side by side on what neither learnt from.

A third of the articles is held back. What is learnt is always learnt anew from the model that the desk was started
with, from all the rest: an approved model is no ground to build on, for it knows some of the decisions already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.desk.errors import DeskError
from cleaner.desk.gate import assisted
from cleaner.engine import Cleaner
from cleaner.model.classifier import Classifier, Weights
from cleaner.model.store import default_folder, load, save
from cleaner.training import feedback
from cleaner.training.compare import CHANGES, change, differences
from cleaner.training.corpora import FIXTURES
from cleaner.training.corpus import BadRecord, CorpusError, share
from cleaner.training.evaluate import read_records
from cleaner.training.feedback import Judged, Lesson
from cleaner.training.metrics import SEED, Record, Score, Treatment, percentiles, score
from cleaner.types import FORMATS, Policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD_BACK = 1 / 3
"""Share of the articles that is not learnt from."""
FEWEST, FEWEST_HELD = (40, 8), (20, 4)
"""Judged spans that are needed, to learn from and to compare on: of them all, and of those cut and kept, each."""
EXACT_FALLS, ASSISTED_FALLS = 0.05, 0.02
"""What restoration by the gate alone, and together with a person, may lose on a set of articles."""
RESAMPLES = 1000
SHOWN = ("exact", "assisted", "precision", "recall", "clean_untouched", "clean_silent", "hard_untouched", "hard_silent")
"""Figures that are told."""

Report = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""


class RefusedError(DeskError):
    """Nothing is learnt; ``reasons`` says why, in sentences, and ``figures`` what was seen so far."""

    def __init__(self, reasons: Sequence[str], figures: Mapping[str, Any]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons, self.figures = list(reasons), dict(figures)


@dataclass(frozen=True, slots=True)
class Contestants:
    """The models of a trial."""

    base: Path | None
    """The one that is taught; ``None``: the one that comes with the project."""
    old: Path | None
    """The one that holds."""
    policy: Policy


def trial(
    lessons: Sequence[Lesson], tests: Sequence[Record], models: Contestants, folder: Path, report: Report
) -> dict[str, Any]:
    """Teach a model, write it to ``folder``, and compare it with the one that holds; deterministic.

    Args:
        lessons: what people decided.
        tests: articles of which it is known what was injected.
        models: what is taught, what holds, and the policy that both are judged with.
        folder: for the new model; it is there when something was learnt.
        report: told how far it is.

    Returns:
        What there was to learn from, and old against new, JSON-ready.

    Raises:
        RefusedError: there are too few decisions, or the new model is no better.
        ModelError: a model cannot be used.
    """
    loaded = load(models.base or default_folder())
    held, taught_on = _parted(lessons)
    spans = _spans(loaded.classifier, taught_on, report, "reading")
    held_spans = _spans(loaded.classifier, held, report, "holding back")
    figures: dict[str, Any] = {"learnt_from": _counts(taught_on, spans), "held_back": _counts(held, held_spans)}
    if few := [*_too_few(spans, *FEWEST), *_too_few(held_spans, *FEWEST_HELD)]:
        raise RefusedError(few[:1], figures)
    before = loaded.classifier.weights
    weights, trees = feedback.taught(before, spans)
    figures["change"] = {
        "slope": weights.slope / before.slope,
        "shift": weights.intercept - before.intercept,
        "trees": trees,
    }
    save(folder, weights, loaded.classifier.rules.compiled, loaded.manifest | {"learnt": figures["learnt_from"]})
    old = before if models.old == models.base else load(models.old or default_folder()).classifier.weights
    figures["loss"] = _losses(old, weights, held_spans)
    sets = {"held back": [lesson.record for lesson in held if lesson.about is None], "test": list(tests)}
    figures["sets"] = {name: _compared(name, records, models, folder, report) for name, records in sets.items()}
    if reasons := list(_objections(figures)):
        raise RefusedError(reasons, figures)
    return figures


def read_tests(files: Sequence[Path]) -> list[Record]:
    """The articles that a new model is tested on; without files, the project's own.

    Raises:
        CorpusError: a file cannot be read, or there is none.
    """
    files = files or sorted((FIXTURES / "articles").glob("*.jsonl"))
    records = [record for file in files for record in read_records(file) if not isinstance(record, BadRecord)]
    if not records:
        raise CorpusError("no articles to test a model on: name a file of them (--test)")
    return records


def _parted(lessons: Sequence[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    """What is held back, and the rest; a campaign is on one side."""
    names: dict[int, str] = {}
    for lesson in lessons:
        names[lesson.group] = min(names.get(lesson.group, lesson.record.id), lesson.record.id)
    is_held = {group: share(name, "held back") < HELD_BACK for group, name in names.items()}
    return [x for x in lessons if is_held[x.group]], [x for x in lessons if not is_held[x.group]]


def _spans(classifier: Classifier, lessons: Sequence[Lesson], report: Report, stage: str) -> Judged:
    report(stage, 0)
    return feedback.judged(classifier, lessons, lambda done: report(stage, done / len(lessons)))


def _counts(lessons: Sequence[Lesson], spans: Judged) -> dict[str, int]:
    right = int(spans.right.sum())
    groups = len({lesson.group for lesson in lessons})
    return {
        "articles": len(lessons),
        "groups": groups,
        "spans": len(spans),
        "right": right,
        "wrong": len(spans) - right,
    }


def _too_few(spans: Judged, fewest: int, of_a_kind: int) -> Iterator[str]:
    if len(spans) < fewest:
        yield f"too few decisions: {len(spans)} spans were judged, and {fewest} are needed"
    elif spans.fewer < of_a_kind:
        kept = len(spans) - int(spans.right.sum())
        yield (
            f"too few decisions of one kind: {len(spans) - kept} spans were cut and {kept} kept, "
            f"and of each {of_a_kind} are needed"
        )


def _losses(old: Weights, new: Weights, spans: Judged) -> dict[str, float]:
    """How far scores are from what people decided, before and after, with the interval of the gain (by campaigns)."""
    before, after = feedback.losses(old, spans), feedback.losses(new, spans)
    places = np.unique(spans.groups, return_inverse=True)[1]
    sums = np.stack([np.bincount(places, before - after), np.bincount(places).astype(np.float64)], axis=1)
    low, high = percentiles(_resampled(sums))
    gain = float((before - after).mean())
    return {
        "old": float(before.mean()),
        "new": float(after.mean()),
        "gain": gain,
        "low": gain if low is None else low,
        "high": gain if high is None else high,
    }


def _resampled(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quotients of 1,000 resamples of the rows (numerator, denominator)."""
    rng = np.random.default_rng(SEED)
    drawn = (sums[rng.integers(len(sums), size=len(sums))].sum(axis=0) for _ in range(RESAMPLES))
    return np.array([above / below for above, below in drawn])


def _compared(name: str, records: Sequence[Record], models: Contestants, new: Path, report: Report) -> dict[str, Any]:
    """Old against new on a set of articles."""
    report(f"comparing: {name}", 0)
    old = _scores(records, models.old, models.policy)
    report(f"comparing: {name}", 0.5)
    after = _scores(records, new, models.policy)
    found = differences(old, after)
    changes = Counter(kind for pair in zip(old, after, strict=True) if (kind := change(*pair)))
    return {
        "documents": len(records),
        "infected": sum(judged.kind == "infected" for judged in old),
        "figures": {key: found[key].to_dict() for key in SHOWN if found[key].old.value is not None},
        "changes": {kind: changes[kind] for kind in CHANGES},
    }


def _scores(records: Sequence[Record], model: Path | None, policy: Policy) -> list[Score]:
    """How a model does, document by document."""
    alone, helped = Cleaner(model, policy), Cleaner(model, assisted(policy))
    scores: dict[int, Score] = {}
    for format in FORMATS:
        some = [number for number, record in enumerate(records) if record.format == format]
        sources = [records[number].source for number in some]
        both = zip(alone.clean_many(sources, format), helped.clean_many(sources, format), strict=True)
        for number, (result, accepted) in zip(some, both, strict=True):
            scores[number] = score(records[number], Treatment.of_result(result), accepted.text)
    return [scores[number] for number in range(len(records))]


def _objections(figures: Mapping[str, Any]) -> Iterator[str]:
    """Why the new model is no better."""
    if figures["loss"]["gain"] <= 0:
        yield "the new scores agree no better with what people decided on the articles that were held back"
    for name, found in figures["sets"].items():
        where = "of the articles that were held back" if name == "held back" else "of the articles of the test"
        harmed = found["changes"]["newly harmed"] - found["changes"]["no longer harmed"]
        if harmed > 0:
            yield f"{harmed} more {where} would lose honest words"
        for key, falls, what in (
            ("exact", EXACT_FALLS, "restored by the gate alone"),
            ("assisted", ASSISTED_FALLS, "restored with a person's help"),
        ):
            told = found["figures"].get(key)
            if told and told["gain"] < -falls:
                yield f"fewer {where} would be {what}: {100 * told['new']:.0f} % in place of {100 * told['old']:.0f} %"
