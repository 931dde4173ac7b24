"""The service for programs: JSON under ``/v1``, described by ``/v1/openapi.json``."""

from __future__ import annotations

from fastapi import FastAPI

from cleaner.desk.api import articles, campaigns, clean, decisions, health, history, policy

__all__ = ["mount"]


def mount(app: FastAPI) -> None:
    """Let an app, whose ``state.desk`` is set, serve all of it; what probes ask for, at the root, too."""
    for module in (clean, articles, decisions, campaigns, policy, history):
        app.include_router(module.router)
    app.include_router(health.router, prefix="/v1")
    app.include_router(health.router, include_in_schema=False)
