"""The desk in the browser: pages made on the server, which also work without scripts, in Vietnamese and English."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from cleaner.desk.web import article, bulk, figures, history, login, models, policy, queue
from cleaner.desk.web.errors import error_page
from cleaner.desk.web.headers import Headers
from cleaner.desk.web.pages import Pages

__all__ = ["Headers", "error_page", "mount"]


def mount(app: FastAPI) -> None:
    """Let an app, whose ``state.desk`` is set, serve the desk's pages."""
    app.state.pages = Pages()
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for module in (login, queue, article, bulk, history, figures, policy, models):
        app.include_router(module.router, include_in_schema=False)
