"""Patches applied to streams: everything between them is copied as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple

BLOCK = 1 << 20


class Splice(NamedTuple):
    """At ``start`` of a stream, ``old`` gives way to ``new``."""

    start: int
    old: bytes
    new: bytes


class MismatchError(Exception):
    """A stream does not hold what is to give way."""

    def __init__(self, at: int) -> None:
        super().__init__(f"byte {at} does not hold what is to be replaced")
        self.at = at


def spliced(stream: IO[bytes], splices: Iterable[Splice], write: Callable[[bytes], object], at: int = 0) -> None:
    """Copy a stream with its splices, which are in order and disjoint; ``at`` is where the stream stands.

    Raises:
        MismatchError: something else stands where a splice is to be; what came before it is written.
    """
    for start, old, new in splices:
        while at < start:
            block = stream.read(min(BLOCK, start - at))
            if not block:
                raise MismatchError(at)
            write(block)
            at += len(block)
        if at > start or stream.read(len(old)) != old:
            raise MismatchError(start)
        write(new)
        at += len(old)
    while block := stream.read(BLOCK):
        write(block)


class Splices:
    """Splices in order, taken as far as the end of each part of a stream; one that reaches beyond it is parted."""

    def __init__(self, splices: Iterable[Splice]) -> None:
        self._rest = iter(splices)
        self._next = next(self._rest, None)

    def any_before(self, end: int) -> bool:
        """Whether a splice begins before ``end``, or inserts something there."""
        return self._next is not None and self._next.start < end + (not self._next.old)

    def before(self, end: int) -> Iterator[Splice]:
        """Those that begin before ``end``."""
        while self._next is not None and self.any_before(end):
            start, old, new = self._next
            if start + len(old) > end:
                self._next = Splice(end, old[end - start :], b"")
                yield Splice(start, old[: end - start], new)
                return
            yield self._next
            self._next = next(self._rest, None)


def inverse(splices: Iterable[tuple[Splice, bool]]) -> Iterator[Splice]:
    """The splices that take back some of those that were applied, at their places in what these made.

    Args:
        splices: all that were applied, in order, and whether each of them is to be taken back.
    """
    moved = 0
    for (start, old, new), undone in splices:
        if undone:
            yield Splice(start + moved, new, old)
        moved += len(new) - len(old)
