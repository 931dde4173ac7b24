"""Forms: only those of the desk's own pages are taken."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from cleaner.desk import tokens
from cleaner.desk.errors import ForbiddenError, MediaTypeError
from cleaner.desk.web.visits import Visit

FIELD = "csrf"


async def form_of(request: Request, visit: Visit) -> FormData:
    """The fields of a form of somebody who is in.

    Raises:
        ForbiddenError: the form was not made for this visit.
    """
    form = await guest_form_of(request)
    if not tokens.is_csrf_of(visit.secret, str(form.get(FIELD, ""))):
        raise ForbiddenError("this form is out of date: load the page again, and send it once more")
    return form


async def guest_form_of(request: Request) -> FormData:
    """The fields of a form of somebody who may not be in yet, and so shares no secret with the desk.

    Raises:
        ForbiddenError: it comes from another site.
        MediaTypeError: it is in parts, as none of the desk's forms is.
    """
    if not _is_own(request):
        raise ForbiddenError("this form comes from another site")
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise MediaTypeError("send the form as application/x-www-form-urlencoded")
    return await request.form()


Form = Annotated[FormData, Depends(form_of)]
GuestForm = Annotated[FormData, Depends(guest_form_of)]


def _is_own(request: Request) -> bool:
    """Whether the browser says that the desk's own page sends this; browsers that say nothing are believed."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")
