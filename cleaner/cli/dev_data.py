"""``cleaner dev-data``: infected and honest records to measure a model with."""

from __future__ import annotations

from pathlib import Path

import click

from cleaner.cli.inputs import FILE
from cleaner.cli.show import json_line, standard_error
from cleaner.files import label, replacing

EXAMPLES = """\b
Examples:
  cleaner dev-data --data collected/ --out dev.jsonl
  cleaner dev-data --data collected/ --out small.jsonl --infected 40 --honest 60

\b
Exit status: 0 done, 2 an error.
"""


@click.command("dev-data", epilog=EXAMPLES)
@click.option("--data", type=FILE, metavar="DIR", required=True, help="The folder that `cleaner train` reads.")
@click.option("--out", type=FILE, metavar="FILE", required=True, help="Write the records here (JSON lines).")
@click.option("--infected", type=click.IntRange(0), default=400, show_default=True, help="Infected records a language.")
@click.option("--honest", type=click.IntRange(0), default=600, show_default=True, help="Honest records of each kind.")
def dev_data(data: Path, out: Path, infected: int, honest: int) -> None:
    """Write records to measure a model with, from the articles and brands that training holds out.

    The numbers are upper limits for each language; Vietnamese gets five times as many.
    """
    from cleaner.training.corpora import read_data_folder
    from cleaner.training.devset import development_records

    count = 0
    with replacing(out) as write:
        for record in development_records(read_data_folder(data), infected, honest):
            write(json_line(record))
            count += 1
    standard_error().print(f"{count} records are in {label(str(out))}")
