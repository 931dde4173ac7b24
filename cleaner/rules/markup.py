"""What markup says of the text in it: links judged by their target, and hidden elements."""

from __future__ import annotations

from urllib.parse import urlsplit

from cleaner.folding import bare_term
from cleaner.rules.shapes import Known, judge_host
from cleaner.types import Document, Element


def link_weight(href: str, known: Known) -> float:
    """How much a link target looks like one of spam, 0..1; relative and honest targets give 0."""
    if "//" not in href:
        return 0.0
    try:
        host = urlsplit(href.strip()).hostname or ""
    except ValueError:
        return 0.3
    judged = judge_host(bare_term(host), known) if host else None
    return judged[1] if judged and judged[0] == "domain" else 0.0


def markup_of(document: Document) -> tuple[Element, ...]:
    """The elements that count as evidence: links, and hidden elements with text in them."""
    return tuple(e for e in document.elements if e.text_end > e.text_start and (e.href or e.hidden))
