"""Files written at once or not at all, and what the operating system says when they cannot be."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO

from cleaner.types import CleanerError
from cleaner.visible import visible

_TEMPORARY = re.compile(r"\.cleaner-(\d+)-\d+")
"""Names of files that are being written, with the process that does."""


class OutputError(CleanerError):
    """Something cannot be written; the message names it."""

    def __init__(self, name: str, error: OSError) -> None:
        super().__init__(f"{'<stdin>' if name == '-' else visible(name, keep='')}: cannot be written: {cause(error)}")


def label(name: str) -> str:
    """A file name, or any other word from outside, to be shown within a line."""
    return "<stdin>" if name == "-" else visible(name, keep="")


def cause(error: OSError) -> str:
    """Why the operating system refused, in the middle of a line."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def refusal(code: int) -> OSError:
    """What the operating system would raise."""
    return OSError(code, os.strerror(code))


@contextmanager
def replacing(path: Path, like: Path | None = None) -> Iterator[Callable[[bytes], object]]:
    """Write what takes the place of ``path`` at once when the block ends, and leaves no trace when it fails.

    A link keeps pointing to its target, which keeps its mode and, where that is allowed, its owner. A new file has the
    mode of the file ``like``, so that nobody reads it who may not read that one; its owner may always write to it.
    What is no regular file (a pipe, a terminal) is written to as it is.

    Raises:
        OutputError: the file cannot be written.
    """
    with _naming(path):
        file, temporary = _open_replacement(path, like)

    def write(data: bytes) -> None:
        with _naming(path):
            file.write(data)

    try:
        yield write
        with _naming(path):
            file.flush()
            if temporary:
                os.fsync(file.fileno())
            file.close()
            if temporary:
                os.replace(temporary, os.path.realpath(path))
                _keep_names(temporary.parent)
    except BaseException:
        with suppress(OSError):
            file.close()
        if temporary:
            temporary.unlink(missing_ok=True)
        raise


def _keep_names(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system lets programs ask for that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def make_folder(path: Path) -> None:
    """Make a folder, and those it lies in, where they are missing.

    Raises:
        OutputError: it cannot be made.
    """
    with _naming(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(str(path), error) from error


def _open_replacement(path: Path, like: Path | None) -> tuple[IO[bytes], Path | None]:
    """The file to write to, and its path when it is a temporary one."""
    try:
        old = path.stat()
    except FileNotFoundError:
        file, temporary = _open_temporary(path)
        if like and like.is_file():
            temporary.chmod(like.stat().st_mode & 0o777 | stat.S_IWUSR)
        return file, temporary
    if not stat.S_ISREG(old.st_mode):
        return path.open("wb"), None
    if not os.access(path, os.W_OK):
        raise refusal(errno.EACCES)
    file, temporary = _open_temporary(path)
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(temporary, old.st_uid, old.st_gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))
    return file, temporary


def _open_temporary(path: Path) -> tuple[IO[bytes], Path]:
    folder = Path(os.path.realpath(path)).parent
    for number in count():
        temporary = folder / f".cleaner-{os.getpid()}-{number}"
        with suppress(FileExistsError):
            return temporary.open("xb"), temporary
    raise AssertionError


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that takes the place of another when it is written."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files in a folder whose processes were killed, as far as that is allowed."""
    with suppress(OSError):
        for path in folder.iterdir():
            found = _TEMPORARY.fullmatch(path.name)
            if found and not _is_running(int(found[1])):
                with suppress(OSError):
                    path.unlink()


def _is_running(process: int) -> bool:
    if os.name == "nt":  # where files that somebody has open cannot be removed
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
