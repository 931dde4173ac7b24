"""What the commands that measure share: the documents they judge on, and the cleaners they judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.cli.inputs import read_policy
from cleaner.training.corpus import BadRecord, CorpusError
from cleaner.training.evaluate import assisted_policy, read_records
from cleaner.training.metrics import Record

if TYPE_CHECKING:
    from cleaner.engine import Cleaner

EXIT_QUARANTINED = 3
"""There were records that cannot be judged."""
MANY_RECORDS = 20
"""Records from which on somebody who waits wants to see how far it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """What was read."""

    files: tuple[str, ...]
    records: Sequence[Record]
    bad: Sequence[BadRecord]


def read_corpus(files: Sequence[Path], limit: int | None = None) -> Corpus:
    """What the files hold; ``limit`` counts the records of each, bad ones included.

    Raises:
        CorpusError: a file cannot be read, or none of them holds anything.
    """
    records: list[Record] = []
    bad: list[BadRecord] = []
    for file in files:
        for record in islice(read_records(file), limit):
            if isinstance(record, BadRecord):
                bad.append(record)
            else:
                records.append(record)
    if not records and not bad:
        raise CorpusError(f"{', '.join(map(str, files))}: no records")
    return Corpus(tuple(map(str, files)), records, bad)


def cleaners(model: Path | None, policy_file: Path | None) -> tuple[Cleaner, Cleaner]:
    """The cleaner, and the one of an editor who accepts every flag.

    Raises:
        CleanerError: the model or the policy cannot be used.
    """
    from cleaner.engine import Cleaner

    policy = read_policy(policy_file)
    return Cleaner(model, policy), Cleaner(model, assisted_policy(policy))


def quarantine_to_dict(records: Sequence[BadRecord]) -> dict[str, Any]:
    """JSON-ready form of what cannot be judged."""
    return {"count": len(records), "records": [{"place": bad.place, "cause": bad.cause} for bad in records]}
