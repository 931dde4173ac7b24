"""A ledger → what its run came to, in figures: for reports, and for other programs as JSON.

The database counts; what is kept here is bounded however long the ledger is, and is of one moment of it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cleaner.archive.ledger import Ledger
from cleaner.archive.records import ArchiveError
from cleaner.document.targets import host_of, site_of

SCHEMA = 1
_LISTED = 100
"""Campaigns, hosts, containers or causes that are listed; the most frequent ones."""
_SAMPLES = 24
_EXAMPLES = 3
"""Records of the quarantine that are shown of each cause."""
_WHY = 3
"""Reasons that are told of a sample."""
_LONGEST = 240
"""Characters of a text from outside that are shown."""
_EARLIEST = 1900
_SCATTER = 2654435761
"""Multiplied by it, modulo 2³², numbers that follow each other are scattered evenly."""
_URL = re.compile(r"https?://[^\s\"'<>()\[\]]++", re.I)
_DOT = re.compile("[。．｡]")
_SECONDS = re.compile(r"(\d{10})(?:\d{3})?(?:\.\d+)?", re.A)
_NUMBER = re.compile(r"(?<![\w-])(?:0x[0-9a-fA-F]+|\d+)(?!\w)")
_PASSWORD = re.compile(r"(?<=://)([^/?#@:]*):[^/?#]*@")
_QUERY = re.compile(r"(?<=\w)\?[^#]*")

_STRIP, _FLAG = (f"count(*) FILTER (WHERE action = '{action}')" for action in ("strip", "flag"))
_OF_DOCUMENT = "finding JOIN document ON document.id = finding.document"
_TALLY = f"""
    SELECT {{name}}, count(DISTINCT finding.document), {_STRIP}, {_FLAG}, count(*) OVER () FROM {{source}}
    GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?
"""
_CAMPAIGNS = f"""
    SELECT id, kind, json_extract(texts, '$[0]'), documents, score, state, coalesce(strip, 0), coalesce(flag, 0),
        count(*) OVER ()
    FROM campaign LEFT JOIN (
        SELECT campaign AS number, {_STRIP} AS strip, {_FLAG} AS flag FROM finding WHERE campaign > 0 GROUP BY campaign
    ) ON number = id
    ORDER BY documents DESC, score DESC, id LIMIT ?
"""
_SPREAD = f"""
    WITH spelled AS (
        SELECT min(edit.id) AS first, count(*) AS times, category, campaign
        FROM edit LEFT JOIN finding ON finding.id = edit.finding
        GROUP BY category, campaign, substr(removed, 1, {_LONGEST})
    ), ranked AS (
        SELECT first, times, sum(times) OVER (PARTITION BY category, campaign) AS size,
            row_number() OVER (PARTITION BY category, campaign ORDER BY first * {_SCATTER} % 4294967296) AS place
        FROM spelled
    )
    SELECT first, times FROM ranked WHERE place <= ? ORDER BY place, size DESC, first LIMIT ?
"""
"""Edits of different words, in turn one of each category and campaign, and how often the same words were cut."""
_SAMPLE = """
    SELECT source, record, name, date, link, coalesce(category, ''), score, campaign, edit.state,
        coalesce(reasons, '[]'), left, removed, replacement, right
    FROM edit JOIN document ON document.id = edit.document JOIN container ON container.id = container
    LEFT JOIN finding ON finding.id = edit.finding WHERE edit.id = ?
"""
_CAUSES = """
    WITH told AS (
        SELECT kind(cause) AS kind, cause, coalesce(source, '') AS source, record, offset, quarantine.rowid AS number
        FROM quarantine LEFT JOIN container ON container.id = container
    ), ranked AS (
        SELECT iif(min(cause) OVER own = max(cause) OVER own, cause, kind) AS kind, cause, source, record, offset,
            count(*) OVER own AS records, row_number() OVER (PARTITION BY kind ORDER BY number) AS place
        FROM told WINDOW own AS (PARTITION BY kind)
    )
    SELECT kind, records, source, record, offset, cause FROM ranked WHERE place <= ?
    ORDER BY records DESC, kind, place LIMIT ?
"""


def figures(ledger: Ledger) -> dict[str, Any]:
    """What came of a run, JSON-ready.

    Counts of findings are given by action: ``strip`` are cut, ``flag`` are left for a person to look at. What is called
    a list below is ``{"total": how many there are, "listed": the most frequent ones}``.

    =============  =====================================================================================================
    ``schema``     1
    ``ledger``     name of the ledger's file
    ``runs``       sequence of ``at`` and ``command``: when the ledger was made, and what was taken back
    ``totals``     counts: ``containers``, ``records``, ``characters``, ``documents`` (texts with findings),
                   ``findings``, ``strip``, ``flag``, ``edits``, ``removed`` (characters of all edits), ``quarantined``
    ``states``     containers by state: ``new``, ``searched``, ``writing``, ``written``, ``refused``
    ``verdicts``   documents by verdict: ``cleaned``, ``review``, ``spam``
    ``edits``      edits by state: ``found``, ``cut``, ``undoing``, ``undone``, ``refused``
    ``categories`` list of ``name``, ``documents``, ``strip``, ``flag``
    ``rules``      list of the same for the codes of reasons that spoke for a finding, with what each ``says``
    ``hosts``      list of the same for the hosts that findings lead to, but for those of the documents themselves
    ``campaigns``  list of ``number``, ``kind``, ``text``, ``documents``, ``score``, ``state``, ``strip``, ``flag``
    ``timeline``   documents by ``months`` (``{"2024-05": 17}``) of their dates as they give them; how many are
                   ``undated``, and how many have a date that is ``unread``: it cannot be read, or not without a guess,
                   or is before 1900 or after next year
    ``containers`` list of ``name``, ``documents``, ``strip``, ``flag``, and ``records`` of those with findings
    ``samples``    sequence of edits spread over categories and campaigns: ``container``, ``record``, ``field``,
                   ``date``, ``link``, ``category``, ``score``, ``campaign``, ``state``, ``why``, ``left``,
                   ``removed``, ``replacement``, ``right``, ``length`` (characters removed), and ``times`` that these
                   very words were removed
    ``quarantine`` list of ``cause`` (numbers that differ are N), ``records``, and ``examples``: ``container``,
                   ``record``, ``offset``, ``cause``
    =============  =====================================================================================================

    Raises:
        ArchiveError: the ledger cannot be read, or is damaged.
    """
    try:
        with closing(_reading(ledger)) as base:
            return {"schema": SCHEMA, "ledger": ledger.path.name, **_figures(base)}
    except sqlite3.Error as error:
        raise ArchiveError(f"{ledger.path}: {error}") from None


def _reading(ledger: Ledger) -> sqlite3.Connection:
    """The ledger as it is at this moment, with the functions that the queries call."""
    base = sqlite3.connect(ledger.address, uri=True, timeout=60, isolation_level=None)
    functions: Sequence[tuple[str, int, Callable[..., str | None]]] = (
        ("hosts", 3, _hosts),
        ("month", 1, _month),
        ("kind", 1, _kind),
    )
    for name, arguments, function in functions:
        base.create_function(name, arguments, function, deterministic=True)
    base.text_factory = _shown
    base.execute("BEGIN")
    return base


def _shown(data: bytes) -> str:
    """A text of the ledger; lone surrogates of paths are spelled out."""
    return data.decode("utf-8", "surrogatepass").encode("utf-8", "backslashreplace").decode()


def _figures(base: sqlite3.Connection) -> dict[str, Any]:
    rules = _tally(
        base,
        "json_extract(reason.value, '$.code')",
        "finding, json_each(reasons) AS reason WHERE json_extract(reason.value, '$.contribution') >= 0",
    )
    says = dict(base.execute("SELECT json_extract(value, '$.code') AS code, min(json_extract(value, '$.text'))"
                             " FROM finding, json_each(reasons) GROUP BY code"))  # fmt: skip
    for rule in rules["listed"]:
        rule["says"] = says[rule["name"]].partition(":")[0].partition(";")[0]
    return {
        "runs": _runs(base),
        "totals": _totals(base),
        "states": dict(base.execute("SELECT state, count(*) FROM container GROUP BY state")),
        "verdicts": dict(base.execute("SELECT verdict, count(*) FROM document GROUP BY verdict")),
        "edits": dict(base.execute("SELECT state, count(*) FROM edit GROUP BY state")),
        "categories": _tally(base, "category", "finding"),
        "rules": rules,
        "hosts": _tally(base, "host.value", f"{_OF_DOCUMENT}, json_each(hosts(quote, reasons, link)) AS host"),
        "campaigns": _campaigns(base),
        "timeline": _timeline(base),
        "containers": _containers(base),
        "samples": _samples(base),
        "quarantine": _quarantine(base),
    }


def _runs(base: sqlite3.Connection) -> list[dict[str, str]]:
    rows = base.execute(
        "SELECT at, command FROM run WHERE command <> 'surveyed' ORDER BY id DESC LIMIT ?", (_LISTED,)
    ).fetchall()
    return [{"at": at, "command": command} for at, command in reversed(rows)]


def _totals(base: sqlite3.Connection) -> dict[str, int]:
    counts = {
        ("containers", "records", "characters"): "count(*), total(records), total(characters) FROM container",
        ("documents",): "count(*) FROM document",
        ("findings", "strip", "flag"): f"count(*), {_STRIP}, {_FLAG} FROM finding",
        ("edits", "removed"): "count(*), total(length(removed)) FROM edit",
        ("quarantined",): "count(*) FROM quarantine",
    }
    return {
        name: int(value)
        for names, query in counts.items()
        for name, value in zip(names, base.execute(f"SELECT {query}").fetchone(), strict=True)
    }


def _tally(base: sqlite3.Connection, name: str, source: str) -> dict[str, Any]:
    """Documents and findings by what an expression of SQL says of a finding."""
    rows = base.execute(_TALLY.format(name=name, source=source), (_LISTED,)).fetchall()
    return _listed(rows, ("name", "documents", "strip", "flag"))


def _listed(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> dict[str, Any]:
    """Rows that end with how many there are of them."""
    return {"total": rows[0][-1] if rows else 0, "listed": [dict(zip(names, row, strict=False)) for row in rows]}


def _campaigns(base: sqlite3.Connection) -> dict[str, Any]:
    rows = base.execute(_CAMPAIGNS, (_LISTED,)).fetchall()
    campaigns = _listed(rows, ("number", "kind", "text", "documents", "score", "state", "strip", "flag"))
    for campaign in campaigns["listed"]:
        campaign |= {"text": _short(campaign["text"]), "score": round(campaign["score"], 4)}
    return campaigns


def _timeline(base: sqlite3.Connection) -> dict[str, Any]:
    counted = dict(
        base.execute(
            "SELECT iif(trim(date) = '', 'undated', coalesce(month(date), 'unread')), count(*) FROM document"
            " GROUP BY 1 ORDER BY 1"
        )
    )
    rest = {name: counted.pop(name, 0) for name in ("undated", "unread")}
    return {"months": counted, **rest}


def _containers(base: sqlite3.Connection) -> dict[str, Any]:
    containers = _tally(base, "document.container", _OF_DOCUMENT)
    for container in containers["listed"]:
        source, records = base.execute(
            "SELECT source, records FROM container WHERE id = ?", (container["name"],)
        ).fetchone()
        container |= {"name": _place(source), "records": records}
    return containers


def _samples(base: sqlite3.Connection) -> list[dict[str, Any]]:
    return [
        _sample(base.execute(_SAMPLE, (number,)).fetchone(), times)
        for number, times in base.execute(_SPREAD, (_SAMPLES, _SAMPLES)).fetchall()
    ]


def _sample(row: tuple[Any, ...], times: int) -> dict[str, Any]:
    source, record, name, date, link, category, score, campaign, state, reasons, left, removed, put, right = row
    return {
        "container": _place(source),
        "record": _short(record),
        "field": name,
        "date": _short(date),
        "link": _short(link),
        "category": category,
        "score": None if score is None else round(score, 4),
        "campaign": campaign,
        "state": state,
        "why": [_short(reason["text"]) for reason in json.loads(reasons) if reason["contribution"] >= 0][:_WHY],
        "left": left,
        "removed": _short(removed),
        "replacement": put,
        "right": right,
        "length": len(removed),
        "times": times,
    }


def _quarantine(base: sqlite3.Connection) -> dict[str, Any]:
    causes: dict[str, dict[str, Any]] = {}
    for kind, records, source, *example in base.execute(_CAUSES, (_EXAMPLES, _EXAMPLES * _LISTED)):
        told = causes.setdefault(kind, {"cause": _short(kind), "records": records, "examples": []})
        record, offset, cause = example
        told["examples"].append(
            {"container": _place(source), "record": _short(record), "offset": offset, "cause": _short(cause)}
        )
    total = base.execute("SELECT count(DISTINCT kind(cause)) FROM quarantine").fetchone()[0]
    return {"total": total, "listed": list(causes.values())}


def _hosts(quote: str, reasons: str, link: str) -> str:
    """The hosts that a finding leads to, as JSON: by its words and by what the rules found in it."""
    targets = _URL.findall(quote)
    domains: list[str] = []
    for reason in json.loads(reasons):
        if reason["code"] in ("link", "domain"):
            told = reason["text"].partition(": ")[2].removesuffix("; its words stay").split(", ")
            (targets if reason["code"] == "link" else domains).extend(told)
    named = [_DOT.sub(".", host).strip(".").lower() for host in [*domains, *map(host_of, targets)] if host]
    hosts = {host.removeprefix("www.") for host in named}
    own = site_of(host_of(link) or "")
    return json.dumps(sorted(host for host in hosts if 0 < len(host) < 256 and site_of(host) != own))


def _month(text: str) -> str | None:
    """Year and month of a date in the manner of ISO 8601, RFC 2822 or Unix; ``None`` where that cannot be told."""
    text = text.strip()
    for read in (_from_day, datetime.fromisoformat, _from_seconds, parsedate_to_datetime):
        try:
            day = read(text)
        except (ValueError, TypeError, OverflowError, OSError, IndexError):
            continue
        if _EARLIEST <= day.year <= datetime.now(UTC).year + 1:
            return f"{day:%Y-%m}"
    return None


def _from_day(text: str) -> date:
    """The day that a text begins with, or a month that is all of it; with dashes or slashes."""
    day = text[:10].replace("/", "-")
    return date.fromisoformat(f"{day}-01" if len(day) == 7 else day)


def _from_seconds(text: str) -> date:
    """Seconds or milliseconds since 1970."""
    found = _SECONDS.fullmatch(text)
    if not found:
        raise ValueError(text)
    return datetime.fromtimestamp(int(found[1]), UTC)


def _kind(cause: str) -> str:
    """A cause without the numbers in it: what records have in common that are wrong in the same manner."""
    return _NUMBER.sub("N", cause)


def _place(source: str) -> str:
    """A path or address as it may be shown: without a password, and without the query that may hold one."""
    return _short(_QUERY.sub("", _PASSWORD.sub(r"\1@", source)) if "://" in source else source)


def _short(text: str) -> str:
    """A text without its middle where it is long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
