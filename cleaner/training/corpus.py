"""Reading corpora: clean articles and honest hard negatives, parted by source."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleaner.types import CleanerError


class CorpusError(CleanerError):
    """A corpus cannot be read; the message names file, line and cause."""


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


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Line number and object of each record of a ``.jsonl`` or ``.jsonl.gz`` file; empty lines are passed over.

    Raises:
        CorpusError: the file cannot be read, or a line is no JSON object.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    raise CorpusError(f"{path}:{number}: not JSON ({error.msg})") from None
                if not isinstance(record, dict):
                    raise CorpusError(f"{path}:{number}: not a JSON object")
                yield number, record
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise CorpusError(f"{path}: {error}") from None


def read_articles(path: Path) -> Iterator[Article]:
    """The articles of a corpus file: records with ``text`` and, where known, ``lang``, ``source``…"""
    for number, record in read_jsonl(path):
        text = record.get("text")
        if not isinstance(text, str) or not text.strip():
            raise CorpusError(f"{path}:{number}: no 'text'")
        topics = record.get("topics") or record.get("categories") or ()
        yield Article(
            id=str(record.get("id", number)),
            lang=str(record.get("lang", "und")),
            source=str(record.get("source", "")).split("@")[0],
            text=text,
            topics=tuple(str(topic) for topic in topics) if isinstance(topics, (list, dict, tuple)) else (str(topics),),
        )


def share(key: str, salt: str = "") -> float:
    """A number in 0..1 that depends on nothing but ``key`` and ``salt``: for stable splits."""
    digest = hashlib.blake2b(f"{salt}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
