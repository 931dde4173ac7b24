"""News of decisions on their way to another system: written with the decision, sent until they arrive.

Signed as Standard Webhooks says: headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session
from standardwebhooks.webhooks import Webhook

from cleaner.desk.errors import SettingsError
from cleaner.desk.gate import storable
from cleaner.desk.tables import NAME, Article, Delivery, now

ATTEMPTS = 16
"""Tries before news are given up: about a day."""
FIRST, LONGEST = timedelta(seconds=5), timedelta(hours=6)
"""Until the second try, and between two tries at most; each wait is twice the one before it."""
_SECRET = re.compile("(?:whsec_)?[A-Za-z0-9+/]{32,}={0,2}")
"""As Standard Webhooks wants it, no shorter."""


def announce(session: Session, article: Article) -> None:
    """Write down, with the change itself, that an article is to be published otherwise, or not yet."""
    if not session.info.get("announces"):
        return
    type = "article.reopened" if article.state == "review" else "article.decided"
    news = {
        "type": type,
        "timestamp": now().isoformat(),
        "data": {
            "id": article.id,
            "reference": article.reference,
            "origin": article.origin,
            "version": article.version,
            "state": article.state,
            "verdict": article.verdict,
            "text": None if article.state == "review" else article.text,
        },
    }
    session.add(Delivery(article_number=article.number, body=json.dumps(news), due=now()))


def seal_of(secret: str) -> Webhook:
    """What signs news.

    Raises:
        SettingsError: the secret is not of the form that Standard Webhooks wants.
    """
    try:
        if _SECRET.fullmatch(secret):
            return Webhook(secret)
    except ValueError:
        pass
    raise SettingsError("the webhook's secret must be whsec_ and base64 of at least 24 bytes")


def is_due(session: Session) -> bool:
    """Whether there are news to be tried now."""
    return bool(session.scalar(select(exists().where(Delivery.due <= now()))))


def claim(session: Session) -> Delivery | None:
    """News that are due, which nobody else tries before their next try is due: that is how a try is counted."""
    delivery = session.scalar(
        select(Delivery).where(Delivery.due <= now()).order_by(Delivery.due).limit(1).with_for_update(skip_locked=True)
    )
    if delivery is not None:
        wait = min(FIRST * 2**delivery.attempts, LONGEST)
        delivery.attempts += 1
        delivery.due = now() + wait if delivery.attempts < ATTEMPTS else None
    return delivery


def arrived(session: Session, number: int) -> None:
    """Write down that news arrived."""
    session.execute(update(Delivery).where(Delivery.number == number).values(due=None, delivered=now(), error=""))


def failed(session: Session, number: int, why: str) -> None:
    """Write down why news did not arrive; they are tried again when they are due."""
    session.execute(update(Delivery).where(Delivery.number == number).values(error=storable(why)[:NAME]))
