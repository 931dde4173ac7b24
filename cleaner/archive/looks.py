"""Texts laid end to end: their words, and the marks beside them, as hashes that an archive can be counted by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cleaner.archive.findings import Portion
from cleaner.archive.formats import module_of
from cleaner.archive.records import Text
from cleaner.document import read
from cleaner.document.targets import host_of, site_of
from cleaner.folding import Folded, bare_term, fold
from cleaner.model.features import scramble, span_hashes
from cleaner.rules.markup import link_weights
from cleaner.rules.shapes import Known, find_phones, find_shapes
from cleaner.tokens import BROKEN, SIGN, Tokens, tokenize
from cleaner.types import Document, Element

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]
    Levels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

LONG = 8
"""Words of a run that is counted, or characters of scripts without spaces; a power of two."""
_BATCH = 1 << 18
"""Characters that are looked at together."""
LONGEST = 400
"""Characters of an occurrence that are kept."""
_GAP = "\n\n"
_HANDLES = {"@": re.compile(r"@(?<![\w.@/]@)[a-z][\w.]{2,}"), ".me/": re.compile(r"\.me/\+?[\w.]{3,}")}
"""Names on social networks, and addresses of those, by what they begin with."""
MIX = np.uint64(0x9E3779B97F4A7C15)
"""What hashes are multiplied by to tell an order from another."""


def texts_of(portions: Iterable[Portion]) -> Iterator[Text]:
    """The texts of some portions."""
    for portion in portions:
        for record in module_of(portion.format).texts(portion.piece, portion.layout):
            if isinstance(record, Text):
                yield record


def batches_of(texts: Iterable[Text]) -> Iterator[list[Text]]:
    """Texts that are looked at together."""
    batch: list[Text] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text.text)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Texts laid end to end, and their words: one entry a word."""

    records: Sequence[Text]
    documents: Sequence[Document]
    offsets: Ints
    """Where each text begins in ``text``."""
    text: str
    folded: Folded
    tokens: Tokens
    first: Ints
    """Offset in the folded text."""
    last: Ints
    kinds: Levels
    owner: Ints
    """Number of the document."""
    line: Ints
    hashes: Hashes

    def document_of(self, at: int) -> int:
        """The document that an offset in the folded text is part of."""
        return int(np.searchsorted(self.offsets, self.folded.starts[at], side="right")) - 1

    def words(self, start: int, end: int) -> tuple[int, int]:
        """The words that stand in ``start..end`` of the folded text."""
        return int(np.searchsorted(self.last, start, side="right")), int(np.searchsorted(self.first, end))


def look_at(records: Sequence[Text]) -> Look:
    """Texts laid end to end; what stands in one is told from what stands in the next by the gap between them."""
    documents = [read(record.text, record.format) for record in records]
    lengths = np.array([len(document.text) + len(_GAP) for document in documents], dtype=np.int64)
    offsets = np.cumsum(lengths) - lengths
    text = _GAP.join(document.text for document in documents)
    folded = fold(text)
    tokens = tokenize(folded)
    words = tokens.kinds != SIGN
    first, last = tokens.starts[words], tokens.ends[words]
    of_each = np.diff(np.append(np.searchsorted(folded.starts[first], offsets), first.size))
    return Look(
        records,
        documents,
        offsets,
        text,
        folded,
        tokens,
        first,
        last,
        tokens.kinds[words],
        np.repeat(np.arange(len(documents)), of_each),
        np.cumsum(tokens.gaps >= BROKEN)[words],
        span_hashes(folded.bare_codes, first, last),
    )


def pairs_of(look: Look) -> tuple[Hashes, Mask]:
    """A key of each word with the next, and whether both stand in one line."""
    return pair_of(look.hashes[:-1], look.hashes[1:]), look.line[1:] == look.line[:-1]


def pair_of(left: Hashes, right: Hashes) -> Hashes:
    """A key of two words, given their hashes."""
    return scramble(left * MIX + right)


def runs_of(look: Look) -> tuple[Hashes, Mask]:
    """A key of each word with those behind it, and whether the line has so many."""
    keys = look.hashes
    for length in (1, 2, 4):
        keys = scramble(keys)[:-length] * MIX + keys[length:]
    return keys, look.line[: keys.size] == look.line[LONG - 1 :][: keys.size]


class Mark(NamedTuple):
    """What is counted beside words: a brand, a contact, the target or the words of a link."""

    owner: int
    kind: str
    key: int
    start: int
    """Offset in the folded text."""
    end: int
    link: float = 0.0
    is_hidden: bool = False
    site: str = ""


def marks_of(look: Look, known: Known) -> Iterator[Mark]:
    """The marks of all documents; those in links first."""
    for number, document in enumerate(look.documents):
        if document.targets:
            yield from _links(look, number, document, known)
    for shape in find_shapes(look.folded, look.tokens, known):
        owner = look.document_of(shape.start)
        if shape.kind == "brand":
            yield Mark(owner, "brand", _key("brand", shape.detail), shape.start, shape.end)
        elif shape.kind == "domain":
            site = site_of(shape.detail.replace("。", ".").replace("．", ".").strip("."))
            key = _key("target", site)
            yield Mark(owner, "target", key, shape.start, shape.end, shape.weight, site=site)
    bare = look.folded.bare
    patterns = (pattern for beginning, pattern in _HANDLES.items() if beginning in bare)
    handles = (found.span() for pattern in patterns for found in pattern.finditer(bare))
    for start, end in (*find_phones(bare), *handles):
        name = "".join(c for c in bare[start:end] if c.isalnum() or c in "@/_")
        yield Mark(look.document_of(start), "contact", _key("contact", name), start, end)


def _links(look: Look, number: int, document: Document, known: Known) -> Iterator[Mark]:
    """The links of a document that lead to sites of which nothing good is known."""
    weight = link_weights(document, known)
    if not any(weight(target) for target in document.targets):
        return
    starts, offset = look.folded.starts, int(look.offsets[number])
    for element in document.elements:
        of = weight(element.href) if element.href else 0.0
        site = site_of(host_of(element.href) or "") if of else ""
        if not site:
            continue
        start, end = np.searchsorted(starts, (offset + element.text_start, offset + element.text_end)).tolist()
        yield Mark(number, "target", _key("target", site), start, end, of, bool(element.hidden), site)
        words = _words_of(document, element)
        if words:
            yield Mark(number, "anchor", _key("anchor", words), start, end, of, bool(element.hidden), site)


def _words_of(document: Document, element: Element) -> str:
    words = document.text[element.text_start : element.text_end]
    return " ".join(bare_term(words).split()) if len(words) <= LONGEST else ""


def _key(kind: str, name: str) -> int:
    return int.from_bytes(blake2b(f"{kind} {name}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
