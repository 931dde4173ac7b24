"""The pipeline: source → document → evidence → findings → edits."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleaner.decide import Decision, Terms, decide
from cleaner.document import read
from cleaner.edit import apply, compose, edits_of, place_of, to_source
from cleaner.model.store import default_folder, load
from cleaner.reasons import reasons_of
from cleaner.types import Action, Document, Edit, Finding, Policy, Result, Verdict

BATCH = 1 << 16
"""Characters of sources that are looked at together."""
_PASSES = 8
"""A text that still changes after so many passes is given to a person."""


class Cleaner:
    """Finds injected spans and cuts them out, under one model and one policy.

    Safe to share between threads; pickles as the model's folder and the policy.

    Args:
        model: folder of a model; ``None`` for the one that comes with the project.
        policy: thresholds, categories, allow and deny lists, limits.

    Raises:
        ModelError: the model is missing, incomplete or altered.
    """

    def __init__(self, model: str | Path | None = None, policy: Policy = Policy()) -> None:  # noqa: B008
        self._folder = default_folder() if model is None else Path(model)
        self.policy = policy
        loaded = load(self._folder)
        self._classifier = loaded.classifier
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
        return self._clean(read(source, format), format)

    def _clean(self, document: Document, format: str) -> Result:
        source = document.source
        findings, edits, verdict = self._pass(document)
        if edits:
            findings, edits, verdict = self._settle(source, format, findings, edits)
        return Result(source, apply(source, edits), verdict, findings, tuple(edits), document.format)

    def _settle(
        self, source: str, format: str, findings: tuple[Finding, ...], edits: list[Edit]
    ) -> tuple[tuple[Finding, ...], list[Edit], Verdict]:
        """Look again at what the edits leave, until there is nothing more to cut: a clean text stays as it is."""
        for number in range(_PASSES):
            again, more, _ = self._pass(read(apply(source, edits), format))
            if not more:
                if number and _removed(source, edits) > self.policy.max_removed:
                    break
                return findings, edits, "cleaned"
            cut = [_in_source(source, edits, f) for f in again if f.action == "strip"]
            findings = _joined(source, [*findings, *cut])
            edits = compose(edits, more)
        return tuple(replace(f, action="flag") for f in findings), [], "review"

    def clean_many(self, sources: Iterable[str], format: str = "auto") -> Iterator[Result]:
        """Clean a stream of sources, in order; a batch of about ``BATCH`` characters is held at a time.

        The results are those of :meth:`clean`; texts without anything suspicious cost much less together.
        """
        batch: list[str] = []
        size = 0
        for source in sources:
            batch.append(source)
            size += len(source) + 1
            if size >= BATCH:
                yield from self._clean_batch(batch, format)
                batch, size = [], 0
        yield from self._clean_batch(batch, format)

    def _clean_batch(self, sources: list[str], format: str) -> Iterator[Result]:
        documents = [read(source, format) for source in sources]
        plain = [d for d in documents if not d.elements and len(d.text) < BATCH and not self._deny]
        suspicious = self._classifier.suspicious([d.text for d in plain])
        harmless = {id(d) for d, bad in zip(plain, suspicious, strict=True) if not bad}
        for document in documents:
            if id(document) in harmless:
                yield Result(document.source, document.source, "clean", (), (), document.format)
            else:
                yield self._clean(document, format)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Cleaner, (self._folder, self.policy))

    def _pass(self, document: Document) -> tuple[tuple[Finding, ...], list[Edit], Verdict]:
        """One look at a document: its findings, the edits of those to strip, and the verdict."""
        scored = self._classifier.find(document, floor=_floor(self.policy))
        decisions, verdict = decide(scored, document, self.policy, self._allow, self._deny)
        findings = _joined(
            document.source,
            [_finding(document.source, place_of(document, d.scored.start, d.scored.end), d) for d in decisions],
        )
        cut = [(d.scored.start, d.scored.end) for d in decisions if d.action == "strip"]
        return findings, edits_of(document, cut), verdict


def _removed(source: str, edits: list[Edit]) -> float:
    """Share of the source's characters, white space aside, that the edits take away."""
    gone = sum(len("".join(source[edit.start : edit.end].split())) for edit in edits)
    return gone / max(1, len("".join(source.split()))) if gone else 0.0


def _floor(policy: Policy) -> float:
    """The lowest score that any category needs to be told."""
    lowest = [min(policy.thresholds(category)) for category in policy.categories]
    return min([policy.flag, policy.strip, *lowest])


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


def _in_source(source: str, edits: list[Edit], finding: Finding) -> Finding:
    """A finding of the edited text as one of the source."""
    start, end = to_source(edits, finding.start, True), to_source(edits, finding.end, False)
    return replace(finding, start=start, end=end, quote=source[start:end])


def _joined(source: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In source order and disjoint: those that overlap become one, told by the one that came last."""
    kept: list[Finding] = []
    for new in findings:
        touched = [f for f in kept if f.start < new.end and new.start < f.end]
        start, end = min([new.start, *(f.start for f in touched)]), max([new.end, *(f.end for f in touched)])
        action: Action = "strip" if "strip" in (new.action, *(f.action for f in touched)) else "flag"
        kept = [f for f in kept if f not in touched]
        kept.append(replace(new, start=start, end=end, quote=source[start:end], action=action))
    return tuple(sorted(kept, key=lambda f: (f.start, f.end)))


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
