"""The command line: a group whose commands are imported when they are called."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from cleaner.cli.show import explain, standard_error
from cleaner.types import CleanerError
from cleaner.visible import visible

__all__ = ["main"]

COMMANDS = {
    "clean": "cleaner.cli.clean:clean",
    "scan": "cleaner.cli.scan:scan",
    "batch": "cleaner.cli.batch:batch",
    "restore": "cleaner.cli.restore:restore",
    "campaigns": "cleaner.cli.campaigns:campaigns",
    "report": "cleaner.cli.report:report",
    "train": "cleaner.cli.train:train",
    "adapt": "cleaner.cli.adapt:adapt",
    "evaluate": "cleaner.cli.evaluate:evaluate",
    "model": "cleaner.cli.model:model",
    "dev-data": "cleaner.cli.dev_data:dev_data",
    "serve": "cleaner.cli.serve:serve",
    "learn": "cleaner.cli.learn:learn",
    "token": "cleaner.cli.token:token",
    "completion": "cleaner.cli.completion:completion",
}
EXIT_ERROR, EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = 2, 130, 141
EXAMPLES = """\b
Examples:
  cleaner scan article.txt
  cleaner clean --diff article.html
  cleaner clean --in-place --report cuts.json articles/*.html
"""


class LazyGroup(click.Group):
    """A group that finds its commands by ``module:attribute``, and ends every failure in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            message = visible(error.format_message())
            if message == error.format_message():
                raise
            raise click.UsageError(message, error.ctx) from error
        except KeyboardInterrupt:
            standard_error().complain("interrupted")
            ctx.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:
            ctx.exit(EXIT_BROKEN_PIPE)
        except (CleanerError, OSError) as error:
            standard_error().complain(explain(error))
            ctx.exit(EXIT_ERROR)


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if not asked:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"cleaner {version('cleaner')}")
    except PackageNotFoundError:
        click.echo("cleaner (not installed)")
    ctx.exit()


def _compute_on_one_thread() -> None:
    """On a busy machine the threads of OpenBLAS wait for one another, and our matrices are too small to gain by them.

    Here numpy is loaded already, so the environment alone is too late; it tells the processes that are started.
    """
    from threadpoolctl import threadpool_limits

    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        threadpool_limits(1, user_api="blas")


@click.group(cls=LazyGroup, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def main() -> None:
    """Find spam injected into honest articles, and cut exactly that out."""
    _compute_on_one_thread()
