"""What went wrong, as a page."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from cleaner.desk.errors import DeskError, RetryLaterError, UnauthorizedError
from cleaner.desk.web.headers import HEADERS
from cleaner.desk.web.pages import Pages
from cleaner.desk.web.visits import HOME, Guest, guest_of, here


def error_page(request: Request, error: DeskError) -> Response:
    """Tells a person; whoever is not in is asked in, and led back."""
    if isinstance(error, UnauthorizedError):
        back = here(request) if request.method == "GET" else HOME
        return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)
    guest = _guest(request)
    response = guest.page(
        "error.html",
        error.status,
        code=error.status,
        title=guest.words.gettext(error.title),
        sentence=guest.words.error(error),
        retry=isinstance(error, RetryLaterError),
    )
    response.headers.update({**HEADERS, **error.headers})
    return response


def _guest(request: Request) -> Guest:
    """Whoever asks; when the database is gone, somebody unknown."""
    try:
        return guest_of(request)
    except DeskError:
        pages: Pages = request.app.state.pages
        words = pages.words("", request.headers.get("accept-language", ""))
        return Guest(request, request.app.state.desk, words)
