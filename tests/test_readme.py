"""The commands of the README are run, and their output is what the README shows.

Set ``UPDATE_README=1`` to write the output of today into the README.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import pytest
from conftest import FIXTURES, INFECTED_SEED, ROOT

README = ROOT / "README.md"
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
POLICY = re.compile(r"^```toml\n# policy.toml\n(.*?)^```$", re.M | re.S)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with what the README's commands speak of."""
    shutil.copytree(FIXTURES, tmp_path / "fixtures")
    (tmp_path / "articles").mkdir()
    shutil.copy(INFECTED_SEED, tmp_path / "articles" / "report.txt")
    shutil.copy(INFECTED_SEED, tmp_path / "article.txt")
    policy = POLICY.search(README.read_text("utf-8"))
    assert policy is not None
    (tmp_path / "policy.toml").write_text(policy[1], "utf-8")
    return tmp_path


def test_the_console_sessions_are_real(desk: Path) -> None:
    readme = README.read_text("utf-8")
    real = CONSOLE.sub(lambda match: f"```console\n{_session(match[1], desk)}```", readme)
    if os.environ.get("UPDATE_README"):
        README.write_text(real, "utf-8")
    assert real == readme


def test_the_python_example_runs(desk: Path) -> None:
    example = PYTHON.search(README.read_text("utf-8"))
    assert example is not None
    names: dict[str, object] = {"source": INFECTED_SEED.read_text("utf-8"), "sources": ["Một bài báo."]}
    exec(example[1], names)
    assert "Trung tâm Y tế đã đạt được" in getattr(names["assisted"], "clean")(names["source"]).text  # noqa: B009


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_knows_the_two_commands(target: str) -> None:
    assert f"```sh\nmake {target}\n```" in README.read_text("utf-8")
    planned = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True)
    assert planned.stdout


def test_the_commands_for_archives_work_one_after_the_other(desk: Path) -> None:
    with gzip.open(desk / "posts.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"id": 1742, "body": INFECTED_SEED.read_text("utf-8")}))
    with closing(sqlite3.connect(desk / "site.db")) as base, base:
        base.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, status TEXT, body TEXT)")
        base.execute("INSERT INTO posts (status, body) VALUES ('publish', ?)", (INFECTED_SEED.read_text("utf-8"),))
    (block,) = (block for block in SHELL.findall(README.read_text("utf-8")) if block.startswith("cleaner batch"))
    for line in block.splitlines():
        _run(shlex.split(line, comments=True)[1:], desk)
    assert (desk / "cleaned" / "report.txt").read_bytes() == INFECTED_SEED.read_bytes()


def test_every_option_named_exists() -> None:
    commands = set()
    for line in re.findall(r"^cleaner .*--.*$", README.read_text("utf-8"), re.M):
        words = shlex.split(line, comments=True)[1:]
        command = list(takewhile(lambda word: not word.startswith("--"), words))
        help_text = _run([*command, "--help"], ROOT)
        for option in (word for word in words if word.startswith("--")):
            assert option in help_text, line
        commands.add(" ".join(command))
    assert {"train", "dev-data", "evaluate", "model diff"} <= commands


def _session(block: str, folder: Path) -> str:
    """The commands of a block, each followed by what it prints."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_output(command, folder)}" for command in commands)


def _output(command: str, folder: Path) -> str:
    line, _, target = command.partition(" > ")
    words = [
        word
        for given in shlex.split(line)[1:]
        for word in (map(str, _glob(given, folder)) if "*" in given else [given])
    ]
    printed = _run(words, folder)
    if target:
        (folder / target).write_text(printed, "utf-8")
        assert printed
        return ""
    return printed


def _glob(pattern: str, folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.glob(pattern))


def _run(words: list[str], folder: Path) -> str:
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "120", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode in (0, 1), done.stdout
    return done.stdout
