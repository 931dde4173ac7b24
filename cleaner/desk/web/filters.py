"""Addresses of the queue ↔ filters: what a person asks for stands in the address, and goes along to each article."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

from cleaner.desk.queue import Filter, Order
from cleaner.desk.tables import now
from cleaner.desk.web.words import CATEGORIES, VERDICTS, later

WAITING = "review"
STATES = {
    WAITING: later("Waiting"),
    "decided": later("Decided"),
    "published": later("Published by the gate"),
    "all": later("All"),
}
SCORES: dict[str, tuple[float, float | None]] = {
    "95": (0.95, None),
    "80": (0.8, 0.95),
    "50": (0.5, 0.8),
    "0": (0.0, 0.5),
}
"""From and up to."""
AGES = {
    "day": (timedelta(days=1), None, later("today: 24 hours")),
    "week": (timedelta(days=7), None, later("the last 7 days")),
    "month": (timedelta(days=30), None, later("the last 30 days")),
    "older": (None, timedelta(days=7), later("older than 7 days")),
}
ORDERS: dict[Order, str] = {"oldest": later("oldest first"), "newest": later("newest first")}
_KEYS = ("state", "verdict", "origin", "category", "campaign", "rule", "score", "age", "words", "order")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks the queue for; values that make no sense are left out."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """From the fields of an address."""
        known: dict[str, Mapping[str, object]] = {
            "state": STATES,
            "verdict": VERDICTS,
            "category": CATEGORIES,
            "score": SCORES,
            "age": AGES,
            "order": ORDERS,  # type: ignore[dict-item]
        }
        kept = {key: given[key] for key in _KEYS if given.get(key)}
        return cls({key: value for key, value in kept.items() if key not in known or value in known[key]})

    @classmethod
    def parse(cls, query: str) -> Asked:
        """From the query of an address."""
        return cls.of(dict(parse_qsl(query)))

    def __getitem__(self, key: str) -> str:
        return self.values.get(key, "")

    @property
    def state(self) -> str:
        """Which articles, by their state; those that wait, unless something else is asked for."""
        return self["state"] or WAITING

    @property
    def order(self) -> Order:
        """In which order."""
        return "newest" if self["order"] == "newest" else "oldest"

    @property
    def filter(self) -> Filter:
        """As the queue understands it."""
        least, most = SCORES.get(self["score"], (None, None))
        young, old, _ = AGES.get(self["age"], (None, None, ""))
        return Filter(
            state="" if self.state == "all" else self.state,
            verdict=self["verdict"],
            origin=self["origin"],
            category=self["category"],
            campaign=self["campaign"],
            rule=self["rule"],
            words=self["words"],
            least=least,
            most=most,
            since=now() - young if young else None,
            until=now() - old if old else None,
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked than a state and an order."""
        return any(key not in ("state", "order") for key in self.values)

    def query(self, **others: object) -> str:
        """The query of an address that asks the same, but for ``others``; ``None`` takes a field away."""
        values = {key: value for key, value in {**self.values, **others}.items() if value is not None}
        return urlencode(values)
