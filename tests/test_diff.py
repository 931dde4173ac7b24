"""``cleaner model diff``: two models on the same records."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import FIXTURES

from cleaner import types
from cleaner.cli import main
from cleaner.types import Edit, Finding, Policy, SourceError

HONEST = {"id": "h1", "text": "Trạm y tế khám cho 40 trẻ."}
QUOTED = {"id": "h2", "text": "Công an bắt nhóm BETA qua mạng.", "topic": "arrests"}
ALPHA = {"id": "i1", "text": "Trạm ALPHA khám 40 trẻ.", "clean": "Trạm khám 40 trẻ."}
BETA = {"id": "i2", "text": "Trường BETA mở cửa.", "clean": "Trường mở cửa."}
BOTH = {"id": "i3", "text": "Một COMMON hai.", "clean": "Một hai."}
RECORDS: list[dict[str, Any]] = [HONEST, QUOTED, ALPHA, BETA, BOTH]
WORDS = {"old": {"ALPHA": 0.9, "COMMON": 0.9, "BETA": 0.6}, "new": {"BETA": 0.99, "COMMON": 0.95}}


class Cutter:
    """Cuts or flags the words that its model knows, each with the white space behind it."""

    def __init__(self, model: Path | None = None, policy: Policy = Policy()) -> None:  # noqa: B008
        self.words = WORDS[model.name if model else "old"]
        self.policy = policy

    def clean(self, source: str, format: str = "auto") -> types.Result:
        if "REFUSED" in source:
            raise SourceError("too deep")
        findings, edits = [], []
        for match in re.finditer("|".join(self.words), source):
            score = self.words[match[0]]
            action: types.Action = "strip" if score >= self.policy.strip else "flag"
            findings.append(Finding(match.start(), match.end(), match[0], "lottery", score, (), action))
            if action == "strip":
                edits.append(Edit(match.start(), match.end() + 1, ""))
        text = source
        for edit in reversed(edits):
            text = text[: edit.start] + text[edit.end :]
        return types.Result(source, text, "cleaned" if edits else "clean", tuple(findings), tuple(edits), "text")


@pytest.fixture
def cutters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.engine.Cleaner", Cutter)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, without colour."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    write("corpus.jsonl", *RECORDS)
    return tmp_path


def write(name: str, *records: object) -> None:
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    Path(name).write_text("\n".join(lines) + "\n", "utf-8")


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["model", "diff", *map(str, arguments)], prog_name="cleaner")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def report(*arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--json", "-").stdout)


@pytest.mark.usefixtures("cutters")
def test_what_is_shown() -> None:
    result = run("--new", "new", "corpus.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["old: built in", "new: new"]
    assert re.split(r"\s{2,}", lines[3]) == ["figure", "old", "new", "difference"]
    assert re.search(r"^exact restoration +0\.667 +0\.667 +\+0\.000 \(-\d\.\d+ to \+\d\.\d+\)$", result.stdout, re.M)
    assert re.search(r"^hard negatives untouched +1\.000 +0\.000 +-1\.000 \(-1\.000 to -1\.000\)$", result.stdout, re.M)
    assert re.search(r"^changed +1 +1 +0 +1$", result.stdout, re.M)
    assert result.stdout.partition("newly harmed  h2")[2].splitlines() == [
        "  corpus.jsonl:2",
        "  - flag   lottery   0.600  BETA",
        "  + strip  lottery   0.990  BETA",
        "newly lost  i1  corpus.jsonl:3",
        "  - strip  lottery   0.900  ALPHA",
        "newly restored  i2  corpus.jsonl:4",
        "  - flag   lottery   0.600  BETA",
        "  + strip  lottery   0.990  BETA",
        "",
        "the new model is worse: hard negatives untouched falls from 1.000 to 0.000, "
        "and 95 % of resamples have it fall by 1.000 to 1.000",
        "the new model is worse: span F1 falls from 0.846 to 0.690, by more than 0.01",
    ]


@pytest.mark.usefixtures("cutters")
def test_a_model_is_not_worse_than_itself() -> None:
    result = run("--old", "new", "--new", "new", "corpus.jsonl")
    assert result.stdout.endswith("the new model is not worse, as far as these documents tell\n")
    assert "corpus.jsonl:" not in result.stdout


@pytest.mark.usefixtures("cutters")
def test_json_holds_the_same() -> None:
    printed = report("--old", "old", "--new", "new", "corpus.jsonl")
    assert (printed["version"], printed["old"], printed["new"]) == (1, "old", "new")
    assert printed["files"] == ["corpus.jsonl"]
    assert printed["documents"] == {"infected": 3, "clean": 1, "hard": 1}
    assert printed["figures"]["hard_untouched"] == {"old": 1, "new": 0, "gain": -1, "low": -1, "high": -1}
    assert printed["counts"] == {"newly harmed": 1, "newly lost": 1, "no longer harmed": 0, "newly restored": 1}
    assert [reason.partition(" falls")[0] for reason in printed["worse"]] == ["hard negatives untouched", "span F1"]
    harmed, lost, _ = printed["changes"]
    assert (harmed["id"], harmed["place"], harmed["change"]) == ("h2", "corpus.jsonl:2", "newly harmed")
    assert (harmed["old"], harmed["new"]["error"]) == ({"verdict": "clean", "error": None}, "false cut")
    assert [(finding["only"], finding["quote"]) for finding in lost["findings"]] == [("old", "ALPHA")]
    assert run("--new", "new", "corpus.jsonl", "--json", "out.json").stdout.startswith("old: built in")
    assert json.loads(Path("out.json").read_text("utf-8"))["changes"] == printed["changes"]


@pytest.mark.usefixtures("cutters")
def test_the_other_way_round_what_was_lost_is_won() -> None:
    assert report("--old", "new", "--new", "old", "corpus.jsonl")["counts"] == {
        "newly harmed": 0,
        "newly lost": 1,
        "no longer harmed": 1,
        "newly restored": 1,
    }


@pytest.mark.usefixtures("cutters")
def test_a_policy_holds_for_both() -> None:
    Path("policy.toml").write_text("strip = 0.98", encoding="utf-8")
    assert report("--new", "new", "--policy", "policy.toml", "corpus.jsonl")["figures"]["exact"]["old"] == 0


@pytest.mark.usefixtures("cutters")
def test_bad_records_are_told_once_and_the_others_still_judged() -> None:
    write("bad.jsonl", "nonsense", *RECORDS, HONEST | {"text": "REFUSED"})
    result = run("--new", "new", "bad.jsonl")
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "cleaner: bad.jsonl:1: not JSON (Expecting value, column 1)",
        "cleaner: bad.jsonl:7: too deep",
    ]
    assert "Quarantined: 2 records" in result.stdout
    assert report("--new", "new", "bad.jsonl")["quarantined"]["count"] == 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("corpus.jsonl",), "name --old or --new"),
        (("--new", "new"), "Missing argument"),
        (("--new", "new", "corpus.jsonl"), "new: no model here"),
        (("--new", "new", "corpus.jsonl", "--json", "corpus.jsonl"), "would be overwritten"),
        (("--new", "new", "corpus.jsonl", "--json", "missing/out.json"), "cannot be written"),
        (("--new", "new", "corpus.jsonl", "--policy", "missing.toml"), "missing.toml"),
    ],
)
def test_what_is_asked_wrongly(folder: Path, arguments: tuple[str, ...], hint: str) -> None:
    before = sorted(folder.iterdir())
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert hint in result.stderr
    assert sorted(folder.iterdir()) == before


@pytest.mark.usefixtures("cutters")
def test_files_without_records() -> None:
    Path("empty.jsonl").touch()
    result = run("--new", "new", "empty.jsonl")
    assert (result.exit_code, result.stderr) == (2, "cleaner: empty.jsonl: no records\n")


def test_real_models(fixture_model: Path) -> None:
    """The figures of either side are those of ``cleaner evaluate``."""
    articles = [FIXTURES / "articles" / name for name in ("infected_other.jsonl", "honest_other.jsonl")]
    printed = report("--old", fixture_model, *articles)
    for side, model in (("old", ["--model", str(fixture_model)]), ("new", [])):
        arguments = ["evaluate", "--no-baselines", "--json", "-", *model, *map(str, articles)]
        figures = json.loads(CliRunner().invoke(main, arguments).stdout)["systems"]["cleaner"]["figures"]
        assert {name: figure[side] for name, figure in printed["figures"].items()} == {
            name: figure["value"] for name, figure in figures.items()
        }
    assert sum(printed["counts"].values()) == len(printed["changes"]) > 0
