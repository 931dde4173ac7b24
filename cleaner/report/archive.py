"""Figures of a run over an archive → one HTML page: what was found where and when, and what is cut.

The page runs nothing and loads nothing: whatever the archive holds is text in it. Needs Jinja2 (``cleaner[report]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cleaner.report.pages import environment, generate

_FEW = 12
"""Rows of a table that are shown at once."""
_MONTHS = 48
"""Longest time that is shown month by month; a longer one is, year by year."""
_SLOTS = 12
"""Places for columns that a chart has at least, so that few of them are no walls."""
_LABELS = 4
_TABLES = (
    ("Campaigns", "Campaign", "campaigns", "no. {number} · {kind} · {state} · {score:.3f}"),
    ("Categories", "Category", "categories", ""),
    ("Target domains", "Host", "hosts", ""),
    ("Evidence", "Rule", "rules", "{says}"),
    ("Containers", "Container", "containers", "records: {records:,}"),
)
"""Title of each, heading of its rows, the figures that it shows, and what it notes of a row."""


class _Column(NamedTuple):
    """A month or a year of the timeline."""

    name: str
    documents: int


class _Row(NamedTuple):
    """A row of a table with bars."""

    name: str
    note: str
    documents: int
    strip: int
    flag: int

    @property
    def findings(self) -> int:
        """All of them."""
        return self.strip + self.flag


def page(figures: Mapping[str, Any]) -> Iterator[str]:
    """The page about what :func:`cleaner.archive.figures.figures` tells, piece by piece."""
    columns = _columns(figures["timeline"]["months"])
    slots = max(len(columns), _SLOTS)
    return generate(
        environment(),
        "archive.html.jinja",
        "report.css",
        "archive.css",
        **figures,
        few=_FEW,
        columns=columns,
        slots=slots,
        step=-(-slots // _LABELS),
        tables=[
            (title, heading, figures[name]["total"], [_row(row, note) for row in figures[name]["listed"]])
            for title, heading, name, note in _TABLES
        ],
    )


def _row(row: Mapping[str, Any], note: str) -> _Row:
    name = row["text"] if "text" in row else row["name"]
    return _Row(name, note.format_map(row), row["documents"], row["strip"], row["flag"])


def _columns(months: Mapping[str, int]) -> list[_Column]:
    """The timeline without gaps, from the first month with documents to the last."""
    if not months:
        return []
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (min(months), max(months)))
    if last - first < _MONTHS:
        names = (f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1))
        return [_Column(name, months.get(name, 0)) for name in names]
    years = Counter[int]()
    for month, documents in months.items():
        years[int(month[:4])] += documents
    return [_Column(str(year), years[year]) for year in range(first // 12, last // 12 + 1)]
