"""What a person sees: listings, reasons, diffs, complaints; nothing reaches a terminal but through here."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any, NamedTuple, TextIO

from cleaner.files import OutputError, cause, label, refusal
from cleaner.types import CleanerError, Edit, Finding, Result
from cleaner.visible import UNSAFE, visible

Piece = tuple[str, str]
"""Text and its style, in the words of rich."""
Line = list[Piece]

AROUND = 40
"""Characters shown on either side of a finding."""
LONGEST_QUOTE = 160
CONTEXT = 3
"""Unchanged lines shown around a change."""
ACTION_STYLES = {"strip": "bold red", "flag": "bold yellow"}
DIFF_STYLES = {" ": "", "-": "red", "+": "green"}
REMARKS = {
    "review": "left as it is: a person must decide",
    "spam": "left as it is: hardly anything of it is an honest article",
}


def explain(error: CleanerError | OSError) -> str:
    """One line about an error that ends the program."""
    if isinstance(error, OSError):
        return f"{label(str(error.filename))}: {cause(error)}" if error.filename else cause(error)
    return label(str(error))


def json_line(value: Mapping[str, Any]) -> bytes:
    """``value`` on one line of UTF-8, safe to print."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode() + b"\n"


class Screen:
    """A standard stream: text is escaped on its way, and coloured where that is wanted."""

    def __init__(self, stream: TextIO | None, name: str) -> None:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self._name = name
        self._print_above_bar: Callable[[str], None] | None = None
        self.is_terminal = stream is not None and stream.isatty()
        self.has_colour = _wants_colour(self.is_terminal)

    def print(self, *pieces: str | Piece, end: str = "\n") -> None:
        """Show text, or pairs of text and style, on the rest of the line."""
        text = "".join(map(self._render, pieces)) + end
        if self._print_above_bar:
            self._print_above_bar(text)
        else:
            with self._open() as stream:
                stream.write(text)

    def write(self, data: bytes) -> None:
        """Write bytes as they are; only for what no terminal shows, or for what is safe."""
        with self._open() as stream:
            stream.buffer.write(data)

    def complain(self, message: str) -> None:
        """Say in one line what went wrong; ``message`` is shown even if it cannot be."""
        with suppress(OSError, OutputError):
            self.print(("cleaner:", "bold red"), f" {message}")

    @contextmanager
    def progress(self, total: int, wanted: bool) -> Iterator[Callable[[], object]]:
        """A progress bar where it is ``wanted`` and possible; call what it yields after each of ``total`` steps."""
        if not (wanted and self.is_terminal and os.environ.get("TERM") != "dumb"):
            yield lambda: None
            return
        from rich.console import Console
        from rich.progress import Progress
        from rich.text import Text

        console = Console(file=self._stream)
        with Progress(console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
            task = bar.add_task("cleaning", total=total)
            self._print_above_bar = lambda text: console.print(Text.from_ansi(text), soft_wrap=True)
            try:
                yield lambda: bar.advance(task)
            finally:
                self._print_above_bar = None

    def _render(self, piece: str | Piece) -> str:
        text, style = (piece, "") if isinstance(piece, str) else piece
        text = visible(text)
        if not (style and text and self.has_colour):
            return text
        from rich.color import ColorSystem
        from rich.style import Style

        return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)

    @contextmanager
    def _open(self) -> Iterator[TextIO]:
        """The stream, flushed afterwards; one that fails is given up, so that nothing complains of it at exit."""
        if self._stream is None:
            raise OutputError(self._name, refusal(errno.EBADF))
        try:
            yield self._stream
            self._stream.flush()
        except BrokenPipeError:
            _give_up(self._stream)
            raise
        except OSError as error:
            _give_up(self._stream)
            raise OutputError(self._name, error) from error


def _give_up(stream: TextIO) -> None:
    with suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def standard_output() -> Screen:
    """What was asked for."""
    return Screen(sys.stdout, "standard output")


def standard_error() -> Screen:
    """What is said about it."""
    return Screen(sys.stderr, "standard error")


def _wants_colour(is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal and os.environ.get("TERM") != "dumb")


def show_findings(screen: Screen, name: str, result: Result, *, reasons: bool) -> None:
    """List what was found in an article, each with its place and the words around, and with ``reasons`` why."""
    for finding, (line, column) in zip(result.findings, _places(result), strict=True):
        screen.print(
            (f"{label(name)}:{line}:{column}", "bold"),
            "  ",
            (f"{finding.action:<5}", ACTION_STYLES[finding.action]),
            f"  {finding.category:<8}  {finding.score:.3f}  ",
            *_excerpt(result.source, finding),
        )
        for reason in finding.reasons if reasons else ():
            style = "green" if reason.contribution < 0 else "red"
            screen.print("    ", (f"{reason.contribution:+6.2f}", style), f"  {label(reason.text)}")
    if result.verdict in REMARKS and not result.edits:
        screen.print((label(name), "bold"), f"  {result.verdict}: {REMARKS[result.verdict]}")


def _places(result: Result) -> Iterator[tuple[int, int]]:
    """Line and column, from 1, of each finding."""
    line, line_start, position = 1, 0, 0
    for finding in result.findings:
        line += result.source.count("\n", position, finding.start)
        line_start = max(line_start, result.source.rfind("\n", position, finding.start) + 1)
        position = finding.start
        yield line, position - line_start + 1


def _excerpt(source: str, finding: Finding) -> Line:
    """The words of a finding in brackets, between those around it, on one line."""
    low, high = max(0, finding.start - AROUND), min(len(source), finding.end + AROUND)
    return [
        ("…" * (low > 0) + _on_one_line(source[low : finding.start]), "dim"),
        (f"[{quote(finding)}]", ACTION_STYLES[finding.action]),
        (_on_one_line(source[finding.end : high]) + "…" * (high < len(source)), "dim"),
    ]


def quote(finding: Finding) -> str:
    """The words of a finding on one line; the middle of long ones is left out."""
    words = finding.quote
    if len(words) > LONGEST_QUOTE:
        words = f"{words[: LONGEST_QUOTE // 2]} … {words[-LONGEST_QUOTE // 2 :]}"
    return _on_one_line(words)


def _on_one_line(text: str) -> str:
    return re.sub(r"\r?\n", "⏎", text).replace("\t", " ")


def show_diff(screen: Screen, name: str, result: Result) -> None:
    """What cleaning changes, as a unified diff; the characters cut and put in their place stand out in colour."""
    if not result.edits:
        return
    screen.print((f"--- {label(name)}", "bold"))
    screen.print((f"+++ {label(name)}", "bold"))
    lines = _SourceLines(result.source)
    shift = 0
    for hunk in _hunks(_changes(lines, result.edits)):
        low, high = max(0, hunk[0].first - CONTEXT), min(len(lines), hunk[-1].stop + CONTEXT)
        growth = sum(len(change.new) - len(change.old) for change in hunk)
        screen.print((f"@@ -{_range(low, high)} +{_range(low + shift, high + shift + growth)} @@", "cyan"))
        shift += growth
        for change in hunk:
            _print_lines(screen, " ", lines[low : change.first])
            _print_lines(screen, "-", change.old)
            _print_lines(screen, "+", change.new)
            low = change.stop
        _print_lines(screen, " ", lines[low:high])


class _SourceLines:
    """The lines of a source, known by where they start."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._bounds = [0, *(match.end() for match in re.finditer("\n", source))]
        if self._bounds[-1] < len(source):
            self._bounds.append(len(source))

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, indices: slice) -> list[Line]:
        bounds = self._bounds[indices.start : indices.stop + 1]
        return [[(self.source[start:end], "")] for start, end in pairwise(bounds)]

    def touched(self, edit: Edit) -> tuple[int, int]:
        """The first line that an edit touches, and the one after the last; the line that it runs into is touched."""
        first, stop = (min(bisect_right(self._bounds, offset), len(self)) for offset in (edit.start, edit.end))
        return first - 1, stop

    def span(self, first: int, stop: int) -> tuple[int, int]:
        return self._bounds[first], self._bounds[stop]


class _Change(NamedTuple):
    """Lines of the source, the first of them at index ``first``, and the lines they turn into."""

    first: int
    old: list[Line]
    new: list[Line]

    @property
    def stop(self) -> int:
        return self.first + len(self.old)


def _changes(lines: _SourceLines, edits: Iterable[Edit]) -> Iterator[_Change]:
    """What edits do to whole lines, in order; edits that meet in a line are one change."""
    together: list[Edit] = []
    first = stop = 0
    for edit in edits:
        edit_first, edit_stop = lines.touched(edit)
        if together and edit_first >= stop:
            yield _change(lines, first, stop, together)
            together = []
        if not together:
            first = edit_first
        together.append(edit)
        stop = edit_stop
    if together:
        yield _change(lines, first, stop, together)


def _change(lines: _SourceLines, first: int, stop: int, edits: Iterable[Edit]) -> _Change:
    """The lines from ``first`` to ``stop`` and what they turn into, without those that stay the same at either end."""
    position, end = lines.span(first, stop)
    old: Line = []
    new: Line = []
    for edit in edits:
        kept = (lines.source[position : edit.start], "")
        old += [kept, (lines.source[edit.start : edit.end], "reverse")]
        new += [kept, (edit.replacement, "reverse")]
        position = edit.end
    rest = (lines.source[position:end], "")
    before, after = _split([*old, rest]), _split([*new, rest])
    while before and after and _plain(before[-1]) == _plain(after[-1]):
        del before[-1], after[-1]
    while before and after and _plain(before[0]) == _plain(after[0]):
        del before[0], after[0]
        first += 1
    return _Change(first, before, after)


def _split(pieces: Line) -> list[Line]:
    """The lines of a text; their line breaks stay with them."""
    lines: list[Line] = [[]]
    for text, style in pieces:
        for part in re.findall(r"[^\n]*\n|[^\n]+", text):
            lines[-1].append((part, style))
            if part.endswith("\n"):
                lines.append([])
    return lines if lines[-1] else lines[:-1]


def _plain(line: Line) -> str:
    return "".join(text for text, _ in line)


def _hunks(changes: Iterable[_Change]) -> Iterator[list[_Change]]:
    """Changes so close to each other that they are shown in one piece."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change.first - hunk[-1].stop > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _range(low: int, high: int) -> str:
    """Lines as the header of a hunk counts them: from 1, or the line before where there is none."""
    return f"{low + (high > low)},{high - low}"


def _print_lines(screen: Screen, sign: str, lines: Iterable[Line]) -> None:
    style = DIFF_STYLES[sign]
    for line in lines:
        shown = [(text.removesuffix("\r\n").removesuffix("\n"), f"{style} {own}".strip()) for text, own in line]
        screen.print((sign, style), *shown)
        if not _plain(line).endswith("\n"):
            screen.print("\\ No newline at end of file")
