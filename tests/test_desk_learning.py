"""Learning from decisions: labelled data, a model that agrees with people more, approval, and the way back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from desks import desk_at
from learning import ARTICLES, CAUTIOUS, DOUBTFUL, Desk, articles, decided_desk, shy_model
from sqlalchemy import func, select

from cleaner.cli import main
from cleaner.desk import bulk, history, labels, learning
from cleaner.desk.database import Database
from cleaner.desk.errors import ConflictError, InvalidError, NotFoundError
from cleaner.desk.gate import Gatekeeper, current_versions
from cleaner.desk.queue import Filter
from cleaner.desk.tables import Article, Finding, LearningRun, ModelVersion, now
from cleaner.desk.trial import read_tests
from cleaner.model.segments import FEATURES
from cleaner.model.store import default_folder, load
from cleaner.training import feedback
from cleaner.training.corpus import BadRecord, CorpusError, read_articles
from cleaner.training.evaluate import read_records
from cleaner.training.feedback import Judged, Lesson
from cleaner.types import Policy


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk whose model scores too low, and whose people know better."""
    folder = tmp_path_factory.mktemp("desk")
    return decided_desk(folder, [*articles("infected"), *articles("honest")], shy_model(folder / "shy"))


@pytest.fixture
def desk(original: Desk, tmp_path: Path) -> Desk:
    shutil.copytree(original.folder, tmp_path / "desk")
    return Desk(tmp_path / "desk", original.model)


@pytest.fixture
def database(desk: Desk) -> Iterator[Database]:
    made = desk_at(desk.url)
    yield made
    made.close()


def learnt(database: Database, desk: Desk) -> LearningRun:
    with database.write() as session:
        run = learning.begin(session, "lan")
    return learning.carry_out(database, desk.settings, run.number)


# --- labelled data


def test_decisions_are_records_that_evaluate_reads(desk: Desk, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    with database.read() as session:
        told = list(labels.exported(session, "vi"))
        sources = dict(session.execute(select(Article.id, Article.source)).all())
        texts = dict(session.execute(select(Article.id, Article.text)).all())
    file.write_text("".join(json.dumps(values) + "\n" for values in told), "utf-8")
    records = list(read_records(file))
    assert len(records) > 30
    for record in records:
        assert not isinstance(record, BadRecord)
        assert (record.source, record.clean) == (sources[record.id], texts[record.id])
        assert bool(record.spans) == (record.kind == "infected")
    states = {finding["state"] for values in told for finding in values["judged"]}
    assert states == {"accepted", "rejected"}
    assert {finding["action"] for values in told for finding in values["judged"]} == {"strip", "flag", "mark"}


def test_train_reads_the_same_records_as_honest_articles(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    with database.read() as session:
        told = list(labels.exported(session, "vi"))
    file.write_text("".join(json.dumps(values) + "\n" for values in told), "utf-8")
    honest = list(read_articles(file))
    assert [article.lang for article in honest if not isinstance(article, BadRecord)] == ["vi"] * len(told)
    for values, article in zip(told, honest, strict=True):
        assert not isinstance(article, BadRecord)
        if values["format"] == "text":
            assert article.text == values["clean"]
        else:
            assert "<" not in article.text[:1]


def test_what_was_only_decided_for_many_teaches_of_its_span_alone(tmp_path: Path) -> None:
    desk = decided_desk(tmp_path, [], None)
    database = desk_at(desk.url)
    text = "Chợ nổi họp từ bốn giờ sáng. {} Ghe bán trái cây neo sát bờ kè."
    with database.write() as session:
        for number in range(3):
            source = text.format("kèo nhà cái uy tín")
            start = source.index("kèo")
            found = Finding(
                start=start,
                end=start + 18,
                cut_start=start,
                cut_end=start + 18,
                quote=source[start : start + 18],
                category="betting",
                score=0.7,
                action="flag",
                state="open",
                campaign="keo nha cai uy tin",
            )
            session.add(
                Article(
                    id=f"{number:032x}",
                    format="text",
                    source=source,
                    text=source,
                    words=source,
                    verdict="review",
                    state="review",
                    score=0.7,
                    policy=0,
                    model=0,
                    sender="cms",
                    findings=[found],
                )
            )
        session.flush()
        wanted = Filter(campaign="keo nha cai uy tin")
        bulk.apply(session, wanted, "accept", bulk.preview(session, wanted, "accept").seen, "lan")
    with database.read() as session:
        lessons, told = labels.lessons(session), list(labels.exported(session))
    database.close()
    assert [lesson.about for lesson in lessons] == [((29, 47),)] * 3
    assert len({lesson.group for lesson in lessons}) == 1
    assert told == []


def test_what_is_undecided_teaches_nothing(tmp_path: Path) -> None:
    desk = decided_desk(tmp_path, articles("infected", 6))
    database = desk_at(desk.url)
    with database.read() as session:
        counted = labels.tally(session)
        waiting = session.scalar(select(func.count()).select_from(Article).where(Article.state == "review"))
        assert len(labels.lessons(session)) == counted.articles
    database.close()
    assert waiting == 0
    assert counted.accepted >= counted.adjusted


# --- what is learnt


def made_up(size: int, shift: float, seed: int = 3) -> Judged:
    """Spans whose scores are too high, or too low, by a shift in log-odds."""
    rng = np.random.default_rng(seed)
    weights = load(default_folder()).classifier.weights
    names = weights.worth.feature.max() + 1
    width = max(int(names), len(FEATURES))
    rows = rng.normal(size=(size, width)).astype(np.float32)
    odds = feedback.log_odds(weights, rows)
    right = rng.random(size) < 1 / (1 + np.exp(-(odds + shift)))
    return Judged(rows, right, np.arange(size))


@pytest.mark.parametrize("shift", [-2.0, 2.0])
def test_scores_are_bent_towards_decisions_but_not_all_the_way(shift: float) -> None:
    weights = load(default_folder()).classifier.weights
    few, many = made_up(30, shift), made_up(3000, shift)
    moved = [feedback.recalibrated(weights, spans).intercept - weights.intercept for spans in (few, many)]
    assert 0 < abs(moved[0]) < abs(moved[1]) <= abs(shift) + 0.7
    assert np.sign(moved).tolist() == [np.sign(shift)] * 2
    for spans in (few, many):
        bent = feedback.recalibrated(weights, spans)
        assert feedback.losses(bent, spans).mean() < feedback.losses(weights, spans).mean()


def test_no_decisions_bend_nothing() -> None:
    weights = load(default_folder()).classifier.weights
    nothing = made_up(40, 0).of(np.zeros(40, dtype=bool))
    assert feedback.recalibrated(weights, nothing).intercept == pytest.approx(weights.intercept)


def test_added_trees_say_what_the_estimators_say_and_fit_better() -> None:
    weights = load(default_folder()).classifier.weights
    spans = made_up(400, 0)
    spans = replace(spans, right=spans.rows[:, 0] > 0.3)
    grown = feedback.grown(weights, spans)
    assert len(grown.worth.feature) == len(weights.worth.feature) + feedback.ROUNDS
    assert feedback.losses(grown, spans).mean() < 0.7 * feedback.losses(weights, spans).mean()
    credit = grown.worth.contributions(spans.rows[:50]).sum(axis=1) + grown.worth.value[:, 0].sum() + grown.worth.base
    assert np.allclose(credit, grown.worth.score(spans.rows[:50]), atol=1e-3)


def test_trees_are_added_only_where_they_prove_themselves() -> None:
    weights = load(default_folder()).classifier.weights
    plain = made_up(400, -1.0)
    telling = replace(plain, right=plain.rows[:, 0] > 0.3)
    few = made_up(feedback.MANY - 1, 0)
    assert feedback.taught(weights, telling)[1] == feedback.ROUNDS
    assert feedback.taught(weights, plain)[1] == 0
    assert feedback.taught(weights, replace(few, right=few.rows[:, 0] > 0.3))[1] == 0


# --- a run


def test_a_model_that_is_better_waits_for_approval(desk: Desk, database: Database) -> None:
    run = learnt(database, desk)
    assert (run.state, run.told) == ("learnt", [])
    figures = run.figures
    assert figures["loss"]["gain"] > 0
    assert figures["learnt_from"]["articles"] > figures["held_back"]["articles"] > 5
    for found in figures["sets"].values():
        assert found["figures"]["exact"]["new"] > found["figures"]["exact"]["old"]
        assert found["changes"]["newly harmed"] == 0
    with database.read() as session:
        assert current_versions(session) == (0, 0)
        version = learning.find(session, run.model or 0)
        assert version.figures == figures
    manifest = load(Path(version.folder)).manifest
    assert manifest["learnt"] == figures["learnt_from"]
    assert manifest["calibration"] != load(desk.model or default_folder()).manifest["calibration"]


def test_the_same_decisions_teach_the_same(desk: Desk, database: Database) -> None:
    runs = [learnt(database, desk) for _ in range(2)]
    assert runs[0].figures == runs[1].figures
    with database.read() as session:
        folders = [Path(version.folder) for version in learning.versions(session)]
    first, second = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders)
    assert first == second


def test_approval_switches_and_the_old_model_stays_for_going_back(desk: Desk, database: Database) -> None:
    run = learnt(database, desk)
    keeper = Gatekeeper(desk.model, CAUTIOUS)
    with database.write() as session:
        old = keeper.gate(session)
        source = next(r.source for r in articles("infected") if old.cleaner.clean(r.source).findings)
        learning.switch(session, run.model or 0, 0, "hoa", "fewer to decide")
        new = keeper.gate(session)
        assert (old.versions, new.versions) == ((0, 0), (0, run.model))
        assert new.judge(source).model == run.model
        scores = [max(f.score for f in gate.cleaner.clean(source).findings) for gate in (old, new)]
        assert scores[1] > scores[0]
        learning.switch(session, learning.back(session), run.model or 0, "hoa")
        assert keeper.gate(session).versions == (0, 0)
        assert [f.score for f in keeper.gate(session).cleaner.clean(source).findings] == [
            f.score for f in old.cleaner.clean(source).findings
        ]
        told = [(entry.action, entry.by) for entry in history.audit(session, "model")]
    assert told == [
        ("model.roll-back", "hoa"),
        ("model.approve", "hoa"),
        ("model.learnt", "lan"),
        ("model.learn", "lan"),
    ]


def test_after_approval_what_is_learnt_begins_with_the_start_model_again(desk: Desk, database: Database) -> None:
    first = learnt(database, desk)
    with database.write() as session:
        learning.switch(session, first.model or 0, 0, "lan")
    second = learnt(database, desk)
    assert second.figures["change"] == first.figures["change"]
    assert (second.state, second.figures["loss"]["gain"]) == ("refused", 0.0)
    assert second.told == [
        "the new scores agree no better with what people decided on the articles that were held back"
    ]
    assert not learning.folder_of(desk.settings, second.number).exists()


def test_who_switches_must_know_what_holds(desk: Desk, database: Database) -> None:
    number = learnt(database, desk).model or 0
    with database.write() as session:
        learning.switch(session, number, 0, "hoa", "first")
        with pytest.raises(ConflictError) as caught:
            learning.switch(session, 0, 0, "lan")
        assert caught.value.changes[0]["by"] == "hoa"
        with pytest.raises(InvalidError, match="holds already"):
            learning.switch(session, number, number, "lan")
        with pytest.raises(NotFoundError):
            learning.switch(session, 99, number, "lan")
        learning.switch(session, 0, number, "lan")
        shutil.rmtree(learning.find(session, number).folder)
        with pytest.raises(InvalidError, match="no model here"):
            learning.switch(session, number, 0, "lan")


def test_right_scores_are_left_alone(tmp_path: Path) -> None:
    desk = decided_desk(tmp_path, [*articles("infected"), *articles("honest")])
    database = desk_at(desk.url)
    run = learnt(database, desk)
    database.close()
    assert (run.state, run.model) == ("refused", None)
    assert run.told


@pytest.mark.parametrize(
    ("most", "keeps", "told"),
    [
        (12, False, "too few decisions: "),
        (200, True, "too few decisions of one kind: 0 spans were cut"),
    ],
)
def test_too_few_decisions_teach_nothing(tmp_path: Path, most: int, keeps: bool, told: str) -> None:
    desk = decided_desk(tmp_path, articles("infected", most), None, lambda finding: keeps, DOUBTFUL)
    database = desk_at(desk.url)
    run = learnt(database, desk)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ModelVersion)) == 0
    database.close()
    assert run.state == "refused"
    assert run.told[0].startswith(told)


def test_nonsense_is_refused_for_what_it_would_do_elsewhere(tmp_path: Path) -> None:
    """Somebody keeps whatever stands at an even place: the scores come nearer to them, and the gate is useless."""
    desk = decided_desk(tmp_path, articles("infected"), None, lambda found: (found.start or 0) % 2 == 0, DOUBTFUL)
    database = desk_at(desk.url)
    run = learnt(database, desk)
    database.close()
    assert run.state == "refused"
    assert any("of the articles of the test would be restored by the gate alone" in reason for reason in run.told)
    assert run.figures["loss"]["gain"] > 0


def test_a_run_without_a_test_fails_in_plain_words(desk: Desk, database: Database, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with database.write() as session:
        run = learning.begin(session, "lan")
    settings = replace(desk.settings, tests=(tmp_path / "empty.jsonl",))
    run = learning.carry_out(database, settings, run.number)
    assert (run.state, run.told) == ("failed", ["no articles to test a model on: name a file of them (--test)"])
    with pytest.raises(CorpusError):
        read_tests([tmp_path / "missing.jsonl"])
    assert len(read_tests(())) == sum(len(file.read_text("utf-8").splitlines()) for file in ARTICLES.glob("*.jsonl"))


def test_one_run_at_a_time_and_a_dead_one_stands_in_nobodys_way(desk: Desk, database: Database) -> None:
    with database.write() as session:
        first = learning.begin(session, "lan")
    with database.write() as session, pytest.raises(ConflictError):
        learning.begin(session, "hoa")
    with database.write() as session:
        session.get_one(LearningRun, first.number).touched = now() - 2 * learning.SILENT
    with database.write() as session:
        assert learning.begin(session, "hoa").number == 2
    with database.read() as session:
        assert [(run.state, run.told) for run in learning.runs(session)] == [
            ("running", []),
            ("failed", ["it was stopped from outside"]),
        ]


def test_a_run_is_told_while_it_goes_on_in_a_process_of_its_own(desk: Desk, database: Database) -> None:
    stages: list[str] = []
    with database.write() as session:
        run = learning.begin(session, "lan")
    learning.carry_out(database, desk.settings, run.number, lambda stage, share: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["reading", "holding back", "comparing: held back", "comparing: test"]
    with database.write() as session:
        run = learning.begin(session, "lan")
    process = learning.start(desk.settings, run.number)
    process.join(120)
    with database.read() as session:
        ended = session.get_one(LearningRun, run.number)
    assert (process.exitcode, ended.state, ended.share) == (0, "learnt", 1.0)


def test_what_is_learnt_from_is_not_compared_on(original: Desk) -> None:
    database = desk_at(original.url)
    with database.read() as session:
        lessons = labels.lessons(session)
    database.close()
    from cleaner.desk.trial import _parted

    held, rest = _parted(lessons)
    assert {lesson.group for lesson in held}.isdisjoint(lesson.group for lesson in rest)
    assert len(held) + len(rest) == len(lessons)
    together = [replace(lesson, group=0) for lesson in lessons]
    assert sorted(map(len, _parted(together))) == [0, len(lessons)]


def test_a_span_is_right_when_it_is_injected_and_little_else() -> None:
    record = next(r for r in articles("infected") if r.format == "text" and len(r.spans) == 1)
    start, end = record.spans[0]
    lesson = Lesson(record, None, 0)
    assert feedback.is_worth(lesson.record, (start, end))
    assert not feedback.is_worth(record, (start, start + 2))
    assert not feedback.is_worth(record, (max(0, start - 60), end))


# --- the command line


def run(desk: Desk, *arguments: str) -> Result:
    options = ["--database", desk.url, "--models", str(desk.folder / "models")]
    options += ["--model", str(desk.model)] if desk.model else []
    tests = [part for file in desk.settings.tests for part in ("--test", str(file))]
    return CliRunner().invoke(main, ["learn", *options, *tests, *arguments])


def test_the_command_learns_lists_approves_and_goes_back(desk: Desk, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f"strip = {CAUTIOUS.strip}\n")
    made = run(desk, "--policy", str(policy))
    assert made.exit_code == 0, made.output
    assert "model 1 waits for approval: cleaner learn approve 1" in made.stdout
    assert "exact restoration" in made.stdout
    assert "holds" in run(desk, "list").stdout.splitlines()[3]
    approved = run(desk, "approve", "1", "--note", "nhiều chỗ tự cắt hơn")
    assert (approved.exit_code, "model 1 holds from now on" in approved.stderr) == (0, True)
    assert "holds" in run(desk, "list").stdout.splitlines()[2]
    assert run(desk, "approve", "1").exit_code == 2
    back = run(desk, "back")
    assert (back.exit_code, back.stderr.strip()) == (0, "model 0 holds again")


def test_the_command_says_why_nothing_is_learnt(tmp_path: Path) -> None:
    desk = decided_desk(tmp_path, articles("infected", 8))
    refused = run(desk, "--json")
    told: dict[str, Any] = json.loads(refused.stdout)
    assert (refused.exit_code, told["state"], told["model"]) == (1, "refused", None)
    assert told["told"][0].startswith("too few decisions")
    assert run(desk, "back").exit_code == 2


def test_the_command_exports(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    exported = run(desk, "export", str(out), "--lang", "vi")
    assert exported.exit_code == 0, exported.output
    lines = out.read_text("utf-8").splitlines()
    assert exported.stderr.startswith(f"{len(lines)} articles are in ")
    assert json.loads(lines[0])["lang"] == "vi"


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from cleaner.cli import main\n"
        "try: main(['learn', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'sqlalchemy', 'fastapi', 'lightgbm', 'sklearn', 'scipy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cleaner learn approve 3" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_policy_that_cuts_nothing_is_no_reason_to_fail(desk: Desk, database: Database) -> None:
    settings = replace(desk.settings, policy=Policy(strip=1.0))
    with database.write() as session:
        begun = learning.begin(session, "lan")
    ended = learning.carry_out(database, settings, begun.number)
    assert ended.state == "learnt"
    assert ended.figures["sets"]["test"]["figures"]["exact"]["new"] == 0
