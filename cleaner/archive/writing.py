"""Sources and the ledger → destinations; destinations and the ledger → what they were."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO, Any, cast

from cleaner.archive.findings import digest_of
from cleaner.archive.formats import module_of, table_module_of
from cleaner.archive.ledger import Container, Document, Ledger
from cleaner.archive.packing import blocks, members, pack
from cleaner.archive.records import ArchiveError, Bad, Change, Layout, Text
from cleaner.archive.splice import MismatchError, Splice, Splices, inverse, spliced
from cleaner.archive.stores import reading, writing

_PIECE = 1 << 22
_IN_MEMORY = 1 << 24
_CHANGED = "changed since"
Write = Callable[[bytes], object]


def write(ledger: Ledger, container: Container) -> None:
    """Make the target of a container that was searched.

    Raises:
        ArchiveError: the source is not what was searched, or something cannot be read or written.
    """
    is_changed = next(ledger.splices(container.id, ["found"]), None) is not None
    in_place = container.source == container.target
    if not _is_made(container) and (is_changed or not in_place):
        ledger.forget_members(container.id)
        if container.format == "tables":
            _update(ledger, container, container.source, "found")
        elif container.format == "parquet" and is_changed:
            _replace(ledger, container, container.source, container.target, _rows_written)
        elif container.packing and is_changed:
            _replace(ledger, container, container.source, container.target, _members_packed)
        else:
            _replace(ledger, container, container.source, container.target, _bytes_spliced)
    ledger.keep_promise(container.id, "found", "cut")


def restore(ledger: Ledger, container: Container) -> None:
    """Take back, in the target of a container, the edits that are in the state ``undoing``.

    Where somebody changed the target since, only records that still are what they were made are restored; the others
    are refused, with a word in the quarantine.

    Raises:
        ArchiveError: something cannot be read or written, or a packed target was changed since.
    """
    target = container.target
    if not _is_made(container):
        if container.format == "tables":
            _update(ledger, container, target, "undoing")
        elif container.format == "parquet" or container.packing:
            if _digest_of(target) != container.digest_after:
                raise ArchiveError(f"{target}: {_CHANGED} it was written")
            _replace(ledger, container, target, target, _members_restored)
        elif _digest_of(target) == container.digest_after:
            _replace(ledger, container, target, target, _bytes_restored)
        else:
            _replace(ledger, container, target, target, _records_restored)
    ledger.keep_promise(container.id, "undoing", "undone")


def _is_made(container: Container) -> bool:
    """Whether what a run promised before it was stopped is kept already."""
    return container.digest_next is not None and container.digest_next == _digest_of(container.target)


def _digest_of(name: str) -> str | None:
    try:
        with reading(name) as stream:
            return hashlib.file_digest(cast("Any", stream), "sha256").hexdigest()
    except ArchiveError:
        return None


Make = Callable[[Ledger, Container, IO[bytes], Write], None]
"""Reads a container and writes what takes its place."""


def _replace(ledger: Ledger, container: Container, source: str, target: str, make: Make) -> None:
    """Make ``target`` of ``source`` at once, after it is written down what it will be."""
    before, after = hashlib.sha256(), hashlib.sha256()
    with reading(source) as stream, writing(target) as put:

        def write(data: bytes) -> None:
            after.update(data)
            put(data)

        with ledger.together():
            try:
                make(ledger, container, cast("IO[bytes]", _Digesting(stream, before)), write)
            except MismatchError as error:
                raise ArchiveError(f"{source}: {_CHANGED} it was searched ({error})") from None
            ledger.promise(container.id, before.hexdigest(), after.hexdigest())


class _Digesting:
    """A stream whose bytes are digested while they are read."""

    def __init__(self, stream: IO[bytes], digest: Any) -> None:
        self._stream, self._digest = stream, digest

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        return data

    def tell(self) -> int:
        return self._stream.tell()


# Bytes


def _bytes_spliced(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    spliced(stream, (splice for splice, _ in ledger.splices(container.id, ["found"])), write)


def _bytes_restored(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    applied = ledger.splices(container.id, ["cut", "undoing"])
    spliced(stream, inverse((splice, state == "undoing") for splice, state in applied), write)


def _records_restored(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """Those records of a container that somebody changed which are what they were made."""
    wanted = {
        (document.record, document.name): document
        for document in ledger.documents(container.id, ["cut", "undoing"])
        if any(state == "undoing" for _, state in document.patches)
    }
    with SpooledTemporaryFile(_IN_MEMORY) as copy:
        for block in blocks(stream):
            copy.write(block)
        copy.seek(0)
        splices = list(_found_again(container, cast("IO[bytes]", copy), wanted))
        copy.seek(0)
        spliced(cast("IO[bytes]", copy), splices, write)
    _refuse(ledger, container, wanted.values(), "undoing", f"{_CHANGED} it was written; left as it is")


def _found_again(container: Container, stream: IO[bytes], wanted: dict[tuple[str, str], Document]) -> Iterator[Splice]:
    """What restores the wanted documents where they stand now; those that are found leave ``wanted``."""
    module, layout = module_of(container.format), container.layout or Layout()
    for piece in module.pieces(cast("Any", stream), layout, _PIECE):
        found: list[Splice] = []
        for text in module.texts(piece, layout):
            document = wanted.get((text.record, text.name)) if isinstance(text, Text) else None
            if isinstance(text, Text) and document and digest_of(text.text) == document.digest_after:
                del wanted[text.record, text.name]
                applied = ((Splice(text.offset + p.start, p.old, p.new), s == "undoing") for p, s in document.patches)
                found += inverse(applied)
        yield from sorted(found)


# Packed members


def _members_packed(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """Members in which nothing is changed are copied as they are; the others are kept in the ledger as they were."""
    splices = Splices(splice for splice, _ in ledger.splices(container.id, ["found"]))
    for member in members(cast("Any", stream), container.packing):
        end = member.start + member.length
        if not splices.any_before(end):
            for block in blocks(member.packed):
                write(block)
            continue
        length = _packed(member.content, member.start, splices.before(end), container.packing, write)
        place = (member.start, member.length, member.packed_start, member.packed_length)
        ledger.keep_member(container.id, place, length, blocks(member.packed))


def _members_restored(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """Members in which nothing is cut any more are what they were; the others are made again of what they were."""
    splices = Splices(splice for splice, _ in ledger.splices(container.id, ["cut"]))
    at = moved = 0
    for member, data in ledger.members(container.id):
        _copy(stream, member.start + moved - at, write)
        _copy(stream, member.target_length, lambda _: None)
        at = member.start + moved + member.target_length
        moved += member.target_length - member.length
        with SpooledTemporaryFile(_IN_MEMORY) as original:
            for part in data:
                original.write(part)
            original.seek(0)
            end = member.content_start + member.content_length
            if container.format == "parquet":
                length = _rewritten(ledger, container, cast("IO[bytes]", original), "cut", write)
            elif splices.any_before(end):
                with closing(members(cast("Any", original), container.packing)) as parts:
                    content = next(parts).content
                    length = _packed(content, member.content_start, splices.before(end), container.packing, write)
            else:
                for block in blocks(cast("IO[bytes]", original)):
                    write(block)
                length = member.length
        ledger.promise_member(member.id, length)
    for block in blocks(stream):
        write(block)


def _packed(content: IO[bytes], start: int, splices: Iterable[Splice], packing: str, write: Write) -> int:
    """Write content with its splices as one member; how many bytes it takes."""
    with SpooledTemporaryFile(_IN_MEMORY) as changed, SpooledTemporaryFile(_IN_MEMORY) as packed:
        spliced(content, splices, changed.write, start)
        changed.seek(0)
        length = pack(cast("IO[bytes]", changed), cast("IO[bytes]", packed), packing)
        packed.seek(0)
        for block in blocks(cast("IO[bytes]", packed)):
            write(block)
    return length


def _copy(stream: IO[bytes], size: int, write: Write) -> None:
    while size > 0 and (block := stream.read(min(size, io.DEFAULT_BUFFER_SIZE * 16))):
        write(block)
        size -= len(block)


# Tables


def _rows_written(ledger: Ledger, container: Container, stream: IO[bytes], write: Write) -> None:
    """A file of rows, which is kept in the ledger as it was: packing rows anew may give other bytes."""
    with SpooledTemporaryFile(_IN_MEMORY) as original:
        for block in blocks(stream):
            original.write(block)
        size = original.tell()
        original.seek(0)
        length = _rewritten(ledger, container, cast("IO[bytes]", original), "found", write)
        original.seek(0)
        ledger.keep_member(container.id, (0, 0, 0, size), length, blocks(cast("IO[bytes]", original)))


def _rewritten(ledger: Ledger, container: Container, original: IO[bytes], state: str, write: Write) -> int:
    """Write the original with the changes of one state; how many bytes it takes."""
    changes = list(_changes(ledger, container, state))
    with TemporaryDirectory(prefix="cleaner-") as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        with source.open("wb") as file:
            for block in blocks(original):
                file.write(block)
        made = source
        if changes:
            module = table_module_of(container.format)
            refused = list(module.rewrite(str(source), str(target), container.layout or Layout(), changes))
            if refused:
                raise MismatchError(refused[0].offset)
            made = target
        with made.open("rb") as file:
            for block in blocks(file):
                write(block)
        return made.stat().st_size


def _update(ledger: Ledger, container: Container, source: str, state: str) -> None:
    """Change the rows of a table; those that somebody changed since are refused."""
    changes = _changes(ledger, container, state)
    module = table_module_of(container.format)
    for refused in module.rewrite(source, container.target, container.layout or Layout(), changes):
        ledger.refuse(container.id, state, refused.offset, refused.key, refused.cause)


def _changes(ledger: Ledger, container: Container, state: str) -> Iterator[Change]:
    """What the edits in a state come to in rows, in the order of the rows; those being undone are left out."""
    states = ["cut", "undoing"] if state == "undoing" else [state]
    for document in ledger.documents(container.id, states):
        patches = [patch for patch, now in document.patches if now != "undoing"]
        done = [patch for patch, _ in document.patches] if state == "undoing" else []
        if patches != done:
            yield Change(document.offset, document.key, document.name, patches, done, document.digest_before)


def _refuse(ledger: Ledger, container: Container, documents: Iterable[Document], state: str, cause: str) -> None:
    documents = list(documents)
    ledger.set_documents([document.id for document in documents], state, "refused")
    ledger.add_bad(container.id, [Bad(document.record, document.offset, cause) for document in documents])
