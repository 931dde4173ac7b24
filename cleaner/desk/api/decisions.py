"""What a person, or a program for one, decides on an article."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from cleaner.desk.api.articles import versioned
from cleaner.desk.api.problems import responses
from cleaner.desk.api.schemas import LARGEST, ArticleOut, DecideIn, Line, UndoIn
from cleaner.desk.api.security import Reviewer, TheDesk
from cleaner.desk.api.versions import seen
from cleaner.desk.decisions import Choice, decide, undo
from cleaner.desk.errors import ConflictError, NotFoundError, StorageFullError, VersionMissingError

router = APIRouter(
    prefix="/v1/articles/{id}/decisions",
    tags=["decisions"],
    responses=responses(NotFoundError, ConflictError, VersionMissingError, StorageFullError),
)
IfMatch = Annotated[str | None, Header()]


@router.post("", response_model=ArticleOut)
def make(id: Line, body: DecideIn, desk: TheDesk, actor: Reviewer, if_match: IfMatch = None) -> Response:
    """Decide on findings, mark what the gate missed, and finish; all at once or nothing.

    Name the version that you saw: when somebody decided since, this is refused, and tells what was decided.
    """
    choices = [Choice(**choice.model_dump()) for choice in body.decisions]
    with desk.database.write() as session:
        article = decide(session, id, seen(body.version, if_match), choices, actor.name)
        return versioned(ArticleOut.of(article))


@router.post("/{number}/undo", response_model=ArticleOut)
def take_back(
    id: Line,
    number: Annotated[int, Path(ge=1, le=LARGEST)],
    desk: TheDesk,
    actor: Reviewer,
    body: UndoIn | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Take a decision back, whatever was decided since; the history keeps both."""
    version = seen(body.version if body else None, if_match)
    with desk.database.write() as session:
        return versioned(ArticleOut.of(undo(session, id, version, number, actor.name)))
