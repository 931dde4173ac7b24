"""Versions of the policy: the last one holds; a change is looked at before it is saved, and can be taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, load_only

from cleaner.desk.errors import ConflictError, InvalidError, NotFoundError
from cleaner.desk.gate import current_versions
from cleaner.desk.history import record
from cleaner.desk.tables import Article, Finding, PolicyVersion
from cleaner.engine import Cleaner
from cleaner.types import Policy, Result

LOOKED_AT = 1000
"""The last articles that a change is tried on."""
CHUNK = 50
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """An article that a change of the policy would have treated otherwise."""

    article: Article
    before: str
    """Verdict."""
    after: str
    newly_cut: tuple[str, ...]
    """Quotes."""
    no_longer_cut: tuple[str, ...]
    against: tuple[str, ...]
    """Quotes that it would cut and a person kept, or leave and a person cut."""


@dataclass(slots=True)
class Effect:
    """What a change of the policy would have done to the last articles."""

    articles: int = 0
    changed: int = 0
    before: Counter[str] = field(default_factory=Counter)
    """Articles by verdict."""
    after: Counter[str] = field(default_factory=Counter)
    newly_cut: Counter[str] = field(default_factory=Counter)
    """Findings by category."""
    no_longer_cut: Counter[str] = field(default_factory=Counter)
    against: int = 0
    """Findings that would be treated otherwise than a person decided, and are not so now."""
    examples: list[Change] = field(default_factory=list)


def current(session: Session, base: Policy) -> tuple[int, Policy]:
    """Number and values of the policy that holds; 0 and ``base`` while none is saved."""
    number, _ = current_versions(session)
    return number, policy_of(session, number, base)


def policy_of(session: Session, number: int, base: Policy) -> Policy:
    """The policy of a version; 0 is ``base``, with which the desk was started.

    Raises:
        NotFoundError: there is no such version.
    """
    if number == 0:
        return base
    saved = session.get(PolicyVersion, number)
    if saved is None:
        raise NotFoundError(f"there is no version {number} of the policy")
    return Policy.from_mapping(saved.policy)


def versions(session: Session) -> Sequence[PolicyVersion]:
    """All that were saved, latest first."""
    return session.scalars(select(PolicyVersion).order_by(PolicyVersion.number.desc())).all()


def save(
    session: Session, policy: Policy, seen: int, by: str, note: str = "", restores: int | None = None
) -> PolicyVersion:
    """Let a policy hold from now on.

    Args:
        session: one that writes.
        policy: its values.
        seen: number of the version that it is to take the place of.
        by: whose decision it is.
        note: why.
        restores: number of the version whose values it has.

    Raises:
        ConflictError: another one holds meanwhile.
    """
    number, _ = current_versions(session)
    if number != seen:
        changes = [_told(v) for v in versions(session) if v.number > seen]
        raise ConflictError(f"the policy was changed since version {seen}: it is at version {number}", number, changes)
    version = PolicyVersion(number=seen + 1, policy=policy.to_dict(), by=by, note=note, restores=restores)
    session.add(version)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError(f"the policy was changed since version {seen}, at this very moment", seen + 1) from None
    record(session, "policy.save", f"version {version.number}", by, restores=restores, note=note)
    return version


def restore(session: Session, number: int, seen: int, base: Policy, by: str) -> PolicyVersion:
    """Let the values of an older version hold again: that is how a change is taken back.

    Raises:
        NotFoundError: there is no such version.
        ConflictError: another one holds meanwhile than ``seen``.
        InvalidError: it holds already.
    """
    if number == seen == current_versions(session)[0]:
        raise InvalidError(f"version {number} holds already")
    return save(session, policy_of(session, number, base), seen, by, restores=number)


def preview(session: Session, old: Cleaner, new: Cleaner, limit: int = LOOKED_AT) -> Effect:
    """What the policy of ``new`` would have done to the last articles, beside that of ``old``; nothing is written."""
    effect = Effect()
    for article, before, after in _both(session, old, new, limit):
        effect.articles += 1
        effect.before[before.verdict] += 1
        effect.after[after.verdict] += 1
        change = _change(article, before, after, effect)
        if change and len(effect.examples) < SHOWN:
            effect.examples.append(change)
    return effect


def _both(session: Session, old: Cleaner, new: Cleaner, limit: int) -> Iterator[tuple[Article, Result, Result]]:
    query = select(Article).order_by(Article.number.desc()).limit(limit)
    named = (Article.id, Article.title, Article.origin, Article.reference)
    fields = load_only(Article.number, *named, Article.source, Article.format)
    articles = iter(session.scalars(query.options(fields).execution_options(yield_per=CHUNK)))
    for _, group in groupby(articles, key=lambda article: article.format):
        while some := list(islice(group, CHUNK)):
            sources, format = [article.source for article in some], some[0].format
            yield from zip(some, old.clean_many(sources, format), new.clean_many(sources, format), strict=True)


def _change(article: Article, before: Result, after: Result, effect: Effect) -> Change | None:
    """What becomes otherwise with an article; counted in ``effect``."""
    old, new = _cut(before), _cut(after)
    more = {span: category for span, category in new.items() if span not in old}
    less = {span: category for span, category in old.items() if span not in new}
    if not more and not less and before.verdict == after.verdict:
        return None
    effect.changed += 1
    effect.newly_cut.update(more.values())
    effect.no_longer_cut.update(less.values())
    decided = {(f.start, f.end): f for f in article.findings if f.state in ("accepted", "rejected") and _by_person(f)}
    against = [
        f.quote
        for span, f in decided.items()
        if (span in more and f.state == "rejected") or (span in less and f.state == "accepted")
    ]
    effect.against += len(against)
    source = article.source
    return Change(
        article,
        before.verdict,
        after.verdict,
        tuple(source[a:b] for a, b in more),
        tuple(source[a:b] for a, b in less),
        tuple(against),
    )


def _cut(result: Result) -> dict[tuple[int, int], str]:
    return {(f.start, f.end): f.category for f in result.findings if f.action == "strip"}


def _by_person(finding: Finding) -> bool:
    """Whether its state is other than the gate left it."""
    return finding.action != "strip" or finding.state == "rejected"


def _told(version: PolicyVersion) -> dict[str, object]:
    return {"number": version.number, "note": version.note, "by": version.by, "at": version.at.isoformat()}
