"""Figures of a run over an archive → one HTML page: what was found where and when, and what is cut.

The page runs nothing and loads nothing: whatever the archive holds is text in it. Needs Jinja2 (``cleaner[report]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cleaner.report.charts import Column, chart_of
from cleaner.report.pages import environment, generate

_FEW = 12
"""Rows of a table that are shown at once."""
_MONTHS = 48
"""Longest time that is shown month by month; a longer one is, year by year."""
_TABLES = (
    ("Campaigns", "Campaign", "campaigns", "no. {number} · {kind} · {state} · {score:.3f}"),
    ("Categories", "Category", "categories", ""),
    ("Target domains", "Host", "hosts", ""),
    ("Evidence", "Rule", "rules", "{says}"),
    ("Containers", "Container", "containers", "records: {records:,}"),
)
"""Title of each, heading of its rows, the figures that it shows, and what it notes of a row."""


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
    return generate(
        environment(),
        "archive.html.jinja",
        "report.css",
        "archive.css",
        **figures,
        few=_FEW,
        chart=chart_of(_columns(figures["timeline"]["months"])),
        tables=[
            (title, heading, figures[name]["total"], [_row(row, note) for row in figures[name]["listed"]])
            for title, heading, name, note in _TABLES
        ],
    )


def _row(row: Mapping[str, Any], note: str) -> _Row:
    name = row["text"] if "text" in row else row["name"]
    return _Row(name, note.format_map(row), row["documents"], row["strip"], row["flag"])


def _columns(months: Mapping[str, int]) -> list[Column]:
    """The timeline without gaps, from the first month with documents to the last."""
    if not months:
        return []
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (min(months), max(months)))
    if last - first < _MONTHS:
        names = (f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1))
        return [_column(name, months.get(name, 0)) for name in names]
    years = Counter[int]()
    for month, documents in months.items():
        years[int(month[:4])] += documents
    return [_column(str(year), years[year]) for year in range(first // 12, last // 12 + 1)]


def _column(name: str, documents: int) -> Column:
    return Column(name, f"{name}: {documents:,}", (("", documents),))
