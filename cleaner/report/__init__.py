"""Results → one HTML page for editors: what was found in each article, why, and what stands there afterwards.

The page runs nothing and loads nothing: whatever the articles hold is text in it. Needs Jinja2 (``cleaner[report]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TextIO

from markupsafe import Markup

from cleaner.report.pages import environment, generate
from cleaner.report.view import article_of
from cleaner.types import Action, Result

__all__ = ["Report"]

_FEW = 5
"""Up to so many articles are all open when the page is."""
_CHUNK = 1 << 16


class _Tally(NamedTuple):
    """How many findings there are of something."""

    name: str
    strip: int
    flag: int


class Report:
    """A page in the making, whose summary comes first and is known last.

    Args:
        total: how many articles there will be.
        sections: an empty file, open for writing and reading, in which the articles wait.
    """

    def __init__(self, total: int, sections: TextIO) -> None:
        self._total = total
        self._environment = environment()
        self._article = self._environment.get_template("article.html.jinja")
        self._sections = sections
        self._infected = 0
        self._clean: list[str] = []
        self._failed: list[str] = []
        self._categories: Counter[tuple[str, Action]] = Counter()
        self._hosts: Counter[tuple[str, Action]] = Counter()

    def add(self, name: str, result: Result) -> None:
        """Take in what was found in the article ``name``."""
        if not result.findings:
            self._clean.append(name)
            return
        self._infected += 1
        article = article_of(result)
        for finding, hosts in zip(result.findings, article.hosts, strict=True):
            self._categories[finding.category, finding.action] += 1
            self._hosts.update((host, finding.action) for host in hosts)
        self._sections.writelines(
            self._article.generate(
                number=self._infected, name=name, result=result, article=article, is_open=self._total <= _FEW
            )
        )

    def add_failed(self, message: str) -> None:
        """Take in an article that could not be read; ``message`` names it and the cause."""
        self._failed.append(message)

    def page(self) -> Iterator[str]:
        """The page, piece by piece."""
        return generate(
            self._environment,
            "page.html.jinja",
            "report.css",
            total=self._total,
            infected=self._infected,
            strip=sum(count for (_, action), count in self._categories.items() if action == "strip"),
            flag=sum(count for (_, action), count in self._categories.items() if action == "flag"),
            tallies=[("Category", _tallies(self._categories)), ("Leads to", _tallies(self._hosts))],
            failed=self._failed,
            clean=self._clean,
            articles=self._read_sections(),
        )

    def _read_sections(self) -> Iterator[Markup]:
        self._sections.seek(0)
        while chunk := self._sections.read(_CHUNK):
            yield Markup(chunk)


def _tallies(counts: Counter[tuple[str, Action]]) -> Sequence[_Tally]:
    """The counts of each name, the greatest first."""
    names = sorted({name for name, _ in counts}, key=lambda name: (-counts[name, "strip"] - counts[name, "flag"], name))
    return [_Tally(name, counts[name, "strip"], counts[name, "flag"]) for name in names]
