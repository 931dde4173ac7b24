"""Carries news to the webhook, beside the requests, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from types import TracebackType

import httpx2
from standardwebhooks.webhooks import Webhook

from cleaner.desk import webhooks
from cleaner.desk.errors import DeskError
from cleaner.desk.service import Desk
from cleaner.desk.tables import Delivery

PAUSE = 1.0
"""Seconds between two looks for news that are due."""
PATIENCE = 10.0
"""Seconds that the other system may take."""
_log = logging.getLogger("cleaner.desk")


class Courier:
    """Runs while its block does; there may be one in each process, for each claims what it carries.

    Raises:
        SettingsError: the webhook's secret makes no sense.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._address = desk.settings.webhook
        self._seal = webhooks.seal_of(desk.settings.webhook_secret) if self._address else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def __enter__(self) -> Courier:
        if self._seal:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        assert self._seal
        with httpx2.Client(timeout=PATIENCE, headers={"User-Agent": "cleaner"}) as client:
            while not self._stop.is_set():
                try:
                    carried = self._carry(client, self._seal)
                except DeskError as error:
                    _log.warning("webhook: %s", error)
                    carried = False
                if not carried:
                    self._stop.wait(PAUSE)

    def _carry(self, client: httpx2.Client, seal: Webhook) -> bool:
        """Try to deliver what is due; whether there was something."""
        with self._desk.database.read() as session:
            if not webhooks.is_due(session):
                return False
        with self._desk.database.write() as session:
            delivery = webhooks.claim(session)
        if delivery is None:
            return False
        why = _posted(client, self._address, seal, delivery)
        with self._desk.database.write() as session:
            if why:
                webhooks.failed(session, delivery.number, why)
            else:
                webhooks.arrived(session, delivery.number)
        self._desk.metrics.deliveries.labels("failed" if why else "arrived").inc()
        if why:
            _log.warning("webhook: try %d of %s failed: %s", delivery.attempts, delivery.id, why)
        return True


def _posted(client: httpx2.Client, address: str, seal: Webhook, delivery: Delivery) -> str:
    """Post news; why they did not arrive, empty when they did."""
    at = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": seal.sign(delivery.id, at, delivery.body),
    }
    try:
        response = client.post(address, content=delivery.body, headers=headers)
    except httpx2.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    return "" if response.is_success else f"answered {response.status_code}"
