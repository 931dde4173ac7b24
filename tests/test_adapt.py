"""Adaptation: what a site teaches, what it may not, which files are read, and what becomes of the model folder."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from conftest import HONEST_SEED, INFECTED_SEED
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.cli import main
from cleaner.document import read
from cleaner.model.classifier import Classifier, Weights
from cleaner.model.clean_text import frequencies, raised, slots
from cleaner.model.store import default_folder, load, read_manifest
from cleaner.training.adapt import LEAST, TRUST, Adapted, adapt
from cleaner.training.archive import read_archive
from cleaner.training.corpus import BadRecord

NEWS = (
    "Sáng nay, nông dân làng {village} ra đồng gặt vụ lúa sớm. Năm nay mưa thuận, mỗi sào được hơn ba tạ thóc.",
    "Trường tiểu học {village} đón 84 em vào lớp một. Các thầy cô đã quét vôi lại phòng học từ giữa tháng bảy.",
    "Cây cầu treo vào {village} hỏng sau trận lũ. Xã cho thuyền chở người qua suối đến khi cầu sửa xong.",
    "Tối thứ bảy, đội chiêng {village} biểu diễn ở nhà rông. Người già dạy lại bài chiêng mừng lúa mới cho thanh niên.",
    "Trạm y tế tiêm vắc-xin cho trẻ em {village} trong hai ngày. Phụ huynh nhớ mang theo sổ tiêm chủng của con.",
    "Hợp tác xã dệt {village} nhận thêm mười hai chị em. Vải thổ cẩm được bán ở chợ huyện vào phiên cuối tuần.",
)
"""Six reports on one village."""
UNKNOWN = ("grơibơlăm", "brơituêk", "tlơngmơrăh", "grănplơbuk", "plơirơmuk", "grơipluh", "prơităk", "zơrplăk")
"""Names that nobody bears."""


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load(default_folder()).classifier


@pytest.fixture(scope="module")
def names(classifier: Classifier) -> list[str]:
    """Unknown names that no more common word shares its place in the table with."""
    words = classifier.weights.clean.words
    return [name for name in UNKNOWN if words[slots(key_of(classifier, name), words.size)] == 0]


@pytest.fixture(scope="module")
def village(names: list[str]) -> str:
    return names[0]


@pytest.fixture(scope="module")
def campaign(names: list[str]) -> str:
    return names[1]


@pytest.fixture(scope="module")
def news(village: str) -> list[str]:
    return [text.format(village=village.capitalize()) for text in NEWS]


def learnt(classifier: Classifier, texts: list[str]) -> Adapted:
    return adapt(classifier, [read(text) for text in texts])


def commonness(classifier: Classifier, weights: Weights, word: str) -> int:
    """How common a model takes a word to be, 0 … 5."""
    return int(weights.clean.rarity(key_of(classifier, word)))


def key_of(classifier: Classifier, word: str) -> Any:
    batch = classifier.look([word])
    assert batch.last[0] - batch.first[0] == 1, "one token"
    return batch.glance.word[batch.first[0]]


def infected(text: str, name: str = "kubet77") -> str:
    """The text with a line of spam behind it."""
    return f"{text}\nNhà cái {name} uy tín số 1, nạp rút nhanh, đăng ký nhận 88k tại zorlux88.vip"


# --- what is learnt


def test_what_many_documents_say_is_learnt(classifier: Classifier, news: list[str], village: str) -> None:
    assert commonness(classifier, classifier.weights, village) == 0
    few, many = learnt(classifier, news[: LEAST - 1]), learnt(classifier, news)
    assert commonness(classifier, few.weights, village) == 0
    assert commonness(classifier, many.weights, village) > 0
    assert many.documents == len(news)
    assert many.infected == 0
    assert many.words > 0


def test_lines_that_recur_are_learnt_as_steps(classifier: Classifier, news: list[str]) -> None:
    footer = "\nBan quản trị hợp tác xã giữ bản quyền trang tin"
    with_footer = learnt(classifier, [text + footer for text in news])
    assert with_footer.steps > learnt(classifier, news).steps


def test_a_document_that_comes_again_counts_once(classifier: Classifier, news: list[str]) -> None:
    again = learnt(classifier, [news[0]] * 9)
    assert again.documents == 1
    assert again.words == again.steps == 0


def test_nothing_else_of_the_model_changes(classifier: Classifier, news: list[str]) -> None:
    new = learnt(classifier, news).weights
    old = classifier.weights
    assert new.clean.topics is old.clean.topics
    assert (new.tagger, new.worth, new.bounds, new.screen) == (old.tagger, old.worth, old.bounds, old.screen)
    assert (new.slope, new.intercept, new.hope) == (old.slope, old.intercept, old.hope)


# --- what is not


@pytest.mark.parametrize(
    ("sentence", "name"),
    [("Giống lúa nếp BG88 cho năng suất cao.", "bg88"), ("Xem thêm tại trang zorlux.top của xã.", "zorlux")],
)
def test_what_a_rule_recognises_is_never_learnt(
    classifier: Classifier, sentence: str, name: str, news: list[str], village: str
) -> None:
    adapted = learnt(classifier, [f"{text} {sentence}" for text in news])
    assert adapted.documents == len(news), "nothing is found"
    assert commonness(classifier, adapted.weights, village) > 0
    assert commonness(classifier, adapted.weights, name) == 0


def test_a_document_in_which_something_is_found_teaches_nothing(
    classifier: Classifier, news: list[str], village: str
) -> None:
    adapted = learnt(classifier, [*news[: LEAST - 1], *map(infected, news[LEAST - 1 :])])
    assert adapted.infected == len(news) - LEAST + 1
    assert commonness(classifier, adapted.weights, village) == 0


def test_a_campaign_found_in_part_is_not_learnt(classifier: Classifier, news: list[str], campaign: str) -> None:
    """Its name stands in other documents, too, where nothing is found; there are too few of them."""
    found = [infected(f"{text} Tin số {n}.", campaign) for n, text in enumerate(news)]
    missed = [f"{text} Ảnh của {campaign}." for text in news[: TRUST - 1]]
    assert learnt(classifier, [*found, *news]).infected == len(found)
    assert commonness(classifier, learnt(classifier, missed).weights, campaign) > 0
    assert commonness(classifier, learnt(classifier, found + missed).weights, campaign) == 0


def test_hidden_spam_is_not_learnt(classifier: Classifier, news: list[str], village: str, campaign: str) -> None:
    links = "".join(f'<a href="https://zorlux{n}.vip/">{campaign} casino</a> ' for n in range(4))
    pages = [f'<p>{text}</p><div style="display:none">{links}</div>' for text in news]
    adapted = adapt(classifier, [read(page, "html") for page in [*pages, *(f"<p>{text}</p>" for text in news)]])
    assert adapted.infected == len(news)
    assert commonness(classifier, adapted.weights, village) > 0
    assert commonness(classifier, adapted.weights, campaign) == 0


def test_what_was_found_before_is_found_after(classifier: Classifier, news: list[str]) -> None:
    source = INFECTED_SEED.read_text("utf-8")
    adapted = learnt(classifier, [*news, source])
    (before,), (after,) = (
        c.find([read(source)], 0.5) for c in (classifier, Classifier(adapted.weights, classifier.rules))
    )
    assert [(s.start, s.end) for s in after] == [(s.start, s.end) for s in before] != []


def test_an_archive_of_infected_documents_teaches_nothing(classifier: Classifier, news: list[str]) -> None:
    with pytest.raises(ValueError, match="no document in which nothing is found"):
        learnt(classifier, list(map(infected, news)))


# --- the table


KEYS = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(1, 5)), max_size=60)


@given(KEYS, KEYS)
def test_nothing_becomes_less_common(known: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    def columns(pairs: list[tuple[int, int]]) -> tuple[Any, Any]:
        keys, classes = zip(*pairs, strict=True) if pairs else ((), ())
        return np.array(keys, dtype=np.uint64), np.array(classes, dtype=np.uint8)

    before = frequencies(*columns(known), 32)
    keys, classes = columns(more)
    after = raised(before, keys, classes)
    assert ((after & 7) >= (before & 7)).all()
    assert ((after[slots(keys, 32)] & 7) >= classes).all()
    assert (after[(after & 7) == (before & 7)] == before[(after & 7) == (before & 7)]).all()


# --- the archive


def write_archive(folder: Path, news: list[str]) -> Path:
    """A folder with the six reports in as many kinds of file."""
    (folder / "2023").mkdir(parents=True)
    (folder / "a.txt").write_text(news[0], "utf-8")
    (folder / "b.md").write_text(f"# Tin\n\n{news[1]}\n\n## Xem\n\n[Xã](https://example.vn/)\n", "utf-8")
    (folder / "2023" / "c.HTML").write_text(f"<html><body><p>{news[2]}</p></body></html>", "utf-8")
    (folder / "2023" / "d.htm").write_bytes(f"<p>{news[3]}</p>".encode("utf-16"))
    (folder / "e.jsonl").write_text(json.dumps({"text": news[4]}) + "\n", "utf-8")
    with gzip.open(folder / "f.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"html": f"<p>{news[5]}</p>"}) + "\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    return folder


def test_folders_files_and_lines_are_read(tmp_path: Path, news: list[str]) -> None:
    records = list(read_archive(write_archive(tmp_path / "archive", news)))
    assert all(not isinstance(record, BadRecord) for record in records)
    texts = [read(r.source, r.format).text.strip() for r in records if not isinstance(r, BadRecord)]
    assert [news in "".join(texts) for news in news] == [True] * len(texts)
    (single,) = read_archive(tmp_path / "archive" / "a.txt")
    assert not isinstance(single, BadRecord)
    assert single.source == news[0]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="cleaner")


def test_the_model_is_one_like_any_other(tmp_path: Path, news: list[str]) -> None:
    done = run("adapt", write_archive(tmp_path / "archive", news), "--out", tmp_path / "site")
    assert done.exit_code == 0, done.stderr
    assert "from 6 documents" in done.stderr
    manifest, default = read_manifest(tmp_path / "site"), read_manifest(default_folder())
    assert manifest["adapted"]["documents"] == len(news)
    assert manifest["trained_on"] == default["trained_on"]
    changed = {name for name, digest in manifest["files"].items() if digest != default["files"][name]}
    assert changed == {"words.npy"}, "nothing recurs in these articles but a word"
    assert run("model", "verify", tmp_path / "site").exit_code == 0
    assert run("scan", "--model", tmp_path / "site", INFECTED_SEED).exit_code == 1
    assert run("scan", "--model", tmp_path / "site", HONEST_SEED).exit_code == 0
    assert Cleaner(tmp_path / "site").clean(news[0]).verdict == "clean"


def test_the_same_archive_makes_the_same_model(tmp_path: Path, news: list[str]) -> None:
    archive = write_archive(tmp_path / "archive", news)
    for name in ("one", "two"):
        assert run("adapt", archive, "--out", tmp_path / name).exit_code == 0
    assert read_manifest(tmp_path / "one") == read_manifest(tmp_path / "two")


def test_what_cannot_be_read_is_named_and_passed_over(tmp_path: Path, news: list[str]) -> None:
    archive = write_archive(tmp_path / "archive", news)
    (archive / "bad.jsonl").write_bytes(b'{"text": "Ngh\xe8"}\n[]\n\n{"title": "x"}\n{"text": "Ch\xc3\xa0o."}\n')
    (archive / "broken.jsonl.gz").write_bytes(b"no gzip")
    (archive / "empty.txt").write_bytes(b" \n")
    (archive / "image.txt").write_bytes(b"\x00\x01\x02\xff" * 50)
    done = run("adapt", archive, "--out", tmp_path / "site")
    assert done.exit_code == 3
    complaints = [line for line in done.stderr.splitlines() if line.startswith("cleaner: ")]
    for place in ("bad.jsonl:1: not UTF-8", "bad.jsonl:2: not a JSON object", "bad.jsonl:4: no 'text' or 'html'"):
        assert any(place in line for line in complaints), place
    for place in ("broken.jsonl.gz: ", "empty.txt: nothing to read", "image.txt: "):
        assert any(place in line for line in complaints), place
    assert len(complaints) == 6
    assert "from 7 documents" in done.stderr
    assert "6 that cannot be read" in done.stderr
    assert run("model", "verify", tmp_path / "site").exit_code == 0


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_an_archive_without_articles_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    done = run("adapt", tmp_path / name, "--out", tmp_path / "site")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / name) in done.stderr
    assert not (tmp_path / "site").exists()


def test_an_archive_that_teaches_nothing_leaves_no_trace(tmp_path: Path, news: list[str]) -> None:
    (tmp_path / "a.txt").write_text(infected(news[0]), "utf-8")
    done = run("adapt", tmp_path / "a.txt", "--out", tmp_path / "site")
    assert done.exit_code == 2
    assert "nothing can be learnt from this archive" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_model_is_replaced_only_on_request(tmp_path: Path, news: list[str]) -> None:
    archive = write_archive(tmp_path / "archive", news)
    assert run("adapt", archive, "--out", tmp_path / "site").exit_code == 0
    refused = run("adapt", archive, "--out", tmp_path / "site")
    assert refused.exit_code == 2
    assert "holds a model already" in refused.stderr
    assert "something else than a model" in run("adapt", archive, "--out", archive, "--replace").stderr
    again = run("adapt", archive, "--model", tmp_path / "site", "--out", tmp_path / "site", "--replace")
    assert again.exit_code == 0, again.stderr
    assert read_manifest(tmp_path / "site")["adapted"]["words"] == 0, "it was learnt before"
