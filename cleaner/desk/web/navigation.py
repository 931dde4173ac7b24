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
    under: tuple[str, ...] = ()
    """What else belongs there."""

    def is_at(self, path: str) -> bool:
        """Whether a page is this place, or belongs there."""
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.under))


PLACES = (
    Place("/queue", later("Queue"), "review", ("/articles",)),
    Place("/campaigns", later("Campaigns"), "review", ("/bulk",)),
    Place("/history", later("History"), "review", ("/audit",)),
    Place("/dashboard", later("Dashboard"), "review"),
    Place("/policy", later("Policy"), "admin"),
    Place("/models", later("Learning"), "admin"),
)


def places_for(actor: Actor) -> list[Place]:
    """The places where somebody may go."""
    return [place for place in PLACES if place.scope in actor.scopes]
