"""The gate's work, off the event loop: as many texts at a time as there are cores, each within its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

from cleaner.desk.errors import UnavailableError
from cleaner.desk.service import Desk

T = TypeVar("T")


async def judging(desk: Desk, work: Callable[[], T]) -> T:
    """What ``work`` returns.

    Raises:
        UnavailableError: it took too long; what it comes to is thrown away.
    """
    try:
        with anyio.fail_after(desk.settings.seconds):
            return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=desk.cleaning)
    except TimeoutError:
        raise UnavailableError(f"this took more than {desk.settings.seconds:g} s", 30) from None
