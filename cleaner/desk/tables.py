"""The tables. Rows of decisions are only added; what a finding or an article is now is kept beside them.

Sources and cleaned texts are bytes (UTF-8, lone surrogates passed), for they may hold what a database refuses in text.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

CAMPAIGN = 200
"""Characters of the words that a campaign is known by."""
NAME = 200
"""Characters of a name, a title, an address."""
NOTE = 2000
"""Characters of a note."""


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, which is UTC also where a database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As it is stored."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As it was stored."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class Unicode(TypeDecorator[str]):
    """Any string of Python, NULs and lone surrogates included."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """As it is stored."""
        return None if value is None else value.encode("utf-8", "surrogatepass")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """As it was stored."""
        return None if value is None else value.decode("utf-8", "surrogatepass")


class Base(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Article(Base):
    """A text that was submitted, and what became of it."""

    __tablename__ = "article"
    __table_args__ = (Index(None, "state", "number"), Index(None, "origin", "number"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(primary_key=True)
    """In the order of submission."""
    id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: uuid.uuid4().hex)
    """What the world calls it."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows with everything that is decided on it."""
    title: Mapped[str] = mapped_column(String(NAME), default="")
    origin: Mapped[str] = mapped_column(String(NAME), default="")
    """Where it comes from: a site, a feed, an author, as the sender calls it."""
    reference: Mapped[str] = mapped_column(String(NAME), default="")
    """What the sender calls the article."""
    format: Mapped[str] = mapped_column(String(10))
    """``text``, ``html`` or ``markdown``: how the source was read."""
    source: Mapped[str] = mapped_column(Unicode)
    text: Mapped[str] = mapped_column(Unicode)
    """What to publish: the source without what is cut. Always to be had again from source and findings."""
    words: Mapped[str] = mapped_column(Text)
    """What a search looks through: the title and the words of the source, folded, each on a line."""
    verdict: Mapped[str] = mapped_column(String(10))
    """What the gate said: ``clean``, ``cleaned``, ``review`` (something is doubtful) or ``spam``."""
    state: Mapped[str] = mapped_column(String(10))
    """``published`` (the gate was certain), ``review`` (it waits for a person) or ``decided`` (by one)."""
    score: Mapped[float] = mapped_column(index=True)
    """Of its surest finding, 0..1; 0 without findings."""
    policy: Mapped[int]
    """Number of the version of the policy; 0: the one that comes with the project."""
    model: Mapped[int]
    """Number of the version of the model; 0: the one that the desk was started with."""
    sender: Mapped[str] = mapped_column(String(NAME))
    """Name of the token that submitted it."""
    submitted: Mapped[datetime] = mapped_column(default=now, index=True)
    decided: Mapped[datetime | None]
    """When a person finished it last."""

    findings: Mapped[list[Finding]] = relationship(
        back_populates="article", order_by="Finding.start, Finding.number", lazy="selectin"
    )
    decisions: Mapped[list[Decision]] = relationship(back_populates="article", order_by="Decision.number")


class Finding(Base):
    """A span of a source that the gate found or a person marked."""

    __tablename__ = "finding"
    __table_args__ = (Index(None, "campaign", "state"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(primary_key=True)
    article_number: Mapped[int] = mapped_column(ForeignKey("article.number"), index=True)
    start: Mapped[int]
    """As found; offsets are Unicode code points of the source."""
    end: Mapped[int]
    cut_start: Mapped[int]
    """As a person adjusted it; otherwise as found."""
    cut_end: Mapped[int]
    quote: Mapped[str] = mapped_column(Unicode)
    """The source from ``start`` to ``end``."""
    category: Mapped[str] = mapped_column(String(20), index=True)
    score: Mapped[float]
    """0..1; 1 where a person marked it."""
    action: Mapped[str] = mapped_column(String(10))
    """``strip`` (the gate cut it), ``flag`` (it left it to a person) or ``mark`` (a person found it)."""
    state: Mapped[str] = mapped_column(String(10), index=True)
    """``open``, ``accepted`` (cut), ``rejected`` (kept) or ``withdrawn`` (the mark was taken back)."""
    campaign: Mapped[str] = mapped_column(String(CAMPAIGN), default="")
    """What it has in common with its like in other articles: the site of its link, or its words, folded."""
    edits: Mapped[list[Any]] = mapped_column(default=list)
    """``[[start, end, replacement], …]``: what the engine does to the source to cut it as found; may be empty."""

    article: Mapped[Article] = relationship(back_populates="findings")
    reasons: Mapped[list[Reason]] = relationship(order_by="Reason.number", lazy="selectin")


class Reason(Base):
    """Why a span was found; strongest first."""

    __tablename__ = "reason"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    finding_number: Mapped[int] = mapped_column(ForeignKey("finding.number"), index=True)
    code: Mapped[str] = mapped_column(String(30), index=True)
    text: Mapped[str] = mapped_column(String(NAME), index=True)
    contribution: Mapped[float]
    """Log-odds."""


class Decision(Base):
    """Something that a person, or a program for one, decided on an article. Never altered, never deleted."""

    __tablename__ = "decision"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    article_number: Mapped[int] = mapped_column(ForeignKey("article.number"), index=True)
    finding_number: Mapped[int | None] = mapped_column(ForeignKey("finding.number"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """``accept``, ``reject``, ``adjust``, ``mark``, ``finish`` or ``undo``."""
    start: Mapped[int | None]
    """Of what was adjusted or marked."""
    end: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(NOTE), default="")
    undoes: Mapped[int | None] = mapped_column(ForeignKey("decision.number"), unique=True)
    """The decision that an ``undo`` takes back."""
    bulk: Mapped[str | None] = mapped_column(String(32), index=True)
    """What decisions that were made at once have in common."""
    version: Mapped[int]
    """The version of the article that it made."""
    by: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(default=now, index=True)

    article: Mapped[Article] = relationship(back_populates="decisions")
    finding: Mapped[Finding | None] = relationship()


class PolicyVersion(Base):
    """A policy as it was saved; the last one holds."""

    __tablename__ = "policy_version"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    policy: Mapped[dict[str, Any]]
    """As :meth:`cleaner.Policy.to_dict` spells it."""
    note: Mapped[str] = mapped_column(String(NOTE), default="")
    restores: Mapped[int | None]
    """The version whose values it has again; ``0``: those that come with the project."""
    by: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(default=now)


class ModelVersion(Base):
    """A model that was learnt from decisions."""

    __tablename__ = "model_version"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(Text)
    figures: Mapped[dict[str, Any]]
    """Old against new, JSON-ready."""
    by: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(default=now)


class LearningRun(Base):
    """An attempt to learn a model from decisions: how far it is, and what came of it."""

    __tablename__ = "learning_run"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="running")
    """``running``, ``learnt`` (there is a new model to approve), ``refused`` (it is no better) or ``failed``."""
    stage: Mapped[str] = mapped_column(String(30), default="reading")
    share: Mapped[float] = mapped_column(default=0.0)
    """Of the stage that is done, 0..1."""
    told: Mapped[list[Any]] = mapped_column(default=list)
    """Why nothing came of it: sentences of English."""
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Old against new, JSON-ready."""
    model: Mapped[int | None] = mapped_column(ForeignKey("model_version.number"))
    by: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(default=now)
    touched: Mapped[datetime] = mapped_column(default=now)
    """When it was last heard of."""


class ModelChange(Base):
    """A switch to another model: an approval or a roll-back; the last one holds."""

    __tablename__ = "model_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[int]
    """Number of the version that holds from now on; 0: the one that the desk was started with."""
    note: Mapped[str] = mapped_column(String(NOTE), default="")
    by: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(default=now)


class Token(Base):
    """A secret that lets somebody in; only its digest is kept."""

    __tablename__ = "token"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the secret, in hexadecimal digits."""
    kind: Mapped[str] = mapped_column(String(10))
    """``token`` (of a program or a person), ``ticket`` (a link that works once) or ``session`` (of a browser)."""
    name: Mapped[str] = mapped_column(String(NAME))
    """Who it stands for, in the history."""
    scopes: Mapped[str] = mapped_column(String(50))
    """Parted by spaces."""
    created: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    parent: Mapped[int | None] = mapped_column(ForeignKey("token.number"), index=True)
    """The token or ticket that a session was opened with: revoked together."""


class AuditEntry(Base):
    """Something that was done besides decisions: tokens, policies, models, logins."""

    __tablename__ = "audit_entry"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(30), index=True)
    subject: Mapped[str] = mapped_column(String(NAME))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    by: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class IdempotencyKey(Base):
    """A submission that may come twice and is to be answered once."""

    __tablename__ = "idempotency_key"

    sender: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    key: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked."""
    answer: Mapped[str] = mapped_column(Unicode)
    """What was answered, JSON."""
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class Delivery(Base):
    """News of an article on its way to the webhook."""

    __tablename__ = "delivery"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(40), unique=True, default=lambda: f"msg_{uuid.uuid4().hex}")
    article_number: Mapped[int] = mapped_column(ForeignKey("article.number"), index=True)
    body: Mapped[str] = mapped_column(Unicode)
    """JSON, as it is signed and sent."""
    created: Mapped[datetime] = mapped_column(default=now)
    due: Mapped[datetime | None] = mapped_column(index=True)
    """When it is tried next; ``None``: it arrived, or was given up."""
    attempts: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(NAME), default="")
    """What went wrong last."""
