"""``cleaner scan``: say what is injected, and change nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.inputs import FILE, Failed, Job, article_command, refuse_overwriting
from cleaner.cli.show import json_line, show_findings, standard_error, standard_output
from cleaner.files import label, replacing
from cleaner.types import CleanerError

if TYPE_CHECKING:
    from cleaner.report import Report

EXAMPLES = """\b
Examples:
  cleaner scan article.txt
  cleaner scan --verbose articles/*.html
  cleaner scan --json articles/*.md > findings.jsonl
  cleaner scan --html report.html articles/*.html
  curl -s https://example.org/page | cleaner scan --format html

\b
Exit status: 0 nothing found, 1 something found, 2 an error.
"""


@click.command(epilog=EXAMPLES)
@article_command
@click.option("--html", type=FILE, metavar="REPORT", help="Write a page that shows the articles with what was found.")
@click.pass_context
def scan(ctx: click.Context, job: Job, html: Path | None) -> None:
    """List the spam injected into articles.

    Each FILE is an article; without one, or with -, standard input is read.
    """
    refuse_overwriting(job.files, [html] if html else [])
    output, messages = standard_output(), standard_error()
    infected = strip = flag = failed = 0
    with ExitStack() as stack:
        report = stack.enter_context(_page(html, len(job.files))) if html else None
        advance = stack.enter_context(messages.progress(len(job.files), job.is_long and not output.is_terminal))
        for outcome in job.outcomes():
            if job.as_json:
                output.write(json_line(outcome.to_dict()))
            if isinstance(outcome, Failed):
                messages.complain(outcome.message)
                failed += 1
                if report:
                    report.add_failed(outcome.message)
            else:
                if report:
                    report.add(label(outcome.name), outcome.result)
                if not job.as_json:
                    show_findings(output, outcome.name, outcome.result, reasons=job.verbose)
                actions = [finding.action for finding in outcome.result.findings]
                infected += bool(actions)
                strip += actions.count("strip")
                flag += actions.count("flag")
            advance()
    messages.print(_summary(len(job.files), infected, strip, flag, failed))
    ctx.exit(2 if failed else 1 if infected else 0)


@contextmanager
def _page(path: Path, total: int) -> Iterator[Report]:
    """Write a report on so many files when the block ends."""
    try:
        from cleaner.report import Report
    except ModuleNotFoundError as error:
        raise CleanerError(f"--html needs {error.name}: pip install 'cleaner[report]'") from error
    with replacing(path) as write, tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as sections:
        report = Report(total, sections)
        yield report
        for text in report.page():
            write(text.encode())


def _summary(files: int, infected: int, strip: int, flag: int, failed: int) -> str:
    found = f"{_count(strip + flag, 'finding')} ({strip} to strip, {flag} to flag)" if infected else "nothing found"
    where = f" in {infected} of {_count(files, 'file')}" if infected else f" in {_count(files, 'file')}"
    return found + where + (f", {_count(failed, 'error')}" if failed else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
