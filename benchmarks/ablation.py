"""What each part of the detector brings: it is taken away, what learns from it is fitted anew, all is judged alike.

Every variant is trained at the same small size, on Vietnamese, and may do the same harm: its threshold is the lowest
at which one half of the honest records stays as good as untouched. The other half and the infected records are scored
at that threshold; then the halves change places. Nothing in the package knows of variants: each runs in a process of
its own, in which functions are replaced.

Exit status: 0 done, 2 it cannot be measured.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

import click
import joblib
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from variants import RECIPE, VARIANTS, WHOLE, Variant, patched

from cleaner import Cleaner, Policy
from cleaner.model.classifier import Classifier, Scored, Weights
from cleaner.model.clean_text import CleanText
from cleaner.model.screen import ScreenWeights
from cleaner.model.store import Loaded
from cleaner.rules import RuleSet, compile_rules
from cleaner.training.corpora import read_data_folder
from cleaner.training.corpus import Article, BadRecord, Corpus, CorpusError
from cleaner.training.decision import segment_rows, with_decision, with_level
from cleaner.training.devset import DEV_PARTS, TRAPS, development_records
from cleaner.training.evaluate import read_records
from cleaner.training.examples import SegmentRows
from cleaner.training.fit_tagger import ScreenTrainer, TaggerTrainer
from cleaner.training.fit_tagger import Sequence as TaggerSequence
from cleaner.training.knowledge import learn
from cleaner.training.lessons import Lesson, hosts_of, taught
from cleaner.training.metrics import Record, Score, Treatment, score
from cleaner.training.recipe import LESSON, TRACE, Recipe
from cleaner.training.splits import part_of
from cleaner.training.train import no_trees
from cleaner.types import CATEGORIES, Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

LANGUAGE = "vi"
ORDINARY_READ = 3_000
"""Ordinary articles that the segment decision learns from, beside all delicate ones of its part."""
PARTS = (*DEV_PARTS, "calibration")
"""What is judged on: also the articles that calibrate elsewhere, so that there are more honest ones."""
INFECTED, HONEST = 1_500, 5_000
"""Infected records, and the most that are taken of the clean and of the hard ones."""
HARM = {"clean": 0.001, "hard": 0.005}
"""Shares of the honest records that set the threshold which may be cut."""
LOOSE = 4
"""How many times as much may be cut for the last columns; more records then decide on the threshold."""
THRESHOLDS = 1 / (1 + np.exp(-np.arange(-1.0, 7.0, 0.4)))
"""Those that may be set, even steps of log-odds."""
FLOOR = 0.02
"""Score from which spans are looked for; below all thresholds."""
RESAMPLES, SEED, CONFIDENCE = 1000, 20_240, 0.95
TASK = "task.json"
"""Says what a folder of work was prepared for."""


class AblationError(click.ClickException):
    """Something cannot be measured."""

    exit_code = 2


# --- fitting


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What all variants learn from."""

    corpus: Corpus
    """The articles of the segment decision."""
    clean: CleanText
    lesson: list[tuple[float, list[list[TaggerSequence]]]]
    """Batches of the tagger, and the share that is done after them."""
    screen: ScreenWeights


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What variants take over that do not fit it anew."""

    weights: Weights
    rows: SegmentRows


def share(corpus: Corpus, recipe: Recipe, clean: CleanText | None = None) -> Shared:
    """Count, unless it is known what is clean, and make the samples of the tagger."""
    parts = _parts(corpus)
    clean = clean or count(corpus, recipe)
    lesson = Lesson(recipe.tagger_samples, recipe.seed, LESSON, 1.0, TRACE)
    hosts = hosts_of(corpus, parts["tagger"], "tagger")
    screen = ScreenTrainer()
    rounds = []
    for done, _, batches in taught(lesson, hosts, _rules(), clean, recipe):
        rounds.append((done, batches))
        for batch in batches:
            screen.step(batch)
    ordinary = [article for article in parts["segments"] if not article.topics]
    chosen = random.Random(SEED).sample(ordinary, min(ORDINARY_READ, len(ordinary)))
    chosen += [article for article in parts["segments"] if article.topics]
    return Shared(Corpus(chosen, corpus.phrases), clean, rounds, screen.finished())


def count(corpus: Corpus, recipe: Recipe) -> CleanText:
    """What clean text teaches; no injection changes it."""
    parts = _parts(corpus)
    delicate = [article for article in parts["tagger"] if article.topics]
    counted = parts.get("counts") or parts["tagger"]
    return learn(counted, delicate, recipe.word_bits, recipe.pair_bits, recipe.topic_bits)


def _parts(corpus: Corpus) -> dict[str, list[Article]]:
    parts: dict[str, list[Article]] = {}
    for article in corpus.articles:
        parts.setdefault(part_of(article), []).append(article)
    if not parts.get("tagger") or not parts.get("segments"):
        raise AblationError(f"too few articles in {LANGUAGE!r}")
    return parts


def fit(variant: Variant, shared: Shared, whole: Whole | None, recipe: Recipe) -> Whole:
    """Fit a variant, under its patches, from where it differs from ``whole`` on.

    Args:
        variant: what is fitted.
        shared: what all variants learn from.
        whole: what is taken over; nothing is when the tagger is fitted anew.
        recipe: the sizes, but for those of the variant.
    """
    recipe = replace(recipe, **variant.sizes)
    if variant.refit == "tagger":
        weights = _with_tagger(shared, recipe)
        weights = with_level(shared.corpus, shared.corpus.articles, weights, _rules(), recipe, _untold)
        articles = shared.corpus.articles
        found = segment_rows(shared.corpus, articles, articles, weights, _rules(), recipe, _untold)
    elif whole is None:
        raise ValueError("the whole is not fitted yet")
    else:
        weights, found = whole.weights, whole.rows
    if variant.refit != "nothing":
        parts = {"segments": list(shared.corpus.articles)}
        with patch("cleaner.training.decision.segment_rows", lambda *_: found):
            weights = with_decision(shared.corpus, parts, weights, _rules(), recipe, _untold)
    return Whole(weights, found)


def _with_tagger(shared: Shared, recipe: Recipe) -> Weights:
    """Weights with a tagger that had its lesson; nothing judges its candidates yet."""
    trainer = TaggerTrainer(recipe.bits, recipe.width, recipe.layers, seed=recipe.seed)
    lesson = Lesson(recipe.tagger_samples, recipe.seed, LESSON, 1.0, TRACE)
    for done, batches in shared.lesson:
        for batch in batches:
            trainer.step(batch, lesson.rate(done))
    return Weights(
        tagger=trainer.finished(),
        transitions=trainer.transitions,
        clean=shared.clean,
        worth=no_trees(),
        bounds=no_trees(),
        screen=shared.screen,
        hope=recipe.hope,
        categories=np.zeros((1 << recipe.category_bits, len(CATEGORIES)), dtype=np.int8),
        slope=1.0,
        intercept=0.0,
    )


def _rules() -> RuleSet:
    return RuleSet.from_compiled(compile_rules())


def _untold(stage: str, done: float) -> None:
    """Variants do not tell how far they are."""


# --- judging


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a variant did at each of ``THRESHOLDS``."""

    restored: NDArray[np.bool_]
    """Shape (infected record, threshold)."""
    removed: NDArray[np.int64]
    """Characters cut; shape (infected record, threshold)."""
    common: NDArray[np.int64]
    """Characters injected and cut; shape (infected record, threshold)."""
    injected: NDArray[np.int64]
    """Characters injected; shape (infected record,)."""
    cut: NDArray[np.bool_]
    """Whether anything was cut; shape (honest record, threshold)."""
    half: NDArray[np.int64]
    """The half of each honest record, 0 or 1."""
    hard: NDArray[np.bool_]
    """Whether each honest record is a hard one."""


class OnceOnly(Classifier):
    """Looks for the spans of a text once, whatever score is asked of them; for plain texts."""

    def __init__(self, weights: Weights, rules: RuleSet) -> None:
        super().__init__(weights, rules)
        self._found: dict[str, list[Scored]] = {}

    def find(self, documents: Sequence[Document], floor: float) -> list[list[Scored]]:
        """The spans of each document that score at least ``floor``."""
        unseen = list({d.text: d for d in documents if d.text not in self._found}.values())
        self._found |= zip([d.text for d in unseen], super().find(unseen, FLOOR), strict=True)
        return [[span for span in self._found[d.text] if span.score >= floor] for d in documents]


def judge(weights: Weights, records: Sequence[Record]) -> Outcome:
    """What is made of the records at each threshold."""
    infected = [record for record in records if record.kind == "infected"]
    honest = [record for record in records if record.kind != "infected"]
    classifier = OnceOnly(weights, _rules())
    scores = [_scores(classifier, float(threshold), infected) for threshold in THRESHOLDS]
    return Outcome(
        restored=np.array([[one.exact for one in some] for some in scores]).T,
        removed=np.array([[one.removed for one in some] for some in scores]).T,
        common=np.array([[one.common for one in some] for some in scores]).T,
        injected=np.array([one.true for one in scores[0]]),
        cut=_cut(classifier, honest),
        half=np.array([half_of(record) for record in honest]),
        hard=np.array([record.kind == "hard" for record in honest]),
    )


def _cut(classifier: Classifier, honest: Sequence[Record]) -> NDArray[np.bool_]:
    """Whether each record is cut at each threshold; where nothing is found at the lowest one, nothing ever is."""
    found = np.flatnonzero([not one.silent for one in _scores(classifier, float(THRESHOLDS[0]), honest)]).tolist()
    cut = np.zeros((len(honest), len(THRESHOLDS)), dtype=bool)
    for number, threshold in enumerate(THRESHOLDS):
        scores = _scores(classifier, float(threshold), [honest[row] for row in found])
        cut[found, number] = [not one.untouched for one in scores]
    return cut


def half_of(record: Record) -> int:
    """The half that an honest record is part of: 0 or 1. The ``TRAPS`` texts made from one template stay together."""
    return int(record.id.rpartition("-")[2]) // TRAPS % 2


def _scores(classifier: Classifier, threshold: float, records: Sequence[Record]) -> list[Score]:
    policy = Policy(strip=threshold, flag=min(Policy().flag, 0.999 * threshold))
    with patch("cleaner.engine.load", lambda _: Loaded(classifier, {})):
        cleaner = Cleaner(policy=policy)
    results = cleaner.clean_many((record.source for record in records), "text")
    return [score(record, Treatment.of_result(result)) for record, result in zip(records, results, strict=True)]


class Figures(NamedTuple):
    """How a variant does in each of many resamples, at the thresholds that their honest records set."""

    exact: Doubles
    f1: Doubles
    """Of the characters of infected records."""
    recall: Doubles
    """Likewise."""
    clean_cut: Doubles
    """Share of the clean records that are cut."""
    hard_cut: Doubles


def figures(outcome: Outcome, times: float = 1.0, resamples: int = RESAMPLES) -> Figures:
    """Figures of resamples of all records (bootstrap); the draws are the same for all outcomes of the same records.

    Args:
        outcome: what a variant did.
        times: how many times ``HARM`` it may do.
        resamples: how often records are drawn.
    """
    rng = np.random.default_rng(SEED)
    found = []
    groups = {(hard, half): np.flatnonzero((outcome.hard == hard) & (outcome.half == half)) for hard, half in _GROUPS}
    cuts = {group: outcome.cut[rows].astype(np.float64) for group, rows in groups.items()}
    restored, removed, common = (a.astype(np.float64) for a in (outcome.restored, outcome.removed, outcome.common))
    for _ in range(resamples):
        drawn = _drawn(rng, len(restored))
        cut = {group: _drawn(rng, len(rows)) @ rows / max(1, len(rows)) for group, rows in cuts.items()}
        at = [lowest(cut[False, half] / times, cut[True, half] / times) for half in (0, 1)]
        injected = drawn @ outcome.injected
        f1 = 2 * (drawn @ common) / np.maximum(drawn @ removed + injected, 1)
        found.append(
            (
                (drawn @ restored)[at].mean() / max(1, len(restored)),
                f1[at].mean(),
                (drawn @ common)[at].mean() / np.maximum(injected, 1),
                *(np.mean([cut[hard, 1 - half][at[half]] for half in (0, 1)]) for hard in (False, True)),
            )
        )
    return Figures(*np.array(found).T)


_GROUPS = ((False, 0), (False, 1), (True, 0), (True, 1))
"""Whether the honest records of a group are hard, and their half."""


def lowest(clean: Doubles, hard: Doubles) -> int:
    """Number of the lowest threshold that does no more than ``HARM``, the highest when all do more.

    Args:
        clean: share of the clean records that are cut at each threshold.
        hard: the same of the hard ones.
    """
    fine = np.flatnonzero((clean <= HARM["clean"]) & (hard <= HARM["hard"]))
    return int(fine[0]) if fine.size else len(THRESHOLDS) - 1


def _drawn(rng: np.random.Generator, count: int) -> Doubles:
    """How often each of so many records is drawn."""
    return np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64) if count else np.zeros(0)


# --- running


def run(name: str, work: Path, recipe: Recipe) -> None:
    """Fit and judge a variant; what comes of it is kept in ``work``."""
    variant = VARIANTS[name]
    whole = None if variant.refit == "tagger" else joblib.load(work / "whole.joblib")
    with threadpool_limits(1), patched(variant):
        made = fit(variant, joblib.load(work / "shared.joblib"), whole, recipe)
        outcome = judge(made.weights, [*records_of(work)])
    if variant is WHOLE:
        joblib.dump(made, work / "whole.joblib")
    keep(outcome, _result(work, name))


def keep(outcome: Outcome, file: Path) -> None:
    """Write what a variant did, all of it or nothing."""
    unfinished = file.with_name(f".{file.name}")
    np.savez_compressed(unfinished, **{field: getattr(outcome, field) for field in Outcome.__slots__})
    unfinished.replace(file)


def kept(file: Path) -> Outcome:
    """What :func:`keep` wrote."""
    with np.load(file) as arrays:
        return Outcome(**arrays)


def records_of(work: Path) -> Iterator[Record]:
    """The records that all variants are judged on."""
    for record in read_records(work / "dev.jsonl"):
        if isinstance(record, BadRecord):
            raise AblationError(str(record))
        yield record


def _result(work: Path, name: str) -> Path:
    return work / f"{list(VARIANTS).index(name):02}.npz"


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Collected articles.")
@click.option("--work", type=click.Path(path_type=Path), default="build/ablation", show_default=True, metavar="DIR")
@click.option("--only", multiple=True, metavar="NAME", help="Measure this variant, and the whole.")
@click.option("--scale", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Multiply all sizes.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the table here, too (Markdown).")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True)
def main(data: Path, work: Path, only: tuple[str, ...], scale: float, out: Path | None, workers: int) -> None:
    """Measure what each part of the detector brings.

    What is measured is kept in --work, and not measured again.
    """
    if unknown := [name for name in only if name not in VARIANTS]:
        raise AblationError(f"no variant {unknown[0]!r} (there are: {', '.join(VARIANTS)})")
    names = [name for name in VARIANTS if not only or name in (WHOLE.name, *only)]
    recipe = scaled(scale)
    console = Console(width=190)
    _prepare(data, work, recipe, scale)
    with console.status("") as status:
        for done, name in enumerate(_run_all(names, work, recipe, workers), 1):
            status.update(f"{done} of {len(names)}: {name}")
    outcomes = {name: kept(_result(work, name)) for name in names}
    lines = [*_lines(outcomes)]
    console.print(_table(lines))
    if out:
        out.write_text(_markdown(lines, outcomes[WHOLE.name], recipe), "utf-8")


def scaled(scale: float) -> Recipe:
    """The recipe of all variants in smaller sizes."""
    sizes = ("tagger_samples", "segment_samples", "choice_samples", "calibration_samples", "rounds")
    return replace(RECIPE, **{name: max(1, round(getattr(RECIPE, name) * scale)) for name in sizes})


def _prepare(data: Path, work: Path, recipe: Recipe, scale: float) -> None:
    """Make what all variants learn from and are judged on, unless it is there."""
    about = json.dumps({"data": str(data.resolve()), "recipe": repr(recipe)})
    if is_prepared(work, about):
        return
    corpus = corpus_of(data)
    work.mkdir(parents=True, exist_ok=True)
    infected, honest = (max(1, round(size * scale / 5)) for size in (INFECTED, HONEST))  # Vietnamese gets five times it
    with (work / "dev.jsonl").open("w", encoding="utf-8") as file:
        for record in development_records(corpus, infected, honest, parts=PARTS):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    joblib.dump(share(corpus, recipe), work / "shared.joblib")
    (work / TASK).write_text(about, "utf-8")


def is_prepared(work: Path, about: str) -> bool:
    """Whether a folder holds what a task needs, which is written to its ``TASK`` last."""
    task = work / TASK
    if task.exists() and task.read_text("utf-8") != about:
        raise AblationError(f"{work}: holds what was measured on other data or in other sizes")
    return task.exists()


def corpus_of(data: Path) -> Corpus:
    """What was collected, of one language."""
    try:
        corpus = read_data_folder(data)
    except CorpusError as error:
        raise AblationError(str(error)) from None
    return replace(corpus, articles=[article for article in corpus.articles if article.lang == LANGUAGE])


def _run_all(names: Sequence[str], work: Path, recipe: Recipe, workers: int) -> Iterator[str]:
    """Run what was not run yet, each in a process of its own; names the variants as they are done.

    Those that take over nothing of the whole run beside it, the others after it.
    """
    waiting = [name for name in names if not _result(work, name).exists()]
    yield from (name for name in names if name not in waiting)
    first = [name for name in waiting if VARIANTS[name].refit == "tagger"]
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:

        def submit(some: Iterable[str]) -> dict[Future[None], str]:
            return {pool.submit(run, name, work, recipe): name for name in some}

        running = submit(first)
        later = [name for name in waiting if name not in first]
        if WHOLE.name not in waiting:
            running |= submit(later)
        while running:
            done = next(as_completed(running))
            done.result()
            name = running.pop(done)
            if name == WHOLE.name:
                running |= submit(later)
            yield name


# --- tables


class Line(NamedTuple):
    """A line of the table."""

    part: str
    name: str
    cells: tuple[str, ...]


_AGAINST = "against the whole"
HEADS = ("exact", _AGAINST, "span F1", _AGAINST, "clean cut", "hard cut", f"exact, {LOOSE} × the harm", _AGAINST)


def _lines(outcomes: Mapping[str, Outcome]) -> Iterator[Line]:
    strict = {name: figures(outcome) for name, outcome in outcomes.items()}
    loose = {name: figures(outcome, LOOSE) for name, outcome in outcomes.items()}
    wholes = [name for name in outcomes if VARIANTS[name].part == WHOLE.part]
    for name, own in strict.items():
        variant = VARIANTS[name]
        others = wholes if variant.refit == "tagger" and name not in wholes else [WHOLE.name]
        cells: list[str] = []
        for found, figure in ((strict, "exact"), (strict, "f1"), (loose, "exact")):
            mine = getattr(found[name], figure)
            theirs = np.mean([getattr(found[other], figure) for other in others], axis=0)
            cells += (f"{mine.mean():.3f}", "" if name == WHOLE.name else told(mine - theirs))
        cells[4:4] = (f"{own.clean_cut.mean():.2%}", f"{own.hard_cut.mean():.2%}")
        yield Line(variant.part, name, tuple(cells))


def told(more: Doubles) -> str:
    """The mean of differences and the interval that holds 95 % of them; bold when it does not hold 0."""
    low, high = np.quantile(more, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    text = f"{more.mean():+.3f} ({low:+.3f} … {high:+.3f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def _table(lines: Sequence[Line]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for number, head in enumerate(("variant", *HEADS)):
        table.add_column(head, justify="right" if number else "left")
    part = ""
    for line in lines:
        if line.part != part:
            part = line.part
            table.add_row(f"[bold]{part}[/bold]")
        table.add_row(f"  {line.name}", *(cell.replace("*", "") for cell in line.cells))
    return table


def _markdown(lines: Sequence[Line], whole: Outcome, recipe: Recipe) -> str:
    clean, hard = int((~whole.hard).sum()), int(whole.hard.sum())
    text = ABOUT.format(
        recipe=recipe,
        ordinary=ORDINARY_READ,
        infected=len(whole.restored),
        clean=clean,
        hard=hard,
        harm=HARM,
        resamples=RESAMPLES,
        loose=LOOSE,
    )
    part = ""
    for line in lines:
        if line.part != part:
            part = line.part
            text += f"\n## {part}\n\n"
            text += f"| variant | {' | '.join(HEADS)} |\n|---|{'---:|' * len(HEADS)}\n"
        text += f"| {' | '.join((line.name, *line.cells))} |\n"
    return text


ABOUT = """# What each part of the detector brings

Written by `benchmarks/ablation.py`; see [README.md](README.md#ablationpy) for how to read it.

Every variant: Vietnamese only, {recipe.tagger_samples:,} samples for the tagger ({recipe.layers} layers of
{recipe.width}), {recipe.segment_samples:,} samples and at most {ordinary:,} ordinary articles and all delicate ones of
their part for the segment decision, {recipe.rounds} rounds of boosting.

Judged: {infected:,} infected, {clean:,} clean and {hard:,} hard development records. The honest ones are parted into
halves. Each half sets a threshold, the lowest at which at most {harm[clean]:.1%} of its clean and {harm[hard]:.1%} of
its hard records are cut; at that threshold the other half and the infected records are scored, and the mean of both is
told. A threshold hangs on two or three records of its half. So all of this is done {resamples:,} times, each time on
records drawn anew with replacement: the means are told, and in brackets the interval that holds 95 % of the differences
on the same draws. Differences whose interval does not hold 0 are bold. The last two columns are measured where {loose}
times as much may be cut: more records decide on that threshold, and the intervals are narrower.

What has a tagger of its own is held against the mean of three runs of the whole that differ in nothing but random
numbers, the rest against the first of them, whose tagger it shares. The intervals say nothing of chance in training;
the two lines beneath the whole do.
"""

if __name__ == "__main__":
    main()
