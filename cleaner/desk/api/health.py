"""Whether the desk is alive and ready, and its figures for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from cleaner.desk.api.problems import responses
from cleaner.desk.api.security import TheDesk, anyone_near
from cleaner.desk.errors import UnavailableError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """All is well."""

    status: str = "ok"


@router.head("/health", include_in_schema=False)
@router.get("/health")
def health() -> Health:
    """The process is alive."""
    return Health()


@router.head("/ready", include_in_schema=False)
@router.get("/ready", responses=responses())
def ready(desk: TheDesk) -> Health:
    """The database answers and has the form that this version needs, and the model is there."""
    if not desk.database.is_current():
        raise UnavailableError("the database has not the form that this version needs: start the desk anew")
    desk.gate()
    return Health()


@router.get("/metrics", dependencies=[Depends(anyone_near)], responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
def metrics(desk: TheDesk) -> Response:
    """Figures for Prometheus."""
    return Response(desk.metrics.text(desk.database), media_type=CONTENT_TYPE_LATEST)
