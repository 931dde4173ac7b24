"""Scored spans and a policy → what to cut, what to show, and the verdict on the document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cleaner.copies import with_copies
from cleaner.folding import fold
from cleaner.intervals import Intervals
from cleaner.lookalikes import is_address, is_identifier, is_misread, lookalikes
from cleaner.model.classifier import Scored
from cleaner.rules.lexicon import Lexicon, Term, compile_terms
from cleaner.structure import CERTAIN, SURE, solid
from cleaner.types import Action, Document, Policy, Verdict

SPAM_SHARE = 0.8
"""A text of which at least this share is promotion has no host left: it is spam."""
SENTENCE = 80
"""Characters from which a span that is not certain has to hold what a rule recognises to be cut: a phrase, a brand…"""
POLICY = 10.0
"""Log-odds that are told of a denied term: as good as certain."""
COMPANY = 1.4
"""Log-odds that a span whose words a rule recognises gains in a text that was tampered with elsewhere."""
_WORDS = frozenset({"phrase", "brand", "domain", "contact", "hashtag", "campaign"})
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
    scored: Iterable[Scored],
    document: Document,
    policy: Policy,
    allow: Terms,
    deny: Terms,
    is_tampered: bool = False,
) -> tuple[list[Decision], Verdict]:
    """Decisions in text order, disjoint, and the verdict.

    Allowed terms protect every span that they stand in; denied terms are cut whatever their score, and with them what
    is cut anyway and holds one. Names of injected ones are cut with their copies. ``is_tampered`` says that something
    certain was cut from the document before.

    Unless it is certain, a sentence that is off the topic but holds nothing that a rule recognises is only flagged,
    and so are a line or a link of a page that is a mere name or code, and a web address that is all there is. Never
    more than flagged are long codes, words whose encoding was mistaken, names of a page that differ, codes and
    hashtags of the text's own, phrases that a line names one by one, each in an element of its own for emphasis or
    quotation, messages that a text quotes one by one, and in an unknown language what rules of fewer than two kinds
    recognise. A policy that cuts all that it flags cuts these, too.

    When more than ``policy.max_removed`` of the text would go, everything is only flagged.
    """
    allowed = Intervals((start, end) for start, end, _ in allow.find(document.text))
    denied = [d for d in _denied(deny.find(document.text)) if not allowed.overlap(d.scored.start, d.scored.end)]
    forced = Intervals((d.scored.start, d.scored.end) for d in denied)
    decisions = []
    scored = list(scored)
    links = Intervals((e.text_start, e.text_end) for e in (document.elements if scored else ()) if e.href)
    series = _is_series([name for s in scored if (name := _lone_name(s, document))])
    honest = Intervals(lookalikes([(s.start, s.end) for s in scored], document))

    def is_recognised(s: Scored) -> bool:
        return not honest.overlap(s.start, s.end) and _is_recognised(s, document, links)

    def is_doubtful(s: Scored) -> bool:
        if len(scored) == 1 and s.score < CERTAIN and is_address(document.text[s.start : s.end]):
            return True
        return series and bool(_lone_name(s, document))

    def is_certain(s: Scored) -> bool:
        return s.score >= SURE and is_recognised(s)

    spans = in_company(scored, is_certain=is_tampered or any(map(is_certain, scored)))
    for s in with_copies(spans, filter(is_certain, spans), document.text):
        is_forced = forced.overlap(s.start, s.end)
        if allowed.overlap(s.start, s.end) or (is_forced and s.element):
            continue
        threshold = policy.thresholds(s.category)
        recognised = is_recognised(s) and not is_doubtful(s)
        if s.score >= threshold.strip and (recognised or threshold.strip <= threshold.flag):
            decisions.append(Decision(s, "strip"))
        elif s.score >= threshold.flag and not is_forced:
            decisions.append(Decision(s, "flag"))
    decisions = _with_denied(decisions, denied)
    removed = removed_share(document, [d for d in decisions if d.action == "strip" and not d.scored.unwrap])
    if removed > policy.max_removed:
        return [replace(d, action="flag") for d in decisions], "spam" if removed >= SPAM_SHARE else "review"
    if any(d.action == "strip" for d in decisions):
        return decisions, "cleaned"
    return decisions, "review" if decisions else "clean"


def in_company(scored: Sequence[Scored], is_certain: bool) -> list[Scored]:
    """The spans, those that a rule recognises surer where it ``is_certain`` that the text was tampered with.

    Of two independent finds in a text each raises the odds of the other: who injects once does it again. What the text
    itself mentions as spam says nothing of that.
    """
    if not is_certain:
        return list(scored)
    return [_joined_by_company(s) if s.score < SURE and not _WORDS.isdisjoint(s.named) else s for s in scored]


def _joined_by_company(s: Scored) -> Scored:
    odds = math.exp(COMPANY) * s.score / (1 - s.score)
    return replace(s, score=odds / (1 + odds), contributions=s.contributions | {"company": COMPANY})


def _is_recognised(s: Scored, document: Document, links: Intervals) -> bool:
    """Whether a span is more than text on another subject, a name in a list or a code; ``links`` are the text's own.

    One that a campaign of the archive is in always is.
    In a language that the model does not know rules of two kinds have to recognise it, a phrase and a brand, say.
    """
    if s.contributions.get("campaign", 0.0) > 0:
        return True
    if s.in_unknown_language:
        return len(_WORDS & s.named.keys()) > 1
    span = document.text[s.start : s.end]
    if (is_identifier(span) or is_misread(span)) and s.named.keys().isdisjoint(("phrase", "domain", "disguise")):
        return False
    if s.score >= CERTAIN:
        return True
    if s.end - s.start >= SENTENCE:
        return bool(s.named)
    if document.format != "html" or not _TELLING.isdisjoint(s.named):
        return True
    if links.hold(s.start, s.end):
        return False
    before = (document.text[at] for at in range(s.start - 1, -1, -1))
    behind = (document.text[at] for at in range(s.end, len(document.text)))
    return _has_words(before) or _has_words(behind)


def _lone_name(s: Scored, document: Document) -> str:
    """The word that a span of a page is, if nothing but its look tells of a brand."""
    words = document.text[s.start : s.end].split()
    only_looks = "brand" in s.named and s.named.keys() <= {"brand", "link"} and s.element is None
    return words[0].casefold() if document.format == "html" and len(words) == 1 and only_looks else ""


def _is_series(names: Sequence[str]) -> bool:
    """Whether names differ, as those of users, models and parts do: who advertises repeats one."""
    return len(set(names)) > 1


def _has_words(characters: Iterable[str]) -> bool:
    """Whether a letter or a figure comes before the end of the line."""
    return next((c.isalnum() for c in characters if c == "\n" or c.isalnum()), False)


def removed_share(document: Document, decisions: list[Decision]) -> float:
    """Share of the characters that readers see (white space and hidden elements aside) that would go."""
    if not decisions:
        return 0.0
    text = _shown(document)
    gone = sum(solid(text[d.scored.start : d.scored.end]) for d in decisions)
    return gone / max(1, solid(text))


def _shown(document: Document) -> str:
    """The text with spaces in the place of what is hidden."""
    pieces: list[str] = []
    done = 0
    for start, end in sorted((e.text_start, e.text_end) for e in document.elements if e.hidden):
        pieces += document.text[done:start], " " * (end - max(start, done))
        done = max(done, end)
    return "".join((*pieces, document.text[done:]))


def _denied(found: list[tuple[int, int, str]]) -> list[Decision]:
    return [Decision(Scored(a, b, 1.0, "other", {"policy": POLICY}, {}), "strip", term) for a, b, term in found]


def _with_denied(decisions: list[Decision], denied: list[Decision]) -> list[Decision]:
    """All of them in text order; what is cut and overlaps a denied term goes with it as one."""
    together: list[Decision] = []
    for decision in sorted([*decisions, *denied], key=lambda d: d.scored.start):
        last = together[-1] if together else None
        if last and decision.scored.start < last.scored.end and (last.forced or decision.forced):
            decision = _as_one(together.pop(), decision)
        together.append(decision)
    return together


def _as_one(first: Decision, second: Decision) -> Decision:
    """The whole of two that overlap, for the first term that was denied; the category is that of the scored one."""
    term, told = first.forced or second.forced, first if second.forced else second
    start, end = first.scored.start, max(first.scored.end, second.scored.end)
    return Decision(Scored(start, end, 1.0, told.scored.category, {"policy": POLICY}, {}), "strip", term)
