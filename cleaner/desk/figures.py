"""Numbers for the dashboard: what came in, what was found, how often the gate was right, what waits and how long."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from cleaner.desk.tables import Article, Decision, Finding, now

LISTED = 12
"""Sources that are listed; those with the most injections."""
TIERS = ("strip", "flag")
AGES = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
"""Where the ages of what waits are parted."""
DAYS, WEEKS = 62, 400
"""Days up to which time is told by days, and up to which by weeks; what is longer, by months."""
CONFIDENT = 1.959964
"""Standard deviations on either side that hold 95 %."""


class Share(NamedTuple):
    """A share with the interval that holds it in 95 % of all cases (Wilson 1927)."""

    value: float | None
    """0..1; ``None`` when there is nothing to judge."""
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Injections:
    """Findings of one time, source or category, by what became of them."""

    alone: int = 0
    """Cut by the gate itself."""
    by_person: int = 0
    """Cut by a person: what the gate had flagged, and what it had missed."""
    open: int = 0
    rejected: int = 0
    """Honest words: false alarms."""

    @property
    def cut(self) -> int:
        """All that are cut."""
        return self.alone + self.by_person

    @property
    def shown(self) -> int:
        """All but the false alarms."""
        return self.cut + self.open

    def __add__(self, other: Injections) -> Injections:
        """Both together."""
        return Injections(
            self.alone + other.alone,
            self.by_person + other.by_person,
            self.open + other.open,
            self.rejected + other.rejected,
        )

    @classmethod
    def of(cls, action: str, state: str, count: int) -> Injections:
        """Findings of this action and state."""
        if state == "accepted":
            return cls(alone=count) if action == "strip" else cls(by_person=count)
        return cls(open=count) if state == "open" else cls(rejected=count)


class Time(NamedTuple):
    """A day, a week or a month."""

    begin: datetime
    found: Injections


class Source(NamedTuple):
    """Where articles come from."""

    name: str
    articles: int
    infected: int
    """Articles of which something is cut."""
    found: Injections


class Category(NamedTuple):
    """What findings promote."""

    name: str
    found: Injections


class Tier(NamedTuple):
    """How often the gate was right where a person looked."""

    name: str
    """``strip``: cut by itself; ``flag``: left to a person."""
    right: int
    adjusted: int
    """Of those that were right: with other boundaries."""
    wrong: int
    precision: Share
    campaigns: int
    """What the findings are of; what recurs is decided alike and tells little more than once."""

    @property
    def judged(self) -> int:
        """All that a person saw."""
        return self.right + self.wrong


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person now."""

    articles: int
    findings: int
    oldest: datetime | None
    ages: tuple[int, ...]
    """Articles younger than each of :data:`AGES`, in turn, and the rest."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the dashboard shows."""

    since: datetime
    until: datetime
    unit: str
    """``day``, ``week`` or ``month``."""
    articles: int
    infected: int
    """Articles of which something is cut."""
    found: Injections
    missed: int
    """Injections that a person marked because the gate had not seen them."""
    times: list[Time]
    sources: list[Source]
    more_sources: int
    """How many sources are not listed."""
    categories: list[Category]
    tiers: list[Tier]
    waiting: Waiting
    decided: int
    """Articles that a person finished."""


def figures(session: Session, since: datetime | None = None, until: datetime | None = None) -> Figures:
    """What came of the articles that were submitted from ``since`` until ``until``.

    Args:
        session: one that reads.
        since: ``None``: from the first one on.
        until: ``None``: until now.
    """
    until = until or now()
    since = since or session.scalar(select(func.min(Article.submitted))) or until - timedelta(days=1)
    period = and_(Article.submitted >= since, Article.submitted < until)
    unit, edges = _edges(since, until)
    sources = _sources(session, period)
    categories = _categories(session, period)
    return Figures(
        since=since,
        until=until,
        unit=unit,
        articles=_count(session, period),
        infected=_count(session, period, _is_infected()),
        found=sum((category.found for category in categories), Injections()),
        missed=_missed(session, period),
        times=_times(session, period, edges),
        sources=sources[:LISTED],
        more_sources=max(0, len(sources) - LISTED),
        categories=categories,
        tiers=[_tier(session, period, name) for name in TIERS],
        waiting=waiting(session, until),
        decided=_count(session, period, Article.state == "decided"),
    )


def waiting(session: Session, at: datetime) -> Waiting:
    """What waits for a person, whenever it was submitted, and how long it has by ``at``."""
    waits = Article.state == "review"
    age = case(*((Article.submitted > at - limit, number) for number, limit in enumerate(AGES)), else_=len(AGES))
    counted: dict[int, int] = dict(session.execute(select(age, func.count()).where(waits).group_by(age)).all())
    findings = select(func.count()).select_from(Finding).join(Finding.article).where(waits, Finding.state == "open")
    return Waiting(
        articles=sum(counted.values()),
        findings=session.scalar(findings) or 0,
        oldest=session.scalar(select(func.min(Article.submitted)).where(waits)),
        ages=tuple(counted.get(number, 0) for number in range(len(AGES) + 1)),
    )


def share(good: int, bad: int, effective: float | None = None) -> Share:
    """The share of ``good`` ones with its interval, which is as wide as that of ``effective`` independent cases."""
    count = good + bad
    if not count:
        return Share(None)
    value, size = good / count, effective or count
    spread = CONFIDENT**2 / size
    middle = (value + spread / 2) / (1 + spread)
    half = math.sqrt(value * (1 - value) * spread + spread**2 / 4) / (1 + spread)
    return Share(value, max(0.0, middle - half), min(1.0, middle + half))


def seen() -> ColumnElement[bool]:
    """Whether a person looked at a finding: decided on it, or on something else in its article, which was open then.

    What is decided for many at once is not looked at article by article.
    """
    looked = Article.decisions.any(and_(Decision.bulk.is_(None), Decision.kind != "undo"))
    return or_(
        and_(Finding.action == "flag", Finding.state.in_(("accepted", "rejected"))),
        and_(Finding.action == "strip", Finding.state == "rejected"),
        and_(Finding.action == "strip", Finding.state == "accepted", Article.state == "decided", looked),
    )


def _edges(since: datetime, until: datetime) -> tuple[str, list[datetime]]:
    """Days, weeks or months, and where each of them begins."""
    days = (until - since).days
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    if days <= DAYS:
        return "day", [day + timedelta(days=n) for n in range((until - day).days + 1)]
    if days <= WEEKS:
        monday = day - timedelta(days=day.weekday())
        return "week", [monday + timedelta(weeks=n) for n in range((until - monday).days // 7 + 1)]
    first, last = (moment.year * 12 + moment.month - 1 for moment in (since, until))
    return "month", [day.replace(year=n // 12, month=n % 12 + 1, day=1) for n in range(first, last + 1)]


def _times(session: Session, period: ColumnElement[bool], edges: Sequence[datetime]) -> list[Time]:
    ends = tuple((Article.submitted < end, number) for number, end in enumerate(edges[1:]))
    number = case(*ends, else_=len(edges) - 1) if ends else func.abs(0)
    found = _found(session, period, number)
    return [Time(begin, found[place]) for place, begin in enumerate(edges)]


def _sources(session: Session, period: ColumnElement[bool]) -> list[Source]:
    """Those with the most injections first."""
    found = _found(session, period, Article.origin)
    infected = func.sum(case((_is_infected(), 1), else_=0))
    query = select(Article.origin, func.count(), infected).where(period).group_by(Article.origin)
    sources = [Source(origin, all, some, found[origin]) for origin, all, some in session.execute(query)]
    return sorted(sources, key=lambda source: (-source.found.shown, -source.articles, source.name))


def _categories(session: Session, period: ColumnElement[bool]) -> list[Category]:
    """Those with the most injections first."""
    categories = [Category(*pair) for pair in _found(session, period, Finding.category).items()]
    return sorted(categories, key=lambda category: (-category.found.shown, category.name))


def _found(session: Session, period: ColumnElement[bool], by: Any) -> defaultdict[Any, Injections]:
    """What was found, by an expression of SQL."""
    query = select(by, Finding.action, Finding.state, func.count()).select_from(Finding).join(Finding.article)
    query = query.where(period, Finding.state != "withdrawn").group_by(by, Finding.action, Finding.state)
    found: defaultdict[Any, Injections] = defaultdict(Injections)
    for name, action, state, count in session.execute(query):
        found[name] += Injections.of(action, state, count)
    return found


def _tier(session: Session, period: ColumnElement[bool], name: str) -> Tier:
    moved = or_(Finding.cut_start != Finding.start, Finding.cut_end != Finding.end)
    adjusted = case((and_(Finding.state == "accepted", moved), 1), else_=0)
    query = (
        select(Finding.campaign, Finding.state, func.count(), func.sum(adjusted))
        .join(Finding.article)
        .where(period, Finding.action == name, seen())
        .group_by(Finding.campaign, Finding.state)
    )
    judged = _Judged()
    for campaign, state, count, moves in session.execute(query):
        judged.add(campaign, state == "accepted", count)
        judged.adjusted += moves
    precision = share(judged.right, judged.wrong, judged.effective)
    return Tier(name, judged.right, judged.adjusted, judged.wrong, precision, len(judged.campaigns))


@dataclass(slots=True)
class _Judged:
    right: int = 0
    wrong: int = 0
    adjusted: int = 0
    campaigns: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, campaign: str, is_right: bool, count: int) -> None:
        self.campaigns[campaign] += count
        self.right += count * is_right
        self.wrong += count * (not is_right)

    @property
    def effective(self) -> float:
        """As many independent findings would tell as much, where those of a campaign are all alike (Kish 1965)."""
        squares = sum(count**2 for count in self.campaigns.values())
        return (self.right + self.wrong) ** 2 / squares if squares else 0.0


def _missed(session: Session, period: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Finding).join(Finding.article)
    return session.scalar(query.where(period, Finding.action == "mark", Finding.state == "accepted")) or 0


def _is_infected() -> ColumnElement[bool]:
    return Article.findings.any(Finding.state == "accepted")


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Article).where(*conditions)) or 0
