"""Pieces of containers → what was found in their texts, ready to be written down."""

from __future__ import annotations

import functools
import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from cleaner.archive.fields import joined
from cleaner.archive.formats import module_of
from cleaner.archive.records import ArchiveError, Bad, Layout, Patch, Piece, Text
from cleaner.campaigns import Campaign
from cleaner.engine import Cleaner
from cleaner.model.classifier import Classifier
from cleaner.model.store import default_folder, load
from cleaner.types import Edit, Finding, Policy, Result

AROUND = 60
"""Characters before and behind an edit that are kept to show it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every worker cleans with: these few words are sent to it rather than a model."""

    model: str
    """Folder of the model; empty for the one that comes with the project."""
    policy: str
    """The policy, as JSON."""
    campaigns: tuple[Campaign, ...] = ()
    """What is known to recur in the archive."""


@dataclass(frozen=True, slots=True)
class Portion:
    """A piece of a container, and how to read it."""

    container: int
    format: str
    layout: Layout
    piece: Piece
    is_last: bool
    """Whether the container ends with it."""
    digest: str = ""
    """Of the container, in hexadecimal digits, where it ends and is a file."""


@dataclass(frozen=True, slots=True)
class FoundEdit:
    """An edit of a text, and what stands around it."""

    edit: Edit
    removed: str
    left: str
    right: str
    finding: int | None
    """Number of the finding that it is of, among those of its document."""
    patches: Sequence[Patch]
    """Empty where the patches of the document hold only together."""


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A text in which something was found."""

    record: str
    name: str
    offset: int
    key: str
    format: str
    date: str
    link: str
    verdict: str
    digest_before: str
    digest_after: str
    findings: Sequence[Finding]
    edits: Sequence[FoundEdit]
    patches: Sequence[Patch]
    """Those that hold only together."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a portion."""

    container: int
    end: int
    """Offset up to which the container is searched now."""
    mark: str
    size: int
    """Bytes that were read."""
    records: int
    characters: int
    documents: Sequence[FoundDocument]
    bad: Sequence[Bad]
    is_last: bool
    """Whether the container is searched to its end."""
    digest: str = ""
    """:attr:`Portion.digest`."""


def search(portions: Sequence[Portion], settings: Settings) -> list[Found]:
    """What is found in some portions. This is what workers do."""
    cleaner = cleaner_of(settings)
    read = [list(module_of(portion.format).texts(portion.piece, portion.layout)) for portion in portions]
    texts = [text for records in read for text in records if isinstance(text, Text)]
    results = _cleaned(cleaner, texts)
    return [_found(portion, records, results) for portion, records in zip(portions, read, strict=True)]


@functools.lru_cache(maxsize=1)
def cleaner_of(settings: Settings) -> Cleaner:
    """The cleaner of these settings, made once in every process."""
    policy = Policy.from_mapping(json.loads(settings.policy))
    return Cleaner(Path(settings.model) if settings.model else None, policy, settings.campaigns)


@functools.lru_cache(maxsize=1)
def classifier_of(model: str) -> Classifier:
    """The classifier of a model's folder, or of the one that comes with the project, read once in every process."""
    return load(Path(model) if model else default_folder()).classifier


def _cleaned(cleaner: Cleaner, texts: Sequence[Text]) -> Iterator[Result]:
    """The result of each text, in order; those of one format are looked at together."""
    of_format: dict[str, list[str]] = {}
    for text in texts:
        of_format.setdefault(text.format, []).append(text.text)
    results = {format: cleaner.clean_many(own, format) for format, own in of_format.items()}
    return (next(results[text.format]) for text in texts)


def _found(portion: Portion, records: Sequence[Text | Bad], results: Iterator[Result]) -> Found:
    documents: list[FoundDocument] = []
    bad: list[Bad] = []
    characters = 0
    places: set[int] = set()
    for record in records:
        places.add(record.offset)
        if isinstance(record, Bad):
            bad.append(record)
            continue
        characters += len(record.text)
        result = next(results)
        if not result.findings:
            continue
        try:
            documents.append(_document(record, result))
        except ArchiveError as error:
            bad.append(Bad(record.record, record.offset, str(error)))
    piece = portion.piece
    return Found(
        portion.container,
        piece.end,
        piece.mark,
        len(piece.data),
        len(places),
        characters,
        documents,
        bad,
        portion.is_last,
        portion.digest,
    )


def _document(text: Text, result: Result) -> FoundDocument:
    edits = joined(result.edits)
    together = text.patches(edits) if text.whole else ()
    return FoundDocument(
        text.record,
        text.name,
        text.offset,
        text.key,
        result.format,
        text.date,
        text.link,
        result.verdict,
        digest_of(result.source),
        digest_of(result.text),
        result.findings,
        [_edit(text, result, edit) for edit in edits],
        together,
    )


def _edit(text: Text, result: Result, edit: Edit) -> FoundEdit:
    source, findings = result.source, result.findings
    number = bisect_right(findings, edit.end, key=attrgetter("start")) - 1
    touches = number >= 0 and findings[number].end >= edit.start
    return FoundEdit(
        edit,
        source[edit.start : edit.end],
        source[max(0, edit.start - AROUND) : edit.start],
        source[edit.end : edit.end + AROUND],
        number if touches else None,
        () if text.whole else text.patches([edit]),
    )


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
