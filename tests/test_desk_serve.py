"""The service as it runs: started by one command, killed at any moment, and telling other systems."""

from __future__ import annotations

import base64
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from desks import HEALTH, ROAD, asking, decided, desk_at, submitted
from served import Served, serving, token_for
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cleaner.cli import main
from cleaner.desk import tokens, webhooks
from cleaner.desk.tables import Delivery, now

SECRET = "whsec_" + base64.b64encode(b"to be known by two and no other").decode()
ARTICLES = 200


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'desk.db'}"


def test_one_command_starts_it(url: str) -> None:
    token = token_for(url, "submit")
    with serving(url, "--workers", "2") as served:
        assert served.address.startswith("http://127.0.0.1:")
        assert served.link.startswith(f"{served.address}/enter?ticket=")
        with asked(served, token) as client:
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: client.post("/v1/articles", json={"source": HEALTH}), range(12)))
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.json()["id"] for answer in answers}) == 12
            lines = client.get("/metrics").text.splitlines()
            assert 'cleaner_requests_total{method="POST",route="/v1/articles",status="201"} 12.0' in lines
            assert 'cleaner_articles{state="published"} 12.0' in lines
        database = desk_at(url)
        with database.write() as session:
            actor, _ = tokens.open_session(session, served.link.partition("ticket=")[2], "ticket")
        assert actor.scopes == set(tokens.SCOPES)
        database.close()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        log = served.log.read_text("utf-8")
        assert log.count("POST /v1/articles 201") == 12
        assert token not in log


def asked(served: Served, token: str) -> httpx2.Client:
    return httpx2.Client(base_url=served.address, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def test_whatever_was_acknowledged_survives_a_kill(url: str) -> None:
    token = token_for(url)
    acknowledged: dict[str, str] = {}
    with serving(url, "--workers", "2", "--rate", "0") as served, asked(served, token) as client:

        def submit(number: int) -> None:
            source = f"Tin số {number}. {ROAD}"
            try:
                answer = client.post("/v1/articles", json={"source": source})
            except httpx2.HTTPError:
                return
            if answer.status_code == 201:
                acknowledged[answer.json()["id"]] = source
            if len(acknowledged) >= ARTICLES // 2:
                served.kill()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(submit, range(ARTICLES)))
    assert ARTICLES // 2 <= len(acknowledged) < ARTICLES
    with serving(url, "--rate", "0") as served, asked(served, token) as client:
        for id, source in acknowledged.items():
            assert client.get(f"/v1/articles/{id}").json()["source"] == source


REFUSED: list[tuple[list[str], dict[str, str], str]] = [
    (["--host", "0.0.0.0"], {}, "0.0.0.0 can be reached from other machines and there is no token yet"),
    (["--host", "no.such.host.invalid"], {}, "cannot listen on no.such.host.invalid:0"),
    (["--model", "/nowhere"], {}, "/nowhere"),
    (["--policy", "/nowhere.toml"], {}, "/nowhere.toml: no such file or directory"),
    (["--webhook", "https://cms.example"], {}, "set CLEANER_WEBHOOK_SECRET"),
    (["--webhook", "https://cms.example"], {"CLEANER_WEBHOOK_SECRET": "whsec_ÿ"}, "must be whsec_ and base64"),
    *(
        (["--webhook", "https://cms.example"], {"CLEANER_WEBHOOK_SECRET": secret}, "base64 of at least 24 bytes")
        for secret in ("whsec_", "whsec_abcd", f"whsec_{'not base64 at all! ' * 3}", SECRET.replace("G", "-"), "a" * 33)
    ),
    (["--test", "/nope.jsonl"], {}, "/nope.jsonl: no such file or directory"),
    *(
        (["--address", f"https://desk.example{more}"], {}, "the address must be that of a host, without a path")
        for more in ("/sub", "/sub/", "?x=1", "/?", "#x")
    ),
    (["--address", "https://me@desk.example"], {}, "the address must be that of a host, without a path"),
    (["--webhook", "ftp://cms.example"], {}, "the webhook must be an http or https address"),
    (["--address", "desk.example"], {}, "the address must be an http or https address"),
    (["--address", "https://"], {}, "the address must be an http or https address"),
    (["--webhook", f"https://{'a' * 64}.example/"], {}, "the webhook must be an http or https address"),
    (["--address", "https://[desk"], {}, "the address must be an http or https address"),
    (["--webhook", "https://cms.example:99999"], {}, "the webhook must be an http or https address"),
    (["--database", "nonsense"], {}, "the database's address makes no sense"),
    (["--port", "99999"], {}, "99999 is not in the range"),
]


@pytest.mark.parametrize(("options", "environment", "why"), REFUSED)
def test_it_does_not_start(url: str, options: list[str], environment: dict[str, str], why: str) -> None:
    result = CliRunner(env=environment).invoke(main, ["serve", "--port", "0", "--database", url, *options])
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_port_that_is_taken(url: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", "--port", str(port), "--database", url])
    assert result.exit_code == 2
    assert result.stderr == f"cleaner: cannot listen on 127.0.0.1:{port}: address already in use\n"


class Receiver(ThreadingHTTPServer):
    """Another system, which takes news at the third try."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tries: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/cleaned"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tries.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(503 if len(self.server.tries) < 3 else 204)
        self.end_headers()
        if len(self.server.tries) >= 3:
            self.server.arrived.set()

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_news_are_signed_and_tried_until_they_arrive(
    url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST", webhooks.FIRST / 100)
    with asking(url, webhook=receiver.url, webhook_secret=SECRET) as desk:
        article = submitted(desk, HEALTH, reference="bai-7")
        article = decided(desk, article, {"kind": "accept"})
        article = decided(desk, article, {"kind": "finish"})
        assert receiver.arrived.wait(30)
        for _ in range(100):
            if "cleaner_deliveries_waiting 0.0" in desk.get("/metrics").text:
                break
            time.sleep(0.1)
        figures = desk.get("/metrics").text
    assert 'cleaner_deliveries_total{outcome="failed"} 2.0' in figures
    assert 'cleaner_deliveries_total{outcome="arrived"} 1.0' in figures
    assert len(receiver.tries) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.tries}) == 1
    for headers, body in receiver.tries:
        news = Webhook(SECRET).verify(body, headers)
        assert news["type"] == "article.decided"
        assert news["data"] == {
            "id": article["id"],
            "reference": "bai-7",
            "origin": "",
            "version": 3,
            "state": "decided",
            "verdict": "review",
            "text": article["text"],
        }
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body.replace(b"decided", b"DECIDED"), headers)


def test_news_tell_what_is_published_otherwise(url: str) -> None:
    with asking(url, webhook="http://127.0.0.1:1/", webhook_secret=SECRET) as desk:
        honest = submitted(desk, ROAD)
        article = decided(desk, submitted(desk, HEALTH), {"kind": "reject"}, {"kind": "finish"})
        finish = article["decisions"][-1]["number"]
        desk.post(f"/v1/articles/{article['id']}/decisions/{finish}/undo", json={"version": 2})
        decided(desk, honest, {"kind": "mark", "start": 0, "end": 11})
    database = desk_at(url)
    with database.read() as session:
        told = [json.loads(body) for body in session.scalars(select(Delivery.body).order_by(Delivery.number))]
    database.close()
    kinds = [(news["type"], news["data"]["version"], news["data"]["text"] is None) for news in told]
    assert kinds == [("article.decided", 2, False), ("article.reopened", 3, True), ("article.decided", 2, False)]


def test_news_are_given_up_at_last(url: str) -> None:
    database = desk_at(url)
    with asking(url, webhook="http://127.0.0.1:1/", webhook_secret=SECRET) as desk:
        decided(desk, submitted(desk, ROAD), {"kind": "mark", "start": 0, "end": 11})
    waits = []
    with database.write() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.attempts = 0
        while True:
            delivery.due = now()
            session.flush()
            if webhooks.claim(session) is not delivery or delivery.due is None:
                break
            waits.append(round((delivery.due - now()).total_seconds()))
    database.close()
    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 6 * 3600
    assert len(waits) == webhooks.ATTEMPTS - 1
