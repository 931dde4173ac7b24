"""What the gate finds and what decisions make of it, held against the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import FIXTURES, records
from desks import DOUBTS, FERRY, HEALTH, desk_at
from sqlalchemy.orm import Session

from cleaner import Cleaner
from cleaner.desk.decisions import Choice, decide
from cleaner.desk.gate import Gate, Submission, campaign_of, submit
from cleaner.desk.outcome import edits_for
from cleaner.desk.tables import Article
from cleaner.edit import apply
from cleaner.types import Policy

ARTICLES = [record["text"] for record in records("infected") if "text" in record][::3]
FILES = [path for path in sorted((FIXTURES / "pages").iterdir()) if path.suffix in (".html", ".md")]
PAGES = [file.read_text("utf-8").replace("⟦", "").replace("⟧", "") for file in FILES]
SOURCES = [*ARTICLES, *PAGES, HEALTH, FERRY]
CERTAIN, DOUBTFUL = Gate(), Gate(policy=DOUBTS)
EVERYTHING = Cleaner(policy=Policy(strip=Policy().flag, max_removed=1.0))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    database = desk_at(f"sqlite:///{tmp_path_factory.mktemp('desk') / 'desk.db'}")
    with database.write() as session:
        yield session


def handed_in(session: Session, gate: Gate, source: str) -> Article:
    return submit(session, Submission(source), gate.judge(source), "cms")


def test_what_the_gate_cuts_follows_from_its_findings(session: Session) -> None:
    cut = 0
    for source in SOURCES:
        judged = CERTAIN.judge(source)
        article = submit(session, Submission(source), judged, "cms")
        assert edits_for(article) == list(judged.result.edits)
        assert article.text == judged.result.text
        cut += article.text != source
    assert cut > len(SOURCES) / 2


def test_whoever_accepts_everything_gets_what_the_engine_makes_of_it(session: Session) -> None:
    changed = 0
    for source in SOURCES:
        article = handed_in(session, DOUBTFUL, source)
        if article.state != "review":
            continue
        article = decide(session, article.id, 1, [Choice("accept"), Choice("finish")], "lan")
        assert article.text == EVERYTHING.clean(source).text
        changed += article.text != source
    assert changed > len(SOURCES) / 2


def test_accepting_one_finding_leaves_the_others_alone(session: Session) -> None:
    several = 0
    for source in SOURCES:
        article = handed_in(session, DOUBTFUL, source)
        numbers = [finding.number for finding in article.findings]
        for number in numbers if len(numbers) > 1 else ():
            decide(session, article.id, article.version, [Choice("accept", number)], "lan")
            edits = edits_for(article)
            for other in article.findings:
                is_cut = any(edit.start < other.end and other.start < edit.end for edit in edits)
                assert is_cut == (other.number == number)
            assert article.text == apply(source, edits) != source
            decide(session, article.id, article.version, [Choice("reject", number)], "lan")
            several += 1
    assert several > 10


@pytest.mark.parametrize(
    ("quote", "campaign"),
    [
        ("Xổ Số  trực\ntuyến", "xo so truc tuyen"),
        ("X.ổ.S.ố", "xoso"),
        ('<a href="https://www.soikeo88.top/vip?a=1">xem thêm</a>', "soikeo88.top"),
        ("<p>Nhà cái <b>uy tín</b></p>", "nha cai uy tin"),
        ("đến http://tin.abc88.com.vn:8080/ ngay", "abc88.com.vn"),
        ("\x00\ud800", "\ufffd\ufffd"),
        ("a" * 500, "a" * 200),
        ("\u200b", ""),
    ],
)
def test_what_campaigns_are_known_by(quote: str, campaign: str) -> None:
    assert campaign_of(quote) == campaign
