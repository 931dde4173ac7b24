"""Numbers for the dashboard, from a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from servers import postgres
from sqlalchemy.orm import Session

from cleaner.desk import bulk, decisions
from cleaner.desk.database import Database
from cleaner.desk.decisions import Choice
from cleaner.desk.figures import Injections, figures, share
from cleaner.desk.labels import Tally, tally
from cleaner.desk.queue import Filter
from cleaner.desk.tables import Article, Finding

psycopg = pytest.importorskip("psycopg")
NUMBERS = count()
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
TEXT = "Hội chợ sách mở cửa đến chín giờ tối. nhà cái uy tín Xe buýt số ba chạy thêm hai chuyến. kèo nhà cái"
SPANS = {"nhà cái uy tín": "gambling", "kèo nhà cái": "betting"}


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with postgres() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/desk.db"
    if request.param == "postgresql":
        folder, name = request.getfixturevalue("server"), f"desk{next(NUMBERS)}"
        with psycopg.connect(f"host={folder} user=editor dbname=postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        url = f"postgresql+psycopg://editor@/{name}?host={folder}"
    made = Database(url)
    made.migrate()
    yield made
    made.close()


def submitted(
    session: Session, days: float, actions: tuple[str, ...], origin: str = "bao-tinh", campaigns: tuple[str, ...] = ()
) -> Article:
    """An article of some days before noon, in which so many spans were found."""
    names = campaigns or tuple(f"{days}-{number}" for number in range(len(actions)))
    findings = [
        Finding(
            start=TEXT.index(quote),
            end=TEXT.index(quote) + len(quote),
            cut_start=TEXT.index(quote),
            cut_end=TEXT.index(quote) + len(quote),
            quote=quote,
            category=category,
            score=0.9,
            action=action,
            state="accepted" if action == "strip" else "open",
            campaign=name,
        )
        for (quote, category), action, name in zip(SPANS.items(), actions, names, strict=False)
    ]
    verdict = "review" if "flag" in actions else "cleaned" if actions else "clean"
    article = Article(
        origin=origin,
        format="text",
        source=TEXT,
        text=TEXT,
        words=TEXT,
        verdict=verdict,
        state="review" if verdict == "review" else "published",
        score=0.9,
        policy=0,
        model=0,
        sender="cms",
        submitted=NOON - timedelta(days=days),
        findings=findings,
    )
    session.add(article)
    session.flush()
    return article


def decide(session: Session, article: Article, *choices: Choice) -> None:
    decisions.decide(session, article.id, article.version, choices, "lan")


def test_an_empty_desk_has_figures(database: Database) -> None:
    with database.read() as session:
        shown = figures(session, NOON - timedelta(days=30), NOON)
    assert (shown.articles, shown.infected, shown.found, shown.waiting.articles) == (0, 0, Injections(), 0)
    assert [tier.precision.value for tier in shown.tiers] == [None, None]
    assert len(shown.times) == 31
    with database.read() as session:
        assert tally(session) == Tally(0, 0, 0, 0, 0)
    assert shown.times[-1].begin == NOON.replace(hour=0)


def test_injections_are_told_by_day_source_and_category(database: Database) -> None:
    with database.write() as session:
        submitted(session, 0.1, ("strip", "strip"))
        submitted(session, 1.2, ("strip", "flag"), origin="trung-tam")
        submitted(session, 1.3, (), origin="trung-tam")
        submitted(session, 40, ("strip",))
    with database.read() as session:
        shown = figures(session, NOON - timedelta(days=7), NOON)
    assert (shown.articles, shown.infected) == (3, 2)
    assert shown.found == Injections(alone=3, open=1)
    assert [time.found.shown for time in shown.times] == [0, 0, 0, 0, 0, 0, 2, 2]
    assert [(s.name, s.articles, s.infected, s.found.shown) for s in shown.sources] == [
        ("trung-tam", 2, 1, 2),
        ("bao-tinh", 1, 1, 2),
    ]
    assert [(c.name, c.found) for c in shown.categories] == [
        ("betting", Injections(alone=1, open=1)),
        ("gambling", Injections(alone=2)),
    ]


@pytest.mark.parametrize(
    ("days", "unit", "count"),
    [(1, "day", 2), (30, "day", 31), (100, "week", 15), (365, "week", 53), (800, "month", 27)],
)
def test_long_times_are_told_by_larger_units(database: Database, days: int, unit: str, count: int) -> None:
    with database.write() as session:
        submitted(session, days - 0.01, ("strip",))
        submitted(session, 0.01, ("strip", "strip"))
    with database.read() as session:
        shown = figures(session, NOON - timedelta(days=days), NOON)
    assert (shown.unit, len(shown.times)) == (unit, count)
    assert (shown.times[0].found.alone, shown.times[-1].found.alone) == (1, 2)


def test_all_time_begins_with_the_first_article(database: Database) -> None:
    with database.write() as session:
        submitted(session, 3, ("strip",))
    with database.read() as session:
        assert figures(session, until=NOON).since == NOON - timedelta(days=3)


def test_precision_counts_what_a_person_saw(database: Database) -> None:
    with database.write() as session:
        nobody_looked = submitted(session, 1, ("strip", "strip"))
        kept = submitted(session, 2, ("strip", "flag"))
        first, second = kept.findings
        decide(session, kept, Choice("reject", second.number), Choice("finish"))
        wrongly_cut = submitted(session, 3, ("strip",))
        decide(session, wrongly_cut, Choice("reject", wrongly_cut.findings[0].number))
        moved = submitted(session, 4, ("flag",))
        start = TEXT.index("cái uy tín")
        decide(session, moved, Choice("adjust", moved.findings[0].number, start, start + 10), Choice("finish"))
    with database.read() as session:
        strip, flag = figures(session, NOON - timedelta(days=9), NOON).tiers
    assert nobody_looked.state == "published"
    assert first.state == "accepted"
    assert (strip.right, strip.wrong, strip.precision.value) == (1, 1, 0.5)
    assert (flag.right, flag.adjusted, flag.wrong) == (1, 1, 1)
    assert 0 < flag.precision.low < 0.5 < flag.precision.high < 1


def test_a_campaign_that_was_decided_at_once_tells_little(database: Database) -> None:
    with database.write() as session:
        for day in range(20):
            submitted(session, day + 0.5, ("strip", "flag"), campaigns=("lời mời", "kèo nhà cái"))
        wanted = Filter(campaign="kèo nhà cái")
        bulk.apply(session, wanted, "accept", bulk.preview(session, wanted, "accept").seen, "lan")
    with database.read() as session:
        strip, flag = figures(session, NOON - timedelta(days=30), NOON).tiers
    assert (strip.judged, flag.judged, flag.campaigns) == (0, 20, 1)
    assert flag.precision == share(20, 0, 1.0)
    assert flag.precision.low < 0.25


def test_what_waits_is_told_by_age_whenever_it_came(database: Database) -> None:
    with database.write() as session:
        for days in (0.01, 0.5, 3, 50, 60):
            submitted(session, days, ("flag", "flag"))
        submitted(session, 70, ("strip",))
    with database.read() as session:
        waiting = figures(session, NOON - timedelta(days=1), NOON).waiting
    assert (waiting.articles, waiting.findings, waiting.ages) == (5, 10, (1, 1, 1, 2))
    assert waiting.oldest == NOON - timedelta(days=60)


def test_marks_of_a_person_are_misses_of_the_gate(database: Database) -> None:
    with database.write() as session:
        article = submitted(session, 1, ())
        start = TEXT.index("kèo")
        decide(session, article, Choice("mark", start=start, end=len(TEXT), category="betting"))
        taken_back = submitted(session, 2, ())
        decide(session, taken_back, Choice("mark", start=start, end=len(TEXT), category="betting"))
        number = taken_back.decisions[-1].number
        decisions.undo(session, taken_back.id, taken_back.version, number, "lan")
    with database.read() as session:
        shown = figures(session, NOON - timedelta(days=9), NOON)
    assert shown.missed == 1
    assert shown.found == Injections(by_person=1)


@pytest.mark.parametrize(
    ("good", "bad", "low", "high"), [(8, 2, 0.49, 0.943), (0, 5, 0, 0.434), (50, 0, 0.929, 1), (1, 0, 0.207, 1)]
)
def test_intervals_are_those_of_wilson(good: int, bad: int, low: float, high: float) -> None:
    found = share(good, bad)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-3)
