"""``cleaner evaluate``: how well the injected is found and cut, and the honest left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.inputs import FILE, FILE_OR_STDIN, STDIN, refuse_overwriting
from cleaner.cli.judging import EXIT_QUARANTINED, MANY_RECORDS, Corpus, cleaners, quarantine_to_dict, read_corpus
from cleaner.cli.show import Screen, json_line, standard_error, standard_output
from cleaner.cli.tables import NOTHING, add_row, new_table, print_table
from cleaner.files import label, replacing
from cleaner.model.store import default_folder, load
from cleaner.training.corpus import BadRecord
from cleaner.training.evaluate import Evaluation, evaluate_cuts
from cleaner.training.evaluate import evaluate as run
from cleaner.training.metrics import ERROR_KINDS, KEYS, KINDS, MEASURES, Figure, Topic, error_counts, verdicts
from cleaner.training.rule_precision import RuleCount, rule_counts
from cleaner.types import CleanerError

if TYPE_CHECKING:
    from rich.table import Table

VERSION = 1
"""Of the JSON schema."""
BASELINES_UP_TO = 5000
"""Records up to which the baselines run without being asked for."""
CROSS_FITTING = "the evaluated records: each half was cleaned by what the other half taught"
MODEL, KEYWORDS, SENTENCES = "cleaner", "keyword list", "sentence classifier"
SPAN_FIGURES = ("precision", "recall", "f1")
"""They count characters, the number of which differs from system to system."""
KIND_NAMES = {"infected": "infected", "clean": "clean", "hard": "hard negatives"}
RULE, RULES_SHOWN = "rule", 40
EXAMPLES = """\b
Examples:
  cleaner evaluate infected.jsonl honest.jsonl.gz
  cleaner evaluate --by style --by category --no-baselines infected.jsonl
  cleaner evaluate --model models/new --errors worst.jsonl *.jsonl
  cleaner evaluate --json - *.jsonl | jq .systems.cleaner.figures.exact

\b
Records:
  {"text": "…", "clean": "…", "lang": "vi", "spam": [{"start": 9, "end": 24, "category": "lottery"}]}
  "html" in place of "text" for pages; without "clean", or where both are equal, the document is honest, and
  a hard negative when its "topic" is not "ordinary". Optional: id, format, style, domain, obfuscated, known_brand.

\b
Exit status: 0 done, 2 an error, 3 done, but there were records that cannot be judged.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was evaluated, on what, and how it went."""

    files: tuple[str, ...]
    systems: Mapping[str, Evaluation]
    quarantined: Sequence[BadRecord]
    sentence_training: str = ""
    """What the sentence classifier learnt from; empty when the baselines did not run."""
    rules: Sequence[RuleCount] = ()
    """How each rule did, those with the most false hits first; empty when it was not asked for."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        ours = self.systems[MODEL]
        return {
            "version": VERSION,
            "files": list(self.files),
            "documents": {kind: sum(score.kind == kind for score in ours.scores) for kind in KINDS},
            "quarantined": quarantine_to_dict(self.quarantined),
            "systems": {name.replace(" ", "_"): evaluation.to_dict() for name, evaluation in self.systems.items()},
            "sentence_training": self.sentence_training or None,
            "rules": [count.to_dict() for count in self.rules],
            "throughput_mb_per_second": round(ours.throughput, 3),
        }


@click.command(epilog=EXAMPLES)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--model", type=FILE, metavar="DIR", help="Use this model instead of the one that is built in.")
@click.option("--policy", type=FILE, metavar="FILE", help="Thresholds, allow and deny lists (TOML).")
@click.option(
    "--json", "json_target", type=FILE_OR_STDIN, metavar="OUT", help="Write the figures as JSON; - prints it."
)
@click.option(
    "--baselines/--no-baselines",
    default=None,
    help=f"Judge a keyword list and a sentence classifier too.  [default: up to {BASELINES_UP_TO:,} records]",
)
@click.option("--baseline-train", type=FILE, metavar="FILE", help="What the sentence classifier learns from.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Read at most N records of each file.")
@click.option(
    "--by",
    type=click.Choice((*KEYS, RULE)),
    multiple=True,
    default=("lang", "format", "style"),
    show_default=True,
    help="Break figures down; may be repeated. `rule` tells how often each rule spoke up, and how often rightly.",
)
@click.option("--errors", type=FILE, metavar="FILE", help="Write the documents with mistakes, the worst first (JSONL).")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Worker processes.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    files: tuple[Path, ...],
    model: Path | None,
    policy: Path | None,
    json_target: str | None,
    baselines: bool | None,
    baseline_train: Path | None,
    limit: int | None,
    by: tuple[str, ...],
    errors: Path | None,
    workers: int,
) -> None:
    """Measure how well injected spam is cut, and honest text left alone.

    Each FILE (.jsonl or .jsonl.gz) holds one document a line, as published and as it was.
    """
    to_file = Path(json_target) if json_target not in (None, STDIN) else None
    sources = (*files, baseline_train) if baseline_train else files
    refuse_overwriting(map(str, sources), filter(None, (to_file, errors)))
    screen, messages = standard_output(), standard_error()
    with ExitStack() as stack:
        write_json = stack.enter_context(replacing(to_file)) if to_file else screen.write
        write_error = stack.enter_context(replacing(errors)) if errors else None
        system = cleaners(model, policy)
        corpus = read_corpus(files, limit)
        lessons = read_corpus([baseline_train]) if baseline_train else None
        for bad in (*corpus.bad, *(lessons.bad if lessons else ())):
            messages.complain(label(str(bad)))
        if baselines is None:
            baselines = len(corpus.records) <= BASELINES_UP_TO
        if baselines:
            _require_baselines()
        with messages.progress(len(corpus.records), len(corpus.records) > MANY_RECORDS) as advance:
            ours = run(corpus.records, *system, workers=workers, advance=advance)
        for bad in ours.quarantined:
            messages.complain(label(str(bad)))
        report = _report(corpus, lessons, ours, baselines)
        if RULE in by:
            report = replace(
                report, rules=rule_counts(corpus.records, load(model or default_folder()).classifier.rules)
            )
        if json_target:
            write_json(json_line(report.to_dict()))
        if write_error:
            for mistake in ours.mistakes:
                write_error(json_line(mistake.to_dict()))
    if json_target != STDIN:
        _show(screen, report, by)
    ctx.exit(EXIT_QUARANTINED if report.quarantined else 0)


def _require_baselines() -> None:
    """Raises CleanerError: what the baselines need is not installed."""
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError as error:
        message = f"the baselines need {error.name}: pip install 'cleaner[train]', or leave them out (--no-baselines)"
        raise CleanerError(message) from None


def _report(corpus: Corpus, lessons: Corpus | None, ours: Evaluation, with_baselines: bool) -> Report:
    """``lessons``: what the sentence classifier is to learn from; ``None``: the corpus itself."""
    systems = {MODEL: ours}
    quarantined = [*corpus.bad, *(lessons.bad if lessons else ()), *ours.quarantined]
    sentence_training = ""
    if with_baselines:
        from cleaner.training.baselines import keyword_cuts, sentence_cuts

        refused = {bad.place for bad in ours.quarantined}
        records = [record for record in corpus.records if record.place not in refused]
        systems[KEYWORDS] = evaluate_cuts(records, keyword_cuts(records))
        systems[SENTENCES] = evaluate_cuts(records, sentence_cuts(records, lessons.records if lessons else None))
        sentence_training = lessons.files[0] if lessons else CROSS_FITTING
    return Report(corpus.files, systems, quarantined, sentence_training)


# --- tables


def _of(figure: Figure) -> str:
    return str(figure.of)


def _number(figure: Figure) -> str:
    return NOTHING if figure.value is None else f"{figure.value:.3f}"


BREAKDOWN: tuple[tuple[str, str, Callable[[Figure], str]], ...] = (
    ("infected", "exact", _of),
    ("exact", "exact", _number),
    ("assisted", "assisted", _number),
    ("hit", "hit", _number),
    ("P", "precision", _number),
    ("R", "recall", _number),
    ("F1", "f1", _number),
    ("clean", "clean_untouched", _of),
    ("untouched", "clean_untouched", _number),
    ("hard", "hard_untouched", _of),
    ("untouched", "hard_untouched", _number),
)
"""Heading, figure, and what is shown of it."""


def _show(screen: Screen, report: Report, keys: Iterable[str]) -> None:
    print_table(screen, _main_table(report.systems))
    for line in _remarks(report):
        screen.print((line, "dim"))
    screen.print("")
    print_table(screen, _error_table(report.systems))
    print_table(screen, _verdict_table(report.systems[MODEL]))
    if report.rules:
        print_table(screen, _rule_table(report.rules))
    for key in [key for key in dict.fromkeys(keys) if key != RULE]:
        groups = report.systems[MODEL].breakdown(key)
        if groups:
            print_table(screen, _breakdown_table(key, groups))


def _main_table(systems: Mapping[str, Evaluation]) -> Table:
    table = new_table("figure", "of", *systems)
    for measure in MEASURES:
        found = [evaluation.figures[measure.name] for evaluation in systems.values()]
        of = NOTHING if measure.name in SPAN_FIGURES else str(found[0].of)
        add_row(table, measure.title, of, *map(_with_interval, found))
    add_row(table, "worst topic", NOTHING, *(_topic(evaluation.worst_topic) for evaluation in systems.values()))
    return table


def _with_interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return _number(figure)
    return f"{_number(figure)} ({figure.low:.3f}–{figure.high:.3f})"


def _topic(topic: Topic | None) -> str:
    if topic is None:
        return NOTHING
    return f"{topic.name}: {topic.untouched:.3f} of {topic.documents}" if topic.untouched < 1 else "all untouched"


def _remarks(report: Report) -> Iterator[str]:
    ours = report.systems[MODEL]
    yield "In brackets: 95 % of 1,000 resamples of the documents; no width means only that all documents agree."
    yield "Spans are counted in characters, white space aside."
    if report.sentence_training:
        yield f"The sentence classifier learnt from {report.sentence_training}."
    if report.quarantined:
        yield f"Quarantined: {len(report.quarantined)} records that cannot be judged."
    yield f"Throughput, no metric: {ours.throughput:.2f} MB/s of UTF-8 for each worker."


def _verdict_table(evaluation: Evaluation) -> Table:
    counts = verdicts(evaluation.scores)
    names = [name for name in ("clean", "cleaned", "review", "spam") if any(name in own for own in counts.values())]
    table = new_table("verdicts on documents", *names)
    for kind, own in counts.items():
        if own:
            add_row(table, KIND_NAMES[kind], *(str(own.get(name, 0)) for name in names))
    return table


def _error_table(systems: Mapping[str, Evaluation]) -> Table:
    table = new_table("documents with errors", *ERROR_KINDS)
    for name, evaluation in systems.items():
        add_row(table, name, *map(str, error_counts(evaluation.scores).values()))
    return table


def _breakdown_table(key: str, groups: Mapping[str, Mapping[str, Figure]]) -> Table:
    """A row for each group; columns in which there is nothing to judge are left out."""
    columns = [column for column in BREAKDOWN if any(_is_judged(own, column[1]) for own in groups.values())]
    table = new_table(key, *(heading for heading, _, _ in columns))
    for group, own in groups.items():
        add_row(table, group, *(cell(own[name]) if _is_judged(own, name) else NOTHING for _, name, cell in columns))
    return table


def _rule_table(rules: Sequence[RuleCount]) -> Table:
    """The rules with the most false hits, which are evidence and no cuts."""
    table = new_table(f"{min(len(rules), RULES_SHOWN)} of {len(rules)} rules", "hits", "in injections", "precision")
    for count in rules[:RULES_SHOWN]:
        add_row(table, count.rule, str(count.hits), str(count.right), f"{count.precision:.3f}")
    return table


def _is_judged(own: Mapping[str, Figure], name: str) -> bool:
    """Whether a figure says something of a group; those of spans do not where nothing was injected."""
    return bool(own[name].of and (name not in SPAN_FIGURES or own["recall"].of))
