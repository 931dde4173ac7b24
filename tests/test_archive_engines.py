"""Workers on this machine and those of a Dask scheduler come to the same, whatever happens to them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from conftest import HONEST_SEED, INFECTED_SEED, ROOT

PROGRAM = (sys.executable, "-m", "cleaner", "batch")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Some megabytes of articles, so that a run takes a while."""
    infected, honest = INFECTED_SEED.read_text("utf-8"), HONEST_SEED.read_text("utf-8")
    archive = tmp_path / "posts.jsonl"
    with archive.open("w", encoding="utf-8") as file:
        for number in range(2000):
            file.write(json.dumps({"id": number, "body": infected if number % 50 == 7 else honest}) + "\n")
    return archive


def run(archive: Path, out: str, *arguments: str) -> bytes:
    target = archive.with_name(out)
    done = subprocess.run(
        [*PROGRAM, str(archive), "--out", str(target), *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target.read_bytes()


def test_a_dask_run_that_loses_a_worker_comes_to_the_same(archive: Path) -> None:
    wanted = run(archive, "local.jsonl", "--jobs", "1")
    assert wanted != archive.read_bytes()
    with scheduler(archive.parent) as (address, workers):
        command = [*PROGRAM, str(archive), "--out", str(archive.with_name("dask.jsonl"))]
        batch = subprocess.Popen(
            [*command, "--engine", "dask", "--scheduler", address],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        ledger = archive.with_name("dask.jsonl.ledger")
        wait_until(lambda: (ledger.exists() and searched(ledger) > 0) or batch.poll() is not None)
        assert batch.poll() is None, "the run is over before a worker could be killed"
        os.killpg(workers[0].pid, signal.SIGKILL)
        _, complaints = batch.communicate()
        assert batch.returncode == 0, complaints
    assert archive.with_name("dask.jsonl").read_bytes() == wanted


def test_a_scheduler_that_does_not_answer_is_told(archive: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, str(archive), "--dry-run", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "tcp://127.0.0.1:1: no Dask scheduler answers" in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two worker processes on this machine; its address, and the workers."""
    file = folder / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    with ExitStack() as stack:

        def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *common, *arguments],
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
            stack.callback(end, process)
            return process

        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        wait_until(file.exists)
        workers = [start("dask_worker", "--nthreads", "1", "--no-dashboard", "--no-nanny") for _ in range(2)]
        yield json.loads(file.read_text())["address"], workers


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def searched(ledger: Path) -> int:
    try:
        base = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
        try:
            return int(base.execute("SELECT coalesce(sum(records), 0) FROM container").fetchone()[0])
        finally:
            base.close()
    except sqlite3.Error:
        return 0


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
