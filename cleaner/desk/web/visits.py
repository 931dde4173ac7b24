"""A request of a browser: who asks, in which language, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cleaner.desk import tokens
from cleaner.desk.api.security import cookie_name
from cleaner.desk.errors import UnauthorizedError
from cleaner.desk.service import Desk
from cleaner.desk.tokens import Actor
from cleaner.desk.web.navigation import places_for
from cleaner.desk.web.pages import Pages
from cleaner.desk.web.words import Words

LANGUAGE, SAID = "cleaner_language", "cleaner_said"
"""Names of cookies: the language that was chosen, and what is to be said on the next page."""
HOME = "/queue"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may not be in yet."""

    request: Request
    desk: Desk
    words: Words
    actor: Actor | None = None
    secret: str = ""
    """Of the session."""

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of the desk; what was to be said on the next page is said on it."""
        said, _, back = unquote(self.request.cookies.get(SAID, "")).partition("\n")
        pages: Pages = self.request.app.state.pages
        common = {
            "visit": self,
            "said": said,
            "back": local(back) if back else "",
            "path": self.request.url.path,
            "here": here(self.request) if self.request.method == "GET" else HOME,
            "csrf_field": self._csrf_field(),
            "places": places_for(self.actor) if self.actor else (),
        }
        body = pages.render(self.words.language, template, **common | values)
        response = HTMLResponse(body, status, {"Content-Language": self.words.language, "Vary": "Cookie"})
        if said:
            response.delete_cookie(SAID)
        return response

    def go(self, path: str, said: str = "", back: str = "") -> Response:
        """On to a page of the desk, where something is said, as one sentence in the language of the visit.

        Args:
            path: of the page.
            said: the sentence.
            back: where what it tells can be looked at again.
        """
        response = RedirectResponse(local(path), 303)
        return self.remember(response, SAID, quote(f"{said}\n{back}"), 60) if said else response

    def remember(self, response: Response, name: str, value: str, seconds: int) -> Response:
        """Let the browser keep a value that no script reads."""
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self._is_https)
        return response

    def _csrf_field(self) -> Markup:
        """What every form of a session carries."""
        if not self.secret:
            return Markup()
        return Markup('<input type="hidden" name="csrf" value="{}">').format(tokens.csrf_of(self.secret))

    @property
    def _is_https(self) -> bool:
        return self.desk.settings.is_https


@dataclass(frozen=True, slots=True)
class Visitor(Guest):
    """Somebody who is in."""

    @property
    def who(self) -> Actor:
        """Who it is."""
        if self.actor is None:
            raise UnauthorizedError("sign in first")
        return self.actor

    @property
    def name(self) -> str:
        """As the history tells."""
        return self.who.name


def guest_of(request: Request) -> Guest:
    """Whoever asks."""
    desk: Desk = request.app.state.desk
    pages: Pages = request.app.state.pages
    wanted = request.cookies.get(LANGUAGE, ""), request.headers.get("accept-language", "")
    words = pages.words(*wanted)
    secret = request.cookies.get(cookie_name(desk), "")
    try:
        return Guest(request, desk, words, _actor(desk, secret), secret)
    except UnauthorizedError:
        return Guest(request, desk, words)


def visitor_of(request: Request) -> Visitor:
    """Whoever asks, who must be in.

    Raises:
        UnauthorizedError: nobody is.
    """
    guest = guest_of(request)
    if guest.actor is None:
        raise UnauthorizedError("sign in first")
    return Visitor(guest.request, guest.desk, guest.words, guest.actor, guest.secret)


Anyone = Annotated[Guest, Depends(guest_of)]
Visit = Annotated[Visitor, Depends(visitor_of)]


def reviewer_of(visit: Visit) -> Visitor:
    """Whoever asks, who must be one who decides.

    Raises:
        ForbiddenError: it is somebody else.
    """
    visit.who.need("review")
    return visit


def admin_of(visit: Visit) -> Visitor:
    """Whoever asks, who must be one who sets policy and model.

    Raises:
        ForbiddenError: it is somebody else.
    """
    visit.who.need("admin")
    return visit


Review = Annotated[Visitor, Depends(reviewer_of)]
Admin = Annotated[Visitor, Depends(admin_of)]


def here(request: Request) -> str:
    """The address of a page, for coming back to it."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def local(path: str) -> str:
    """``path`` if it is one of this desk, otherwise the home page: nobody is led elsewhere."""
    is_ours = path.startswith("/") and not path.startswith("//")
    return path if is_ours and path.isprintable() and "\\" not in path else HOME


def _actor(desk: Desk, secret: str) -> Actor:
    if not secret:
        raise UnauthorizedError("sign in first")
    with desk.database.read() as session:
        return tokens.check(session, secret, "session")
