"""What markup says beyond the words: hidden blocks that promote something, and links to spam around honest words.

Hidden alone is never enough, and neither is a target alone where the words belong to the article: a hidden block goes
when half of it is promotion or leads to spam, and of a link around honest words only the tags go.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter, itemgetter

from cleaner.folding import fold
from cleaner.model.classifier import Scored
from cleaner.rules import RuleSet
from cleaner.rules.lexicon import STRENGTHS, Term
from cleaner.rules.markup import SUSPICIOUS, hidden_blocks, shallow
from cleaner.types import Document, Element

SPAM = 0.8
"""Weight of a link target from which a link alone is removed; no honest site that we know of reaches it."""
LIKELY = 0.65
"""Score from which a span whose words a rule recognises is certain when its link leads to a suspicious host, too."""
CERTAIN = 0.97
"""Score of what markup gives away."""
_PROMOTED = 0.5
"""Share of a hidden block that must be promotion for the whole of it to be."""
_ASKED = 0.6
"""Share of a link's words that must ask to follow it, or be a phrase of spam, for them to be nothing else."""
_STUFFED = 10
"""Spans of spam that make a hidden block one of spam, whatever stands between them."""


Weight = Callable[[str], float]
"""How much a link target looks like one of spam, 0..1."""


def judge_markup(document: Document, scored: Sequence[Scored], rules: RuleSet, weight: Weight) -> list[Scored]:
    """The scored spans of a document, joined and completed by what its markup says."""
    found = _Spans(scored)
    if not scored and not any(weight(target) >= SUSPICIOUS for target in document.targets):
        return []
    every_link = list(shallow(e for e in document.elements if e.href))
    starts = [e.start for e in every_link]
    for block in hidden_blocks(document):
        inside = found.over(block)
        links = every_link[bisect_left(starts, block.start) : bisect_left(starts, block.end)]
        if whole := _as_a_whole(document, block, inside, links, weight):
            found.put(block, [whole])
    for link in every_link:
        if link.text_start == link.text_end or (of := weight(link.href)) < SUSPICIOUS:
            continue
        about = found.over(link)
        words = document.text[link.text_start : link.text_end]
        if any(_is_named(s) for s in about):
            found.put(link, [_surer(s) if s.score >= LIKELY and _is_named(s) else s for s in about])
        elif not about and (phrase := _promotion(words, rules)):
            found.put(link, [_promoting(link, phrase)])
        elif of >= SPAM and not any(s.named.get("hidden") for s in about):
            found.put(link, [_link(link, unwrap=not _is_generic(words, rules))])
    return found.all


class _Spans:
    """Scored spans, disjoint and in the order of the text, of which some are replaced."""

    def __init__(self, spans: Sequence[Scored]) -> None:
        self.all = list(spans)

    def over(self, element: Element) -> list[Scored]:
        """Those that overlap the text of an element."""
        return self.all[self._place(element)]

    def put(self, element: Element, spans: Sequence[Scored]) -> None:
        """Let ``spans`` take the place of those that overlap the text of an element."""
        self.all[self._place(element)] = spans

    def _place(self, element: Element) -> slice:
        first = bisect_right(self.all, element.text_start, key=attrgetter("end"))
        return slice(first, bisect_left(self.all, element.text_end, key=attrgetter("start"), lo=first))


def _as_a_whole(
    document: Document,
    block: Element,
    inside: Sequence[Scored],
    links: Sequence[Element],
    weight: Weight,
) -> Scored | None:
    """The hidden block as one span, if half of it is promotion."""
    leading = [e for e in links if weight(e.href) >= SUSPICIOUS]
    if not inside and not leading:
        return None
    promoted = _joined([(s.start, s.end) for s in inside] + [(e.text_start, e.text_end) for e in leading])
    by_links = bool(links) and all(_holds(promoted, e.text_start) for e in links)
    bounds = (block.text_start, block.text_end)
    solid = sum(_solid(document, max(start, bounds[0]), min(end, bounds[1])) for start, end in promoted)
    by_share = solid >= _PROMOTED * _solid(document, *bounds)
    spam = sum(s.score >= SPAM and _is_named(s) for s in inside)
    is_sure = len(leading) > _PROMOTED * len(links) or spam
    if not is_sure or not (by_links or by_share or spam >= _STUFFED):
        return None
    categories = Counter(s.category for s in inside for _ in range(s.end - s.start))
    contributions = {"hidden": 2.0, "link": 1.5} if leading else {"hidden": 2.0}
    named: dict[str, tuple[str, ...]] = {"hidden": (block.hidden,)}
    if leading:
        named["link"] = tuple(dict.fromkeys(e.href for e in leading))[:5]
    for s in inside:
        contributions = {**s.contributions, **contributions}
        named = {**s.named, **named}
    best = max((s.score for s in inside), default=0.0)
    category = categories.most_common(1)[0][0] if categories else "other"
    return Scored(block.text_start, block.text_end, max(CERTAIN, best), category, contributions, named)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order; those that overlap are one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _holds(spans: list[tuple[int, int]], at: int) -> bool:
    """Whether an offset lies in one of the disjoint spans, given in order."""
    before = bisect_right(spans, at, key=itemgetter(0))
    return before > 0 and at < spans[before - 1][1]


def _solid(document: Document, start: int, end: int) -> int:
    """How many characters of ``text[start:end]`` are not white space."""
    return len("".join(document.text[start:end].split()))


def _link(link: Element, unwrap: bool) -> Scored:
    """A link to spam, whose words are those of the article or say nothing."""
    return Scored(link.text_start, link.text_end, CERTAIN, "seo", {"link": 3.5}, {"link": (link.href,)}, unwrap)


def _promoting(link: Element, phrase: Term) -> Scored:
    """A link to a suspicious host whose words are those of spam."""
    named: dict[str, tuple[str, ...]] = {"phrase": (f"“{phrase.text}” ({phrase.category})",), "link": (link.href,)}
    return Scored(
        link.text_start, link.text_end, CERTAIN, phrase.category, {"phrase": 2.0, "link": 1.5}, named, unwrap=False
    )


def _promotion(words: str, rules: RuleSet) -> Term | None:
    """The phrase of the lexicon that makes up most of a link's words, if there is one."""
    hits = [hit for hit in rules.phrases.find(fold(words)) if hit.term.weight > STRENGTHS["weak"]]
    longest = max(hits, key=lambda hit: hit.end - hit.start, default=None)
    return longest.term if longest and longest.end - longest.start >= _ASKED * len(words.strip()) else None


def _is_named(s: Scored) -> bool:
    """Whether a rule recognises the words of a span, and not only an address or the markup around them."""
    return any(group not in ("link", "hidden", "domain") for group in s.named)


def _surer(s: Scored) -> Scored:
    """A span whose words and link agree."""
    return replace(s, score=max(s.score, CERTAIN), contributions={"link": 2.0} | s.contributions)


def _is_generic(words: str, rules: RuleSet) -> bool:
    """Whether the words of a link only ask to follow it."""
    folded = fold(words)
    asked = sum(hit.end - hit.start for hit in rules.context.find(folded) if hit.term.kind in ("generic", "cta"))
    return asked >= _ASKED * len(words.strip())
