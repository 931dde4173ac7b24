"""The application: what the routes share, what stands around them, and what runs beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from cleaner.desk import api, web
from cleaner.desk.api import problems
from cleaner.desk.api.limits import Limits
from cleaner.desk.api.watching import Watching
from cleaner.desk.courier import Courier
from cleaner.desk.service import Desk
from cleaner.desk.settings import Settings

DESCRIPTION = """\
The gate before publishing. An article that is handed in is cleaned: what is certain is cut at once, what is doubtful
waits for a person. Offsets count Unicode code points of the source. Errors are `application/problem+json`.
"""


def create_app(settings: Settings) -> FastAPI:
    """The desk that settings describe, ready for a server; its database must have been migrated.

    Raises:
        SettingsError: a setting makes no sense.
    """
    desk = Desk.of(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Texts are looked at in several threads as it is: more threads for each would only wait for one another.
        with threadpool_limits(1, user_api="blas"), Courier(desk):
            yield
        desk.database.close()

    app = FastAPI(
        title="cleaner",
        summary="Finds spam injected into articles, and cuts exactly that out.",
        description=DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk = desk
    api.mount(app)
    tell = problems.install(app, web.error_page)
    web.mount(app)
    app.add_middleware(Limits, settings=settings, tell=tell)
    app.add_middleware(web.Headers)
    app.add_middleware(Watching, metrics=desk.metrics)
    return app


def _version() -> str:
    try:
        return version("cleaner")
    except PackageNotFoundError:
        return "0"
