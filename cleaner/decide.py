"""Scored spans and a policy → what to cut, what to show, and the verdict on the document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cleaner.folding import fold
from cleaner.model.classifier import Scored
from cleaner.rules.lexicon import Lexicon, Term, compile_terms
from cleaner.structure import CERTAIN
from cleaner.types import Action, Document, Policy, Verdict

SPAM_SHARE = 0.8
"""A text of which at least this share is promotion has no host left: it is spam."""


PARAGRAPH = 150
"""Characters from which a span has to hold something that a rule recognises to be cut: a phrase, a brand, a link…"""
CERTAIN_ONE = 0.8
"""Score of a span that tells that the text was tampered with."""
COMPANY = 1.4
"""Log-odds that a span whose words a rule recognises gains in a text that was tampered with elsewhere."""
_WORDS = frozenset({"phrase", "brand", "domain", "contact", "hashtag"})
"""Groups of evidence of rules that recognise words."""
_TELLING = frozenset({"phrase", "domain", "contact", "hashtag", "hidden"})
"""Groups of evidence that tell a line of promotion on a page from the names and codes that pages are full of."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was decided on one span of the visible text."""

    scored: Scored
    action: Action
    forced: str = ""
    """The term of the policy that decided; empty when the score did."""


class Terms:
    """Allowed or denied phrases and domains of a policy, ready to be found in any case and disguise."""

    def __init__(self, terms: Iterable[str]) -> None:
        found = [Term(term.strip().casefold(), "policy", "other", 1.0, False, "") for term in terms]
        self._lexicon = Lexicon(*compile_terms(found)) if found else None

    def __bool__(self) -> bool:
        return self._lexicon is not None

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, term) of each find in ``text``, in order."""
        if self._lexicon is None:
            return []
        folded = fold(text)
        return [
            (int(folded.starts[hit.start]), int(folded.ends[hit.end - 1]), hit.term.text)
            for hit in self._lexicon.find(folded)
        ]


def decide(
    scored: Iterable[Scored], document: Document, policy: Policy, allow: Terms, deny: Terms
) -> tuple[list[Decision], Verdict]:
    """Decisions in text order, disjoint, and the verdict.

    Allowed terms protect every span that they stand in; denied terms are cut whatever their score. A paragraph that is
    off the topic but holds nothing that a rule recognises is only flagged, and so is a line or a link of a page that is
    a mere name or code, unless the policy cuts all that it flags.
    When more than ``policy.max_removed`` of the text would go, everything is only flagged.
    """
    allowed = allow.find(document.text)
    decisions = [d for d in _denied(deny.find(document.text)) if not _overlaps(d.scored, allowed)]
    forced = [(d.scored.start, d.scored.end, "") for d in decisions]
    for s in in_company(list(scored), document):
        if _overlaps(s, allowed) or _overlaps(s, forced):
            continue
        threshold = policy.thresholds(s.category)
        if s.score >= threshold.strip and (_is_recognised(s, document) or threshold.strip <= threshold.flag):
            decisions.append(Decision(s, "strip"))
        elif s.score >= threshold.flag:
            decisions.append(Decision(s, "flag"))
    decisions.sort(key=lambda d: d.scored.start)
    removed = removed_share(document, [d for d in decisions if d.action == "strip" and not d.scored.unwrap])
    if removed > policy.max_removed:
        return [replace(d, action="flag") for d in decisions], "spam" if removed >= SPAM_SHARE else "review"
    if any(d.action == "strip" for d in decisions):
        return decisions, "cleaned"
    return decisions, "review" if decisions else "clean"


def in_company(scored: Sequence[Scored], document: Document) -> list[Scored]:
    """The spans, those that a rule recognises surer where another one tells that the text was tampered with.

    Of two independent finds in a text each raises the odds of the other: who injects once does it again.
    """
    if len(scored) < 2 or not any(s.score >= CERTAIN_ONE and _is_recognised(s, document) for s in scored):
        return list(scored)
    return [_joined_by_company(s) if s.score < CERTAIN_ONE and not _WORDS.isdisjoint(s.named) else s for s in scored]


def _joined_by_company(s: Scored) -> Scored:
    odds = math.exp(COMPANY) * s.score / (1 - s.score)
    return replace(s, score=odds / (1 + odds), contributions=s.contributions | {"company": COMPANY})


def _is_recognised(s: Scored, document: Document) -> bool:
    """Whether a span is more than text on another subject, or a name in a list."""
    if s.end - s.start >= PARAGRAPH:
        return bool(s.named)
    if document.format != "html" or s.score >= CERTAIN or not _TELLING.isdisjoint(s.named):
        return True
    if any(e.href and e.text_start <= s.start and s.end <= e.text_end for e in document.elements):
        return False
    text = document.text
    begin, end = text.rfind("\n", 0, s.start) + 1, text.find("\n", s.end)
    rest = text[begin : s.start] + text[s.end : end if end >= 0 else len(text)]
    return any(character.isalnum() for character in rest)


def removed_share(document: Document, decisions: list[Decision]) -> float:
    """Share of the characters that readers see (white space and hidden elements aside) that would go."""
    if not decisions:
        return 0.0
    hidden = [(e.text_start, e.text_end) for e in document.elements if e.hidden]
    gone = sum(_solid(document.text, d.scored.start, d.scored.end, hidden) for d in decisions)
    return gone / max(1, _solid(document.text, 0, len(document.text), hidden))


def _solid(text: str, start: int, end: int, hidden: list[tuple[int, int]]) -> int:
    """Characters of ``text[start:end]`` that are neither white space nor hidden."""
    kept, at = 0, start
    for first, last in hidden:
        if first >= end:
            break
        if last > at:
            kept += len("".join(text[at : max(at, first)].split()))
            at = last
    return kept + (len("".join(text[at:end].split())) if at < end else 0)


def _overlaps(s: Scored, spans: list[tuple[int, int, str]]) -> bool:
    return any(start < s.end and s.start < end for start, end, _ in spans)


def _denied(found: list[tuple[int, int, str]]) -> list[Decision]:
    return [Decision(Scored(a, b, 1.0, "other", {"policy": 10.0}, {}), "strip", term) for a, b, term in found]
