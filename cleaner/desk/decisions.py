"""What a person decides on an article: each a row that is only added; what holds is told by those not taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cleaner.desk import webhooks
from cleaner.desk.errors import ConflictError, InvalidError, NotFoundError
from cleaner.desk.gate import campaign_of
from cleaner.desk.outcome import check_span, edits_for
from cleaner.desk.tables import Article, Decision, Finding, now
from cleaner.edit import apply
from cleaner.types import CATEGORIES

_ID = re.compile("[0-9a-f]{32}")
_NO_ARTICLE = "there is no such article"
Kind = Literal["accept", "reject", "adjust", "mark", "finish"]
_TAKEN: dict[Kind, set[str]] = {
    "accept": {"finding"},
    "reject": {"finding"},
    "adjust": {"finding", "start", "end"},
    "mark": {"start", "end", "category"},
    "finish": set(),
}
"""What a choice of each kind may name, besides a note."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to decide.

    ``accept`` cuts a finding as it was found, or as it was adjusted last; ``reject`` keeps it; without ``finding`` both
    are about all that are open. ``adjust`` cuts it from ``start`` to ``end``. ``mark`` cuts what the gate missed,
    and accepts what is open within it. ``finish`` says that nothing is left to decide, and lets the article go.
    """

    kind: Kind
    finding: int | None = None
    start: int | None = None
    end: int | None = None
    category: str = "other"
    note: str = ""


def decide(session: Session, id: str, version: int, choices: Sequence[Choice], by: str, bulk: str = "") -> Article:
    """Decide on an article as it was in ``version``, all at once.

    Args:
        session: one that writes.
        id: of the article.
        version: the one that was seen.
        choices: what is decided, in order.
        by: whose decision it is, as the history tells.
        bulk: what decisions on several articles have in common; empty: this is one alone.

    Returns:
        The article in its new version.

    Raises:
        NotFoundError: there is no such article or finding.
        ConflictError: it was changed since that version; tells how and by whom.
        InvalidError: a choice makes no sense, or the article is finished while something is open.
    """
    if not choices:
        raise InvalidError("nothing to decide")
    article = _locked(session, id, version)
    before = article.state, article.text
    article.version += 1
    for choice in choices:
        for decision in _decisions(article, choice):
            decision.version, decision.by, decision.bulk = article.version, by, bulk or None
            article.decisions.append(decision)
        session.flush()
        replay(article)
        if choice.kind == "finish" and (left := _open(article)):
            raise InvalidError(f"{len(left)} of the findings must be decided first")
    if not any(d.version == article.version for d in article.decisions):
        raise InvalidError("nothing to decide: no finding is open")
    _settle(session, article, before)
    return article


def undo(session: Session, id: str, version: int, number: int, by: str, bulk: str = "") -> Article:
    """Take a decision back, whatever was decided since; arguments, result and errors as with :func:`decide`.

    Raises:
        InvalidError: it was taken back already, or is itself an ``undo``.
    """
    article = _locked(session, id, version)
    decision = next((d for d in article.decisions if d.number == number), None)
    if decision is None:
        raise NotFoundError(f"there is no decision {number} on this article")
    if decision.kind == "undo":
        raise InvalidError("an undo is not taken back: decide again")
    if any(d.undoes == number for d in article.decisions):
        raise InvalidError("that decision was taken back already")
    before = article.state, article.text
    article.version += 1
    article.decisions.append(
        Decision(
            kind="undo",
            finding_number=decision.finding_number,
            undoes=number,
            version=article.version,
            by=by,
            bulk=bulk or None,
        )
    )
    session.flush()
    replay(article)
    _settle(session, article, before)
    return article


def find(session: Session, id: str) -> Article:
    """The article that the world calls ``id``.

    Raises:
        NotFoundError: there is none.
    """
    article = session.scalar(select(Article).where(Article.id == _known(id)))
    if article is None:
        raise NotFoundError(_NO_ARTICLE)
    return article


def version_of(session: Session, id: str) -> int:
    """The version of an article, without the article.

    Raises:
        NotFoundError: there is none.
    """
    version = session.scalar(select(Article.version).where(Article.id == _known(id)))
    if version is None:
        raise NotFoundError(_NO_ARTICLE)
    return version


def live(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that were not taken back, in order."""
    decisions = list(decisions)
    undone = {d.undoes for d in decisions}
    return [d for d in decisions if d.kind != "undo" and d.number not in undone]


def replay(article: Article) -> None:
    """Let findings and state of an article be what its decisions say, and its text what follows from them."""
    standing = live(article.decisions)
    about: dict[int | None, list[Decision]] = {}
    for decision in standing:
        about.setdefault(decision.finding_number, []).append(decision)
    for finding in article.findings:
        _replay(finding, about.get(finding.number, []))
    finished = [d for d in standing if d.kind == "finish"]
    waits = article.verdict in ("review", "spam") and not finished
    if waits or _open(article):
        article.state = "review"
    else:
        article.state = "decided" if standing else "published"


def _replay(finding: Finding, standing: Sequence[Decision]) -> None:
    """What a finding is after what was decided on it."""
    finding.state = {"strip": "accepted", "flag": "open", "mark": "withdrawn"}[finding.action]
    finding.cut_start, finding.cut_end = finding.start, finding.end
    for decision in standing:
        if decision.kind == "adjust" and decision.start is not None and decision.end is not None:
            finding.cut_start, finding.cut_end = decision.start, decision.end
        finding.state = "rejected" if decision.kind == "reject" else "accepted"
    if finding.action == "mark" and not any(decision.kind == "mark" for decision in standing):
        finding.state = "withdrawn"


def _locked(session: Session, id: str, version: int) -> Article:
    """The article, which nobody else changes until the transaction ends."""
    locked = select(Article).where(Article.id == _known(id)).with_for_update(of=Article)
    article = session.scalar(locked.execution_options(populate_existing=True))
    if article is None:
        raise NotFoundError(_NO_ARTICLE)
    if article.version != version:
        raise ConflictError(
            f"this article was changed since version {version}: it is at version {article.version} now",
            article.version,
            [told(d) for d in article.decisions if d.version > version],
        )
    return article


def told(decision: Decision) -> dict[str, Any]:
    """A decision, JSON-ready."""
    return {
        "number": decision.number,
        "kind": decision.kind,
        "finding": decision.finding_number,
        "start": decision.start,
        "end": decision.end,
        "note": decision.note,
        "undoes": decision.undoes,
        "bulk": decision.bulk,
        "version": decision.version,
        "by": decision.by,
        "at": decision.at.isoformat(),
    }


def _known(id: str) -> str:
    """What may be the id of an article; databases choke on some of what may not."""
    if not _ID.fullmatch(id):
        raise NotFoundError(_NO_ARTICLE)
    return id


def _decisions(article: Article, choice: Choice) -> list[Decision]:
    """The rows that a choice makes."""
    given = {name for name in ("finding", "start", "end") if getattr(choice, name) is not None}
    given |= {"category"} if choice.category != "other" else set()
    if needless := sorted(given - _TAKEN[choice.kind]):
        raise InvalidError(f"to {choice.kind}, leave out {' and '.join(needless)}")
    match choice.kind:
        case "finish":
            return [Decision(kind="finish", note=choice.note)]
        case "mark":
            start, end = _span(article, choice)
            within = [f for f in _open(article) if start <= f.start and f.end <= end]
            finding = _marked(article, start, end, choice.category)
            mark = Decision(kind="mark", finding=finding, start=start, end=end, note=choice.note)
            return [mark, *(Decision(kind="accept", finding=f, note=choice.note) for f in within)]
        case "adjust":
            if choice.finding is None:
                raise InvalidError("to adjust, a finding must be given")
            finding = _finding(article, choice.finding)
            start, end = _span(article, choice)
            return [Decision(kind="adjust", finding=finding, start=start, end=end, note=choice.note)]
    about = _open(article) if choice.finding is None else [_finding(article, choice.finding)]
    return [Decision(kind=choice.kind, finding=finding, note=choice.note) for finding in about]


def _span(article: Article, choice: Choice) -> tuple[int, int]:
    """The span that a choice is about, which no other cut touches."""
    if choice.start is None or choice.end is None:
        raise InvalidError(f"to {choice.kind}, start and end must be given")
    check_span(article, choice.start, choice.end)
    for other in article.findings:
        is_other = choice.kind == "mark" or other.number != choice.finding
        if is_other and other.state == "accepted" and other.cut_start < choice.end and choice.start < other.cut_end:
            raise InvalidError(f"finding {other.number} is cut there already")
    return choice.start, choice.end


def _marked(article: Article, start: int, end: int, category: str) -> Finding:
    """A finding of a person's own."""
    if category not in CATEGORIES:
        raise InvalidError(f"unknown category {category!r} (known: {', '.join(CATEGORIES)})")
    quote = article.source[start:end]
    finding = Finding(
        start=start,
        end=end,
        cut_start=start,
        cut_end=end,
        quote=quote,
        category=category,
        score=1.0,
        action="mark",
        state="withdrawn",
        campaign=campaign_of(quote),
        edits=[],
    )
    article.findings.append(finding)
    return finding


def _finding(article: Article, number: int) -> Finding:
    for finding in article.findings:
        if finding.number == number and finding.state != "withdrawn":
            return finding
    raise NotFoundError(f"there is no finding {number} in this article")


def _open(article: Article) -> list[Finding]:
    return [finding for finding in article.findings if finding.state == "open"]


def _settle(session: Session, article: Article, before: tuple[str, str]) -> None:
    """What follows from decisions: the text, when it was decided, and news for those who publish it.

    ``before`` are state and text as they were.
    """
    article.text = apply(article.source, edits_for(article))
    article.decided = now() if article.state == "decided" else None
    if (article.state, article.text) != before and {article.state, before[0]} != {"review"}:
        webhooks.announce(session, article)
