"""Who decided what, and what else was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from cleaner.desk import history
from cleaner.desk.tables import AuditEntry, Decision
from cleaner.desk.web.visits import Admin, Review
from cleaner.desk.web.words import AUDIT, KINDS

router = APIRouter()
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
SIZE = 50


@router.get("/history")
def decisions(
    visit: Review, by: str = "", bulk: str = "", kind: str = "", words: str = "", before: Before = None
) -> Response:
    """Decisions on all articles, latest first."""
    asked = {"by": by, "bulk": bulk, "kind": kind if kind in KINDS else "", "words": words}
    with visit.desk.database.read() as session:
        found = history.decisions(session, before=before, size=SIZE + 1, **asked)
        shown = found[:SIZE]
        undone = history.undone(session, shown)
        return visit.page(
            "history.html",
            asked=asked,
            decisions=shown,
            undone=undone,
            deciders=history.deciders(session),
            kinds=KINDS,
            is_first=before is None,
            first=_query(asked),
            older=_older(found, asked),
            can_undo=bool(bulk) and any(d.kind != "undo" and d.number not in undone for d in shown),
        )


@router.get("/audit")
def audit(visit: Admin, action: str = "", before: Before = None) -> Response:
    """Tokens, policies, models, logins: latest first."""
    with visit.desk.database.read() as session:
        found = history.audit(session, action, before, SIZE + 1)
    return visit.page(
        "audit.html",
        action=action,
        actions=AUDIT,
        entries=found[:SIZE],
        is_first=before is None,
        first=_query({"action": action}),
        older=_older(found, {"action": action}),
    )


def _older(found: Sequence[Decision] | Sequence[AuditEntry], asked: dict[str, str]) -> str:
    """The query of the next page; empty: this is the last one."""
    return _query({**asked, "before": str(found[SIZE - 1].number)}) if len(found) > SIZE else ""


def _query(asked: dict[str, str]) -> str:
    return urlencode({key: value for key, value in asked.items() if value})
