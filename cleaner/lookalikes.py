"""What honest texts have and injections look like: codes among codes, hashtags of one's own subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cleaner.folding import fold
from cleaner.intervals import Intervals

_CODE = re.compile(r"(?<![\w-])[A-ZĐ]{1,5}-?\d{1,4}(?![\w-])")
"""Of a product, a variety, a road, a train."""
OTHERS = 2
"""Other codes in a text that speaks in codes."""
_TAG = re.compile(r"#(\w+)")
_TAGS = re.compile(r"(?:#\w+[\s,;.|]*)+")
ALIKE = 6
"""Letters in a row that a hashtag has in common with a text of its subject."""
OWN, FEWEST = 1 / 3, 2
"""Share and number of the hashtags of a row that are of the text's subject from which all are its own."""


def lookalikes(spans: Sequence[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    """Those of ``spans`` that are a code in a text with other codes, or hashtags on the subject of the text.

    Args:
        spans: all that may be injected, as offsets into ``text``.
        text: an article.
    """
    if not spans:
        return
    inside, names = Intervals(spans), {text[start:end] for start, end in spans}
    others = {m[0] for m in _CODE.finditer(text) if not inside.overlap(*m.span())} - names
    for start, end in spans:
        if _CODE.fullmatch(text, start, end):
            if len(others) >= OTHERS:
                yield start, end
        elif _TAGS.fullmatch(text, start, end) and _are_own(_TAG.findall(text, start, end), text):
            yield start, end


def _are_own(tags: Sequence[str], text: str) -> bool:
    words = _squashed(_TAG.sub("", text))
    return sum(_is_alike(_squashed(tag), words) for tag in tags) >= max(FEWEST, OWN * len(tags))


def _is_alike(tag: str, words: str) -> bool:
    return any(tag[at : at + ALIKE] in words for at in range(len(tag) - ALIKE + 1))


def _squashed(text: str) -> str:
    return "".join(filter(str.isalpha, fold(text).bare))
