"""What runs the workers: this process, several of this machine, or those of a Dask scheduler.

All of them do the same with the same batches, and give the results in the order of the batches; a few batches are in
memory at a time.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import resource_tracker
from typing import Any, Protocol, TypeVar

from cleaner.archive.findings import Portion, Settings
from cleaner.archive.records import ArchiveError

T = TypeVar("T")
Work = Callable[[Sequence[Portion], Settings], T]
"""What a worker does with a batch of portions."""
_AHEAD = 2
"""Batches that wait for each worker."""
_ATTEMPTS = 10
"""Times that a batch is given to another worker when one is lost."""


class Engine(Protocol):
    """What runs the workers."""

    def __call__(self, work: Work[T], batches: Iterable[Sequence[Portion]], settings: Settings) -> Iterator[T]:
        """What ``work`` makes of each batch, in order.

        Raises:
            ArchiveError: workers are lost.
        """
        ...


def local(jobs: int) -> Engine:
    """So many processes of this machine; 1: this one."""
    return _here if jobs == 1 else partial(_by_processes, jobs)


def dask(scheduler: str) -> Engine:
    """The workers of the Dask scheduler at an address (``tcp://…``); what a lost one had to do others do again."""
    return partial(_by_dask, scheduler)


def _here(work: Work[T], batches: Iterable[Sequence[Portion]], settings: Settings) -> Iterator[T]:
    return (work(batch, settings) for batch in batches)


def _by_processes(jobs: int, work: Work[T], batches: Iterable[Sequence[Portion]], settings: Settings) -> Iterator[T]:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        with _interrupts_held_back():
            Parallel(n_jobs=jobs)(delayed(int)() for _ in range(jobs))  # starts the processes
        yield from Parallel(n_jobs=jobs, return_as="generator", batch_size=1, pre_dispatch=_AHEAD * jobs)(
            delayed(work)(batch, settings) for batch in batches
        )
    except TerminatedWorkerError:
        raise ArchiveError("a worker process was killed (was there too little memory?)") from None


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C waits until the block is over; the processes that are started in it leave it to this one for good."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which lets interrupts through again when it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _by_dask(scheduler: str, work: Work[T], batches: Iterable[Sequence[Portion]], settings: Settings) -> Iterator[T]:
    try:
        distributed: Any = import_module("distributed")
    except ModuleNotFoundError:
        raise ArchiveError("Dask is not installed: pip install 'cleaner[dask]'") from None
    try:
        client = distributed.Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{scheduler}: no Dask scheduler answers ({error})") from None
    with client:
        waiting: deque[Any] = deque()
        try:
            for batch in batches:
                waiting.append(client.submit(work, batch, settings, pure=False, retries=_ATTEMPTS))
                while len(waiting) >= _AHEAD * max(1, sum(client.ncores().values())):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except distributed.KilledWorker as error:
            raise ArchiveError(f"{scheduler}: workers are lost again and again ({error})") from None
