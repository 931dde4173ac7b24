"""What a model gains that was adapted to a site: fewer findings in honest documents, and as much injected spam found.

Each site is parted by chance. The model is adapted to one half, in which two documents in a hundred are infected, and
judged on the other; then the halves change places. Sites are the sources of a data folder, of which no document is
measured that the model was trained on, and any folders named beside it.

Exit status: 0 when over all sites there are fewer honest findings and hardly an injection less is found, 1 when not, 2
when it cannot be measured.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from material import ONE_INFECTED_IN
from packages import PackageError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cleaner import Cleaner, CleanerError
from cleaner.document import read
from cleaner.model.store import default_folder, load, save
from cleaner.training.adapt import adapt
from cleaner.training.archive import read_archive
from cleaner.training.corpora import read_data_folder
from cleaner.training.corpus import Article, BadRecord, Corpus
from cleaner.training.devset import DEV_PARTS
from cleaner.training.examples import Mix, crop
from cleaner.training.inject import Injector, Sample
from cleaner.training.lessons import hosts_of
from cleaner.training.metrics import Record
from cleaner.training.splits import part_of

SMALLEST = 60
"""Documents of the smallest site that is measured."""
LARGEST = 1000
"""Documents of a site that are taken."""
INFECTED = 200
"""Infected documents that each half is judged by."""
LOST = 0.001
"""Share of the injections that may be found no more, chance as it is."""
LONGEST = Mix(longest=5000)
FIGURES = ("flag", "strip", "found", "cut", "exact")
"""Honest spans that are found, and cut; injected ones that are found, and cut; infected documents that are restored."""


@dataclass(frozen=True)
class Site:
    """Honest documents of one hand."""

    name: str
    lang: str
    """The language of what is injected."""
    documents: Sequence[Record]


def sites_of(corpus: Corpus) -> Iterator[Site]:
    """The sources of a corpus, the largest first, of documents that are held out from training."""
    found: dict[tuple[str, str], list[Record]] = {}
    for article in corpus.articles:
        if part_of(article) in DEV_PARTS:
            found.setdefault((article.source, article.lang), []).append(Record(article.text, article.text))
    for (name, lang), documents in sorted(found.items(), key=lambda item: -len(item[1])):
        yield Site(name.rpartition("/")[2], lang, documents)


def site_of(folder: Path, lang: str) -> Site:
    """The documents of a folder that can be read."""
    return Site(folder.name, lang, [r for r in read_archive(folder) if not isinstance(r, BadRecord)])


def samples(documents: Sequence[Record], lang: str, phrases: Sequence[Mapping[str, Any]], size: int) -> list[Sample]:
    """What readers see of some of the documents, with held-out material injected."""
    texts = [read(record.source, record.format).text for record in documents]
    hosts = hosts_of(Corpus((), phrases), [Article("", lang, "", text) for text in texts], "dev")[lang]
    injector, rng = Injector(hosts.material, hosts.foreign, size), random.Random(size)
    return [injector.infect(crop(rng.choice(texts), rng, LONGEST), honest=0.1) for _ in range(size)]


def judge(model: Path | None, honest: Sequence[Record], infected: Sequence[Sample]) -> Counter[str]:
    """The figures of a model."""
    cleaner, figures = Cleaner(model), Counter[str]()
    for record in honest:
        for finding in cleaner.clean(record.source, record.format).findings:
            figures["flag"] += 1
            figures["strip"] += finding.action == "strip"
    for sample, result in zip(infected, cleaner.clean_many((s.text for s in infected), format="text"), strict=True):
        figures["exact"] += result.text.split() == sample.clean.split()
        for span in sample.spans:
            actions = {f.action for f in result.findings if f.start < span.end and f.end > span.start}
            figures["found"] += bool(actions)
            figures["cut"] += "strip" in actions
            figures["spans"] += 1
    return figures


def measure(site: Site, phrases: Sequence[Mapping[str, Any]], model: Path | None, place: Path) -> list[Counter[str]]:
    """The figures before and after, summed over both halves."""
    documents = list(site.documents)
    random.Random(site.name).shuffle(documents)
    middle = min(len(documents), LARGEST) // 2
    halves = documents[:middle], documents[middle:LARGEST]
    before, after = Counter[str](), Counter[str]()
    for known, unknown in (halves, halves[::-1]):
        bad = samples(known, site.lang, phrases, max(1, len(known) // ONE_INFECTED_IN))
        archive = [*known[len(bad) :], *(Record(sample.text, sample.clean) for sample in bad)]
        loaded = load(model or default_folder())
        adapted = adapt(loaded.classifier, (read(record.source, record.format) for record in archive))
        save(place, adapted.weights, loaded.classifier.rules.compiled, loaded.manifest)
        infected = samples(unknown, site.lang, phrases, INFECTED)
        before += judge(model, unknown, infected)
        after += judge(place, unknown, infected)
    return [before, after]


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="The folder that `cleaner train` reads.")
@click.option("--lang", default="en", show_default=True, help="Language of what is injected into FOLDERS.")
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Instead of the built-in.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.pass_context
def main(
    ctx: click.Context,
    folders: tuple[Path, ...],
    data: Path | None,
    lang: str,
    model: Path | None,
    json_file: Path | None,
) -> None:
    """Adapt the model to the sites whose documents FOLDERS hold, and to the sources of a data folder."""
    console = Console()
    rows: dict[str, list[Counter[str]]] = {}
    try:
        corpus = read_data_folder(data) if data else Corpus(())
        sites = [*(site_of(folder, lang) for folder in folders), *sites_of(corpus)]
        sites = [site for site in sites if len(site.documents) >= SMALLEST]
        if not sites:
            raise PackageError(f"no site to measure: name --data, or folders of {SMALLEST} documents or more")
        with tempfile.TemporaryDirectory() as place:
            for site in track(sites, "adapting", console=console, transient=True):
                rows[site.name] = measure(site, corpus.phrases, model, Path(place))
    except CleanerError as error:
        raise PackageError(str(error)) from error
    rows["all"] = [sum((row[number] for row in rows.values()), Counter[str]()) for number in (0, 1)]
    table = Table("site", *FIGURES, "injected", box=SIMPLE_HEAD, padding=0)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for name, (before, after) in rows.items():
        table.add_row(name, *(f"{before[key]}→{after[key]}" for key in FIGURES), str(before["spans"]))
    console.print(table)
    before, after = rows["all"]
    lost = (before["found"] - after["found"]) / before["spans"]
    kept = after["flag"] < before["flag"] and lost <= LOST
    console.print(f"honest findings: {after['flag'] / max(1, before['flag']) - 1:+.0%}, injections lost: {lost:+.4f}")
    if json_file:
        figures = {name: {"before": dict(row[0]), "after": dict(row[1])} for name, row in rows.items()}
        json_file.write_text(json.dumps({"kept": kept, "sites": figures}, indent=1) + "\n", "utf-8")
    ctx.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
