"""``cleaner campaigns``: what recurs across the documents of an archive, and what a person says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.show import Piece, json_line, standard_error, standard_output
from cleaner.files import label

if TYPE_CHECKING:
    from cleaner.archive.ledger import Ledger

EXAMPLES = """\b
Examples:
  cleaner batch articles/ --out cleaned/ --dry-run
  cleaner campaigns list cleaned.ledger
  cleaner campaigns show cleaned.ledger 3
  cleaner campaigns accept cleaned.ledger 3 4
  cleaner campaigns reject cleaned.ledger 7
  cleaner batch articles/ --out cleaned/ --resume
  cleaner restore cleaned.ledger --campaign 5
"""
LEDGER = click.argument("ledger", type=FILE)
NUMBERS = click.argument("numbers", metavar="N...", type=int, nargs=-1, required=True)


@click.group(epilog=EXAMPLES)
def campaigns() -> None:
    """Show and decide the campaigns of an archive: what was injected into many of its documents.

    They are found by `cleaner batch` in a first pass, and are evidence in the second one. Decide after `--dry-run`:
    `cleaner batch --resume` then searches again. What is written already stays as it is; of a campaign that is
    rejected it is taken back with `cleaner restore --campaign`.
    """


@campaigns.command("list")
@LEDGER
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line: the export for other programs.")
def list_(ledger: Path, as_json: bool) -> None:
    """List the campaigns, the surest first."""
    screen, book = standard_output(), _open(ledger)
    if not book.count("campaign"):
        standard_error().print("there are no campaigns")
    for one in _campaigns(book):
        if as_json:
            screen.write(json_line(one))
        else:
            screen.print(*_line(one))


@campaigns.command()
@LEDGER
@NUMBERS
def show(ledger: Path, numbers: tuple[int, ...]) -> None:
    """Show campaigns with some of the places where they were found."""
    from cleaner.archive.ledger.campaigns import refuse_unknown

    screen, book = standard_output(), _open(ledger)
    refuse_unknown(book, numbers)
    for one in _campaigns(book, numbers):
        screen.print(*_line(one))
        for text in one["texts"][1:]:
            screen.print(f"      also “{label(text)}”")
        for example in one["examples"]:
            screen.print("      ", (label(example["record"]), "bold"), f"  …{label(example['around'])}…")


@campaigns.command()
@LEDGER
@NUMBERS
def accept(ledger: Path, numbers: tuple[int, ...]) -> None:
    """Let everything that a campaign is in be cut, in what is not written yet."""
    _decide(ledger, numbers, "accepted")


@campaigns.command()
@LEDGER
@NUMBERS
def reject(ledger: Path, numbers: tuple[int, ...]) -> None:
    """Let nothing be cut for a campaign, in what is not written yet."""
    _decide(ledger, numbers, "rejected")


def _decide(ledger: Path, numbers: tuple[int, ...], state: str) -> None:
    from cleaner.archive.ledger import alone
    from cleaner.archive.ledger.campaigns import decide

    book = _open(ledger)
    with alone(ledger):
        decide(book, numbers, state)
    for one in _campaigns(book, numbers):
        standard_output().print(*_line(one))
    if waiting := book.count("container", "state = 'new' AND format <> ''"):
        standard_output().print(f"to be searched again: {waiting:,} (cleaner batch --resume)")
    if written := book.count("container", "state IN ('writing', 'written') AND format <> ''"):
        back = ", cleaner restore --campaign takes back" if state == "rejected" else ""
        standard_output().print(f"written already, and left as they are: {written:,}{back}")


def _open(ledger: Path) -> Ledger:
    from cleaner.archive.ledger import Ledger

    return Ledger(ledger)


def _campaigns(book: Ledger, numbers: tuple[int, ...] = ()) -> Iterator[dict[str, Any]]:
    """The campaigns with their examples and how much was found for each, JSON-ready."""
    for number, kind, texts, documents, dispersion, promotion, score, state in book.rows(
        "SELECT id, kind, texts, documents, dispersion, promotion, score, state FROM campaign"
        " ORDER BY score DESC, documents DESC, id"
    ):
        if numbers and number not in numbers:
            continue
        examples = book.rows("SELECT record, around FROM campaign_example WHERE campaign = ?", number)
        yield {
            "number": number,
            "kind": kind,
            "texts": json.loads(texts),
            "documents": documents,
            "dispersion": round(dispersion, 3),
            "promotion": round(promotion, 3),
            "score": round(score, 3),
            "state": state,
            "findings": dict(
                book.rows("SELECT action, count(*) FROM finding WHERE campaign = ? GROUP BY action", number)
            ),
            "examples": [{"record": record, "around": around} for record, around in examples],
        }


def _line(one: dict[str, Any]) -> list[str | Piece]:
    styles = {"accepted": "bold green", "rejected": "bold red"}
    found = ", ".join(f"{count:,} to {action}" for action, count in sorted(one["findings"].items(), reverse=True))
    return [
        f"{one['number']:>4}  {one['score']:.2f}  ",
        (f"{one['state']:<9}", styles.get(one["state"], "")),
        f" {one['kind']:<8} {one['documents']:>7,} documents  “{label(one['texts'][0])}”",
        f"  ({found})" if found else "",
    ]
