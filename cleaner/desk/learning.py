"""Learning from decisions: a run in a process of its own, its outcome, approval, and the way back."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Sequence
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from threadpoolctl import threadpool_limits

from cleaner.desk.database import Database
from cleaner.desk.errors import ConflictError, InvalidError, NotFoundError
from cleaner.desk.gate import current_versions
from cleaner.desk.history import record
from cleaner.desk.labels import lessons
from cleaner.desk.policies import current
from cleaner.desk.settings import Settings
from cleaner.desk.tables import LearningRun, ModelChange, ModelVersion, now
from cleaner.desk.trial import Contestants, RefusedError, Report, read_tests, trial
from cleaner.files import make_folder
from cleaner.model.store import read_manifest
from cleaner.types import CleanerError, ModelError

SILENT = timedelta(minutes=10)
"""After which a run that says nothing is taken for one that was killed."""
STEP = 0.02
"""Of a stage, that is worth telling."""


def begin(session: Session, by: str) -> LearningRun:
    """Note that a run begins.

    Raises:
        ConflictError: another one is on its way.
    """
    for other in session.scalars(select(LearningRun).where(LearningRun.state == "running")):
        if not is_dead(other):
            raise ConflictError("a model is being learnt already")
        other.state, other.told = "failed", ["it was stopped from outside"]
    run = LearningRun(by=by)
    session.add(run)
    session.flush()
    record(session, "model.learn", f"run {run.number}", by)
    return run


def is_dead(run: LearningRun) -> bool:
    """Whether a run that has not ended was not heard of for too long."""
    return run.state == "running" and run.touched < now() - SILENT


def start(settings: Settings, number: int) -> BaseProcess:
    """Carry a run out in a process of its own, which ends with this one."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=(settings, number), daemon=True)
    process.start()
    return process


def work(settings: Settings, number: int) -> None:
    """What the process of a run does."""
    database = Database(settings.database)
    try:
        carry_out(database, settings, number)
    finally:
        database.close()


def carry_out(
    database: Database, settings: Settings, number: int, report: Report = lambda stage, share: None
) -> LearningRun:
    """Learn, compare, and write down what came of it.

    Args:
        database: of the desk.
        settings: of the desk: the model to teach, where models are kept, what they are tested on.
        number: of the run.
        report: told how far it is, as the run's row is.
    """
    folder = folder_of(settings, number)
    try:
        with threadpool_limits(1, user_api="blas"):  # sums are the same on every machine
            figures = _learn(database, settings, folder, _Telling(database, number, report))
    except RefusedError as error:
        return _end(database, number, "refused", error.reasons, error.figures, folder)
    except CleanerError as error:
        return _end(database, number, "failed", [str(error)], {}, folder)
    except BaseException:
        _end(database, number, "failed", ["something went wrong here; it was written into the log"], {}, folder)
        raise
    with database.write() as session:
        run = session.get_one(LearningRun, number)
        version = ModelVersion(folder=str(folder), figures=figures, by=run.by)
        session.add(version)
        session.flush()
        run.state, run.figures, run.model, run.share, run.touched = "learnt", figures, version.number, 1.0, now()
        record(session, "model.learnt", f"version {version.number}", run.by, run=number)
        return run


def folder_of(settings: Settings, number: int) -> Path:
    """Where the model of a run is kept."""
    return settings.models.resolve() / f"learnt-{number}"


def switch(session: Session, model: int, seen: int, by: str, note: str = "") -> ModelChange:
    """Let another model hold from now on: that is how one is approved, and how one goes back.

    Args:
        session: one that writes.
        model: number of the version; 0: the one that the desk was started with.
        seen: number of the version that holds, as whoever switches saw it.
        by: whose decision it is.
        note: why.

    Raises:
        NotFoundError: there is no such version.
        ConflictError: another one holds meanwhile than ``seen``.
        InvalidError: it holds already, or its files are gone.
    """
    _, holds = current_versions(session)
    if holds != seen:
        changes = [_told(change) for change in changes_of(session) if change.model == holds][:1]
        raise ConflictError(f"the model was changed meanwhile: version {holds} holds", holds, changes)
    if model == holds:
        raise InvalidError(f"model {model} holds already")
    if model:
        _check(find(session, model))
    was_there = model == 0 or any(change.model == model for change in changes_of(session))
    change = ModelChange(model=model, note=note, by=by)
    session.add(change)
    session.flush()
    action = "model.roll-back" if was_there else "model.approve"
    record(session, action, f"version {model}", by, before=holds, note=note)
    return change


def back(session: Session) -> int:
    """The version that held before the one that holds; 0: the one that the desk was started with.

    Raises:
        InvalidError: there was no other one.
    """
    held = [change.model for change in changes_of(session)]
    if not held:
        raise InvalidError("there is no earlier model to go back to")
    return next((model for model in held if model != held[0]), 0)


def find(session: Session, model: int) -> ModelVersion:
    """A version of the model.

    Raises:
        NotFoundError: there is none of that number.
    """
    version = session.get(ModelVersion, model)
    if version is None:
        raise NotFoundError(f"there is no version {model} of the model")
    return version


def versions(session: Session) -> Sequence[ModelVersion]:
    """The models that were learnt, latest first."""
    return session.scalars(select(ModelVersion).order_by(ModelVersion.number.desc())).all()


def changes_of(session: Session) -> Sequence[ModelChange]:
    """The switches from one model to another, latest first."""
    return session.scalars(select(ModelChange).order_by(ModelChange.number.desc())).all()


def runs(session: Session, size: int = 20) -> Sequence[LearningRun]:
    """The latest runs, latest first."""
    return session.scalars(select(LearningRun).order_by(LearningRun.number.desc()).limit(size)).all()


def _learn(database: Database, settings: Settings, folder: Path, report: Report) -> dict[str, Any]:
    report("reading", 0)
    with database.read() as session:
        found = lessons(session)
        _, policy = current(session, settings.policy)
        _, holds = current_versions(session)
        old = Path(find(session, holds).folder) if holds else settings.model
    make_folder(settings.models)
    models = Contestants(settings.model, old, policy)
    return trial(found, read_tests(settings.tests), models, folder, report) | {"old": holds}


def _end(
    database: Database, number: int, state: str, told: list[str], figures: dict[str, Any], folder: Path
) -> LearningRun:
    """Nothing came of a run."""
    shutil.rmtree(folder, ignore_errors=True)
    with database.write() as session:
        run = session.get_one(LearningRun, number)
        run.state, run.told, run.figures, run.share, run.touched = state, told, figures, 1.0, now()
        return run


class _Telling:
    """Writes down how far a run is, when it is worth it."""

    def __init__(self, database: Database, number: int, report: Report) -> None:
        self._database, self._number, self._report = database, number, report
        self._told = ("", 0.0)

    def __call__(self, stage: str, share: float) -> None:
        self._report(stage, share)
        if stage == self._told[0] and share - self._told[1] < STEP:
            return
        self._told = stage, share
        with self._database.write() as session:
            run = session.get_one(LearningRun, self._number)
            run.stage, run.share, run.touched = stage, share, now()


def _check(version: ModelVersion) -> None:
    try:
        read_manifest(Path(version.folder))
    except ModelError as error:
        raise InvalidError(str(error)) from None


def _told(change: ModelChange) -> dict[str, object]:
    return {"model": change.model, "note": change.note, "by": change.by, "at": change.at.isoformat()}
