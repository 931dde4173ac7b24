"""Archives in remote stores: in the memory of the process, and on a server that speaks as S3 does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from test_archive_batch import CLEANED, HONEST, INFECTED, lines, run, some_records, tree

from cleaner.archive import stores
from cleaner.archive.records import ArchiveError
from cleaner.engine import clean
from cleaner.files import OutputError

fsspec = pytest.importorskip("fsspec")

RECORDS = some_records(12)
WANTED = [clean(text).text for _, text in RECORDS]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Where a server of S3 listens, on this machine alone."""
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty folder."""
    if request.param == "memory":
        files = fsspec.filesystem("memory")
        files.store.clear()
        return "memory://kho"
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("server"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "editor")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "editor")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    files = fsspec.filesystem("s3")
    if files.exists("kho"):
        files.rm("kho", recursive=True)
    files.mkdir("kho")
    return "s3://kho"


def batch(*arguments: str) -> Result:
    return run("batch", "--jobs", "1", "--no-campaigns", *arguments)


def put(address: str, data: bytes) -> bytes:
    files, path = fsspec.core.url_to_fs(address)
    files.pipe_file(path, data)
    return data


def held(address: str) -> bytes:
    files, path = fsspec.core.url_to_fs(address)
    files.invalidate_cache()
    data: bytes = files.cat_file(path)
    return data


def names(address: str) -> list[str]:
    files, path = fsspec.core.url_to_fs(address)
    files.invalidate_cache()
    return sorted(name.removeprefix(path).removeprefix("/") for name in files.find(path))


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({"id": [name for name, _ in RECORDS], "body": [text for _, text in RECORDS]})
    pq.write_table(table, sink, row_group_size=5)
    return bytes(sink.getvalue())


def bodies(name: str, data: bytes) -> list[Any]:
    if name.endswith(".parquet"):
        return list(pq.read_table(pa.BufferReader(data))["body"].to_pylist())
    data = gzip.decompress(data) if name.endswith(".gz") else data
    return [json.loads(line)["body"] for line in data.splitlines()]


ARCHIVES = {
    "posts.jsonl": lines(RECORDS),
    "posts.jsonl.gz": gzip.compress(lines(RECORDS[:7])) + gzip.compress(lines(RECORDS[7:])),
    "posts.parquet": parquet(),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_from_one_address_to_another_and_back(store: str, name: str) -> None:
    data = put(f"{store}/{name}", ARCHIVES[name])
    result = batch(f"{store}/{name}", "--out", f"{store}/sạch/", "--ledger", "l")
    assert result.exit_code == 0, result.output
    assert bodies(name, held(f"{store}/sạch/{name}")) == WANTED
    assert held(f"{store}/{name}") == data
    assert run("restore", "l", "--document", "tin-2").exit_code == 0
    assert bodies(name, held(f"{store}/sạch/{name}"))[2] == INFECTED
    assert run("restore", "l").exit_code == 0
    assert held(f"{store}/sạch/{name}") == data


@pytest.mark.parametrize("name", ARCHIVES)
def test_in_place_and_back(store: str, name: str) -> None:
    data = put(f"{store}/{name}", ARCHIVES[name])
    assert batch(f"{store}/{name}", "--in-place", "--ledger", "l").exit_code == 0
    assert bodies(name, held(f"{store}/{name}")) == WANTED
    assert run("restore", "l").exit_code == 0
    assert held(f"{store}/{name}") == data


def test_a_folder_is_mirrored_there_and_back(store: str) -> None:
    Path("site/tháng 5").mkdir(parents=True)
    Path("site/tháng 5/bài.txt").write_text(INFECTED, "utf-8")
    Path("site/sạch.txt").write_text(HONEST, "utf-8")
    Path("site/ảnh.jpg").write_bytes(b"\xff\xd8\xff\xe0 picture")
    assert batch("site", "--out", f"{store}/site", "--ledger", "l").exit_code == 0
    assert names(f"{store}/site") == ["sạch.txt", "tháng 5/bài.txt", "ảnh.jpg"]
    assert held(f"{store}/site/tháng 5/bài.txt").decode() == CLEANED
    assert run("restore", "l").exit_code == 0
    result = batch(f"{store}/site/", "--out", "back", "--ledger", "two")
    assert result.exit_code == 0, result.output
    assert tree(Path("back")).keys() == tree(Path("site")).keys()
    assert Path("back/tháng 5/bài.txt").read_text("utf-8") == CLEANED
    assert run("restore", "two").exit_code == 0
    assert tree(Path("back")) == tree(Path("site"))


def test_names_that_lead_out_of_the_destination_are_left(store: str) -> None:
    put(f"{store}/site/a.txt", INFECTED.encode())
    try:
        put(f"{store}/site/../../b.txt", INFECTED.encode())
    except Exception as error:
        pytest.skip(f"cannot be named so: {error}")
    Path("in").mkdir()
    result = batch(f"{store}/site/", "--out", "in/out", "--ledger", "l")
    assert sorted(str(path) for path in Path().rglob("*.txt")) == ["in/out/a.txt"]
    assert result.exit_code in (0, 3)
    assert (result.exit_code == 3) == ("its name leads out of the folder" in result.output)


def test_what_is_not_there_is_told(store: str) -> None:
    for wrong in (f"{store}/nowhere.jsonl", f"{store}-nowhere/posts.jsonl", f"{store}/nowhere/"):
        result = batch(wrong, "--out", "out.jsonl", "--ledger", f"l{len(wrong)}")
        assert result.exit_code in (2, 3)
        assert wrong in result.output
        assert "Traceback" not in result.output
        assert not Path("out.jsonl").exists()


def test_a_source_that_changed_leaves_the_target_as_it_was(store: str) -> None:
    put(f"{store}/posts.jsonl", lines(RECORDS))
    old = put(f"{store}/sạch.jsonl", b"what was there")
    command = [f"{store}/posts.jsonl", "--out", f"{store}/sạch.jsonl", "--ledger", "l"]
    assert batch(*command, "--dry-run").exit_code == 0
    put(f"{store}/posts.jsonl", lines(RECORDS[1:]))
    result = batch(*command, "--resume")
    assert result.exit_code == 3
    assert "changed since it was searched" in result.output
    assert held(f"{store}/sạch.jsonl") == old
    assert batch(*command, "--resume").exit_code == 0
    assert bodies("posts.jsonl", held(f"{store}/sạch.jsonl")) == WANTED[1:]


def test_writing_that_fails_leaves_no_trace(store: str) -> None:
    old = put(f"{store}/tin.txt", b"before")
    with pytest.raises(ZeroDivisionError), stores.writing(f"{store}/tin.txt") as write:
        write(b"x" * (1_000_000 // len(old[:0])))
    assert held(f"{store}/tin.txt") == old


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "editor")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "editor")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(ArchiveError, match=r"s3://kho/tin\.txt: "), stores.reading("s3://kho/tin.txt"):
        pass
    with (
        pytest.raises(OutputError, match=r"s3://kho/tin\.txt: cannot be written: "),
        stores.writing("s3://kho/tin.txt") as write,
    ):
        write(b"tin")
    fsspec.filesystem("s3").clear_instance_cache()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kho://a/posts.jsonl", "kho://a/posts.jsonl: Protocol not known: kho"),
        ("ftp://me:$NO_SUCH_VARIABLE@host/posts.jsonl", "there is no \\$NO_SUCH_VARIABLE in the environment"),
    ],
)
def test_addresses_that_nobody_knows(name: str, told: str) -> None:
    for use in (stores.reading, stores.writing):
        with pytest.raises(ArchiveError, match=told), use(name):
            pass
