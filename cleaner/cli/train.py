"""``cleaner train``: a model from honest articles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.new_model import refuse_replacing, replacing_folder
from cleaner.cli.show import Screen, label, standard_error

if TYPE_CHECKING:
    from cleaner.training.train import Corpus, Recipe

SIZES = ("tagger_samples", "more_samples", "page_samples", "segment_samples", "calibration_samples")
EXAMPLES = """\b
Examples:
  cleaner train --out small
  cleaner train --data collected/ --out models/mine
  cleaner train --corpus articles.jsonl --corpus more.jsonl.gz --scale 0.1
  cleaner scan --model model article.txt

\b
Exit status: 0 done, 2 an error.
"""


@click.command(epilog=EXAMPLES)
@click.option("--data", type=FILE, metavar="DIR", help="Folder of articles and spam phrases (see the README).")
@click.option("--corpus", type=FILE, metavar="FILE", multiple=True, help="More honest articles (JSON lines).")
@click.option("--phrases", type=FILE, metavar="FILE", help="More spam phrases (JSON lines).")
@click.option("--out", type=FILE, metavar="DIR", default="model", show_default=True, help="Write the model here.")
@click.option("--replace", "may_replace", is_flag=True, help="Replace the model that --out holds.")
@click.option("--scale", type=click.FloatRange(0, min_open=True), default=1.0, help="Multiply the sizes of the run.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count(), show_default="cores", help="Processes.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Where chance starts.")
def train(
    data: Path | None,
    corpus: tuple[Path, ...],
    phrases: Path | None,
    out: Path,
    may_replace: bool,
    scale: float,
    workers: int,
    seed: int,
) -> None:
    """Train a model on honest articles, into which spam is put on the way.

    Without --data and --corpus the small model for tests is made, from the articles in the source tree.
    """
    refuse_replacing(out, may_replace)
    recipe, articles = _task(data, corpus, phrases)
    recipe = replace(recipe, workers=workers, seed=seed, **{name: _scaled(recipe, name, scale) for name in SIZES})
    messages = standard_error()
    with replacing_folder(out) as folder, _reporting(messages) as report:
        _fit(articles, folder, recipe, report)
    messages.print(f"the model is in {label(str(out))}")


def _task(data: Path | None, corpus: tuple[Path, ...], phrases: Path | None) -> tuple[Recipe, Corpus]:
    """What to train on, and in which sizes."""
    from cleaner.training import corpora
    from cleaner.training.train import Corpus, Recipe

    more = corpora.read_files(corpus, [phrases] if phrases else [])
    if data:
        base, recipe = corpora.read_data_folder(data), Recipe()
    elif corpus:
        base, recipe = Corpus(()), Recipe()
    else:
        base, recipe = corpora.read_fixtures(), corpora.SMALL
    return recipe, Corpus([*base.articles, *more.articles], [*base.phrases, *more.phrases])


def _scaled(recipe: Recipe, name: str, scale: float) -> int:
    size: int = getattr(recipe, name)
    return max(1, round(size * scale))


def _fit(corpus: Corpus, folder: Path, recipe: Recipe, report: Callable[[str, float], None]) -> None:
    from cleaner.training import train as training
    from cleaner.training.corpus import CorpusError

    try:
        training.train(corpus, folder, recipe, report)
    except ValueError as error:
        raise CorpusError(f"nothing can be learnt from these articles: {error}") from error


@contextmanager
def _reporting(screen: Screen) -> Iterator[Callable[[str, float], None]]:
    """What training tells how far it is: a bar on a terminal, else a line for each tenth of a stage."""
    if not screen.is_terminal or os.environ.get("TERM") == "dumb":
        yield _line_printer(screen)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda stage, done: bar.update(task, description=stage, completed=done)


def _line_printer(screen: Screen) -> Callable[[str, float], None]:
    told = ("", -1)

    def report(stage: str, done: float) -> None:
        nonlocal told
        now = (stage.partition(" (")[0], int(done * 10))
        if now != told:
            told = now
            screen.print(f"{stage}: {done:.0%}")

    return report
