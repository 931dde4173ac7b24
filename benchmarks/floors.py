"""The floors of the quality gate: what the built-in model must reach on the articles of the fixtures.

They stand in ``fixtures/floors.json`` with the digest of the articles that they were pinned on. ``--raise`` pins what
is measured today, less a slack, wherever that is higher than what stands there. ``--lower`` is the only way down.

Exit status: 0 no figure is below its floor, 1 one is or the articles are others, 2 what was asked cannot be done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cleaner import Cleaner, Policy
from cleaner.files import replacing
from cleaner.training.evaluate import assisted_policy, evaluate, read_records
from cleaner.training.metrics import Record

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILE = FIXTURES / "floors.json"
ARTICLES = sorted((FIXTURES / "articles").glob("*.jsonl"))
SLACK = 0.02
"""How far below today's figure a floor is pinned, before it is rounded down to two digits."""


class Refused(click.ClickException):
    """The floors stay as they are."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Lowering:
    """A floor that was taken down."""

    figure: str
    old: float
    new: float
    reason: str
    date: str
    """``YYYY-MM-DD``."""


@dataclass(frozen=True, slots=True)
class Floors:
    """What the file holds."""

    digest: str
    """SHA-256 of the articles."""
    floors: Mapping[str, float]
    """By the name of the figure."""
    lowered: tuple[Lowering, ...] = ()
    """In the order in which it was done."""

    def below(self, measured: Mapping[str, float | None]) -> list[str]:
        """The figures that are below their floors, or that there is nothing to judge by."""
        return [name for name, floor in self.floors.items() if (value := measured[name]) is None or value < floor]

    def raised(self, measured: Mapping[str, float | None], digest: str) -> Floors:
        """The floors that today's figures allow for, none lower than before.

        Raises:
            Refused: a figure is below its floor.
        """
        if missed := self.below(measured):
            raise Refused(f"below its floor: {', '.join(missed)} (--lower takes a floor down)")
        floors = {name: max(floor, _pinned(measured[name] or 0)) for name, floor in self.floors.items()}
        return replace(self, digest=digest, floors=floors)

    def with_lower(self, figure: str, value: float, reason: str) -> Floors:
        """The same with one floor lower than before, and why.

        Raises:
            Refused: there is no such floor, it is no higher than ``value``, or the reason is empty.
        """
        if figure not in self.floors:
            raise Refused(f"no floor has the name {figure!r} (known: {', '.join(self.floors)})")
        old = self.floors[figure]
        if not 0 <= value < old:
            raise Refused(f"{value} is not between 0 and the floor of {figure}, {old}")
        if not reason.strip():
            raise Refused("a floor is lowered for a reason only: --reason")
        lowering = Lowering(figure, old, value, reason.strip(), datetime.now(UTC).date().isoformat())
        return replace(self, floors={**self.floors, figure: value}, lowered=(*self.lowered, lowering))


def read_floors(file: Path = FILE) -> Floors:
    """What ``file`` holds."""
    values: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return Floors(values["digest"], values["floors"], tuple(Lowering(**entry) for entry in values["lowered"]))


def write_floors(floors: Floors, file: Path) -> None:
    """Write what :func:`read_floors` reads."""
    with replacing(file) as write:
        write((json.dumps(asdict(floors), ensure_ascii=False, indent=2) + "\n").encode())


def digest_of_articles() -> str:
    """SHA-256 of the articles of the fixtures, file after file."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in ARTICLES)).hexdigest()


def measure() -> dict[str, float | None]:
    """The figures of the built-in model on the articles of the fixtures, by name."""
    records = [record for file in ARTICLES for record in read_records(file)]
    policy = Policy()
    found = evaluate(
        (record for record in records if isinstance(record, Record)),
        Cleaner(policy=policy),
        Cleaner(policy=assisted_policy(policy)),
    )
    if len(found.scores) < len(records):
        raise Refused("some articles of the fixtures cannot be judged")
    return {name: figure.value for name, figure in found.figures.items()}


def _pinned(value: float) -> float:
    return int(round((value - SLACK) * 100, 6)) / 100


@click.command()
@click.option("--raise", "to_raise", is_flag=True, help=f"Pin what is measured, less {SLACK}, where it is higher.")
@click.option("--lower", "to_lower", type=(str, float), metavar="FIGURE VALUE", help="Take one floor down.")
@click.option("--reason", default="", help="Why it is taken down; kept with the date.")
@click.option("--file", type=click.Path(path_type=Path, exists=True), default=FILE, help="The floors.", hidden=True)
def main(to_raise: bool, to_lower: tuple[str, float] | None, reason: str, file: Path) -> None:
    """Measure the built-in model on the fixtures and hold it against its floors, or change these."""
    if to_raise and to_lower:
        raise click.UsageError("--raise or --lower, not both")
    if reason and not to_lower:
        raise click.UsageError("--reason belongs to --lower")
    floors = read_floors(file)
    if to_lower:
        write_floors(floors.with_lower(*to_lower, reason), file)
        return
    measured = measure()
    if to_raise:
        floors = floors.raised(measured, digest_of_articles())
        write_floors(floors, file)
    _show(floors, measured)
    is_same = floors.digest == digest_of_articles()
    if not is_same:
        click.echo("the articles are not those that the floors were pinned on: --raise pins them anew")
    raise SystemExit(int(not is_same or bool(floors.below(measured))))


def _show(floors: Floors, measured: Mapping[str, float | None]) -> None:
    table = Table(box=SIMPLE_HEAD)
    for heading in ("figure", "floor", "measured"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for name, floor in floors.floors.items():
        value = measured[name]
        table.add_row(name, f"{floor:.2f}", "–" if value is None else f"{value:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
