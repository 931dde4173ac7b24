"""Records of a container that somebody changed: which of them are still what they were made."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import IO, Any, cast

from cleaner.archive.findings import digest_of
from cleaner.archive.formats import module_of
from cleaner.archive.ledger import Ledger, edits
from cleaner.archive.ledger.containers import Container
from cleaner.archive.ledger.edits import Document
from cleaner.archive.records import ArchiveError, Layout, Text, unnamed
from cleaner.archive.splice import Splice, inverse
from cleaner.edit import apply
from cleaner.types import Edit

_PIECE = 1 << 22
_STATES = ["cut", "undoing"]
_CHANGED = "changed since it was written; left as it is"
_UNSPELLED = "holds half characters, which the ledger does not keep; left as it is"
_SEVERAL = "cannot be told from others of the same text; left as it is"
_Place = tuple[str, str]
"""What the record is called, and the field."""
_Key = tuple[_Place, str]
"""… and the digest of its text."""


class Match:
    """The documents of a container that are to be restored, and where they stand now.

    A record is known by what it is called and by its text; one that is only called by its place, by its text alone. If
    there are more of the same than there are to be restored, nobody can tell which are meant. The text of a document of
    which a part was restored before is one that becomes its source when the other edits are taken back, too.
    """

    def __init__(self, ledger: Ledger, container: Container) -> None:
        self._ledger = ledger
        self._module, self._layout = module_of(container.format), container.layout or Layout()
        self._wanted: defaultdict[_Key, deque[Document]] = defaultdict(deque)
        self._parted: defaultdict[_Place, list[Document]] = defaultdict(list)
        for document in edits.documents(ledger, container.id, _STATES):
            if not any(state == "undoing" for _, state in document.patches):
                continue
            if ledger.count("edit", "document = ? AND state = 'undone'", document.id):
                self._parted[_place(document)].append(document)
            else:
                self._wanted[_place(document), document.digest_after].append(document)
        self._lost: list[tuple[Document, str]] = []

    def splices(self, stream: IO[bytes]) -> Iterator[Splice]:
        """What restores the documents where they stand in a stream; what cannot be is :meth:`lost`."""
        count = Counter(key for text in self._texts(stream) for key in [self._known(text)] if key in self._wanted)
        self._lost += ((document, _CHANGED) for documents in self._parted.values() for document in documents)
        for key in [key for key, documents in self._wanted.items() if count[key] != len(documents)]:
            cause = _SEVERAL if count[key] > len(self._wanted[key]) else _CHANGED
            self._lost += ((document, cause) for document in self._wanted.pop(key))
        for text in self._texts(stream):
            if documents := self._wanted.get(_key(text)):
                yield from self._restored(text, documents.popleft())

    def lost(self) -> list[tuple[Document, str]]:
        """The documents that could not be restored, and why."""
        return self._lost

    def _texts(self, stream: IO[bytes]) -> Iterator[Text]:
        stream.seek(0)
        for piece in self._module.pieces(cast("Any", stream), self._layout, _PIECE):
            yield from (text for text in self._module.texts(piece, self._layout) if isinstance(text, Text))

    def _known(self, text: Text) -> _Key:
        """The key of a text; where a part of it was restored before, its documents are wanted by it from now on."""
        key = _key(text)
        parted = self._parted.get(key[0], [])
        for document in [document for document in parted if self._is_of(text, document)]:
            parted.remove(document)
            self._wanted[key].append(document)
        return key

    def _is_of(self, text: Text, document: Document) -> bool:
        """Whether a text is what the edits that were not taken back make of the source of a document."""
        with suppress(ArchiveError):
            source = apply(text.text, self._back(document, _STATES))
            done = [edit for edit, _, _ in edits.each(self._ledger, document.id, _STATES)]
            return digest_of(source) == document.digest_before and apply(source, done) == text.text
        return False

    def _back(self, document: Document, states: Collection[str]) -> list[Edit]:
        """What takes back the edits in these states of the text of a document.

        Raises:
            ArchiveError: the ledger does not keep what they removed.
        """
        back: list[Edit] = []
        moved = 0
        for edit, removed, state in edits.each(self._ledger, document.id, _STATES):
            if len(removed) != edit.end - edit.start:
                raise ArchiveError(_UNSPELLED)
            if state in states:
                back.append(Edit(edit.start + moved, edit.start + moved + len(edit.replacement), removed))
            moved += len(edit.replacement) - len(removed)
        return back

    def _restored(self, text: Text, document: Document) -> list[Splice]:
        """What restores a text: the bytes that there were if its record is as it was made, else others that say so."""
        try:
            back = self._back(document, ["undoing"])
            now = [Splice(text.offset + start, old, new) for start, old, new in text.patches(back)]
        except ArchiveError as error:
            self._lost.append((document, str(error)))
            return []
        applied = ((Splice(text.offset + p.start, p.old, p.new), state == "undoing") for p, state in document.patches)
        then = list(inverse(applied))
        is_unmoved = [splice[:2] for splice in now] == [splice[:2] for splice in then]
        return then if is_unmoved else now


def _key(text: Text) -> _Key:
    return _place(text), digest_of(text.text)


def _place(one: Text | Document) -> _Place:
    return "" if one.record == unnamed(one.offset) else one.record, one.name
