"""The desk with infected articles on it, for looking around: ``make demo-desk``.

All is kept in a folder that goes when the desk is stopped.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import chain, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from cleaner import Policy
from cleaner.cli import main as cleaner
from cleaner.desk.gate import Submission, submit
from cleaner.desk.service import Desk
from cleaner.desk.settings import Settings

ARTICLES = Path(__file__).parent.parent / "fixtures" / "articles"
SITES = ("benhvien.example.vn", "truonghoc.example.vn", "huyen.example.vn", "news.example.org")
CAREFUL = 0.99
"""Score from which the gate cuts by itself: a high one, so that there is something to decide."""
CAMPAIGN = "Soi kèo nhà cái hôm nay tại soikeo88.top."
"""What somebody put into several articles."""
APART = timedelta(hours=5)
"""Between two articles."""


def main() -> None:
    """Serve until Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with TemporaryDirectory(prefix="cleaner-desk-") as folder:
        policy = Path(folder, "policy.toml")
        policy.write_text(f"strip = {CAREFUL}\n", "utf-8")
        database = f"sqlite:///{folder}/desk.db"
        fill(database)
        options = {"--database": database, "--policy": str(policy), "--models": f"{folder}/models", "--port": "0"}
        cleaner(["serve", *chain(*options.items())])


def fill(database: str) -> None:
    """Hand articles in, as if they had come over the last days."""
    desk = Desk.of(Settings(database=database, policy=Policy(strip=CAREFUL)))
    with closing(desk.database):
        desk.database.migrate()
        gate = desk.gate()
        found = list(submissions())
        for number, article in enumerate(found, 1):
            judged = gate.judge(article.source, article.format)
            with desk.database.write() as session:
                submit(session, article, judged, "demo").submitted -= APART * (len(found) - number)


def submissions() -> Iterator[Submission]:
    """Some of the articles of the fixtures, in two languages, and a campaign."""
    records = [*islice(_records("infected_vi.jsonl"), 40)]
    records += [record for record in _records("infected_other.jsonl") if record["lang"] == "en"]
    records += [_with_campaign(record) for record in islice(_records("honest_vi.jsonl"), 6)]
    for number, (record, site) in enumerate(zip(records, cycle(SITES), strict=False), 1001):
        plain = re.sub("<[^>]*>", " ", record["text"]).strip()
        title = re.split(r"[.,\n]", plain)[0][:90].strip("# ")
        yield Submission(record["text"], record["format"], title, site, f"https://{site}/{number}")


def _with_campaign(record: dict[str, str]) -> dict[str, str]:
    return record | {"text": record["text"].replace(". ", f". {CAMPAIGN} ", 1)}


def _records(name: str) -> Iterator[dict[str, str]]:
    return map(json.loads, (ARTICLES / name).read_text("utf-8").splitlines())


if __name__ == "__main__":
    main()
