"""Reading the archive of a site: folders of articles, single files, and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cleaner.document.encoding import decode
from cleaner.training.corpus import BadRecord, CorpusError
from cleaner.training.evaluate import read_records
from cleaner.training.metrics import Record
from cleaner.types import SourceError

LINES = (".jsonl", ".jsonl.gz")
"""Endings of files that hold a record a line."""
ARTICLES = (".txt", ".html", ".htm", ".md")
"""Endings of the other files of a folder that are read."""


def read_archive(path: Path) -> Iterator[Record | BadRecord]:
    """The documents of a folder and those in it, of a file that is one, or of JSON lines; files are read by name.

    A file or line that cannot be read is told with its cause.

    Raises:
        CorpusError: there is nothing at ``path``, or a folder holds no file to read.
    """
    if not path.exists():
        raise CorpusError(f"{path}: no such file or directory")
    files = sorted(_files(path)) if path.is_dir() else [path]
    if not files:
        raise CorpusError(f"{path}: holds no article ({', '.join((*ARTICLES, *LINES))})")
    for file in files:
        yield from _read_lines(file) if file.name.lower().endswith(LINES) else [_read_file(file)]


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.name.lower().endswith((*ARTICLES, *LINES)) and file.is_file())


def _read_lines(file: Path) -> Iterator[Record | BadRecord]:
    try:
        yield from read_records(file)
    except CorpusError as error:
        yield BadRecord(str(file), str(error).removeprefix(f"{file}: "))


def _read_file(file: Path) -> Record | BadRecord:
    try:
        text = decode(file.read_bytes()).text
    except SourceError as error:
        return BadRecord(str(file), str(error))
    except OSError as error:
        cause = error.strerror or str(error)
        return BadRecord(str(file), cause[:1].lower() + cause[1:])
    if not text.strip():
        return BadRecord(str(file), "nothing to read")
    return Record(text, text, place=str(file), format="auto")
