"""The built wheel works where there is nothing else of the project."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from conftest import INFECTED_SEED, ROOT

QUOTE = "xổ số trực tuyến minh ngọc"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    execute(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel, which borrows what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    execute(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    options = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    execute(sys.executable, "-m", "pip", "--python", folder, "install", *options, wheel, cwd=folder)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(folder), "platbase": str(folder)}))


def execute(*command: str | Path, cwd: Path) -> str:
    bare = {"PATH": "", "HOME": str(cwd)}
    done = subprocess.run(command, cwd=cwd, env=bare, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_the_rules_and_the_model(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "cleaner/py.typed",
        "cleaner/default_model/manifest.json",
        "cleaner/report/article.html.jinja",
        "cleaner/report/page.html.jinja",
        "cleaner/report/report.css",
        "cleaner/rules/data/vi.toml",
        "cleaner/training/templates/vi.toml",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "fixtures/", "benchmarks/", "models/"))]


def test_the_installed_program_cleans_an_article(environment: Path, tmp_path: Path) -> None:
    source = INFECTED_SEED.read_text("utf-8")
    cleaned = execute(environment / "cleaner", "clean", INFECTED_SEED, cwd=tmp_path)
    assert cleaned == source.replace(f" {QUOTE}\n", " ")
    assert list(tmp_path.iterdir()) == []


def test_the_installed_package_is_the_one_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    where = execute(environment / "python", "-c", "import cleaner; print(cleaner.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(environment.parent)
    verified = execute(environment / "cleaner", "model", "verify", cwd=tmp_path)
    assert str(Path("cleaner", "default_model")) in verified
