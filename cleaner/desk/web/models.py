"""The page of learning: what there is to learn from, old against new, approval, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response, StreamingResponse

from cleaner.desk import labels, learning
from cleaner.desk.api.schemas import Number
from cleaner.desk.errors import NotFoundError
from cleaner.desk.gate import current_versions
from cleaner.desk.tables import NOTE, LearningRun
from cleaner.desk.web.csrf import Form
from cleaner.desk.web.visits import Admin, Visitor
from cleaner.desk.web.words import later
from cleaner.visible import visible

router = APIRouter()
STAGES = {
    "reading": later("reading the decisions"),
    "holding back": later("reading what is held back"),
    "comparing: held back": later("comparing on what is held back"),
    "comparing: test": later("comparing on the test"),
}
FIGURES = {
    "exact": later("infected articles restored by the gate alone"),
    "assisted": later("infected articles restored with a person's help"),
    "precision": later("of what is cut, injected"),
    "recall": later("of what was injected, cut"),
    "clean_untouched": later("honest articles left as they are"),
    "clean_silent": later("honest articles without a finding"),
    "hard_untouched": later("delicate honest articles left as they are"),
    "hard_silent": later("delicate honest articles without a finding"),
}


@router.get("/models")
def models(visit: Admin) -> Response:
    """What there is to learn from, what was learnt, and which model holds."""
    with visit.desk.database.read() as session:
        _, holds = current_versions(session)
        runs = learning.runs(session)
        return visit.page(
            "models.html",
            holds=holds,
            tally=labels.tally(session),
            run=runs[0] if runs else None,
            is_running=bool(runs) and _is_running(runs[0]),
            runs=runs,
            versions=learning.versions(session),
            changes=learning.changes_of(session),
            stages=STAGES,
            measures=FIGURES,
        )


@router.post("/models/learn")
def learn(visit: Admin, form: Form) -> Response:
    """Begin to learn, in a process of its own."""
    with visit.desk.database.write() as session:
        run = learning.begin(session, visit.name)
    learning.start(visit.desk.settings, run.number)
    return visit.go(
        "/models", visit.words.gettext("Learning has begun. It takes some minutes; you may go on meanwhile.")
    )


@router.get("/models/runs/{number}")
def progress(visit: Admin, number: Number) -> Response:
    """How far a run is, for the page's script."""
    with visit.desk.database.read() as session:
        run = session.get(LearningRun, number)
    if run is None:
        raise NotFoundError("there is no such run")
    stage = visit.words.gettext(STAGES.get(run.stage, run.stage))
    return JSONResponse({"running": _is_running(run), "stage": stage, "share": run.share})


@router.post("/models/switch")
def switch(visit: Admin, form: Form) -> Response:
    """Approve a model, or go back to an older one."""
    model, seen = (_number(str(form.get(name, ""))) for name in ("model", "seen"))
    note = visible(" ".join(str(form.get("note", "")).split()), keep="")[:NOTE]
    with visit.desk.database.write() as session:
        learning.switch(session, model, seen, visit.name, note)
    return visit.go("/models", visit.words.gettext("Model %(number)s holds from now on.") % {"number": model})


@router.get("/models/decisions.jsonl")
def export(visit: Admin) -> Response:
    """What people decided, as records for ``cleaner evaluate`` and ``cleaner train``."""
    headers = {"Content-Disposition": 'attachment; filename="decisions.jsonl"'}
    return StreamingResponse(_lines(visit), media_type="application/jsonl", headers=headers)


def _lines(visit: Visitor) -> Iterator[bytes]:
    with visit.desk.database.read() as session:
        for values in labels.exported(session):
            yield json.dumps(values).encode() + b"\n"


def _is_running(run: LearningRun) -> bool:
    return run.state == "running" and not learning.is_dead(run)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else -1
