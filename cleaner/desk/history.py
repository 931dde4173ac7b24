"""Who did what: decisions on articles, and all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from cleaner.desk.queue import Filter, article_conditions
from cleaner.desk.tables import NAME, Article, AuditEntry, Decision

PAGE = 100


def record(session: Session, action: str, subject: str, by: str, **details: Any) -> None:
    """Write into the audit log, in the transaction of what is done. Secrets have no place in it."""
    session.add(AuditEntry(action=action, subject=subject[:NAME], by=by, details=details))


def decisions(
    session: Session,
    by: str = "",
    bulk: str = "",
    before: int | None = None,
    size: int = PAGE,
    kind: str = "",
    words: str = "",
) -> Sequence[Decision]:
    """The latest decisions on any article, latest first, with their articles (without texts) and findings.

    Args:
        session: one that reads.
        by: only of this name.
        bulk: only of those made at once.
        before: only those with a lower number: the next page.
        size: how many at most.
        kind: only of this kind.
        words: only on articles that hold these words, in whatever disguise, or with them in the note.
    """
    query = select(Decision).order_by(Decision.number.desc()).limit(size)
    query = query.options(
        joinedload(Decision.article).options(defer(Article.source), defer(Article.text), defer(Article.words)),
        joinedload(Decision.finding),
    )
    if by:
        query = query.where(Decision.by == by)
    if bulk:
        query = query.where(Decision.bulk == bulk)
    if kind:
        query = query.where(Decision.kind == kind)
    if words:
        about = article_conditions(Filter(words=words))
        noted = Decision.note.icontains(words, autoescape=True)
        query = query.where(or_(Decision.article.has(and_(*about)), noted) if about else noted)
    if before is not None:
        query = query.where(Decision.number < before)
    return session.scalars(query).unique().all()


def undone(session: Session, decisions: Sequence[Decision]) -> set[int]:
    """Which of these were taken back, by their numbers."""
    numbers = [decision.number for decision in decisions]
    return {number for number in session.scalars(select(Decision.undoes).where(Decision.undoes.in_(numbers))) if number}


def deciders(session: Session) -> list[str]:
    """Who decided anything yet, in alphabetical order."""
    return list(session.scalars(select(Decision.by).distinct().order_by(Decision.by)))


def audit(session: Session, action: str = "", before: int | None = None, size: int = PAGE) -> Sequence[AuditEntry]:
    """The audit log, latest first; ``action`` is the beginning of what was done (``token``, ``policy.save``)."""
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(size)
    if action:
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    if before is not None:
        query = query.where(AuditEntry.number < before)
    return session.scalars(query).all()
