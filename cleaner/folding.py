"""Undo disguise, with a map back: every folded character knows the interval it came from.

Two views of one length are made. In ``codes`` the letters are lower case, composed (NFC) and of
one alphabet, and keep their marks; in ``bare_codes`` the marks are stripped too (``đ`` → ``d``), so
that *xổ số*, *XO SO* and *xo so* meet. Sources: Unicode Standard Annex #15 (normal forms),
Unicode Technical Standard #39 (confusables); the look-alike table is a small selection of ours.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cleaner.arrays import distinct, ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.uint32]
    Offsets = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Traits = NDArray[np.uint8]
    _T = TypeVar("_T", bound=np.generic)

SIZE = 0x20000
"""Code points that the tables tell apart; those beyond, rare ideographs, are folded to the last of them."""
DROP = 0
"""What the tables map a character to that folding leaves out."""

_INVISIBLE = (0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0, 0x20E3)
_INVISIBLE_RANGES = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F))
_TAGS = (0xE0000, 0xE01EF)
"""Invisible, too, but beyond the tables."""
_MARKS = (0x0300, 0x036F)
_FOLDED_RANGES = (
    (0x0041, 0x0590),  # Latin, Greek, Cyrillic
    (0x1D00, 0x2000),  # phonetic letters, Latin extended additional (Vietnamese), Greek extended
    (0x2070, 0x20A0),
    (0x2100, 0x2190),
    (0x2460, 0x2500),  # circled and parenthesised letters
    (0x2C60, 0x2C80),
    (0xA720, 0xA800),
    (0xFB00, 0xFB07),
    (0xFF01, 0xFFEF),  # fullwidth and halfwidth forms
    (0x1D400, 0x1D800),  # mathematical alphabets
    (0x1F100, 0x1F18A),  # squared and negative circled letters
)
_LOOKALIKES = {
    "аɑα": "a",
    "вЬьβ": "b",
    "сϲ": "c",
    "ԁ": "d",
    "еёєε": "e",
    "ɡ": "g",
    "нһη": "h",
    "іїιɩ": "i",
    "јϳ": "j",
    "кκ": "k",
    "ӏ": "l",
    "мμ": "m",
    "пν": "n",
    "оοσө": "o",
    "рρ": "p",
    "ԛ": "q",
    "гя": "r",
    "ѕ": "s",
    "тτ": "t",
    "υцս": "u",
    "ѵ": "v",
    "ѡωш": "w",
    "хχ": "x",
    "уγүў": "y",
    "ᴢ": "z",
    "з": "3",
}
GAPS = " \u00a0._·*|/-"
_LETTER = r"[^\W_](?![^\W_])"
_SPELLED = re.compile(
    rf"(?<![^\W_])(?=[\d{GAPS}]{{0,6}}[^\W\d_])(?P<first>{_LETTER}(?P<gap>[{GAPS}]){_LETTER}(?:(?P=gap){_LETTER})*+)"
    rf"(?:[ ]{_LETTER}(?:(?P=gap){_LETTER})++)*+"
)
"""Words all of whose letters have the same sign between them; the words themselves have a space."""
_FEWEST, _FEWEST_OF_SHORT = 4, 8
"""Letters that it takes, and with two in the first word: three may be short for something, and so may two and two."""


@dataclass(frozen=True, eq=False)
class Folded:
    """Two folded views of a text and the way back."""

    codes: Codes
    """Lower case, composed, of one alphabet; marks kept."""
    bare_codes: Codes
    """The same without marks."""
    starts: Offsets
    """Offset in the given text where each folded character starts."""
    ends: Offsets
    original: Codes
    """The character as given, before folding, one for each folded character."""
    disguised: Mask
    """True where more than case was undone: styled letters, look-alikes, broken spelling."""

    @functools.cached_property
    def bare(self) -> str:
        """The view without marks, as a string."""
        return decode(self.bare_codes)

    @functools.cached_property
    def _marked(self) -> str:
        return decode(self.codes)

    def part(self, start: int, end: int) -> Folded:
        """The characters ``start..end``; what they map to in the given text stays."""
        cut = slice(start, end)
        return Folded(
            self.codes[cut],
            self.bare_codes[cut],
            self.starts[cut],
            self.ends[cut],
            self.original[cut],
            self.disguised[cut],
        )

    def text(self, start: int = 0, end: int | None = None) -> str:
        """The view with marks, or a slice of it, as a string."""
        return self._marked[start:end]


def fold(text: str) -> Folded:
    """Fold ``text``; linear in its length, any string (NUL and lone surrogates included)."""
    given = encode(text)
    tables = _tables()
    at = np.minimum(given, SIZE - 1).astype(np.intp)
    codes = look_up(tables.fold, at)
    traits = look_up(tables.traits, at)
    present = int(np.bitwise_or.reduce(traits))
    if present & _BEYOND:
        tags = (given >= _TAGS[0]) & (given <= _TAGS[1])
        codes[tags] = DROP
        present |= _DROPPED * bool(tags.any())
    disguised = traits & _STYLED != 0
    ends_extra = None
    if present & _MARK:
        codes, ends_extra = _compose(text, codes, np.flatnonzero(traits & _MARK))
    if present & (_FOREIGN | _MARK):
        _unmix_alphabets(codes, disguised)
    spelled = _spelled(text, traits)
    for start, end in spelled:
        between = np.arange(start + 1, end, 2)
        codes[between[given[between] == given[start + 1]]] = DROP
        disguised[start:end] = True
    if spelled or present & (_DROPPED | _MARK):
        starts = np.flatnonzero(codes != DROP)
        ends = starts + 1
        if ends_extra is not None:
            ends += ends_extra[starts]
        codes, original, disguised = codes[starts], given[starts], disguised[starts]
        disguised[1:] |= starts[1:] > ends[:-1]
    else:
        edges = np.arange(codes.size + 1, dtype=np.int64)
        starts, ends = edges[:-1], edges[1:]
        original = given
    return Folded(codes, look_up(tables.bare, codes), starts, ends, original, disguised)


def look_up(table: NDArray[_T], codes: NDArray[Any]) -> NDArray[_T]:
    """The entries for folded characters in a table of :data:`SIZE` code points."""
    return table.take(codes, mode="wrap")  # none lies outside, and this mode is the quickest


def encode(text: str) -> Codes:
    """The code points of ``text``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def decode(codes: Codes) -> str:
    """The string that has these code points."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def bare_term(term: str) -> str:
    """A term in the form in which it is found in ``Folded.bare``."""
    return fold(unicodedata.normalize("NFC", term)).bare


_MARK, _DROPPED, _FOREIGN, _GAP, _STYLED, _BEYOND = (1 << bit for bit in range(6))
"""What folding has to know of a character: a combining mark; left out; Greek, Cyrillic or phonetic; possible
between the letters of a word spelled out; changed in more than case; beyond the tables."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """One entry a code point."""

    fold: Codes
    bare: Codes
    traits: Traits
    latin_of: Codes
    """The Latin look-alike of a Greek or Cyrillic letter; 0 where there is none."""


@functools.cache
def _tables() -> _Tables:
    folded = np.arange(SIZE, dtype=np.uint32)
    bare = np.arange(SIZE, dtype=np.uint32)
    disguise = np.zeros(SIZE, dtype=bool)
    for first, last in _FOLDED_RANGES:
        for code in range(first, last):
            if 0x300 <= code <= 0x36F:
                continue
            char = chr(code)
            plain = unicodedata.normalize("NFKC", char).lower()
            if len(plain) != 1:
                plain = next((c for c in plain if c.isalnum()), char.lower()[0])
            folded[code] = ord(plain)
            disguise[code] = plain != char.lower()
            stripped = unicodedata.normalize("NFD", plain)[0]
            bare[code] = ord({"đ": "d", "ı": "i", "ø": "o", "ł": "l"}.get(stripped, stripped))
    for first in (0x1F150, 0x1F170):
        folded[first : first + 26] = np.arange(97, 123)
        disguise[first : first + 26] = True
    folded[0x3002] = ord("。")
    for first, last in (*_INVISIBLE_RANGES, *((code, code) for code in _INVISIBLE)):
        folded[first : last + 1] = DROP
    folded[0] = folded[0xD800:0xE000] = 0xFFFD
    folded[0x00A0] = folded[0x202F] = folded[0x3000] = ord(" ")
    latin_of = np.zeros(SIZE, dtype=np.uint32)
    for letters, latin in _LOOKALIKES.items():
        for letter in letters:
            latin_of[ord(letter)] = ord(latin)
    return _Tables(folded, bare, _traits(folded, disguise), latin_of)


def _traits(folded: Codes, disguise: Mask) -> Traits:
    traits = np.where(disguise, np.uint8(_STYLED), np.uint8(0))
    traits[_MARKS[0] : _MARKS[1] + 1] |= _MARK
    traits[folded == DROP] |= _DROPPED
    traits[_is_foreign(folded)] |= _FOREIGN
    traits[[ord(gap) for gap in GAPS]] |= _GAP
    traits[SIZE - 1] |= _BEYOND
    return traits


def _spelled(text: str, given: Traits) -> list[tuple[int, int]]:
    """Where words are spelled out (*x o s o*), by the traits of the characters as given."""
    gap = given & _GAP != 0
    between = ~gap[:-2] & gap[1:-1] & ~gap[2:]
    found: list[tuple[int, int]] = []
    for start in np.flatnonzero(between[:-2] & between[2:]).tolist():
        if (not found or start >= found[-1][1]) and (match := _SPELLED.match(text, start)):
            start, end = match.span()
            fewest = _FEWEST if len(match["first"]) > 3 else _FEWEST_OF_SHORT
            if end - start >= 2 * fewest - 1:
                found.append((start, end))
    return found


def _compose(text: str, codes: Codes, marks: Offsets) -> tuple[Codes, Offsets]:
    """Put each letter and its combining marks together; also how many marks each position ate."""
    extra = np.zeros(codes.size, dtype=np.int64)
    fold = _tables().fold
    codes[marks] = DROP
    runs = np.flatnonzero(np.diff(marks, prepend=-2) > 1)
    for first, last in zip(marks[runs].tolist(), marks[np.append(runs[1:], marks.size) - 1].tolist(), strict=True):
        if first:
            letter = unicodedata.normalize("NFC", text[first - 1 : last + 1])[0]
            codes[first - 1] = fold[min(ord(letter), SIZE - 1)]
            extra[first - 1] = last + 1 - first
    return codes, extra


def _is_foreign(codes: Codes) -> Mask:
    return np.asarray((codes >= 0x370) & (codes <= 0x52F) | (codes >= 0x1D00) & (codes <= 0x1D7F))


def _unmix_alphabets(codes: Codes, disguised: Mask) -> None:
    """Turn look-alikes inside words of mixed alphabets into the word's own alphabet, in place."""
    foreign = np.flatnonzero(_is_foreign(codes))
    if foreign.size:
        lines, at = _lines_of(codes, foreign)
        changed, letters = _unmixed(codes[at], lines)
        codes[at[changed]] = letters
        disguised[at[changed]] = True


def _lines_of(codes: Codes, found: Offsets) -> tuple[Offsets, Offsets]:
    """The lines in which something was found: the number of the line of each of their characters, and its offset."""
    breaks = np.flatnonzero(codes == 0x0A)
    line = distinct(np.searchsorted(breaks, found))
    edges = np.r_[-1, breaks, codes.size]
    begins, sizes = edges[line] + 1, edges[line + 1] - edges[line] - 1
    return np.repeat(np.arange(line.size), sizes), ranges(begins, sizes)


def _unmixed(codes: Codes, lines: Offsets) -> tuple[Offsets, Codes]:
    """Where look-alikes stand that are to be changed, and into what; words are judged by their line."""
    is_foreign = _is_foreign(codes)
    foreign = np.flatnonzero(is_foreign)
    latin = (codes >= 97) & (codes <= 122) | (codes >= 0xC0) & (codes <= 0x24F) | (codes >= 0x1E00) & (codes <= 0x1EFF)
    letter = latin | is_foreign
    begins = letter.copy()
    begins[1:] &= ~letter[:-1] | (lines[1:] != lines[:-1])
    word_of_letter = np.cumsum(begins)[letter] - 1
    line_of_word = lines[begins]
    lengths = np.bincount(word_of_letter)
    word = word_of_letter[is_foreign[letter]]
    n_foreign = np.bincount(word, minlength=lengths.size)
    n_like = np.bincount(word[_tables().latin_of[codes[foreign]] > 0], minlength=lengths.size)
    n_latin = lengths - n_foreign
    latin_word = n_foreign == 0
    same_line = line_of_word[1:] == line_of_word[:-1]
    among_latin = np.r_[False, latin_word[:-1] & same_line] & np.r_[latin_word[1:] & same_line, False]
    alike = (n_like == n_foreign) & ~latin_word
    to_latin = alike & (n_latin > 0) & ((n_latin >= n_foreign) | among_latin)
    to_latin |= alike & (n_latin == 0) & (n_foreign > 2) & among_latin
    to_cyrillic = (n_latin > 0) & (n_foreign > n_latin) & ~to_latin
    chosen = foreign[to_latin[word]]
    others = np.flatnonzero(latin)[to_cyrillic[word_of_letter[latin[letter]]]]
    others = others[codes[others] < 128]
    letters = np.r_[_tables().latin_of[codes[chosen]], _cyrillic_of()[codes[others]]]
    return np.r_[chosen, others], letters


@functools.cache
def _cyrillic_of() -> Codes:
    table = np.arange(128, dtype=np.uint32)
    for latin, cyrillic in zip("abcehikmnoptxy", "авсеникмпортху", strict=True):
        table[ord(latin)] = ord(cyrillic)
    return table
