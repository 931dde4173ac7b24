"""Texts cleaned and scanned; nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import Field

from cleaner.desk.api.judging import judging
from cleaner.desk.api.problems import responses
from cleaner.desk.api.schemas import Cleaned, Scanned, Source
from cleaner.desk.api.security import TheDesk, anyone_near
from cleaner.desk.service import Desk
from cleaner.engine import Cleaner
from cleaner.types import Result

router = APIRouter(prefix="/v1", tags=["clean"], dependencies=[Depends(anyone_near)], responses=responses())
OneOrMany = Source | Annotated[list[Source], Field(max_length=1000)]
T = TypeVar("T")


@router.post("/clean", response_model=Cleaned | list[Cleaned])
async def clean(body: OneOrMany, desk: TheDesk) -> JSONResponse:
    """Clean a text, or each of a list, under the policy that holds; nothing is kept."""
    return await _told(body, desk, Result.to_dict)


@router.post("/scan", response_model=Scanned | list[Scanned])
async def scan(body: OneOrMany, desk: TheDesk) -> JSONResponse:
    """Tell what would be cut or shown in a text, or in each of a list; nothing is kept."""
    return await _told(body, desk, Scanned.of)


async def _told(body: OneOrMany, desk: Desk, told: Callable[[Result], dict[str, Any]]) -> JSONResponse:
    """What is found, one for one, or many for many."""
    gate = await run_in_threadpool(desk.gate)
    sources = body if isinstance(body, list) else [body]
    found = await judging(desk, lambda: [told(result) for result in _cleaned(gate.cleaner, sources)])
    return JSONResponse(found if isinstance(body, list) else found[0])


def _cleaned(cleaner: Cleaner, sources: list[Source]) -> Iterator[Result]:
    """The results in order; texts of one format are looked at together, which costs less."""
    by_format = {
        format: cleaner.clean_many([s.source for s in sources if s.format == format], format)
        for format in {s.format for s in sources}
    }
    return (next(by_format[s.format]) for s in sources)
