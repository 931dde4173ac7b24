"""The queue: which articles there are, by what they hold and what became of them; page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, defer

from cleaner.desk.gate import searchable
from cleaner.desk.tables import Article, Finding, Reason

Order = Literal["oldest", "newest"]
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which articles, and which of their findings, are meant; what is empty or ``None`` does not matter."""

    state: str = ""
    """Of the article: ``review``, ``published`` or ``decided``."""
    verdict: str = ""
    origin: str = ""
    since: datetime | None = None
    """Submitted then or later."""
    until: datetime | None = None
    """Submitted before."""
    words: str = ""
    """In the article, its title or its reference; case, marks and disguise do not matter."""
    finding: str = ""
    """State of the finding: ``open``, ``accepted``, ``rejected``."""
    category: str = ""
    campaign: str = ""
    """By its name, or the words that it is the name of; case, marks and disguise do not matter."""
    rule: str = ""
    """Code of a reason (``phrase``) or the whole of its text."""
    least: float | None = None
    """Lowest score of the finding, 0..1."""
    most: float | None = None
    """Highest score of the finding, 0..1."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some articles, and where the next ones begin."""

    articles: Sequence[Article]
    """Without their texts, which are loaded when they are asked for."""
    after: int | None
    """What to ask for the next page with; ``None``: this is the last one."""


def page(session: Session, wanted: Filter, order: Order = "oldest", after: int | None = None, size: int = PAGE) -> Page:
    """The next ``size`` articles behind the one with the number ``after``."""
    query = select(Article).where(*article_conditions(wanted))
    if after is not None:
        query = query.where(Article.number > after if order == "oldest" else Article.number < after)
    query = query.order_by(Article.number if order == "oldest" else Article.number.desc())
    light = query.options(defer(Article.source), defer(Article.text), defer(Article.words)).limit(size + 1)
    found = session.scalars(light).all()
    return Page(found[:size], found[size - 1].number if len(found) > size else None)


def count(session: Session, wanted: Filter) -> int:
    """How many articles there are."""
    return session.scalar(select(func.count()).select_from(Article).where(*article_conditions(wanted))) or 0


def origins(session: Session) -> list[str]:
    """Where the articles come from, in alphabetical order."""
    return list(session.scalars(select(Article.origin).where(Article.origin != "").distinct().order_by(Article.origin)))


def findings(wanted: Filter) -> Select[Any]:
    """The query of the findings that are meant, in the order of their articles."""
    query = select(Finding).join(Finding.article).where(*_of_article(wanted), *_of_finding(wanted))
    return query.order_by(Article.number, Finding.number)


def article_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """What an article has to be, its findings included."""
    about = _of_finding(wanted)
    some = [Article.findings.any(and_(*about))] if about else []
    return [*_of_article(wanted), *some]


def _of_article(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (Article.state, wanted.state),
        (Article.verdict, wanted.verdict),
        (Article.origin, wanted.origin),
    ):
        if value:
            conditions.append(column == value)
    if wanted.since:
        conditions.append(Article.submitted >= wanted.since)
    if wanted.until:
        conditions.append(Article.submitted < wanted.until)
    if words := searchable(wanted.words):
        conditions.append(or_(Article.words.contains(words, autoescape=True), Article.reference == wanted.words))
    return conditions


def _of_finding(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    columns: tuple[tuple[Any, Any], ...] = (
        (Finding.state, wanted.finding),
        (Finding.category, wanted.category),
    )
    for column, value in columns:
        if value:
            conditions.append(column == value)
    if wanted.campaign:
        conditions.append(Finding.campaign.in_((wanted.campaign, searchable(wanted.campaign))))
    if wanted.rule:
        conditions.append(Finding.reasons.any(or_(Reason.code == wanted.rule, Reason.text == wanted.rule)))
    if wanted.least is not None:
        conditions.append(Finding.score >= wanted.least)
    if wanted.most is not None:
        conditions.append(Finding.score <= wanted.most)
    return conditions
