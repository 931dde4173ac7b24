"""Articles handed in at the gate, and what became of them."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import IntegrityError

from cleaner.desk import gate, idempotency, queue
from cleaner.desk.api.judging import judging
from cleaner.desk.api.problems import responses
from cleaner.desk.api.schemas import ArticleOut, Line, ListIn, PageOut, Submit, Summary
from cleaner.desk.api.security import Reader, Submitter, TheDesk
from cleaner.desk.api.versions import is_known, tag
from cleaner.desk.decisions import find, version_of
from cleaner.desk.errors import NotFoundError, StorageFullError
from cleaner.desk.gate import Judged, Submission
from cleaner.desk.queue import Filter

router = APIRouter(prefix="/v1/articles", tags=["articles"])


IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200, pattern="^[!-~]+$")]


@router.post("", status_code=201, response_model=ArticleOut, responses=responses(StorageFullError))
async def submit(body: Submit, desk: TheDesk, actor: Submitter, idempotency_key: IdempotencyKey = None) -> Response:
    """Hand an article in: what is certain is cut at once; what is doubtful waits for a person (`state`: `review`).

    It is on disk when this answers. With an `Idempotency-Key` the same submission may be sent again for a day, when
    an answer was lost: the answer is the same, and there is one article.
    """
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()

    def known() -> str | None:
        with desk.database.read() as session:
            return idempotency.known(session, actor.name, idempotency_key, digest) if idempotency_key else None

    def store(judged: Judged) -> str:
        with desk.database.write() as session:
            if idempotency_key and (told := idempotency.known(session, actor.name, idempotency_key, digest)):
                return told
            article = gate.submit(session, Submission(**body.model_dump()), judged, actor.name)
            told = ArticleOut.of(article).model_dump_json()
            if idempotency_key:
                idempotency.remember(session, actor.name, idempotency_key, digest, told)
            return told

    told = await run_in_threadpool(known)
    if told is None:
        now = await run_in_threadpool(desk.gate)
        judged = await judging(desk, lambda: now.judge(body.source, body.format))
        try:
            told = await run_in_threadpool(store, judged)
        except IntegrityError:  # the same submission was faster
            told = await run_in_threadpool(known)
            if told is None:
                raise
    return _created(told)


def _created(told: str) -> Response:
    """The answer to a submission."""
    article = ArticleOut.model_validate_json(told)
    headers = {"Location": f"/v1/articles/{article.id}", "ETag": tag(article.version)}
    return Response(told, 201, headers, "application/json")


@router.get("", response_model=PageOut, responses=responses())
def list_(
    desk: TheDesk,
    actor: Reader,
    wanted: Annotated[ListIn, Query()],
) -> PageOut:
    """The articles that a filter finds, page by page."""
    with desk.database.read() as session:
        filter = Filter(**wanted.model_dump(exclude={"order", "after", "size"}))
        page = queue.page(session, filter, wanted.order, wanted.after, wanted.size)
        return PageOut(articles=[Summary.of(article) for article in page.articles], after=page.after)


@router.get(
    "/{id}",
    response_model=ArticleOut,
    responses={**responses(NotFoundError), 304: {"description": "You have this version already."}},
)
def read(id: Line, desk: TheDesk, actor: Reader, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """An article. Poll it with `If-None-Match` until its `state` is not `review`."""
    with desk.database.read() as session:
        version = version_of(session, id)
        if is_known(version, if_none_match):
            return Response(status_code=304, headers={"ETag": tag(version)})
        return versioned(ArticleOut.of(find(session, id)))


def versioned(article: ArticleOut) -> Response:
    """An article with its entity tag."""
    return Response(article.model_dump_json(), headers={"ETag": tag(article.version)}, media_type="application/json")
