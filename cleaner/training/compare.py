"""Two systems on the same documents: what the figures gain and lose, whose outcome changed, whether one is worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from cleaner.training.metrics import MEASURES, Figure, Score, counts, figures, percentiles, resample

Change = Literal["newly harmed", "newly lost", "no longer harmed", "newly restored"]

CHANGES: tuple[Change, ...] = get_args(Change)
"""What can become of a document, the worst first.

Harmed: honest text was cut, or an honest document was changed. Restored: nothing went wrong with an infected document.
Lost: it was restored and is no longer, though no honest text was cut.
"""
MARGINS = {"clean_untouched": 0.005, "hard_untouched": 0.005, "exact": 0.01, "f1": 0.01}
"""The figures that must not fall, and how much of a fall is let pass where it may be chance."""


class Difference(NamedTuple):
    """A figure of the old and of the new system, with the paired interval of what it gained."""

    old: Figure
    new: Figure
    low: float | None = None
    high: float | None = None

    @property
    def gain(self) -> float | None:
        """What the new figure is above the old one; ``None`` when one of them has nothing to judge."""
        return None if self.old.value is None or self.new.value is None else self.new.value - self.old.value

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        values = {"old": self.old.value, "new": self.new.value, "gain": self.gain, "low": self.low, "high": self.high}
        return {name: None if value is None else round(value, 5) for name, value in values.items()}


def differences(old: Sequence[Score], new: Sequence[Score]) -> dict[str, Difference]:
    """All figures of both by name, with intervals that hold 95 % of 1,000 resamples of documents, the same for both.

    Args:
        old: how the one system did, document by document.
        new: how the other did on the same documents, in the same order.

    Raises:
        ValueError: they are not the same documents.
    """
    if [(judged.kind, judged.true) for judged in old] != [(judged.kind, judged.true) for judged in new]:
        raise ValueError("scores of different documents cannot be compared")
    before, after = figures(old), figures(new)
    if not old:
        return {name: Difference(before[name], after[name]) for name in before}
    resamples = resample(np.concatenate([counts(old), counts(new)], axis=1))
    gains = resamples[:, len(MEASURES) :] - resamples[:, : len(MEASURES)]
    return {name: Difference(before[name], after[name], *percentiles(gains[:, i])) for i, name in enumerate(before)}


def is_worse(old: Sequence[Score], new: Sequence[Score]) -> tuple[str, ...]:
    """Why the new system is worse than the old one on the same documents, in words; empty when it is not.

    It is when one of the figures of :data:`MARGINS` falls by more than its margin, or by less and the whole interval
    of the difference lies below 0. A figure with nothing to judge says nothing.

    Args:
        old: how the old system did, document by document.
        new: how the new one did on the same documents, in the same order.

    Raises:
        ValueError: they are not the same documents.
    """
    return tuple(objections(differences(old, new)))


def objections(found: Mapping[str, Difference]) -> Iterator[str]:
    """The reasons of :func:`is_worse`, where the differences are known."""
    titles = {measure.name: measure.title for measure in MEASURES}
    for name, margin in MARGINS.items():
        old, new, low, high = found[name]
        if old.value is None or new.value is None or low is None or high is None:
            continue
        fall = f"{titles[name]} falls from {old.value:.3f} to {new.value:.3f}"
        if high < 0:
            yield f"{fall}, and 95 % of resamples have it fall by {-high:.3f} to {-low:.3f}"
        elif old.value - new.value > margin:
            yield f"{fall}, by more than {margin}"


def change(old: Score, new: Score) -> Change | None:
    """What became of a document; ``None`` when it is as right, as wrong or as harmed as it was."""
    if _is_harmed(new) and not _is_harmed(old):
        return "newly harmed"
    if new.error and not old.error:
        return "newly lost"
    if old.error and not new.error and new.kind == "infected":
        return "newly restored"
    if _is_harmed(old) and not _is_harmed(new):
        return "no longer harmed"
    return None


def _is_harmed(judged: Score) -> bool:
    if judged.kind == "infected":
        return judged.error in ("false cut", "too long")
    return judged.error is not None
