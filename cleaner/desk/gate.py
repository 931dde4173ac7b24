"""The gate: a text comes in, what is certain is cut, what is doubtful waits for a person."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cleaner.desk import tables
from cleaner.desk.tables import CAMPAIGN, NAME, Article, ModelChange, ModelVersion, PolicyVersion
from cleaner.document import read
from cleaner.document.targets import host_of, site_of
from cleaner.engine import Cleaner
from cleaner.folding import fold
from cleaner.intervals import Intervals
from cleaner.types import Edit, Finding, Policy, Result

_ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>()\[\]]+", re.I)
_TAGS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a sender hands in."""

    source: str
    format: str = "auto"
    title: str = ""
    origin: str = ""
    """Where it comes from: a site, a feed, an author, as the sender calls it."""
    reference: str = ""
    """What the sender calls the article."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says of a text."""

    result: Result
    findings: tuple[Finding, ...]
    """Those of the result, and what else would go with the doubtful ones."""
    edits: tuple[tuple[Edit, ...], ...]
    """For each finding, what the engine does to the source to cut it."""
    words: str
    """The words of the text, folded, for the search."""
    policy: int
    model: int

    @property
    def verdict(self) -> str:
        """``review`` also where something was cut but something else is doubtful."""
        doubtful = any(finding.action == "flag" for finding in self.findings)
        return "review" if doubtful and self.result.verdict == "cleaned" else self.result.verdict


class Gate:
    """One model and one policy; safe to share between threads.

    Raises:
        ModelError: the model is missing, incomplete or altered.
    """

    def __init__(
        self,
        model: Path | None = None,
        policy: Policy | None = None,
        versions: tuple[int, int] = (0, 0),
    ) -> None:
        policy = policy or Policy()
        self._model = model
        self.cleaner = Cleaner(model, policy)
        self._assisted = Cleaner(model, assisted(policy))
        self.versions = versions
        """Numbers of the policy and the model."""

    def with_policy(self, policy: Policy) -> Cleaner:
        """The same model under another policy."""
        return Cleaner(self._model, policy)

    def judge(self, source: str, format: str = "auto") -> Judged:
        """Look at a text; nothing is written.

        Raises:
            SourceError: the format is unknown.
        """
        result = self.cleaner.clean(source, format)
        words = searchable(read(source, result.format).text)
        certain = [f for f in result.findings if f.action == "strip"]
        if len(certain) == len(result.findings):
            return Judged(result, result.findings, _by_finding(certain, result.edits), words, *self.versions)
        accepted = self._assisted.clean(source, result.format)
        taken = Intervals((f.start, f.end) for f in certain)
        doubtful = [replace(f, action="flag") for f in accepted.findings if not taken.overlap(f.start, f.end)]
        edits = (*_by_finding(certain, result.edits), *_by_finding(doubtful, accepted.edits))
        pairs = sorted(zip([*certain, *doubtful], edits, strict=True), key=lambda pair: pair[0].start)
        return Judged(result, tuple(f for f, _ in pairs), tuple(e for _, e in pairs), words, *self.versions)


def assisted(policy: Policy) -> Policy:
    """The policy of an editor who accepts every flag."""
    lowest = {name: min(policy.thresholds(name)) for name in policy.categories}
    return Policy(
        strip=min(policy.strip, policy.flag),
        flag=policy.flag,
        categories={name: (score, score) for name, score in lowest.items()},
        allow=policy.allow,
        deny=policy.deny,
        max_removed=1.0,
    )


def submit(session: Session, submission: Submission, judged: Judged, sender: str) -> Article:
    """Write down a text that was judged: it is safe when the transaction of ``session`` is."""
    result = judged.result
    waits = judged.verdict in ("review", "spam")
    title = submission.title.strip()
    article = Article(
        title=title,
        origin=submission.origin,
        reference=submission.reference.strip(),
        format=result.format,
        source=result.source,
        text=result.text,
        words="\n".join(filter(None, (searchable(title), judged.words))),
        verdict=judged.verdict,
        state="review" if waits else "published",
        score=max((f.score for f in judged.findings), default=0.0),
        policy=judged.policy,
        model=judged.model,
        sender=sender,
        decisions=[],
        findings=[_row(f, edits) for f, edits in zip(judged.findings, judged.edits, strict=True)],
    )
    session.add(article)
    session.flush()
    return article


def campaign_of(quote: str) -> str:
    """What a span has in common with its like in other articles: the site of its link, or its words, folded."""
    for address in _ADDRESS.findall(quote):
        if host := host_of(address):
            return storable(site_of(host))[:CAMPAIGN]
    return searchable(_TAGS.sub(" ", quote))[:CAMPAIGN].strip()


def searchable(text: str) -> str:
    """The words of a text without case, marks and disguise, as searches look for them; safe in any database."""
    return storable(" ".join(fold(text).bare.split()))


def storable(text: str) -> str:
    """``text`` without what databases refuse: NULs and lone surrogates."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


class Gatekeeper:
    """Keeps the gate that the last saved policy and model make; safe to share between threads.

    Args:
        model: folder of the model that the desk starts with; ``None``: the one that comes with the project.
        policy: the policy that holds while none is saved.
    """

    def __init__(self, model: Path | None = None, policy: Policy | None = None) -> None:
        self._model, self._policy = model, policy or Policy()
        self._lock = threading.Lock()
        self._gate: Gate | None = None

    def gate(self, session: Session) -> Gate:
        """The gate that holds now.

        Raises:
            ModelError: the model is missing, incomplete or altered.
        """
        versions = current_versions(session)
        with self._lock:
            if self._gate is None or self._gate.versions != versions:
                self._gate = self.of(session, *versions)
            return self._gate

    def of(self, session: Session, policy: int, model: int) -> Gate:
        """The gate of these versions of policy and model."""
        saved, learnt = session.get(PolicyVersion, policy), session.get(ModelVersion, model)
        return Gate(
            Path(learnt.folder) if learnt else self._model,
            Policy.from_mapping(saved.policy) if saved else self._policy,
            (policy, model),
        )


def current_versions(session: Session) -> tuple[int, int]:
    """Numbers of the policy and the model that hold now; 0: those that the desk was started with."""
    policy = session.scalar(select(func.max(PolicyVersion.number)))
    model = session.scalar(select(ModelChange.model).order_by(ModelChange.number.desc()).limit(1))
    return policy or 0, model or 0


def _by_finding(findings: Sequence[Finding], edits: Sequence[Edit]) -> tuple[tuple[Edit, ...], ...]:
    """The edits that touch each finding; one that touches none goes with the one before it, or the first."""
    own: list[list[Edit]] = [[] for _ in findings]
    for edit in edits if findings else ():
        first = bisect_left(findings, edit.start, key=attrgetter("end"))
        last = bisect_right(findings, edit.end, key=attrgetter("start"))
        for number in range(first, last) or (max(0, first - 1),):
            own[number].append(edit)
    return tuple(map(tuple, own))


def _row(finding: Finding, edits: Sequence[Edit]) -> tables.Finding:
    return tables.Finding(
        start=finding.start,
        end=finding.end,
        cut_start=finding.start,
        cut_end=finding.end,
        quote=finding.quote,
        category=finding.category,
        score=finding.score,
        action=finding.action,
        state="accepted" if finding.action == "strip" else "open",
        campaign=campaign_of(finding.quote),
        edits=[list(edit) for edit in edits],
        reasons=[
            tables.Reason(code=r.code, text=storable(r.text)[:NAME], contribution=r.contribution)
            for r in finding.reasons
        ],
    )
