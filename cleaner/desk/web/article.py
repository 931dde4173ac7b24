"""An article: what was found in it and why, what was decided and by whom; deciding, and taking back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from cleaner.desk import decisions, queue
from cleaner.desk.decisions import Choice
from cleaner.desk.errors import ConflictError, InvalidError
from cleaner.desk.tables import NOTE, Article, Decision, Finding
from cleaner.desk.web.csrf import Form
from cleaner.desk.web.filters import Asked
from cleaner.desk.web.reading import Reading, places_of
from cleaner.desk.web.visits import Review, Visitor
from cleaner.desk.web.words import CATEGORIES, later
from cleaner.visible import visible

router = APIRouter()
_LARGEST = 2**31 - 1
_DONE = {
    "accept": later("Accepted, it is cut: “%(quote)s”"),
    "reject": later("Rejected, it stays: “%(quote)s”"),
    "adjust": later("Cut with new boundaries: “%(quote)s”"),
    "mark": later("Marked, it is cut: “%(quote)s”"),
    "finish": later("Finished: “%(quote)s”"),
    "undo": later("Taken back."),
}
_FIELDS = ("do", "finding", "start", "end", "words", "category", "note", "decision")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form asks for."""

    fields: Mapping[str, str]

    @property
    def do(self) -> str:
        """``accept``, ``reject``, ``adjust``, ``mark``, ``finish``, ``all`` (accept and finish) or ``undo``."""
        return self.fields.get("do", "")

    def number(self, name: str) -> int | None:
        """A field that is a number, or empty.

        Raises:
            InvalidError: it is something else.
        """
        value = self.fields.get(name, "").strip()
        if not value:
            return None
        if not value.isdecimal() or len(value) > 10 or int(value) > _LARGEST:
            raise InvalidError(f"{name} must be a number")
        return int(value)

    def needed(self, name: str) -> int:
        """A field that must be a number."""
        number = self.number(name)
        if number is None:
            raise InvalidError(f"{name} must be a number")
        return number

    @property
    def note(self) -> str:
        """For the history."""
        return visible(" ".join(self.fields.get("note", "").split()), keep="")[:NOTE]

    def choices(self, article: Article) -> list[Choice]:
        """What is decided.

        Raises:
            InvalidError: nothing that makes sense.
        """
        match self.do:
            case "accept" | "reject" as kind:
                return [Choice(kind, self.needed("finding"), note=self.note)]
            case "adjust":
                return [Choice("adjust", self.needed("finding"), *self._span(), note=self.note)]
            case "mark":
                return self._marks(article)
            case "all":
                return [Choice("accept", note=self.note), Choice("finish", note=self.note)]
            case "finish":
                return [Choice("finish", note=self.note)]
        raise InvalidError("nothing to decide")

    def _span(self) -> tuple[int, int]:
        return self.needed("start"), self.needed("end")

    def _marks(self, article: Article) -> list[Choice]:
        """By its place, or everywhere where the words stand and nothing is cut yet."""
        category = self.fields.get("category", "other")
        if self.number("start") is not None:
            spans = [self._span()]
        else:
            cut = [(f.cut_start, f.cut_end) for f in article.findings if f.state == "accepted"]
            everywhere = places_of(self.fields.get("words", ""), article)
            spans = [(s, e) for s, e in everywhere if not any(low < e and s < high for low, high in cut)]
        if not spans:
            raise InvalidError("these words do not stand in the article, or are cut already")
        return [Choice("mark", None, start, end, category, self.note) for start, end in spans]


@router.get("/articles/{id}")
def page(visit: Review, id: str) -> Response:
    """Shows an article."""
    return _page(visit, id, visit.request.query_params.get("queue", ""))


@router.post("/articles/{id}")
def decide(visit: Review, id: str, form: Form) -> Response:
    """Decides, and comes back; or goes on to the next article when this one is finished."""
    wish = Wish({name: str(form[name]) for name in _FIELDS if form.get(name)})
    asked = str(form.get("queue", ""))
    try:
        with visit.desk.database.write() as session:
            seen = Wish({"version": str(form.get("version", ""))}).needed("version")
            article, number = _carry_out(session, visit, id, seen, wish)
            finished = wish.do in ("finish", "all")
            following = _next(session, article, Asked.parse(asked)) if finished else None
    except ConflictError as error:
        return _page(visit, id, asked, 409, wish=wish, conflict=error)
    except InvalidError as error:
        return _page(visit, id, asked, 422, wish=wish, problem=visit.words.error(error))
    done = _DONE["finish" if finished else wish.do]
    said = visit.words.gettext(done) % {"quote": _quote(article, number)}
    if not finished:
        place = f"#finding-{number}" if number else ""
        return visit.go(f"{address(article.id, asked)}{place}", said)
    back = address(article.id, asked)
    return visit.go(address(following.id, asked) if following else f"/queue?{asked}", said, back)


def address(id: str, asked: str) -> str:
    """Of an article that was come to from the queue."""
    return f"/articles/{id}?{urlencode({'queue': asked})}" if asked else f"/articles/{id}"


def _carry_out(session: Session, visit: Visitor, id: str, seen: int, wish: Wish) -> tuple[Article, int | None]:
    """Decide; returns the article, and the number of the finding that it was about."""
    if wish.do == "undo":
        number = wish.needed("decision")
        article = decisions.undo(session, id, seen, number, visit.name)
        return article, next(d.finding_number for d in article.decisions if d.number == number)
    article = decisions.find(session, id)
    article = decisions.decide(session, id, seen, wish.choices(article), visit.name)
    return article, article.decisions[-1].finding_number


def _page(visit: Visitor, id: str, asked: str, status: int = 200, **told: Any) -> Response:
    """The article as it is now."""
    given = visit.request.query_params
    is_source = given.get("view") == "source"
    with visit.desk.database.read() as session:
        article = decisions.find(session, id)
        made = list(article.decisions)
        following = _next(session, article, Asked.parse(asked))
    findings = [f for f in article.findings if f.state != "withdrawn"]
    return visit.page(
        "article.html",
        status,
        article=article,
        title=title_of(article),
        reading=Reading(article, is_source),
        is_source=is_source,
        is_after=given.get("shown") == "after",
        findings=findings,
        by_number={f.number: f for f in article.findings},
        open=sum(f.state == "open" for f in findings),
        made=made,
        standing={d.number for d in decisions.live(made)},
        last=_last(made, visit.name),
        following=following,
        asked=asked,
        here=address(article.id, asked),
        categories=CATEGORIES,
        **{"conflict": None, "problem": "", "wish": Wish({}), **told},
    )


def title_of(article: Article) -> str:
    """Its title, or how it is called, or that it has none."""
    return article.title or article.reference or article.id[:8]


def _next(session: Session, article: Article, asked: Asked) -> Article | None:
    """The next article that is asked for; behind the last one, the first again."""
    for after in (article.number, None):
        for found in queue.page(session, asked.filter, asked.order, after, 2).articles:
            if found.number != article.number:
                return found
    return None


def _last(made: list[Decision], name: str) -> int | None:
    """The last decision of somebody that was not taken back."""
    return next((d.number for d in reversed(decisions.live(made)) if d.by == name), None)


def _quote(article: Article, number: int | None) -> str:
    """What a decision was about, on one line."""
    finding: Finding | None = next((f for f in article.findings if f.number == number), None)
    text = article.source[finding.cut_start : finding.cut_end] if finding else title_of(article)
    line = visible(" ".join(text.split()), keep="")
    return line if len(line) <= 80 else f"{line[:79]}…"
