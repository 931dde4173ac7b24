"""Errors as RFC 9457 tells them: ``application/problem+json`` with a kind for programs and a sentence for people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cleaner.desk.errors import (
    DeskError,
    ForbiddenError,
    InvalidError,
    MalformedError,
    MediaTypeError,
    NotFoundError,
    TooLargeError,
    TooManyError,
    TooSlowError,
    UnauthorizedError,
    UnavailableError,
)
from cleaner.types import CleanerError, ModelError
from cleaner.visible import visible

MEDIA_TYPE = "application/problem+json"
Page = Callable[[Request, DeskError], Response]
"""Tells a person of an error, as a page."""
_log = logging.getLogger("cleaner.desk")


class Problem(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:cleaner:problem:not-found",
                "title": "Not found",
                "status": 404,
                "detail": "there is no such article",
            }
        },
    )

    type: str
    """A stable name of the kind of problem."""
    title: str
    status: int
    detail: str
    """One sentence about this case."""


class InvalidBodyError(InvalidError):
    """Values of wrong types or out of range; ``errors`` tells which."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        first = errors[0] if errors else {"where": "", "message": "invalid"}
        super().__init__(f"{first['where']}: {first['message']}".removeprefix(": "))
        self._errors = errors

    @property
    def details(self) -> dict[str, Any]:
        """Each of them, with its place."""
        return {"errors": self._errors}


class HttpError(DeskError):
    """What the framework refuses: a method, a path."""

    def __init__(self, error: HTTPException) -> None:
        super().__init__(str(error.detail))
        self.status, self.title = error.status_code, "Refused"  # type: ignore[misc]
        self._headers = dict(error.headers or {})

    @property
    def headers(self) -> dict[str, str]:
        """As the framework tells."""
        return self._headers


def responses(*errors: type[DeskError]) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: what it may refuse, besides what all routes may."""
    return {
        error.status: {"description": error.title, "content": {MEDIA_TYPE: {"schema": _REFERENCE}}}
        for error in (*_COMMON, *errors)
    }


_COMMON: tuple[type[DeskError], ...] = (
    MalformedError,
    UnauthorizedError,
    ForbiddenError,
    TooSlowError,
    TooLargeError,
    MediaTypeError,
    InvalidError,
    TooManyError,
    UnavailableError,
)
_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def answer(error: DeskError) -> JSONResponse:
    """An error as an answer."""
    body = {
        "type": f"urn:cleaner:problem:{error.kind}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
        **error.details,
    }
    return JSONResponse(body, error.status, error.headers, MEDIA_TYPE)


def install(app: FastAPI, page: Page) -> Callable[[Request, Exception], Response]:
    """Let all errors of an app be told, and described; to browsers, outside of ``/v1``, as a ``page``.

    Returns:
        What tells an error, for those who stand around the app.
    """

    def tell(request: Request, error: Exception) -> Response:
        told = _told(error)
        if told.status >= 500:
            _log.error("%s %s: %s", request.method, visible(request.url.path, keep=""), told, exc_info=error)
        wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
        return page(request, told) if wants_page else answer(told)

    for kind in (CleanerError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, tell)
    describe = app.openapi

    def described() -> dict[str, Any]:
        description = describe()
        description["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return description

    app.openapi = described  # type: ignore[method-assign]
    return tell


def _told(error: Exception) -> DeskError:
    """Any error as one of the desk."""
    match error:
        case DeskError():
            return error
        case ModelError():
            return UnavailableError(str(error), 30)
        case CleanerError():
            return InvalidError(str(error))
        case RequestValidationError():
            return _invalid(error)
        case HTTPException(status_code=404):
            return NotFoundError("there is nothing at this address")
        case HTTPException(status_code=400):
            return MalformedError("the body cannot be read")
        case HTTPException():
            return HttpError(error)
    return DeskError("something went wrong here; it was written into the log")


def _invalid(error: RequestValidationError) -> DeskError:
    """What is wrong with a request; values are not repeated."""
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        return MalformedError(f"the body is no JSON: {found[0]['ctx']['error']} at position {found[0]['loc'][-1]}")
    where = [".".join(visible(str(part), keep="") for part in one["loc"]) for one in found]
    return InvalidBodyError([{"where": w, "message": one["msg"]} for w, one in zip(where, found, strict=True)])
