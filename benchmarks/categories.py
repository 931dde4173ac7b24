"""What is lost on a category of spam that training never saw.

All that is of the category is taken away: from the templates and phrases that are injected, and from the rule set, in
training and in judging. A model is trained on the rest, and judged beside one that saw everything, on records into
which nothing but that category was injected, at equal harm.

Exit status: 0 no category loses more than it may, 1 one does, 2 it cannot be measured.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import click
import joblib
import numpy as np
from ablation import (
    CONFIDENCE,
    HARM,
    HONEST,
    LANGUAGE,
    LOOSE,
    ORDINARY_READ,
    PARTS,
    RESAMPLES,
    TASK,
    AblationError,
    Outcome,
    corpus_of,
    count,
    figures,
    fit,
    is_prepared,
    judge,
    keep,
    kept,
    records_of,
    scaled,
    share,
    told,
)
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from variants import VARIANTS, WHOLE

from cleaner import rules
from cleaner.folding import fold
from cleaner.rules.lexicon import STRENGTHS, Lexicon, compile_terms
from cleaner.training.corpus import Corpus
from cleaner.training.devset import development_records
from cleaner.training.material import Material, load_material
from cleaner.training.recipe import Recipe
from cleaner.types import CATEGORIES

if TYPE_CHECKING:
    from ablation import Doubles
    from numpy.typing import NDArray

LEFT_AWAY = {
    "gambling": "brands, domains and what stands beside them count as gambling: without them little is left to inject",
    "lottery": "of one family with gambling, which would stay",
    "betting": "likewise",
    "other": "no category, but what fits none",
}
"""Categories that are not measured, and why."""
MEASURED = tuple(category for category in CATEGORIES if category not in LEFT_AWAY)
INFECTED, LEAST = 400, 60
"""Infected records of each category, and how many there must be at any scale."""
LOSS = 0.06
"""Of span F1, that a category may lose."""
WHOLES = dict(zip(("whole-1", "whole-2"), (v for v in VARIANTS.values() if v.part == WHOLE.part), strict=False))
"""Models that saw everything; they differ in random numbers."""
WORDED = ("keywords", "common", "ads", "paragraphs")
"""What the material has with a category."""
UNWORDED = ("tails", "credits", "borrowed", "brands", "domains", "hashtags")
"""What it injects without one."""


# --- a category alone, and all but one


@contextmanager
def without(category: str) -> Iterator[None]:
    """The package with nothing of a category in its rule set and in what is injected; honest texts stay as they are."""
    names = namer(category)
    with (
        patch("cleaner.rules._read", functools.partial(_rules_without, category, names)),
        patch("cleaner.training.lessons.load_material", functools.partial(_material_without, category, names)),
    ):
        yield


def namer(category: str) -> Callable[[str], bool]:
    """A function that says whether a phrase of the category's lexicon, but for weak ones, stands in a text."""
    terms = [term for language in rules.languages() for term in rules._terms(language) if term.category == category]
    lexicon = Lexicon(*compile_terms([t for t in terms if t.kind == "phrase" and t.weight > STRENGTHS["weak"]]))
    return functools.cache(lambda text: next(lexicon.find(fold(text)), None) is not None)


def _rules_without(category: str, names: Callable[[str], bool], file: str) -> dict[str, Any]:
    data = _READ(file)
    if file == "domains":
        return data | {"stems": {name: found for name, found in data["stems"].items() if name != category}}
    others = [group for group in data["phrases"] if group["category"] != category]
    return data | {"phrases": [g | {"terms": [text for text in g["terms"] if not names(text)]} for g in others]}


def _material_without(
    category: str, names: Callable[[str], bool], lang: str, phrases: Sequence[Mapping[str, Any]], side: str
) -> Material:
    material = load_material(lang, [phrase for phrase in phrases if phrase["category"] != category], side)
    for name in WORDED:
        pairs = getattr(material, name)
        setattr(material, name, [(text, own) for text, own in pairs if own != category and not names(text)])
    for name in UNWORDED:
        setattr(material, name, [text for text in getattr(material, name) if not names(text)])
    return material


def _material_of(category: str, lang: str, phrases: Sequence[Mapping[str, Any]], side: str) -> Material:
    material = load_material(lang, phrases, side)
    for name in WORDED:
        setattr(material, name, [pair for pair in getattr(material, name) if pair[1] == category])
    return material


_READ = rules._read


def infected_records(corpus: Corpus, category: str, most: int) -> Iterator[dict[str, Any]]:
    """Development records, at most so many, that were made of nothing but a category.

    They are those of ``cleaner dev-data``, of the held-out wording of the category alone; what has none
    (a bare brand or domain, a closing line) is left out.
    """
    with patch("cleaner.training.lessons.load_material", functools.partial(_material_of, category)):
        made = [*development_records(corpus, most, 0, parts=PARTS)]  # five times as many in Vietnamese
    pure = [r for r in made if r["spam"] and all(span["category"] == category for span in r["spam"])]
    if len(pure) < LEAST:
        raise AblationError(f"{len(pure)} infected records of {category!r}, too few")
    for number, record in enumerate(pure[:most]):
        yield record | {"id": f"{LANGUAGE}-{category}-{number:05}"}


# --- running


def run(name: str, work: Path, recipe: Recipe) -> None:
    """Train and judge one of ``WHOLES``, or a model that sees nothing of a category; keep what it did in ``work``."""
    variant = WHOLES.get(name, WHOLE)
    recipe = replace(recipe, **variant.sizes)
    with threadpool_limits(1), nullcontext() if name in WHOLES else without(name):
        corpus, clean = joblib.load(work / "shared.joblib")
        made = fit(variant, share(corpus, recipe, clean), None, recipe)
        outcome = judge(made.weights, [*records_of(work)])
    keep(outcome, work / f"{name}.npz")


def _run_all(names: Sequence[str], work: Path, recipe: Recipe, workers: int) -> Iterator[str]:
    """Run what was not run yet, each in a process of its own; names the runs as they are done."""
    waiting = [name for name in names if not (work / f"{name}.npz").exists()]
    yield from (name for name in names if name not in waiting)
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        running = {pool.submit(run, name, work, recipe): name for name in waiting}
        for done in as_completed(running):
            done.result()
            yield running[done]


def _prepare(data: Path, work: Path, recipe: Recipe, scale: float) -> None:
    """Write what all learn from, and the records that they are judged on, unless it was done."""
    about = json.dumps({"data": str(data.resolve()), "recipe": repr(recipe)})
    if is_prepared(work, about):
        return
    corpus = corpus_of(data)
    work.mkdir(parents=True, exist_ok=True)
    with (work / "dev.jsonl").open("w", encoding="utf-8") as file:
        for category in MEASURED:
            for record in infected_records(corpus, category, max(LEAST, round(INFECTED * scale))):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        for record in development_records(corpus, 0, max(1, round(HONEST * scale / 5)), parts=PARTS):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    joblib.dump((corpus, count(corpus, recipe)), work / "shared.joblib")
    (work / TASK).write_text(about, "utf-8")


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Collected articles.")
@click.option("--work", type=click.Path(path_type=Path), default="build/categories", show_default=True, metavar="DIR")
@click.option("--only", multiple=True, type=click.Choice(MEASURED), help="Leave out this category, and no other.")
@click.option("--scale", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Multiply all sizes.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the table here, too (Markdown).")
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the figures here.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True)
@click.pass_context
def main(
    ctx: click.Context,
    data: Path,
    work: Path,
    only: tuple[str, ...],
    scale: float,
    out: Path | None,
    json_file: Path | None,
    workers: int,
) -> None:
    """Measure what is lost on categories of spam that training never saw.

    What is measured is kept in --work, and not measured again.
    """
    names = [*WHOLES, *(category for category in MEASURED if category in (only or MEASURED))]
    recipe = scaled(scale)
    console = Console(width=190)
    _prepare(data, work, recipe, scale)
    with console.status("") as status:
        for done, name in enumerate(_run_all(names, work, recipe, workers), 1):
            status.update(f"{done} of {len(names)}: {name}")
    infected = [record.category for record in records_of(work) if record.kind == "infected"]
    outcomes = {name: kept(work / f"{name}.npz") for name in names}
    rows = [*rows_of(outcomes, np.array(infected))]
    tables: Tables = {heads: [[row.category, str(row.records), *cells(row)] for row in rows] for heads, cells in TABLES}
    for heads, lines in tables.items():
        console.print(_table(heads, lines))
    for line in _verdicts(rows):
        console.print(line)
    if out:
        out.write_text(_markdown(tables, outcomes["whole-1"], recipe), "utf-8")
    if json_file:
        json_file.write_text(json.dumps([row.to_dict() for row in rows], indent=1) + "\n", "utf-8")
    ctx.exit(int(any(row.lost > LOSS for row in rows)))


# --- tables

Tables = dict[tuple[str, ...], list[list[str]]]
"""Lines by heads."""


class Row(NamedTuple):
    """What a model that has seen nothing of a category does, and what the whole does; figures of each resample."""

    category: str
    records: int
    """Infected records of the category."""
    whole: Mapping[str, Doubles]
    """By figure, the mean of ``WHOLES``."""
    own: Mapping[str, Doubles]
    """The same of the model that has seen nothing of it."""
    others: Doubles
    """What that model gains in span F1 on the other categories."""
    chance: Doubles
    """What the second of ``WHOLES`` gains in span F1 over the first."""

    def gained(self, figure: str) -> Doubles:
        """What is gained, mostly less than 0, in each resample."""
        return self.own[figure] - self.whole[figure]

    @property
    def lost(self) -> float:
        """Span F1 that is lost."""
        return -float(self.gained("f1").mean())

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form: for each figure the means of both, and the difference with its interval."""
        both = {name: [_mean(self.whole[name]), _mean(self.own[name]), *_held(self.gained(name))] for name in FIGURES}
        more = {"others": _held(self.others), "chance": _held(self.chance)}
        return {"category": self.category, "records": self.records} | both | more


FIGURES = ("f1", "recall", "exact", "strict")
"""Figures of a row: ``strict`` is span F1 at ``HARM``, the others are at ``LOOSE`` times as much."""


def rows_of(outcomes: Mapping[str, Outcome], categories: NDArray[np.str_]) -> Iterator[Row]:
    """A row for each category that was left out.

    Args:
        outcomes: what each of ``WHOLES`` did, and each model without a category under its name.
        categories: the category of each infected record.
    """
    for name, outcome in outcomes.items():
        if name in WHOLES:
            continue
        mine, others = np.flatnonzero(categories == name), np.flatnonzero(categories != name)
        wholes = [_figures(outcomes[whole], mine) for whole in WHOLES]
        theirs = np.mean([_figures(outcomes[whole], others)["f1"] for whole in WHOLES], axis=0)
        yield Row(
            category=name,
            records=len(mine),
            whole={figure: np.mean([whole[figure] for whole in wholes], axis=0) for figure in FIGURES},
            own=_figures(outcome, mine),
            others=_figures(outcome, others)["f1"] - theirs,
            chance=wholes[1]["f1"] - wholes[0]["f1"],
        )


def _figures(outcome: Outcome, infected: NDArray[np.int64]) -> dict[str, Doubles]:
    """Figures of some of the infected records, and all honest ones; the draws are the same for all models."""
    names = ("restored", "removed", "common", "injected")
    some = replace(outcome, **{name: getattr(outcome, name)[infected] for name in names})
    loose = figures(some, LOOSE)
    return {"f1": loose.f1, "recall": loose.recall, "exact": loose.exact, "strict": figures(some).f1}


def _mean(values: Doubles) -> float:
    return round(float(values.mean()), 4)


def _held(values: Doubles) -> list[float]:
    """The mean, and the interval that holds 95 %."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return [_mean(values), round(float(low), 4), round(float(high), 4)]


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        lost = f"{row.category}: {100 * row.lost:.1f} points of span F1 are lost"
        yield f"{lost}, at most {100 * LOSS:.0f} may be: {'kept' if row.lost <= LOSS else 'missed'}"


def _lost(row: Row) -> Iterator[str]:
    for figure in ("f1", "recall", "exact"):
        yield from _beside(row, figure)


def _doubt(row: Row) -> Iterator[str]:
    yield from (*_beside(row, "strict"), told(row.others), told(row.chance))


def _beside(row: Row, figure: str) -> tuple[str, str]:
    return f"{row.whole[figure].mean():.3f} → {row.own[figure].mean():.3f}", told(row.gained(figure))


TABLES = (
    (("span F1", "change", "recall", "change", "exact", "change"), _lost),
    (("span F1 at the harm asked for", "change", "other categories", "two that saw it"), _doubt),
)
"""Heads of each table, after category and records, and what makes its cells."""


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for number, head in enumerate(("category", "records", *heads)):
        table.add_column(head, justify="right" if number else "left")
    for line in lines:
        table.add_row(*(cell.replace("*", "") for cell in line))
    return table


def _markdown(tables: Tables, whole: Outcome, recipe: Recipe) -> str:
    clean, hard = int((~whole.hard).sum()), int(whole.hard.sum())
    told_of = {line[0] for lines in tables.values() for line in lines}
    left = LEFT_AWAY | {category: "not in this run" for category in MEASURED if category not in told_of}
    lost, doubt = (
        f"| category | records | {' | '.join(heads)} |\n|---|{'---:|' * (1 + len(heads))}\n"
        + "".join(f"| {' | '.join(line)} |\n" for line in lines)
        for heads, lines in tables.items()
    )
    return ABOUT.format(
        recipe=recipe,
        ordinary=ORDINARY_READ,
        clean=clean,
        hard=hard,
        harm=HARM,
        loose=LOOSE,
        resamples=RESAMPLES,
        lost=lost,
        doubt=doubt,
        left="".join(f"- {name}: {why}\n" for name, why in left.items()),
    )


ABOUT = """# What is lost on a category that training never saw

Written by `benchmarks/categories.py`; see [README.md](README.md#categoriespy) for how to read it.

Every model: Vietnamese only, {recipe.tagger_samples:,} samples for the tagger ({recipe.layers} layers of
{recipe.width}), {recipe.segment_samples:,} samples and at most {ordinary:,} ordinary articles and all delicate ones of
their part for the segment decision, {recipe.rounds} rounds of boosting. For each category one model has seen nothing of
it: no template, no phrase, no entry of the rule set; nor has the rule set any when it is judged. It stands behind the
arrow. Before it stands the mean of two models that saw everything, and differ in random numbers.

Judged: infected development records of that category alone, {clean:,} clean and {hard:,} hard ones. Every model may do
the same harm: its threshold is the lowest at which at most {loose} × {harm[clean]:.1%} of the clean and {loose} ×
{harm[hard]:.1%} of the hard records are cut, as each of two halves sets it; the mean of both is told. All of it is done
{resamples:,} times on records drawn anew: means are told, and in brackets what holds 95 % of the differences on the
same draws. Differences whose interval does not hold 0 are bold.

{lost}
How far that can be believed: the same at the harm that is asked for, which hangs on few honest records; what the model
that has seen nothing of the category gains on the others, which should be about nothing; and what one of the two that
saw everything gains over the other on the category, which is chance in training.

{doubt}
Not measured:

{left}"""

if __name__ == "__main__":
    main()
