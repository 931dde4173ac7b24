"""A run over an archive: list, look, write. Each step is in the ledger when it is done, and none is done twice."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, nullcontext
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from cleaner.archive.findings import Settings, classifier_of
from cleaner.archive.ledger import Ledger, containers, edits, quarantine, runs, searched
from cleaner.archive.ledger.choosing import Choice, choose
from cleaner.archive.ledger.containers import Container
from cleaner.archive.records import ArchiveError, Bad, Layout, Wanted
from cleaner.archive.restoring import restore, settle
from cleaner.archive.searching import read_layouts, refuse
from cleaner.archive.sources import Source, refuse_within, sources_of
from cleaner.archive.writing import write
from cleaner.files import OutputError
from cleaner.model.store import MANIFEST, default_folder
from cleaner.types import Policy

_TOGETHER = 500
"""Containers that are listed, or written elsewhere, in one transaction."""
_SETTINGS = {
    "sources": "other sources",
    "destination": "another destination",
    "fields": "other fields, another format or condition",
    "campaigns": "another choice of --campaigns",
    "model": "another model",
    "policy": "another policy",
}
"""What makes a run another one, and how users are told."""
_CHANGED = (
    "format = 'tables' AND EXISTS (SELECT 1 FROM document JOIN edit ON edit.document = document.id"
    " WHERE container = container.id AND edit.state = 'refused')"
)
"""Whether somebody changed rows of a table between reading and writing."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run:
    """What a user asked for."""

    sources: tuple[str, ...]
    out: str = ""
    """Folder, file or address to write to; empty for nowhere."""
    in_place: bool = False
    wanted: Wanted = field(default_factory=Wanted)
    campaigns: bool = True
    """Whether a first pass looks for what recurs across documents."""
    model: Path | None = None
    policy: Policy = field(default_factory=Policy)

    @property
    def settings(self) -> Settings:
        """What workers search with."""
        return Settings(str(self.model or ""), json.dumps(self.policy.to_dict(), sort_keys=True))

    def to_dict(self) -> dict[str, Any]:
        """What the ledger keeps of it, JSON-ready; two runs that say the same here come to the same."""
        manifest = (self.model or default_folder()) / MANIFEST
        return {
            "sources": list(self.sources),
            "destination": "in place" if self.in_place else self.out,
            "fields": json.loads(json.dumps(asdict(self.wanted))),
            "campaigns": self.campaigns,
            "model": hashlib.sha256(manifest.read_bytes()).hexdigest(),
            "policy": self.policy.to_dict(),
        }


def opened(run: Run, path: Path, resume: bool) -> Ledger:
    """The ledger of a run: a new one, or that of a run which was stopped or only looked.

    Raises:
        ArchiveError: there is one already, there is none, or it is of a run that asked for something else.
        ModelError: the model cannot be read.
    """
    classifier_of(run.settings.model)
    asked = json.loads(json.dumps(run.to_dict()))
    ledger = Ledger(path) if resume else Ledger.make(path)
    if not runs.first_settings(ledger):
        runs.begin(ledger, "batch", asked | {"folder": _folder_from(path)})
    if not (ledger.count("container", "state IN ('writing', 'written')") or ledger.count("edit", "state <> 'found'")):
        runs.amend(ledger, {**runs.first_settings(ledger), "destination": asked["destination"]})
    told = runs.first_settings(ledger)
    for name, what in _SETTINGS.items():
        if told.get(name) != asked[name]:
            ledger.close()
            raise ArchiveError(f"{path}: the ledger of a run with {what}")
    return ledger


def _folder_from(ledger: Path) -> str:
    """This folder, as seen from that of a ledger."""
    here = os.path.realpath(".")
    try:
        return os.path.relpath(here, os.path.dirname(os.path.realpath(ledger)))
    except ValueError:  # it is on another drive
        return here


def list_sources(ledger: Ledger, run: Run) -> None:
    """Write down the containers of a run; those that could not be read are tried again, and tables that were changed.

    Raises:
        ArchiveError: something is not there, or what is written would be mixed with what is read.
    """
    refuse_within(str(ledger.path), run.sources)
    searched.search_again(ledger, f"state = 'refused' OR state = 'written' AND {_CHANGED}")
    quarantine.forget_bad(ledger)
    found = sources_of(run.sources, run.out, run.in_place, (str(ledger.path), str(quarantine_of(ledger))))
    while batch := list(islice(found, _TOGETHER)):
        with ledger.writing():
            sources = (source for source in batch if isinstance(source, Source))
            containers.add(ledger, ((s.name, s.target, s.format, s.packing, s.size) for s in sources))
            quarantine.add(ledger, None, (bad for bad in batch if isinstance(bad, Bad)))


def read_all_layouts(ledger: Ledger, wanted: Wanted) -> list[tuple[Container, Layout]]:
    """Find out how the containers are read; those whose fields were guessed, for the user to see.

    Raises:
        ArchiveError: a table that was named cannot be read as the user said.
    """
    with ledger.writing():
        return [(container, layout) for container, layout in read_layouts(ledger, wanted) if layout.guessed]


def write_all(ledger: Ledger, told: Callable[[Container], object] = lambda container: None) -> None:
    """Write what was searched to its target.

    A container whose source is not any more what was searched, or may not be changed in place, is refused, and the next
    one is gone on with.

    Raises:
        ArchiveError: a table that is changed in place cannot be; the run can be gone on with.
        OutputError: a target cannot be written; likewise.
    """
    settle(ledger)
    for batch in _batches(containers.each(ledger), _TOGETHER):
        with nullcontext() if any(map(_is_done_by_itself, batch)) else ledger.writing():
            for container in batch:
                if container.state != "written" and container.target:
                    _write(ledger, container)
                told(container)


def _is_done_by_itself(container: Container) -> bool:
    """Whether the ledger has to tell at once that a container was written: doing so again is not the same."""
    return container.source == container.target or container.format == "tables"


def _write(ledger: Ledger, container: Container) -> None:
    try:
        write(ledger, container)
    except ArchiveError as error:
        is_begun = container.state == "writing"
        if is_begun or (container.format == "tables" and container.source == container.target):
            raise
        refuse(ledger, container, str(error))
    except OutputError as error:
        if container.source != container.target or not isinstance(error.__cause__, PermissionError):
            raise
        containers.break_promise(ledger, container.id)
        refuse(ledger, container, str(error))


def restore_all(ledger: Ledger, choice: Choice, told: Callable[[Container], object] = lambda container: None) -> int:
    """Take back the chosen edits; how many were taken back.

    Raises:
        OutputError: a target cannot be written; the same call goes on where this one stopped.
    """
    undone = ledger.count("edit", "state = 'undone'")
    with chdir(runs.folder_of(ledger)):
        settle(ledger)
        choose(ledger, choice)
        runs.begin(ledger, "restore", asdict(choice) | {"edits": ledger.count("edit", "state = 'undoing'")})
        for container in containers.each(ledger):
            if edits.any_in(ledger, container.id, "undoing"):
                _restore(ledger, container)
            told(container)
    return ledger.count("edit", "state = 'undone'") - undone


def quarantine_of(ledger: Ledger) -> Path:
    """Where the records that could not be read are written."""
    return ledger.path.with_name(f"{ledger.path.name}.quarantine.jsonl")


def _restore(ledger: Ledger, container: Container) -> None:
    try:
        restore(ledger, container)
    except ArchiveError as error:
        quarantine.complain(ledger, container.id, [Bad("", 0, str(error).removeprefix(f"{container.target}: "))])
        edits.set_container(ledger, container.id, "undoing", container.kept)


def quarantine_lines(ledger: Ledger) -> Iterator[bytes]:
    """The records that could not be read or taken back, a JSON object a line, with the bytes that are kept of them."""
    for source, record, offset, why, data in chain(quarantine.each(ledger), quarantine.each(ledger, "complaint")):
        line = {"source": source, "record": record, "offset": offset, "cause": why}
        if data:
            line["data"] = base64.b64encode(data).decode()
        yield json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _batches(items: Iterator[T], size: int) -> Iterator[Sequence[T]]:
    while batch := list(islice(items, size)):
        yield batch
