"""What the parts of a running desk share."""

from __future__ import annotations

import os
from dataclasses import dataclass

from anyio import CapacityLimiter

from cleaner.desk.database import Database
from cleaner.desk.gate import Gate, Gatekeeper
from cleaner.desk.metrics import Metrics
from cleaner.desk.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk; hangs on ``app.state.desk``, and nothing is shared but what is here."""

    settings: Settings
    database: Database
    gatekeeper: Gatekeeper
    metrics: Metrics
    cleaning: CapacityLimiter
    """How many texts are looked at together: as many as there are cores."""

    @classmethod
    def of(cls, settings: Settings) -> Desk:
        """The desk that settings describe; the database is not looked at yet.

        Raises:
            SettingsError: a setting makes no sense.
        """
        database = Database(settings.database, announces=bool(settings.webhook))
        return cls(
            settings,
            database,
            Gatekeeper(settings.model, settings.policy),
            Metrics(),
            CapacityLimiter(os.cpu_count() or 1),
        )

    def gate(self) -> Gate:
        """The gate of the policy and the model that hold now."""
        with self.database.read() as session:
            return self.gatekeeper.gate(session)
