"""What markup says beyond the words: hidden blocks that promote something, and links to spam around honest words.

Hidden alone is never enough, and neither is a target alone where the words belong to the article: a hidden block goes
when half of it is promotion or leads to spam, and of a link around honest words only the tags go.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from cleaner.document.hiding import looks_like_text
from cleaner.document.lexer import attributes_of, tag_at
from cleaner.document.references import decoded
from cleaner.document.targets import host_of, site_of
from cleaner.folding import fold
from cleaner.intervals import Intervals
from cleaner.model.classifier import Scored
from cleaner.rules import RuleSet
from cleaner.rules.lexicon import STRENGTHS, Term
from cleaner.rules.markup import SUSPICIOUS, hidden_blocks, shallow
from cleaner.types import Document, Element

SPAM = 0.7
"""Weight of a link target from which a link alone is removed; no honest site that we know of reaches it."""
SURE = 0.8
"""Score from which a span whose words a rule recognises is spam."""
LIKELY = 0.65
"""Score from which a span whose words a rule recognises is certain when its link leads to a suspicious host, too."""
CERTAIN = 0.97
"""Score of what markup gives away."""
_PROMOTED = 0.5
"""Share of a hidden block that must be promotion for the whole of it to be."""
_ASKED = 0.6
"""Share of a link's letters that must ask to follow it for them to be nothing else."""
_NAMED = 0.25
"""Share that must be a phrase of spam for the words to be promotion where the link leads to a suspicious host."""
_STUFFED = 10
"""Spans of spam that make a hidden block one of spam, whatever stands between them."""

_IMAGE = re.compile(r"<(?:img|image|video|object|embed)(?=[\s/>])|!\[", re.I)
_STOP = re.compile(r"[.!?…。！？\n]")
_NEAR = 80
"""Characters before and behind a link in which the sentence that it stands in must begin and end."""

Weight = Callable[[str], float]
"""How much a link target looks like one of spam, 0..1."""


def judge_markup(document: Document, scored: Sequence[Scored], rules: RuleSet, weight: Weight) -> list[Scored]:
    """The scored spans of a document, parted, joined and completed by what its markup says."""
    found = _Spans([replace(s, start=a, end=b) for s in scored for a, b in document.parts(s.start, s.end)])
    if not scored and not any(weight(target) >= SUSPICIOUS for target in document.targets):
        return []
    every_link = list(shallow(e for e in document.elements if e.href))
    starts = [e.start for e in every_link]
    for block in hidden_blocks(document):
        inside = found.over(block.text_start, block.text_end)
        links = every_link[bisect_left(starts, block.start) : bisect_left(starts, block.end)]
        if whole := _as_a_whole(document, block, inside, links, weight):
            found.put([whole])
    promoting: Element | None = None
    for link in every_link:
        if (of := weight(link.href)) < SUSPICIOUS:
            continue
        words = document.text[link.text_start : link.text_end]
        about = found.over(link.text_start, link.text_end)
        if not words.strip():
            if not about and (of >= SPAM or link.hidden):
                found.put([_link(link, link, unwrap=_is_around_an_image(document, link, found, weight))])
            continue
        phrase = _promotion(words, rules)
        if any(_is_named(s) for s in about):
            found.put(_with_link(document, link, about, 0.0 if phrase else LIKELY))
            promoting = link
        elif not about and phrase:
            found.put([_promoting(link, phrase)])
            promoting = link
        elif (of >= SPAM or _is_disguised(document, link)) and not any(s.named.get("hidden") for s in about):
            if promoting and _is_next(document, promoting, link):
                found.put([_link(link)])
            else:
                found.put([_request(document, link, rules) or _link(link, link, unwrap=True)])
    return found.all


class _Spans:
    """Scored spans, disjoint and in the order of the text, of which some are replaced."""

    def __init__(self, spans: Sequence[Scored]) -> None:
        self.all = list(spans)

    def over(self, start: int, end: int) -> list[Scored]:
        """Those that overlap ``[start, end)`` of the text."""
        return self.all[self._place(start, end)]

    def put(self, spans: Sequence[Scored]) -> None:
        """Let ``spans``, disjoint and in order, take the place of those that they overlap or lie between."""
        self.all[self._place(spans[0].start, spans[-1].end)] = spans

    def _place(self, start: int, end: int) -> slice:
        first = bisect_right(self.all, start, key=attrgetter("end"))
        return slice(first, bisect_left(self.all, end, key=attrgetter("start"), lo=first))


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
    held = Intervals(promoted)
    by_links = bool(links) and all(held.overlap(e.text_start, e.text_start + 1) for e in links)
    bounds = (block.text_start, block.text_end)
    text = document.text
    cut = sum(solid(text[max(start, bounds[0]) : min(end, bounds[1])]) for start, end in promoted)
    by_share = cut >= _PROMOTED * solid(text[slice(*bounds)])
    spam = sum(s.score >= SURE and _is_named(s) for s in inside)
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


def solid(text: str) -> int:
    """How many characters are not white space."""
    return len("".join(text.split()))


def _link(link: Element, element: Element | None = None, unwrap: bool = False) -> Scored:
    """A link to spam, whose words are those of the article, say nothing, or are none."""
    named: dict[str, tuple[str, ...]] = {"link": (link.href,)}
    return Scored(link.text_start, link.text_end, CERTAIN, "seo", {"link": 3.5}, named, element, unwrap)


def _is_next(document: Document, link: Element, other: Element) -> bool:
    """Whether another link to the same site is the next of a list."""
    return (
        not document.text[link.text_end : other.text_start].strip()
        and site_of(host_of(link.href) or "") == site_of(host_of(other.href) or "") != ""
    )


def _is_disguised(document: Document, link: Element) -> bool:
    """Whether a link looks like the words around it."""
    tag = document.source[link.start : tag_at(document.source, link.start)]
    style = attributes_of(tag, 0, len(tag)).get("style")
    return style is not None and looks_like_text(decoded(tag, *style))


def _request(document: Document, link: Element, rules: RuleSet) -> Scored | None:
    """The words of a link that only ask to follow it, with the sentence that does nothing else."""
    text = document.text
    if not _is_generic(text[link.text_start : link.text_end], rules):
        return None
    before = max(
        (match.end() for match in _STOP.finditer(text, max(0, link.text_start - _NEAR), link.text_start)), default=0
    )
    after = _STOP.search(text, link.text_end, link.text_end + _NEAR)
    end = after.end() if after and after[0] != "\n" else after.start() if after else link.text_end
    words = text[before:end].strip()
    if before and _is_generic(words, rules):
        start = text.index(words, before)
        return replace(_link(link), start=start, end=start + len(words))
    return _link(link)


def _is_around_an_image(document: Document, link: Element, found: _Spans, weight: Weight) -> bool:
    """Whether a link without words holds an image that is not a banner of what it leads to."""
    source = document.source
    images = [match.start() for match in _IMAGE.finditer(source, link.start, link.end)]
    for start in images:
        src = attributes_of(source, start, tag_at(source, start)).get("src")
        if src and weight(decoded(source, *src)) >= SUSPICIOUS:
            return False
    first, last = (bisect_left(document.elements, at, key=attrgetter("start")) for at in (link.start, link.end))
    values = [e for e in document.elements[first:last] if e.name == "attribute"]
    return bool(images) and not any(found.over(e.text_start, e.text_end) for e in values)


def _promoting(link: Element, phrase: Term) -> Scored:
    """A link to a suspicious host whose words are those of spam."""
    named: dict[str, tuple[str, ...]] = {"phrase": (f"“{phrase.text}” ({phrase.category})",), "link": (link.href,)}
    return Scored(link.text_start, link.text_end, CERTAIN, phrase.category, {"phrase": 2.0, "link": 1.5}, named)


def _promotion(words: str, rules: RuleSet) -> Term | None:
    """The phrase of the lexicon that makes up much of a link's words, if there is one."""
    hits = [hit for hit in rules.phrases.find(fold(words)) if hit.term.weight > STRENGTHS["weak"]]
    longest = max(hits, key=lambda hit: hit.end - hit.start, default=None)
    return longest.term if longest and longest.end - longest.start >= _NAMED * len(words.strip()) else None


def _is_named(s: Scored) -> bool:
    """Whether a rule recognises the words of a span, and not only an address or the markup around them."""
    return any(group not in ("link", "hidden", "domain") for group in s.named)


def _with_link(document: Document, link: Element, about: Sequence[Scored], likely: float) -> list[Scored]:
    """The spans in the words of a link to a suspicious host, as one if they are most of its words.

    Those that a rule recognises are surer from a score of ``likely`` on.
    """
    sure = [_surer(s) if s.score >= likely and _is_named(s) else s for s in about]
    bounds = (link.text_start, link.text_end)
    inside = sum(solid(document.text[max(s.start, bounds[0]) : min(s.end, bounds[1])]) for s in about)
    best = max(sure, key=lambda s: s.score)
    if best.score < CERTAIN or inside < _PROMOTED * solid(document.text[slice(*bounds)]):
        return sure
    start, end = min(bounds[0], *(s.start for s in about)), max(bounds[1], *(s.end for s in about))
    return [replace(best, start=start, end=end)]


def _surer(s: Scored) -> Scored:
    """A span whose words and link agree."""
    return replace(s, score=max(s.score, CERTAIN), contributions={"link": 2.0} | s.contributions)


def _is_generic(words: str, rules: RuleSet) -> bool:
    """Whether the words of a link only ask to follow it."""
    folded = fold(words)
    asked = sum(hit.end - hit.start for hit in rules.context.find(folded) if hit.term.kind in ("generic", "cta"))
    return asked >= _ASKED * sum(character.isalnum() or character.isspace() for character in words.strip())
