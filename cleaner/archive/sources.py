"""What a user names → containers, and where each of them is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cleaner.archive.formats import told_by
from cleaner.archive.records import ArchiveError, Bad
from cleaner.archive.stores import is_remote
from cleaner.files import cause

_PASSWORD = re.compile(r"\A[^/]*//[^/@:]*:(?!\$)[^/@]+@")
"""A password in the address of a database that is not the name of a variable of the environment."""
_DATABASES = ("sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql")


@dataclass(frozen=True, slots=True)
class Source:
    """A container that was named, or lies in a folder that was."""

    name: str
    """Path or address."""
    target: str
    """Where it is written; empty for nowhere."""
    format: str
    """Module of the format; empty for a file that is only copied."""
    packing: str
    size: int


def is_table(name: str) -> bool:
    """Whether a name is the address of a database."""
    return is_remote(name) and name.partition("://")[0].partition("+")[0] in _DATABASES


def sources_of(names: Sequence[str], out: str, in_place: bool) -> Iterator[Source | Bad]:
    """The containers in what was named, in the order of their names.

    A folder's tree is mirrored: its files are written under ``out`` by their paths in it; files named themselves, by
    their names. Of several folders each gets its own below ``out``. Links are followed, but for those that lead back
    to where they lie.

    Args:
        names: files, folders, addresses of files (``s3://…``) and of tables (``sqlite:///base.db#table``).
        out: folder, file or address to write to; a folder if it ends with a separator or several containers are named.
        in_place: whether the sources themselves are changed.

    Raises:
        ArchiveError: something is not there, or two containers would be written to one place.
    """
    taken: dict[str, str] = {}
    for name in names:
        for source in _sources_of(name, "" if in_place else out, len(names) > 1):
            if isinstance(source, Source):
                place = source.name if in_place else source.target
                if place and taken.setdefault(os.path.normcase(place), source.name) != source.name:
                    raise ArchiveError(f"{taken[os.path.normcase(place)]} and {source.name} would both become {place}")
                source = Source(source.name, place, source.format, source.packing, source.size)
            yield source


def _sources_of(name: str, out: str, among_others: bool) -> Iterator[Source | Bad]:
    if is_table(name):
        if _PASSWORD.search(name):
            raise ArchiveError(
                "the ledger would keep the password: put it into the environment, and '$NAME' into the address"
            )
        if "#" not in name:
            raise ArchiveError(f"{name}: name the table, too: {name}#table")
        yield Source(name, f"{out}#{name.partition('#')[2]}" if out and "#" not in out else out, "tables", "", 0)
    elif is_remote(name):
        format, packing = told_by(name)
        if not format:
            raise ArchiveError(f"{name}: of no format that is known by its ending")
        yield Source(name, _joined(out, PurePosixPath(name).name, among_others), format, packing, 0)
    elif os.path.isdir(name):
        within = Path(os.path.abspath(name)).name if among_others else ""
        yield from _in_folder(Path(name), _joined(out, within, True) if out else "")
    else:
        format, packing = told_by(name)
        try:
            size = os.path.getsize(name)
        except OSError as error:
            raise ArchiveError(f"{name}: {cause(error)}") from None
        if not format:
            raise ArchiveError(f"{name}: of no format that is known by its ending")
        yield Source(name, _joined(out, os.path.basename(name), among_others), format, packing, size)


def _joined(out: str, name: str, is_folder: bool) -> str:
    """``name`` in the folder ``out``, or ``out`` itself if that is the place for the only container."""
    if not out or not (is_folder or out.endswith(("/", os.sep)) or os.path.isdir(out)):
        return out
    return f"{out.rstrip('/')}/{name}" if is_remote(out) else os.path.join(out, name)


def _in_folder(folder: Path, out: str, above: tuple[str, ...] = ()) -> Iterator[Source | Bad]:
    """The files of a folder and those in it, by name."""
    above = (*above, os.path.realpath(folder))
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Bad(str(folder), 0, cause(error))
        return
    for entry in entries:
        target = f"{out.rstrip('/')}/{entry.name}" if is_remote(out) else os.path.join(out, entry.name) if out else ""
        try:
            if entry.is_dir():
                if os.path.realpath(entry.path) in above:
                    yield Bad(entry.path, 0, "a link that leads back to where it lies")
                else:
                    yield from _in_folder(Path(entry.path), target, above)
            elif entry.is_file():
                yield Source(entry.path, target, *told_by(entry.name), entry.stat().st_size)
            else:
                yield Bad(entry.path, 0, "neither a file nor a folder, or a link to nothing")
        except OSError as error:
            yield Bad(entry.path, 0, cause(error))
