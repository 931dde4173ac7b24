"""The policy: what is cut, from which score; what a change would have done; versions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from cleaner.desk import policies
from cleaner.desk.api.judging import judging
from cleaner.desk.api.problems import responses
from cleaner.desk.api.schemas import (
    LARGEST,
    ChangeOut,
    EffectOut,
    Number,
    PolicyIn,
    PolicyOut,
    PolicyVersionOut,
    SavePolicyIn,
    UndoIn,
)
from cleaner.desk.api.security import Admin, Reviewer, TheDesk
from cleaner.desk.api.versions import seen, tag
from cleaner.desk.errors import ConflictError, NotFoundError, StorageFullError, VersionMissingError
from cleaner.desk.policies import Change, Effect
from cleaner.types import Policy

router = APIRouter(prefix="/v1/policy", tags=["policy"], responses=responses())
IfMatch = Annotated[str | None, Header()]
_CHANGING = responses(ConflictError, NotFoundError, VersionMissingError, StorageFullError)


@router.get("", response_model=PolicyOut)
def current(desk: TheDesk, actor: Reviewer, response: Response) -> PolicyOut:
    """The policy that holds; version 0 is the one that the desk was started with."""
    with desk.database.read() as session:
        number, policy = policies.current(session, desk.settings.policy)
    response.headers["ETag"] = tag(number)
    return PolicyOut(version=number, policy=policy.to_dict())


@router.put("", response_model=PolicyVersionOut, responses=_CHANGING)
def save(body: SavePolicyIn, desk: TheDesk, actor: Admin, if_match: IfMatch = None) -> PolicyVersionOut:
    """Let a policy hold from now on; articles that came before stay as they are."""
    with desk.database.write() as session:
        version = seen(body.version, if_match)
        return PolicyVersionOut.model_validate(
            policies.save(session, policy_of(body.policy), version, actor.name, body.note)
        )


@router.post("/preview", response_model=EffectOut)
async def preview(body: PolicyIn, desk: TheDesk, actor: Admin) -> EffectOut:
    """What a policy would have done to the last 1,000 articles, beside the one that holds; nothing is changed."""
    policy = policy_of(body)

    def look() -> EffectOut:
        with desk.database.read() as session:
            now = desk.gatekeeper.gate(session)
            return _effect(policies.preview(session, now.cleaner, now.with_policy(policy)))

    return await judging(desk, look)


@router.get("/versions", response_model=list[PolicyVersionOut])
def versions(desk: TheDesk, actor: Reviewer) -> list[PolicyVersionOut]:
    """All policies that were saved, latest first."""
    with desk.database.read() as session:
        return [PolicyVersionOut.model_validate(version) for version in policies.versions(session)]


@router.post("/versions/{number}/restore", response_model=PolicyVersionOut, responses=_CHANGING)
def restore(
    number: Annotated[Number, Path(le=LARGEST)],
    desk: TheDesk,
    actor: Admin,
    body: UndoIn | None = None,
    if_match: IfMatch = None,
) -> PolicyVersionOut:
    """Let the values of an older version hold again; 0: those that the desk was started with."""
    version = seen(body.version if body else None, if_match)
    with desk.database.write() as session:
        saved = policies.restore(session, number, version, desk.settings.policy, actor.name)
        return PolicyVersionOut.model_validate(saved)


def policy_of(body: PolicyIn) -> Policy:
    """The policy that somebody sent.

    Raises:
        PolicyError: it makes no sense.
    """
    return Policy.from_mapping(body.model_dump())


def _effect(effect: Effect) -> EffectOut:
    return EffectOut(
        articles=effect.articles,
        changed=effect.changed,
        before=effect.before,
        after=effect.after,
        newly_cut=effect.newly_cut,
        no_longer_cut=effect.no_longer_cut,
        against=effect.against,
        examples=[_change(one) for one in effect.examples],
    )


def _change(change: Change) -> ChangeOut:
    return ChangeOut(
        article=change.article.id,
        title=change.article.title,
        before=change.before,
        after=change.after,
        newly_cut=change.newly_cut,
        no_longer_cut=change.no_longer_cut,
        against=change.against,
    )
