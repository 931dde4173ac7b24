"""The policy page: what is cut, from which score; nothing is saved that was not looked at first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from cleaner.desk import policies
from cleaner.desk.api.judging import judging
from cleaner.desk.api.schemas import Number
from cleaner.desk.errors import ConflictError
from cleaner.desk.policies import Effect
from cleaner.desk.tables import NOTE, PolicyVersion
from cleaner.desk.web.csrf import Form
from cleaner.desk.web.visits import Admin, Visitor
from cleaner.desk.web.words import Words, later
from cleaner.types import CATEGORIES, Policy, PolicyError, is_term
from cleaner.visible import visible

router = APIRouter()
SHARES = {
    "strip": later("Cut by itself from"),
    "flag": later("Left to a person from"),
    "max_removed": later("Cut at most of an article"),
}
"""What is set for all, as shares; and how it is called."""
_PERCENT = re.compile(r"\s*([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)\s*%?\s*")
LISTS = {"allow": later("Never cut"), "deny": later("Always cut")}


class Changed(NamedTuple):
    """Something that two policies differ in, in words."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A version of the policy, and what it changed."""

    version: PolicyVersion
    changes: list[Changed]


@router.get("/policy")
def policy(visit: Admin, like: Number | None = None) -> Response:
    """The policy that holds, to be changed; ``like`` is the number of an older one to begin with."""
    with visit.desk.database.read() as session:
        _, held = policies.current(session, visit.desk.settings.policy)
        shown = held if like is None else policies.policy_of(session, like, visit.desk.settings.policy)
        return _form(visit, session, fields_of(shown, visit.words), like=like)


@router.post("/policy/edit")
def edit(visit: Admin, form: Form) -> Response:
    """Back from looking to changing."""
    with visit.desk.database.read() as session:
        return _form(visit, session, _fields(form))


@router.post("/policy/preview")
async def preview(visit: Admin, form: Form) -> Response:
    """What a change would have done to the last articles; nothing is saved."""
    fields = _fields(form)
    try:
        wanted = policy_from(fields, visit.words)
    except PolicyError as error:
        return _refused(visit, fields, str(error))

    def look() -> tuple[int, Policy, Effect]:
        with visit.desk.database.read() as session:
            number, held = policies.current(session, visit.desk.settings.policy)
            gate = visit.desk.gatekeeper.gate(session)
            return number, held, policies.preview(session, gate.cleaner, gate.with_policy(wanted))

    number, held, effect = await judging(visit.desk, look)
    changes = list(changes_of(held, wanted, visit.words))
    return visit.page("policy_preview.html", here="/policy", fields=fields, seen=number, changes=changes, effect=effect)


@router.post("/policy")
def save(visit: Admin, form: Form) -> Response:
    """Let the policy hold that was looked at."""
    fields = _fields(form)
    note = visible(" ".join(fields.get("note", "").split()), keep="")[:NOTE]
    try:
        wanted = policy_from(fields, visit.words)
        with visit.desk.database.write() as session:
            policies.save(session, wanted, _number(fields.get("seen", "")), visit.name, note)
    except PolicyError as error:
        return _refused(visit, fields, str(error))
    except ConflictError as error:
        with visit.desk.database.read() as session:
            return _form(visit, session, fields, 409, meanwhile=error.changes)
    return visit.go("/policy", visit.words.gettext("The policy was saved, and holds from now on."))


@router.post("/policy/{number}/restore")
def restore(visit: Admin, form: Form, number: Number) -> Response:
    """Let an older policy hold again."""
    with visit.desk.database.write() as session:
        seen = _number(str(form.get("seen", "")))
        policies.restore(session, number, seen, visit.desk.settings.policy, visit.name)
    said = visit.words.gettext("The policy of version %(number)s holds again.") % {"number": number}
    return visit.go("/policy", said)


def fields_of(policy: Policy, words: Words) -> dict[str, str]:
    """A policy as the fields of the form show it; shares in percent."""
    fields = {name: _percent(getattr(policy, name), words) for name in SHARES}
    fields |= {name: "\n".join(visible(term, keep="") for term in getattr(policy, name)) for name in LISTS}
    for name, own in policy.categories.items():
        strip, flag = (own, None) if isinstance(own, float) else own
        fields[f"{name}.strip"] = _percent(strip, words)
        fields[f"{name}.flag"] = "" if flag is None else _percent(flag, words)
    return fields


def policy_from(fields: Mapping[str, str], words: Words) -> Policy:
    """The policy that the fields of the form spell.

    Raises:
        PolicyError: a field makes no sense; the message is in the language of ``words``.
    """
    shares = {name: _share(fields.get(name, ""), words.gettext(label), words) for name, label in SHARES.items()}
    own: dict[str, float | tuple[float, float]] = {}
    for name in CATEGORIES:
        given = {side: fields.get(f"{name}.{side}", "").strip() for side in ("strip", "flag")}
        read = {side: _share(value, words.category(name), words) for side, value in given.items() if value}
        if "flag" in read:
            own[name] = (read.get("strip", shares["strip"]), read["flag"])
        elif "strip" in read:
            own[name] = read["strip"]
    terms = {
        name: tuple(dict.fromkeys(filter(None, map(str.strip, fields.get(name, "").splitlines())))) for name in LISTS
    }
    for name, label in LISTS.items():
        if not all(map(is_term, terms[name])):
            said = words.gettext("“%(field)s” has a line of nothing but characters that nobody sees.")
            raise PolicyError(said % {"field": words.gettext(label)})
    return Policy(**shares, **terms, categories=own)  # type: ignore[arg-type]


def changes_of(before: Policy, after: Policy, words: Words) -> Iterator[Changed]:
    """What becomes otherwise."""
    for name, label in SHARES.items():
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Changed(words.gettext(label), *(f"{_percent(share, words)} %" for share in (old, new)))
    for name in CATEGORIES:
        old, new = before.categories.get(name), after.categories.get(name)
        if old != new:
            yield Changed(words.category(name), _own(old, words), _own(new, words))
    for name, label in LISTS.items():
        old, new = getattr(before, name), getattr(after, name)
        for term in old:
            if term not in new:
                yield Changed(words.gettext(label), term, "")
        for term in new:
            if term not in old:
                yield Changed(words.gettext(label), "", term)


def _form(
    visit: Visitor,
    session: Session,
    fields: Mapping[str, str],
    status: int = 200,
    problem: str = "",
    like: int | None = None,
    meanwhile: object = (),
) -> Response:
    number, held = policies.current(session, visit.desk.settings.policy)
    return visit.page(
        "policy.html",
        status,
        here="/policy",
        fields=fields,
        held=fields_of(held, visit.words),
        seen=number,
        problem=problem,
        like=like,
        meanwhile=meanwhile,
        shares=SHARES,
        lists=LISTS,
        categories=CATEGORIES,
        versions=_versions(session, visit),
    )


def _refused(visit: Visitor, fields: Mapping[str, str], problem: str) -> Response:
    with visit.desk.database.read() as session:
        return _form(visit, session, fields, 422, problem)


def _versions(session: Session, visit: Visitor) -> list[Saved]:
    """All versions, latest first."""
    before, found = visit.desk.settings.policy, []
    for version in reversed(policies.versions(session)):
        after = Policy.from_mapping(version.policy)
        found.append(Saved(version, list(changes_of(before, after, visit.words))))
        before = after
    return found[::-1]


def _fields(form: Form) -> dict[str, str]:
    given = {name: str(value) for name, value in form.items() if name != "csrf"}
    return {**dict.fromkeys((*SHARES, *LISTS), ""), **given}


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else -1


def _percent(share: float, words: Words) -> str:
    """A share as the number of a field says it, in percent."""
    return words.number(round(100 * share, 4))


def _share(value: str, label: str, words: Words) -> float:
    """A share in percent, with a comma or a point: whatever the language, there are no thousands to part."""
    found = _PERCENT.fullmatch(value)
    share = float(found[1].replace(",", ".")) / 100 if found else -1.0
    if not 0 <= share <= 1:
        said = words.gettext("“%(field)s” must be a number from 0 to 100, not “%(value)s”.")
        raise PolicyError(said % {"field": label, "value": visible(value, keep="")[:40]})
    return share


def _own(own: float | tuple[float, float] | None, words: Words) -> str:
    """Thresholds of a category, in words."""
    if own is None:
        return words.gettext("as all")
    if isinstance(own, float):
        return words.gettext("cut from %(strip)s %%") % {"strip": _percent(own, words)}
    sides = {"strip": _percent(own[0], words), "flag": _percent(own[1], words)}
    return words.gettext("cut from %(strip)s %%, left to a person from %(flag)s %%") % sides
