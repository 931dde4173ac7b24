"""The first pass over an archive: containers → the campaigns that recur in them, in the ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from cleaner.archive.campaigns import judge
from cleaner.archive.engines import Engine
from cleaner.archive.findings import Portion, Settings, classifier_of
from cleaner.archive.frequencies import Counts, Frequencies, Watch, count
from cleaner.archive.ledger import Ledger, campaigns, runs
from cleaner.archive.ledger.containers import Container
from cleaner.archive.searching import batches, portions
from cleaner.archive.survey import Gathered, gather


def find_campaigns(
    ledger: Ledger, settings: Settings, engine: Engine, told: Callable[[int], object] = lambda size: None
) -> None:
    """Write down what recurs across unrelated documents and looks injected; an archive is surveyed once.

    Args:
        ledger: with containers and their layouts, none of which is searched.
        settings: what to search with.
        engine: what the reading is done by.
        told: called with the bytes that were read, for a progress bar; all are read twice.

    Raises:
        ArchiveError: nothing can be written down, or workers are lost.
    """
    if runs.has_begun(ledger, "surveyed"):
        return
    unread: deque[tuple[Container, str]] = deque()
    frequencies, gathered = Frequencies(), Gathered()
    with ledger.again() as reader:
        for size, counts in engine(_count, batches(portions(reader, unread)), settings):
            frequencies.add(counts)
            told(size)
        watch = frequencies.watch()
        del frequencies
        for size, found in engine(partial(_gather, watch), batches(portions(reader, unread)), settings):
            gathered = gathered.merged(found)
            told(size)
    judged = judge(gathered, classifier_of(settings.model))
    with ledger.writing():
        campaigns.add(ledger, judged)
        runs.begin(ledger, "surveyed", {"campaigns": len(judged)})


def _count(some: Sequence[Portion], settings: Settings) -> tuple[int, Counts]:
    return _size(some), count(some, classifier_of(settings.model).rules.known)


def _gather(watch: Watch, some: Sequence[Portion], settings: Settings) -> tuple[int, Gathered]:
    return _size(some), gather(some, watch, classifier_of(settings.model).rules.known)


def _size(some: Sequence[Portion]) -> int:
    return sum(len(portion.piece.data) for portion in some)
