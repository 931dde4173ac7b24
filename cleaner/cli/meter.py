"""How far a long run is: a bar in a terminal, a line from time to time elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cleaner.cli.show import Screen

if TYPE_CHECKING:
    from cleaner.archive.findings import Found

EVERY = 10.0
"""Seconds between two lines."""


class Meter:
    """Shows bytes, records and findings, and how fast they come.

    Args:
        screen: where it is shown.
        stage: what is being done.
        total: bytes; 0 when that is not known.
        done: bytes that an earlier run has done.
    """

    def __init__(self, screen: Screen, stage: str, total: int, done: int) -> None:
        self._screen, self._stage, self._total, self._done = screen, stage, total, done
        self._records = self._findings = 0
        self._began = self._told = time.monotonic()
        self._before = done
        self._bar: Any = None

    def __enter__(self) -> Meter:
        if self._screen.is_terminal and os.environ.get("TERM") != "dumb":
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[rates]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._stage, total=self._total or None, completed=self._done, rates="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def found(self, found: Sequence[Found]) -> None:
        """Some pieces were searched."""
        self._records += sum(piece.records for piece in found)
        self._findings += sum(len(document.findings) for piece in found for document in piece.documents)
        self.advance(sum(piece.size for piece in found))

    def advance(self, size: int) -> None:
        """So many bytes more are done."""
        self._done += size
        now = time.monotonic()
        if self._bar:
            self._bar.update(self._task, completed=self._done, rates=self._rates(now))
        elif now - self._told >= EVERY:
            self._told = now
            self._screen.print(f"{self._stage}: {self._share(now)}{self._rates(now)}")

    def _share(self, now: float) -> str:
        """How much of all bytes is done, and how long the rest takes if it goes on so."""
        if not self._total:
            return ""
        share = f"{min(1, self._done / self._total):.0%}, "
        rest, done = max(0, self._total - self._done), self._done - self._before
        return f"{share}{timedelta(seconds=round(rest * (now - self._began) / done))} left, " if done else share

    def _rates(self, now: float) -> str:
        seconds = max(now - self._began, 1e-3)
        rates = f"{(self._done - self._before) / seconds / 1e6:.1f} MB/s"
        if self._records:
            rates += f", {self._records:,} records, {self._records / seconds:,.0f}/s, {self._findings:,} findings"
        return rates
