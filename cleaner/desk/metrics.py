"""Figures for Prometheus, of one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What happened since the process was started; each desk has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cleaner_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "cleaner_request_seconds", "Seconds to the answer.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.verdicts = Counter("cleaner_verdicts", "Texts judged.", ("verdict",), registry=self.registry)
        self.decisions = Counter("cleaner_decisions", "Findings decided.", ("kind",), registry=self.registry)
        self.deliveries = Counter(
            "cleaner_deliveries", "News sent to the webhook.", ("outcome",), registry=self.registry
        )
