"""How well injections are found and cut, beside the targets and two baselines, on development data and gold texts.

Exit status: 0 when every target is reached, 1 when not, 2 when it cannot be measured.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from joblib import Parallel, delayed
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cleaner import Cleaner, Policy
from cleaner.model.store import default_folder
from cleaner.training.baselines import keyword_cuts, sentence_cuts
from cleaner.training.corpus import BadRecord
from cleaner.training.disguise import HEAVY, Disguise
from cleaner.training.evaluate import Evaluation, assisted_policy, evaluate, evaluate_cuts, read_records
from cleaner.training.metrics import Figure, Record, figures
from cleaner.training.spans import intersection, solid

TARGETS = {
    "exact": 0.90,
    "assisted": 0.95,
    "precision": 0.985,
    "recall": 0.95,
    "f1": 0.965,
    "clean_untouched": 0.9995,
    "clean_silent": 0.998,
    "hard_untouched": 0.995,
}
"""What is asked of Vietnamese; of the other languages five hundredths less in what is restored and found."""
EASED = frozenset({"exact", "assisted", "precision", "recall", "f1"})
OTHERS_LESS = 0.05
WORST_TOPIC = 0.98
GOLD_VIETNAMESE, GOLD_OTHERS = 0.80, 0.75
DISGUISE_LOSS, DISGUISED = 0.03, 400
"""F1 that a disguise may cost, and the records that it is measured on."""
PLAIN_STYLES = frozenset(
    {"mid-sentence", "mid-break", "line", "glued", "commad", "chain", "heading", "brand", "domain"}
)
"""Styles of injections that somebody would disguise."""
ECE, STRIP_PRECISION, LOWEST, BINS, PURE = 0.02, 0.9975, 0.05, 10, 0.9
"""Limits of the calibration; the score from which findings count, in how many bins; share of one that was injected."""
SIZE = 10_000_000
"""Bytes of a model."""
TITLES = {
    "exact": "exact restoration",
    "assisted": "assisted restoration",
    "precision": "span precision",
    "recall": "span recall",
    "f1": "span F1",
    "clean_untouched": "clean untouched",
    "clean_silent": "clean without a finding",
    "hard_untouched": "hard negatives untouched",
}
BASELINES_UP_TO = 3000
"""Records that the baselines are measured on; the sentence classifier learns from one half for the other."""


class Row(NamedTuple):
    """A line of the table."""

    figure: str
    target: str
    measured: str
    reached: bool | None
    others: tuple[str, ...] = ()
    """The same of the baselines."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: its score, whether it would be cut, and whether that is right."""

    score: float
    is_cut: bool
    is_right: bool


class DetectionError(click.ClickException):
    """Something cannot be measured."""

    exit_code = 2


@click.command()
@click.argument("dev", type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path), metavar="DIR", help="Folder of gold_*.jsonl.")
@click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="Measure this model.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the tables here, too (Markdown).")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count(), show_default="cores")
@click.pass_context
def main(ctx: click.Context, dev: Path, gold: Path | None, model: Path | None, out: Path | None, workers: int) -> None:
    """Measure detection on DEV, the records that `cleaner dev-data` makes."""
    records = list(_records([dev]))
    tables: dict[str, list[Row]] = {}
    for name, own in (
        ("Vietnamese", [r for r in records if r.lang == "vi"]),
        ("ten other languages", [r for r in records if r.lang != "vi"]),
    ):
        if own:
            less = 0.0 if name == "Vietnamese" else OTHERS_LESS
            tables[f"Development data, {name}"] = [*_main_rows(own, model, workers, less)]
            tables[f"Disguises, {name}"] = [*_disguise_rows(own, model, workers)]
            tables[f"Confidence, {name}"] = [*_confidence_rows(own, model, workers)]
    tables["Model"] = [_size_row(model)]
    if gold:
        tables["Gold texts"] = [*_gold_rows(gold, model, workers)]
    console = Console(width=120)
    for title, rows in tables.items():
        console.print(_table(title, rows))
    if out:
        out.write_text("".join(_markdown(title, rows) for title, rows in tables.items()), "utf-8")
    ctx.exit(int(any(row.reached is False for rows in tables.values() for row in rows)))


def _records(files: Iterable[Path]) -> Iterator[Record]:
    for record in chain.from_iterable(map(read_records, files)):
        if isinstance(record, BadRecord):
            raise DetectionError(str(record))
        yield record


def _evaluated(records: Sequence[Record], model: Path | None, workers: int) -> Evaluation:
    policy = Policy()
    return evaluate(records, Cleaner(model, policy), Cleaner(model, assisted_policy(policy)), workers)


def _main_rows(records: Sequence[Record], model: Path | None, workers: int, less: float) -> Iterator[Row]:
    ours = _evaluated(records, model, workers)
    some = random.Random(1).sample(records, min(BASELINES_UP_TO, len(records)))
    peers = (evaluate_cuts(some, keyword_cuts(some)), evaluate_cuts(some, sentence_cuts(some)))
    for name, target in TARGETS.items():
        least = target - less * (name in EASED)
        yield _row(TITLES[name], least, ours.figures[name], *(_value(peer.figures[name]) for peer in peers))
    if topic := ours.worst_topic:
        told = f"{topic.untouched:.3f} ({topic.name}, {topic.documents})"
        yield Row("worst topic", f"≥ {WORST_TOPIC:.3f}", told, topic.untouched >= WORST_TOPIC)


def _row(title: str, least: float, figure: Figure, *others: str) -> Row:
    value = figure.value
    return Row(title, f"≥ {least:g}", _value(figure, True), None if value is None else value >= least, others)


def _value(figure: Figure, with_interval: bool = False) -> str:
    if figure.value is None:
        return "–"
    interval = f" ({figure.low:.3f}–{figure.high:.3f})" if with_interval and figure.low is not None else ""
    return f"{figure.value:.3f}{interval}"


def _disguise_rows(records: Sequence[Record], model: Path | None, workers: int) -> Iterator[Row]:
    plain = [r for r in records if r.kind == "infected" and r.style in PLAIN_STYLES and not r.obfuscated]
    plain = random.Random(2).sample(plain, min(DISGUISED, len(plain)))
    of_plain = _f1(_evaluated(plain, model, workers))
    yield Row("F1 in plain spelling", "", f"{of_plain:.3f}", None)
    for disguise in HEAVY:
        if disguise.__name__ in ("telex", "wrong_tones") and records[0].lang != "vi":
            continue
        disguised = [_disguised(record, disguise, random.Random(number)) for number, record in enumerate(plain)]
        loss = of_plain - _f1(_evaluated(disguised, model, workers))
        name = disguise.__name__.replace("_", " ")
        yield Row(f"loss of F1: {name}", f"≤ {DISGUISE_LOSS:g}", f"{loss:+.3f}", loss <= DISGUISE_LOSS)


def _f1(evaluation: Evaluation) -> float:
    return figures(evaluation.scores)["f1"].value or 0.0


def _disguised(record: Record, disguise: Disguise, rng: random.Random) -> Record:
    """The record with each of its injections disguised."""
    text, spans, done = "", [], 0
    for start, end in record.spans:
        text += record.source[done:start]
        spelled = disguise(record.source[start:end], rng)
        spans.append((len(text), len(text) + len(spelled)))
        text, done = text + spelled, end
    return replace(record, source=text + record.source[done:], spans=tuple(spans))


def _confidence_rows(records: Sequence[Record], model: Path | None, workers: int) -> Iterator[Row]:
    parts = Parallel(n_jobs=workers)(delayed(_findings)(records[n::workers], model) for n in range(workers))
    found = [one for part in parts for one in part]
    if not found:
        return
    scores, right = np.array([f.score for f in found]), np.array([f.is_right for f in found])
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    error = sum(abs(scores[bins == b].sum() - right[bins == b].sum()) for b in range(BINS)) / len(found)
    yield Row(f"calibration error (ECE) of {len(found)} findings", f"≤ {ECE:g}", f"{error:.3f}", bool(error <= ECE))
    cut = [f.is_right for f in found if f.is_cut]
    if cut:
        good = sum(cut) / len(cut)
        yield Row(f"precision of the {len(cut)} cuts", f"≥ {STRIP_PRECISION:g}", f"{good:.4f}", good >= STRIP_PRECISION)


def _findings(records: Sequence[Record], model: Path | None) -> list[Found]:
    """What is found in the records, from low scores on."""
    strip = Policy().strip
    results = Cleaner(model, Policy(flag=LOWEST)).clean_many((r.source for r in records), "text")
    return [
        Found(f.score, f.action == "strip" or f.score >= strip, _is_right(record, f.start, f.end))
        for record, result in zip(records, results, strict=True)
        for f in result.findings
    ]


def _is_right(record: Record, start: int, end: int) -> bool:
    size = solid(record.source, [(start, end)])
    return solid(record.source, intersection([(start, end)], record.spans)) >= PURE * size


def _size_row(model: Path | None) -> Row:
    size = sum(file.stat().st_size for file in (model or default_folder()).iterdir() if file.suffix != ".md")
    return Row("size of the model, MB", f"≤ {SIZE / 1e6:g}", f"{size / 1e6:.1f}", size <= SIZE)


def _gold_rows(folder: Path, model: Path | None, workers: int) -> Iterator[Row]:
    for name, least in (("vi", GOLD_VIETNAMESE), ("other", GOLD_OTHERS)):
        files = [folder / f"gold_{name}_{kind}.jsonl" for kind in ("infected", "honest")]
        if not all(file.exists() for file in files):
            raise DetectionError(f"{folder}: gold_{name}_infected.jsonl or gold_{name}_honest.jsonl is missing")
        evaluation = _evaluated([*_records(files)], model, workers)
        yield _row(f"exact restoration, {name}", least, evaluation.figures["exact"])
        yield Row(f"span F1, {name}", "", _value(evaluation.figures["f1"], True), None)
        untouched = _all_untouched(evaluation)
        yield Row(f"honest untouched, {name}", "all", f"{untouched[0]} of {untouched[1]}", untouched[0] == untouched[1])


def _all_untouched(evaluation: Evaluation) -> tuple[int, int]:
    honest = [score for score in evaluation.scores if score.kind != "infected"]
    return sum(score.untouched for score in honest), len(honest)


# --- tables

HEADS = ("target", "measured", "reached", "keyword list", "sentence classifier")


def _cells(row: Row) -> tuple[str, ...]:
    told = {None: "", True: "yes", False: "no"}[row.reached]
    return (row.figure, row.target, row.measured, told, *row.others)


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    width = max(len(_cells(row)) for row in rows)
    for number, head in enumerate(("figure", *HEADS)[:width]):
        table.add_column(head, justify="right" if number else "left")
    for row in rows:
        table.add_row(*_cells(row), style="" if row.reached is not False else "yellow")
    return table


def _markdown(title: str, rows: Sequence[Row]) -> str:
    width = max(len(_cells(row)) for row in rows)
    padded = [(*_cells(row), *[""] * (width - len(_cells(row)))) for row in rows]
    lines = [("figure", *HEADS)[:width], ["---"] * width, *padded]
    return f"## {title}\n\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\n"


if __name__ == "__main__":
    main()
