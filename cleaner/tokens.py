"""Cut a folded text into tokens: words, single characters of scripts without spaces, signs.

A token is the unit of every boundary that the classifier can choose, so words that a spammer (or
a careless CMS) glued together are parted again: *mặnnhà* → *mặn·nhà*, *thụqx88* → *thụ·qx88*.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.arrays import distinct, ranges
from cleaner.folding import SIZE, Folded, look_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]
    Kinds = NDArray[np.uint8]

SIGN, SPACE, BREAK, LETTER, DIGIT, UNIT, THAI_BASE, THAI_MARK = range(8)
GLUED, SPACED, BROKEN, APART = range(4)
"""What stands before a token: nothing, white space, a line break, an empty line or the edge."""

_UNITS = (
    (0x1100, 0x11FF),
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3041, 0x318E),
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFFDC),
    (SIZE - 1, SIZE - 1),
)
_SIGNS = ((0x2000, 0x20CF), (0x2190, 0x2BFF), (0x3000, 0x3004), (0x3008, 0x3020), (0xD800, 0xF8FF), (0x1F000, 0x1FAFF))
_LEADING_VOWELS = (0x0E40, 0x0E44)
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnpqrstvx])?"
    r"(?:uye|uya|uay|uao|uoi|uou|uyu|ieu|yeu|oai|oay|oao|oeo|[iu]e|ye|ia|ua|ya|uo|uy|ui|uu|oa|oe|oi|oo|ai|ao|au|ay|eo|eu|iu|a|e|i|o|u|y)"
    r"(?P<final>ch|ng|nh|[cmnpt])?"
)
_SHORTEST_GLUED, _LONGEST_GLUED = 5, 256
"""Characters of a word that may be more than one; parting goes as deep as there are parts."""
_NEAR = 4
"""How many words away a Vietnamese letter speaks for the language of a word."""
_MARKS = re.compile("[\u0300-\u036f]")
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_NO_NH = re.compile("(?:[aou][\u0302\u0306\u031b]|[ou])[cn]h$")


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Tokens of a folded text; offsets index the folded characters."""

    starts: Offsets
    ends: Offsets
    kinds: Kinds
    """Kind of the first character: SIGN, LETTER, DIGIT, UNIT or THAI_BASE."""
    gaps: Kinds
    """What stands before each token: GLUED, SPACED, BROKEN or APART."""

    def __len__(self) -> int:
        return int(self.starts.size)


def tokenize(folded: Folded, cuts: Iterable[int] = ()) -> Tokens:
    """Cut ``folded`` into tokens, and inside words also at the offsets ``cuts``."""
    codes = folded.codes
    kinds = look_up(kind_table(), codes)
    solid = (kinds != SPACE) & (kinds != BREAK)
    word = (kinds == LETTER) | (kinds == DIGIT)
    begins = solid.copy()
    begins[1:] &= ~(word[1:] & word[:-1])
    thai = kinds == THAI_MARK
    if thai.any() or (kinds == THAI_BASE).any():
        begins[1:] &= ~(thai[1:] & ((kinds[:-1] == THAI_BASE) | thai[:-1]))
        leading = (codes >= _LEADING_VOWELS[0]) & (codes <= _LEADING_VOWELS[1])
        begins[1:] &= ~((kinds[1:] == THAI_BASE) & leading[:-1])
    extra = np.fromiter(cuts, dtype=np.int64)
    if extra.size:
        extra = extra[(extra > 0) & (extra < codes.size)]
        begins[extra] |= solid[extra]
    finishes = solid.copy()
    finishes[:-1] &= begins[1:] | ~solid[1:]
    starts = np.flatnonzero(begins)
    ends = np.flatnonzero(finishes) + 1
    inner = _glued_words(folded, starts, ends, kinds)
    if inner.size:
        after = np.searchsorted(starts, inner)
        starts, ends = np.insert(starts, after, inner), np.insert(ends, after - 1, inner)
    return Tokens(starts, ends, kinds[starts], _gaps(codes, kinds, starts, ends))


def _gaps(codes: NDArray[np.uint32], kinds: Kinds, starts: Offsets, ends: Offsets) -> Kinds:
    """What stands before each token."""
    gaps = np.zeros(starts.size, dtype=np.uint8)
    gaps[1:] = np.where(starts[1:] > ends[:-1], np.uint8(SPACED), np.uint8(GLUED))
    breaks = np.flatnonzero(kinds == BREAK)
    within_crlf = (codes[breaks] == 0x0D) & (codes.take(breaks + 1, mode="clip") == 0x0A)
    n_breaks = np.bincount(np.searchsorted(starts, breaks[~within_crlf]), minlength=starts.size)[: starts.size]
    gaps[n_breaks == 1] = BROKEN
    gaps[n_breaks > 1] = APART
    gaps[:1] = APART
    return gaps


@functools.cache
def kind_table() -> Kinds:
    """Kind of every code point."""
    table = np.full(SIZE, LETTER, dtype=np.uint8)
    known = table[:0x3100]
    characters = [chr(code) for code in range(known.size)]
    known[[not c.isalpha() for c in characters]] = SIGN
    known[[c.isdecimal() for c in characters]] = DIGIT
    known[[c.isspace() for c in characters]] = SPACE
    for code in (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029):
        table[code] = BREAK
    for first, last in _SIGNS:
        region = table[first : last + 1]
        region[region == LETTER] = SIGN
    for first, last in _UNITS:
        table[first : last + 1] = UNIT
    table[0x0E01:0x0E50] = THAI_BASE
    table[[0x0E30, 0x0E31, 0x0E32, 0x0E33, 0x0E45, *range(0x0E34, 0x0E3B), *range(0x0E46, 0x0E4F)]] = THAI_MARK
    table[0x0E3F] = SIGN
    table[0x0300:0x0370] = LETTER
    return table


def kind_of(character: str) -> int:
    """Kind of one character."""
    return int(kind_table()[min(ord(character), SIZE - 1)])


@functools.lru_cache(maxsize=65536)
def is_syllable(marked: str) -> bool:
    """Whether a word can be one Vietnamese syllable: its letters, at most one tone, and a final that bears it."""
    letters = unicodedata.normalize("NFD", marked)
    match = _SYLLABLE.fullmatch(_MARKS.sub("", letters).replace("đ", "d"))
    tones = _TONES.findall(letters)
    if match is None or len(tones) > 1:
        return False
    final = match["final"] or ""
    if final in ("c", "ch", "p", "t") and tones and tones[0] not in "\u0301\u0323":
        return False
    return not (final in ("nh", "ch") and _NO_NH.search(_TONES.sub("", letters)))


def vietnamese_letters(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Where letters stand that no other language of ours uses."""
    marked = (codes >= 0x1EA0) & (codes <= 0x1EF9)
    return np.asarray(marked | (codes == 0x0111) | (codes == 0x01B0) | (codes == 0x01A1))


def _glued_words(folded: Folded, starts: Offsets, ends: Offsets, kinds: Kinds) -> Offsets:
    """Offsets inside words where one word ends and the next begins: at a change of style, and near Vietnamese words."""
    inner = _style_changes(folded, kinds)
    vietnamese = vietnamese_letters(folded.codes)
    if vietnamese.any():
        edges = np.append(starts, kinds.size)
        for i in _suspects(folded, starts, ends, kinds).tolist():
            near = slice(edges[max(i - _NEAR, 0)], edges[min(i + _NEAR + 1, starts.size)])
            if vietnamese[near].any():
                start, end = int(starts[i]), int(ends[i])
                raised = (folded.original[start:end] != folded.codes[start:end]).tobytes()
                inner += [start + at for at in _part(folded.text(start, end), folded.bare[start:end], raised)]
    return distinct(np.array(inner, dtype=np.int64))


def _style_changes(folded: Folded, kinds: Kinds) -> list[int]:
    """Offsets inside words where styled letters (mathematical, fullwidth) meet plain ones."""
    original = folded.original
    styled = (original >= 0x1D400) & (original < 0x1D800) | (original >= 0xFF10) & (original <= 0xFF5A)
    if not styled.any():
        return []
    word = (kinds == LETTER) | (kinds == DIGIT)
    return (np.flatnonzero(word[1:] & word[:-1] & (styled[1:] != styled[:-1])) + 1).tolist()


def _suspects(folded: Folded, starts: Offsets, ends: Offsets, kinds: Kinds) -> Offsets:
    """Numbers of the long words that have a digit, or a mark and two groups of vowels."""
    lengths = ends - starts
    fits = (lengths >= _SHORTEST_GLUED) & (lengths <= _LONGEST_GLUED)
    found = np.flatnonzero(fits & ((kinds[starts] == LETTER) | (kinds[starts] == DIGIT)))
    if not found.size:
        return found
    sizes = lengths[found]
    begins, letters = np.cumsum(sizes) - sizes, ranges(starts[found], sizes)
    digit = kinds[letters] == DIGIT
    vowel = look_up(_vowels(), folded.bare_codes[letters])
    after_vowel = np.append(False, vowel[:-1])
    after_vowel[begins] = False
    parts = np.add.reduceat((vowel & ~after_vowel) + np.uint16(2) * digit, begins)
    special = np.logical_or.reduceat(digit | (folded.codes[letters] > 127), begins)
    return found[(parts > 1) & special]


@functools.cache
def _vowels() -> NDArray[np.bool_]:
    table = np.zeros(SIZE, dtype=bool)
    table[[ord(letter) for letter in "aeiouy"]] = True
    return table


@functools.lru_cache(maxsize=65536)
def _part(marked: str, bare: str, raised: bytes) -> tuple[int, ...]:
    """Offsets that part a word into Vietnamese syllables and at most one foreign head or tail.

    The longest first syllable that leaves a good rest wins; one before a capital, or a consonant, comes first.

    Args:
        marked: the word, with its marks.
        bare: without them.
        raised: one byte a letter, 1 where it was changed by folding: a capital.
    """
    if len(bare) < _SHORTEST_GLUED or not marked.isalnum() or is_syllable(marked):
        return ()
    if marked.isascii() and not (len(bare) > 5 and marked[0].isalpha() and any(c.isdigit() for c in bare)):
        return ()
    best: tuple[int, ...] = ()
    for length in sorted(
        range(1, min(7, len(bare) - 1) + 1),
        key=lambda n: (raised[n] <= raised[n - 1], bare[n] in "aeiouy", -n),
    ):
        head, tail = marked[:length], marked[length:]
        if not is_syllable(head) or (length == 1 and head.isascii()):
            continue
        if is_syllable(tail) and not marked.isascii():
            return (length,)
        if tail.isascii() and _is_foreign_tail(head, tail):
            best = best or (length,)
        elif len(tail) > 5 and not marked.isascii():
            rest = _part(tail, bare[length:], raised[length:])
            if rest and not best:
                best = (length, *(length + offset for offset in rest))
    return best or _foreign_head(marked)


def _is_foreign_tail(head: str, tail: str) -> bool:
    if head.isascii():
        return len(head) > 2 and _is_brandlike(tail)
    return (len(tail) > 2 and tail[0] not in "aeiouy") or _is_brandlike(tail)


def _foreign_head(marked: str) -> tuple[int, ...]:
    """Where a word without marks ends and one syllable with marks begins."""
    for length in range(max(1, len(marked) - 7), len(marked) - 1):
        head, tail = marked[:length], marked[length:]
        if head.isascii() and not tail.isascii() and is_syllable(tail):
            return (length,) if len(head) > 3 or any(c.isdigit() for c in head) else ()
    return ()


def _is_brandlike(bare: str) -> bool:
    return re.fullmatch(r"[a-z]{1,9}\d{1,4}[a-z]{0,4}|\d{1,4}[a-z]{2,6}|[a-z]{1,5}bet|[a-z]{1,6}win", bare) is not None
