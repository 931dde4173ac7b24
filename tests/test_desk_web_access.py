"""Who comes in to the desk, what their forms may do, where they are led, and in which language they are spoken to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import HEALTH, asking, decided, desk_at, submitted
from fastapi.testclient import TestClient

from cleaner.desk import tokens
from cleaner.desk.tokens import TICKET_LIFE
from cleaner.desk.web.visits import local

HTML = {"Accept": "text/html"}
HUGE = "9" * 40
PAGES = ("/queue", "/campaigns", "/history", "/audit", "/bulk?category=lottery")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/desk.db"


@pytest.fixture
def desk(url: str) -> Iterator[TestClient]:
    """A desk that is asked by programs; take the token away to be a browser."""
    with asking(url) as client:
        yield client


def secret_for(url: str, kind: str, *scopes: str, name: str = "Hà") -> str:
    database = desk_at(url)
    with database.write() as session:
        _, secret = tokens.add(session, name, scopes or tokens.SCOPES, "test", TICKET_LIFE, kind)
    database.close()
    return secret


def come_in(client: TestClient, url: str, *scopes: str) -> None:
    """Become a browser with a session."""
    client.headers.pop("Authorization", None)
    client.headers.update(HTML)
    answer = client.post("/enter", data={"ticket": secret_for(url, "ticket", *scopes)}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def test_a_link_lets_in_once_and_looking_at_it_does_not_use_it_up(desk: TestClient, url: str) -> None:
    ticket = secret_for(url, "ticket")
    desk.headers.pop("Authorization")
    for _ in range(2):
        assert ticket in desk.get(f"/enter?ticket={ticket}").text
    answer = desk.post("/enter", data={"ticket": ticket}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert desk.get("/queue").status_code == 200
    again = desk.post("/enter", data={"ticket": ticket})
    assert again.status_code == 401
    assert "unknown, has expired or was revoked" in again.text


def test_over_https_the_cookie_is_for_https_and_this_host_alone(url: str) -> None:
    with asking(url, address="https://desk.example.org") as client:
        client.headers.pop("Authorization")
        answer = client.post("/enter", data={"ticket": secret_for(url, "ticket")}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-cleaner=")
    assert "Secure" in cookie


def test_a_token_lets_in_and_leads_back_where_one_wanted_to_go(desk: TestClient, url: str) -> None:
    token = secret_for(url, "token")
    id = submitted(desk, HEALTH)["id"]
    desk.headers.pop("Authorization")
    desk.headers.update(HTML)
    asked = desk.get(f"/articles/{id}?queue=state%3Dall", follow_redirects=False)
    assert asked.headers["location"] == f"/login?next=%2Farticles%2F{id}%3Fqueue%3Dstate%253Dall"
    wrong = desk.post("/login", data={"token": "cleaner_wrong", "next": "/history"})
    assert wrong.status_code == 401
    assert 'value="/history"' in wrong.text
    page = desk.get(asked.headers["location"]).text
    wanted = re.search(r'name="next" value="([^"]*queue=state%3Dall)"', page)
    assert wanted
    right = desk.post("/login", data={"token": f" {token} ", "next": wanted[1]}, follow_redirects=False)
    assert right.headers["location"] == f"/articles/{id}?queue=state%3Dall"
    assert desk.get(right.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "//[",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/queue\r\nSet-Cookie: a=b",
        "",
        "queue",
    ],
)
def test_nobody_is_led_elsewhere(desk: TestClient, url: str, path: str) -> None:
    assert local(path) == "/queue"
    desk.headers.pop("Authorization")
    data = {"token": secret_for(url, "token"), "next": path}
    assert desk.post("/login", data=data, follow_redirects=False).headers["location"] == "/queue"
    switch = desk.post("/language", data={"language": "vi", "next": path}, follow_redirects=False)
    assert switch.headers["location"] == "/queue"


def test_who_signs_out_is_out(desk: TestClient, url: str) -> None:
    come_in(desk, url)
    cookie = desk.cookies["cleaner"]
    answer = desk.post("/logout", data={"csrf": csrf_in(desk.get("/queue").text)})
    assert "You have signed out." in answer.text
    desk.cookies.set("cleaner", cookie)
    assert desk.get("/queue", follow_redirects=False).headers["location"] == "/login?next=%2Fqueue"


def test_forms_of_others_are_refused(desk: TestClient, url: str) -> None:
    article = submitted(desk, HEALTH)
    number = article["findings"][0]["number"]
    come_in(desk, url)
    path = f"/articles/{article['id']}"
    wish = {"version": "1", "do": "accept", "finding": str(number)}
    good = {**wish, "csrf": csrf_in(desk.get(path).text)}
    stranger = tokens.csrf_of("desk_of_somebody_else")
    for data, headers in (
        (wish, {}),
        ({**wish, "csrf": stranger}, {}),
        (good, {"Sec-Fetch-Site": "cross-site"}),
        (good, {"Sec-Fetch-Site": "same-site"}),
        (good, {"Origin": "https://evil.example"}),
        (good, {"Origin": "null"}),
    ):
        answer = desk.post(path, data=data, headers=headers)
        assert answer.status_code == 403, (data, headers)
        assert "Not allowed" in answer.text
    assert desk.post(path, data=good, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert "Accepted, it is cut" not in desk.get("/history").text
    assert desk.get("/history").text.count("accepted: cut</span>") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/login?next=%2F%2F%5B",
        f"/policy?like={HUGE}",
        f"/models/runs/{HUGE}",
        f"/queue?after={HUGE}",
        "/queue?words=%00&origin=%00&campaign=%00&rule=%00",
        "/history?by=%00&bulk=%00&words=%00",
        "/audit?action=%00",
        "/bulk?campaign=%00",
        "/articles/{id}?queue=words%3D%2500",
        "/articles/{id}?queue=" + "a%3D1%26" * 60,
    ],
)
def test_addresses_that_make_no_sense_break_nothing(desk: TestClient, url: str, path: str) -> None:
    id = submitted(desk, HEALTH)["id"]
    come_in(desk, url)
    answer = desk.get(path.replace("{id}", id))
    assert answer.status_code in (200, 404, 422)
    assert "<h1>" in answer.text


def test_forms_that_make_no_sense_break_nothing(desk: TestClient, url: str) -> None:
    come_in(desk, url)
    good = {"csrf": csrf_in(desk.get("/queue").text)}
    assert desk.post(f"/policy/{HUGE}/restore", data=good).status_code == 422
    assert desk.post("/policy/preview", data=good).status_code == 422
    assert desk.post("/login", data={"token": "x"}, headers={"Origin": "http://["}).status_code == 403
    for charset in ("undefined", "unicode_escape"):
        part = b"--b\r\nContent-Disposition: form-data; name=csrf\r\n\r\n\\ud800\r\n--b--\r\n"
        kind = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
        answer = desk.post("/logout", content=part, headers=kind)
        assert (answer.status_code, "Unsupported media type" in answer.text) == (415, True)


@pytest.mark.parametrize("path", ["/enter", "/login", "/language"])
def test_other_sites_let_nobody_in(desk: TestClient, path: str) -> None:
    answer = desk.post(path, data={"token": "x"}, headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_those_who_are_in(desk: TestClient, url: str, path: str) -> None:
    desk.headers.pop("Authorization")
    answer = desk.get(path, headers=HTML, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")


def test_the_way_back_to_the_beginning_asks_the_same(desk: TestClient, url: str) -> None:
    article = submitted(desk, HEALTH)
    decided(desk, article, {"kind": "accept"}, {"kind": "finish"})
    come_in(desk, url)
    for asked in ("/history?kind=accept", "/audit?action=session"):
        assert f'href="{asked}">Back to the beginning' in desk.get(f"{asked}&before=9").text


def test_who_may_only_submit_sees_no_article_and_who_reviews_no_audit_log(desk: TestClient, url: str) -> None:
    come_in(desk, url, "submit")
    assert desk.get("/queue").status_code == 403
    desk.cookies.clear()
    come_in(desk, url, "review")
    assert desk.get("/queue").status_code == 200
    assert desk.get("/audit").status_code == 403
    assert 'href="/audit"' not in desk.get("/history").text


@pytest.mark.parametrize("path", ["/login", "/enter?ticket=x", "/static/desk.css", "/nothing-here", *PAGES])
def test_every_answer_keeps_browsers_from_running_and_telling_anything(desk: TestClient, url: str, path: str) -> None:
    come_in(desk, url)
    headers = desk.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_no_page_has_a_script_or_a_style_of_its_own(desk: TestClient, url: str) -> None:
    id = submitted(desk, HEALTH)["id"]
    come_in(desk, url)
    for path in (*PAGES, f"/articles/{id}", "/login"):
        page = desk.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page), path
        for form in re.findall(r'<form method="post" action="(/[^"]*)">(.*?)</form>', page, re.S):
            assert 'name="csrf"' in form[1] or form[0] in ("/login", "/enter"), (path, form[0])


@pytest.mark.parametrize(
    ("accepted", "chosen", "language", "heading"),
    [
        ("vi-VN,vi;q=0.9,en;q=0.8", "", "vi", "Hàng chờ"),
        ("en-GB,vi;q=0.5", "", "en", "Queue"),
        ("fr-FR, de;q=0.7", "", "en", "Queue"),
        ("fr, vi;q=0.2, en;q=0.1", "", "vi", "Hàng chờ"),
        ("vi;q=0, en", "", "en", "Queue"),
        ("vi;q=nonsense;;, *", "", "en", "Queue"),
        ("", "", "en", "Queue"),
        ("en", "vi", "vi", "Hàng chờ"),
        ("vi", "en", "en", "Queue"),
        ("vi", "../../etc", "vi", "Hàng chờ"),
    ],
)
def test_the_language_is_the_chosen_one_or_one_that_the_browser_accepts(
    desk: TestClient, url: str, accepted: str, chosen: str, language: str, heading: str
) -> None:
    come_in(desk, url)
    if chosen:
        desk.post("/language", data={"language": chosen, "next": "/queue"})
    answer = desk.get("/queue", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in answer.text
    assert f"<h1>{heading}</h1>" in answer.text
    assert answer.headers["content-language"] == language


def test_errors_are_pages_for_people_and_problems_for_programs(desk: TestClient, url: str) -> None:
    assert desk.get("/articles/none").json()["title"] == "Not authorized"
    come_in(desk, url)
    desk.headers["Accept-Language"] = "vi"
    missing = desk.get("/articles/none")
    assert missing.status_code == 404
    assert "Không có bài viết nào như vậy." in missing.text
    assert desk.get("/bulk").status_code == 422
    assert desk.get("/queue?after=-1").status_code == 422
    assert desk.get("/queue?category=nonsense&score=x&age=y&state=z").status_code == 200
