"""The dashboard: what came in, what was found, how often the gate was right, what waits."""

from __future__ import annotations

from datetime import timedelta

from babel.dates import format_date, format_skeleton
from fastapi import APIRouter
from starlette.responses import Response

from cleaner.desk.figures import Figures, Injections, Time, figures
from cleaner.desk.tables import now
from cleaner.desk.web.visits import Review
from cleaner.desk.web.words import Words, later
from cleaner.report.charts import Chart, Column, chart_of

router = APIRouter()
PERIODS = {
    "7": later("7 days"),
    "30": later("30 days"),
    "90": later("90 days"),
    "365": later("a year"),
    "all": later("all time"),
}
"""Days that are shown, and their names."""
USUAL = "30"


@router.get("/dashboard")
def dashboard(visit: Review, days: str = USUAL) -> Response:
    """Numbers and pictures of a period."""
    days = days if days in PERIODS else USUAL
    until = now()
    since = None if days == "all" else until - timedelta(days=int(days))
    with visit.desk.database.read() as session:
        found = figures(session, since, until)
    times = {time: _name(visit.words, time, found.unit) for time in found.times}
    return visit.page(
        "dashboard.html", figures=found, days=days, periods=PERIODS, chart=_chart(found, visit.words), times=times
    )


def parts_of(found: Injections) -> tuple[tuple[str, int], ...]:
    """What a column or a bar is made of: class of the style, and count."""
    return ("alone", found.alone), ("by-person", found.by_person), ("open", found.open)


def _chart(found: Figures, words: Words) -> Chart:
    columns = [
        Column(_short(words, time, found.unit), _title(words, time, found.unit), parts_of(time.found))
        for time in found.times
    ]
    return chart_of(columns)


def _title(words: Words, time: Time, unit: str) -> str:
    said = words.gettext("%(time)s: %(alone)s cut by the gate, %(person)s by a person, %(open)s waiting")
    counts = {"alone": time.found.alone, "person": time.found.by_person, "open": time.found.open}
    return said % {"time": _name(words, time, unit), **{name: words.number(count) for name, count in counts.items()}}


def _name(words: Words, time: Time, unit: str) -> str:
    """A day, a week by its first day, a month."""
    if unit == "month":
        return format_skeleton("yMMMM", time.begin, locale=words.language)
    day = format_date(time.begin, "long", locale=words.language)
    return words.gettext("week of %(day)s") % {"day": day} if unit == "week" else day


def _short(words: Words, time: Time, unit: str) -> str:
    return format_skeleton("yMMM" if unit == "month" else "MMMd", time.begin, locale=words.language)
