"""What commands share: the articles they read one after another."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cleaner.document.encoding import Decoded, decode, encode
from cleaner.files import OutputError, cause, label, refusal
from cleaner.types import FORMATS, Format, Policy, Result, SourceError

STDIN = "-"
FILE = click.Path(readable=False, path_type=Path)
"""Any path: whether it can be read is found out by reading it."""
PLACE = click.Path(readable=False)
"""Any path or address, as it is spelled."""
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
