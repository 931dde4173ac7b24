"""``cleaner model diff``: what one model does better or worse than another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.inputs import FILE, FILE_OR_STDIN, STDIN, refuse_overwriting
from cleaner.cli.judging import EXIT_QUARANTINED, MANY_RECORDS, cleaners, quarantine_to_dict, read_corpus
from cleaner.cli.show import ACTION_STYLES, Screen, json_line, quote, standard_error, standard_output
from cleaner.cli.tables import NOTHING, add_row, new_table, print_table
from cleaner.files import label, replacing
from cleaner.training.compare import CHANGES, Change, Difference, change, differences, objections
from cleaner.training.corpus import BadRecord
from cleaner.training.evaluate import Outcome, outcomes
from cleaner.training.metrics import KINDS, MEASURES, Figure, Record
from cleaner.types import Finding

if TYPE_CHECKING:
    from rich.table import Table

    from cleaner.engine import Cleaner

VERSION = 1
"""Of the JSON schema."""
BUILT_IN = "built in"
CHANGE_STYLES: Mapping[Change, str] = {
    "newly harmed": "bold red",
    "newly lost": "bold yellow",
    "no longer harmed": "green",
    "newly restored": "green",
}
SIGN_STYLES = {"-": "red", "+": "green"}
EXAMPLES = """\b
Examples:
  cleaner model diff --new models/mine dev.jsonl
  cleaner model diff --old models/before --new models/after infected.jsonl honest.jsonl.gz
  cleaner model diff --new models/mine --json - dev.jsonl | jq .worse

\b
Exit status: 0 done, 2 an error, 3 done, but there were records that cannot be judged.
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A document and what either model made of it."""

    record: Record
    old: Outcome
    new: Outcome

    @property
    def change(self) -> Change | None:
        """What became of it."""
        return change(self.old.score, self.new.score)

    def findings(self) -> Iterator[tuple[str, Finding]]:
        """Those that only one of them has, in source order: ``-`` the old one, ``+`` the new one."""
        old, new = ({(f.start, f.end, f.action): f for f in outcome.findings} for outcome in (self.old, self.new))
        only = [*(("-", old[key]) for key in old.keys() - new), *(("+", new[key]) for key in new.keys() - old)]
        yield from sorted(only, key=lambda item: (item[1].start, item[1].end, item[0] == "+"))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        sides = {"old": self.old.score, "new": self.new.score}
        return {
            "id": self.record.id,
            "place": self.record.place,
            "kind": self.record.kind,
            "change": self.change,
            **{name: {"verdict": judged.verdict, "error": judged.error} for name, judged in sides.items()},
            "findings": [{"only": "old" if sign == "-" else "new", **f.to_dict()} for sign, f in self.findings()],
        }


@dataclass(frozen=True)
class Report:
    """Two models on the same documents."""

    files: tuple[str, ...]
    old: str
    new: str
    pairs: Sequence[Pair]
    quarantined: Sequence[BadRecord]

    @cached_property
    def differences(self) -> dict[str, Difference]:
        """Of all figures."""
        return differences([pair.old.score for pair in self.pairs], [pair.new.score for pair in self.pairs])

    @cached_property
    def changed(self) -> list[Pair]:
        """The documents whose outcome changed, the worst first."""
        ranks = {kind: rank for rank, kind in enumerate(CHANGES)}
        found = [(ranks[pair.change], pair) for pair in self.pairs if pair.change]
        found.sort(key=lambda item: (item[0], item[1].old.score.wrong - item[1].new.score.wrong))
        return [pair for _, pair in found]

    @property
    def counts(self) -> dict[str, int]:
        """How many documents changed in each way."""
        found = Counter(pair.change for pair in self.changed)
        return {kind: found[kind] for kind in CHANGES}

    @property
    def objections(self) -> list[str]:
        """Why the new model is worse; empty when it is not."""
        return list(objections(self.differences))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "version": VERSION,
            "files": list(self.files),
            "old": self.old,
            "new": self.new,
            "documents": {kind: sum(pair.record.kind == kind for pair in self.pairs) for kind in KINDS},
            "quarantined": quarantine_to_dict(self.quarantined),
            "figures": {name: difference.to_dict() for name, difference in self.differences.items()},
            "worse": self.objections,
            "counts": self.counts,
            "changes": [pair.to_dict() for pair in self.changed],
        }


@click.command(epilog=EXAMPLES)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--old", type=FILE, metavar="DIR", help="The model to compare with.  [default: the one that is built in]")
@click.option("--new", type=FILE, metavar="DIR", help="The model in question.  [default: the one that is built in]")
@click.option("--policy", type=FILE, metavar="FILE", help="Thresholds, allow and deny lists (TOML).")
@click.option("--json", "json_target", type=FILE_OR_STDIN, metavar="OUT", help="Write it as JSON; - prints it.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Worker processes.")
@click.pass_context
def diff(
    ctx: click.Context,
    files: tuple[Path, ...],
    old: Path | None,
    new: Path | None,
    policy: Path | None,
    json_target: str | None,
    workers: int,
) -> None:
    """Compare two models on the records that `cleaner evaluate` reads.

    Figures of both with the interval of their difference, then the documents whose outcome changed, the worst first,
    each with the findings that only the old (-) or the new model (+) has.
    """
    if old is None and new is None:
        raise click.UsageError("two models are needed: name --old or --new, or both")
    to_file = Path(json_target) if json_target not in (None, STDIN) else None
    refuse_overwriting(map(str, files), [to_file] if to_file else [])
    screen, messages = standard_output(), standard_error()
    with replacing(to_file) if to_file else nullcontext(screen.write) as write_json:
        systems = [cleaners(model, policy) for model in (old, new)]
        corpus = read_corpus(files)
        for bad in corpus.bad:
            messages.complain(label(str(bad)))
        total = len(systems) * len(corpus.records)
        with messages.progress(total, len(corpus.records) > MANY_RECORDS) as advance:
            before, after = (_judge(corpus.records, system, workers, advance) for system in systems)
        pairs, refused = _paired(corpus.records, before, after)
        for bad in refused:
            messages.complain(label(str(bad)))
        report = Report(corpus.files, _name(old), _name(new), pairs, [*corpus.bad, *refused])
        if json_target:
            write_json(json_line(report.to_dict()))
    if json_target != STDIN:
        _show(screen, report)
    ctx.exit(EXIT_QUARANTINED if report.quarantined else 0)


def _name(model: Path | None) -> str:
    return BUILT_IN if model is None else str(model)


def _judge(
    records: Sequence[Record], system: tuple[Cleaner, Cleaner], workers: int, advance: Callable[[], object]
) -> list[Outcome | BadRecord]:
    found = []
    for outcome in outcomes(records, *system, workers=workers):
        found.append(outcome)
        advance()
    return found


def _paired(
    records: Sequence[Record], old: Sequence[Outcome | BadRecord], new: Sequence[Outcome | BadRecord]
) -> tuple[list[Pair], list[BadRecord]]:
    """The documents that both judged, and those that one of them refused."""
    pairs: list[Pair] = []
    refused: list[BadRecord] = []
    for record, before, after in zip(records, old, new, strict=True):
        if isinstance(before, BadRecord):
            refused.append(before)
        elif isinstance(after, BadRecord):
            refused.append(after)
        else:
            pairs.append(Pair(record, before, after))
    return pairs, refused


# --- what is shown


def _show(screen: Screen, report: Report) -> None:
    screen.print(f"old: {label(report.old)}\nnew: {label(report.new)}\n")
    print_table(screen, _figure_table(report.differences))
    screen.print(("In brackets: 95 % of 1,000 resamples of the documents, the same for both.\n", "dim"))
    print_table(screen, _count_table(report.counts))
    for pair in report.changed:
        _show_pair(screen, pair)
    if report.changed:
        screen.print()
    if report.quarantined:
        screen.print((f"Quarantined: {len(report.quarantined)} records that cannot be judged.", "dim"))
    for objection in report.objections:
        screen.print(("the new model is worse", "bold red"), f": {objection}")
    if not report.objections:
        screen.print("the new model is not worse, as far as these documents tell")


def _figure_table(found: Mapping[str, Difference]) -> Table:
    table = new_table("figure", "old", "new", "difference")
    for measure in MEASURES:
        difference = found[measure.name]
        add_row(table, measure.title, _value(difference.old), _value(difference.new), _gain(difference))
    return table


def _value(figure: Figure) -> str:
    return NOTHING if figure.value is None else f"{figure.value:.3f}"


def _gain(difference: Difference) -> str:
    if difference.gain is None or difference.low is None or difference.high is None:
        return NOTHING
    return f"{difference.gain:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def _count_table(counts: Mapping[str, int]) -> Table:
    table = new_table("documents", *counts)
    add_row(table, "changed", *map(str, counts.values()))
    return table


def _show_pair(screen: Screen, pair: Pair) -> None:
    assert pair.change
    screen.print((pair.change, CHANGE_STYLES[pair.change]), f"  {label(pair.record.id)}  {label(pair.record.place)}")
    for sign, finding in pair.findings():
        screen.print(
            (f"  {sign} ", SIGN_STYLES[sign]),
            (f"{finding.action:<5}", ACTION_STYLES[finding.action]),
            f"  {finding.category:<8}  {finding.score:.3f}  {quote(finding)}",
        )
