"""Scored spans and a policy → what to cut, what to show, and the verdict on the document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cleaner.evidence import View
from cleaner.model.classifier import Scored
from cleaner.rules.lexicon import Lexicon, Term, entries_of
from cleaner.types import Action, Policy, Verdict

SPAM_SHARE = 0.8
"""A text of which at least this share is promotion has no host left: it is spam."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was decided on one span of the visible text."""

    scored: Scored
    action: Action
    forced: str = ""
    """The term of the policy that decided; empty when the score did."""


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Allowed or denied terms of a policy, ready to be found."""

    lexicon: Lexicon | None

    @classmethod
    def of(cls, terms: Iterable[str], kind: str) -> Terms:
        """``terms`` in any case and spelling; no terms find nothing."""
        found = [Term(term.casefold(), kind, "other", 1.0, False, "") for term in terms]
        return cls(Lexicon(entries_of(found)) if found else None)

    def find(self, seen: View) -> list[tuple[int, int, str]]:
        """(start, end, term) in the view's text."""
        if self.lexicon is None:
            return []
        folded = seen.folded
        return [
            (int(folded.starts[hit.start]), int(folded.ends[hit.end - 1]), hit.term.text)
            for hit in self.lexicon.find(folded)
        ]


def decide(
    scored: Iterable[Scored], seen: View, policy: Policy, allow: Terms, deny: Terms
) -> tuple[list[Decision], Verdict]:
    """Decisions in text order, disjoint, and the verdict.

    Allowed terms protect every span that they stand in; denied terms are cut whatever their score.
    When more than ``policy.max_removed`` of the text would go, everything is only flagged.
    """
    allowed = allow.find(seen)
    decisions = [
        Decision(s, "strip", term) for s, term in _denied(deny.find(seen), seen) if not _overlaps(s, allowed)
    ]
    forced = [(d.scored.start, d.scored.end, "") for d in decisions]
    for s in scored:
        if _overlaps(s, allowed) or _overlaps(s, forced):
            continue
        threshold = policy.thresholds(s.category)
        if s.score >= threshold.strip:
            decisions.append(Decision(s, "strip"))
        elif s.score >= threshold.flag:
            decisions.append(Decision(s, "flag"))
    decisions.sort(key=lambda d: d.scored.start)
    removed = removed_share(seen, [d for d in decisions if d.action == "strip"])
    if removed > policy.max_removed:
        flagged = [replace(d, action="flag") for d in decisions]
        return flagged, "spam" if removed >= SPAM_SHARE else "review"
    actions = {d.action for d in decisions}
    if "strip" in actions:
        return decisions, "cleaned"
    return decisions, "review" if actions else "clean"


def removed_share(seen: View, decisions: list[Decision]) -> float:
    """Share of the text's visible characters (white space aside) that the decisions cover."""
    tokens = seen.tokens
    sizes = tokens.ends - tokens.starts
    total = int(sizes.sum())
    covered = sum(int(sizes[d.scored.first : d.scored.last].sum()) for d in decisions)
    return covered / total if total else 0.0


def _overlaps(s: Scored, spans: list[tuple[int, int, str]]) -> bool:
    return any(start < s.end and s.start < end for start, end, _ in spans)


def _denied(found: list[tuple[int, int, str]], seen: View) -> Iterable[tuple[Scored, str]]:
    from cleaner.model.classifier import spans_in_tokens

    for start, end, term in found:
        ((first, last),) = spans_in_tokens(seen, [(start, end)])
        yield Scored(start, end, first, last, 1.0, "other", {"policy": 10.0}), term
