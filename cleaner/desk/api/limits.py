"""What a request may be: how large, how slow, how many in a minute, and by which name it calls the desk."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import anyio
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cleaner.desk.errors import (
    DeskError,
    HostError,
    MalformedError,
    MediaTypeError,
    TooLargeError,
    TooManyError,
    TooSlowError,
)
from cleaner.desk.settings import Settings


class Limits:
    """Takes a whole request in before the app sees it, and refuses what is too much."""

    def __init__(self, app: ASGIApp, settings: Settings, tell: Callable[[Request, Exception], Response]) -> None:
        self._app, self._settings, self._tell = app, settings, tell
        self._rate = RateLimitItemPerMinute(settings.requests_per_minute) if settings.requests_per_minute else None
        self._hosts = _hosts(settings)
        self._counter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check_host(scope)
            self._count(scope)
            body = await self._body(scope, receive)
        except DeskError as error:
            told = await run_in_threadpool(self._tell, Request(scope), error)
            await told(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replaying(body, receive), send)

    def _check_host(self, scope: Scope) -> None:
        """Raises HostError: a browser calls the desk by a name that is not its own."""
        try:
            host = urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname
        except ValueError:
            host = None
        if self._hosts and host not in self._hosts:
            raise HostError("there is no desk by this name of a host")

    def _count(self, scope: Scope) -> None:
        """Raises TooManyError: this address asks too often."""
        client = scope["client"][0] if scope.get("client") else ""
        if self._rate is None or self._counter.hit(self._rate, client):
            return
        reset = self._counter.get_window_stats(self._rate, client).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        raise TooManyError(f"more than {self._rate.amount} requests in a minute: wait {seconds} s", seconds)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; ``None`` when the client went away."""
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if not declared.isdecimal():
            raise MalformedError("Content-Length must be a number")
        if len(declared) > 18 or int(declared) > self._settings.body_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        size, more = 0, True
        try:
            with anyio.fail_after(self._settings.seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    more = message.get("more_body", False)
                    if size > self._settings.body_bytes:
                        raise self._too_large()
        except TimeoutError:
            raise TooSlowError(f"the body did not come within {self._settings.seconds:g} s") from None
        if size and scope["path"].startswith("/v1/") and not _is_json(headers.get("content-type", "")):
            raise MediaTypeError("send JSON, with Content-Type: application/json")
        return b"".join(chunks)

    def _too_large(self) -> TooLargeError:
        return TooLargeError(f"a body may have {self._settings.body_bytes:,} bytes at most")


def _hosts(settings: Settings) -> frozenset[str]:
    """The names by which browsers may call the desk, for another one may be a page's own; empty: any."""
    if not settings.is_loopback and not settings.address:
        return frozenset()
    return frozenset({urlsplit(settings.url).hostname or "", "localhost", "127.0.0.1", "::1"})


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Hands a body on that was taken in, and then whatever comes."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
