"""Training: what it reads, that it learns, that it is repeatable, and that it leaves nothing half-done."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from conftest import records

from cleaner import Cleaner
from cleaner.cli import main
from cleaner.model.store import read_manifest
from cleaner.structure import CERTAIN
from cleaner.training import lessons
from cleaner.training import train as training
from cleaner.training.corpora import SMALL, read_data_folder, read_fixtures
from cleaner.training.corpus import Corpus, CorpusError
from cleaner.training.fit_tagger import TaggerTrainer
from cleaner.training.recipe import Recipe

TINY = replace(
    SMALL,
    bits=12,
    word_bits=12,
    pair_bits=12,
    category_bits=8,
    topic_bits=10,
    screen_samples=200,
    tagger_samples=300,
    more_samples=100,
    segment_samples=200,
    choice_samples=200,
    calibration_samples=60,
    rounds=5,
    workers=1,
)
FOUND_AT_LEAST = 0.5
"""Share of injections of which something is found; the spam of the fixtures is not trained on."""
UNTOUCHED_AT_LEAST = 0.9


def run(*arguments: str | Path | int) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="cleaner")


def write_data(folder: Path, articles: list[dict[str, Any]], phrases: list[dict[str, Any]]) -> None:
    with gzip.open(folder / "clean_vi.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(article) + "\n" for article in articles)
    (folder / "spam_phrases.jsonl").write_text("".join(json.dumps(phrase) + "\n" for phrase in phrases), "utf-8")


ARTICLE = {"id": "a", "lang": "vi", "source": "s", "text": "Trạm y tế đã mở."}
PHRASE = {"phrase": "nhà cái", "lang": "vi", "category": "gambling", "brand": None, "kind": "keyword"}


def plain(kind: str) -> list[dict[str, Any]]:
    return [record for record in records(kind) if record["format"] == "text"]


def test_the_small_model_finds_injections_that_it_never_saw(fixture_model: Path) -> None:
    cleaner = Cleaner(fixture_model)
    found = [
        any(f.start < span["end"] and span["start"] < f.end for f in cleaner.clean(record["text"]).findings)
        for record in plain("infected")
        for span in record["spam"]
    ]
    assert sum(found) >= FOUND_AT_LEAST * len(found)


def test_the_small_model_leaves_honest_articles_alone(fixture_model: Path) -> None:
    cleaner = Cleaner(fixture_model)
    untouched = [not cleaner.clean(record["text"], "text").edits for record in plain("honest")]
    assert sum(untouched) >= UNTOUCHED_AT_LEAST * len(untouched)


def test_the_manifest_says_what_the_model_was_trained_on(fixture_model: Path) -> None:
    manifest = read_manifest(fixture_model)
    counted = {lang: cell["articles"] for part in manifest["trained_on"].values() for lang, cell in part.items()}
    assert set(counted) == {record["lang"] for record in records("honest")}
    assert manifest["recipe"]["seed"] == SMALL.seed


def test_training_depends_on_the_seed_and_on_no_chance(tmp_path: Path) -> None:
    corpus = read_fixtures()
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        training.train(corpus, tmp_path / name, replace(TINY, seed=seed))
    one, again, other = (read_manifest(tmp_path / name)["files"] for name in ("one", "again", "other"))
    assert one == again
    assert one != other


# --- what is read


def test_fixtures_are_read_without_their_spam() -> None:
    corpus = read_fixtures()
    assert len(corpus.articles) == len(records("honest")) + len(records("infected"))
    delicate = sum(record["topic"] != "ordinary" for record in records("honest"))
    assert sum(bool(article.topics) for article in corpus.articles) == delicate
    by_id = {article.id: article.text for article in corpus.articles}
    for record in records("infected"):
        if record["format"] == "text":
            assert by_id[record["id"]] == record["clean"]
        else:
            assert "<p>" not in by_id[record["id"]]


def test_an_installed_package_has_no_fixtures(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no fixtures here"):
        read_fixtures(tmp_path)


def test_a_data_folder_is_read(tmp_path: Path) -> None:
    write_data(tmp_path, [ARTICLE], [PHRASE])
    corpus = read_data_folder(tmp_path)
    assert [article.text for article in corpus.articles] == [ARTICLE["text"]]
    assert corpus.phrases == [PHRASE]


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=f"{tmp_path}: no data here"):
        read_data_folder(tmp_path)


@pytest.mark.parametrize(
    ("article", "phrase", "named"),
    [
        ({"text": ""}, {}, "clean_vi.jsonl.gz:2: no 'text'"),
        ({"text": 7}, {}, "clean_vi.jsonl.gz:2: no 'text'"),
        ({"lang": "tlh", "text": "vIHtaHbogh"}, {}, "clean_vi.jsonl.gz:2: unknown 'lang' 'tlh'"),
        ({"text": "trạm  y tế đã mở."}, {}, "clean_vi.jsonl.gz:2: the same text as"),
        ({"text": "Cầu đã sửa."}, {"category": "spam"}, "spam_phrases.jsonl:2: unknown 'category' 'spam'"),
        ({"text": "Cầu đã sửa."}, {"kind": None}, "spam_phrases.jsonl:2: no 'kind'"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(
    tmp_path: Path, article: dict[str, Any], phrase: dict[str, Any], named: str
) -> None:
    write_data(tmp_path, [ARTICLE, ARTICLE | article], [PHRASE, PHRASE | phrase])
    corpus = read_data_folder(tmp_path)
    (bad,) = corpus.bad
    assert named in str(bad)
    assert len(corpus.articles) + len(corpus.phrases) == 3


# --- going on


@pytest.mark.parametrize(
    "stage", ["lesson of the first look", "tagger, lesson 1", "segments", "calibrating", "tagger, lesson 2"]
)
def test_a_run_that_was_stopped_goes_on_to_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setattr(lessons, "PIECE", 5)
    monkeypatch.setattr(training, "KEPT_EVERY", 1)
    corpus, seen = read_fixtures(), 0

    def stop(name: str, _done: float) -> None:
        nonlocal seen
        seen += name.startswith(stage)
        if seen == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(corpus, tmp_path / "model", TINY, stop, tmp_path / "unfinished")
    assert not (tmp_path / "model").exists()
    training.train(corpus, tmp_path / "model", TINY, unfinished=tmp_path / "unfinished")
    training.train(corpus, tmp_path / "undisturbed", TINY)
    one, other = (read_manifest(tmp_path / name)["files"] for name in ("model", "undisturbed"))
    assert one == other


def test_a_run_does_not_go_on_with_other_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(name: str, _done: float) -> None:
        if name.startswith("segments"):
            raise KeyboardInterrupt

    corpus = read_fixtures()
    with pytest.raises(KeyboardInterrupt):
        training.train(corpus, tmp_path / "model", TINY, stop, tmp_path / "unfinished")
    fewer = replace(corpus, articles=corpus.articles[1:])
    with pytest.raises(CorpusError, match="other articles"):
        training.train(fewer, tmp_path / "model", TINY, unfinished=tmp_path / "unfinished")


# --- the command


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b'{"lang": "vi", "text": "a"}\n\nno json\n', ":3: not JSON"),
        (b"[]\n", ":1: not a JSON object"),
        (b'\n{"lang": "vi"}\n', ":2: no 'text'"),
        (b"\xff\n", ":1: not UTF-8"),
    ],
)
def test_a_bad_line_is_named_and_kept(tmp_path: Path, content: bytes, because: str) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)
    result = run("train", "--corpus", tmp_path / "bad.jsonl", "--out", tmp_path / "model")
    assert result.stderr.startswith(f"cleaner: {tmp_path / 'bad.jsonl'}{because}")
    (kept,) = map(json.loads, (tmp_path / "model.quarantine.jsonl").read_text("utf-8").splitlines())
    assert because in f"{kept['place']}: {kept['cause']}"
    assert result.exit_code == 2
    assert "nothing can be learnt" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "model").exists()


def is_certain(text: str) -> bool:
    return any(finding.score >= CERTAIN for finding in Cleaner().clean(text, "text").findings)


def test_an_infected_article_of_a_corpus_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[Corpus] = []

    def note(corpus: Corpus, folder: Path, *_: object) -> None:
        write_manifest(corpus, folder)
        taught.append(corpus)

    monkeypatch.setattr(training, "train", note)
    infected = next(r for r in records("infected") if r["lang"] == "vi" and is_certain(r["text"]))
    lines = [{"lang": "vi", "text": text} for text in (records("honest")[0]["text"], infected["text"])]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    result = run("train", "--corpus", tmp_path / "corpus.jsonl", "--out", tmp_path / "model")
    assert result.exit_code == 3
    assert "corpus.jsonl:2: looks infected" in result.stderr
    assert "no delicate articles" in result.stderr
    assert [article.place for article in taught[0].articles] == [f"{tmp_path / 'corpus.jsonl'}:1"]


def test_what_a_stopped_run_has_done_is_not_thrown_away_unasked(tmp_path: Path) -> None:
    (tmp_path / ".model-unfinished").mkdir()
    (tmp_path / ".model-unfinished" / "arrays.npz").write_bytes(b"an hour of work")
    result = run("train", "--out", tmp_path / "model")
    assert result.exit_code == 2
    assert "--resume goes on with it" in result.stderr
    assert (tmp_path / ".model-unfinished" / "arrays.npz").read_bytes() == b"an hour of work"


def test_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    result = run("train", "--out", tmp_path / "model", "--resume")
    assert result.exit_code == 2
    assert "there is no unfinished run" in result.stderr


def test_too_little_to_learn_from(tmp_path: Path) -> None:
    (tmp_path / "few.jsonl").write_text(json.dumps(ARTICLE), "utf-8")
    result = run("train", "--corpus", tmp_path / "few.jsonl", "--out", tmp_path / "model", "--workers", 1)
    assert result.exit_code == 2
    assert "cleaner: nothing can be learnt from these articles" in result.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["few.jsonl"]


def test_a_model_is_not_overwritten_unasked(fixture_model: Path) -> None:
    before = (fixture_model / "manifest.json").read_bytes()
    result = run("train", "--out", fixture_model)
    assert result.exit_code == 2
    assert "holds a model already" in result.stderr
    assert (fixture_model / "manifest.json").read_bytes() == before


def test_a_folder_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert run("train", "--out", tmp_path, "--replace").exit_code == 2
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def write_manifest(corpus: Corpus, folder: Path, *_: object) -> None:
    folder.mkdir()
    (folder / "manifest.json").write_text("new")


def interrupt(corpus: Corpus, folder: Path, *_: object) -> None:
    write_manifest(corpus, folder)
    raise KeyboardInterrupt


def test_a_finished_model_takes_the_place_of_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "train", write_manifest)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text("old")
    assert run("train", "--out", tmp_path / "model", "--replace", "--even-if-worse").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "manifest.json").read_text() == "new"


def test_a_worse_model_does_not_take_the_place_of_a_better_one(
    tmp_path: Path, fixture_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn_nothing(_corpus: Corpus, folder: Path, *_: object) -> None:
        manifest = json.loads((fixture_model / "manifest.json").read_text("utf-8"))
        manifest["calibration"]["intercept"] = -50.0
        shutil.copytree(fixture_model, folder)
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    monkeypatch.setattr(training, "train", learn_nothing)
    shutil.copytree(fixture_model, tmp_path / "model")
    before = (tmp_path / "model" / "manifest.json").read_bytes()
    result = run("train", "--out", tmp_path / "model", "--replace", "--workers", 1)
    assert result.exit_code == 2
    assert "exact restoration falls from" in result.stderr
    assert (tmp_path / "model" / "manifest.json").read_bytes() == before
    assert json.loads((tmp_path / "model-refused" / "manifest.json").read_text("utf-8"))["calibration"]
    assert run("train", "--out", tmp_path / "model", "--replace", "--even-if-worse").exit_code == 0
    assert (tmp_path / "model" / "manifest.json").read_bytes() != before


def test_an_interrupted_training_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "train", interrupt)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text("old")
    assert run("train", "--out", tmp_path / "model", "--replace").exit_code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "manifest.json").read_text() == "old"


def test_the_sizes_follow_the_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = []

    def note(corpus: Corpus, folder: Path, recipe: Recipe, *_: object) -> None:
        folder.mkdir()
        recipes.append(recipe)

    monkeypatch.setattr(training, "train", note)
    run("train", "--out", tmp_path / "model", "--scale", "0.5", "--seed", 3, "--workers", 1)
    sizes = (
        "screen_samples",
        "tagger_samples",
        "more_samples",
        "page_samples",
        "segment_samples",
        "choice_samples",
        "calibration_samples",
    )
    halved = replace(SMALL, **{name: getattr(SMALL, name) // 2 for name in sizes})
    assert recipes == [replace(halved, seed=3, workers=1)]


def test_development_data_are_made_from_what_training_holds_out(tmp_path: Path) -> None:
    articles = [
        {"id": str(number), "lang": "vi", "source": "s", "text": f"Xã thứ {number} đã mở trạm y tế mới. " * 12}
        for number in range(60)
    ]
    write_data(tmp_path, articles, [PHRASE])
    result = run("dev-data", "--data", tmp_path, "--out", tmp_path / "dev.jsonl", "--infected", 2, "--honest", 1)
    assert result.exit_code == 0, result.stderr
    made = [json.loads(line) for line in (tmp_path / "dev.jsonl").read_text("utf-8").splitlines()]
    assert sum("spam" in record for record in made) == 10
    assert {record["split"] for record in made} == {"dev"}
    assert all(record["text"] != record["clean"] for record in made if "spam" in record)


def test_the_mean_of_two_taggers() -> None:
    tagger = TaggerTrainer(bits=6, width=4, layers=1, seed=1)
    before = tagger.weights()
    tagger.kernels += 1
    tagger.average(before, 0.25)
    assert np.allclose(tagger.kernels, before["kernels"] + 0.75)
    assert np.allclose(tagger.embeddings, before["embeddings"])
