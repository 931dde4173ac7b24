"""Pictures of numbers: columns of a time that leave room for labels; ``charts.html.jinja`` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SLOTS = 12
"""Places for columns that a chart has at least, so that few of them are no walls."""
_LABELS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """What was counted of a time."""

    name: str
    """Of the time, on the axis."""
    title: str
    """The name and the numbers, for whoever points at it."""
    parts: tuple[tuple[str, int], ...]
    """Class of the style and count of each part, the lowest first."""

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(count for _, count in self.parts)


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns beside each other."""

    columns: Sequence[Column]
    slots: int
    """Places for columns."""
    step: int
    """Every so many columns one is named."""
    most: int
    """The height of the highest column; at least 1."""


def chart_of(columns: Sequence[Column], labels: int = _LABELS) -> Chart:
    """A chart of these columns, of which about ``labels`` are named."""
    slots = max(len(columns), _SLOTS)
    return Chart(columns, slots, -(-slots // labels), max([1, *(column.total for column in columns)]))
