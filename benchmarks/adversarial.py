"""Time per byte of hostile HTML, beside an ordinary page of the same size in the same run.

Exit status: 0 when every hostile page is read and cleaned within the limit, 1 when not, 2 when it cannot be measured.
"""

from __future__ import annotations

import gc
import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click
import material
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table
from throughput import MB, BenchmarkError, keep_to_one_core

if TYPE_CHECKING:
    from cleaner import Cleaner

LIMIT = 3.0
"""Times the time per byte of an ordinary page."""
SIZES = (0.5, 2.0)
"""Megabytes. What grows faster than its size shows in the larger one."""
LARGE = 50.0
"""Megabytes of the one large page."""
LONG = 2.0
"""Seconds from which one round is enough."""
ORDINARY = "ordinary page"
_HIDDEN = '<div style="display:none">{}</div>'
_SPAM = "nhà cái uy tín tặng tiền cược"

REPEATED = {
    "<a <a <a …": "<a ",
    '<a =" …': '<a ="',
    "<a x='…' x=\"…": "<a x='\" y=\"' ",
    "< < <": "< ",
    "</ </ </": "</ ",
    "</a </a </a": "</a ",
    "<!-- nested": "<!-- ",
    "<!-- … --!> … -": "<!-- - -- --!> -",
    "<! and <?": "<! x <? y ",
    "div, unclosed": "<div>",
    "div and span, unclosed": "<div><span>",
    "p, each closes the last": "<p>",
    "inline tags, mis-nested": "<b><i></b></i>",
    "a in block, mis-nested": "<a href=//x.vn><div></a>",
    "end tags of nothing": "</b></div></p></td>",
    "formatting, unclosed": "<b class=x>a",
    "entities": "&amp;&#273;&notin;&NotEqualTilde;",
    "half entities": "&am&#&#x&notit&&#x;",
    "numbers of references without end": "&#1111111111111111111111111111111111111111111111111111",
    "script and <!--": "<script><!--<script></script>--></script>",
    "script, never closed": "<script><!-- <script ",
    "script end tags": "<script></scrip></script ",
    "title, unclosed": "<title>a",
    "style, unclosed": "<style>a{}",
    "textarea, unclosed": "<textarea>a",
    "noscript, nested": "<noscript>a",
    "svg, nested": "<svg><g><title>a",
    "math, nested": "<math><mi>a",
    "templates, nested": "<template>a",
    "templates, closed": "<template><p>a</p></template>",
    "cells": "<td>a</td>",
    "tables, nested": "<table><tr><td>",
    "options": "<select><option>a<optgroup>",
    "lists, nested": "<ul><li>a",
    "br": "<br>",
    "NUL": "\0",
    "NULs in tags": "<a\0 \0=\0>\0</a\0>",
    "lone surrogates": "\ud800<b>\udfff</b>",
    "conditional comments": "<!--[if lt IE 9]><p>Cũ</p><![endif]-->",
    "conditional comments with links": '<!--[if IE]><a href="//x.vn/">Cũ</a><![endif]-->',
    "comments, unclosed links": "<!--<a href=//x.vn>a<a -->",
    "hidden blocks, empty": _HIDDEN.format(""),
    "hidden blocks, one letter": _HIDDEN.format("a"),
    "hidden blocks, spam": _HIDDEN.format(_SPAM),
    "hidden blocks, nested": '<div style="display:none">a',
    "style of many declarations": "<p style='{}'>a</p>".format("color:red;" * 100),
    "a line without spaces": "khôngcódấucách",
    "one letter": "a",
    "spaces": " ",
    "line breaks": "\n",
    "pre, nested": "<pre>\na",
    "alt texts": '<img alt="ảnh bìa">',
    "alt texts, spam": f'<img alt="{_SPAM}">',
    "CDATA": "<![CDATA[ a ]]>",
}
"""Units that are repeated to the size of the page."""
NUMBERED = {
    "attributes of one tag": ("<p ", "a{0}=b{0} ", ">a</p>"),
    "shown attributes of one tag": ("<p ", "title{0}='a' title=b{0} ", ">a</p>"),
    "one attribute": ('<p title="', "câu thứ {0}, ", '">a</p>'),
    "one style": ('<p style="', "--a{0}:b;", '">a</p>'),
    "one target": ('<p><a href="https://nhacai.top/', "{0}/", '">xem</a></p>'),
    "links to suspicious hosts": ("", '<a href="https://nhacai{0}.top/">bài {0}</a> ', ""),
    "links to one suspicious host": ("", '<a href="https://nhacai.top/{0}">xem thêm</a> ', ""),
    "links with words of spam": ("", f'<p><a href="https://bet{{0}}.top/">{_SPAM}</a></p>\n', ""),
    "links to suspicious hosts, nested": ("", '<a href="https://nhacai{0}.top/"><table><td>a', ""),
    "links, hidden": ('<div style="display:none">', '<a href="https://nhacai{0}.top/">bài {0}</a> ', "</div>"),
    "hidden blocks with links": ("", _HIDDEN.format('<a href="https://nhacai{0}.top/">b{0}</a>'), ""),
    "honest links": ("", '<p><a href="https://bao{0}.vn/">tin {0}</a></p>\n', ""),
    "spam on every line": ("", f"<p>Bài {{0}} viết về mùa lúa ở xã. {_SPAM} Kho{{0}}.</p>\n", ""),
    "comments with links": ("", '<!-- <a href="https://nhacai{0}.top/">bài {0}</a> -->', ""),
    "JSON-LD, many strings": (
        '<script type="application/ld+json">[',
        '{{"name": "bài {0}"}},',
        "]</script>",
    ),
    "JSON-LD, half strings": ('<script type="application/ld+json">[', '"name": "bài {0}\\\\', "]</script>"),
    "JSON-LD, escapes": ('<script type="application/ld+json">{"name":"', "\\u00e0\\n", '"}</script>'),
    "JSON-LD, deep": ('<script type="application/ld+json">', '{{"a":[', "</script>"),
    "scripts that write links": (
        "<script>",
        "document.write('<a href=\"//nhacai{0}.top/\">bài {0}</a>');\n",
        "</script>",
    ),
    "meta": ("", '<meta name="description" content="bài {0}">', ""),
    "unknown tags": ("", "<x{0}>a</x{0}>", ""),
    "unknown tags, unclosed": ("", "<x{0}>", ""),
    "unknown references": ("", "&x{0};", ""),
}
"""What stands before, in between again and again with a number, and behind."""


@dataclass(frozen=True)
class Measured:
    """How long a page takes."""

    page: str
    megabytes: float
    read: float
    """Seconds."""
    clean: float
    cuts: int

    def times(self, reference: Measured) -> tuple[float, float]:
        """Quotients of the times per byte of reading and cleaning."""
        size = self.megabytes / reference.megabytes
        return self.read / reference.read / size, self.clean / reference.clean / size


def hostile(size: int) -> dict[str, str]:
    """The hostile pages, each of about ``size`` bytes of UTF-8, by what they are made of."""
    pages = {name: _repeated(unit, size) for name, unit in REPEATED.items()}
    return pages | {name: _numbered(*parts, size) for name, parts in NUMBERED.items()}


def _repeated(unit: str, size: int) -> str:
    return unit * (size // material.size_of([unit]))


def _numbered(before: str, unit: str, behind: str, size: int) -> str:
    pieces: list[str] = []
    numbers = count()
    while size > 0:
        pieces.append(unit.format(next(numbers)))
        size -= material.size_of(pieces[-1:])
    return "".join((before, *pieces, behind))


def measure(cleaner: Cleaner, name: str, page: str, rounds: int) -> Measured:
    """Time a page behind an infected article, so that all there is to do is done."""
    from cleaner.document import read

    infected = f"<h1>Tin</h1><p>{material.plain('infected')[0]}</p>{page}"
    cuts = 0

    def clean() -> None:
        nonlocal cuts
        cuts = len(cleaner.clean(infected, "html").edits)

    reading = _seconds(lambda: read(infected, "html"), rounds)
    return Measured(name, material.size_of([infected]) / MB, reading, _seconds(clean, rounds), cuts)


def _seconds(work: Callable[[], object], rounds: int) -> float:
    """The best of some rounds; one, if it takes long."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
        if best > LONG:
            break
    return best


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of the built-in.")
@click.option("--megabytes", type=click.FloatRange(0.1), multiple=True, default=SIZES, show_default=True)
@click.option("--only", multiple=True, help="Measure only the pages with these words in their name.")
@click.option("--large", is_flag=True, help=f"Measure one honest page of {LARGE:g} MB, too.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="The best of so many counts.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(
    ctx: click.Context,
    model: Path | None,
    megabytes: tuple[float, ...],
    only: tuple[str, ...],
    large: bool,
    rounds: int,
    json_file: Path | None,
) -> None:
    """Time the reading and cleaning of hostile pages beside an ordinary one of the same size."""
    console = Console()
    place = keep_to_one_core()
    from cleaner import Cleaner, CleanerError

    try:
        cleaner = Cleaner(model)
    except CleanerError as error:
        raise BenchmarkError(str(error)) from error
    console.print(f"{place}; processor time, best of {rounds}", highlight=False)
    measure(cleaner, "warm-up", material.page(100_000), 1)
    sizes: dict[float, list[Measured]] = {}
    for size in megabytes:
        chosen = {name: page for name, page in hostile(int(size * MB)).items() if _is_wanted(name, only)}
        pages = {ORDINARY: material.page(int(size * MB)), **chosen}
        turns = track(pages.items(), f"{size:g} MB", console=Console(stderr=True))
        sizes[size] = [measure(cleaner, name, page, rounds) for name, page in turns]
    show(console, sizes)
    if large:
        found = measure(cleaner, f"{LARGE:g} MB", material.page(int(LARGE * MB)), 1)
        reference = sizes[megabytes[-1]][0]
        read, clean = found.times(reference)
        console.print(
            f"an honest page of {found.megabytes:.0f} MB: read in {found.read:.1f} s, {read:.2f} × the time per byte; "
            f"cleaned in {found.clean:.1f} s, {clean:.2f} ×; "
            f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB of memory",
            highlight=False,
        )
        sizes[LARGE] = [reference, found]
    beyond = {
        (name, f"{page.page}, {size:g} MB"): figure
        for size, found in sizes.items()
        for page in found[1:]
        for name, figure in zip(("read", "clean"), page.times(found[0]), strict=True)
        if figure > LIMIT
    }
    for (name, page), figure in beyond.items():
        console.print(f"beyond the limit of {LIMIT:g}: {name} {page}: {figure:.1f}", highlight=False)
    if json_file:
        report = {
            "limit": LIMIT,
            "passed": not beyond,
            "sizes": [
                {**vars(page), "times": dict(zip(("read", "clean"), page.times(found[0]), strict=True))}
                for found in sizes.values()
                for page in found
            ],
        }
        json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    ctx.exit(1 if beyond else 0)


def _is_wanted(name: str, only: tuple[str, ...]) -> bool:
    return not only or any(words in name for words in only)


def show(console: Console, sizes: dict[float, list[Measured]]) -> None:
    """Print the table: times per byte, as multiples of those of the ordinary page of the same size."""
    table = Table("page", box=SIMPLE_HEAD)
    for size in sizes:
        for what in ("read", "clean", "cuts"):
            table.add_column(f"{size:g} MB {what}" if what != "cuts" else what, justify="right")
    for rows in zip(*sizes.values(), strict=True):
        cells = []
        for found, row in zip(sizes.values(), rows, strict=True):
            cells += [*(f"{figure:.2f}" for figure in row.times(found[0])), str(row.cuts)]
        table.add_row(rows[0].page, *cells)
    console.print(table)
    for found in sizes.values():
        speeds = (found[0].megabytes / seconds for seconds in (found[0].read, found[0].clean))
        console.print("{} of {:.2f} MB: reads {:.1f} MB/s, cleans {:.2f}".format(ORDINARY, found[0].megabytes, *speeds))


if __name__ == "__main__":
    main()
