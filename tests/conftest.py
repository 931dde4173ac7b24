"""What several tests need: the articles of the fixtures, the seeds, and a small model trained on them."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from threadpoolctl import threadpool_limits

from cleaner.training.corpora import SMALL, read_fixtures
from cleaner.training.train import train
from cleaner.types import Edit, Result

if TYPE_CHECKING:
    from browsing import Served
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
INFECTED_SEED = FIXTURES / "seeds" / "003_72eb07f55c0dc79f.txt"
HONEST_SEED = FIXTURES / "seeds" / "000_8a67ff2a0ddf0c2d.txt"


@functools.cache
def records(kind: str) -> list[dict[str, Any]]:
    """The ``honest`` or ``infected`` articles of the fixtures, in all languages."""
    files = sorted((FIXTURES / "articles").glob(f"{kind}_*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def edits_apart(result: Result) -> list[Edit]:
    """The edits that neither touch nor lie in a finding that is cut: there should be none."""
    places = [(f.start, f.end) for f in result.findings if f.action == "strip"]
    return [edit for edit in result.edits if not any(a <= edit.end and edit.start <= b for a, b in places)]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of linear algebra that wait for one another on a busy machine make it ten times as slow."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def fixture_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model, trained once for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "fixture_model"
    with FileLock(shared / "fixture_model.lock"):
        if not (folder / "manifest.json").exists():
            train(read_fixtures(), folder, SMALL)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    from browsing import CHROMIUM, PATIENCE
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A desk of its own."""
    from browsing import serving

    with serving(f"sqlite:///{tmp_path}/desk.db") as desk:
        yield desk
