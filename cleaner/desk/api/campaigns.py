"""What recurs across articles, and one decision for many of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from cleaner.desk import bulk
from cleaner.desk.api.problems import responses
from cleaner.desk.api.schemas import BulkIn, CampaignOut, DoneOut, ExampleOut, FindingOut, Line, PreviewIn, PreviewOut
from cleaner.desk.api.security import Reviewer, TheDesk
from cleaner.desk.errors import ConflictError, NotFoundError, StorageFullError
from cleaner.desk.queue import Filter

router = APIRouter(
    prefix="/v1", tags=["campaigns"], responses=responses(ConflictError, NotFoundError, StorageFullError)
)


@router.get("/campaigns", response_model=list[CampaignOut])
def campaigns(
    desk: TheDesk,
    actor: Reviewer,
    least: Annotated[int, Field(ge=1, le=1000), Query(description="In so many articles.")] = 2,
    open_only: bool = False,
) -> list[CampaignOut]:
    """What recurs, what waits for a decision in most articles first."""
    with desk.database.read() as session:
        return [CampaignOut.model_validate(one) for one in bulk.campaigns(session, least, open_only)]


@router.post("/bulk/preview", response_model=PreviewOut)
def preview(body: PreviewIn, desk: TheDesk, actor: Reviewer) -> PreviewOut:
    """What one decision on the findings of a campaign, a rule or a filter would do, in the first articles of theirs."""
    with desk.database.read() as session:
        found = bulk.preview(session, Filter(**body.filter.model_dump()), body.kind)
        examples = [
            ExampleOut(article=f.article.id, title=f.article.title, finding=FindingOut.of(f)) for f in found.examples
        ]
        return PreviewOut(
            findings=found.findings,
            articles=found.articles,
            finished=found.finished,
            left=found.left,
            seen=found.seen,
            examples=examples,
        )


@router.post("/bulk", response_model=DoneOut)
def apply(body: BulkIn, desk: TheDesk, actor: Reviewer) -> DoneOut:
    """Decide what was previewed, as a whole or not at all; articles in which nothing is left open are finished."""
    with desk.database.write() as session:
        wanted = Filter(**body.filter.model_dump())
        return DoneOut.model_validate(bulk.apply(session, wanted, body.kind, body.seen, actor.name, body.note))


@router.post("/bulk/{name}/undo", response_model=DoneOut)
def take_back(name: Line, desk: TheDesk, actor: Reviewer) -> DoneOut:
    """Take back all that was decided at once."""
    with desk.database.write() as session:
        return DoneOut.model_validate(bulk.undo_all(session, name, actor.name))
