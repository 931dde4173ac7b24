"""What recurs, and one decision for many findings: looked at first, carried out as a whole, taken back as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from cleaner.desk import bulk
from cleaner.desk.bulk import BulkKind, Done
from cleaner.desk.errors import ConflictError
from cleaner.desk.tables import NOTE
from cleaner.desk.web.csrf import Form
from cleaner.desk.web.filters import Asked
from cleaner.desk.web.reading import context_of
from cleaner.desk.web.visits import Review, Visitor
from cleaner.desk.web.words import Words, later
from cleaner.visible import visible

router = APIRouter()
_DONE: dict[BulkKind, str] = {
    "accept": later("Accepted, to be cut: %(findings)s in %(articles)s."),
    "reject": later("Rejected, to be kept: %(findings)s in %(articles)s."),
}


@router.get("/campaigns")
def campaigns(visit: Review, all: bool = False) -> Response:
    """What recurs across articles, and the reasons that findings have in common."""
    with visit.desk.database.read() as session:
        return visit.page(
            "campaigns.html",
            campaigns=bulk.campaigns(session, 1 if all else 2),
            rules=bulk.rules(session),
            is_all=all,
        )


@router.get("/bulk")
def preview(visit: Review) -> Response:
    """What one decision for many would do."""
    return _preview(visit, visit.request.query_params)


@router.post("/bulk")
def apply(visit: Review, form: Form) -> Response:
    """Decide what was looked at."""
    fields = {name: str(value) for name, value in form.items()}
    kind, note = _kind(fields), visible(" ".join(fields.get("note", "").split()), keep="")[:NOTE]
    try:
        with visit.desk.database.write() as session:
            asked = _asked(fields)
            done = bulk.apply(session, asked.filter, kind, fields.get("seen", ""), visit.name, note)
    except ConflictError as error:
        return _preview(visit, fields, 409, visit.words.error(error))
    said, made = visit.words.gettext(_DONE[kind]) % _counts(visit.words, done), f"/history?bulk={done.bulk}"
    if not done.left:
        return visit.go(made, said)
    following = asked.query(kind=kind, note=note or None)
    return visit.go(f"/bulk?{following}", said, made)


@router.post("/bulk/{name}/undo")
def take_back(visit: Review, form: Form, name: str) -> Response:
    """Take back what was decided at once."""
    with visit.desk.database.write() as session:
        done = bulk.undo_all(session, name, visit.name)
    said = visit.words.gettext("Taken back: %(findings)s in %(articles)s.")
    return visit.go(f"/history?bulk={done.bulk}", said % _counts(visit.words, done))


def _counts(words: Words, done: Done) -> dict[str, str]:
    findings = words.ngettext("%(shown)s finding", "%(shown)s findings", done.findings)
    articles = words.ngettext("%(shown)s article", "%(shown)s articles", done.articles)
    return {
        "findings": findings % {"shown": words.number(done.findings)},
        "articles": articles % {"shown": words.number(done.articles)},
    }


def _preview(visit: Visitor, fields: Mapping[str, str], status: int = 200, problem: str = "") -> Response:
    kind, asked = _kind(fields), _asked(fields)
    with visit.desk.database.read() as session:
        found = bulk.preview(session, asked.filter, kind)
        examples = [(finding, context_of(finding)) for finding in found.examples]
    return visit.page(
        "bulk.html",
        status,
        here=f"/bulk?{asked.query(kind=kind)}",
        asked=asked,
        kind=kind,
        found=found,
        examples=examples,
        note=fields.get("note", ""),
        problem=problem,
    )


def _kind(fields: Mapping[str, str]) -> BulkKind:
    return "reject" if fields.get("kind") == "reject" else "accept"


def _asked(fields: Mapping[str, str]) -> Asked:
    """Findings of articles in any state, unless one is named."""
    return Asked.of({"state": "all", **fields})
