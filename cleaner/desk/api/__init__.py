"""The service for programs: JSON under ``/v1``, described by ``/v1/openapi.json``."""

from __future__ import annotations

from fastapi import APIRouter

from cleaner.desk.api import articles, campaigns, clean, decisions, health, history, policy

__all__ = ["routers"]


def routers() -> list[APIRouter]:
    """All of it."""
    return [module.router for module in (clean, articles, decisions, campaigns, policy, history, health)]
