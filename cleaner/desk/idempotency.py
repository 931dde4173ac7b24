"""Submissions that come twice, because an answer was lost, are answered once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cleaner.desk.errors import InvalidError
from cleaner.desk.tables import IdempotencyKey, now

LIFE = timedelta(days=1)
"""How long a key is remembered."""


def known(session: Session, sender: str, key: str, digest: str) -> str | None:
    """What was answered when this came before; ``None``: it comes for the first time.

    Args:
        session: one that reads or writes.
        sender: whose key it is.
        key: as the sender chose it.
        digest: of what is asked.

    Raises:
        InvalidError: something else was asked under this key.
    """
    found = session.get(IdempotencyKey, (sender, key))
    if found is None or found.at < now() - LIFE:
        return None
    if found.digest != digest:
        raise InvalidError("this idempotency key was used for another body")
    return found.answer


def remember(session: Session, sender: str, key: str, digest: str, answer: str) -> None:
    """Keep an answer, in the transaction of what it tells; forget those of yesterday."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < now() - LIFE))
    session.add(IdempotencyKey(sender=sender, key=key, digest=digest, answer=answer))
