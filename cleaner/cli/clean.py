"""``cleaner clean``: cut what was injected, and publish the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from cleaner.cli.inputs import (
    FILE,
    FILE_OR_STDIN,
    STDIN,
    Cleaned,
    Failed,
    Job,
    article_command,
    refuse_overwriting,
)
from cleaner.cli.show import Screen, json_line, show_diff, show_findings, standard_error, standard_output
from cleaner.files import make_folder, replacing

SEPARATORS = ("/", os.sep)
EXAMPLES = """\b
Examples:
  cleaner clean article.txt > cleaned.txt
  cleaner clean --diff --verbose article.html
  cleaner clean -o cleaned/ articles/*.html
  cleaner clean --in-place --report cuts.json articles/*.md
  curl -s https://example.org/page | cleaner clean --format html

\b
Exit status: 0 done (cut or not), 2 an error.
"""


@click.command(epilog=EXAMPLES)
@article_command
@click.option("-o", "--output", type=FILE_OR_STDIN, help="Write to this file, or into this folder (end it with /).")
@click.option("--in-place", is_flag=True, help="Change the files themselves.")
@click.option("--diff", is_flag=True, help="Print what changes instead of the cleaned text.")
@click.option("--report", type=FILE, help="Write all findings and edits to this JSON file.")
@click.pass_context
def clean(ctx: click.Context, job: Job, output: str | None, in_place: bool, diff: bool, report: Path | None) -> None:
    """Cut injected spam out of articles.

    Each FILE is an article; without one, or with -, standard input is read. The cleaned text goes to standard
    output, byte for byte as it came in but for the cuts.
    """
    _refuse_contradictions(job, output, in_place, diff)
    targets = _targets(job.files, output, in_place)
    written = [*({} if in_place else targets).values(), *([report] if report else [])]
    refuse_overwriting(job.files, written, " (--in-place changes the files themselves)")
    screen, messages = standard_output(), standard_error()
    is_silent = bool(targets) and not (diff or job.as_json)
    failed = False

    def publish(article: Cleaned) -> None:
        if output and output.endswith(SEPARATORS):
            make_folder(Path(output))
        if targets and (article.is_changed or not in_place):
            with replacing(targets[article.name], None if article.name == STDIN else Path(article.name)) as write:
                write(article.output())

    with ExitStack() as stack:
        record = stack.enter_context(_json_array(report)) if report else None
        has_bar = job.is_long and (is_silent or not screen.is_terminal)
        advance = stack.enter_context(messages.progress(len(job.files), has_bar))
        for outcome in job.outcomes(publish):
            if record:
                record(outcome.to_dict())
            if job.as_json:
                screen.write(json_line(outcome.to_dict()))
            elif isinstance(outcome, Cleaned) and diff:
                show_diff(screen, outcome.name, outcome.result)
            elif isinstance(outcome, Cleaned) and not targets:
                _print_text(screen, outcome)
            if isinstance(outcome, Failed):
                messages.complain(outcome.message)
                failed = True
            elif job.verbose:
                show_findings(messages, outcome.name, outcome.result, reasons=True)
            advance()
    ctx.exit(2 if failed else 0)


def _print_text(screen: Screen, article: Cleaned) -> None:
    """The very bytes, except to a terminal, which would obey some of them."""
    if screen.is_terminal:
        screen.print(article.result.text, end="")
    else:
        screen.write(article.output())


@contextmanager
def _json_array(path: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Write a file that holds a JSON array; call what this yields with each item."""
    with replacing(path) as write:
        separator = b"["

        def append(item: Mapping[str, Any]) -> None:
            nonlocal separator
            write(separator + b"\n" + json_line(item).rstrip(b"\n"))
            separator = b","

        yield append
        write(b"\n]\n")


def _refuse_contradictions(job: Job, output: str | None, in_place: bool, diff: bool) -> None:
    if in_place and output is not None:
        raise click.UsageError("choose one of --output and --in-place")
    if diff and job.as_json:
        raise click.UsageError("choose one of --diff and --json")
    if in_place and STDIN in job.files:
        raise click.UsageError("standard input cannot be changed in place: name a FILE")
    if len(job.files) > 1 and output in (None, STDIN) and not (in_place or diff or job.as_json):
        raise click.UsageError(
            "several files: write them into a folder (-o FOLDER/), change them (--in-place), or print --diff or --json"
        )


def _targets(files: Sequence[str], output: str | None, in_place: bool) -> dict[str, Path]:
    """Where the cleaned text of each file is written; empty when it is printed."""
    if in_place:
        return {name: Path(name) for name in files}
    if output is None or output == STDIN:
        return {}
    if not (output.endswith(SEPARATORS) or os.path.isdir(output)):
        if len(files) > 1:
            raise click.UsageError(f"--output must be a folder for several files: {output!r} (end it with /)")
        return {files[0]: Path(output)}
    if STDIN in files:
        raise click.UsageError("standard input has no name within a folder: give -o a file")
    sources: dict[Path, str] = {}
    for name in files:
        target = Path(output, os.path.basename(name))
        if target in sources:
            raise click.UsageError(f"{sources[target]!r} and {name!r} would both be written to {str(target)!r}")
        sources[target] = name
    return {name: target for target, name in sources.items()}
