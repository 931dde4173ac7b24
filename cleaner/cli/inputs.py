"""What commands share: the articles they read one after another, and files replaced at once."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from itertools import count
from pathlib import Path
from typing import IO, Any

import click

from cleaner.cli.show import OutputError, cause, label, refusal
from cleaner.document.encoding import Decoded, decode, encode
from cleaner.types import FORMATS, Format, Policy, Result, SourceError

STDIN = "-"
FILE = click.Path(readable=False, path_type=Path)
"""Any path: whether it can be read is found out by reading it."""
FILE_OR_STDIN = click.Path(readable=False, allow_dash=True)
MANY_FILES = 20
MANY_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """An article that was read and cleaned."""

    name: str
    data: bytes
    source: Decoded
    result: Result

    @property
    def is_changed(self) -> bool:
        """Whether anything was cut."""
        return bool(self.result.edits)

    def output(self) -> bytes:
        """What to publish, encoded as the article came in."""
        return encode(self.result.text, self.source) if self.is_changed else self.data

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"file": self.name, **self.result.to_dict()}


@dataclass(frozen=True, slots=True)
class Failed:
    """An article that could not be read, or whose cleaned text could not be written."""

    name: str
    message: str
    """One line that names the file and the cause."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"file": self.name, "error": self.message}


@dataclass(frozen=True, slots=True)
class Job:
    """Which articles a command reads, how, and how it reports."""

    files: tuple[str, ...]
    format: Format
    policy: Path | None
    model: Path | None
    as_json: bool
    verbose: bool

    @property
    def is_long(self) -> bool:
        """Whether somebody who waits wants to see how far it is."""
        return len(self.files) > MANY_FILES or sum(map(_size, self.files)) > MANY_BYTES

    def outcomes(self, publish: Callable[[Cleaned], None] | None = None) -> Iterator[Cleaned | Failed]:
        """Clean one article after another; one that fails does not stop the others.

        Args:
            publish: called with each cleaned article; an :class:`OutputError` counts as the article's own.

        Raises:
            CleanerError: the policy or the model cannot be used.
        """
        from cleaner.engine import Cleaner

        cleaner = Cleaner(self.model, read_policy(self.policy))
        for name in self.files:
            try:
                data = _read(name)
                source = decode(data)
                article = Cleaned(name, data, source, cleaner.clean(source.text, self.format))
                if publish:
                    publish(article)
            except SourceError as error:
                yield Failed(name, f"{label(name)}: {label(str(error))}")
            except OutputError as error:
                yield Failed(name, str(error))
            except OSError as error:
                yield Failed(name, f"{label(name)}: {cause(error)}")
            else:
                yield article


def article_command(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the argument FILE… and the common options; it gets them as one ``job``."""

    @wraps(command)
    def with_job(
        *args: Any,
        files: tuple[str, ...],
        format: Format,
        policy: Path | None,
        model: Path | None,
        as_json: bool,
        verbose: bool,
        **options: Any,
    ) -> None:
        command(*args, job=Job(files, format, policy, model, as_json, verbose), **options)

    for decorate in (
        click.option("-v", "--verbose", is_flag=True, help="Show the words around each finding, and why it was found."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each file."),
        click.option("--model", type=FILE, metavar="DIR", help="Use this model instead of the one that is built in."),
        click.option("--policy", type=FILE, metavar="FILE", help="Thresholds, allow and deny lists (TOML)."),
        click.option("--format", type=click.Choice(FORMATS), default="auto", help="How to read the articles."),
        click.argument("files", metavar="[FILE]...", nargs=-1, type=FILE_OR_STDIN, callback=_or_stdin),
    ):
        with_job = decorate(with_job)
    return with_job


def _or_stdin(_context: click.Context, _argument: click.Parameter, files: tuple[str, ...]) -> tuple[str, ...]:
    if files.count(STDIN) > 1:
        raise click.BadParameter("standard input (-) can be read only once")
    return files or (STDIN,)


def read_policy(path: Path | None) -> Policy:
    """The policy of a file; the default one without a file.

    Raises:
        PolicyError: the file cannot be read or makes no sense.
    """
    if path is None:
        return Policy()
    from cleaner.cli.policy import load_policy

    return load_policy(path)


def _read(name: str) -> bytes:
    if name != STDIN:
        if os.path.isdir(name):
            raise refusal(errno.EISDIR)
        return Path(name).read_bytes()
    if sys.stdin is None:
        raise refusal(errno.EBADF)
    return sys.stdin.buffer.read()


def _size(name: str) -> int:
    try:
        return os.path.getsize(name)
    except OSError:
        return 0


def refuse_overwriting(files: Iterable[str], written: Iterable[Path], hint: str = "") -> None:
    """What is read is not written to, and nothing is written to twice.

    Raises:
        click.UsageError: one of the paths in ``written`` is among the ``files``, or comes twice.
    """
    taken = {os.path.realpath(name) for name in files if name != STDIN}
    for path in written:
        if os.path.realpath(path) in taken:
            raise click.UsageError(f"{str(path)!r} would be overwritten{hint}")
        taken.add(os.path.realpath(path))


@contextmanager
def replacing(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Write what takes the place of ``path`` at once when the block ends, and leaves no trace when it fails.

    A link keeps pointing to its target, which keeps its mode and, where that is allowed, its owner.
    What is no regular file (a pipe, a terminal) is written to as it is.

    Raises:
        OutputError: the file cannot be written.
    """
    with _naming(path):
        file, temporary = _open_replacement(path)

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
    except BaseException:
        with suppress(OSError):
            file.close()
        if temporary:
            temporary.unlink(missing_ok=True)
        raise


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


def _open_replacement(path: Path) -> tuple[IO[bytes], Path | None]:
    """The file to write to, and its path when it is a temporary one."""
    try:
        old = path.stat()
    except FileNotFoundError:
        return _open_temporary(path)
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
