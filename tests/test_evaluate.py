"""Evaluation: reading records, running a cleaner, the baselines, the command."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cleaner import types
from cleaner.cli import main
from cleaner.training.baselines import keyword_cuts, keyword_terms, sentence_cuts, sentences
from cleaner.training.corpus import BadRecord, CorpusError
from cleaner.training.evaluate import (
    Evaluation,
    assisted_policy,
    evaluate,
    evaluate_cuts,
    read_records,
)
from cleaner.training.metrics import Record
from cleaner.training.spans import Interval
from cleaner.types import Edit, Finding, Policy, SourceError

HONEST = {"id": "h1", "lang": "vi", "text": "Trạm y tế khám cho 40 trẻ.", "topic": "ordinary"}
HARD = {"id": "h2", "lang": "vi", "text": "Công an bắt nhóm SPAM qua mạng.", "topic": "arrests"}
INFECTED = {
    "id": "i1",
    "lang": "vi",
    "style": "mid-sentence",
    "text": "Trạm y tế SPAM khám cho 40 trẻ.",
    "clean": "Trạm y tế khám cho 40 trẻ.",
    "spam": [{"start": 10, "end": 14, "category": "lottery"}],
}
DOUBTFUL = {"id": "i2", "lang": "en", "text": "The clinic MAYBE opens.", "clean": "The clinic opens.", "style": "glued"}
MISSED = {"id": "i3", "lang": "en", "html": "<p>a <b>casino</b></p>", "clean": "<p>a</p>", "format": "html"}
RECORDS: list[dict[str, Any] | str] = [HONEST, HARD, INFECTED, DOUBTFUL, MISSED]
WORDS = {"SPAM": 0.99, "MAYBE": 0.7}


class Cutter:
    """Cuts or flags a few known words, each with the white space behind it."""

    def __init__(self, model: Path | None = None, policy: Policy = Policy()) -> None:  # noqa: B008
        self.policy = policy

    def clean(self, source: str, format: str = "auto") -> types.Result:
        if "REFUSED" in source:
            raise SourceError("too deep")
        findings, edits = [], []
        for match in re.finditer("|".join(WORDS), source):
            score = WORDS[match[0]]
            thresholds = self.policy.thresholds("lottery")
            action: types.Action = "strip" if score >= thresholds.strip else "flag"
            findings.append(Finding(match.start(), match.end(), match[0], "lottery", score, (), action))
            if action == "strip":
                edits.append(Edit(match.start(), match.end() + 1, ""))
        text, done = "", 0
        for edit in edits:
            text += source[done : edit.start]
            done = edit.end
        verdict: types.Verdict = "cleaned" if edits else "review" if findings else "clean"
        return types.Result(source, text + source[done:], verdict, tuple(findings), tuple(edits), "text")


@pytest.fixture(autouse=True)
def cutter(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model, no colour."""
    monkeypatch.setattr("cleaner.engine.Cleaner", Cutter)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write(tmp_path / "corpus.jsonl", RECORDS)


def write(path: Path, records: Iterable[dict[str, Any] | str]) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
    return path


def good(path: Path) -> list[Record]:
    records = list(read_records(path))
    assert all(isinstance(record, Record) for record in records)
    return [record for record in records if isinstance(record, Record)]


def one(path: Path, **values: Any) -> Record | BadRecord:
    [record] = read_records(write(path / "one.jsonl", [values]))
    return record


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["evaluate", *map(str, arguments)], prog_name="cleaner")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def report(*arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--json", "-").stdout)


# --- reading


def test_records(corpus: Path) -> None:
    honest, hard, infected, doubtful, missed = good(corpus)
    assert [r.kind for r in (honest, hard, infected)] == ["clean", "hard", "infected"]
    assert (infected.spans, infected.category, infected.style) == (((10, 14),), "lottery", "mid-sentence")
    assert (doubtful.spans, doubtful.category) == (((11, 16),), "unknown")
    assert (missed.format, missed.place, missed.id) == ("html", f"{corpus}:5", "i3")
    assert missed.source[slice(*missed.spans[0])] == "<b>casino</b>"


def test_compressed_records_with_a_mark_and_empty_lines(tmp_path: Path, corpus: Path) -> None:
    packed = tmp_path / "corpus.jsonl.gz"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + corpus.read_bytes().replace(b"\n", b"\n\n")))
    assert [record.id for record in good(packed)] == [record.id for record in good(corpus)]


@pytest.mark.parametrize(
    ("values", "topics"),
    [
        ({}, ()),
        ({"topic": "loans"}, ("loans",)),
        ({"topics": {"pharma": 2, "adult": 1}}, ("pharma", "adult")),
        ({"topic": "loans", "categories": ["loans", "gambling"]}, ("loans", "gambling")),
    ],
)
def test_topics_go_by_several_names(tmp_path: Path, values: dict[str, Any], topics: tuple[str, ...]) -> None:
    record = one(tmp_path, text="a", **values)
    assert isinstance(record, Record)
    assert record.topics == topics


def test_spans_are_put_in_order(tmp_path: Path) -> None:
    spam = [{"start": 4, "end": 5, "category": "b"}, {"start": 0, "end": 1, "category": "a"}]
    record = one(tmp_path, text="x a y", clean="a", spam=spam)
    assert isinstance(record, Record)
    assert (record.spans, record.category) == (((0, 1), (4, 5)), "a")


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("{", "not JSON (Expecting property name"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"clean": "a"}', "no 'text' or 'html'"),
        ('{"text": " "}', "no 'text' or 'html'"),
        ('{"text": 1}', "'text' is not a string"),
        ('{"text": "a", "clean": ["a"]}', "'clean' is not a string"),
        ('{"text": "a", "format": "pdf"}', "unknown format 'pdf' (known: auto, text, html, markdown)"),
        ('{"text": "ab", "clean": "a", "spam": 1}', "'spam' is not a list"),
        ('{"text": "ab", "clean": "a", "spam": [{"start": 1}]}', "no whole numbers"),
        ('{"text": "ab", "clean": "a", "spam": [{"start": true, "end": 2}]}', "no whole numbers"),
        ('{"text": "ab", "clean": "a", "spam": [{"start": 1, "end": 3}]}', "out of range: [1, 3) of 2 characters"),
        ('{"text": "ab", "clean": "a", "spam": [{"start": 1, "end": 1}]}', "out of range"),
        ('{"text": "ab", "spam": [{"start": 1, "end": 2}]}', "'spam' in a record whose 'clean' is missing"),
        ('{"text": "\udc80"}', "not UTF-8"),
    ],
)
def test_bad_records_are_told_with_place_and_cause(tmp_path: Path, line: str, cause: str) -> None:
    path = write(tmp_path / "bad.jsonl", [HONEST, line, HARD])
    first, bad, last = read_records(path)
    assert isinstance(first, Record)
    assert isinstance(bad, BadRecord)
    assert isinstance(last, Record)
    assert str(bad).startswith(f"{path}:2: ")
    assert cause in bad.cause


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("missing.jsonl", None, "no such file or directory"),
        ("plain.jsonl.gz", b'{"text": "a"}', "not a gzipped file"),
        ("cut.jsonl.gz", gzip.compress(b'{"text": "a"}', mtime=0)[:-12], "compressed file ended"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, data: bytes | None, cause: str) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CorpusError, match=re.escape(f"{path}: {cause}")):
        list(read_records(path))


# --- running


def judged(records: list[Record], workers: int = 1) -> Evaluation:
    policy = Policy()
    return evaluate(records, Cutter(None, policy), Cutter(None, assisted_policy(policy)), workers)


def test_an_evaluation(corpus: Path) -> None:
    found = judged(good(corpus))
    values = {name: figure.value for name, figure in found.figures.items()}
    assert values["exact"] == pytest.approx(1 / 3)
    assert values["assisted"] == pytest.approx(2 / 3)
    assert values["precision"] == pytest.approx(4 / 8)
    assert values["recall"] == pytest.approx(4 / (4 + 5 + 13))
    assert (values["clean_untouched"], values["hard_untouched"]) == (1, 0)
    assert found.size == sum(len(record.source.encode()) for record in good(corpus))
    assert found.throughput > 0


def test_mistakes_are_shown_the_most_harmful_first(corpus: Path) -> None:
    first, *others = judged(good(corpus)).mistakes
    assert (first.id, first.kind, first.wrong) == ("h2", "false cut", 4)
    assert "nhóm SPAM qua" in first.around
    assert "nhóm SPAM qua" in first.expected
    assert "nhóm qua" in first.got
    assert [(mistake.id, mistake.kind, mistake.wrong) for mistake in others] == [
        ("i3", "missed", 13),
        ("i2", "missed", 5),
    ]
    assert others[1].to_dict()["findings"][0]["quote"] == "MAYBE"


def test_workers_find_the_same(corpus: Path) -> None:
    records = good(corpus) * 50
    assert judged(records, workers=2).scores == judged(records).scores


def test_what_the_cleaner_refuses_is_quarantined(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [HONEST, HONEST | {"text": "REFUSED"}])
    found = judged(good(path))
    assert len(found.scores) == 1
    assert [str(bad) for bad in found.quarantined] == [f"{path}:2: too deep"]


def test_every_record_is_reported(corpus: Path) -> None:
    calls: list[None] = []
    evaluate(good(corpus), Cutter(), Cutter(), advance=lambda: calls.append(None))
    assert len(calls) == len(RECORDS)


def test_whoever_accepts_every_flag_strips_from_the_flag_threshold() -> None:
    policy = Policy(strip=0.9, flag=0.4, categories={"lottery": (0.8, 0.3), "loan": 0.99}, allow=("a",))
    accepted = assisted_policy(policy)
    assert accepted.thresholds("seo") == (0.4, 0.4)
    assert accepted.thresholds("lottery") == (0.3, 0.3)
    assert accepted.thresholds("loan") == (0.4, 0.4)
    assert accepted.allow == ("a",)
    assert assisted_policy(Policy()) == Policy(strip=Policy().flag)


# --- baselines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A Nhà Cái b", "A b"),
        ("A nhà cái, b", "A, b"),
        ("A nhà cái", "A"),
        ("specialist cialis", "specialist"),
        ("今天赌场好", "今天好"),
        ("İ nhà cái b", "İ b"),
        ("nhà cái cialis b", "b"),
        ("\ud800 cialis b", "\ud800 b"),
        ("nothing", "nothing"),
    ],
)
def test_the_keyword_list(source: str, expected: str) -> None:
    records = [Record(source, source)]
    [cuts] = keyword_cuts(records, ["nhà cái", "cialis", "赌场"])
    [judged] = evaluate_cuts([Record(source, expected)], [cuts]).scores
    assert judged.strict


def test_the_keyword_list_knows_the_rule_set() -> None:
    terms = keyword_terms()
    assert "nhà cái uy tín" in terms
    assert len(terms) == len(set(terms)) > 1000


@pytest.mark.parametrize(
    ("format", "source", "expected"),
    [
        ("text", "One. Two 3.5!  Three\n\nFour", ["One.", "Two 3.5!", "Three", "Four"]),
        ("text", "一。二！", ["一。", "二！"]),
        ("html", "<p>One. <b>Two</b></p>", ["One.", "Two"]),
    ],
)
def test_sentences(format: types.Format, source: str, expected: list[str]) -> None:
    assert [source[a:b] for a, b in sentences(Record(source, source, format=format))] == expected


def lessons() -> list[Record]:
    """Honest sentences, and every other time one about casinos behind them."""
    honest = [f"The school in district {n} opens on Monday. Parents are welcome." for n in range(12)]
    spam = " Play at casino lucky online now."
    infected = [Record(text + spam, text, spans=((len(text) + 1, len(text + spam)),)) for text in honest[::2]]
    return infected + [Record(text, text) for text in honest[1::2]]


@pytest.mark.parametrize("training", [lessons(), None])
def test_the_sentence_classifier(training: list[Record] | None) -> None:
    found = evaluate_cuts(lessons(), sentence_cuts(lessons(), training))
    assert found.figures["exact"].value == 1
    assert found.figures["clean_untouched"].value == 1


@pytest.mark.parametrize("training", [[], [Record("a", "a")], [Record("a", "", spans=((0, 1),))]])
def test_a_sentence_classifier_that_has_nothing_to_learn_cuts_nothing(training: list[Record]) -> None:
    nothing: list[list[Interval]] = [[] for _ in lessons()]
    assert sentence_cuts(lessons(), training) == nothing
    assert sentence_cuts([], lessons()) == []


# --- the command


def test_the_tables(corpus: Path) -> None:
    result = run(corpus, "--by", "lang", "--by", "style")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert re.split(r"\s{2,}", lines[0]) == ["figure", "of", "cleaner", "keyword list", "sentence classifier"]
    assert lines[2].startswith("exact restoration ")
    assert " 0.333 (0.000–1.000)" in lines[2]
    assert any(re.match(r"mid-sentence +1 +1\.000", line) for line in lines)
    assert any(re.match(r"hard negatives +0 +1 +0", line) for line in lines)
    assert "learnt from the evaluated records" in result.stdout
    assert "no metric" in result.stdout


def test_only_the_asked_breakdowns_are_shown(corpus: Path) -> None:
    shown = run(corpus, "--by", "category", "--no-baselines").stdout
    assert re.search(r"^category +infected", shown, re.MULTILINE)
    assert not re.search("^lang", shown, re.MULTILINE)
    assert "keyword list" not in shown
    assert "sentence classifier" not in shown


def test_rules_are_told_with_their_hits_and_how_many_were_right(tmp_path: Path) -> None:
    honest = "Công an bắt một nhóm đánh bạc tại xã."
    records = [
        {"text": honest, "lang": "vi", "topic": "crime"},
        {
            "text": "Trạm y tế nhà cái uy tín mở cửa.",
            "clean": "Trạm y tế mở cửa.",
            "lang": "vi",
            "spam": [{"start": 10, "end": 24}],
        },
        {
            "html": "<p>Trạm y t&#7871; <b>nhà cái uy tín</b> mở cửa.</p>",
            "clean": "<p>Trạm y t&#7871; mở cửa.</p>",
            "spam": [{"start": 18, "end": 39}],
        },
    ]
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    result = run(corpus, "--by", "rule", "--no-baselines", "--json", "-")
    counted = {count["rule"]: (count["hits"], count["right"]) for count in json.loads(result.stdout)["rules"]}
    assert counted["phrase “đánh bạc” (gambling)"] == (1, 0)
    assert counted["phrase “nhà cái uy tín” (gambling)"] == (2, 2)
    assert "phrase “đánh bạc” (gambling)" in run(corpus, "--by", "rule", "--no-baselines").stdout


def test_a_breakdown_leaves_out_what_does_not_apply(corpus: Path) -> None:
    shown = run(corpus, "--by", "topic", "--no-baselines").stdout
    assert re.search(r"^topic +clean +untouched +hard +untouched$", shown, re.MULTILINE)
    assert re.search(r"^arrests +– +– +1 +0\.000$", shown, re.MULTILINE)


def test_colour_where_it_is_wanted(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1m" in run(corpus, "--no-baselines").stdout


def test_names_are_shown_escaped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [HONEST | {"lang": "\x1b[31m\u202e"}])
    assert r"\x1b[31m\u202e" in run(path, "--no-baselines").stdout


def test_json_holds_the_same_figures(tmp_path: Path, corpus: Path) -> None:
    printed = report(corpus)
    assert printed["version"] == 1
    assert printed["documents"] == {"infected": 3, "clean": 1, "hard": 1}
    assert printed["quarantined"] == {"count": 0, "records": []}
    assert set(printed["systems"]) == {"cleaner", "keyword_list", "sentence_classifier"}
    ours = printed["systems"]["cleaner"]
    assert ours["figures"]["exact"]["value"] == 0.33333
    assert ours["breakdowns"]["lang"]["vi"]["exact"]["value"] == 1
    assert ours["verdicts"]["infected"] == {"clean": 1, "cleaned": 1, "review": 1}
    assert ours["errors"]["missed"] == 2
    assert run(corpus, "--json", tmp_path / "out.json").stdout.startswith("figure")
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert written["systems"] == printed["systems"]


def test_limit_counts_records_of_each_file(tmp_path: Path, corpus: Path) -> None:
    other = write(tmp_path / "other.jsonl", RECORDS)
    assert report(corpus, other, "--limit", "1")["documents"] == {"infected": 0, "clean": 2, "hard": 0}


def test_a_policy_holds(tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "policy.toml").write_text("strip = 0.6", encoding="utf-8")
    found = report(corpus, "--policy", tmp_path / "policy.toml", "--no-baselines")
    assert found["systems"]["cleaner"]["figures"]["exact"]["value"] == 0.66667


def test_the_sentence_classifier_learns_from_a_file(tmp_path: Path, corpus: Path) -> None:
    training = write(tmp_path / "training.jsonl", RECORDS)
    assert report(corpus, "--baseline-train", training)["sentence_training"] == str(training)


def test_errors_are_written(tmp_path: Path, corpus: Path) -> None:
    run(corpus, "--no-baselines", "--errors", tmp_path / "errors.jsonl")
    lines = (tmp_path / "errors.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["false cut", "missed", "missed"]
    assert set(json.loads(lines[0])) == {"id", "place", "kind", "wrong", "around", "expected", "got", "findings"}


def test_bad_records_are_counted_and_the_others_still_judged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ["nonsense", *RECORDS, HONEST | {"text": "REFUSED"}])
    result = run(path)
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        f"cleaner: {path}:1: not JSON (Expecting value, column 1)",
        f"cleaner: {path}:7: too deep",
    ]
    assert "Quarantined: 2 records" in result.stdout
    assert report(path)["quarantined"]["count"] == 2


def test_nothing_but_bad_records(tmp_path: Path) -> None:
    result = run(write(tmp_path / "a.jsonl", ["nonsense"]))
    assert result.exit_code == 3
    assert re.search(r"^exact restoration +0 +–", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ((), "Missing argument"),
        (("missing.jsonl",), "missing.jsonl: no such file or directory"),
        (("empty.jsonl",), "empty.jsonl: no records"),
        ((".",), ".: is a directory"),
        (("corpus.jsonl", "--by", "colour"), "'colour'"),
        (("corpus.jsonl", "--json", "corpus.jsonl"), "would be overwritten"),
        (("corpus.jsonl", "--json", "a", "--errors", "a"), "would be overwritten"),
        (("corpus.jsonl", "--policy", "missing.toml"), "missing.toml"),
        (("corpus.jsonl", "--errors", "missing/errors.jsonl"), "cannot be written"),
    ],
)
def test_what_is_asked_wrongly(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], hint: str
) -> None:
    monkeypatch.chdir(corpus.parent)
    Path("empty.jsonl").touch()
    before = sorted(corpus.parent.iterdir())
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert hint in result.stderr
    assert sorted(corpus.parent.iterdir()) == before
