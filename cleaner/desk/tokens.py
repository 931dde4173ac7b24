"""Who may do what: tokens of programs and people, links that let in once, and sessions of browsers.

All three are secrets of which only the digest is kept. They are random enough (256 bits) for a plain SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from cleaner.desk.errors import ForbiddenError, InvalidError, NotFoundError, UnauthorizedError
from cleaner.desk.history import record
from cleaner.desk.tables import NAME, Token, now

SCOPES = ("submit", "review", "admin")
"""To hand articles in; to see and decide them; to set the policy and the model, and to see the audit log."""
TICKET_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
_PREFIXES = {"token": "cleaner_", "ticket": "enter_", "session": "desk_"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who was let in."""

    name: str
    """As the history tells."""
    scopes: frozenset[str]
    number: int = 0
    """Of the token or session."""

    def need(self, scope: str) -> None:
        """Raises ForbiddenError: this is nothing for this actor."""
        if scope not in self.scopes:
            raise ForbiddenError(f"this needs the scope “{scope}”, which {self.name} does not have")


def add(
    session: Session,
    name: str,
    scopes: Iterable[str],
    by: str,
    life: timedelta | None = None,
    kind: str = "token",
    parent: int | None = None,
) -> tuple[Token, str]:
    """Make a secret, and tell it this once.

    Args:
        session: one that writes.
        name: who it stands for; decisions bear it.
        scopes: of :data:`SCOPES`.
        by: who makes it.
        life: how long it is good; ``None``: until it is revoked.
        kind: ``token``, ``ticket`` or ``session``.
        parent: number of the token or ticket that opens a session.

    Raises:
        InvalidError: name or scopes make no sense, or a good token has that name already.
    """
    wanted = [scope for scope in SCOPES if scope in set(scopes)]
    if not wanted or set(scopes) - set(SCOPES):
        raise InvalidError(f"scopes are one or more of: {', '.join(SCOPES)}")
    name = " ".join(name.split())
    if not name or len(name) > NAME or not name.isprintable():
        raise InvalidError(f"a name has 1 to {NAME} printable characters")
    if life is not None and life <= timedelta(0):
        raise InvalidError("a token that has expired already is good for nothing")
    if kind == "token" and session.scalar(select(Token).where(Token.name == name, Token.kind == kind, *_good())):
        raise InvalidError(f"there is a token called {name} already: revoke it, or take another name")
    secret = _PREFIXES[kind] + secrets.token_urlsafe(32)
    token = Token(
        digest=_digest(secret),
        kind=kind,
        name=name,
        scopes=" ".join(wanted),
        expires=now() + life if life else None,
        parent=parent,
    )
    session.add(token)
    session.flush()
    record(session, f"{kind}.add", name, by, number=token.number, scopes=wanted)
    return token, secret


def check(session: Session, secret: str, kind: str = "token") -> Actor:
    """Who a secret stands for.

    Raises:
        UnauthorizedError: it is unknown, expired or revoked.
    """
    query = select(Token).where(Token.digest == _digest(secret), Token.kind == kind, *_good())
    token = session.scalar(query)
    if token is None:
        raise UnauthorizedError(f"this {kind} is unknown, has expired or was revoked")
    return Actor(token.name, frozenset(token.scopes.split()), token.number)


def open_session(session: Session, secret: str, kind: str) -> tuple[Actor, str]:
    """Let a browser in with a ``ticket``, which is good this once, or with a ``token``; forget what has expired.

    Returns:
        Who was let in, and the secret of the session, for the cookie.

    Raises:
        UnauthorizedError: ticket or token are unknown, expired, revoked or used up.
    """
    actor = check(session, secret, kind)
    if kind == "ticket":
        used = update(Token).where(Token.number == actor.number, Token.revoked.is_(None)).values(revoked=now())
        if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
            raise UnauthorizedError("this link was used already")
    session.execute(delete(Token).where(Token.kind.in_(("ticket", "session")), Token.expires <= now()))
    token = session.get_one(Token, actor.number) if kind == "token" else None
    parent = token.number if token else None
    made, opened = add(session, actor.name, actor.scopes, actor.name, SESSION_LIFE, "session", parent)
    if token and token.expires:
        made.expires = min(token.expires, made.expires or token.expires)
    return Actor(actor.name, actor.scopes, made.number), opened


def close_session(session: Session, secret: str) -> None:
    """Let a browser out; nothing happens when it is out already."""
    session.execute(update(Token).where(Token.digest == _digest(secret), *_good()).values(revoked=now()))


def csrf_of(secret: str) -> str:
    """What the forms of a session carry: nobody without the cookie can know it."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_of(secret: str, given: str) -> bool:
    """Whether a form is one of the session."""
    return hmac.compare_digest(csrf_of(secret).encode(), given.encode())


def tokens(session: Session, all: bool = False) -> list[Token]:
    """The tokens, oldest first; those that are good no more only if ``all``."""
    conditions = () if all else _good()
    return list(session.scalars(select(Token).where(Token.kind == "token", *conditions).order_by(Token.number)))


def revoke(session: Session, name: str, by: str) -> int:
    """Let a token be good no more, and the sessions that were opened with it.

    Args:
        session: one that writes.
        name: of the token.
        by: who does it.

    Returns:
        How many sessions went with it.

    Raises:
        NotFoundError: no good token has that name.
    """
    token = session.scalar(select(Token).where(Token.name == name, Token.kind == "token", *_good()))
    if token is None:
        raise NotFoundError(f"there is no good token called {name}")
    token.revoked = now()
    opened = session.scalars(select(Token).where(Token.parent == token.number, *_good())).all()
    for one in opened:
        one.revoked = token.revoked
    record(session, "token.revoke", name, by, number=token.number, sessions=len(opened))
    return len(opened)


def any_good(session: Session) -> bool:
    """Whether there is a token to get in with."""
    query = select(func.count()).select_from(Token).where(Token.kind == "token", *_good())
    return bool(session.scalar(query))


def _good() -> tuple[ColumnElement[bool], ...]:
    """Neither revoked nor expired."""
    return (Token.revoked.is_(None), or_(Token.expires.is_(None), Token.expires > now()))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
