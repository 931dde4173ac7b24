"""How often each rule speaks up in documents of which it is known what was injected, and how often rightly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cleaner.document import read
from cleaner.evidence import view
from cleaner.rules import RuleSet
from cleaner.training.metrics import Record


class RuleCount(NamedTuple):
    """The hits of a rule; rules are only evidence, and many false hits of one are no false cuts."""

    rule: str
    """Kind, and the phrase and its category where it is one."""
    hits: int
    right: int
    """Hits that touch what was injected."""

    @property
    def precision(self) -> float:
        """The share of the hits that are right, 0..1."""
        return self.right / self.hits

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return self._asdict() | {"precision": round(self.precision, 5)}


def rule_counts(records: Iterable[Record], rules: RuleSet) -> list[RuleCount]:
    """The rules that spoke up at all, those with the most false hits first."""
    hits, right = Counter[str](), Counter[str]()
    for record in records:
        for rule, start, end in _hits(record, rules):
            hits[rule] += 1
            right[rule] += any(start < b and a < end for a, b in record.spans)
    counts = [RuleCount(rule, number, right[rule]) for rule, number in hits.items()]
    return sorted(counts, key=lambda count: (count.right - count.hits, -count.hits, count.rule))


def _hits(record: Record, rules: RuleSet) -> Iterator[tuple[str, int, int]]:
    """Each hit of a rule, and the interval of the source that it stands for."""
    document = read(record.source, record.format)
    seen = view(document.text, rules)
    named = [(f"{hit.term.kind} “{hit.term.text}” ({hit.term.category})", hit.start, hit.end) for hit in seen.hits]
    for rule, first, last in [*named, *((shape.kind, shape.start, shape.end) for shape in seen.shapes)]:
        start, end = int(seen.folded.starts[first]), int(seen.folded.ends[last - 1])
        if document.starts is not None and document.ends is not None:
            start, end = int(document.starts[start]), int(document.ends[end - 1])
        yield rule, start, end
