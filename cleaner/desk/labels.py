"""Decisions → labelled data: articles as they came and as people published them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from cleaner.desk.decisions import live
from cleaner.desk.tables import Article, Finding
from cleaner.training.feedback import Lesson
from cleaner.training.metrics import Record
from cleaner.training.spans import merged
from cleaner.types import Format

CHUNK = 100
_IS_DECIDED = Article.state == "decided"
LATEST = 5000
"""Articles that are learnt from: what was decided long ago says less of what comes now."""


def lessons(session: Session) -> list[Lesson]:
    """What people decided on the latest articles, the latest first; those of a campaign are of one group."""
    articles = [article for article in islice(_decided(session), LATEST) if article.source.strip()]
    groups = _groups(articles)
    return [Lesson(record_of(article), _about(article), group) for article, group in zip(articles, groups, strict=True)]


def exported(session: Session, lang: str = "und") -> Iterator[dict[str, Any]]:
    """A record, JSON-ready, of each article that a person looked at, as ``cleaner evaluate`` and ``train`` read them.

    ==============  ====================================================================================================
    ``id``          the desk's, and ``source``: where the article comes from
    ``lang``        as given: the desk knows none
    ``text``        or ``html``: the article as it came; ``format`` tells Markdown
    ``clean``       as it was published
    ``spam``        what is cut: ``start``, ``end``, ``category``
    ``judged``      every finding: ``start``, ``end``, ``category``, ``score``, ``action`` (``strip``, ``flag``,
                    ``mark``), ``state`` (``accepted``, ``rejected``), and ``cut``: start and end of what is cut of it
    ==============  ====================================================================================================

    Args:
        session: one that reads.
        lang: the language of the articles, for ``train``, which has to know it.
    """
    for article in filter(_is_seen, _decided(session)):
        yield {
            "id": article.id,
            "lang": lang,
            "source": article.origin,
            "format": article.format,
            "html" if article.format == "html" else "text": article.source,
            "clean": article.text,
            "spam": [{"start": f.cut_start, "end": f.cut_end, "category": f.category} for f in _cut(article)],
            "judged": [_judged(f) for f in article.findings if f.state != "withdrawn"],
        }


@dataclass(frozen=True, slots=True)
class Tally:
    """What there is to learn from."""

    articles: int
    """That a person decided something of, and in which nothing waits."""
    accepted: int
    rejected: int
    adjusted: int
    """Of those accepted: cut with other boundaries than the gate's."""
    marked: int


def tally(session: Session) -> Tally:
    """How many articles people decided, and how many findings in which way."""
    moved = or_(Finding.cut_start != Finding.start, Finding.cut_end != Finding.end)
    is_kind = {
        "accepted": and_(Finding.action != "mark", Finding.state == "accepted"),
        "rejected": Finding.state == "rejected",
        "adjusted": and_(Finding.action != "mark", Finding.state == "accepted", moved),
        "marked": and_(Finding.action == "mark", Finding.state == "accepted"),
    }
    sums = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in is_kind.values()]
    counted = session.execute(select(*sums).select_from(Finding).join(Finding.article).where(_IS_DECIDED)).one()
    articles = session.scalar(select(func.count()).select_from(Article).where(_IS_DECIDED)) or 0
    return Tally(articles, **dict(zip(is_kind, map(int, counted), strict=True)))


def record_of(article: Article) -> Record:
    """An article as the figures of detection are counted: before, and as people left it."""
    cut = _cut(article)
    return Record(
        source=article.source,
        clean=article.text,
        id=article.id,
        format=cast("Format", article.format),
        spans=tuple(merged((f.cut_start, f.cut_end) for f in cut)),
        category=cut[0].category if cut else "unknown",
        domain=article.origin or "unknown",
    )


def _decided(session: Session) -> Iterator[Article]:
    """The articles of which a person decided something and nothing waits any more, the latest first."""
    query = (
        select(Article)
        .where(_IS_DECIDED)
        .order_by(Article.number.desc())
        .options(selectinload(Article.decisions))
        .execution_options(yield_per=CHUNK)
    )
    yield from session.scalars(query)


def _is_seen(article: Article) -> bool:
    """Whether a person looked at the article, and did not only decide something of it with many others."""
    return any(decision.bulk is None for decision in live(article.decisions))


def _about(article: Article) -> tuple[tuple[int, int], ...] | None:
    """The spans that were decided on; ``None``: all that the article holds, for a person looked at it."""
    if _is_seen(article):
        return None
    decided = {decision.finding_number for decision in live(article.decisions)}
    return tuple(merged((f.start, f.end) for f in article.findings if f.number in decided))


def _cut(article: Article) -> list[Finding]:
    return [finding for finding in article.findings if finding.state == "accepted"]


def _judged(finding: Finding) -> dict[str, Any]:
    return {
        "start": finding.start,
        "end": finding.end,
        "category": finding.category,
        "score": round(finding.score, 4),
        "action": finding.action,
        "state": finding.state,
        "cut": [finding.cut_start, finding.cut_end] if finding.state == "accepted" else None,
    }


def _groups(articles: Sequence[Article]) -> list[int]:
    """For each article, the number of the first one that a chain of common campaigns leads to."""
    first: dict[str, int] = {}
    leads = list(range(len(articles)))

    def root(number: int) -> int:
        while leads[number] != number:
            leads[number] = leads[leads[number]]
            number = leads[number]
        return number

    for number, article in enumerate(articles):
        for campaign in {finding.campaign for finding in article.findings if finding.campaign}:
            one, other = root(number), root(first.setdefault(campaign, number))
            leads[max(one, other)] = min(one, other)
    return [root(number) for number in range(len(articles))]
