"""The queue: what waits, and whatever else is looked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from cleaner.desk import queue
from cleaner.desk.web import filters
from cleaner.desk.web.filters import Asked
from cleaner.desk.web.visits import Review
from cleaner.desk.web.words import CATEGORIES, VERDICTS

router = APIRouter()
_LARGEST = 2**31 - 1
SIZE = 30


@router.get("/queue")
def page(visit: Review, after: Annotated[int | None, Query(ge=0, le=_LARGEST)] = None) -> Response:
    """A page of it."""
    asked = Asked.of(visit.request.query_params)
    with visit.desk.database.read() as session:
        found = queue.page(session, asked.filter, asked.order, after, SIZE)
        return visit.page(
            "queue.html",
            asked=asked,
            found=found,
            is_first=after is None,
            total=queue.count(session, asked.filter),
            origins=queue.origins(session),
            filters=filters,
            categories=CATEGORIES,
            verdicts=VERDICTS,
        )
