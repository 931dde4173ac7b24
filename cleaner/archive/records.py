"""What an archive consists of: containers, pieces of them, and the texts of their records.

A *container* is what is read and written as one: a file, or a table of a database. A *record* is an article in it: a
line, a row, an item of a feed, a response. A *text* is a field of a record that is cleaned. A *patch* is what an edit
of a text comes to in its container, so that whatever no patch covers stays as it is, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple, Protocol

from cleaner.types import CleanerError, Edit


class ArchiveError(CleanerError):
    """An archive cannot be read or written; the message names the container and the cause."""


class Patch(NamedTuple):
    """``old`` at ``start`` is replaced by ``new``.

    Offsets are bytes, relative to the record that the patch is of; of records that are cells, they are bytes of the
    cell's text in UTF-8.
    """

    start: int
    old: bytes
    new: bytes

    @property
    def end(self) -> int:
        """Where ``old`` ends."""
        return self.start + len(self.old)


class Piece(NamedTuple):
    """Whole records of a container, one behind the other."""

    offset: int
    """Where it begins: bytes of the (unpacked) container, or rows."""
    end: int
    data: bytes
    """The bytes of the container; where records are cells, an Arrow stream of the columns that matter."""
    mark: str = ""
    """What reading goes on from behind it, where numbers of rows do not tell: the key of its last row, as JSON."""


@dataclass(frozen=True, slots=True)
class Text:
    """A field of a record that is cleaned."""

    record: str
    """What users call the record: the value of its identifying field, else its number, path or address."""
    name: str
    """Of the field; empty when the record is nothing but its text."""
    text: str
    offset: int
    """Where the record begins in its container: a byte, or a row."""
    patches: Callable[[Sequence[Edit]], list[Patch]]
    """What edits of the text come to in the container, in order and disjoint.

    Raises:
        ArchiveError: the container cannot hold what the edits leave.
    """
    format: str = "auto"
    """``auto``, ``text``, ``html`` or ``markdown``."""
    date: str = ""
    """When the article was published, as the record says it; empty when it says nothing."""
    link: str = ""
    """Where the article was published; empty when that is not known."""
    whole: bool = False
    """Whether the patches of the record hold only together (lengths and digests depend on all of them)."""
    key: str = ""
    """What the record is found by in a table: its key, as JSON."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that cannot be read; its bytes stay where they are."""

    record: str
    """What users call it: its number, path or address."""
    offset: int
    """Where it begins in its container: a byte, or a row."""
    cause: str
    """One line: what is wrong, and where in the record."""
    data: bytes = b""
    """The beginning of the record, for the quarantine (at most 64 KiB)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the texts of a container's records stand: told by the user, or guessed from its beginning."""

    fields: tuple[str, ...] = ()
    """Names of the fields to clean; empty where the format knows them itself."""
    id_field: str = ""
    date_field: str = ""
    link_field: str = ""
    guessed: bool = False
    """Whether the fields were guessed, so that the user should be shown them."""
    details: dict[str, Any] = field(default_factory=dict)
    """What else the format has to know of every piece, JSON-ready: columns, delimiter, encoding…"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said of the fields."""

    fields: tuple[str, ...] = ()
    id_field: str = ""
    format: str = "auto"
    """How texts are read: ``auto``, ``text``, ``html`` or ``markdown``."""
    where: str = ""
    """Condition in SQL on the rows of a table that are read; empty for all."""


class Change(NamedTuple):
    """What is to be changed in a field of a record of a table."""

    offset: int
    """Number of the row."""
    key: str
    """:attr:`Text.key` of the record."""
    name: str
    """Of the field."""
    patches: Sequence[Patch]
    """What the text that was read is to be changed by."""
    done: Sequence[Patch]
    """What it was changed by already: these give way to :attr:`patches`."""
    digest: str
    """SHA-256 of the text that was read, in UTF-8, in hexadecimal digits: by it what the field holds is told from what
    somebody else made of it."""


class Refused(NamedTuple):
    """A record that is left as it is, because what was to be changed in it is not what it holds."""

    offset: int
    key: str
    cause: str


class ByteFormat(Protocol):
    """A format whose containers are bytes: a module with these functions."""

    def layout(self, name: str, head: bytes, wanted: Wanted) -> Layout:
        """Where the texts stand, from the first bytes (1 MiB at most) of the container ``name``.

        Raises:
            ArchiveError: nothing of this format can be made of it, or a wanted field is not there.
        """
        ...

    def pieces(self, stream: BinaryIO, layout: Layout, size: int, start: int = 0) -> Iterator[Piece]:
        """Whole records, about ``size`` bytes of them at a time; together all bytes from ``start`` on.

        ``stream`` stands at ``start``, which is 0 or the end of an earlier piece. Memory is bounded by ``size`` and the
        longest record. What belongs to no record (a header, white space) belongs to the piece beside it.
        """
        ...

    def texts(self, piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
        """The texts of a piece, in order; a record that cannot be read is told, and the next one is gone on with."""
        ...


class TableFormat(Protocol):
    """A format whose records are rows and whose texts are cells: a module with these functions."""

    def layout(self, name: str, wanted: Wanted) -> Layout:
        """Where the texts of the container at ``name``, a path or an address, stand.

        Raises:
            ArchiveError: it cannot be opened, or a wanted field is not there.
        """
        ...

    def pieces(self, name: str, layout: Layout, size: int, start: int = 0, mark: str = "") -> Iterator[Piece]:
        """Rows from number ``start`` on, about ``size`` bytes of them at a time, as Arrow streams.

        ``start`` is 0 or the end of an earlier piece, and ``mark`` is that piece's.
        """
        ...

    def texts(self, piece: Piece, layout: Layout) -> Iterator[Text | Bad]:
        """The texts of a piece, in order."""
        ...

    def rewrite(self, name: str, target: str, layout: Layout, changes: Iterable[Change]) -> Iterator[Refused]:
        """Make ``target`` of the container at ``name``, whose path or address it may have, with these changes.

        Changes come in the order of the rows.

        Raises:
            ArchiveError: it cannot be written.
        """
        ...


def unnamed(offset: int) -> str:
    """What a record is called that has no name: by the byte where it begins."""
    return f"byte {offset}"


def applied(data: bytes, patches: Iterable[Patch]) -> bytes:
    """``data`` with patches applied, which are in order and disjoint.

    Raises:
        ArchiveError: what a patch replaces is not there.
    """
    parts: list[bytes] = []
    done = 0
    for patch in patches:
        if data[patch.start : patch.end] != patch.old:
            raise ArchiveError(f"byte {patch.start} does not hold what is to be replaced")
        parts += data[done : patch.start], patch.new
        done = patch.end
    return b"".join((*parts, data[done:]))
