"""Records of a container that somebody changed: which of them are still what they were made."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from typing import IO, Any, cast

from cleaner.archive.findings import digest_of
from cleaner.archive.formats import module_of
from cleaner.archive.ledger import Container, Document, Ledger
from cleaner.archive.records import ArchiveError, Layout, Text, unnamed
from cleaner.archive.splice import Splice, inverse
from cleaner.types import Edit

_PIECE = 1 << 22
_STATES = ["cut", "undoing"]
_CHANGED = "changed since it was written; left as it is"
_UNSPELLED = "holds half characters, which the ledger does not keep; left as it is"
_SEVERAL = "cannot be told from others of the same text; left as it is"
_Key = tuple[str, str, str]
"""What the record is called, the field, and the digest of its text."""


class Match:
    """The documents of a container that are to be restored, and where they stand now.

    A record is known by what it is called and by its text; one that is only called by its place, by its text alone. If
    there are more of the same than there are to be restored, nobody can tell which are meant.
    """

    def __init__(self, ledger: Ledger, container: Container) -> None:
        self._ledger = ledger
        self._module, self._layout = module_of(container.format), container.layout or Layout()
        self._wanted: defaultdict[_Key, deque[Document]] = defaultdict(deque)
        for document in ledger.documents(container.id, _STATES):
            if any(state == "undoing" for _, state in document.patches):
                self._wanted[_key(document, document.digest_after)].append(document)
        self._lost: list[tuple[Document, str]] = []

    def splices(self, stream: IO[bytes]) -> Iterator[Splice]:
        """What restores the documents where they stand in a stream; what cannot be is :meth:`lost`."""
        count = Counter(key for text in self._texts(stream) for key in [_key(text, digest_of(text.text))]
                        if key in self._wanted)  # fmt: skip
        for key in [key for key, documents in self._wanted.items() if count[key] != len(documents)]:
            cause = _SEVERAL if count[key] > len(self._wanted[key]) else _CHANGED
            self._lost += ((document, cause) for document in self._wanted.pop(key))
        for text in self._texts(stream):
            documents = self._wanted.get(_key(text, digest_of(text.text)))
            if documents:
                yield from self._restored(text, documents.popleft())

    def lost(self) -> list[tuple[Document, str]]:
        """The documents that could not be restored, and why."""
        return self._lost

    def _texts(self, stream: IO[bytes]) -> Iterator[Text]:
        stream.seek(0)
        for piece in self._module.pieces(cast("Any", stream), self._layout, _PIECE):
            yield from (text for text in self._module.texts(piece, self._layout) if isinstance(text, Text))

    def _restored(self, text: Text, document: Document) -> list[Splice]:
        """What restores a text: the bytes that there were if its record is as it was made, else others that say so."""
        back: list[Edit] = []
        moved = 0
        try:
            for edit, removed, state in self._ledger.edits(document.id, _STATES):
                if len(removed) != edit.end - edit.start:
                    raise ArchiveError(_UNSPELLED)
                if state == "undoing":
                    back.append(Edit(edit.start + moved, edit.start + moved + len(edit.replacement), removed))
                moved += len(edit.replacement) - len(removed)
            now = [Splice(text.offset + start, old, new) for start, old, new in text.patches(back)]
        except ArchiveError as error:
            self._lost.append((document, str(error)))
            return []
        applied = ((Splice(text.offset + p.start, p.old, p.new), state == "undoing") for p, state in document.patches)
        then = list(inverse(applied))
        is_unmoved = [splice[:2] for splice in now] == [splice[:2] for splice in then]
        return then if is_unmoved else now


def _key(one: Text | Document, digest: str) -> _Key:
    return "" if one.record == unnamed(one.offset) else one.record, one.name, digest
