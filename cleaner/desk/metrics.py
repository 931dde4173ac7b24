"""Figures for Prometheus: of requests, as this process counted them, and of articles, as the database has them."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select

from cleaner.desk.database import Database
from cleaner.desk.tables import Article, Decision, Delivery, Finding

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the folder where processes put their counts together, if they are several."""


class Metrics:
    """What happened since the process was started; each desk has its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "cleaner_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "cleaner_request_seconds", "Seconds to the answer.", ("route",), buckets=SECONDS, registry=self._registry
        )
        self.deliveries = Counter(
            "cleaner_deliveries", "Tries to send news to the webhook.", ("outcome",), registry=self._registry
        )

    def text(self, database: Database) -> bytes:
        """All figures, in the format of Prometheus.

        Raises:
            UnavailableError: the database cannot be used.
        """
        registry = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(_of_database(database))


def _of_database(database: Database) -> CollectorRegistry:
    registry = CollectorRegistry()
    articles = Gauge("cleaner_articles", "Articles by state.", ("state",), registry=registry)
    findings = Gauge("cleaner_findings", "Findings by state.", ("state",), registry=registry)
    made = Gauge("cleaner_decisions", "Decisions made.", registry=registry)
    waiting = Gauge("cleaner_deliveries_waiting", "News that did not arrive yet.", registry=registry)
    with database.read() as session:
        for state, count in session.execute(select(Article.state, func.count()).group_by(Article.state)):
            articles.labels(state).set(count)
        for state, count in session.execute(select(Finding.state, func.count()).group_by(Finding.state)):
            findings.labels(state).set(count)
        made.set(session.scalar(select(func.count()).select_from(Decision)) or 0)
        waiting.set(session.scalar(select(func.count(Delivery.due))) or 0)
    return registry
