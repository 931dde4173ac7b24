"""An article and what was decided on its findings → what is cut, and the text to publish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cleaner.desk.errors import InvalidError
from cleaner.desk.tables import Article, Finding
from cleaner.document import read
from cleaner.edit import apply, edits_of, merged
from cleaner.intervals import Intervals
from cleaner.types import Document, Edit


def edits_for(article: Article) -> list[Edit]:
    """The edits of the source that cut what is accepted, in order and disjoint."""
    return edits_with(article, [f for f in article.findings if f.state == "accepted"])


def edits_with(article: Article, accepted: Sequence[Finding]) -> list[Edit]:
    """The edits of the source that would cut these findings.

    What stands as the engine found it is cut as the engine cuts it, elements and unwrapped links included; what a
    person marked or adjusted, by the same code, as words.
    """
    numbers = {finding.number for finding in accepted}
    kept = Intervals((f.start, f.end) for f in article.findings if f.number not in numbers)
    by_engine: set[Edit] = set()
    own: list[tuple[int, int]] = []
    for finding in accepted:
        edits = engine_edits(finding)
        if edits and not any(kept.overlap(edit.start, edit.end) for edit in edits):
            by_engine.update(edits)
        else:
            own.append((finding.cut_start, finding.cut_end))
    drawn = _cuts(article, own) if own else []
    gone = Intervals((edit.start, edit.end) for edit in drawn)
    return merged([*(edit for edit in by_engine if not gone.hold(edit.start, edit.end)), *drawn])


def engine_edits(finding: Finding) -> list[Edit]:
    """What the engine does to cut a finding; empty where a person drew its boundaries."""
    if (finding.cut_start, finding.cut_end) != (finding.start, finding.end):
        return []
    return [Edit(*edit) for edit in finding.edits]


def text_with(article: Article, accepted: Sequence[Finding]) -> str:
    """What would be published if these findings were cut."""
    return apply(article.source, edits_with(article, accepted))


def check_span(article: Article, start: int, end: int) -> None:
    """Whether ``[start, end)`` of the source can be cut.

    Raises:
        InvalidError: it is empty, runs out of the source, or holds nothing that a reader sees.
    """
    if not 0 <= start < end <= len(article.source):
        raise InvalidError(f"[{start}, {end}) is no span of the source, which has {len(article.source)} characters")
    if not article.source[start:end].strip():
        raise InvalidError("there is nothing but white space in that span")
    if _seen(read(article.source, article.format), start, end) is None:
        raise InvalidError("there is nothing in that span that a reader sees")


def _cuts(article: Article, spans: Iterable[tuple[int, int]]) -> list[Edit]:
    """The edits of the source that cut these spans of it."""
    document = read(article.source, article.format)
    seen = [(span, _seen(document, *span)) for span in spans]
    markup = [Edit(*span, "") for span, words in seen if words is None]
    return [*edits_of(document, [words for _, words in seen if words]), *markup]


def _seen(document: Document, start: int, end: int) -> tuple[int, int] | None:
    """The span of the visible text that stands in a span of the source."""
    if document.starts is None or document.ends is None:
        return start, end
    inside = np.flatnonzero((document.starts >= start) & (document.ends <= end) & (document.starts < document.ends))
    return (int(inside[0]), int(inside[-1]) + 1) if inside.size else None
