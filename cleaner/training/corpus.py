"""Reading corpora: clean articles and honest hard negatives, parted by source."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from cleaner.document import read
from cleaner.types import CleanerError

_BOM = b"\xef\xbb\xbf"


class CorpusError(CleanerError):
    """A corpus cannot be read; the message names the file and the cause."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be used."""

    place: str
    """``file:line``."""
    cause: str

    def __str__(self) -> str:
        return f"{self.place}: {self.cause}"


@dataclass(frozen=True, slots=True)
class Article:
    """One honest article."""

    id: str
    lang: str
    source: str
    """Where it was collected: the repository or site, without the document's own path."""
    text: str
    topics: tuple[str, ...] = ()
    """Delicate topics it speaks of; empty for ordinary articles."""
    place: str = ""
    """``file:line`` where it was read."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Honest articles (:mod:`cleaner.training.splits` parts them), and spam phrases."""

    articles: Sequence[Article]
    phrases: Sequence[Mapping[str, Any]] = ()
    bad: Sequence[BadRecord] = ()
    """What was read beside and cannot be used."""


def read_jsonl(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | BadRecord]]:
    """``file:line`` and object of each record of a ``.jsonl`` or ``.jsonl.gz`` file; empty lines are passed over.

    Raises:
        CorpusError: the file cannot be read.
    """
    try:
        with cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    place = f"{path}:{number}"
                    yield place, _parsed(line.removeprefix(_BOM), place)
    except (OSError, EOFError, zlib.error) as error:
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        raise CorpusError(f"{path}: {cause[:1].lower()}{cause[1:]}") from None


def _parsed(line: bytes, place: str) -> Mapping[str, Any] | BadRecord:
    try:
        values = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return BadRecord(place, f"not UTF-8 (byte {error.start} of the line)")
    except json.JSONDecodeError as error:
        return BadRecord(place, f"not JSON ({error.msg}, column {error.colno})")
    except (ValueError, RecursionError):
        return BadRecord(place, "not JSON that can be read")
    return values if isinstance(values, dict) else BadRecord(place, "not a JSON object")


def read_articles(path: Path) -> Iterator[Article | BadRecord]:
    """The articles of a corpus file: records with ``text`` and, where known, ``lang``, ``source``…

    Of a record of an infected article, which has ``clean``, what readers see of the article as it was before.

    Raises:
        CorpusError: the file cannot be read.
    """
    for place, record in read_jsonl(path):
        yield record if isinstance(record, BadRecord) else _article(record, place)


def _article(record: Mapping[str, Any], place: str) -> Article | BadRecord:
    text = _honest(record)
    if not isinstance(text, str) or not text.strip():
        return BadRecord(place, "no 'text'")
    topics = record.get("topics") or record.get("categories") or ()
    return Article(
        id=str(record.get("id", place.rpartition(":")[2])),
        lang=str(record.get("lang", "und")),
        source=str(record.get("source", "")).split("@")[0],
        text=text,
        topics=tuple(str(topic) for topic in topics) if isinstance(topics, (list, dict, tuple)) else (str(topics),),
        place=place,
    )


def _honest(record: Mapping[str, Any]) -> object:
    """The honest text of a record."""
    clean = record.get("clean")
    if not isinstance(clean, str):
        return record.get("text")
    return read(clean, "html" if "html" in record else str(record.get("format") or "text")).text


def share(key: str, salt: str = "") -> float:
    """A number in 0..1 that depends on nothing but ``key`` and ``salt``: for stable splits."""
    digest = hashlib.blake2b(f"{salt}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
