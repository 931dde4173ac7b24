"""What can go wrong at the desk, each with the HTTP status that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from cleaner.types import CleanerError


class DeskError(CleanerError):
    """Base of the desk's errors; the message is one plain sentence for whoever asked."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    @property
    def kind(self) -> str:
        """A stable word for programs: the title as a slug."""
        return self.title.lower().replace(" ", "-").replace("'", "")

    @property
    def details(self) -> dict[str, Any]:
        """Further members of the problem, JSON-ready."""
        return {}

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {}


class SettingsError(DeskError):
    """A setting makes no sense; the message names it."""


class NotFoundError(DeskError):
    """There is nothing of that name."""

    status = 404
    title = "Not found"


class InvalidError(DeskError):
    """What was asked for makes no sense here."""

    status = 422
    title = "Invalid request"


class UnauthorizedError(DeskError):
    """No token, or one that is unknown, expired or revoked."""

    status = 401
    title = "Not authorized"

    @property
    def headers(self) -> dict[str, str]:
        """How to authorize."""
        return {"WWW-Authenticate": 'Bearer realm="cleaner"'}


class ForbiddenError(DeskError):
    """The token is good, but not for this."""

    status = 403
    title = "Not allowed"


class ConflictError(DeskError):
    """Somebody else was faster: ``changes`` tells what was decided since."""

    status = 409
    title = "Changed meanwhile"

    def __init__(self, message: str, version: int = 0, changes: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.version, self.changes = version, list(changes)

    @property
    def details(self) -> dict[str, Any]:
        """The version that it is at, and the decisions since the one that was named."""
        return {"version": self.version, "changes": self.changes}


class VersionMissingError(DeskError):
    """A decision names no version that it saw."""

    status = 428
    title = "Version missing"


class HostError(DeskError):
    """The desk is called by a name that is not its own: a page may be trying to reach into this machine."""

    status = 400
    title = "Unknown host"


class MalformedError(DeskError):
    """The body is no JSON."""

    status = 400
    title = "Malformed body"


class TooLargeError(DeskError):
    """The body is larger than the limit."""

    status = 413
    title = "Too large"


class MediaTypeError(DeskError):
    """The body is of a type that nobody reads here."""

    status = 415
    title = "Unsupported media type"


class TooSlowError(DeskError):
    """The body did not come in time."""

    status = 408
    title = "Too slow"


class RetryLaterError(DeskError):
    """It may work in a while; ``seconds`` says when to try again."""

    def __init__(self, message: str, seconds: int = 1) -> None:
        super().__init__(message)
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        """When to try again."""
        return {"Retry-After": str(self.seconds)}


class TooManyError(RetryLaterError):
    """More requests than the limit."""

    status = 429
    title = "Too many requests"


class UnavailableError(RetryLaterError):
    """The database is locked, or gone; nothing was written."""

    status = 503
    title = "Unavailable"


class StorageFullError(DeskError):
    """The disk is full; nothing was written."""

    status = 507
    title = "Storage full"
