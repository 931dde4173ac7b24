"""Contributions to a score → the reasons that a user reads."""

from __future__ import annotations

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
    "campaign": "a campaign",
    "company": "something else in the article is certainly injected",
    "copy": "the same name is certainly injected elsewhere in the article",
    "language": "the article is in a language that the model does not know: only what rules recognise is cut",
    "policy": "the policy's deny list",
}
_ONLY_NAMED = frozenset({"phrase", "brand", "domain", "hashtag", "link", "hidden"})
"""Groups that are told only where the rules found something: that nothing was found is no reason."""
_LEAST = 0.05
"""Contributions below this many log-odds are not told, but for what the rules found."""


def reasons_of(scored: Scored, forced: str = "") -> tuple[Reason, ...]:
    """Reasons with their contributions, strongest first; ``forced`` is the policy's term, if that decided."""
    if forced:
        return (Reason("policy", f"{_SAYS['policy']}: {forced}", scored.contributions.get("policy", 0.0)),)
    reasons = []
    for group, value in sorted(scored.contributions.items(), key=lambda item: -abs(item[1])):
        if group not in scored.named and (abs(value) < _LEAST or group in _ONLY_NAMED):
            continue
        named = ", ".join(scored.named.get(group, ()))
        text = f"{_SAYS[group]}: {named}" if named else _SAYS[group]
        reasons.append(Reason(group, f"{text}; its words stay" if scored.unwrap else text, value))
    if scored.in_unknown_language:
        reasons.append(Reason("language", _SAYS["language"], 0.0))
    return tuple(reasons)
