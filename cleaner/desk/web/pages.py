"""Templates → pages, in each language."""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from cleaner.desk.web.words import Words, choose, read_words
from cleaner.visible import visible


class Pages:
    """The templates of the desk in all its languages; safe to share between threads."""

    def __init__(self) -> None:
        self._words = read_words()
        self._languages = [(words.language, words.name) for words in self._words.values()]
        self._environments = {language: _environment(words) for language, words in self._words.items()}

    def words(self, chosen: str, accepted: str) -> Words:
        """The words of the language that was chosen, or that a browser accepts."""
        return self._words[choose(chosen, accepted, tuple(self._words))]

    def render(self, language: str, template: str, **values: Any) -> str:
        """A page; a lone surrogate, which no page can hold, is spelled out."""
        common = {"words": self._words[language], "languages": self._languages}
        page = self._environments[language].get_template(template).render(common | values)
        return page.encode("utf-8", "backslashreplace").decode()


def _environment(words: Words) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("cleaner.desk.web"), PackageLoader("cleaner.report", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True
    )
    environment.filters["visible"] = lambda text: visible(str(text), keep="")
    return environment
