"""The campaigns that were found in the archive, and what a person decided of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cleaner.archive.ledger import Ledger, searched
from cleaner.archive.ledger.spelling import marks, spelled, spelled_json
from cleaner.archive.records import ArchiveError
from cleaner.campaigns import Campaign

if TYPE_CHECKING:
    from cleaner.archive.campaigns import Judged


def add(ledger: Ledger, judged: Iterable[Judged]) -> None:
    """Write down campaigns with some of the places where they were found."""
    with ledger.writing() as base:
        for one in judged:
            campaign = one.campaign
            row = base.execute(
                "INSERT INTO campaign (kind, texts, documents, dispersion, promotion, score) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    campaign.kind,
                    spelled_json([spelled(text) for text in campaign.texts]),
                    campaign.documents,
                    one.dispersion,
                    one.promotion,
                    campaign.score,
                ),
            )
            base.executemany(
                "INSERT INTO campaign_example VALUES (?, ?, ?)",
                ((row.lastrowid, spelled(record), spelled(around)) for record, around in one.examples),
            )


def each(ledger: Ledger) -> Iterator[Campaign]:
    """The campaigns; one that a person accepted has the score 1, one that was rejected the score 0."""
    decided = {"accepted": 1.0, "rejected": 0.0}
    for number, kind, texts, documents, score, state in ledger.rows(
        "SELECT id, kind, texts, documents, score, state FROM campaign ORDER BY id"
    ):
        yield Campaign(kind, tuple(json.loads(texts)), documents, decided.get(state, score), number)


def decide(ledger: Ledger, numbers: Sequence[int], state: str) -> None:
    """A person accepted campaigns, or rejected them: what is not written yet is to be searched again.

    Raises:
        ArchiveError: there is no such campaign.
    """
    refuse_unknown(ledger, numbers)
    with ledger.writing() as base:
        base.execute(f"UPDATE campaign SET state = ? WHERE id IN ({marks(numbers)})", (state, *numbers))
        searched.search_again(ledger, "state IN ('new', 'searched')")


def refuse_unknown(ledger: Ledger, numbers: Sequence[int]) -> None:
    """Raise an error for numbers that no campaign has.

    Raises:
        ArchiveError: there is no such campaign.
    """
    for number in numbers:
        if not ledger.count("campaign", "id = ?", number):
            raise ArchiveError(f"{ledger.path}: there is no campaign {number}")
