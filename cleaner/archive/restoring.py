"""Destinations and the ledger → what they were."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from cleaner.archive.ledger import Ledger, containers, edits, originals, quarantine
from cleaner.archive.ledger.containers import Container
from cleaner.archive.making import (
    CHANGED,
    IN_MEMORY,
    Write,
    copy,
    digest_of_container,
    packed,
    replace,
    rewritten,
    update,
)
from cleaner.archive.matching import Match
from cleaner.archive.packing import blocks, members
from cleaner.archive.records import ArchiveError, Bad
from cleaner.archive.splice import Splices, inverse, spliced
from cleaner.archive.stores import is_remote
from cleaner.files import remove_abandoned


def settle(ledger: Ledger) -> None:
    """Write down what a run that was stopped had done, but not written down, and remove what it had half done."""
    targets = (target for (target,) in ledger.rows("SELECT target FROM container") if not is_remote(target))
    places = (os.path.realpath(target) if os.path.islink(target) else target for target in targets if target)
    for folder in {str(ledger.beside), *map(os.path.dirname, places)}:
        remove_abandoned(Path(folder))
    for container in containers.each(ledger, "digest_next IS NOT NULL"):
        if digest_of_container(container.target) != container.digest_next:
            containers.break_promise(ledger, container.id)
        elif container.state == "written":
            containers.keep_promise(ledger, container.id, "undoing", "undone", "written")
        else:
            containers.keep_promise(ledger, container.id, "found", "cut", "written")


def restore(ledger: Ledger, container: Container) -> None:
    """Take back, in the target of a container, the edits that are in the state ``undoing``.

    Where somebody changed the target since, only records that still are what they were made are restored; the others
    are refused, and told.

    Raises:
        ArchiveError: something is not there or cannot be read, or a packed target was changed since.
        OutputError: the target cannot be written.
    """
    target = container.target
    if container.format == "tables":
        update(ledger, container, target, "undoing")
    else:
        digest = digest_of_container(target)
        if digest is None:
            place = target if is_remote(target) else os.path.abspath(target)
            raise ArchiveError(f"{place} is not there, or cannot be read")
        is_as_written = digest == container.digest_after
        if container.format == "parquet" or container.packing:
            if not is_as_written:
                raise ArchiveError(f"{target}: {CHANGED} it was written")
            make = _members_restored
        else:
            make = _bytes_restored if is_as_written else _records_restored
        replace(ledger, container, target, target, make, digest if is_as_written else None)
    containers.keep_promise(ledger, container.id, "undoing", "undone", container.state)


def _bytes_restored(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    applied = edits.splices(ledger, container.id, ["cut", "undoing"])
    spliced(stream, inverse((splice, state == "undoing") for splice, state in applied), write)


def _records_restored(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """Those records of a container that somebody changed which are what they were made."""
    with SpooledTemporaryFile(IN_MEMORY) as spooled:
        kept = cast("IO[bytes]", spooled)
        for block in blocks(stream):
            kept.write(block)
        match = Match(ledger, container)
        splices = list(match.splices(kept))
        if splices:
            containers.set_edited(ledger, container.id)
        kept.seek(0)
        spliced(kept, splices, write)
    lost = match.lost()
    edits.set_documents(ledger, [document.id for document, _ in lost], "undoing", container.kept)
    bad = [Bad(document.record, document.offset, cause) for document, cause in lost]
    quarantine.complain(ledger, container.id, bad)


def _members_restored(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """Members in which nothing is cut any more are what they were; the others are made again of what they were."""
    splices = Splices(splice for splice, _ in edits.splices(ledger, container.id, ["cut"]))
    at = moved = 0
    for member, data in originals.each(ledger, container.id):
        copy(stream, member.start + moved - at, write)
        copy(stream, member.target_length, lambda _: None)
        at = member.start + moved + member.target_length
        moved += member.target_length - member.length
        with SpooledTemporaryFile(IN_MEMORY) as original:
            for part in data:
                original.write(part)
            original.seek(0)
            end = member.content_start + member.content_length
            if container.format == "parquet":
                length = rewritten(ledger, container, cast("IO[bytes]", original), "cut", write)
            elif splices.any_before(end):
                with closing(members(cast("Any", original), container.packing)) as parts:
                    content = next(parts).content
                    length = packed(content, member.content_start, splices.before(end), container.packing, write)
            else:
                for block in blocks(cast("IO[bytes]", original)):
                    write(block)
                length = member.length
        originals.promise(ledger, member.id, length)
    for block in blocks(stream):
        write(block)
