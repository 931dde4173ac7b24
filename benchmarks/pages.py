"""Real pages: fetched from the source packages of two article extractors, and how many of them the cleaner touches.

The pages are articles and front pages of news sites in a dozen languages, saved by the packages' authors for their
tests. All are honest but one, a site that was hacked; whoever reads a finding can judge for himself.

Exit status: 0 when the share of pages with a cut is within the limit, 1 when not, 2 when it cannot be measured.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click
from packages import PackageError, unpack
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

SOURCES = {
    "gne-0.4.3": "26ed77fc2b96d5e9dd28b288ebfdeaf6bf7f034a92b8f75067c64eefffd0b4a9",
    "newspaper4k-0.9.6": "a3f2f0e017dddb6f1019ee77aaa8980e13e6ecea0b949abc7167aae4770d2d0e",
}
"""Packages and the SHA-256 of their source archives."""
INFECTED = ("gne-0.4.3/tests/njxfhn/1.html",)
"""The pages that hold an injection."""
SMALLEST = 5000
"""Bytes; smaller files are no pages."""
LIMIT = 0.02
"""Share of the honest pages from which something may be cut."""


@dataclass(frozen=True)
class Page:
    """A page and where it comes from."""

    name: str
    """Path within the folder, with slashes."""
    source: str

    @property
    def package(self) -> str:
        """The package that it was published with."""
        return self.name.partition("/")[0]


def fetch(folder: Path) -> None:
    """Download the packages that are not there yet and unpack their pages.

    Raises:
        PackageError: a package cannot be had, or is not what it was.
    """
    for package, digest in SOURCES.items():
        unpack(package, digest, folder, lambda m: m.name.endswith((".html", ".htm")) and m.size >= SMALLEST)


def pages_of(folder: Path) -> list[Page]:
    """The distinct pages of a folder, decoded as the command line does it."""
    from cleaner.document.encoding import decode

    found: dict[bytes, Page] = {}
    for file in sorted(folder.rglob("*.htm*")):
        data = file.read_bytes()
        found.setdefault(data, Page(file.relative_to(folder).as_posix(), decode(data).text))
    if not found:
        raise PackageError(f"{folder} holds no pages")
    return list(found.values())


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("build/pages"))
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of the built-in.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, folder: Path, model: Path | None, json_file: Path | None) -> None:
    """Fetch real pages into FOLDER (once), and tell how many the cleaner touches."""
    from cleaner import Cleaner, CleanerError

    console = Console()
    try:
        cleaner = Cleaner(model)
    except CleanerError as error:
        raise PackageError(str(error)) from error
    fetch(folder)
    pages = [page for page in pages_of(folder) if page.name not in INFECTED]
    results = list(cleaner.clean_many([page.source for page in pages], format="html"))
    table = Table("package", "honest pages", "with a cut", "with a finding", box=SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    rows: list[tuple[str, int, int, int]] = []
    for package in [*dict.fromkeys(page.package for page in pages), ""]:
        own = [r for page, r in zip(pages, results, strict=True) if package in ("", page.package)]
        cut, found = sum(bool(r.edits) for r in own), sum(bool(r.findings) for r in own)
        rows.append((package or "all", len(own), cut, found))
        table.add_row(*map(str, rows[-1]))
    console.print(table)
    for page, result in zip(pages, results, strict=True):
        for finding in result.findings:
            if finding.action == "strip":
                quote = " ".join(finding.quote.split())[:80]
                console.print(f"{page.name}: {finding.category} {finding.score:.2f} {quote!r}", markup=False)
    share = sum(bool(result.edits) for result in results) / len(pages)
    console.print(
        f"honest pages with a cut: {share:.3f}, {'within' if share <= LIMIT else 'above'} the limit of {LIMIT}"
    )
    if json_file:
        json_file.write_text(
            json.dumps(
                {
                    "limit": LIMIT,
                    "share": share,
                    "packages": [dict(zip(("package", "pages", "cut", "found"), row, strict=True)) for row in rows],
                },
                indent=1,
            )
            + "\n",
            "utf-8",
        )
    ctx.exit(0 if share <= LIMIT else 1)


if __name__ == "__main__":
    main()
