"""Spans that end a little too early: within a number, within a sign, shortly before the end of their sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleaner.intervals import Intervals

SHORTEST = 20
"""Characters of a sentence from which its rest is thought to belong to it."""
_NEAR = 16
"""Characters before a span in which the sentence before it ends, if the span begins one."""
_REST = re.compile(r"(?<=\d)[.,]\d+%?|[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]+")
"""What goes on with a number, or with an emoji."""
_STOP = re.compile(r"[.!?…]+[\"”’»)]*(?=\s)|[。！？]|\n")
_ENDS, _SIGNS = ".!?…。！？\n:", ' \t"“”‘’«»()-–—•*|'
"""How sentences end, and what may stand before the first word of the next."""


def whole_ends(spans: Sequence[tuple[int, int]], text: str, protected: Intervals) -> list[int]:
    """Where each of some spans of ``text``, disjoint and in order, ends as a whole.

    A number (``phí 1|,2%``) and a sign that several characters make are whole. So is a sentence that begins with the
    span or in it, if less than a fifth of it is left and goes on like it, in small letters. Nothing is whole that
    reaches into the next span or into what is protected.
    """
    limits = [*(start for start, _ in spans), len(text)][1:]
    ends = []
    for (start, end), limit in zip(spans, limits, strict=True):
        rest = _REST.match(text, end)
        end = rest.end() if rest and rest.end() <= limit else end
        last = _sentence_end(text, start, end)
        ends.append(last if last <= limit and not protected.overlap(end, last) else end)
    return ends


def _sentence_end(text: str, start: int, end: int) -> int:
    """Where the sentence ends of which less than a fifth is left; ``end`` if there is none."""
    inside = [found.end() for found in _STOP.finditer(text, start, end)]
    begin = inside[-1] if inside else start
    if end - begin < SHORTEST or not (inside or _begins_sentence(text, begin)):
        return end
    most = (end - begin) // 4 + 2
    found = _STOP.search(text, end, end + most)
    last = found.end() if found else len(text)
    rest = text[end : min(last, end + most + 1)].strip()
    first = next(filter(str.isalnum, rest), "")
    if last - end > most or not first or first.isupper() or rest[0] in ":;|":
        return end
    return end + len(text[end:last].rstrip())


def _begins_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - _NEAR) : at].rstrip(_SIGNS)
    return before[-1] in _ENDS if before else at <= _NEAR
