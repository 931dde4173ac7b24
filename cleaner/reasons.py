"""Contributions to a score → the reasons that a user reads."""

from __future__ import annotations

from collections.abc import Iterable

from cleaner.evidence import View
from cleaner.model.classifier import Scored
from cleaner.types import Reason

_SAYS = {
    "wording": "the words are used as in injected spam",
    "phrase": "a phrase of the lexicon",
    "brand": "a token in the shape of a brand",
    "domain": "a domain",
    "hashtag": "hashtags",
    "contact": "calls to action and contact details",
    "seam": "how the sentence reads without the span",
    "disguise": "its spelling, marks or alphabet",
    "context": "what the rest of the article speaks of",
    "layout": "where it stands and what stands around it",
    "repetition": "the same words elsewhere in the article",
    "extent": "its length",
    "link": "the target of its link",
    "hidden": "it is hidden from readers",
    "policy": "the policy's deny list",
}
_LEAST = 0.05
"""Contributions below this many log-odds are not told."""


def reasons_of(scored: Scored, seen: View, forced: str = "") -> tuple[Reason, ...]:
    """Reasons with their contributions, strongest first."""
    if forced:
        return (Reason("policy", f"{_SAYS['policy']}: {forced}", scored.contributions.get("policy", 0.0)),)
    reasons = []
    for group, value in scored.contributions.items():
        if abs(value) < _LEAST:
            continue
        named = ", ".join(_named(group, scored, seen))
        reasons.append(Reason(group, f"{_SAYS[group]}: {named}" if named else _SAYS[group], value))
    return tuple(reasons)


def _named(group: str, scored: Scored, seen: View) -> Iterable[str]:
    """The finds of the rules inside the span that belong to a group of evidence."""
    tokens = seen.tokens
    start, end = int(tokens.starts[scored.first]), int(tokens.ends[scored.last - 1])
    if group == "phrase":
        found = [f"“{h.term.text}” ({h.term.category})" for h in seen.hits if start <= h.start and h.end <= end]
    elif group in ("brand", "domain", "hashtag"):
        found = [s.detail for s in seen.shapes if start <= s.start and s.end <= end and s.kind == group]
    else:
        found = []
    return list(dict.fromkeys(found))[:5]
