"""The pipeline: source → document → evidence → findings → edits."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from cleaner.campaigns import NEAR, Campaign, Campaigns, with_campaigns
from cleaner.decide import Decision, Terms, decide
from cleaner.document import read
from cleaner.edit import (
    Places,
    apply,
    compose,
    edits_of,
    element_edits,
    hider_edits,
    merged,
    place_of,
    unwrap_edits,
)
from cleaner.intervals import Intervals
from cleaner.model.classifier import Scored
from cleaner.model.store import default_folder, load
from cleaner.reasons import reasons_of
from cleaner.rules.markup import link_weights
from cleaner.structure import SURE, Weight, judge_markup
from cleaner.types import Action, Document, Edit, Finding, Policy, Result, Verdict

BATCH = 1 << 22
"""Characters of sources that are looked at together."""
_START, _END = attrgetter("start"), attrgetter("end")
_PASSES = 8
"""A text that still changes after so many passes is given to a person."""


class Cleaner:
    """Finds injected spans and cuts them out, under one model and one policy.

    Safe to share between threads; pickles as the model's folder, the policy and the campaigns.

    Args:
        model: folder of a model; ``None`` for the one that comes with the project.
        policy: thresholds, categories, allow and deny lists, limits.
        campaigns: what is known to recur in the archive that the sources are of.

    Raises:
        ModelError: the model is missing, incomplete or altered.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        policy: Policy = Policy(),  # noqa: B008
        campaigns: Iterable[Campaign] = (),
    ) -> None:
        self._folder = default_folder() if model is None else Path(model)
        self.policy = policy
        loaded = load(self._folder)
        self._classifier = loaded.classifier
        self._known_campaigns = tuple(campaigns)
        self._campaigns = Campaigns(self._known_campaigns, loaded.classifier.weights.clean)
        self._allow = Terms(policy.allow)
        self._deny = Terms(policy.deny)

    def clean(self, source: str, format: str = "auto") -> Result:
        """Clean one source.

        Args:
            source: any string; it may be empty, of one line, or hold NULs and lone surrogates.
            format: ``auto``, ``text``, ``html`` or ``markdown``.

        Returns:
            The result; offsets in it index ``source`` in Unicode code points.

        Raises:
            TypeError: the source is no string.
            SourceError: the format is unknown.
        """
        return next(self._clean([source], format))

    def clean_many(self, sources: Iterable[str], format: str = "auto") -> Iterator[Result]:
        """Clean a stream of sources, in order; a batch of about ``BATCH`` characters is held at a time.

        The results are those of :meth:`clean`; many texts cost much less together.

        Raises:
            TypeError: a source is no string, or there is one string in the place of many.
            SourceError: the format is unknown.
        """
        if isinstance(sources, str):
            raise TypeError("clean_many takes many sources, not one string: see clean")
        batch: list[str] = []
        size = 0
        for source in sources:
            batch.append(source)
            size += len(source) if isinstance(source, str) else 0
            if size >= BATCH:
                yield from self._clean(batch, format)
                batch, size = [], 0
        yield from self._clean(batch, format)

    def _clean(self, sources: Sequence[str], format: str) -> Iterator[Result]:
        documents = [read(source, format) for source in sources]
        passes = [_Progress(*found) for found in self._pass(documents, [False] * len(documents))]
        self._settle(sources, passes, format)
        for document, done in zip(documents, passes, strict=True):
            text = apply(document.source, done.edits)
            yield Result(document.source, text, done.verdict, done.findings, tuple(done.edits), document.format)

    def _settle(self, sources: Sequence[str], passes: list[_Progress], format: str) -> None:
        """Look again at what the edits leave, until there is nothing more to cut: a clean text stays as it is."""
        unsettled = [number for number, done in enumerate(passes) if done.edits]
        for round in range(_PASSES):
            if not unsettled:
                return
            left = [read(apply(sources[number], passes[number].edits), format) for number in unsettled]
            moving = []
            tampered = [passes[number].is_tampered for number in unsettled]
            for number, (again, more, _) in zip(unsettled, self._pass(left, tampered), strict=True):
                source, done = sources[number], passes[number]
                if more:
                    places = Places(done.edits)
                    cut = [_in_source(source, places, f) for f in again if f.action == "strip"]
                    done.findings = _joined(source, [*done.findings, *cut])
                    done.edits = compose(done.edits, more)
                    moving.append(number)
                elif round and _removed(source, done.edits) > self.policy.max_removed:
                    done.give_up()
            unsettled = moving
        for number in unsettled:
            passes[number].give_up()

    def __reduce__(self) -> tuple[Any, ...]:
        return (Cleaner, (self._folder, self.policy, self._known_campaigns))

    def _pass(
        self, documents: Sequence[Document], tampered: Sequence[bool]
    ) -> list[tuple[tuple[Finding, ...], list[Edit], Verdict]]:
        """One look at each document: its findings, the edits of those to strip, and the verdict.

        ``tampered`` are those in which a look before was certain of an injection.
        """
        scored = self._classifier.find(documents, floor=_floor(self.policy))
        if self._known_campaigns:
            self._add_campaigns(documents, scored)
        return [self._decided(*about) for about in zip(documents, scored, tampered, strict=True)]

    def _add_campaigns(self, documents: Sequence[Document], scored: list[list[Scored]]) -> None:
        """Let the spans of the documents that campaigns are in be those that campaigns and model see together."""
        floor = _floor(self.policy)
        found = self._campaigns.find([document.text for document in documents])
        numbers = [number for number, some in enumerate(found) if some]
        closer = self._classifier.find([documents[number] for number in numbers], floor=min(floor, NEAR))
        for number, near in zip(numbers, closer, strict=True):
            spans = with_campaigns(documents[number], near, found[number])
            scored[number] = [s for s in spans if s.score >= floor]

    def _decided(
        self, document: Document, scored: list[Scored], is_tampered: bool
    ) -> tuple[tuple[Finding, ...], list[Edit], Verdict]:
        if document.format != "text":
            scored = judge_markup(document, scored, self._classifier.rules, self._weight_of_links(document))
        if not scored and not self._deny:
            return (), [], "clean"
        decisions, verdict = decide(scored, document, self.policy, self._allow, self._deny, is_tampered)
        findings = _joined(
            document.source,
            [_finding(document.source, _place(document, d.scored), d) for d in decisions],
        )
        gone = [d.scored for d in decisions if d.action == "strip"]
        cut = edits_of(document, [(s.start, s.end) for s in gone if not s.element])
        for s in gone:
            if s.element:
                cut += unwrap_edits(document, s.element) if s.unwrap else element_edits(document, s.element)
        served = hider_edits(document, cut)
        findings = _joined(document.source, [*findings, *_elsewhere(document, findings, served)])
        swallowed = Intervals((edit.start, edit.end) for edit in served)
        apart = [edit for edit in cut if not swallowed.hold(edit.start, edit.end)]
        return findings, merged([*apart, *served]), verdict

    def _weight_of_links(self, document: Document) -> Weight:
        """How much a link target of the document looks like one of spam; the policy has the last word."""
        by_rules = link_weights(document, self._classifier.rules.known)
        if not self._allow and not self._deny and not self._known_campaigns:
            return by_rules

        def weight(href: str) -> float:
            if self._allow.find(href):
                return 0.0
            return 1.0 if self._deny.find(href) else max(by_rules(href), self._campaigns.weight(href))

        return weight


@dataclass(slots=True)
class _Progress:
    """What is known of a source so far."""

    findings: tuple[Finding, ...]
    edits: list[Edit]
    verdict: Verdict

    @property
    def is_tampered(self) -> bool:
        """Whether an injection is certain; what a policy denies says nothing of who put it there."""
        certain = [f for f in self.findings if f.action == "strip" and f.score >= SURE]
        return any(reason.code != "policy" for f in certain for reason in f.reasons)

    def give_up(self) -> None:
        """Leave the text as it is, and the decision to a person."""
        self.findings = tuple(replace(f, action="flag") for f in self.findings)
        self.edits, self.verdict = [], "review"


def _removed(source: str, edits: list[Edit]) -> float:
    """Share of the source's characters, white space aside, that the edits take away."""
    gone = sum(len("".join(source[edit.start : edit.end].split())) for edit in edits)
    return gone / max(1, len("".join(source.split()))) if gone else 0.0


def _floor(policy: Policy) -> float:
    """The lowest score that any category needs to be told."""
    lowest = [min(policy.thresholds(category)) for category in policy.categories]
    return min([policy.flag, policy.strip, *lowest])


def _place(document: Document, scored: Scored) -> tuple[int, int]:
    """Where a span stands in the source."""
    if scored.element and scored.start == scored.end:
        return scored.element.start, scored.element.end
    return place_of(document, scored.start, scored.end)


def _elsewhere(document: Document, findings: Sequence[Finding], edits: Sequence[Edit]) -> Iterator[Finding]:
    """What each edit finds that removes what only served elements that are gone: as with those."""
    edits = sorted(edits)
    told = Intervals((f.start, f.end + 1) for f in findings)
    gone = [f for f in findings if f.action == "strip"]
    for element in document.elements if edits else ():
        number = bisect_right(edits, element.hider[0], key=_START) - 1 if element.hider else -1
        if number < 0 or not element.hider or element.hider[0] >= edits[number].end:
            continue
        about = gone[bisect_right(gone, element.start, key=_END) :][:1]
        if about and about[0].start < element.end and not told.overlap(edits[number].start, edits[number].end + 1):
            start, end = element.hider
            yield replace(about[0], start=start, end=end, quote=document.source[start:end])


def _finding(source: str, place: tuple[int, int], decision: Decision) -> Finding:
    start, end = place
    return Finding(
        start=start,
        end=end,
        quote=source[start:end],
        category=decision.scored.category,
        score=decision.scored.score,
        reasons=reasons_of(decision.scored, decision.forced),
        action=decision.action,
    )


def _in_source(source: str, places: Places, finding: Finding) -> Finding:
    """A finding of the edited text as one of the source."""
    start, end = places.of(finding.start, True), places.of(finding.end, False)
    return replace(finding, start=start, end=end, quote=source[start:end])


def _joined(source: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In source order and disjoint: those that overlap become one, told by the one that came last."""
    kept: list[Finding] = []
    for new in findings:
        first, last = bisect_right(kept, new.start, key=_END), bisect_left(kept, new.end, key=_START)
        touched = kept[first:last]
        start, end = min([new.start, *(f.start for f in touched)]), max([new.end, *(f.end for f in touched)])
        action: Action = "strip" if "strip" in (new.action, *(f.action for f in touched)) else "flag"
        kept[first:last] = [replace(new, start=start, end=end, quote=source[start:end], action=action)]
    return tuple(kept)


@functools.cache
def default_cleaner() -> Cleaner:
    """The cleaner with the default model and policy, made once."""
    return Cleaner()


def clean(source: str, format: str = "auto") -> Result:
    """Clean one source with the default model and policy; see :meth:`Cleaner.clean`."""
    return default_cleaner().clean(source, format)


def scan(source: str, format: str = "auto") -> tuple[Finding, ...]:
    """What :func:`clean` would act on or show, in source order."""
    return default_cleaner().clean(source, format).findings
