"""``cleaner adapt``: a model that knows the language of a site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.new_model import refuse_replacing, replacing_folder
from cleaner.cli.show import standard_error
from cleaner.files import label

if TYPE_CHECKING:
    from cleaner.model.store import Loaded
    from cleaner.training.adapt import Adapted

EXIT_QUARANTINED = 3
MANY_DOCUMENTS = 20
EXAMPLES = """\b
Examples:
  cleaner adapt archive/ --out models/site
  cleaner adapt 2023.jsonl.gz 2024.jsonl.gz --out models/site --replace
  cleaner scan --model models/site article.html

\b
Exit status: 0 done, 2 an error, 3 done, but there were documents that cannot be read.
"""


@click.command(epilog=EXAMPLES)
@click.argument("archives", metavar="ARCHIVE...", nargs=-1, required=True, type=FILE)
@click.option("--out", type=FILE, metavar="DIR", required=True, help="Write the model here.")
@click.option("--model", type=FILE, metavar="DIR", help="Adapt this model instead of the one that is built in.")
@click.option("--replace", "may_replace", is_flag=True, help="Replace the model that --out holds.")
@click.pass_context
def adapt(ctx: click.Context, archives: tuple[Path, ...], out: Path, model: Path | None, may_replace: bool) -> None:
    """Make a model that knows a site, from the articles of its archive; nothing need be known of them.

    Each ARCHIVE is a folder with .txt, .html, .htm and .md files, also in folders of its own, or a single file;
    .jsonl and .jsonl.gz hold an article a line, as "text" or "html". Part of the archive may be infected.
    """
    from cleaner.document import read
    from cleaner.model.store import default_folder, load, save
    from cleaner.training import adapt as training
    from cleaner.training.archive import read_archive
    from cleaner.training.corpus import BadRecord, CorpusError

    refuse_replacing(out, may_replace)
    messages = standard_error()
    loaded = load(model or default_folder())
    found = [record for archive in archives for record in read_archive(archive)]
    records = [record for record in found if not isinstance(record, BadRecord)]
    for bad in found:
        if isinstance(bad, BadRecord):
            messages.complain(label(str(bad)))
    with (
        replacing_folder(out) as folder,
        messages.progress(len(records), len(records) > MANY_DOCUMENTS) as advance,
    ):
        documents = (read(record.source, record.format) for record in records)
        try:
            adapted = training.adapt(loaded.classifier, documents, advance)
        except ValueError as error:
            raise CorpusError(f"nothing can be learnt from this archive: {error}") from error
        save(folder, adapted.weights, loaded.classifier.rules.compiled, _about(loaded, adapted))
    bad_count = len(found) - len(records)
    messages.print(_summary(adapted, bad_count))
    messages.print(f"the model is in {label(str(out))}")
    ctx.exit(EXIT_QUARANTINED if bad_count else 0)


def _about(loaded: Loaded, adapted: Adapted) -> dict[str, Any]:
    """The manifest of the model that was adapted, and what was learnt."""
    learnt = {name: getattr(adapted, name) for name in ("documents", "infected", "words", "steps")}
    return loaded.manifest | {"adapted": learnt}


def _summary(adapted: Adapted, bad: int) -> str:
    line = (
        f"learnt from {adapted.documents:,} documents (words: {adapted.words:,}, steps of words: {adapted.steps:,}); "
        f"passed over {adapted.infected:,} in which something was found"
    )
    return line + (f", and {bad:,} that cannot be read" if bad else "")
