"""``cleaner scan``: say what is injected, and change nothing."""

from __future__ import annotations

import click

from cleaner.cli.inputs import Failed, Job, article_command
from cleaner.cli.show import json_line, show_findings, standard_error, standard_output

EXAMPLES = """\b
Examples:
  cleaner scan article.txt
  cleaner scan --verbose articles/*.html
  cleaner scan --json articles/*.md > findings.jsonl
  curl -s https://example.org/page | cleaner scan --format html

\b
Exit status: 0 nothing found, 1 something found, 2 an error.
"""


@click.command(epilog=EXAMPLES)
@article_command
@click.pass_context
def scan(ctx: click.Context, job: Job) -> None:
    """List the spam injected into articles.

    Each FILE is an article; without one, or with -, standard input is read.
    """
    output, messages = standard_output(), standard_error()
    infected = strip = flag = failed = 0
    with messages.progress(len(job.files), job.is_long and not output.is_terminal) as advance:
        for outcome in job.outcomes():
            if job.as_json:
                output.write(json_line(outcome.to_dict()))
            if isinstance(outcome, Failed):
                messages.complain(outcome.message)
                failed += 1
            else:
                if not job.as_json:
                    show_findings(output, outcome.name, outcome.result, reasons=job.verbose)
                actions = [finding.action for finding in outcome.result.findings]
                infected += bool(actions)
                strip += actions.count("strip")
                flag += actions.count("flag")
            advance()
    messages.print(_summary(len(job.files), infected, strip, flag, failed))
    ctx.exit(2 if failed else 1 if infected else 0)


def _summary(files: int, infected: int, strip: int, flag: int, failed: int) -> str:
    found = f"{_count(strip + flag, 'finding')} ({strip} to strip, {flag} to flag)" if infected else "nothing found"
    where = f" in {infected} of {_count(files, 'file')}" if infected else f" in {_count(files, 'file')}"
    return found + where + (f", {_count(failed, 'error')}" if failed else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
