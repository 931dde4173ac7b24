"""How values are spelled in the ledger, and in what it is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence


def spelled(text: str) -> str:
    """What SQLite can keep of a text: lone surrogates are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def spelled_json(value: object) -> str:
    """A value as JSON, which SQLite can keep."""
    return spelled(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def encoded(path: str) -> bytes:
    """A path as SQLite keeps it: one that is not UTF-8 holds lone surrogates."""
    return path.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """A text of the ledger, paths included."""
    return data.decode("utf-8", "surrogatepass")


def marks(values: Sequence[object]) -> str:
    """The places of values in a list of SQL."""
    return ", ".join("?" * len(values))
