"""The rule set: lexicon and domains as data, and the plain functions that look for them.

The data are written by hand as TOML (``data/``). A model carries the rule set that it was trained
with in compiled form, which loads in milliseconds.
"""

from __future__ import annotations

import tomllib
from dataclasses import astuple, dataclass
from importlib.resources import files
from typing import Any

from cleaner.rules.lexicon import STRENGTHS, Lexicon, Term, entries_of
from cleaner.rules.shapes import Known

__all__ = ["RuleSet"]


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """Everything the rules know, ready to be looked for."""

    phrases: Lexicon
    context: Lexicon
    """Calls to action, words of reporting, words before a contact: what counts beside a phrase."""
    known: Known
    compiled: dict[str, Any]
    """What the rule set was made from; it travels between processes in this form."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (RuleSet.from_compiled, (self.compiled,))

    @classmethod
    def from_compiled(cls, data: dict[str, Any]) -> RuleSet:
        """The rule set from what :func:`compile_rules` made."""
        terms = [Term(*values) for values in data["terms"]]
        entries = [(bare, terms[number]) for bare, number in data["entries"]]
        k = data["known"]
        known = Known(
            spam=frozenset(k["spam"]),
            common=frozenset(k["common"]),
            suffixes=tuple(k["suffixes"]),
            labels=frozenset(k["labels"]),
            stems=tuple((stem, category) for stem, category in k["stems"]),
            code_names=frozenset(k["code_names"]),
            code_prefixes=frozenset(k["code_prefixes"]),
        )
        return cls(
            Lexicon([(bare, term) for bare, term in entries if term.kind == "phrase"]),
            Lexicon([(bare, term) for bare, term in entries if term.kind != "phrase"]),
            known,
            data,
        )


def compile_rules() -> dict[str, Any]:
    """The TOML data as one JSON-ready table: terms, their forms without marks, domains and codes."""
    terms = [term for name in _languages() for term in _terms(name)]
    number = {term: index for index, term in enumerate(terms)}
    domains = _read("domains")
    stems = [(stem, category) for category, found in domains["stems"].items() for stem in found]
    return {
        "terms": [astuple(term) for term in terms],
        "entries": [(bare, number[term]) for bare, term in entries_of(terms)],
        "known": {
            "spam": domains["tlds"]["spam"],
            "common": domains["tlds"]["common"],
            "suffixes": domains["honest"]["suffixes"],
            "labels": domains["honest"]["labels"],
            "stems": sorted(stems, key=lambda pair: -len(pair[0])),
            "code_names": domains["codes"]["names"],
            "code_prefixes": domains["codes"]["prefixes"],
        },
    }


def _languages() -> list[str]:
    names = [file.name.removesuffix(".toml") for file in (files(__package__) / "data").iterdir()]
    return sorted(name for name in names if name != "domains")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "data" / f"{name}.toml").read_text("utf-8"))


def _terms(language: str) -> list[Term]:
    data = _read(language)
    terms = [
        Term(text, "phrase", group["category"], STRENGTHS[group["strength"]], bool(group.get("glue")), language)
        for group in data["phrases"]
        for text in group["terms"]
    ]
    for kind, table in (("cta", "cta"), ("frame", "frames"), ("contact", "contact")):
        for text in data.get(table, {}).get("terms", ()):
            terms.append(Term(text, kind, "other", STRENGTHS["weak"], False, language))
    return terms
