"""Model folders: what was saved is loaded, and nothing else."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cleaner import Cleaner, ModelError
from cleaner.cli import main
from cleaner.model.store import ARRAYS, MANIFEST, RULES, file_of, load


@pytest.fixture
def folder(fixture_model: Path, tmp_path: Path) -> Path:
    """A copy of the small model, to be damaged."""
    return Path(shutil.copytree(fixture_model, tmp_path / "model"))


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize("name", [*map(file_of, ARRAYS), RULES])
def test_an_altered_file_is_named(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: was altered"):
        load(folder)


@pytest.mark.parametrize("name", ["embeddings.npy", RULES])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name}: cannot be read"):
        load(folder)


def test_a_folder_without_manifest_is_no_model(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(ModelError, match=f"no model here \\({MANIFEST}"):
        Cleaner(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_manifest_that_is_none(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match=MANIFEST):
        load(folder)


@pytest.mark.parametrize(("key", "value"), [("layout", 99), ("features", ["size"]), ("width", 1), ("labels", 2)])
def test_a_model_of_another_version_is_refused(folder: Path, key: str, value: object) -> None:
    change_manifest(folder, lambda manifest: manifest.update({key: value}))
    with pytest.raises(ModelError, match=f"{MANIFEST}: made for another version of cleaner \\('{key}'"):
        load(folder)


@pytest.mark.parametrize("key", ["files", "calibration", "worth", "tagger"])
def test_a_manifest_without_a_key(folder: Path, key: str) -> None:
    change_manifest(folder, lambda manifest: manifest.pop(key))
    with pytest.raises(ModelError, match=key):
        load(folder)


def test_a_file_that_the_manifest_does_not_vouch_for(folder: Path) -> None:
    change_manifest(folder, lambda manifest: manifest["files"].pop("embeddings.npy"))
    with pytest.raises(ModelError, match=r"embeddings\.npy"):
        load(folder)


def test_arrays_of_objects_are_never_unpickled(folder: Path) -> None:
    import hashlib

    np.save(folder / "embeddings.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    digest = hashlib.sha256((folder / "embeddings.npy").read_bytes()).hexdigest()
    change_manifest(folder, lambda manifest: manifest["files"].update({"embeddings.npy": digest}))
    with pytest.raises(ModelError, match="holds objects"):
        load(folder)


def test_a_model_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no model")
    with pytest.raises(ModelError, match="file"):
        load(tmp_path / "file")


def test_a_pickled_cleaner_names_its_model(folder: Path) -> None:
    content = pickle.dumps(Cleaner(folder))
    assert len(content) < 2_000
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="no model here"):
        pickle.loads(content)


def test_model_verify(folder: Path) -> None:
    verified = CliRunner().invoke(main, ["model", "verify", str(folder)])
    assert (verified.exit_code, verified.stderr) == (0, "")
    (folder / "worth.npy").write_bytes(b"")
    refused = CliRunner().invoke(main, ["model", "verify", str(folder)])
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == [
        f"cleaner: {folder / 'worth.npy'}: was altered (its sha256 is not the manifest's)"
    ]


def test_model_show(folder: Path) -> None:
    change_manifest(folder, lambda manifest: manifest.update(figures={"vi": {"exact": 0.61803}}))
    shown = CliRunner().invoke(main, ["model", "show", str(folder)])
    assert shown.exit_code == 0
    for words in ("trained on", "recipe.rounds", "figures.vi.exact", "0.61803", "embeddings.npy"):
        assert words in shown.stdout
    (folder / "worth.npy").unlink()
    assert CliRunner().invoke(main, ["model", "show", str(folder)]).exit_code == 2


def test_model_show_folds_what_is_long(folder: Path) -> None:
    lessons = [{"samples": number, "rate": 0.5} for number in range(40)]
    change_manifest(folder, lambda manifest: manifest.update(continued={"then": lessons, "after all of them " * 9: 1}))
    shown = CliRunner().invoke(main, ["model", "show", str(folder)]).stdout
    lines = shown.partition("\nabout")[2].splitlines()
    assert max(map(len, lines)) < 120
    assert "'samples': 39" in shown
