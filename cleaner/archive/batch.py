"""A run over an archive: list, look, write. Each step is in the ledger when it is done, and none is done twice."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from cleaner.archive.findings import Settings
from cleaner.archive.ledger import Choice, Container, Ledger
from cleaner.archive.records import ArchiveError, Bad, Layout, Wanted
from cleaner.archive.searching import read_layouts, refuse
from cleaner.archive.sources import Source, sources_of
from cleaner.archive.writing import restore, write
from cleaner.model.store import MANIFEST, default_folder
from cleaner.types import Policy

_TOGETHER = 500
"""Containers that are listed, or written elsewhere, in one transaction."""
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
        try:
            version = hashlib.sha256(manifest.read_bytes()).hexdigest()
        except OSError:
            version = ""
        return {
            "sources": list(self.sources),
            "in_place": self.in_place,
            "wanted": json.loads(json.dumps(asdict(self.wanted))),
            "campaigns": self.campaigns,
            "model": version,
            "policy": self.policy.to_dict(),
        }


def opened(run: Run, path: Path, resume: bool) -> Ledger:
    """The ledger of a run: a new one, or that of a run which was stopped or only looked.

    Raises:
        ArchiveError: there is one already, there is none, or it is of a run that asked for something else.
    """
    asked = json.loads(json.dumps(run.to_dict()))
    ledger = Ledger(path) if resume else Ledger.make(path)
    if not ledger.first_run():
        ledger.begin("batch", asked)
    told = ledger.first_run()
    for name in asked:
        if told.get(name) != asked[name]:
            raise ArchiveError(f"{path}: the ledger of a run with another {name.replace('_', ' ')}")
    return ledger


def list_sources(ledger: Ledger, run: Run) -> None:
    """Write down the containers of a run."""
    listed = ledger.count("run", "command = 'listed'") > 0
    found = sources_of(run.sources, run.out, run.in_place)
    while batch := list(islice(found, _TOGETHER)):
        with ledger.together():
            ledger.add_containers(
                (s.name, s.target, s.format, s.packing, s.size) for s in batch if isinstance(s, Source)
            )
            if not listed:
                ledger.add_bad(None, (bad for bad in batch if isinstance(bad, Bad)))
    ledger.begin("listed", {})


def read_all_layouts(ledger: Ledger, wanted: Wanted) -> list[tuple[Container, Layout]]:
    """Find out how the containers are read; those whose fields were guessed, for the user to see."""
    with ledger.together():
        return [(container, layout) for container, layout in read_layouts(ledger, wanted) if layout.guessed]


def write_all(ledger: Ledger, told: Callable[[Container], object] = lambda container: None) -> None:
    """Write what was searched to its target.

    A container whose source is not any more what was searched is refused, and the next one is gone on with.

    Raises:
        OutputError: a target cannot be written; the run can be gone on with.
    """
    for batch in _batches(ledger.containers(), _TOGETHER):
        if any(container.source == container.target for container in batch):
            for container in batch:
                _write(ledger, container, told)
        else:
            with ledger.together():
                for container in batch:
                    _write(ledger, container, told)


def _write(ledger: Ledger, container: Container, told: Callable[[Container], object]) -> None:
    if container.state != "written" and container.target:
        try:
            write(ledger, container)
        except ArchiveError as error:
            refuse(ledger, container, str(error))
    told(container)


def restore_all(ledger: Ledger, choice: Choice, told: Callable[[Container], object] = lambda container: None) -> int:
    """Take back the chosen edits; how many they are.

    Raises:
        OutputError: a target cannot be written; the same call goes on where this one stopped.
    """
    chosen = ledger.choose(choice, "cut", "undoing")
    ledger.begin("restore", asdict(choice) | {"edits": chosen})
    for container in ledger.containers("written"):
        if ledger.has_edits(container.id, "undoing"):
            try:
                restore(ledger, container)
            except ArchiveError as error:
                ledger.add_bad(container.id, [Bad("", 0, str(error).removeprefix(f"{container.target}: "))])
                ledger.set_edits(container.id, "undoing", "cut")
        told(container)
    return chosen


def quarantine_lines(ledger: Ledger) -> Iterator[bytes]:
    """The records that could not be read, a JSON object a line, with the bytes that are kept of them."""
    for source, record, offset, why, data in ledger.quarantine():
        line = {"source": source, "record": record, "offset": offset, "cause": why}
        if data:
            line["data"] = base64.b64encode(data).decode()
        yield json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _batches(items: Iterator[T], size: int) -> Iterator[Sequence[T]]:
    while batch := list(islice(items, size)):
        yield batch
