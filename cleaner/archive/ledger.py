"""The ledger: what was read, found, changed and refused, in one SQLite file (schema in ``ledger.sql``).

Every call that writes is one transaction, on the disk when it returns: whatever stops a run, the ledger tells what was
done, and the next run goes on from there. One run writes at a time (:func:`alone`), while any number read.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from copy import copy
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cleaner.archive.findings import Found, FoundDocument
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch
from cleaner.archive.splice import Splice
from cleaner.campaigns import Campaign, numbers_of
from cleaner.files import OutputError, cause, make_folder, replacing
from cleaner.types import Edit

if TYPE_CHECKING:
    from cleaner.archive.campaigns import Judged

VERSION = 1
_APPLICATION = 0x636C6E72
"""Tells our files from other databases."""
_PATCH = "patch.start, old, new"
_STATE = "coalesce(edit.state, (SELECT min(state) FROM edit WHERE edit.document = document.id))"
"""The state of a patch; those that hold only together share that of their document."""
_KNOWN = (
    "container = ? AND key <> '' AND id NOT IN"
    " (SELECT min(id) FROM document WHERE container = ? AND key <> '' GROUP BY key, name)"
)
"""The documents of a table that was searched again of which the ledger tells more than once."""
_SET_EDITS = "UPDATE edit SET state = ? WHERE state = ? AND document IN (SELECT id FROM document WHERE container = ?)"


@dataclass(frozen=True, slots=True)
class Container:
    """A file or a table, and how far it is."""

    id: int
    source: str
    target: str
    format: str
    packing: str
    size: int
    layout: Layout | None
    searched: int
    mark: str
    """:attr:`Piece.mark` of the last piece that was searched."""
    state: str
    digest_before: str | None
    digest_after: str | None
    """Empty once records were restored in what somebody had edited: where the others stand is not known any more."""
    digest_next: str | None
    """What it is going to be: written down before it is replaced."""

    @property
    def kept(self) -> str:
        """The state of edits that cannot be taken back; which of a half-written table are cut is not known."""
        return "found" if self.state == "writing" else "cut"


class Document(NamedTuple):
    """A document with some of its patches, and the state of each."""

    id: int
    offset: int
    record: str
    name: str
    key: str
    digest_before: str
    digest_after: str
    """Of the text once all its edits are applied."""
    patches: Sequence[tuple[Patch, str]]


class Member(NamedTuple):
    """A packed member that was packed anew."""

    id: int
    content_start: int
    """In the unpacked source."""
    content_length: int
    start: int
    """In the packed source."""
    length: int
    target_length: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which edits are meant; what is empty does not choose.

    Documents are chosen by what users call their records, edits by their campaign, the code of a reason, and the time
    at which they were found (ISO 8601, from the first to the second).
    """

    documents: tuple[str, ...] = ()
    campaigns: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    @property
    def is_all(self) -> bool:
        """Whether every edit is meant."""
        return self == Choice()


class Ledger:
    """An open ledger.

    Raises:
        ArchiveError: there is no ledger at the path, it is no ledger, or one of a later version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ArchiveError(f"{path}: no such ledger")
        self.path = path
        self.beside = path.resolve().parent
        """The folder that the ledger lies in, from wherever it is asked for."""
        self.address = f"{path.resolve().as_uri()}?mode=ro"
        """Where SQLite finds the ledger to read."""
        _check(path)
        try:
            self._base = self._opened()
        except sqlite3.Error as error:
            raise ArchiveError(f"{path}: {error}") from None

    def _opened(self) -> sqlite3.Connection:
        """The ledger to write; to read where nothing can be written beside it, which SQLite has to be told."""
        try:
            return _connected(str(self.path))
        except sqlite3.OperationalError:
            if Path(f"{self.path}-wal").exists():
                raise
            self.address += "&immutable=1"
            return _connected(self.address, is_read=True)

    @classmethod
    def make(cls, path: Path) -> Ledger:
        """A new ledger at ``path``, which is there as a whole or not at all.

        Raises:
            ArchiveError: there is something already.
            OutputError: nothing can be written.
        """
        if path.exists():
            raise ArchiveError(f"{path}: exists already (go on with it, --resume, or remove it)")
        schema = files("cleaner.archive").joinpath("ledger.sql").read_text("utf-8")
        make_folder(path.parent)
        with closing(sqlite3.connect(":memory:")) as base, replacing(path) as write:
            base.executescript(f"{schema}; PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};")
            write(base.serialize())
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def again(self) -> Iterator[Ledger]:
        """The ledger opened once more, for another thread to read."""
        ledger = copy(self)  # unchecked: whoever closes the file that SQLite has open loses the locks of SQLite
        ledger._base = _connected(str(self.path))
        try:
            yield ledger
        finally:
            ledger.close()

    # Runs

    def begin(self, command: str, settings: Mapping[str, Any]) -> int:
        """Write down that a run began; its number."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._writing() as base:
            row = base.execute(
                "INSERT INTO run (at, command, settings) VALUES (?, ?, ?)", (now, command, _json(settings))
            )
        return int(row.lastrowid or 0)

    def first_run(self) -> Mapping[str, Any]:
        """The settings of the run that made the ledger; empty before it."""
        row = self._base.execute("SELECT settings FROM run ORDER BY id LIMIT 1").fetchone()
        settings: Mapping[str, Any] = json.loads(row[0]) if row else {}
        return settings

    @property
    def folder(self) -> Path:
        """Where the run that made the ledger began, and relative paths lead from; here, if that is not known."""
        folder = self.beside / self.first_run().get("folder", os.getcwd())
        return folder if folder.is_dir() else Path.cwd()

    def amend(self, settings: Mapping[str, Any]) -> None:
        """The run that made the ledger goes on with other settings."""
        with self._writing() as base:
            base.execute("UPDATE run SET settings = ? WHERE id = (SELECT min(id) FROM run)", (_json(settings),))

    def has_begun(self, command: str) -> bool:
        """Whether such a run was written down."""
        return self.count("run", "command = ?", command) > 0

    # Campaigns

    def add_campaigns(self, judged: Iterable[Judged]) -> None:
        """Write down campaigns with some of the places where they were found."""
        with self._writing() as base:
            for one in judged:
                campaign = one.campaign
                row = base.execute(
                    "INSERT INTO campaign (kind, texts, documents, dispersion, promotion, score)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        campaign.kind,
                        _json([_text(text) for text in campaign.texts]),
                        campaign.documents,
                        one.dispersion,
                        one.promotion,
                        campaign.score,
                    ),
                )
                base.executemany(
                    "INSERT INTO campaign_example VALUES (?, ?, ?)",
                    ((row.lastrowid, _text(record), _text(around)) for record, around in one.examples),
                )

    def campaigns(self) -> Iterator[Campaign]:
        """The campaigns; one that a person accepted has the score 1, one that was rejected the score 0."""
        decided = {"accepted": 1.0, "rejected": 0.0}
        for number, kind, texts, documents, score, state in self._base.execute(
            "SELECT id, kind, texts, documents, score, state FROM campaign ORDER BY id"
        ):
            yield Campaign(kind, tuple(json.loads(texts)), documents, decided.get(state, score), number)

    def decide_campaigns(self, numbers: Sequence[int], state: str) -> None:
        """A person accepted campaigns, or rejected them: what is not written yet is to be searched again.

        Raises:
            ArchiveError: there is no such campaign.
        """
        self.refuse_unknown(numbers)
        with self._writing() as base:
            base.execute(f"UPDATE campaign SET state = ? WHERE id IN ({_marks(numbers)})", (state, *numbers))
            self.search_again("state IN ('new', 'searched')")

    def refuse_unknown(self, campaigns: Sequence[int]) -> None:
        """Raise an error for numbers that no campaign has.

        Raises:
            ArchiveError: there is no such campaign.
        """
        for number in campaigns:
            if not self.count("campaign", "id = ?", number):
                raise ArchiveError(f"{self.path}: there is no campaign {number}")

    # Containers

    def add_containers(self, containers: Iterable[tuple[str, str, str, str, int]]) -> None:
        """Write down containers: source, target, format, packing and size of each; those that are known stay."""
        with self._writing() as base:
            base.executemany(
                "INSERT INTO container (source, target, format, packing, size)"
                " VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?)"
                " ON CONFLICT (source) DO UPDATE SET target = excluded.target,"
                " size = iif(state = 'new', excluded.size, size) WHERE state NOT IN ('writing', 'written')",
                ((_encoded(source), _encoded(target), *rest) for source, target, *rest in containers),
            )

    def search_again(self, where: str) -> None:
        """The containers for which a condition holds are as if nobody had looked into them; what was cut stays cut."""
        with self._writing() as base:
            base.execute(f"CREATE TEMP TABLE again AS SELECT id FROM container WHERE {where}")
            self._forget(base, "container IN again")
            base.execute("DELETE FROM quarantine WHERE container IN again")
            base.execute(
                "UPDATE container SET state = 'new', searched = 0, mark = '', records = 0, characters = 0,"
                " layout = iif(EXISTS (SELECT 1 FROM document WHERE container = container.id), layout, NULL)"
                " WHERE id IN again"
            )
            base.execute("DROP TABLE again")

    def containers(self, where: str = "1") -> Iterator[Container]:
        """The containers for which a condition holds, in the order in which they came; they may change meanwhile."""
        last = 0
        while rows := self._base.execute(
            "SELECT id, source, target, format, packing, size, layout, searched, mark, state, digest_before,"
            f" digest_after, digest_next FROM container WHERE id > ? AND ({where}) ORDER BY id LIMIT 1000",
            (last,),
        ).fetchall():
            for number, source, target, format, packing, size, layout, *rest in rows:
                kept = _layout(layout) if layout else None
                yield Container(number, source, target, format, packing, size, kept, *rest)
            last = rows[-1][0]

    def set_layout(self, container: int, layout: Layout) -> None:
        """Write down how a container is read."""
        with self._writing() as base:
            base.execute("UPDATE container SET layout = ? WHERE id = ?", (_json(asdict(layout)), container))

    def set_state(self, containers: Sequence[int], state: str) -> None:
        """Write down how far containers are."""
        with self._writing() as base:
            base.executemany("UPDATE container SET state = ? WHERE id = ?", ((state, number) for number in containers))

    def promise(self, container: int, before: str, after: str) -> None:
        """Write down what a container was and is going to be, before it is."""
        with self._writing() as base:
            base.execute(
                "UPDATE container SET digest_before = coalesce(digest_before, ?), digest_next = ?,"
                " state = iif(state = 'searched', 'writing', state) WHERE id = ?",
                (before, after, container),
            )

    def set_edited(self, container: int) -> None:
        """Records of a container are about to be restored that stand elsewhere than they were written."""
        with self._writing() as base:
            base.execute("UPDATE container SET digest_after = '' WHERE id = ?", (container,))

    def keep_promise(self, container: int, old: str, new: str, state: str) -> None:
        """A container is what it was going to be, in this state; its edits in the state ``old`` are in ``new``."""
        with self._writing() as base:
            base.execute(
                "UPDATE container SET state = ?, digest_next = NULL,"
                " digest_after = iif(digest_after = '', '', coalesce(digest_next, digest_after)) WHERE id = ?",
                (state, container),
            )
            base.execute(
                "UPDATE member SET target_length = next_length, next_length = NULL"
                " WHERE container = ? AND next_length IS NOT NULL",
                (container,),
            )
            base.execute(_SET_EDITS, (new, old, container))

    def break_promise(self, container: int) -> None:
        """A container is still what it was."""
        with self._writing() as base:
            base.execute(
                "UPDATE container SET digest_next = NULL, state = iif(state = 'writing', 'searched', state)"
                " WHERE id = ?",
                (container,),
            )
            base.execute("UPDATE member SET next_length = NULL WHERE container = ?", (container,))

    # What was found

    def add(self, found: Iterable[Found]) -> None:
        """Write down what came of some portions."""
        with self._writing() as base:
            for portion in found:
                self._add_bad(base, portion.container, portion.bad)
                base.execute(
                    "UPDATE container SET searched = ?, mark = ?, records = records + ?, characters = characters + ?,"
                    " state = iif(?, 'searched', state), digest_before = coalesce(nullif(?, ''), digest_before)"
                    " WHERE id = ?",
                    (
                        portion.end,
                        portion.mark,
                        portion.records,
                        portion.characters,
                        portion.is_last,
                        portion.digest,
                        portion.container,
                    ),
                )
                for document in portion.documents:
                    _add_document(base, portion.container, document)
                if portion.is_last and portion.mark:
                    self._forget(base, _KNOWN, portion.container, portion.container)

    def forget(self, container: int) -> None:
        """Forget what was found in a container and not cut, and what could not be read."""
        with self._writing() as base:
            self._forget(base, "container = ?", container)
            base.execute("DELETE FROM quarantine WHERE container = ?", (container,))

    @staticmethod
    def _forget(base: sqlite3.Connection, where: str, *values: object) -> None:
        documents = (
            f"SELECT id FROM document WHERE {where} AND NOT EXISTS"
            " (SELECT 1 FROM edit WHERE edit.document = document.id AND state IN ('cut', 'undoing', 'undone'))"
        )
        for table in ("patch", "edit", "finding"):
            base.execute(f"DELETE FROM {table} WHERE document IN ({documents})", values)
        base.execute(f"DELETE FROM document WHERE id IN ({documents})", values)

    def add_bad(self, container: int | None, bad: Iterable[Bad]) -> None:
        """Put records into the quarantine."""
        with self._writing() as base:
            self._add_bad(base, container, bad)

    def complain(self, container: int, bad: Iterable[Bad]) -> None:
        """Say what could not be taken back, for as long as the ledger is open."""
        with self._writing() as base:
            self._add_bad(base, container, bad, "complaint")

    @staticmethod
    def _add_bad(
        base: sqlite3.Connection, container: int | None, bad: Iterable[Bad], table: str = "quarantine"
    ) -> None:
        base.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)",
            ((container, _text(b.record), b.offset, _text(b.cause), b.data) for b in bad),
        )

    def forget_bad(self) -> None:
        """Forget what lies in folders and is no container."""
        with self._writing() as base:
            base.execute("DELETE FROM quarantine WHERE container IS NULL")

    def quarantine(self, table: str = "quarantine") -> Iterator[tuple[str, str, int, str, bytes]]:
        """Source of the container, record, offset, cause and data of every record that could not be read.

        Args:
            table: ``complaint`` for those that could not be taken back.
        """
        yield from self._base.execute(
            f"SELECT coalesce(source, ''), record, offset, cause, data FROM {table}"
            f" LEFT JOIN container ON container.id = container ORDER BY {table}.rowid"
        )

    # What is to be changed

    def splices(self, container: int, states: Sequence[str]) -> Iterator[tuple[Splice, str]]:
        """The patches of the edits in these states, at their places in the container, in order, with the state."""
        for offset, *patch, state in self._base.execute(
            f"SELECT offset, {_PATCH}, {_STATE} AS now FROM document JOIN patch ON patch.document = document.id"
            f" LEFT JOIN edit ON edit.id = patch.edit WHERE container = ? AND now IN ({_marks(states)})"
            " ORDER BY offset + patch.start, patch.rowid",
            (container, *states),
        ):
            start, old, new = patch
            yield Splice(offset + start, old, new), state

    def documents(self, container: int, states: Sequence[str]) -> Iterator[Document]:
        """The documents with edits in these states, in the order of their records."""
        for row in self._base.execute(
            "SELECT id, offset, record, name, key, digest_before, digest_after FROM document WHERE container = ? AND"
            f" EXISTS (SELECT 1 FROM edit WHERE edit.document = document.id AND state IN ({_marks(states)}))"
            " ORDER BY offset, id",
            (container, *states),
        ):
            patches = self._base.execute(
                f"SELECT {_PATCH}, {_STATE} AS now FROM patch LEFT JOIN edit ON edit.id = patch.edit"
                " JOIN document ON document.id = patch.document"
                f" WHERE patch.document = ? AND now IN ({_marks(states)}) ORDER BY patch.start, patch.rowid",
                (row[0], *states),
            )
            number, offset, record, name, key, before, after = row
            placed = [(Patch(*patch), state) for *patch, state in patches]
            yield Document(number, offset, record, name, key, before, after, placed)

    def has_edits(self, container: int, *states: str) -> bool:
        """Whether a container has edits in one of these states."""
        of_them = f"container = ? AND state IN ({_marks(states)})"
        return self.count("edit JOIN document ON document.id = document", of_them, container, *states) > 0

    def set_edits(self, container: int, old: str, new: str) -> None:
        """All edits of a container that are in one state are in another one now."""
        with self._writing() as base:
            base.execute(_SET_EDITS, (new, old, container))

    def set_documents(self, documents: Iterable[int], old: str, new: str) -> None:
        """The edits of some documents that are in one state are in another one now."""
        with self._writing() as base:
            base.executemany(
                "UPDATE edit SET state = ? WHERE state = ? AND document = ?",
                ((new, old, document) for document in documents),
            )

    def refuse(self, container: int, old: str, new: str, offset: int, key: str, cause: str) -> None:
        """The edits of a record in one state are in another one, for a cause that is told."""
        table = "quarantine" if new == "refused" else "complaint"
        with self._writing() as base:
            of_record = "container = ? AND offset = ? AND key = ?"
            base.execute(
                "UPDATE edit SET state = ? WHERE state = ? AND document IN"
                f" (SELECT id FROM document WHERE {of_record})",
                (new, old, container, offset, key),
            )
            base.execute(
                f"INSERT INTO {table} SELECT container, record, offset, ?, x'' FROM document WHERE {of_record} LIMIT 1",
                (cause, container, offset, key),
            )

    def choose(self, choice: Choice) -> None:
        """The chosen edits, and those that hold only together with them, are to be undone.

        Of a table that is half written all edits count as cut.
        """
        conditions, values = _conditions(choice)
        is_cut = "(edit.state = 'cut' OR (edit.state = 'found' AND container.state = 'writing'))"
        with self._writing() as base:
            self._take_up_refused(base)
            base.execute("CREATE TEMP TABLE chosen AS SELECT edit.id, edit.document, whole FROM edit"
                         " JOIN document ON document.id = edit.document JOIN container ON container.id = container"
                         " LEFT JOIN finding ON finding.id = edit.finding"
                         f" WHERE {is_cut} {conditions}", values)  # fmt: skip
            base.execute(
                "UPDATE edit SET state = 'undoing' WHERE id IN (SELECT id FROM chosen)"
                " OR (state = 'cut' AND document IN (SELECT document FROM chosen WHERE whole))"
            )
            base.execute("DROP TABLE chosen")

    @staticmethod
    def _take_up_refused(base: sqlite3.Connection) -> None:
        """What earlier programs refused to take back in files is still cut, and somebody had edited these files."""
        refused = (
            "FROM edit JOIN document ON document.id = edit.document JOIN container ON container.id = container"
            " WHERE edit.state = 'refused' AND container.format <> 'tables'"
        )
        base.execute(f"UPDATE container SET digest_after = '' WHERE id IN (SELECT container {refused})")
        base.execute(f"UPDATE edit SET state = 'cut' WHERE id IN (SELECT edit.id {refused})")

    def edits(self, document: int, states: Sequence[str]) -> Iterator[tuple[Edit, str, str]]:
        """The edits of a document in these states, in order: what was done, what it removed, and the state."""
        for start, end, replacement, removed, state in self._base.execute(
            "SELECT start, end, replacement, removed, state FROM edit WHERE document = ?"
            f" AND state IN ({_marks(states)}) ORDER BY start, id",
            (document, *states),
        ):
            yield Edit(start, end, replacement), removed, state

    # Members

    def keep_member(
        self, container: int, place: tuple[int, int, int, int], target_length: int, data: Iterable[bytes]
    ) -> None:
        """Keep a packed member as it was.

        Args:
            container: its number.
            place: where the member's content begins in the unpacked source and its length, then both of the member in
                the packed source.
            target_length: bytes of the member as it was packed anew.
            data: the member.
        """
        with self._writing() as base:
            row = base.execute(
                "INSERT INTO member (container, content_start, content_length, start, length, target_length)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (container, *place, target_length),
            )
            base.executemany("INSERT INTO member_data VALUES (?, ?)", ((row.lastrowid, part) for part in data))

    def members(self, container: int) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """The members of a container that were packed anew, in order, each with its bytes as they were."""
        for row in self._base.execute(
            "SELECT id, content_start, content_length, start, length, target_length FROM member WHERE container = ?"
            " ORDER BY start",
            (container,),
        ):
            data = self._base.execute("SELECT data FROM member_data WHERE member = ? ORDER BY rowid", (row[0],))
            yield Member(*row), (part for (part,) in data)

    def promise_member(self, member: int, length: int) -> None:
        """Write down how long a member of the target is going to be."""
        with self._writing() as base:
            base.execute("UPDATE member SET next_length = ? WHERE id = ?", (length, member))

    def forget_members(self, container: int) -> None:
        """Forget the members of a container, which are what they were again."""
        with self._writing() as base:
            base.execute(
                "DELETE FROM member_data WHERE member IN (SELECT id FROM member WHERE container = ?)", (container,)
            )
            base.execute("DELETE FROM member WHERE container = ?", (container,))

    # Reading

    def count(self, of: str, where: str = "1", *values: object) -> int:
        """How many rows of a table there are."""
        return int(self._one(f"SELECT count(*) FROM {of} WHERE {where}", *values)[0])

    def size(self, where: str = "1") -> int:
        """Bytes of the containers."""
        return int(self._one(f"SELECT coalesce(sum(size), 0) FROM container WHERE {where}")[0])

    def rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows that a query gives: what reports are made of."""
        return iter(self._base.execute(query, values))

    def _one(self, query: str, *values: object) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._base.execute(query, values).fetchone()
        return row

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written in the block is one transaction."""
        with self._writing():
            yield

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it, or nothing.

        Raises:
            ArchiveError: the disk is full, say.
        """
        if self._base.in_transaction:
            yield self._base
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            yield self._base
            self._base.execute("COMMIT")
        except BaseException as error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise ArchiveError(f"{self.path}: {error}") from None
            raise


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other runs from writing to the ledger at ``path`` in the block, or until this process ends in any way.

    Raises:
        ArchiveError: another run writes to it.
        OutputError: there is no place for the file of the lock.
    """
    try:
        from filelock import FileLock, Timeout
    except ModuleNotFoundError:
        raise ArchiveError("archives need filelock: pip install 'cleaner[archive]'") from None
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ArchiveError(f"{path}: in use by another run") from None
    except OSError as error:
        raise OutputError(lock.lock_file, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def _check(path: Path) -> None:
    """Raise an error for a file that is no ledger, which is not touched: SQLite writes into what it opens."""
    try:
        with path.open("rb") as file:
            head = file.read(72)
    except OSError as error:
        raise ArchiveError(f"{path}: {cause(error)}") from None
    version, application = int.from_bytes(head[60:64]), int.from_bytes(head[68:72])
    if application != _APPLICATION:
        raise ArchiveError(f"{path}: not a ledger")
    if version != VERSION:
        raise ArchiveError(f"{path}: a ledger of version {version}; this program knows version {VERSION}")


def _connected(name: str, is_read: bool = False) -> sqlite3.Connection:
    base = sqlite3.connect(name, uri=is_read, timeout=60, isolation_level=None, check_same_thread=False)
    base.text_factory = _decoded
    if not is_read:
        base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.execute("PRAGMA foreign_keys = ON")
    base.execute("CREATE TEMP TABLE complaint AS SELECT * FROM quarantine WHERE 0")
    return base


def _add_document(base: sqlite3.Connection, container: int, found: FoundDocument) -> None:
    row = base.execute(
        "INSERT INTO document (container, offset, record, name, key, format, date, link, whole, verdict,"
        " digest_before, digest_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            container,
            found.offset,
            _text(found.record),
            found.name,
            found.key,
            found.format,
            _text(found.date),
            _text(found.link),
            bool(found.patches),
            found.verdict,
            found.digest_before,
            found.digest_after,
        ),
    )
    document = row.lastrowid
    findings = [
        base.execute(
            "INSERT INTO finding (document, start, end, quote, category, score, action, reasons, campaign)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document,
                f.start,
                f.end,
                _text(f.quote),
                f.category,
                f.score,
                f.action,
                _json([asdict(reason) for reason in f.reasons]),
                next(iter(numbers_of(f)), None),
            ),
        ).lastrowid
        for f in found.findings
    ]
    for edit in found.edits:
        (start, end, replacement), about = edit.edit, edit.finding
        row = base.execute(
            "INSERT INTO edit (document, finding, start, end, removed, replacement, left, right)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document,
                None if about is None else findings[about],
                start,
                end,
                _text(edit.removed),
                replacement,
                _text(edit.left),
                _text(edit.right),
            ),
        )
        base.executemany(
            "INSERT INTO patch VALUES (?, ?, ?, ?, ?)", ((document, row.lastrowid, *patch) for patch in edit.patches)
        )
    base.executemany("INSERT INTO patch VALUES (?, NULL, ?, ?, ?)", ((document, *patch) for patch in found.patches))


def _conditions(choice: Choice) -> tuple[str, list[object]]:
    conditions, values = "", list[object]()
    documents = tuple(map(_text, choice.documents))
    for column, chosen in (("document.record", documents), ("finding.campaign", choice.campaigns)):
        if chosen:
            conditions += f" AND {column} IN ({_marks(chosen)})"
            values += chosen
    if choice.rules:
        of_rule = "EXISTS (SELECT 1 FROM json_each(finding.reasons) WHERE json_extract(value, '$.code') IN ({}))"
        conditions += " AND " + of_rule.format(_marks(choice.rules))
        values += choice.rules
    for sign, time in ((">=", choice.since), ("<=", choice.until)):
        if time:
            conditions += f" AND edit.at {sign} ?"
            values.append(time)
    return conditions, values


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _layout(text: str) -> Layout:
    values = json.loads(text)
    return Layout(**values | {"fields": tuple(values["fields"])})


def _json(value: object) -> str:
    return _text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _encoded(path: str) -> bytes:
    """A path as SQLite keeps it: one that is not UTF-8 holds lone surrogates."""
    return path.encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _text(text: str) -> str:
    """What SQLite can keep of a text: lone surrogates are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()
