"""What a request may cost: too large, too slow, too many, of the wrong type, for another host."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from desks import DOUBTS, ROAD, asking, desk_at
from fastapi.testclient import TestClient
from served import serving, token_for

from cleaner.desk.app import create_app
from cleaner.desk.settings import Settings

LARGEST = 20_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestClient]:
    with asking(f"sqlite:///{tmp_path / 'desk.db'}", body_bytes=LARGEST) as client:
        yield client


def test_bodies_have_a_limit(desk: TestClient) -> None:
    fits = json.dumps({"source": ""})
    body = json.dumps({"source": "a" * (LARGEST - len(fits))})
    headers = {"Content-Type": "application/json"}
    assert desk.post("/v1/clean", content=body, headers=headers).status_code == 200
    declared = desk.post("/v1/clean", content=body + " ", headers=headers)
    streamed = desk.post("/v1/clean", content=iter([body.encode(), b" "]), headers=headers)
    lying = desk.post("/v1/clean", content=b"{}", headers=headers | {"Content-Length": "9" * 30})
    for answer in (declared, streamed, lying):
        assert (answer.status_code, answer.json()["detail"]) == (413, "a body may have 20,000 bytes at most")


@pytest.mark.parametrize(
    ("content", "kind", "status", "why"),
    [
        (b'{"source": "a"', "application/json", 400, "the body is no JSON: Expecting ',' delimiter at position 14"),
        (b"\xff\xfe", "application/json", 400, "the body is no JSON"),
        (b"[" * 15_000, "application/json", 400, "the body cannot be read"),
        (b"", "application/json", 422, "body: Field required"),
        (b"null", "application/json", 422, "body"),
        (b"3", "application/json", 422, "body"),
        (b'{"source": "\\ud800"}', "application/json", 422, "half a character"),
        (b'{"source": "a", "format": "pdf"}', "application/json", 422, "format"),
        (b'{"source": "a", "fromat": "html"}', "application/json", 422, "Extra inputs"),
        (b'{"source": "a"}', "text/plain", 415, "Content-Type: application/json"),
        (b"source=a", "application/x-www-form-urlencoded", 415, "Content-Type: application/json"),
        (b'{"source": "a"}', "application/vnd.api+json; charset=utf-8", 200, ""),
    ],
)
def test_bodies_that_make_no_sense(desk: TestClient, content: bytes, kind: str, status: int, why: str) -> None:
    for path in ("/v1/clean", "/v1/articles"):
        answer = desk.post(path, content=content, headers={"Content-Type": kind})
        assert answer.status_code == (201 if status == 200 and path == "/v1/articles" else status), answer.text
        if why:
            assert answer.headers["content-type"] == "application/problem+json"
            assert why in answer.text


def test_what_was_sent_is_not_repeated(desk: TestClient) -> None:
    answer = desk.post("/v1/articles", json={"source": "a", "title": 'mật khẩu <script>alert("x")</script>' * 9})
    assert answer.status_code == 422
    assert "script" not in answer.text


def test_requests_are_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    token = {"Authorization": f"Bearer {token_for(url)}"}
    settings = Settings(database=url, policy=DOUBTS, requests_per_minute=5)
    with TestClient(create_app(settings), settings.url) as client:
        answers = [client.get("/v1/articles", headers=token) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].json()["title"] == "Too many requests"


def test_what_is_too_much_of_a_browser_is_told_on_a_page(tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path / 'desk.db'}", requests_per_minute=2, body_bytes=10)
    desk_at(settings.database).close()
    browser = {"Accept": "text/html", "Accept-Language": "vi"}
    with TestClient(create_app(settings), settings.url, headers=browser) as client:
        answers = [client.post("/login", content="a" * 11), client.get("/login"), client.get("/login")]
        program = client.get("/v1/articles")
    assert [answer.status_code for answer in (*answers, program)] == [413, 200, 429, 429]
    for answer, said in ((answers[0], "tối đa 10 byte"), (answers[2], "Quá 2 yêu cầu trong một phút: hãy đợi")):
        assert answer.headers["content-type"].startswith("text/html")
        assert said in answer.text
        assert "Content-Security-Policy" in answer.headers
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert program.headers["content-type"] == "application/problem+json"


def test_other_hosts_are_not_served(desk: TestClient) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "", "[", "evil.example#localhost"):
        answer = desk.get("/health", headers={"Host": host})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert answer.json()["title"] == "Unknown host"
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000", "LocalHost"):
        assert desk.get("/health", headers={"Host": host}).status_code == 200


def test_probes_may_ask_for_no_body(desk: TestClient) -> None:
    for path in ("/health", "/ready", "/v1/health", "/v1/ready"):
        answer = desk.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


def test_clients_that_dawdle_or_go_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    with serving(url, "--timeout", "0.5") as served:
        host, port = urlsplit(served.address).hostname, urlsplit(served.address).port
        head = b"POST /v1/clean HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
        with socket.create_connection((host, port), timeout=20) as slow:
            slow.sendall(head + b'{"sou')
            assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
        with socket.create_connection((host, port)) as gone:
            gone.sendall(head + b'{"sou')
        answer = httpx2.post(f"{served.address}/v1/clean", json={"source": ROAD})
        assert (answer.status_code, answer.json()["verdict"]) == (200, "clean")
