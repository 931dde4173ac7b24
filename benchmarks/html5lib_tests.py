"""Visible text beside the trees and tokens that html5lib's tests expect of a parser.

The tests are those that the source package of html5lib carries. What a test expects holds a text, too: its words,
parted where a block begins or ends, but for what stands in elements that show nothing (scripts, styles, templates).
NULs are left out, and so is the character that the standard puts in their place. A page is read as with scripting off.

Exit status: 0 when enough texts are equal, 1 when not, 2 when it cannot be measured.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from packages import PackageError, unpack
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cleaner.document import read
from cleaner.document.tags import BLOCK, names

PACKAGE = "html5lib-1.1"
DIGEST = "b2e5b40261e20f354d198eae92afc10d750afb487ed5e50f9c4eaf07c184146f"
"""SHA-256 of its source archive."""
BUILD = "setuptools<80"
DATA = f"{PACKAGE}/html5lib/tests/testdata/"
LIMIT = 0.995
"""Share of the texts that must be equal."""

_UNSEEN = names("iframe noembed noframes script style template")
"""Elements whose text is not shown."""
_RAW = names("plaintext style textarea")
"""Contexts of fragments in which there is no markup."""
_SECTION = re.compile(r"^#(data|errors|new-errors|document-fragment|script-on|script-off|document)\n", re.M)
_NODE = re.compile(r"^\| ", re.M)
_UNSHOWN = dict.fromkeys(map(ord, "\0\ufffd"))

REASONS = {
    "moved": "the standard moves text out of a table; here it stays at its place in the source",
    "parted": "a table, an option or the end of a page ends a line where the standard goes on in it, or the reverse",
    "frames": "beside a frameset the standard drops all text; here it is read, for it would be a hiding place",
    "CDATA": "whether a section is text or a comment depends on what stands between it and the drawing around it",
    "plaintext": "selects and drawings drop the element, or take it for an ordinary one",
    "context": "a fragment is read as a page, without the element that it stands in",
    "other": "not explained",
}
"""Why a text differs."""


@dataclass(frozen=True)
class Expected:
    """A source and the text that a test expects of it."""

    test: str
    source: str
    text: str
    context: str = ""


@dataclass(frozen=True)
class Difference:
    """A text that is not as expected, and why."""

    test: str
    source: str
    expected: str
    found: str
    reason: str


def tree_tests(folder: Path, left_out: Counter[str]) -> Iterator[Expected]:
    """The tests of trees; those that nothing can be read from are counted in ``left_out``."""
    for file in sorted((folder / DATA / "tree-construction").rglob("*.dat")):
        for number, test in enumerate(re.split(r"(?m)^(?=#data\n)", file.read_bytes().decode())[1:], 1):
            parts = _SECTION.split(test)
            sections = dict(zip(parts[1::2], parts[2::2], strict=True))
            context = sections.get("document-fragment", "").strip()
            if "script-on" in sections:
                left_out["trees: scripts run"] += 1
            elif " " in context:
                left_out["trees: a fragment of a drawing or formula"] += 1
            elif context in _RAW:
                left_out["trees: a fragment in which there is no markup"] += 1
            else:
                text = "".join(_text_of_tree(sections["document"]))
                yield Expected(f"{file.name} {number}", sections["data"][:-1], text, context)


def _text_of_tree(tree: str) -> Iterator[str]:
    opened: list[tuple[int, str]] = []
    for node in _NODE.split(tree)[1:]:
        body = node.rstrip("\n").lstrip(" ")
        depth = len(node) - len(node.lstrip(" "))
        while opened and opened[-1][0] >= depth:
            yield _part(opened.pop()[1])
        if body.startswith('"') and not any(name in _UNSEEN for _, name in opened):
            yield body[1:-1]
        elif re.match("<[^!?]", body):
            opened.append((depth, body[1:-1]))
            yield _part(body[1:-1])


def token_tests(folder: Path, left_out: Counter[str]) -> Iterator[Expected]:
    """The tests of tokens; those that begin within an element are counted in ``left_out``."""
    for file in sorted((folder / DATA / "tokenizer").glob("*.test")):
        tests = json.loads(file.read_text("utf-8"))
        left_out["tokens: how a tree is written as XML"] += len(tests.get("xmlViolationTests", ()))
        for number, test in enumerate(tests.get("tests", ()), 1):
            if "Data state" not in test.get("initialStates", ("Data state",)):
                left_out["tokens: the source begins within an element"] += 1
                continue
            source, text = test["input"], "".join(_text_of_tokens(test["output"]))
            if test.get("doubleEscaped"):
                source, text = _unescaped(source), _unescaped(text)
            yield Expected(f"{file.name} {number}", source, text)


def _text_of_tokens(tokens: Iterable[Any]) -> Iterator[str]:
    for kind, *values in tokens:
        if kind == "Character":
            yield values[0]
        elif kind in ("StartTag", "EndTag"):
            yield _part(values[0])


def _part(name: str) -> str:
    """What a tag puts between words."""
    return " " if name in BLOCK or name == "br" else ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


def read_text(source: str) -> str:
    """The visible text of a page, values of attributes left out."""
    document = read(source, "html")
    values = [element.text_start for element in document.elements if element.name == "attribute"]
    return document.text[: min(values)] if values else document.text


def _words(text: str) -> list[str]:
    return text.translate(_UNSHOWN).split()


def differences(tests: Iterable[Expected]) -> Iterator[Difference]:
    """The tests whose text is read differently."""
    for test in tests:
        expected, found = _words(test.text), _words(read_text(test.source))
        if expected != found:
            reason = _reason(test, expected, found)
            yield Difference(test.test, test.source, " ".join(expected), " ".join(found), reason)


def _reason(test: Expected, expected: list[str], found: list[str]) -> str:
    if "".join(expected) == "".join(found):
        return "parted"
    if Counter("".join(expected)) == Counter("".join(found)):
        return "moved"
    if test.context:
        return "context"
    signs = {"frames": "<frameset", "CDATA": "<![cdata[", "plaintext": "<plaintext"}
    return next((name for name, sign in signs.items() if sign in test.source.lower()), "other")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("build/packages"))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(ctx: click.Context, folder: Path, json_file: Path | None) -> None:
    """Fetch the tests of html5lib into FOLDER (once), and compare the text of every source with what they expect."""
    console = Console()
    unpack(PACKAGE, DIGEST, folder, lambda member: member.name.startswith(DATA), BUILD)
    left_out: Counter[str] = Counter()
    kinds = {"trees": list(tree_tests(folder, left_out)), "tokens": list(token_tests(folder, left_out))}
    if not all(kinds.values()):
        raise PackageError(f"{folder} holds no tests")
    table = Table("tests", "sources", "equal", "share", box=SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    differ = {kind: list(differences(tests)) for kind, tests in kinds.items()}
    counts = {kind: (len(tests), len(tests) - len(differ[kind])) for kind, tests in kinds.items()}
    counts["all"] = (sum(total for total, _ in counts.values()), sum(equal for _, equal in counts.values()))
    _list(console, [difference for own in differ.values() for difference in own])
    for kind, (total, equal) in counts.items():
        table.add_row(kind, str(total), str(equal), f"{equal / total:.4f}")
    console.print(table)
    for reason, number in left_out.items():
        console.print(f"left out: {number} ({reason})", highlight=False)
    total, equal = counts["all"]
    share = equal / total
    console.print(f"texts as expected: {share:.4f}, {'within' if share >= LIMIT else 'below'} the limit of {LIMIT}")
    if json_file:
        report = {
            "limit": LIMIT,
            "share": share,
            "counts": {kind: {"sources": total, "equal": equal} for kind, (total, equal) in counts.items()},
            "left_out": left_out,
            "differences": [vars(difference) for own in differ.values() for difference in own],
        }
        json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    ctx.exit(0 if share >= LIMIT else 1)


def _list(console: Console, differ: list[Difference]) -> None:
    for reason, why in REASONS.items():
        own = [d for d in differ if d.reason == reason]
        if own:
            console.print(f"{reason}: {why}", markup=False, highlight=False)
        for d in own:
            line = f"  {d.test}: {d.source!r} → {d.found!r}, expected {d.expected!r}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
