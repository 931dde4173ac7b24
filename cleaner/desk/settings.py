"""What a desk is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cleaner.desk.errors import SettingsError
from cleaner.types import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a desk is started with; all has defaults that do on one's own machine.

    Raises:
        SettingsError: a value makes no sense.
    """

    database: str = "sqlite:///desk.db"
    """As SQLAlchemy spells addresses."""
    model: Path | None = None
    """Folder of the model to start with; ``None``: the one that comes with the project."""
    policy: Policy = field(default_factory=Policy)
    """What holds while none was saved."""
    models: Path = Path("desk-models")
    """Folder for the models that are learnt from decisions."""
    tests: tuple[Path, ...] = ()
    """Files of articles (JSON lines, as ``cleaner evaluate`` reads them) on which a learnt model must be no worse;
    none: the project's own, which are in its source tree."""
    host: str = "127.0.0.1"
    port: int = 8000
    address: str = ""
    """How the world reaches the desk, if not by host and port: ``https://desk.example.org``."""
    body_bytes: int = 8 << 20
    """Largest body of a request."""
    requests_per_minute: int = 600
    """Of one address, at each process; 0: no limit."""
    seconds: float = 60.0
    """How long a request may take, and how long a body may take to come."""
    webhook: str = ""
    """Where news of decisions are sent; empty: nowhere."""
    webhook_secret: str = field(default="", repr=False)
    """Signs them: ``whsec_`` and base64 (Standard Webhooks)."""

    def __post_init__(self) -> None:
        if not 0 <= self.port < 1 << 16:
            raise SettingsError(f"a port is a number from 0 to 65535, not {self.port}")
        for name in ("address", "webhook"):
            if value := getattr(self, name):
                _check_address(name, value)
        if set(self.address.partition("://")[2].rstrip("/")) & set("/?#@"):
            raise SettingsError(f"the address must be that of a host, without a path: not {self.address!r}")
        if self.webhook and not self.webhook_secret:
            raise SettingsError("a webhook needs a secret to sign with: set CLEANER_WEBHOOK_SECRET")

    @property
    def url(self) -> str:
        """How the world reaches the desk, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.address.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches the desk."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the desk by https only."""
        return self.url.startswith("https:")


def _check_address(name: str, value: str) -> None:
    if not _is_address(value):
        raise SettingsError(f"the {name} must be an http or https address, not {value!r}")


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        return False
    return is_web and value.isprintable() and " " not in value
