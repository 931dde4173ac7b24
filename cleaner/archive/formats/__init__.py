"""The formats that archives are kept in, a module each; they say where texts stand, and what edits come to there."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from typing import cast

from cleaner.archive.records import ArchiveError, ByteFormat, TableFormat

PACKINGS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
FORMATS = {
    ".txt": "articles",
    ".html": "articles",
    ".htm": "articles",
    ".xhtml": "articles",
    ".md": "articles",
    ".markdown": "articles",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".xml": "feeds",
    ".rss": "feeds",
    ".atom": "feeds",
    ".warc": "warc",
    ".parquet": "parquet",
}
"""Modules of formats by the endings of files."""
TABLES = frozenset({"parquet", "tables"})
"""Formats whose records are rows."""


def told_by(name: str) -> tuple[str, str]:
    """Format and packing of a file by its name; empty where it is of no format, or not packed."""
    path = PurePath(name.lower())
    packing = PACKINGS.get(path.suffix, "")
    return FORMATS.get(PurePath(path.stem).suffix if packing else path.suffix, ""), packing


def module_of(format: str) -> ByteFormat:
    """The module of a format; those of tables are :func:`table_module_of` for writing."""
    return cast("ByteFormat", _module(format))


def table_module_of(format: str) -> TableFormat:
    """The module of a format whose records are rows."""
    return cast("TableFormat", _module(format))


def _module(format: str) -> object:
    try:
        return import_module(f"{__name__}.{format}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("cleaner"):
            raise
        raise ArchiveError(f"archives of this kind need {error.name}: pip install 'cleaner[archive]'") from error
