"""Tokens → hashed features, all in numpy; training and run time share this one module.

Every token gets :data:`WIDTH` features: the hashed words, their neighbours, affixes and shapes
around it, what the rules saw there, and how often the word and the step from its neighbour occur
in clean text. Feature hashing: Weinberger et al. 2009.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cleaner.arrays import distinct
from cleaner.evidence import View
from cleaner.folding import Folded
from cleaner.model.clean_text import CleanText
from cleaner.model.context import recurrence, topic_fit
from cleaner.tokens import APART, DIGIT, LETTER, SIGN, THAI_BASE, UNIT, Tokens, kind_table, vietnamese_letters
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.model.passages import Passages

    _T = TypeVar("_T", bound=np.generic)
    Hashes = NDArray[np.uint64]
    Small = NDArray[np.uint8]

_BASE = 0x9E3779B97F4A7C15 | 1
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LATIN, _VIETNAMESE, _CYRILLIC, _HAN, _KANA, _HANGUL, _THAI, _OTHER = range(8)
SHAPES_OF = {"brand": 1, "domain": 4, "honest-domain": 6, "hashtag": 7}


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What is seen of each token at first sight; one array entry a token."""

    word: Hashes
    pair: Hashes
    """The word with the one before it."""
    gap: Small
    lexicon: Small
    """0: none; else 1 + 3 × category + strength (0..2)."""
    begins: Small
    """1 where a phrase of the lexicon begins."""
    mark: Small
    """What a rule for shapes saw: 0 nothing, 1–3 brand by weight, 4–5 domain, 6 honest domain, 7 hashtag."""
    rarity: Small
    """0 unseen in clean text … 5 very frequent."""
    recurs: Small
    """How often the word stands elsewhere in the whole text, 0..3."""
    fluency: Small
    """How often the token follows the one before in clean text, 0 never … 5."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Glance):
    """Everything that is known of each token of the passages that are read closely."""

    bare: Hashes
    prefix: Hashes
    """The first three letters, marks stripped."""
    suffix: Hashes
    """The last three."""
    shape: Small
    unmarked_run: Small
    """Length of the run of Latin words without marks that the token stands in, 0..7."""
    script: Small
    foreign: Small
    """1 where the script is not that of most of the text."""
    triple: Small
    """How often the token follows the two before."""
    disguised: Small
    vietnamese: Small
    """1 where most of the text is Vietnamese."""
    opens: NDArray[np.bool_]
    """Where a passage begins."""
    fit: Small
    """How well the word fits the topic of the rest of the text: 0 not at all … 9; 10 where nothing is known."""
    fit_around: Small
    """The same of the words around it together."""
    extent: Small
    """Logarithm of the number of tokens of the whole text, in six steps."""


def glance(view: View, clean: CleanText, first: NDArray[np.int64], last: NDArray[np.int64]) -> Glance:
    """The first look at each token of ``view``; the tokens of each text stand between ``first`` and ``last``."""
    tokens = view.tokens
    word = span_hashes(view.folded.codes, tokens.starts, tokens.ends)
    pair = pair_key(word)
    lexicon, begins = _lexicon_columns(view)
    return Glance(
        word=word,
        pair=pair,
        gap=tokens.gaps,
        lexicon=lexicon,
        begins=begins,
        mark=_mark_column(view),
        rarity=clean.rarity(word),
        recurs=recurrence(word, first, last),
        fluency=clean.fluency(pair),
    )


def columns(passages: Passages, clean: CleanText) -> Columns:
    """Everything that is known of each token of ``passages``."""
    folded, tokens, number = passages.folded, passages.tokens, passages.number
    starts, codes = tokens.starts, folded.codes
    seen = passages.batch.glance
    script = _scripts(codes, tokens.kinds, starts)
    marked = _reduce(codes > 127, starts) > 0
    latin = script <= _VIETNAMESE
    vietnamese, family = _languages(passages)
    foreign = (np.where(latin, _LATIN, script) != family) & (tokens.kinds >= LETTER) & (tokens.kinds != DIGIT)
    opens = np.zeros(number.size, dtype=bool)
    opens[passages.first] = True
    triple = triple_key(seen.word[np.maximum(number - 2, 0)], seen.word[np.maximum(number - 1, 0)], seen.word[number])
    ends = tokens.ends
    bare, prefix, suffix = span_hashes(
        folded.bare_codes,
        np.stack([starts, starts, np.maximum(ends - 3, starts)]),
        np.stack([ends, np.minimum(starts + 3, ends), ends]),
    )
    fit, fit_around = topic_fit(passages, clean)
    extent = np.log2(np.clip(passages.batch.last - passages.batch.first, 32, 2047)) - 5
    return Columns(
        **{name: getattr(seen, name)[number] for name in Glance.__dataclass_fields__},
        bare=bare,
        prefix=prefix,
        suffix=suffix,
        shape=_shapes(folded, tokens, marked),
        unmarked_run=_runs(latin & ~marked & (tokens.kinds == LETTER), opens),
        script=script,
        foreign=foreign.astype(np.uint8),
        triple=clean.fluency(triple),
        disguised=(_reduce(folded.disguised, starts) > 0).astype(np.uint8),
        vietnamese=vietnamese.astype(np.uint8),
        opens=opens,
        fit=fit,
        fit_around=fit_around,
        extent=extent[passages.text].astype(np.uint8)[passages.owner],
    )


def _languages(passages: Passages) -> tuple[NDArray[np.bool_], Small]:
    """Of each token's whole text: whether it is Vietnamese, and the script of most of its letters."""
    batch = passages.batch
    codes = batch.view.folded.codes
    vietnamese = np.zeros(len(batch.starts), dtype=bool)
    family = np.zeros(len(batch.starts), dtype=np.uint8)
    for text in distinct(passages.text).tolist():
        own = codes[slice(*batch.characters(text))]
        vietnamese[text] = vietnamese_letters(own).sum() * 25 > (own >= 97).sum()
        family[text] = np.bincount(_families().take(own, mode="clip"), minlength=9)[:_OTHER].argmax()
    text = passages.text[passages.owner]
    return vietnamese[text], family[text]


@functools.cache
def _families() -> Small:
    """Script of every code point; Latin with and without marks are one."""
    kinds = kind_table()
    table = np.full(kinds.size, _OTHER, dtype=np.uint8)
    table[(kinds == LETTER) | (kinds == UNIT) | (kinds == THAI_BASE)] = _OTHER + 1
    letters = table != _OTHER
    for family, first, last in (
        (_LATIN, 0, 0x24F),
        (_LATIN, 0x1E00, 0x1EFF),
        (_CYRILLIC, 0x400, 0x52F),
        (_THAI, 0xE01, 0xE4F),
    ):
        region = table[first : last + 1]
        region[letters[first : last + 1]] = family
    unit = kinds == UNIT
    table[unit] = _HAN
    table[0x3041:0x3100][unit[0x3041:0x3100]] = _KANA
    table[0xAC00:0xD7FF][unit[0xAC00:0xD7FF]] = _HANGUL
    return table


def span_hashes(codes: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Hashes:
    """A 64-bit polynomial hash of each ``codes[start:end]``, independent of where it stands; of any shape."""
    powers, inverses = _powers(max(1, _room(codes.size)))
    sums = np.zeros(codes.size + 1, dtype=np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[: codes.size], out=sums[1:])
    return scramble((sums[ends] - sums[starts]) * inverses[starts])


def pair_key(word: Hashes) -> Hashes:
    """A key of each token with the one before it."""
    return scramble(shift(word, -1) * _MIX_1 + word)


def triple_key(before: Hashes, left: Hashes, word: Hashes) -> Hashes:
    """A key of each token with the two before it."""
    return scramble((before * _MIX_2 + left) * _MIX_1 + word)


def scramble(key: Hashes) -> Hashes:
    """Spread the bits of each key (finaliser of SplitMix64, Steele et al. 2014)."""
    key = (key ^ (key >> np.uint64(30))) * _MIX_1
    key = (key ^ (key >> np.uint64(27))) * _MIX_2
    return key ^ (key >> np.uint64(31))


def shift(values: NDArray[_T], by: int) -> NDArray[_T]:
    """``values[i + by]`` at each i; 0 beyond the edges."""
    moved = np.zeros_like(values)
    if by < 0:
        moved[-by:] = values[:by]
    elif by > 0:
        moved[:-by] = values[by:]
    else:
        moved[:] = values
    return moved


def hashed_features(seen: Columns, bits: int) -> NDArray[np.int32]:
    """Feature numbers in ``0..2**bits`` of every token, as an array of (token, :data:`WIDTH`)."""
    keys = _keys(seen)
    table = np.empty((seen.word.size, len(keys)), dtype=np.int32)
    down = np.uint64(64 - bits)
    for number, key in enumerate(keys):
        seed = np.uint64((number + 1) * _BASE & (2**64 - 1))
        table[:, number] = ((key ^ seed) * _MIX_1 ^ seed) >> down
    return table


def _keys(seen: Columns) -> list[Hashes]:
    """The features before hashing. Order is part of a model: append, never insert."""
    bare = seen.bare
    before = np.where(seen.opens, _ONE, shift(bare, -1))
    closes = np.append(seen.opens[1:], True)[: seen.opens.size]
    next_gap = np.where(closes, np.uint8(APART), shift(seen.gap, 1))
    return [
        seen.word,
        bare,
        _join(before, bare),
        seen.prefix,
        seen.suffix,
        pack(seen.lexicon, seen.begins),
        pack(seen.mark, seen.shape),
        seen.shape.astype(np.uint64),
        pack(seen.gap, next_gap),
        pack(seen.unmarked_run, seen.script, seen.foreign, seen.vietnamese),
        pack(seen.rarity, seen.fluency, seen.triple),
        pack(seen.disguised, seen.shape, seen.gap),
        pack(seen.recurs, seen.rarity, seen.extent),
        pack(seen.fit, seen.rarity, seen.extent),
        pack(seen.fit_around, seen.extent),
    ]


WIDTH = 15
LEXICAL = slice(0, 5)
"""The features that name words."""
RULES = [5, 6]
"""The features that hold finds of the rules."""
_ONE = np.uint64(0x51ED270B)


def _join(left: Hashes, right: Hashes) -> Hashes:
    return (left * _MIX_2 + right) * _MIX_1


def pack(*values: NDArray[np.unsignedinteger[Any]]) -> Hashes:
    """Small numbers of each token into one key."""
    key = np.zeros(values[0].size, dtype=np.uint64)
    for value in values:
        key = key * np.uint64(911) + value
    return scramble(key)


def _reduce(mask: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.add.reduceat(mask, starts, dtype=np.int64) if starts.size else np.zeros(0, dtype=np.int64)


def _shapes(folded: Folded, tokens: Tokens, marked: NDArray[np.bool_]) -> Small:
    """Kind, case and length of each token in one byte."""
    raised = (folded.original != folded.codes) & (folded.original < 0x2000)
    n_raised = _reduce(raised, tokens.starts)
    digits = _reduce((folded.codes >= 48) & (folded.codes <= 57), tokens.starts)
    lengths = tokens.ends - tokens.starts
    first = raised[tokens.starts].astype(np.int64)
    case = np.where(n_raised == 0, 0, np.where((n_raised == lengths) & (lengths > 1), 2, np.where(first == 1, 1, 3)))
    kind = _KIND_CLASS[tokens.kinds]
    kind = np.where((kind == 1) & (digits > 0), 3, kind)
    kind = np.where((kind == 2) & (digits < lengths), 3, kind)
    sign = kind == 0
    code = folded.codes[tokens.starts]
    sign_class = _SIGN_CLASS[np.minimum(code, 0x2FFF)]
    length_class = _LENGTH_CLASS[np.minimum(lengths, 15)]
    shape = ((kind * 4 + case) * 4 + length_class) * 2 + marked
    return np.where(sign, 200 + sign_class, shape).astype(np.uint8)


_KIND_CLASS = np.array([0, 0, 0, 1, 2, 4, 5, 5], dtype=np.int64)
_LENGTH_CLASS = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3], dtype=np.int64)
_SIGN_CLASS = np.zeros(0x3000, dtype=np.int64)
for _number, _signs in enumerate(
    (".!?…。", ",;:，、；：", "()[]{}", "\"'“”‘’«»", "-–—|/", "【】〔〕「」『』", "#@", "%+=*&$€₫"), 1
):
    for _sign in _signs:
        if ord(_sign) < 0x3000:
            _SIGN_CLASS[ord(_sign)] = _number


def _scripts(codes: NDArray[np.uint32], kinds: Small, starts: NDArray[np.int64]) -> Small:
    code = codes[starts]
    script = np.full(code.size, _OTHER, dtype=np.uint8)
    script[code < 0x250] = _LATIN
    script[(code >= 0x1E00) & (code <= 0x1EFF)] = _LATIN
    viet = vietnamese_letters(codes)
    viet |= (codes == 0x0103) | (codes == 0x00EA) | (codes == 0x00F4) | (codes == 0x00E2)
    script[(script == _LATIN) & (_reduce(viet, starts) > 0)] = _VIETNAMESE
    script[(code >= 0x400) & (code <= 0x52F)] = _CYRILLIC
    script[kinds == THAI_BASE] = _THAI
    unit = kinds == UNIT
    script[unit] = _HAN
    script[unit & (code >= 0x3041) & (code <= 0x30FF)] = _KANA
    script[unit & (code >= 0xAC00) & (code <= 0xD7FF)] = _HANGUL
    script[(kinds == SIGN) | (kinds == DIGIT)] = _OTHER
    return script


def _runs(mask: NDArray[np.bool_], opens: NDArray[np.bool_]) -> Small:
    """Length of the run that each true entry stands in, at most 7; 0 for false entries. No run crosses ``opens``."""
    begins = mask & (opens | ~shift(mask, -1))
    run = np.cumsum(begins)
    lengths = np.minimum(np.bincount(run[mask], minlength=1), 7).astype(np.uint8)
    return np.asarray(np.where(mask, lengths[np.minimum(run, lengths.size - 1)], 0), dtype=np.uint8)


def _lexicon_columns(view: View) -> tuple[Small, Small]:
    lexicon = np.zeros(len(view.tokens), dtype=np.uint8)
    begins = np.zeros(len(view.tokens), dtype=np.uint8)
    if view.hits:
        first = np.searchsorted(view.tokens.starts, [hit.start for hit in view.hits])
        last = np.searchsorted(view.tokens.starts, [hit.end for hit in view.hits])
        for hit, begin, end in zip(view.hits, first, last, strict=True):
            strength = 2 if hit.term.weight > 0.75 else 1 if hit.term.weight > 0.45 else 0
            lexicon[begin:end] = 1 + 3 * CATEGORIES.index(hit.term.category) + strength
            begins[begin : begin + 1] = 1
    return lexicon, begins


def _mark_column(view: View) -> Small:
    marks = np.zeros(len(view.tokens), dtype=np.uint8)
    for shape in view.shapes:
        begin = np.searchsorted(view.tokens.ends, shape.start, side="right")
        end = np.searchsorted(view.tokens.starts, shape.end)
        mark = SHAPES_OF[shape.kind]
        if shape.kind == "brand":
            mark += int(shape.weight > 0.4) + int(shape.weight > 0.65)
        elif shape.kind == "domain":
            mark += int(shape.weight > 0.5)
        marks[begin:end] = np.maximum(marks[begin:end], mark)
    return marks


def _room(size: int) -> int:
    return 1 << max(12, (size - 1).bit_length())


@functools.cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    inverse = pow(_BASE, -1, 2**64)
    powers = np.full(size, _BASE & (2**64 - 1), dtype=np.uint64)
    inverses = np.full(size, inverse, dtype=np.uint64)
    powers[0] = inverses[0] = 1
    return np.cumprod(powers), np.cumprod(inverses)
