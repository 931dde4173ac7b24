"""``cleaner learn``: what people decided at the desk teaches the gate, when somebody approves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.policy import load_policy
from cleaner.cli.serve import database_option, require_desk
from cleaner.cli.show import Screen, json_line, standard_error, standard_output
from cleaner.cli.tables import NOTHING, add_row, new_table, print_table
from cleaner.cli.train import reporting
from cleaner.files import label, replacing
from cleaner.types import CleanerError, Policy

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from cleaner.desk.database import Database
    from cleaner.desk.settings import Settings
    from cleaner.desk.tables import LearningRun

EXIT_NOTHING_LEARNT = 1
EXAMPLES = """\b
Examples:
  cleaner learn                              # old against new; nothing changes yet
  cleaner learn --test ours.jsonl            # … on articles of one's own
  cleaner learn list
  cleaner learn approve 3 --note "fewer false alarms in match reports"
  cleaner learn back
  cleaner learn export decisions.jsonl --lang vi
  cleaner evaluate decisions.jsonl
  cleaner train --corpus decisions.jsonl --data data/ --out models/mine

\b
Exit status: 0 done, 1 nothing was learnt (too few decisions, or it is no better), 2 an error.
"""
DEFAULT_MODELS = "desk-models"


@dataclass(frozen=True, slots=True)
class Place:
    """The desk that is meant."""

    settings: Settings
    database: Database


@click.group(epilog=EXAMPLES, invoke_without_command=True)
@database_option
@click.option("--model", type=FILE, metavar="FOLDER", help="The model that the desk is started with, if another.")
@click.option("--policy", type=FILE, metavar="FILE.toml", help="The policy that the desk is started with, if another.")
@click.option("--models", type=FILE, default=DEFAULT_MODELS, show_default=True, help="Folder for what is learnt.")
@click.option("--test", "tests", type=FILE, multiple=True, metavar="FILE", help="Articles to test on (JSON lines).")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_context
def learn(
    ctx: click.Context,
    database: str,
    model: Path | None,
    policy: Path | None,
    models: Path,
    tests: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Teach the gate what people decided at the desk, and show old against new.

    The new model is compared on decisions that are held back and on articles of which all is known. It is refused when
    it is no better, and otherwise waits for `cleaner learn approve`.
    """
    require_desk()
    from cleaner.desk.database import Database
    from cleaner.desk.settings import Settings

    start = load_policy(policy) if policy else Policy()
    settings = Settings(database=database, model=model, policy=start, models=models, tests=tests)
    place = ctx.obj = Place(settings, Database(database))
    ctx.call_on_close(place.database.close)
    place.database.migrate()
    if ctx.invoked_subcommand is None:
        ctx.exit(_run(place, as_json))


@learn.command("list")
@click.pass_obj
def list_(place: Place) -> None:
    """List the models that were learnt, and which one holds."""
    from cleaner.desk import learning
    from cleaner.desk.gate import current_versions

    with place.database.read() as session:
        _, holds = current_versions(session)
        versions = learning.versions(session)
    table = new_table("model", "learnt", "by", "spans", "restored alone", "with help", "")
    for version in versions:
        found = version.figures["sets"]["test"]["figures"]
        add_row(
            table,
            str(version.number),
            f"{version.at:%Y-%m-%d %H:%M}",
            version.by,
            str(version.figures["learnt_from"]["spans"]),
            *(_both(found[key]) if key in found else NOTHING for key in ("exact", "assisted")),
            "holds" if version.number == holds else "",
        )
    add_row(table, "0", *[NOTHING] * 5, "" if holds else "holds")
    print_table(standard_output(), table)


@learn.command()
@click.argument("number", type=click.IntRange(0))
@click.option("--note", default="", help="Why, for the history.")
@click.pass_obj
def approve(place: Place, number: int, note: str) -> None:
    """Let a model hold from now on; the old one stays, for going back."""
    from cleaner.desk import learning

    with _changing(place) as (session, holds):
        learning.switch(session, number, holds, getuser(), note)
    standard_error().print(f"model {number} holds from now on; model {holds} stays: cleaner learn back")


@learn.command()
@click.option("--note", default="", help="Why, for the history.")
@click.pass_obj
def back(place: Place, note: str) -> None:
    """Let the model hold again that held before."""
    from cleaner.desk import learning

    with _changing(place) as (session, holds):
        number = learning.back(session)
        learning.switch(session, number, holds, getuser(), note)
    standard_error().print(f"model {number} holds again")


@learn.command()
@click.argument("out", type=FILE)
@click.option("--lang", default="und", show_default=True, help="Language of the articles, which `train` has to know.")
@click.pass_obj
def export(place: Place, out: Path, lang: str) -> None:
    """Write the articles that people decided as records for `evaluate` and `train --corpus` (JSON lines)."""
    from cleaner.desk import labels

    count = 0
    with place.database.read() as session, replacing(out) as write:
        for values in labels.exported(session, lang):
            write(json_line(values))
            count += 1
    standard_error().print(f"{count} articles are in {label(str(out))}")


@contextmanager
def _changing(place: Place) -> Iterator[tuple[Session, int]]:
    """A transaction, and the number of the model that holds."""
    from cleaner.desk.gate import current_versions

    with place.database.write() as session:
        yield session, current_versions(session)[1]


def _run(place: Place, as_json: bool) -> int:
    """Learn, and tell what came of it; the exit status."""
    from cleaner.desk import learning

    with place.database.write() as session:
        run = learning.begin(session, getuser())
    messages = standard_error()
    with reporting(messages) as report:
        run = learning.carry_out(place.database, place.settings, run.number, report)
    if run.state == "failed":
        raise CleanerError("; ".join(run.told))
    if as_json:
        told = {"state": run.state, "model": run.model, "told": run.told, "figures": run.figures}
        standard_output().write(json_line(told))
    else:
        _show(standard_output(), run)
    return 0 if run.state == "learnt" else EXIT_NOTHING_LEARNT


def _show(screen: Screen, run: LearningRun) -> None:
    figures = run.figures
    for name, title in (("learnt_from", "learnt from"), ("held_back", "held back")):
        counts = figures[name]
        screen.print(
            f"{title}: {counts['articles']} articles, {counts['spans']} judged spans "
            f"({counts['right']} cut, {counts['wrong']} kept)"
        )
    if "loss" in figures:
        screen.print(_loss(figures["loss"]))
        screen.print("")
    for name, found in figures.get("sets", {}).items():
        _show_set(screen, name, found)
    for reason in run.told:
        screen.print(("refused: ", "bold yellow"), reason)
    if run.model:
        screen.print(f"model {run.model} waits for approval: cleaner learn approve {run.model}")


def _loss(loss: Mapping[str, float]) -> str:
    chance = "; that may be chance" if loss["low"] <= 0 < loss["gain"] else ""
    interval = f"95 % of resamples: {loss['low']:.3f} to {loss['high']:.3f}{chance}"
    return (
        f"log loss on what was held back: {loss['old']:.3f} → {loss['new']:.3f} (gain {loss['gain']:.3f}; {interval})"
    )


def _show_set(screen: Screen, name: str, found: Mapping[str, Any]) -> None:
    from cleaner.training.metrics import MEASURES

    titles = {measure.name: measure.title for measure in MEASURES}
    table = new_table(f"{name}: {found['documents']} articles", "old", "new", "gain", "95 % of resamples")
    for key, figure in found["figures"].items():
        interval = NOTHING if figure["low"] is None else f"{figure['low']:+.3f} to {figure['high']:+.3f}"
        old, new, gain = (f"{figure[side]:.3f}" for side in ("old", "new", "gain"))
        add_row(table, titles[key], old, new, gain, interval)
    print_table(screen, table)
    told = ", ".join(f"{count} {kind}" for kind, count in found["changes"].items())
    screen.print(f"articles: {told}\n")


def _both(figure: Mapping[str, float]) -> str:
    return f"{figure['old']:.3f} → {figure['new']:.3f}"
