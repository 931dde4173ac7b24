"""Desks whose articles were decided by somebody who knows what was injected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from desks import desk_at
from sqlalchemy.orm import Session

from cleaner.desk import decisions
from cleaner.desk.decisions import Choice
from cleaner.desk.gate import Gate, Submission, submit
from cleaner.desk.settings import Settings
from cleaner.desk.tables import Article, Finding
from cleaner.model.store import default_folder, load, save
from cleaner.training.corpus import BadRecord
from cleaner.training.evaluate import read_records
from cleaner.training.metrics import Record
from cleaner.types import Policy

CAUTIOUS = Policy(strip=0.93)
"""Leaves more to people."""
DOUBTFUL = Policy(strip=0.97)
"""Leaves much to people."""
ARTICLES = Path(__file__).parent.parent / "fixtures" / "articles"
TESTS = (ARTICLES / "infected_other.jsonl", ARTICLES / "honest_other.jsonl")
"""Articles that nothing is learnt from here."""

Keeps = Callable[[Finding], bool]


@dataclass(frozen=True)
class Desk:
    """A desk on disk."""

    folder: Path
    model: Path | None = None
    policy: Policy = CAUTIOUS

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/desk.db"

    @property
    def settings(self) -> Settings:
        return Settings(
            database=self.url, policy=self.policy, model=self.model, models=self.folder / "models", tests=TESTS
        )


def articles(kind: str, most: int = 1000) -> list[Record]:
    """Vietnamese articles of the fixtures."""
    found = [r for r in read_records(ARTICLES / f"{kind}_vi.jsonl") if not isinstance(r, BadRecord)]
    return found[:most]


def shy_model(folder: Path, by: float = 1.5) -> Path:
    """The project's model with scores that are too low: there is something to learn."""
    loaded = load(default_folder())
    weights = loaded.classifier.weights
    shy = replace(weights, intercept=weights.intercept - by)
    save(folder, shy, loaded.classifier.rules.compiled, loaded.manifest)
    return folder


def decided_desk(
    folder: Path,
    records: Iterable[Record],
    model: Path | None = None,
    keeps: Keeps = lambda finding: False,
    policy: Policy = CAUTIOUS,
) -> Desk:
    """A desk where all that waited was decided as it is right, but that what ``keeps`` names stays."""
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(folder, model, policy)
    database = desk_at(desk.url)
    gate = Gate(model, policy)
    with database.write() as session:
        for number, record in enumerate(records):
            judged = gate.judge(record.source, record.format)
            article = submit(session, Submission(record.source, record.format, origin="báo tỉnh"), judged, "cms")
            article.id = f"{number:032x}"
            if article.state == "review":
                decide(session, article, record, keeps)
    database.close()
    return desk


def decide(session: Session, article: Article, record: Record, keeps: Keeps) -> None:
    """Decide an article as somebody does who knows what was injected."""
    left = list(record.spans)
    choices: list[Choice] = []
    for finding in article.findings:
        touched = [span for span in left if span[0] < finding.end and finding.start < span[1]]
        if not touched or keeps(finding):
            choices.append(Choice("reject", finding.number))
            continue
        left = [span for span in left if span not in touched]
        if len(touched) == 1 and touched[0] != (finding.start, finding.end):
            choices.append(Choice("adjust", finding.number, *touched[0]))
        elif finding.state == "open":
            choices.append(Choice("accept", finding.number))
    if not keeps(Finding(category=record.category)):
        choices += [Choice("mark", start=a, end=b, category=record.category) for a, b in left]
    decisions.decide(session, article.id, article.version, [*choices, Choice("finish")], "lan")
