"""Who did what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from cleaner.desk.api.problems import responses
from cleaner.desk.api.schemas import AuditOut, HistoryOut, Line, Number
from cleaner.desk.api.security import Admin, Reviewer, TheDesk
from cleaner.desk.history import PAGE, audit, decisions

router = APIRouter(prefix="/v1", tags=["history"], responses=responses())
Before = Annotated[Number | None, Query(description="Only lower numbers: the next page.")]
Size = Annotated[int, Field(ge=1, le=1000), Query()]


@router.get("/decisions", response_model=list[HistoryOut])
def made(
    desk: TheDesk, actor: Reviewer, by: Line = "", bulk: Line = "", before: Before = None, size: Size = PAGE
) -> list[HistoryOut]:
    """The latest decisions on any article, latest first."""
    with desk.database.read() as session:
        return [HistoryOut.of(decision) for decision in decisions(session, by, bulk, before, size)]


@router.get("/audit", response_model=list[AuditOut])
def audited(desk: TheDesk, actor: Admin, action: Line = "", before: Before = None, size: Size = PAGE) -> list[AuditOut]:
    """The audit log, latest first: tokens, logins, policies, models."""
    with desk.database.read() as session:
        return [AuditOut.model_validate(entry) for entry in audit(session, action, before, size)]
