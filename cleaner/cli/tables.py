"""Tables on a terminal: one heading, names to the left, numbers to the right, as wide as they are; texts are folded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cleaner.cli.show import Piece, Screen
from cleaner.files import label

if TYPE_CHECKING:
    from rich.table import Table

NOTHING = "–"
"""In a cell that does not apply."""
_NAME, _SAID = 44, 72
"""Characters of a line of a name, and of what is said of it."""


def new_table(first: str, *others: str) -> Table:
    """An empty table with these headings."""
    made = _new()
    made.add_column(first, no_wrap=True)
    for heading in others:
        made.add_column(heading, justify="right", no_wrap=True)
    return made


def new_list(heading: str) -> Table:
    """An empty table of names and what is to be said of each, in words."""
    made = _new()
    made.add_column(heading, overflow="fold", max_width=_NAME)
    made.add_column("", overflow="fold", max_width=_SAID)
    return made


def _new() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")


def add_row(table: Table, *cells: str) -> None:
    """Words from outside are shown escaped."""
    from rich.text import Text

    table.add_row(*(Text(label(cell)) if cell != NOTHING else Text(cell, "dim") for cell in cells))


def print_table(screen: Screen, table: Table) -> None:
    """Show a table, and an empty line after it."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=1000, color_system="standard", force_terminal=True)
    for line in console.render_lines(table, pad=False):
        pieces: list[Piece] = [(segment.text, str(segment.style or "")) for segment in line]
        while pieces and not pieces[-1][0].strip():
            pieces.pop()
        if pieces:
            pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
        screen.print(*pieces)
    screen.print("")
