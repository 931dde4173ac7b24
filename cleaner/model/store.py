"""A model as a folder: plain arrays, a compiled rule set, and a manifest that vouches for each file.

Nothing here can run code: arrays are ``.npy`` files of plain numbers, the rest is JSON. Some are packed (gzip).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model.chain import LABELS
from cleaner.model.classifier import Classifier, Weights
from cleaner.model.clean_text import CleanText
from cleaner.model.features import WIDTH
from cleaner.model.network import Network
from cleaner.model.screen import ScreenWeights
from cleaner.model.segments import FEATURES
from cleaner.model.trees import Trees
from cleaner.rules import RuleSet
from cleaner.types import CATEGORIES, ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYOUT = 2
"""Version of the folder's layout."""
MANIFEST = "manifest.json"
NETWORK = ("embeddings", "kernels", "biases", "output")
CLEAN_TEXT = ("words", "pairs", "topics")
ARRAYS = (*NETWORK, *CLEAN_TEXT, "transitions", "worth", "bounds", "screen", "categories")
RULES = "rules.json.gz"
PACKED = frozenset({"topics"})
"""Arrays that become much smaller by gzip; the others would only load more slowly."""
TREE_NODE = np.dtype([("feature", "<i2"), ("threshold", "<f4"), ("left", "<i2"), ("right", "<i2"), ("value", "<f4")])


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory."""

    classifier: Classifier
    manifest: dict[str, Any]


def file_of(array: str) -> str:
    """The file of a model folder that an array is in."""
    return f"{array}.npy.gz" if array in PACKED else f"{array}.npy"


def default_folder() -> Path:
    """The model that comes with the project: in the installed package, or in the source tree."""
    packaged = Path(str(files("cleaner"))) / "default_model"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "models" / "default"


def load(folder: Path) -> Loaded:
    """Read and verify a model.

    Raises:
        ModelError: the folder, a file or a key is missing, or a file is not the one that was saved.
    """
    manifest = read_manifest(folder)
    try:
        content = {name: _verified(folder, name, digest) for name, digest in manifest["files"].items()}
        arrays = {name: _array(content[file_of(name)]) for name in ARRAYS}
        rules = RuleSet.from_compiled(json.loads(content[RULES]))
        weights = Weights(
            tagger=Network(**{name: arrays[name] for name in NETWORK}, scale=float(manifest["tagger"]["scale"])),
            transitions=arrays["transitions"],
            clean=CleanText(**{name: arrays[name] for name in CLEAN_TEXT}),
            worth=_trees(arrays["worth"], manifest["worth"]),
            bounds=_trees(arrays["bounds"], manifest["bounds"]),
            screen=ScreenWeights(
                arrays["screen"], float(manifest["screen"]["scale"]), float(manifest["screen"]["level"])
            ),
            hope=float(manifest["hope"]),
            categories=arrays["categories"],
            slope=float(manifest["calibration"]["slope"]),
            intercept=float(manifest["calibration"]["intercept"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder}: the model is incomplete ({error})") from None
    return Loaded(Classifier(weights, rules), manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder, checked to fit this version of the code.

    Raises:
        ModelError: there is none, or it is of another layout.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder}: no model here ({MANIFEST} is missing)") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error})") from None
    expected = {
        "layout": LAYOUT,
        "features": list(FEATURES),
        "width": WIDTH,
        "labels": LABELS,
        "categories": list(CATEGORIES),
    }
    if not isinstance(manifest, dict):
        raise ModelError(f"{path}: holds no table")
    for key, value in expected.items():
        if manifest.get(key) != value:
            raise ModelError(f"{path}: made for another version of cleaner ({key!r} differs)")
    return dict(manifest)


def save(folder: Path, weights: Weights, rules: dict[str, Any], about: dict[str, Any]) -> None:
    """Write a model folder; the manifest comes last, so a folder without one is never taken for a model.

    ``about`` is what the manifest says besides of the arrays; it may be another model's manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    arrays: dict[str, NDArray[Any]] = {
        **{name: getattr(weights.tagger, name) for name in NETWORK},
        "transitions": weights.transitions,
        **{name: getattr(weights.clean, name) for name in CLEAN_TEXT},
        "worth": _nodes(weights.worth),
        "bounds": _nodes(weights.bounds),
        "screen": weights.screen.table,
        "categories": weights.categories,
    }
    content: dict[str, bytes] = {RULES: json.dumps(rules, ensure_ascii=False, separators=(",", ":")).encode()}
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        content[file_of(name)] = file.getvalue()
    digests = {}
    for name, data in sorted(content.items()):
        (folder / name).write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        digests[name] = hashlib.sha256(data).hexdigest()
    manifest = about | {
        "layout": LAYOUT,
        "features": list(FEATURES),
        "width": WIDTH,
        "labels": LABELS,
        "categories": list(CATEGORIES),
        "tagger": {"scale": weights.tagger.scale},
        "worth": {"base": weights.worth.base, "depth": weights.worth.depth},
        "bounds": {"base": weights.bounds.base, "depth": weights.bounds.depth},
        "screen": {"scale": weights.screen.scale, "level": weights.screen.level},
        "hope": weights.hope,
        "calibration": {"slope": weights.slope, "intercept": weights.intercept},
        "files": digests,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _verified(folder: Path, name: str, digest: str) -> bytes:
    """The content of a file, unpacked; its digest is that of what was packed, as packers differ."""
    path = folder / name
    altered = ModelError(f"{path}: was altered (its sha256 is not the manifest's)")
    try:
        content = path.read_bytes()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise altered from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise altered
    return content


def _array(content: bytes) -> NDArray[Any]:
    """The array of an ``.npy`` file, without a copy (``numpy.load`` makes one)."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array is of an unknown version")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject or is_fortran:
        raise ValueError("an array holds objects, or columns for rows")
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape)


def _trees(nodes: NDArray[Any], about: dict[str, Any]) -> Trees:
    column = {name: np.ascontiguousarray(nodes[name]) for name in TREE_NODE.names or ()}
    return Trees(**column, base=float(about["base"]), depth=int(about["depth"]))


def _nodes(trees: Trees) -> NDArray[Any]:
    nodes = np.zeros(trees.feature.shape, dtype=TREE_NODE)
    for name in TREE_NODE.names or ():
        nodes[name] = getattr(trees, name)
    return nodes
