"""What the tests of the desk in a browser share: a desk that is served, and people who look at it in Chromium."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import uvicorn
from desks import DOUBTS, desk_at
from playwright.sync_api import Browser, BrowserContext, Page
from served import token_for

from cleaner.desk import tokens
from cleaner.desk.app import create_app
from cleaner.desk.decisions import find
from cleaner.desk.settings import Settings
from cleaner.types import Policy

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60_000
"""Milliseconds to wait for what is to appear: machines may be busy."""


@dataclass(frozen=True)
class Served:
    """A desk that is served."""

    url: str
    database: str
    client: httpx.Client
    """Of somebody who may do everything."""

    def submit(self, source: str, **more: str) -> str:
        """Hand an article in; returns its id."""
        body = json.dumps({"source": source, **more})
        answer = self.client.post("/v1/articles", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def article(self, id: str) -> dict[str, Any]:
        """As programs see it."""
        told: dict[str, Any] = self.client.get(f"/v1/articles/{id}").json()
        return told

    def cleaned(self, id: str) -> str:
        """What would be published as it stands, also while the article waits."""
        database = desk_at(self.database)
        with database.read() as session:
            text = find(session, id).text
        database.close()
        return text

    def ticket(self, name: str, *scopes: str) -> str:
        """An access link for somebody."""
        database = desk_at(self.database)
        with database.write() as session:
            life = timedelta(minutes=5)
            _, secret = tokens.add(session, name, scopes or tokens.SCOPES, "test", life, "ticket")
        database.close()
        return f"{self.url}/enter?ticket={secret}"


@contextmanager
def serving(database: str, policy: Policy = DOUBTS, **settings: Any) -> Iterator[Served]:
    """A desk at a free port of this machine."""
    secret = token_for(database, name="cms")
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    made = Settings(database=database, policy=policy, port=port, requests_per_minute=0, **settings)
    server = uvicorn.Server(uvicorn.Config(create_app(made), log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    try:
        with httpx.Client(base_url=made.url, headers={"Authorization": f"Bearer {secret}"}, timeout=30) as client:
            yield Served(made.url, database, client)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@dataclass
class Person:
    """Somebody at the desk, and what their browser said and asked for meanwhile."""

    page: Page
    context: BrowserContext
    said: list[str] = field(default_factory=list)
    """Messages of the console and errors of scripts, but for answers of the desk that are no successes."""
    asked: list[str] = field(default_factory=list)
    """Addresses that were asked for."""

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def hears(self, words: str) -> None:
        """Wait until a screen reader is told something."""
        self.page.wait_for_function("words => document.getElementById('live')?.textContent.includes(words)", arg=words)


@contextmanager
def person(browser: Browser, desk: Served | None = None, name: str = "Hà", **options: Any) -> Iterator[Person]:
    """Somebody with a browser of their own, who has come in if a desk is given."""
    context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    made = Person(page, context)
    page.on("console", lambda message: None if "status of" in message.text else made.said.append(message.text))
    page.on("pageerror", lambda error: made.said.append(str(error)))
    page.on("dialog", lambda dialog: made.said.append(dialog.message))
    page.on("request", lambda request: made.asked.append(request.url))
    if desk:
        page.goto(desk.ticket(name))
        page.click("form[action='/enter'] button")
        page.wait_for_url("**/queue")
    try:
        yield made
    finally:
        context.close()
