"""One decision for many articles: for a campaign, a rule, or whatever a filter finds; as a whole, or not at all.

So that nobody waits long for it, it is about :data:`MOST` articles; the preview tells how many are left for another.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload

from cleaner.desk import queue
from cleaner.desk.decisions import Choice, decide, live, undo
from cleaner.desk.errors import ConflictError, InvalidError, NotFoundError
from cleaner.desk.gate import searchable
from cleaner.desk.queue import Filter
from cleaner.desk.tables import Article, Decision, Finding, Reason

BulkKind = Literal["accept", "reject"]
EXAMPLES = 20
MOST = 200
"""Articles that are decided at once: a second or two, in which SQLite lets nobody else write."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What recurs across articles."""

    name: str
    """The site of its links, or its words, folded."""
    articles: int
    findings: int
    open: int
    accepted: int
    rejected: int
    score: float
    """Of its surest finding."""
    category: str
    """Of one of its findings."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason that findings have in common."""

    code: str
    text: str
    articles: int
    open: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision for many would do."""

    findings: int
    articles: int
    finished: int
    """Articles in which nothing would be left to decide."""
    left: int
    """Articles with such findings that are too many for one decision."""
    seen: str
    """Names all this, for :func:`apply`: what came or changed since is not decided unseen."""
    examples: Sequence[Finding]
    """The first ones, with their articles."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided, or taken back, at once."""

    bulk: str
    """What its decisions have in common; :func:`undo_all` takes them back."""
    findings: int
    articles: int
    left: int = 0
    """Articles with such findings that were too many for one decision."""


def campaigns(session: Session, least: int = 2, open_only: bool = False, limit: int = 200) -> list[Campaign]:
    """What recurs in at least so many articles; what waits for a decision in most of them comes first."""
    articles = func.count(Finding.article_number.distinct())
    states = {state: func.sum(case((Finding.state == state, 1), else_=0)) for state in ("open", "accepted", "rejected")}
    query = (
        select(
            Finding.campaign,
            articles,
            func.count(),
            *states.values(),
            func.max(Finding.score),
            func.min(Finding.category),
        )
        .where(Finding.campaign != "", Finding.state != "withdrawn")
        .group_by(Finding.campaign)
        .having(articles >= least)
        .order_by(states["open"].desc(), articles.desc(), Finding.campaign)
        .limit(limit)
    )
    if open_only:
        query = query.having(states["open"] > 0)
    return [Campaign(*row) for row in session.execute(query)]


def rules(session: Session, limit: int = 50) -> list[Rule]:
    """What rules found that waits for a decision, by what they name; what waits in most articles comes first."""
    articles = func.count(Finding.article_number.distinct())
    query = (
        select(Reason.code, Reason.text, articles, func.count())
        .join(Finding, Finding.number == Reason.finding_number)
        .where(Finding.state == "open", Reason.text.contains(": "), Reason.contribution > 0)
        .group_by(Reason.code, Reason.text)
        .order_by(articles.desc(), func.count().desc(), Reason.text)
        .limit(limit)
    )
    return [Rule(*row) for row in session.execute(query)]


def preview(session: Session, wanted: Filter, kind: BulkKind, examples: int = EXAMPLES) -> Preview:
    """What :func:`apply` would do."""
    found, left = _found(session, wanted, kind)
    together = _by_article(found)
    return Preview(
        findings=len(found),
        articles=len(together),
        finished=sum(_is_last(article, about) for article, about in together),
        left=left,
        seen=_seen(found, kind),
        examples=found[:examples],
    )


def apply(session: Session, wanted: Filter, kind: BulkKind, seen: str, by: str, note: str = "") -> Done:
    """Decide the same on what a filter finds in the first articles; those in which nothing is left open are finished.

    Args:
        session: one that writes; all is done in its transaction.
        wanted: which findings; unless it says otherwise, those that are open.
        kind: ``accept`` or ``reject``.
        seen: from the preview that a person saw.
        by: whose decision it is.
        note: for the history.

    Raises:
        ConflictError: it would do something else now than the preview showed.
        InvalidError: there is nothing to decide.
    """
    found, left = _found(session, wanted, kind)
    if not found:
        raise InvalidError("nothing to decide: no such finding")
    if _seen(found, kind) != seen:
        raise ConflictError("what this would decide has changed since it was previewed: look again")
    bulk = uuid.uuid4().hex
    together = _by_article(found)
    for article, about in together:
        choices = [Choice(kind, finding.number, note=note) for finding in about]
        if _is_last(article, about):
            choices.append(Choice("finish", note=note))
        decide(session, article.id, article.version, choices, by, bulk)
    return Done(bulk, len(found), len(together), left)


def undo_all(session: Session, bulk: str, by: str) -> Done:
    """Take back what was decided at once; what was taken back alone already stays so.

    Raises:
        NotFoundError: there is no such decision for many.
        InvalidError: all of it was taken back already.
    """
    if not bulk.isalnum():
        raise NotFoundError("nothing was decided at once under that name")
    articles = session.scalars(
        select(Article).where(Article.decisions.any(Decision.bulk == bulk)).order_by(Article.number)
    ).all()
    if not articles:
        raise NotFoundError("nothing was decided at once under that name")
    again, undone, touched = uuid.uuid4().hex, 0, 0
    for article in articles:
        standing = [d for d in live(article.decisions) if d.bulk == bulk]
        for decision in reversed(standing):
            undo(session, article.id, article.version, decision.number, by, again)
        undone += sum(d.kind != "finish" for d in standing)
        touched += bool(standing)
    if not touched:
        raise InvalidError("all of that was taken back already")
    return Done(again, undone, touched)


def _found(session: Session, wanted: Filter, kind: BulkKind) -> tuple[list[Finding], int]:
    """The findings that are meant and would not stay as they are, in the first articles; and how many more these are.

    Marks that were taken back are no findings.
    """
    if not (wanted.campaign or wanted.rule or wanted.category or wanted.origin or searchable(wanted.words)):
        raise InvalidError("name at least a campaign, a rule, a category, a source or words")
    meant = wanted if wanted.finding else replace(wanted, finding="open")
    query = queue.findings(meant).where(Finding.state.not_in(("withdrawn", f"{kind}ed")))
    where = query.with_only_columns(Finding.article_number).order_by(None).distinct()
    articles = session.scalars(where.order_by(Finding.article_number)).all()
    first = query.where(Finding.article_number.in_(articles[:MOST])).options(joinedload(Finding.article))
    return list(session.scalars(first).unique()), len(articles[MOST:])


def _by_article(found: Sequence[Finding]) -> list[tuple[Article, list[Finding]]]:
    return [(article, list(about)) for article, about in groupby(found, key=lambda finding: finding.article)]


def _is_last(article: Article, about: Sequence[Finding]) -> bool:
    """Whether an article waits for nothing else."""
    numbers = {finding.number for finding in about}
    return article.state == "review" and all(f.number in numbers for f in article.findings if f.state == "open")


def _seen(found: Sequence[Finding], kind: BulkKind) -> str:
    told = [kind, *(f"{f.number}:{f.article.version}" for f in found)]
    return hashlib.sha256(" ".join(told).encode()).hexdigest()[:32]
