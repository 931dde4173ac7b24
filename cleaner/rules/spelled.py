"""Words spelled out, a sign between each letter and the next: who writes so hides them from machines.

Honest articles hold such runs, too, one in thousands: alphabets, vowels, sounds (IPA), initials, formulae. None of
these goes on like words do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import distinct
from cleaner.folding import GAPS, Folded, bare_term
from cleaner.tokens import Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 8
"""Letters and digits from which a run counts."""
_SEVERAL, _WITHIN = 4, 10
"""Letters that stand apart from the one before, in so many letters, from which it is worth looking closer."""
_NEXT = r"(?>(?P=gap){1,3}|[ ])"
_RUN = re.compile(rf"(?<![^\W_])[^\W_](?P<gap>[{GAPS}])(?:[^\s_]{_NEXT})*[^\W_](?![^\W_])")
"""Single characters with the same sign between them, words perhaps parted by a space."""
_QUOTED = frozenset("\"'“”‘’«»「」/[]")
_VOWELS = frozenset("aeiouyаеиоуыэюяё")
_SOUNDS = re.compile(r"[\u0250-\u02ff]")
"""Letters and signs of the International Phonetic Alphabet."""


def spelled_tokens(folded: Folded, tokens: Tokens) -> NDArray[np.int64]:
    """Tokens, ascending, with which there begin letters that folding put together: what may be spelled out."""
    apart = np.flatnonzero(folded.starts[1:] > folded.ends[:-1])
    together = apart[: -(_SEVERAL - 1)][apart[_SEVERAL - 1 :] - apart[: -(_SEVERAL - 1)] < _WITHIN]
    return distinct(np.searchsorted(tokens.starts, together, side="right") - 1)


def find_spelled(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of the words in ``text`` that are spelled out in small letters, from left to right.

    A line that is nothing else may be a heading with wide letters, and does not count; neither does what is quoted.
    """
    for run in _RUN.finditer(text):
        start, end = run.span()
        if _reads_like_words(run[0]) and not _is_quoted(text, start, end) and not _is_line(text, start, end):
            yield start, end


def _reads_like_words(run: str) -> bool:
    """Whether single characters are letters of words rather than a list of letters, codes or sounds."""
    characters = [c for c in run if c.isalnum()]
    letters = [c for c in characters if c.isalpha()]
    if len(characters) < LEAST or len(letters) * 2 <= len(characters) or _SOUNDS.search(run):
        return False
    if sum(c.islower() for c in letters) * 2 < len(letters):
        return False
    plain = bare_term("".join(letters))
    vowels = sum(c in _VOWELS for c in plain) / len(plain)
    rising = sum(a <= b for a, b in pairwise(plain)) / max(1, len(plain) - 1)
    return 0.2 <= vowels <= 0.75 and rising < 0.8 and len(set(plain)) > 4


def _is_quoted(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] in _QUOTED or text[end : end + 1] in _QUOTED


def _is_line(text: str, start: int, end: int) -> bool:
    """Whether the line holds no word but those of the run."""
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    rest = text[first:start] + text[end : last if last >= 0 else len(text)]
    return not any(c.isalnum() for c in rest)
