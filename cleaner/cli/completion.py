"""``cleaner completion``: what makes the shell complete commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

EXAMPLES = """\b
Examples:
  cleaner completion bash >> ~/.bashrc
  cleaner completion zsh >> ~/.zshrc
  cleaner completion fish > ~/.config/fish/completions/cleaner.fish
"""


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(ctx.find_root().command, {}, "cleaner", "_CLEANER_COMPLETE").source())
