"""Who asks: a program by its token, or a browser by the cookie of its session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from cleaner.desk import tokens
from cleaner.desk.errors import ForbiddenError, UnauthorizedError
from cleaner.desk.service import Desk
from cleaner.desk.tokens import Actor

CSRF_HEADER = "X-CSRF-Token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_bearer = HTTPBearer(auto_error=False, description="A token of `cleaner token add`.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def desk_of(request: Request) -> Desk:
    """The desk that serves a request."""
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]


def cookie_name(desk: Desk) -> str:
    """Of the session; with the prefix that lets browsers take it over https only, where that is so."""
    return "__Host-cleaner" if desk.settings.is_https else "cleaner"


def actor_of(request: Request, desk: TheDesk, bearer: Bearer) -> Actor:
    """Who asks.

    Raises:
        UnauthorizedError: nobody who may.
        ForbiddenError: a browser asks for a change, and not from a page of its session.
    """
    if bearer is not None:
        with desk.database.read() as session:
            return tokens.check(session, bearer.credentials)
    secret = request.cookies.get(cookie_name(desk))
    if secret is None:
        raise UnauthorizedError("send a token: Authorization: Bearer …")
    with desk.database.read() as session:
        actor = tokens.check(session, secret, "session")
    if request.method not in _SAFE and not tokens.is_csrf_of(secret, request.headers.get(CSRF_HEADER, "")):
        raise ForbiddenError(f"the header {CSRF_HEADER} does not belong to this session")
    return actor


def needs(scope: str) -> Callable[[Actor], Actor]:
    """For routes: who asks, who must have a scope."""

    def check(actor: Annotated[Actor, Depends(actor_of)]) -> Actor:
        actor.need(scope)
        return actor

    return check


def anyone_near(request: Request, desk: TheDesk, bearer: Bearer) -> None:
    """Anyone on this machine, while the desk is reached from nowhere else; otherwise whoever has a token."""
    if not desk.settings.is_loopback or desk.settings.address:
        actor_of(request, desk, bearer)


Submitter = Annotated[Actor, Depends(needs("submit"))]
Reviewer = Annotated[Actor, Depends(needs("review"))]
Admin = Annotated[Actor, Depends(needs("admin"))]


def reader(actor: Annotated[Actor, Depends(actor_of)]) -> Actor:
    """Who hands articles in may see what became of them, as may who decides."""
    if actor.scopes.isdisjoint(("submit", "review")):
        actor.need("review")
    return actor


Reader = Annotated[Actor, Depends(reader)]
