"""The runs that worked with the ledger; the settings of the one that made it hold for all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleaner.archive.ledger import Ledger
from cleaner.archive.ledger.spelling import spelled_json


def begin(ledger: Ledger, command: str, settings: Mapping[str, Any]) -> int:
    """Write down that a run began; its number."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with ledger.writing() as base:
        row = base.execute(
            "INSERT INTO run (at, command, settings) VALUES (?, ?, ?)", (now, command, spelled_json(settings))
        )
    return int(row.lastrowid or 0)


def has_begun(ledger: Ledger, command: str) -> bool:
    """Whether such a run was written down."""
    return ledger.count("run", "command = ?", command) > 0


def first_settings(ledger: Ledger) -> Mapping[str, Any]:
    """The settings of the run that made the ledger; empty before it."""
    row = next(ledger.rows("SELECT settings FROM run ORDER BY id LIMIT 1"), None)
    settings: Mapping[str, Any] = json.loads(row[0]) if row else {}
    return settings


def amend(ledger: Ledger, settings: Mapping[str, Any]) -> None:
    """The run that made the ledger goes on with other settings."""
    with ledger.writing() as base:
        base.execute("UPDATE run SET settings = ? WHERE id = (SELECT min(id) FROM run)", (spelled_json(settings),))


def folder_of(ledger: Ledger) -> Path:
    """Where the run that made the ledger began, and relative paths lead from; here, if that is not known."""
    folder = ledger.beside / first_settings(ledger).get("folder", os.getcwd())
    return folder if folder.is_dir() else Path.cwd()
