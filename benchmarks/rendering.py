"""Screenshots of the infected pages of the fixtures before and after cleaning, and of the pages as they were.

What was injected stands between ⟦ and ⟧ in a fixture. Two things must hold, pixel by pixel: a page that is restored
looks as it did before the injection, everywhere; and where the injection had moved nothing (hidden blocks, comments,
attributes, links around honest words), cleaning changes nothing outside of the boxes that the browser gave to it.

Exit status: 0 when both hold for every page, 1 when not, 2 when it cannot be measured (no Chromium).
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from material import ROOT
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cleaner.document.lexer import Tokens, lex

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from selenium.webdriver import Chrome

PAGES = ROOT / "fixtures" / "pages"
SIZE = 1000, 4000
"""Pixels of the window, wide and high."""
MARGIN = 2
"""Pixels by which letters reach over their boxes."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
PART = re.compile("⟦(.*?)⟧", re.S)
KINDS = {
    "comment": r"<!--(?! wp:)",
    "script": r"<script",
    "hidden block": r"<\w+[^>]* (?:style|hidden|class|width)\b|<noscript",
    "link": r"<a\b|</a>",
    "block": r"<(?:p|li|h\d|!-- wp:)\b",
}
"""What was injected, by what its source looks like; words in the text or in an attribute otherwise."""

# Where the letters of the article stand, and the boxes of what was injected.
PLACES = """
const within = (node) => { for (let e = node.parentElement; e; e = e.parentElement)
  if (e.dataset.injected === "whole") return true; return false; };
const rects = (list) => Array.from(list,
  (r) => [r.left + scrollX, r.top + scrollY, r.right + scrollX, r.bottom + scrollY]);
const boxes = [], letters = [], range = document.createRange();
for (const e of document.querySelectorAll("[data-injected]")) {
  const marker = getComputedStyle(e).display === "list-item" ? 40 : 0;  // it stands before the box
  range.selectNodeContents(e);
  for (const [left, ...rest] of rects(e.getClientRects())) boxes.push([left - marker, ...rest]);
  boxes.push(...rects(range.getClientRects()));
}
const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
let injected = false;
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  if (node.nodeType === Node.COMMENT_NODE) {
    if (node.data === "[[") injected = true;
    if (node.data === "]]") injected = false;
  } else if (injected || within(node)) {
    range.selectNodeContents(node);
    boxes.push(...rects(range.getClientRects()));
  } else {
    for (let at = 0; at < node.length; at++) {
      if (!node.data[at].trim()) continue;
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      for (const r of rects(range.getClientRects())) letters.push(r.map((v) => Math.round(v * 64)).join());
    }
  }
}
return {boxes, letters};
"""


class BrowserError(click.ClickException):
    """There is no browser to look with."""

    exit_code = 2


@dataclass(frozen=True)
class Seen:
    """How a page looks before and after."""

    page: str
    injected: str
    restored: bool
    """Whether cleaning gives the bytes of the page as it was."""
    moved: bool
    """Whether the injection moved letters of the article."""
    outside: int
    """Pixels outside the boxes of the injection that cleaning changes."""
    differs: int
    """Pixels in which the cleaned page differs from the page as it was."""

    @property
    def holds(self) -> bool:
        """Whether nothing can be seen of the injection or of the cut."""
        return (self.moved or not self.outside) and (not self.restored or not self.differs)


def kind_of(parts: list[str]) -> str:
    """What was injected, in a word or a few."""
    found = [next((kind for kind, sign in KINDS.items() if re.search(sign, part, re.I)), "words") for part in parts]
    return ", ".join(dict.fromkeys(found))


def marked(fixture: str) -> str:
    """The infected page with marks that take no room: comments around injected words, attributes on injected tags."""
    source, parts = "", []
    for number, piece in enumerate(PART.split(fixture)):
        if number % 2:
            parts.append((len(source), len(source) + len(piece)))
        source += piece
    tokens = lex(source)
    for at, mark in sorted({mark for part in parts for mark in _marks(tokens, *part)}, reverse=True):
        source = source[:at] + mark + source[at:]
    return source


def _marks(tokens: Tokens, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Where marks of an injected part stand, and what they are."""
    first, last = bisect_right(tokens.ends, start), bisect_left(tokens.starts, end)
    is_markup = first == last or (start <= tokens.starts[first] and tokens.ends[last - 1] <= end)
    tags = [tag for tag in tokens.tags[first:last] if tag.name and not tag.is_childless]
    is_whole = is_markup and 2 * sum(tag.is_start for tag in tags) == len(tags)
    for tag, at in zip(tokens.tags[first:last], tokens.starts[first:last], strict=True):
        if tag.is_start:
            yield at + 1 + len(tag.name), f' data-injected="{"whole" if is_whole else "tag"}"'
    before = tokens.tags[first - 1] if first else None
    if is_markup and not (before and before.is_start and before.name in ("textarea", "title")):
        yield start, "<!--[[-->"
        yield end, "<!--]]-->"


@contextmanager
def browser() -> Iterator[Chrome]:
    """A headless Chromium without network.

    Raises:
        BrowserError: there is none, or it does not start.
    """
    try:
        from selenium import webdriver
        from selenium.common.exceptions import WebDriverException
    except ImportError as error:
        raise BrowserError(str(error)) from error
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        raise BrowserError("no Chromium, or no chromedriver, is installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size={},{}".format(*SIZE)):
            options.add_argument(flag)
        try:
            chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
        except WebDriverException as error:
            raise BrowserError(f"Chromium does not start: {error.msg}") from error
        try:
            chrome.execute_cdp_cmd("Network.enable", {})
            chrome.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*"]})
            yield chrome
        finally:
            chrome.quit()


def look(chrome: Chrome, place: Path, source: str) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """A screenshot of a page, and where its letters and the injection stand."""
    from PIL import Image

    place.write_bytes(source.encode())
    chrome.get(place.as_uri())
    places: dict[str, Any] = chrome.execute_script(PLACES)
    picture = base64.b64decode(
        chrome.execute_cdp_cmd(
            "Page.captureScreenshot",
            {"clip": {"x": 0, "y": 0, "width": SIZE[0], "height": SIZE[1], "scale": 1}, "captureBeyondViewport": True},
        )["data"]
    )
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")), places


def compare(chrome: Chrome, folder: Path, name: str, fixture: str, cleaned: str) -> Seen:
    """Look at a page as it was, infected, and cleaned."""
    original = PART.sub("", fixture)
    place = folder / "page.html"
    as_it_was, honest = look(chrome, place, original)
    after, _ = look(chrome, place, cleaned)
    _, places = look(chrome, place, marked(fixture))
    before, _ = look(chrome, place, PART.sub(r"\1", fixture))
    changed = (before != after).any(axis=2)
    for left, top, right, bottom in places["boxes"]:
        rows = slice(max(0, int(top) - MARGIN), max(0, int(bottom) + 1 + MARGIN))
        changed[rows, max(0, int(left) - MARGIN) : max(0, int(right) + 1 + MARGIN)] = False
    return Seen(
        page=name,
        injected=kind_of(PART.findall(fixture)),
        restored=cleaned == original,
        moved=places["letters"] != honest["letters"],
        outside=int(changed.sum()),
        differs=int((as_it_was != after).any(axis=2).sum()),
    )


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of the built-in.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, model: Path | None, json_file: Path | None) -> None:
    """Look at every infected page of the fixtures in a browser, before and after cleaning."""
    from cleaner import Cleaner, CleanerError

    console = Console()
    try:
        cleaner = Cleaner(model)
    except CleanerError as error:
        raise BrowserError(str(error)) from error
    fixtures = {file.stem: file.read_bytes().decode() for file in sorted(PAGES.glob("*.html"))}
    infected = {name: fixture for name, fixture in fixtures.items() if PART.search(fixture)}
    with tempfile.TemporaryDirectory() as folder, browser() as chrome:
        seen = [
            compare(chrome, Path(folder), name, fixture, cleaner.clean(PART.sub(r"\1", fixture), "html").text)
            for name, fixture in infected.items()
        ]
    show(console, seen)
    passed = all(page.holds for page in seen)
    if json_file:
        report = {"passed": passed, "pages": [{**vars(page), "holds": page.holds} for page in seen]}
        json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    ctx.exit(0 if passed else 1)


def show(console: Console, seen: list[Seen]) -> None:
    """Print the table and the sums."""
    table = Table("page", "injected", "restored", "outside the injection", "from the original", box=SIMPLE_HEAD)
    for column in table.columns[3:]:
        column.justify = "right"
    for page in seen:
        outside = "moved" if page.moved else str(page.outside)
        table.add_row(page.page, page.injected, "yes" if page.restored else "no", outside, str(page.differs))
    console.print(table)
    restored, still = [p for p in seen if p.restored], [p for p in seen if not p.moved]
    same, unseen = sum(not p.differs for p in restored), sum(not p.outside for p in still)
    console.print(f"{same} of {len(restored)} restored pages (of {len(seen)}) look as they did, to the pixel")
    console.print(f"{unseen} of {len(still)} pages in which nothing had moved change only where the injection was")


if __name__ == "__main__":
    main()
