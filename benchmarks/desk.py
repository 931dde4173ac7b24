"""What the gate takes and how fast, beside a handler of FastAPI that does nothing; and what a kill loses of it.

``load``: articles of about 5 KB are sent to two processes by a few clients, each of which waits for its answer: to be
cleaned (``/v1/clean``), to be kept (``/v1/articles``), and to a handler that reads the same body and answers at once.
The clients run on the same cores.

``kill``: all processes are killed (SIGKILL) at a moment by chance while articles are submitted. After a new start each
one that was acknowledged has to be there, to the letter. Exit status: 0 when they are, 1 when not.
"""

from __future__ import annotations

import json
import random
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import articles
import click
import httpx2
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from served import Served, running, serving, token_for
from uvicorn.supervisors import Multiprocess

SIZE = 5_000
"""Bytes of an article."""
WARM = 40
"""Requests before any is measured."""
JSON = click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here.")


class Body(BaseModel):
    """What the handler that does nothing reads."""

    source: str


def bare() -> FastAPI:
    """A service that does nothing."""
    app = FastAPI()

    @app.post("/v1/clean")
    async def clean(body: Body) -> dict[str, int]:
        return {"length": len(body.source)}

    return app


@contextmanager
def bare_serving(workers: int) -> Iterator[Served]:
    """That service, in processes of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, __file__, "bare", "--port", str(port), "--workers", str(workers)]
    with running(command) as (process, log):
        served = Served(process, log, f"http://127.0.0.1:{port}")
        try:
            while not _answers(served.address):
                time.sleep(0.1)
            yield served
        finally:
            served.kill()


def _answers(address: str) -> bool:
    try:
        return httpx2.post(f"{address}/v1/clean", json={"source": ""}).status_code == 200
    except httpx2.TransportError:
        return False


@dataclass(frozen=True, slots=True)
class Figures:
    """What a service took."""

    name: str
    requests: int
    seconds: float
    p50: float
    """Milliseconds."""
    p99: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def some_articles(count: int) -> list[str]:
    """The sources of articles."""
    return ["\n\n".join((article.title, *article.paragraphs)) for article in articles.articles(count, SIZE)]


def measure(name: str, served: Served, path: str, token: str, sources: Sequence[str], clients: int) -> Figures:
    """Send all sources, ``clients`` at a time, and take the time to each answer."""
    with httpx2.Client(base_url=served.address, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:

        def ask(source: str) -> float:
            begun = time.perf_counter()
            answer = client.post(path, json={"source": source})
            assert answer.is_success, answer.text
            return (time.perf_counter() - begun) * 1e3

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(ask, sources[:WARM]))
            begun = time.perf_counter()
            took = list(pool.map(ask, sources[WARM:]))
            seconds = time.perf_counter() - begun
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return Figures(name, len(took), seconds, cuts[49], cuts[98])


@click.group()
def main() -> None:
    """Load the desk, or kill it."""


@main.command(hidden=True, name="bare")
@click.option("--port", type=int, required=True)
@click.option("--workers", type=int, required=True)
def serve_bare(port: int, workers: int) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    config = uvicorn.Config("desk:bare", factory=True, workers=workers, log_level="error", access_log=False)
    with socket.create_server(("127.0.0.1", port)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Multiprocess(config, [listening]).run()


@main.command()
@click.option("--requests", default=2000, show_default=True, type=click.IntRange(100), help="To each service.")
@click.option("--clients", default=8, show_default=True, type=click.IntRange(1), help="That wait for answers.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Processes that serve.")
@JSON
def load(requests: int, clients: int, workers: int, json_file: Path | None) -> None:
    """Requests a second, and how long the middle one and the slowest of a hundred wait."""
    sources = some_articles(requests + WARM)
    figures = []
    with bare_serving(workers) as served:
        figures.append(measure("a handler that does nothing", served, "/v1/clean", "none", sources, clients))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/desk.db"
        token = token_for(url)
        with serving(url, "--workers", str(workers), "--rate", "0") as served:
            figures.append(measure("POST /v1/clean", served, "/v1/clean", token, sources, clients))
            figures.append(measure("POST /v1/articles", served, "/v1/articles", token, sources, clients))
    table = Table(box=SIMPLE_HEAD)
    for heading in ("", "requests", "a second", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right" if heading else "left")
    for one in figures:
        table.add_row(one.name, f"{one.requests:,}", f"{one.rate:,.0f}", f"{one.p50:.1f}", f"{one.p99:.1f}")
    Console().print(table)
    if json_file:
        json_file.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n", "utf-8")


@main.command()
@click.option("--submissions", default=2000, show_default=True, type=click.IntRange(20))
@click.option("--clients", default=8, show_default=True, type=click.IntRange(1))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=1, show_default=True, type=int, help="Of the moment.")
@JSON
@click.pass_context
def kill(ctx: click.Context, submissions: int, clients: int, workers: int, seed: int, json_file: Path | None) -> None:
    """Kill all processes while articles are submitted, and look for what was acknowledged."""
    sources = some_articles(submissions)
    moment = random.Random(seed).randrange(submissions // 4, submissions * 3 // 4)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/desk.db"
        token = token_for(url)
        with serving(url, "--workers", str(workers), "--rate", "0") as served:
            acknowledged = submit_until(served, token, sources, clients, lambda done: done >= moment)
        with serving(url, "--rate", "0") as served:
            lost = [source for id, source in acknowledged if kept(served, token, id) != source]
    told = {"submitted": submissions, "killed after": moment, "acknowledged": len(acknowledged), "lost": len(lost)}
    Console().print(", ".join(f"{name}: {count:,}" for name, count in told.items()))
    if json_file:
        json_file.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    ctx.exit(1 if lost else 0)


def submit_until(
    served: Served, token: str, sources: Sequence[str], clients: int, is_enough: Callable[[int], bool]
) -> list[tuple[str, str]]:
    """Submit until enough were acknowledged, and then kill: ids and sources of those that were."""
    acknowledged: list[tuple[str, str]] = []
    with httpx2.Client(base_url=served.address, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:

        def submit(source: str) -> None:
            try:
                answer = client.post("/v1/articles", json={"source": source})
            except httpx2.HTTPError:
                return
            if answer.status_code == 201:
                acknowledged.append((answer.json()["id"], source))
            if is_enough(len(acknowledged)):
                served.kill()

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(submit, sources))
    return acknowledged


def kept(served: Served, token: str, id: str) -> str | None:
    """The source that a desk has under an id."""
    answer = httpx2.get(f"{served.address}/v1/articles/{id}", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json()["source"]) if answer.is_success else None


if __name__ == "__main__":
    main()
