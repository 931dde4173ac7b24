"""What a user names → containers, and where each of them is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner.archive.formats import told_by
from cleaner.archive.records import ArchiveError, Bad
from cleaner.archive.stores import is_remote, listed, size_of
from cleaner.files import cause, is_temporary

_PASSWORD = re.compile(r"\A[^/]*//[^/@:]*:(?!\$)[^/@]+@|[?&](?:password|passwd|pwd)=(?!\$)", re.I)
"""A password in an address that is not the name of a variable of the environment."""
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


def sources_of(names: Sequence[str], out: str, in_place: bool, written: Sequence[str] = ()) -> Iterator[Source | Bad]:
    """The containers in what was named, in the order of their names.

    A folder's tree is mirrored: its files are written under ``out`` by their paths in it; files named themselves, by
    their names. Of several folders each gets its own below ``out``. Links are followed, but for those that lead back
    to where they lie or to what is written, and those that would lead writing out of the folder that was named.

    Args:
        names: files, folders, addresses of files (``s3://…``), of folders (the same with a slash at the end) and of
            tables (``sqlite:///base.db#table``).
        out: folder, file or address to write to; a folder if it ends with a separator or several containers are named.
        in_place: whether the sources themselves are changed.
        written: paths of what else is written.

    Raises:
        ArchiveError: something is not there, two containers would be written to one place, one to its source or to two
            places, or an address holds a password.
    """
    for name in (*names, out):
        if is_remote(name) and _PASSWORD.search(name):
            raise ArchiveError(
                "the ledger would keep the password: put it into the environment, and '$NAME' into the address"
            )
    refuse_within(out, names)
    apart = [_place(path) for path in (out, *written) if path and not is_remote(path)]
    taken: dict[str, str] = {}
    targets: dict[str, str] = {}
    for name in names:
        for source in _sources_of(name, out, len(names) > 1, in_place, apart):
            if isinstance(source, Source) and source.target:
                place = _place(source.target)
                if not in_place and place == _place(source.name):
                    raise ArchiveError(f"{source.name} would be written to itself: choose --in-place to change it")
                if len(names) > 1 and taken.setdefault(place, source.name) != source.name:
                    raise ArchiveError(f"{taken[place]} and {source.name} would both become {source.target}")
                if len(names) > 1 and targets.setdefault(source.name, source.target) != source.target:
                    raise ArchiveError(f"{source.name} would become both {targets[source.name]} and {source.target}")
            yield source


def refuse_within(place: str, names: Sequence[str]) -> None:
    """What is written, if it is a path, lies in no folder that is read; nor does such a folder lie in it.

    Raises:
        ArchiveError: it does.
    """
    if not place or is_remote(place):
        return
    for name in names:
        if not is_remote(name) and os.path.isdir(name) and _are_mixed(_place(place), _place(name)):
            raise ArchiveError(f"what is written to {place} would be mixed with {name}: write elsewhere")


def _place(name: str) -> str:
    """A name of which there is one for each place."""
    return name if is_remote(name) else os.path.normcase(os.path.realpath(name))


def _are_mixed(one: str, other: str) -> bool:
    """Whether two places are one, or one of them lies in the other."""
    return _holds(one, other) or _holds(other, one)


def _holds(folder: str, place: str) -> bool:
    return place == folder or place.startswith(os.path.join(folder, ""))


def _sources_of(
    name: str, out: str, among_others: bool, in_place: bool, apart: Sequence[str]
) -> Iterator[Source | Bad]:
    if is_table(name):
        if "#" not in name:
            raise ArchiveError(f"{name}: name the table, too: {name}#table")
        if out and not is_table(out):
            raise ArchiveError(f"{out}: a table is written to the address of a database (sqlite:///cleaned.db)")
        target = f"{out}#{name.partition('#')[2]}" if out and "#" not in out else out
        yield Source(name, name if in_place else target, "tables", "", 0)
    elif is_remote(name) and name.endswith("/"):
        within = name.rstrip("/").rpartition("/")[2] if among_others else ""
        yield from _in_store(name, name if in_place else _joined(out, within, True))
    elif os.path.isdir(name):
        within = Path(os.path.abspath(name)).name if among_others else ""
        yield from _in_folder(Path(name), name if in_place else _joined(out, within, True), apart)
    else:
        format, packing = told_by(name)
        size = size_of(name)
        if not format:
            raise ArchiveError(f"{name}: of no format that is known by its ending")
        target = name if in_place else _joined(out, os.path.basename(name), among_others)
        yield Source(name, target, format, packing, size)


def _joined(out: str, name: str, is_folder: bool) -> str:
    """``name`` in the folder ``out``, or ``out`` itself if that is the place for the only container."""
    if not out or not (is_folder or out.endswith(("/", os.sep)) or os.path.isdir(out)):
        return out
    return f"{out.rstrip('/')}/{name}" if is_remote(out) else str(Path(out, name))


def _in_store(folder: str, target: str) -> Iterator[Source | Bad]:
    """The files of a remote folder and those in it, by name."""
    for path, size in listed(folder):
        if ".." in path.split("/"):
            yield Bad(folder + path, 0, "its name leads out of the folder")
        else:
            yield Source(folder + path, _joined(target, path, True), *told_by(path), size)


def _in_folder(folder: Path, target: str, apart: Sequence[str], above: tuple[str, ...] = ()) -> Iterator[Source | Bad]:
    """The files of a folder and those in it, by name."""
    above = (*above, _place(str(folder)))
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Bad(str(folder), 0, cause(error))
        return
    if target and not entries:
        yield Source(str(folder), target, "", "", 0)
    for entry in entries:
        if is_temporary(entry.name):
            continue
        name, place = str(folder / entry.name), _joined(target, entry.name, True)
        try:
            if place and os.path.islink(place):
                yield Bad(name, 0, f"{place} is a link, and what is written would go where it leads")
            elif (entry.is_dir() or entry.is_symlink()) and (why := _why_not(_place(name), apart, above)):
                yield Bad(name, 0, why)
            elif entry.is_dir():
                yield from _in_folder(Path(name), place, apart, above)
            elif entry.is_file():
                yield Source(name, place, *told_by(entry.name), entry.stat().st_size)
            else:
                yield Bad(name, 0, "neither a file nor a folder, or a link to nothing")
        except OSError as error:
            yield Bad(name, 0, cause(error))


def _why_not(place: str, apart: Sequence[str], above: Sequence[str]) -> str:
    """Why a link that leads to ``place`` is not followed; empty if it is."""
    if any(_holds(place, folder) for folder in above):
        return "a link that leads back to where it lies"
    if any(_are_mixed(place, written) for written in apart):
        return "a link that leads to what is written"
    return ""
