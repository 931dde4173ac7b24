"""The rule set: lexicon and domains as data, and the plain functions that look for them.

The data are written by hand as TOML (``data/``). A model carries the rule set that it was trained
with in compiled form, which loads in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cleaner.rules.lexicon import STRENGTHS, Entries, Lexicon, Term, compile_terms
from cleaner.rules.shapes import Known

__all__ = ["RuleSet", "compile_rules", "languages", "rule_phrases"]


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """Everything the rules know, ready to be looked for."""

    phrases: Lexicon
    context: Lexicon
    """Calls to action, words of reporting, words before a contact or of a link: what counts beside a phrase."""
    known: Known
    compiled: dict[str, Any]
    """What the rule set was made from; it travels between processes in this form."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (RuleSet.from_compiled, (self.compiled,))

    @classmethod
    def from_compiled(cls, data: dict[str, Any]) -> RuleSet:
        """The rule set from what :func:`compile_rules` made."""
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
            _lexicon(data["phrases"]),
            _lexicon(data["context"]),
            known,
            data,
        )


def compile_rules() -> dict[str, Any]:
    """The TOML data as one JSON-ready table: terms, their forms without marks, domains and codes."""
    terms = [term for name in languages() for term in _terms(name)]
    domains = _read("domains")
    stems = [(stem, category) for category, found in domains["stems"].items() for stem in found]
    return {
        "phrases": _compiled([term for term in terms if term.kind == "phrase"]),
        "context": _compiled([term for term in terms if term.kind != "phrase"]),
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


def rule_phrases(language: str) -> list[tuple[str, str]]:
    """(phrase, category) of a language's phrases that are more than a topic's words."""
    return [(t.text, t.category) for t in _terms(language) if t.kind == "phrase" and t.weight > STRENGTHS["weak"]]


def _compiled(terms: list[Term]) -> dict[str, Any]:
    entries, groups = compile_terms(terms)
    return {"bare": entries.bare, "texts": entries.texts, "groups_of": entries.groups, "groups": groups}


def _lexicon(data: dict[str, Any]) -> Lexicon:
    return Lexicon(Entries(data["bare"], data["texts"], data["groups_of"]), [tuple(group) for group in data["groups"]])


def languages() -> list[str]:
    """The languages that have a rule file."""
    names = [file.name.removesuffix(".toml") for file in (files(__package__) / "data").iterdir()]
    return sorted(name for name in names if name != "domains")


def _read(name: str) -> dict[str, Any]:
    import tomllib  # a running cleaner has the compiled form and does without

    return tomllib.loads((files(__package__) / "data" / f"{name}.toml").read_text("utf-8"))


def _terms(language: str) -> list[Term]:
    data = _read(language)
    terms = [
        Term(text, "phrase", group["category"], STRENGTHS[group["strength"]], bool(group.get("glue")), language)
        for group in data["phrases"]
        for text in group["terms"]
    ]
    for kind, table in (("cta", "cta"), ("frame", "frames"), ("contact", "contact"), ("generic", "generic")):
        for text in data.get(table, {}).get("terms", ()):
            terms.append(Term(text, kind, "other", STRENGTHS["weak"], False, language))
    return terms
