"""What markup says of the text in it: links judged by their target, and hidden elements."""

from __future__ import annotations

import functools
from collections.abc import Callable

from cleaner.document.targets import host_of, site_of
from cleaner.folding import bare_term
from cleaner.rules.shapes import Known, judge_host
from cleaner.types import Document, Element

UNKNOWN_LINK = 0.3
"""Weight of a link to a host of which nothing is known."""
_PATH = 0.25
"""What the weight of a host on a throw-away domain gains by a path that names what spam promotes."""
SUSPICIOUS = 0.5
"""Weight of a link target from which a page is looked at closely."""


def link_weights(document: Document, known: Known) -> Callable[[str], float]:
    """How much a link target of the document looks like one of spam, 0..1.

    Relative and honest targets, and those on the host that the document comes from, give 0.
    """
    own = site_of(document.host)

    @functools.cache
    def weight(href: str) -> float:
        host = host_of(href)
        if host is None:
            return UNKNOWN_LINK
        if not host or site_of(host) == own:
            return 0.0
        of_host = _host_weight(host, known)
        if of_host < SUSPICIOUS or host.rpartition(".")[2] not in known.spam:
            return of_host
        path = href.partition("//")[2].partition("/")[2].lower()
        return min(1.0, of_host + _PATH) if known.category_of(path) else of_host

    return weight


def leads_to_spam(document: Document, known: Known) -> bool:
    """Whether a link of the document leads to a host that looks like one of spam."""
    weight = link_weights(document, known)
    return any(weight(target) >= SUSPICIOUS for target in document.targets)


def markup_of(document: Document) -> tuple[Element, ...]:
    """The elements that count as evidence: links, and hidden elements with text in them."""
    return tuple(e for e in document.elements if e.text_end > e.text_start and (e.href or e.hidden))


@functools.lru_cache(maxsize=1 << 14)
def _host_weight(host: str, known: Known) -> float:
    judged = judge_host(bare_term(host), known)
    return judged[1] if judged and judged[0] == "domain" else 0.0
