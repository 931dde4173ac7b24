"""What markup says of the text in it: links judged by their target, and hidden elements."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

from cleaner.document.targets import host_of, site_of
from cleaner.folding import bare_term
from cleaner.rules.shapes import Known, judge_host
from cleaner.types import Document, Element

UNKNOWN_LINK = 0.3
"""Weight of a link to a host of which nothing is known."""
_PATH = 0.25
"""What the weight of a host on a throw-away domain gains by a path that names what spam promotes."""
_PAGE = 1000
"""Characters outside of a hidden block without which it is the page itself, which a script shows later."""
DEEPEST = 64
"""Links and hidden elements within one another; what lies deeper says nothing more."""
SUSPICIOUS = 0.5
"""Weight of a link target from which a page is looked at closely."""


def link_weights(document: Document, known: Known) -> Callable[[str], float]:
    """How much a link target of the document looks like one of spam, 0..1.

    Relative and honest targets, and those on the host that the document comes from, give 0.
    """
    own = site_of(document.host)

    @functools.cache
    def weight(href: str) -> float:
        host = host_of(href)
        if host is None:
            return UNKNOWN_LINK
        if not host or site_of(host) == own:
            return 0.0
        of_host = _host_weight(host, known)
        if of_host < SUSPICIOUS or host.rpartition(".")[2] not in known.spam:
            return of_host
        path = href.partition("//")[2].partition("/")[2].lower()
        return min(1.0, of_host + _PATH) if known.category_of(path) else of_host

    return weight


def leads_to_spam(document: Document, known: Known) -> bool:
    """Whether a link of the document leads to a host that looks like one of spam."""
    weight = link_weights(document, known)
    return any(weight(target) >= SUSPICIOUS for target in document.targets)


class Markup:
    """The markup of a document that counts as evidence: links, and hidden elements with text in them."""

    def __init__(self, document: Document, known: Known) -> None:
        """Judge the links of ``document`` by what is ``known`` of hosts."""
        self._elements: list[Element] = []
        self._outer: list[int] = []
        found = shallow(e for e in document.elements if e.text_end > e.text_start and (e.href or e.hidden))
        opened = [-1]
        for element in sorted(found, key=lambda element: element.text_start):
            while len(opened) > 1 and self._elements[opened[-1]].text_end <= element.text_start:
                opened.pop()
            self._outer.append(opened[-1])
            opened.append(len(self._elements))
            self._elements.append(element)
        self._starts = [element.text_start for element in self._elements]
        self.weight = link_weights(document, known)
        """How much a link target looks like one of spam, 0..1."""

    def around(self, start: int, end: int) -> list[Element]:
        """What overlaps ``[start, end)`` of the text, in the order of the text."""
        first = bisect_right(self._starts, start)
        outer, number = [], first - 1
        while number >= 0:
            outer.append(self._elements[number])
            number = self._outer[number]
        inner = self._elements[first : bisect_left(self._starts, end)]
        return [*(element for element in reversed(outer) if element.text_end > start), *inner]


def shallow(elements: Iterable[Element]) -> Iterator[Element]:
    """Elements, in the order of the source, without those that lie in ``DEEPEST`` others of them."""
    ends: list[int] = []
    for element in elements:
        while ends and ends[-1] <= element.start:
            ends.pop()
        if len(ends) < DEEPEST:
            ends.append(element.end)
            yield element


def hidden_blocks(document: Document) -> list[Element]:
    """The hidden elements that lie in no other, but for one that holds the page."""
    blocks: list[Element] = []
    for element in document.elements:
        length = element.text_end - element.text_start
        is_outermost = not blocks or element.start >= blocks[-1].end
        is_page = len(document.text) - length < min(length, _PAGE)
        if element.hidden and length and is_outermost and not is_page:
            blocks.append(element)
    return blocks


@functools.lru_cache(maxsize=1 << 14)
def _host_weight(host: str, known: Known) -> float:
    judged = judge_host(bare_term(host), known)
    return judged[1] if judged and judged[0] == "domain" else 0.0
