"""``cleaner train``: a model from honest articles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.new_model import refuse_replacing, replacing_folder, require_training
from cleaner.cli.show import Screen, json_line, standard_error
from cleaner.files import label, make_folder, replacing
from cleaner.types import ModelError

if TYPE_CHECKING:
    from cleaner.training.corpus import Corpus
    from cleaner.training.recipe import Recipe

SIZES = (
    "screen_samples",
    "tagger_samples",
    "more_samples",
    "page_samples",
    "segment_samples",
    "choice_samples",
    "calibration_samples",
)
SHOWN = 20
"""Records that cannot be used of which each is named; all of them are in the quarantine."""
EXIT_QUARANTINED = 3
EXAMPLES = """\b
Examples:
  cleaner train --out small
  cleaner train --data collected/ --out models/mine
  cleaner train --data collected/ --out models/mine --resume
  cleaner train --corpus articles.jsonl --corpus more.jsonl.gz --scale 0.1
  cleaner scan --model model article.txt

\b
Articles:
  {"id": "7", "lang": "vi", "source": "the site", "text": "…", "topics": ["gambling"]}
  "topics" only of those on delicate subjects. Records that cannot be used, texts that come twice and articles of
  --corpus in which the built-in model is certain of an injection are left out, named, and kept with their reasons
  in OUT.quarantine.jsonl.

\b
Exit status: 0 done, 2 an error, 3 done, but there were records that cannot be used.
"""


@click.command(epilog=EXAMPLES)
@click.option("--data", type=FILE, metavar="DIR", help="Folder of articles and spam phrases (see the README).")
@click.option("--corpus", type=FILE, metavar="FILE", multiple=True, help="More honest articles (JSON lines).")
@click.option("--phrases", type=FILE, metavar="FILE", help="More spam phrases (JSON lines).")
@click.option("--out", type=FILE, metavar="DIR", default="model", show_default=True, help="Write the model here.")
@click.option("--replace", "may_replace", is_flag=True, help="Replace the model that --out holds.")
@click.option("--even-if-worse", is_flag=True, help="Replace it even by a model that does worse on what is held out.")
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@click.option("--scale", type=click.FloatRange(0, min_open=True), default=1.0, help="Multiply the sizes of the run.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count(), show_default="cores", help="Processes.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Where chance starts.")
@click.pass_context
def train(
    ctx: click.Context,
    data: Path | None,
    corpus: tuple[Path, ...],
    phrases: Path | None,
    out: Path,
    may_replace: bool,
    even_if_worse: bool,
    resume: bool,
    scale: float,
    workers: int,
    seed: int,
) -> None:
    """Train a model on honest articles, into which spam is put on the way.

    A model that is worse than the one it would replace, on what is held out of the articles, is kept beside it.
    Without --data and --corpus the small model for tests is made, from the articles in the source tree.
    """
    refuse_replacing(out, may_replace)
    unfinished = out.with_name(f".{out.name}-unfinished")
    if resume and not unfinished.is_dir():
        raise click.UsageError(f"there is no unfinished run for {str(out)!r}")
    if not resume and unfinished.exists():
        raise click.UsageError(f"a run was stopped: --resume goes on with it; remove {str(unfinished)!r} to start anew")
    refused = out.with_name(f"{out.name}-refused")
    refuse_replacing(refused, may_replace=True)
    require_training()
    messages = standard_error()
    recipe, articles = _task(data, corpus, phrases, messages)
    recipe = replace(recipe, workers=workers, seed=seed, **{name: _scaled(recipe, name, scale) for name in SIZES})
    _tell(messages, articles, out)
    try:
        with replacing_folder(out) as folder, reporting(messages) as report:
            _fit(articles, folder, recipe, report, unfinished)
            if out.exists() and not even_if_worse and (worse := _objections(out, folder, articles, workers)):
                shutil.rmtree(refused, ignore_errors=True)
                shutil.move(folder, refused)
                shutil.rmtree(unfinished, ignore_errors=True)
                raise ModelError(
                    f"{out} stays, for the new model is worse: {worse}. It is in {refused} (--even-if-worse)"
                )
    except KeyboardInterrupt:
        if unfinished.exists():
            messages.complain("what is done is kept: --resume goes on from there")
        raise
    shutil.rmtree(unfinished, ignore_errors=True)
    messages.print(f"the model is in {label(str(out))}")
    ctx.exit(EXIT_QUARANTINED if articles.bad else 0)


def _task(data: Path | None, corpus: tuple[Path, ...], phrases: Path | None, messages: Screen) -> tuple[Recipe, Corpus]:
    """What to train on, and in which sizes."""
    from cleaner.training import corpora
    from cleaner.training.corpus import Corpus
    from cleaner.training.recipe import Recipe

    more = corpora.read_files(corpus, [phrases] if phrases else [])
    with messages.progress(len(more.articles), bool(more.articles)) as advance:
        more = corpora.without_infected(more, advance)
    if data:
        base, recipe = corpora.read_data_folder(data), Recipe()
    elif corpus:
        base, recipe = Corpus(()), Recipe()
    else:
        base, recipe = corpora.read_fixtures(), corpora.SMALL
    both = (base, more)
    return recipe, Corpus(*([x for part in both for x in getattr(part, name)] for name in Corpus.__slots__))


def _tell(messages: Screen, corpus: Corpus, out: Path) -> None:
    """Name what cannot be used, keep it in quarantine, and say what is missing."""
    for bad in corpus.bad[:SHOWN]:
        messages.complain(label(str(bad)))
    if corpus.bad:
        quarantine = out.with_name(f"{out.name}.quarantine.jsonl")
        make_folder(quarantine.parent)
        with replacing(quarantine) as write:
            for bad in corpus.bad:
                write(json_line({"place": bad.place, "cause": bad.cause}))
        messages.complain(f"{len(corpus.bad)} records cannot be used: {label(str(quarantine))}")
    for is_missing, what, harm in (
        (lambda article: article.topics, "delicate", "reports on gambling, medicine or loans may be cut"),
        (lambda article: not article.topics, "ordinary", "nothing is learnt of what most articles are like"),
    ):
        if corpus.articles and not any(map(is_missing, corpus.articles)):
            messages.complain(f"no {what} articles to learn from: {harm}")


def _scaled(recipe: Recipe, name: str, scale: float) -> int:
    size: int = getattr(recipe, name)
    return max(1, round(size * scale))


def _fit(corpus: Corpus, folder: Path, recipe: Recipe, report: Callable[[str, float], None], unfinished: Path) -> None:
    from cleaner.training import train as training
    from cleaner.training.corpus import CorpusError

    try:
        training.train(corpus, folder, recipe, report, unfinished)
    except ValueError as error:
        raise CorpusError(f"nothing can be learnt from these articles: {error}") from error


def _objections(out: Path, folder: Path, corpus: Corpus, workers: int) -> str:
    """Why the new model is worse than the old one; empty when it is not."""
    from cleaner.training.approval import objections

    return "; ".join(objections(out, folder, corpus, workers))


@contextmanager
def reporting(screen: Screen) -> Iterator[Callable[[str, float], None]]:
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
