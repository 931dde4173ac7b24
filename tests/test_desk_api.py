"""The service for programs, on an SQLite file and on a PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from desks import (
    DOUBTS,
    FERRY,
    HEALTH,
    LIBRARY,
    MISSED,
    RICE,
    ROAD,
    SCHOOL,
    SPAM,
    asking,
    decided,
    submitted,
)
from fastapi.testclient import TestClient
from served import token_for
from servers import postgres
from sqlalchemy import update

from cleaner import Policy, clean
from cleaner.desk import bulk, tokens
from cleaner.desk.app import create_app
from cleaner.desk.database import Database
from cleaner.desk.settings import Settings
from cleaner.desk.tables import IdempotencyKey, now

psycopg = pytest.importorskip("psycopg")
NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with postgres() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database that is made for the test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk.db'}"
    folder: Path = request.getfixturevalue("server")
    name = f"desk{next(NUMBERS)}"
    with psycopg.connect(f"host={folder} user=editor dbname=postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://editor@/{name}?host={folder}"


@pytest.fixture
def desk(url: str) -> Iterator[TestClient]:
    with asking(url) as client:
        yield client


def decide(client: TestClient, article: dict[str, Any], version: int, **decision: Any) -> Any:
    return client.post(f"/v1/articles/{article['id']}/decisions", json={"version": version, "decisions": [decision]})


# --- the gate


def test_texts_are_cleaned_as_by_the_library(desk: TestClient) -> None:
    assert desk.put("/v1/policy", json={"policy": {}, "version": 0}).status_code == 200
    for source in (HEALTH, ROAD, FERRY, "", "một\ttab\nhai \U0001f600"):
        wanted = clean(source).to_dict()
        assert desk.post("/v1/clean", json={"source": source}).json() == wanted
        scanned = desk.post("/v1/scan", json={"source": source}).json()
        assert scanned == {key: wanted[key] for key in ("version", "verdict", "format", "findings")}


def test_many_texts_come_back_in_order(desk: TestClient) -> None:
    sources = [HEALTH, FERRY, ROAD, SCHOOL, "# Tin\n\n**Đường** [mới](https://example.org)"]
    body = [{"source": source, "format": format} for source in sources for format in ("auto", "text")]
    found = desk.post("/v1/scan", json=body).json()
    assert [one["format"] for one in found] == [
        "text",
        "text",
        "html",
        "text",
        "text",
        "text",
        "text",
        "text",
        "markdown",
        "text",
    ]
    assert [bool(one["findings"]) for one in found[::2]] == [True, True, False, True, False]
    uneven = [{"source": FERRY, "format": "html"}, {"source": HEALTH}, {"source": ROAD}, {"source": SCHOOL}]
    assert [one["format"] for one in desk.post("/v1/clean", json=uneven).json()] == ["html", "text", "text", "text"]
    assert desk.post("/v1/clean", json=[]).json() == []


def test_what_is_certain_is_cut_at_once(url: str) -> None:
    with asking(url, Policy()) as desk:
        article = submitted(desk, HEALTH, title="Tiêm phòng", origin="bao.example", reference="bai-7")
        assert (article["state"], article["verdict"]) == ("published", "cleaned")
        assert article["text"] == clean(HEALTH).text
        assert [finding["state"] for finding in article["findings"]] == ["accepted"]
        honest = submitted(desk, ROAD)
        assert (honest["state"], honest["verdict"], honest["text"]) == ("published", "clean", ROAD)
        assert honest["findings"] == []


def test_what_is_doubtful_waits(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    assert (article["state"], article["verdict"], article["text"]) == ("review", "review", None)
    assert article["edits"] == []
    assert [(f["quote"], f["state"]) for f in article["findings"]] == [(SPAM, "open")]


def test_sources_come_back_to_the_letter(desk: TestClient) -> None:
    source = "a\x00b\r\n\u202eđảo\ufeff \U0001f4a9 " + HEALTH
    article = submitted(desk, source, format="text")
    assert desk.get(f"/v1/articles/{article['id']}").json()["source"] == source


def test_a_poll_costs_little_until_something_happens(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    address = f"/v1/articles/{article['id']}"
    first = desk.get(address)
    assert first.headers["etag"] == '"1"'
    assert first.json() == article
    for known in ('"1"', 'W/"1"', '"7", "1"', "*"):
        again = desk.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"1"')
    decided(desk, article, {"kind": "accept"}, {"kind": "finish"})
    news = desk.get(address, headers={"If-None-Match": '"1"'})
    assert (news.status_code, news.headers["etag"], news.json()["state"]) == (200, '"2"', "decided")


def test_the_same_submission_is_answered_once(desk: TestClient) -> None:
    body, key = {"source": HEALTH, "title": "Tiêm phòng"}, {"Idempotency-Key": "bai-7"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: desk.post("/v1/articles", json=body, headers=key), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert {answer.headers["location"] for answer in answers} == {f"/v1/articles/{answers[0].json()['id']}"}
    decided(desk, answers[0].json(), {"kind": "reject"})
    assert desk.post("/v1/articles", json=body, headers=key).text == answers[0].text
    other = desk.post("/v1/articles", json={"source": SCHOOL}, headers=key)
    assert (other.status_code, other.json()["detail"]) == (422, "this idempotency key was used for another body")
    assert len(desk.get("/v1/articles").json()["articles"]) == 1


def test_an_idempotency_key_is_forgotten_after_a_day(desk: TestClient, url: str) -> None:
    key = {"Idempotency-Key": "bai-7"}
    assert desk.post("/v1/articles", json={"source": HEALTH}, headers=key).status_code == 201
    database = Database(url)
    with database.write() as session:
        session.execute(update(IdempotencyKey).values(at=now() - timedelta(days=2)))
    database.close()
    assert desk.post("/v1/articles", json={"source": SCHOOL}, headers=key).status_code == 201
    assert desk.post("/v1/articles", json={"source": HEALTH}, headers=key).status_code == 422


# --- decisions


def test_accepting_cuts_as_the_engine_cuts(desk: TestClient) -> None:
    assisted = clean(FERRY)
    article = submitted(desk, FERRY)
    link, paragraph = article["findings"]
    article = decided(desk, article, {"kind": "accept", "finding": link["number"]})
    assert article["state"] == "review"
    assert article["edits"], "the link is unwrapped"
    kept = desk.get(f"/v1/articles/{article['id']}").json()
    assert all(FERRY[a:b].startswith(("<a ", "</a")) and new == "" for a, b, new in kept["edits"])
    article = decided(desk, article, {"kind": "accept", "finding": paragraph["number"]}, {"kind": "finish"})
    assert (article["state"], article["text"]) == ("decided", assisted.text)


def test_rejecting_keeps_the_words(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    article = decided(desk, article, {"kind": "reject", "note": "tên một hội thảo"}, {"kind": "finish"})
    assert (article["state"], article["text"], article["edits"]) == ("decided", HEALTH, [])
    assert [(d["kind"], d["note"], d["by"]) for d in article["decisions"]] == [
        ("reject", "tên một hội thảo", "lan"),
        ("finish", "", "lan"),
    ]


def test_boundaries_are_adjusted(desk: TestClient) -> None:
    article = submitted(desk, LIBRARY)
    finding = article["findings"][0]
    start, end = LIBRARY.index("Best"), LIBRARY.index(" Readers")
    adjust = {"kind": "adjust", "finding": finding["number"], "start": start, "end": end}
    article = decided(desk, article, adjust, {"kind": "finish"})
    assert article["text"] == LIBRARY[:start] + LIBRARY[end + 1 :]
    assert (article["findings"][0]["cut_start"], article["findings"][0]["cut_end"]) == (start, end)
    assert (article["findings"][0]["start"], article["findings"][0]["quote"]) == (finding["start"], finding["quote"])


def test_what_the_gate_missed_is_marked(desk: TestClient) -> None:
    article = submitted(desk, RICE)
    assert article["state"] == "published"
    start = RICE.index(MISSED)
    mark = {"kind": "mark", "start": start, "end": start + len(MISSED), "category": "betting"}
    article = decided(desk, article, mark)
    assert (article["state"], article["text"]) == ("decided", RICE.replace(f"{MISSED} ", ""))
    found = article["findings"][0]
    assert (found["action"], found["category"], found["quote"], found["score"]) == ("mark", "betting", MISSED, 1.0)
    again = decide(desk, article, 2, **mark)
    assert (again.status_code, again.json()["detail"]) == (422, f"finding {found['number']} is cut there already")
    number = article["decisions"][0]["number"]
    undone = desk.post(f"/v1/articles/{article['id']}/decisions/{number}/undo", json={"version": 2}).json()
    assert (undone["state"], undone["text"], undone["findings"][0]["state"]) == ("published", RICE, "withdrawn")
    assert decide(desk, article, 3, kind="accept", finding=found["number"]).status_code == 404


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "", id="exactly over it"),
        pytest.param("huyện Mường Lay ", "\nđã tiêm phòng", id="over more"),
    ],
)
def test_a_mark_takes_what_is_open_within_it_along(desk: TestClient, before: str, after: str) -> None:
    article = submitted(desk, HEALTH)
    marked = f"{before}{SPAM}{after}"
    start = HEALTH.index(marked)
    mark = {"kind": "mark", "start": start, "end": start + len(marked), "category": "lottery"}
    article = decided(desk, article, mark, {"kind": "finish"})
    assert (article["state"], {f["state"] for f in article["findings"]}) == ("decided", {"accepted"})
    assert [d["kind"] for d in article["decisions"]] == ["mark", "accept", "finish"]
    left = HEALTH.split(marked)
    assert article["text"].split() == " ".join(left).split()


def test_a_mark_leaves_what_it_only_cuts_into_to_be_decided(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    start = HEALTH.index(SPAM)
    mark = {"kind": "mark", "start": start, "end": start + len(SPAM) - 5}
    article = decided(desk, article, mark)
    assert (article["state"], sorted(f["state"] for f in article["findings"])) == ("review", ["accepted", "open"])


def test_marks_in_a_page_are_cut_as_words(desk: TestClient) -> None:
    page = f"<p>{ROAD}</p>\n<p>Chợ phiên họp sáng <b>Chủ nhật</b>.</p>"
    article = submitted(desk, page, format="html")
    start, end = page.index("Xe tải"), page.index("</p>")
    article = decided(desk, article, {"kind": "mark", "start": start, "end": end})
    assert article["text"] == page.replace(" Xe tải được dẫn qua đường tránh phía nam.", "")
    for start, end, why in (
        (page.index("<b>"), page.index("<b>") + 3, "there is nothing in that span that a reader sees"),
        (5, 5, f"[5, 5) is no span of the source, which has {len(page)} characters"),
        (5, len(page) + 1, f"[5, {len(page) + 1}) is no span of the source, which has {len(page)} characters"),
    ):
        refused = decide(desk, article, 2, kind="mark", start=start, end=end)
        assert (refused.status_code, refused.json()["detail"]) == (422, why)


def test_any_decision_is_taken_back(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    number = article["findings"][0]["number"]
    article = decided(desk, article, {"kind": "reject", "finding": number})
    article = decided(desk, article, {"kind": "accept", "finding": number}, {"kind": "finish"})
    assert article["state"] == "decided"
    reject, accept, finish = (d["number"] for d in article["decisions"])
    address = f"/v1/articles/{article['id']}/decisions"
    article = desk.post(f"{address}/{accept}/undo", headers={"If-Match": '"3"'}).json()
    assert (article["findings"][0]["state"], article["text"]) == ("rejected", HEALTH)
    article = desk.post(f"{address}/{reject}/undo", json={"version": 4}).json()
    assert (article["findings"][0]["state"], article["state"], article["text"]) == ("open", "review", None)
    article = desk.post(f"{address}/{finish}/undo", json={"version": 5}).json()
    undos = [d for d in article["decisions"] if d["kind"] == "undo"]
    assert [d["undoes"] for d in undos] == [accept, reject, finish]
    for taken, why in (
        (accept, "that decision was taken back already"),
        (undos[0]["number"], "an undo is not taken back: decide again"),
    ):
        refused = desk.post(f"{address}/{taken}/undo", json={"version": 6})
        assert (refused.status_code, refused.json()["detail"]) == (422, why)
    assert desk.post(f"{address}/99999/undo", json={"version": 6}).status_code == 404


def test_the_second_of_two_reviewers_learns_what_the_first_one_did(url: str, desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    number = article["findings"][0]["number"]
    decided(desk, article, {"kind": "reject", "finding": number, "note": "tên riêng"})
    minh = {"Authorization": f"Bearer {token_for(url, 'review', name='minh')}"}
    late = desk.post(
        f"/v1/articles/{article['id']}/decisions",
        json={"version": 1, "decisions": [{"kind": "accept", "finding": number}]},
        headers=minh,
    )
    assert late.status_code == 409
    assert late.headers["content-type"] == "application/problem+json"
    problem = late.json()
    assert (problem["type"], problem["version"]) == ("urn:cleaner:problem:changed-meanwhile", 2)
    assert [(c["kind"], c["finding"], c["by"], c["note"]) for c in problem["changes"]] == [
        ("reject", number, "lan", "tên riêng")
    ]
    assert desk.get(f"/v1/articles/{article['id']}").json()["findings"][0]["state"] == "rejected"


def test_of_many_reviewers_at_once_one_decides(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: decide(desk, article, 1, kind="accept"), range(12)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 11]
    assert desk.get(f"/v1/articles/{article['id']}").json()["version"] == 2


SENSELESS: list[tuple[dict[str, Any], dict[str, str], int, str]] = [
    ({"decisions": [{"kind": "accept"}]}, {}, 428, "name the version that you saw"),
    ({"decisions": [{"kind": "accept"}]}, {"If-Match": "*"}, 422, "If-Match names one version"),
    ({"version": 2, "decisions": [{"kind": "accept"}]}, {"If-Match": '"1"'}, 422, "different versions"),
    ({"version": 1, "decisions": []}, {}, 422, "at least 1 item"),
    ({"version": 1, "decisions": [{"kind": "burn"}]}, {}, 422, "body.decisions.0.kind"),
    ({"version": 1, "decisions": [{"kind": "accept", "finding": 99999}]}, {}, 404, "there is no finding 99999"),
    ({"version": 1, "decisions": [{"kind": "adjust"}]}, {}, 422, "a finding must be given"),
    ({"version": 1, "decisions": [{"kind": "adjust", "finding": 1}]}, {}, 422, "start and end must be given"),
    *(
        ({"version": 1, "decisions": [choice]}, {}, 422, f"to {choice['kind']}, leave out {needless}")
        for choice, needless in (
            ({"kind": "accept", "finding": 1, "start": 3, "end": 9}, "end and start"),
            ({"kind": "reject", "category": "loan"}, "category"),
            ({"kind": "mark", "finding": 1, "start": 3, "end": 9}, "finding"),
            ({"kind": "adjust", "finding": 1, "start": 3, "end": 9, "category": "loan"}, "category"),
            ({"kind": "finish", "finding": 1}, "finding"),
        )
    ),
    ({"version": 1, "decisions": [{"kind": "mark"}]}, {}, 422, "start and end must be given"),
    ({"version": 1, "decisions": [{"kind": "mark", "start": 30, "end": 31}]}, {}, 422, "nothing but white space"),
    ({"version": 1, "decisions": [{"kind": "finish"}]}, {}, 422, "1 of the findings must be decided first"),
    ({"version": 1, "decisions": [{"kind": "accept", "note": "a\x00b"}]}, {}, 422, "control characters"),
    ({"version": 1, "choices": []}, {}, 422, "body.decisions: Field required"),
]


def test_what_makes_no_sense_changes_nothing(desk: TestClient) -> None:
    article = submitted(desk, HEALTH)
    for body, headers, status, why in SENSELESS:
        answer = desk.post(f"/v1/articles/{article['id']}/decisions", json=body, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (status, status), body
        assert why in answer.json()["detail"]
    assert desk.get(f"/v1/articles/{article['id']}").json() == article


def test_unknown_articles(desk: TestClient) -> None:
    body = {"version": 1, "decisions": [{"kind": "accept"}]}
    for id in ("0" * 32, "x", "%00", "a" * 300, "..%2f..", "ÿ"):
        assert desk.get(f"/v1/articles/{id}").status_code in (404, 422)
        assert desk.post(f"/v1/articles/{id}/decisions", json=body).status_code in (404, 422)


def test_pages_are_asked_for_what_no_database_takes(desk: TestClient, url: str) -> None:
    database = Database(url)
    with database.write() as session:
        _, secret = tokens.add(session, "Hà", tokens.SCOPES, "test", kind="session")
    database.close()
    desk.cookies.set("cleaner", secret)
    for path in ("/queue?words=%00", "/queue?origin=%00", "/history?by=%00", "/audit?action=%00", "/bulk?campaign=%00"):
        answer = desk.get(path, headers={"Accept": "text/html"})
        assert answer.status_code in (200, 422), path
        assert "<h1>" in answer.text


# --- queue, campaigns, bulk


@pytest.fixture
def full(desk: TestClient) -> dict[str, dict[str, Any]]:
    """A desk with articles from two places."""
    return {
        "health": submitted(desk, HEALTH, origin="bao.example", title="Tiêm phòng ở vùng cao"),
        "road": submitted(desk, ROAD, origin="tinh.example"),
        "school": submitted(desk, SCHOOL, origin="bao.example", reference="bai-8"),
        "library": submitted(desk, LIBRARY, origin="county.example"),
        "ferry": submitted(desk, FERRY, origin="tinh.example"),
    }


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "health road school library ferry"),
    ({"order": "newest"}, "ferry library school road health"),
    ({"state": "review"}, "health school library ferry"),
    ({"state": "published"}, "road"),
    ({"origin": "bao.example"}, "health school"),
    ({"campaign": "xo so truc tuyen minh ngoc"}, "health school"),
    ({"campaign": "Xổ  số TRỰC TUYẾN Minh Ngọc"}, "health school"),
    ({"campaign": "soikeo88.top"}, "ferry"),
    ({"campaign": "SoiKeo88.top"}, "ferry"),
    ({"category": "lottery"}, "health school"),
    ({"words": "muong lay"}, "health"),
    ({"words": "MƯỜNG  LAY"}, "health"),
    ({"words": "bai-8"}, "school"),
    ({"words": "vùng cao"}, "health"),
    ({"words": "TIEM PHONG Ở VÙNG CAO"}, "health"),
    ({"words": "vùng cao trung tâm"}, ""),
    ({"words": "100%"}, ""),
    ({"rule": "phrase", "origin": "bao.example"}, "health school"),
    ({"rule": "no such rule"}, ""),
    ({"least": 0.9, "most": 1, "origin": "bao.example"}, "health school"),
    ({"most": 0.1}, ""),
    ({"since": "2001-01-01T00:00:00Z"}, "health road school library ferry"),
    ({"until": "2001-01-01T00:00:00Z"}, ""),
    ({"finding": "open"}, "health school library ferry"),
    ({"finding": "rejected"}, ""),
]


def test_the_queue_is_filtered(desk: TestClient, full: dict[str, dict[str, Any]]) -> None:
    ids = {article["id"]: name for name, article in full.items()}
    for wanted, names in FILTERS:
        found = desk.get("/v1/articles", params=wanted).json()["articles"]
        assert " ".join(ids[article["id"]] for article in found) == names, wanted


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "10000-01-01T00:00:00Z"])
def test_times_at_the_rim_of_the_calendar_are_refused(desk: TestClient, at: str) -> None:
    for side in ("since", "until"):
        assert desk.get("/v1/articles", params={side: at}).status_code == 422


def test_white_space_is_no_title(desk: TestClient) -> None:
    article = submitted(desk, HEALTH, title=" \u00a0", reference="\u3000 ")
    assert (article["title"], article["reference"]) == ("", "")
    assert submitted(desk, SCHOOL, title=" Khai giảng ")["title"] == "Khai giảng"


def test_the_queue_comes_page_by_page(desk: TestClient, full: dict[str, dict[str, Any]]) -> None:
    for order in ("oldest", "newest"):
        seen, after = [], None
        while True:
            page = desk.get(
                "/v1/articles", params={"size": 2, "order": order, **({"after": after} if after else {})}
            ).json()
            seen += [article["id"] for article in page["articles"]]
            after = page["after"]
            if after is None:
                break
        wanted = [article["id"] for article in full.values()]
        assert seen == (wanted if order == "oldest" else wanted[::-1])


def test_a_campaign_is_decided_at_once_and_taken_back(desk: TestClient, full: dict[str, dict[str, Any]]) -> None:
    found = desk.get("/v1/campaigns").json()
    assert [(c["name"], c["articles"], c["open"]) for c in found] == [("xo so truc tuyen minh ngoc", 2, 2)]
    wanted = {"kind": "accept", "filter": {"campaign": found[0]["name"]}}
    preview = desk.post("/v1/bulk/preview", json=wanted).json()
    assert (preview["findings"], preview["articles"], preview["finished"], preview["left"]) == (2, 2, 2, 0)
    assert [example["article"] for example in preview["examples"]] == [full["health"]["id"], full["school"]["id"]]
    done = desk.post("/v1/bulk", json=wanted | {"seen": preview["seen"], "note": "cùng một chiến dịch"}).json()
    assert (done["findings"], done["articles"]) == (2, 2)
    texts = [desk.get(f"/v1/articles/{full[name]['id']}").json()["text"] for name in ("health", "school")]
    assert texts == [clean(HEALTH).text, clean(SCHOOL).text]
    assert desk.get("/v1/campaigns", params={"open_only": True}).json() == []
    history = desk.get("/v1/decisions", params={"bulk": done["bulk"]}).json()
    assert [one["decision"]["kind"] for one in history] == ["finish", "accept", "finish", "accept"]
    assert desk.get("/v1/decisions", params={"by": "nobody"}).json() == []
    undone = desk.post(f"/v1/bulk/{done['bulk']}/undo").json()
    assert (undone["findings"], undone["articles"]) == (2, 2)
    again = desk.get("/v1/articles", params={"origin": "bao.example"}).json()["articles"]
    assert [article["state"] for article in again] == ["review", "review"]
    assert desk.post(f"/v1/bulk/{done['bulk']}/undo").status_code == 422
    assert desk.post("/v1/bulk/nothing/undo").status_code == 404


def test_a_bulk_decision_meets_only_what_was_seen(desk: TestClient, full: dict[str, dict[str, Any]]) -> None:
    wanted = {"kind": "reject", "filter": {"rule": "phrase", "origin": "bao.example"}}
    preview = desk.post("/v1/bulk/preview", json=wanted).json()
    submitted(desk, SCHOOL.replace("312", "355"), origin="bao.example")
    late = desk.post("/v1/bulk", json=wanted | {"seen": preview["seen"]})
    assert (late.status_code, late.json()["title"]) == (409, "Changed meanwhile")
    again = desk.post("/v1/bulk/preview", json=wanted).json()
    assert again["findings"] == 3
    assert desk.post("/v1/bulk", json=wanted | {"seen": again["seen"]}).json()["articles"] == 3
    assert desk.post("/v1/bulk", json=wanted | {"seen": again["seen"]}).status_code == 422
    for nothing in ({}, {"words": " "}, {"words": "\u200b"}, {"state": "review", "least": 0.1}):
        assert desk.post("/v1/bulk/preview", json={"kind": "accept", "filter": nothing}).status_code == 422


def test_more_than_is_decided_at_once_comes_after_it(desk: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    ids = [submitted(desk, SCHOOL.replace("312", str(pupils)))["id"] for pupils in range(300, 305)]
    wanted = {"kind": "accept", "filter": {"category": "lottery"}}
    told = []
    while (preview := desk.post("/v1/bulk/preview", json=wanted).json())["findings"]:
        done = desk.post("/v1/bulk", json=wanted | {"seen": preview["seen"]}).json()
        assert (done["articles"], done["left"]) == (preview["articles"], preview["left"])
        told.append((preview["articles"], preview["left"]))
    assert told == [(2, 3), (2, 1), (1, 0)]
    assert [desk.get(f"/v1/articles/{id}").json()["state"] for id in ids] == ["decided"] * 5


def test_a_decision_for_many_that_is_cut_short_leaves_nothing(desk: TestClient, url: str) -> None:
    ids = [submitted(desk, source)["id"] for source in (HEALTH, SCHOOL)]
    script = """if True:
        import os, sys
        from cleaner.desk import bulk
        from cleaner.desk.database import Database
        from cleaner.desk.queue import Filter

        wanted = Filter(category="lottery")
        with Database(sys.argv[1]).write() as session:
            seen = bulk.preview(session, wanted, "accept").seen
            done = bulk.apply(session, wanted, "accept", seen, "Hà")
            session.flush()
            print(done.articles, flush=True)
            os._exit(9)
    """
    killed = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True)
    assert (killed.returncode, killed.stdout) == (9, "2\n"), killed.stderr
    assert [desk.get(f"/v1/articles/{id}").json()["version"] for id in ids] == [1, 1]
    assert desk.get("/v1/decisions").json() == []


# --- policy


def test_a_policy_is_looked_at_saved_and_taken_back(desk: TestClient, full: dict[str, dict[str, Any]]) -> None:
    current = desk.get("/v1/policy")
    assert (current.headers["etag"], current.json()["policy"]["strip"]) == ('"0"', 1.0)
    decided(desk, full["school"], {"kind": "reject"}, {"kind": "finish"})
    effect = desk.post("/v1/policy/preview", json={"strip": 0.8, "deny": ["Nậm Rốm"]}).json()
    assert effect["articles"] == 5
    assert (effect["before"], effect["after"]) == ({"review": 4, "clean": 1}, {"cleaned": 4, "review": 1})
    assert effect["changed"] == len(effect["examples"]) == 4
    assert effect["newly_cut"]["lottery"] == 2
    by_article = {change["article"]: change for change in effect["examples"]}
    assert by_article[full["road"]["id"]]["newly_cut"] == ["Nậm Rốm"]
    assert by_article[full["school"]["id"]]["against"] == [SPAM]
    assert effect["against"] == 1

    saved = desk.put("/v1/policy", json={"policy": {"deny": ["Nậm Rốm"]}, "note": "thử"}, headers={"If-Match": '"0"'})
    assert (saved.json()["number"], saved.json()["by"], saved.json()["note"]) == (1, "lan", "thử")
    assert submitted(desk, ROAD)["text"] == ROAD.replace(" Nậm Rốm", "")
    late = desk.put("/v1/policy", json={"policy": {}, "version": 0})
    assert (late.status_code, late.json()["changes"][0]["number"]) == (409, 1)
    assert desk.post("/v1/policy/versions/1/restore", json={"version": 1}).status_code == 422
    assert desk.post("/v1/policy/versions/0/restore", json={"version": 0}).status_code == 409
    back = desk.post("/v1/policy/versions/0/restore", json={"version": 1}).json()
    assert (back["number"], back["restores"], back["policy"]["strip"]) == (2, 0, 1.0)
    assert submitted(desk, ROAD)["text"] == ROAD
    assert [version["number"] for version in desk.get("/v1/policy/versions").json()] == [2, 1]
    assert [entry["action"] for entry in desk.get("/v1/audit", params={"action": "policy"}).json()] == [
        "policy.save"
    ] * 2


STRANGE: list[tuple[dict[str, Any], str]] = [
    ({"strip": 2}, "body.policy.strip: Input should be less than or equal to 1"),
    ({"categories": {"poetry": 0.5}}, "body.policy.categories.poetry"),
    ({"deny": [" "]}, "holds ' '"),
    ({"deny": ["\u200b"]}, "holds '\\u200b'"),
    ({"allow": ["a\u2028b"]}, "holds 'a\\u2028b'"),
    ({"thresholds": 1}, "body.policy.thresholds: Extra inputs are not permitted"),
]


def test_policies_that_make_no_sense(desk: TestClient) -> None:
    for policy, why in STRANGE:
        answer = desk.put("/v1/policy", json={"policy": policy, "version": 0})
        assert answer.status_code == 422
        assert why in answer.json()["detail"]
    assert desk.get("/v1/policy").json()["version"] == 0


# --- who may what


MAY = {
    "submit": {"POST /v1/articles", "GET /v1/articles"},
    "review": {"GET /v1/articles", "GET /v1/campaigns", "GET /v1/policy", "GET /v1/decisions", "POST /v1/bulk/preview"},
    "admin": {"PUT /v1/policy", "GET /v1/audit"},
}
BODIES = {
    "POST /v1/articles": {"source": ROAD},
    "POST /v1/bulk/preview": {"kind": "accept", "filter": {"campaign": "x"}},
    "PUT /v1/policy": {"policy": {}, "version": 0},
}


def test_scopes(url: str, desk: TestClient) -> None:
    routes = set().union(*MAY.values())
    for scope, allowed in MAY.items():
        headers = {"Authorization": f"Bearer {token_for(url, scope, name=scope)}"}
        for route in sorted(routes):
            method, path = route.split()
            answer = desk.request(method, path, headers=headers, json=BODIES.get(route))
            assert (answer.status_code < 300) == (route in allowed), (scope, route, answer.text)
            assert answer.status_code < 300 or answer.status_code == 403


def test_without_a_good_token(desk: TestClient) -> None:
    for given in ("", "Bearer nonsense", "Bearer cleaner_x", "Basic bGFuOng=", "Bearer ÿ"):
        headers = {b"Authorization": given.encode()}
        for path in ("/v1/articles", "/v1/policy", "/v1/campaigns", "/v1/decisions", "/v1/audit"):
            answer = desk.get(path, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="cleaner"')
    assert desk.post("/v1/clean", json={"source": ROAD}, headers={"Authorization": ""}).status_code == 200


# --- figures


def test_health_and_figures(desk: TestClient, full: dict[str, dict[str, Any]]) -> None:
    for prefix in ("", "/v1"):
        assert desk.get(f"{prefix}/health").json() == desk.get(f"{prefix}/ready").json() == {"status": "ok"}
    described = desk.get("/v1/openapi.json").json()["paths"]
    assert [path for path in described if path.endswith("/metrics")] == ["/v1/metrics"]
    decided(desk, full["health"], {"kind": "accept"})
    assert 'cleaner_articles{state="review"} 4.0' in desk.get("/v1/metrics").text
    lines = desk.get("/metrics").text.splitlines()
    for line in (
        'cleaner_articles{state="review"} 4.0',
        'cleaner_articles{state="published"} 1.0',
        'cleaner_findings{state="accepted"} 1.0',
        "cleaner_decisions 1.0",
        "cleaner_deliveries_waiting 0.0",
        'cleaner_requests_total{method="POST",route="/v1/articles",status="201"} 5.0',
    ):
        assert line in lines


def test_everything_survives_a_restart(url: str) -> None:
    with asking(url) as desk:
        article = decided(desk, submitted(desk, HEALTH), {"kind": "accept"}, {"kind": "finish"})
    headers = {"Authorization": f"Bearer {token_for(url, name='minh')}"}
    settings = Settings(database=url, policy=DOUBTS)
    with TestClient(create_app(settings), settings.url, headers=headers) as again:
        assert again.get(f"/v1/articles/{article['id']}").json() == article
