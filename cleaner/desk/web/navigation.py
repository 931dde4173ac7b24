"""The places of the desk, as the head of each page names them."""

from __future__ import annotations

from typing import NamedTuple

from cleaner.desk.tokens import Actor
from cleaner.desk.web.words import later


class Place(NamedTuple):
    """A page that the head of all pages leads to."""

    path: str
    label: str
    scope: str
    """Who may go there."""


PLACES = (
    Place("/queue", later("Queue"), "review"),
    Place("/campaigns", later("Campaigns"), "review"),
    Place("/history", later("History"), "review"),
    Place("/dashboard", later("Dashboard"), "review"),
    Place("/policy", later("Policy"), "admin"),
    Place("/models", later("Learning"), "admin"),
)


def places_for(actor: Actor) -> list[Place]:
    """The places where somebody may go."""
    return [place for place in PLACES if place.scope in actor.scopes]
