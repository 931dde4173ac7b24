"""Coming in, by a link that works once or with a token; going out; and the language of the pages."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cleaner.desk import tokens
from cleaner.desk.api.security import cookie_name
from cleaner.desk.errors import UnauthorizedError
from cleaner.desk.web.csrf import Form, GuestForm
from cleaner.desk.web.visits import HOME, LANGUAGE, Anyone, Guest, Visit, local

router = APIRouter()
_YEAR = 365 * 24 * 3600


@router.get("/")
def home(guest: Anyone) -> Response:
    """The desk begins with its queue."""
    return guest.go(HOME)


@router.get("/enter")
def enter_page(guest: Anyone, ticket: str = "") -> Response:
    """Where the access link leads; programs that look at links in advance do not use it up."""
    return guest.page("enter.html", ticket=ticket)


@router.post("/enter")
def enter(guest: Anyone, form: GuestForm) -> Response:
    """Come in by a link."""
    return _let_in(guest, str(form.get("ticket", "")), "ticket", HOME)


@router.get("/login")
def login_page(guest: Anyone, next: str = HOME) -> Response:
    """Asks for a token."""
    return guest.page("login.html", next=local(next))


@router.post("/login")
def login(guest: Anyone, form: GuestForm) -> Response:
    """Come in with a token."""
    return _let_in(guest, str(form.get("token", "")).strip(), "token", local(str(form.get("next", HOME))))


@router.post("/logout")
def logout(visit: Visit, form: Form) -> Response:
    """Go out."""
    with visit.desk.database.write() as session:
        tokens.close_session(session, visit.secret)
    response = visit.go("/login", visit.words.gettext("You have signed out."))
    response.delete_cookie(cookie_name(visit.desk), secure=visit.desk.settings.is_https, httponly=True, samesite="lax")
    return response


@router.post("/language")
def language(guest: Anyone, form: GuestForm) -> Response:
    """Choose the language of the pages."""
    response = guest.go(local(str(form.get("next", HOME))))
    return guest.remember(response, LANGUAGE, str(form.get("language", ""))[:10], _YEAR)


def _let_in(guest: Guest, secret: str, kind: str, path: str) -> Response:
    try:
        with guest.desk.database.write() as session:
            _, opened = tokens.open_session(session, secret, kind)
    except UnauthorizedError as error:
        said = guest.words.error(error)
        return guest.page("login.html", 401, next=path, problem=said)
    seconds = int(tokens.SESSION_LIFE.total_seconds())
    return guest.remember(guest.go(path), cookie_name(guest.desk), opened, seconds)
