"""The pages of policy, learning and figures, in a browser and without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from browsing import Person, Served, person, serving
from desks import FERRY, HEALTH, LIBRARY, SCHOOL, SPAM, asking, desk_at
from learning import CAUTIOUS, TESTS, articles, decided_desk, shy_model
from playwright.sync_api import Browser, Page, expect
from test_desk_web_access import come_in, csrf_in
from test_desk_web_pages import DARK, PHONE, faults, fill

from cleaner.desk import policies
from cleaner.desk.gate import current_versions
from cleaner.desk.web.policy import changes_of, fields_of, policy_from
from cleaner.desk.web.words import read_words
from cleaner.types import Policy, PolicyError


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/desk.db"


def held(desk: Served) -> tuple[int, Policy]:
    """Number and values of the policy that holds."""
    database = desk_at(desk.database)
    with database.read() as session:
        found = policies.current(session, Policy())
    database.close()
    return found


def look(page: Page) -> None:
    """From the form to what it would do."""
    page.click("form.policy button.primary")
    page.wait_for_url("**/policy/preview")


def save(page: Page, note: str = "") -> None:
    page.fill("[name=note]", note)
    page.click("form[action='/policy'] button.primary")


# --- policy


def test_a_policy_is_looked_at_saved_and_taken_back(served: Served, chromium: Browser) -> None:
    served.submit(HEALTH, title="Tiêm phòng ở Mường Lay")
    served.submit(SCHOOL)
    with person(chromium, served, "Hà") as ha:
        ha.page.goto(f"{served.url}/policy")
        expect(ha.page.locator("[name=strip]")).to_have_value("100")
        ha.page.fill("[name=strip]", "80")
        ha.page.fill("[name='lottery.flag']", "30")
        ha.page.fill("[name=allow]", "Vietlott.vn\n\n  xổ số kiến thiết  \n")
        look(ha.page)
        told = ha.page.locator("main").inner_text()
        assert "2\narticles were looked at\n" in told
        assert "Newly cut: 2" in told
        assert "Tiêm phòng ở Mường Lay" in told
        assert faults(ha) == []
        assert held(served)[0] == 0
        save(ha.page, "Tin xổ số là chuyên mục của báo")
        ha.hears("The policy was saved")
        number, policy = held(served)
        assert (number, policy.strip, policy.allow) == (1, 0.8, ("Vietlott.vn", "xổ số kiến thiết"))
        assert policy.thresholds("lottery") == (0.8, 0.3)
        expect(ha.page.locator(".versions")).to_contain_text("Tin xổ số là chuyên mục của báo")
        assert faults(ha) == []
        ha.page.click("text=Take back")
        ha.hears("holds again")
        assert held(served) == (2, Policy(strip=1.0))
        assert ha.said == []


def test_what_is_saved_is_what_was_looked_at(served: Served, chromium: Browser) -> None:
    with person(chromium, served, "Hà", java_script_enabled=False) as ha:
        ha.page.goto(f"{served.url}/policy")
        ha.page.fill("[name=flag]", "45.5")
        ha.page.fill("[name=deny]", "kubet")
        look(ha.page)
        expect(ha.page.locator("form[action='/policy'] input:not([type=hidden])")).to_have_count(1)
        ha.page.click("text=Change further")
        expect(ha.page.locator("[name=flag]")).to_have_value("45.5")
        ha.page.fill("[name=flag]", "40")
        look(ha.page)
        save(ha.page)
        ha.page.wait_for_url("**/policy")
        assert held(served)[1] == Policy(strip=1.0, flag=0.4, deny=("kubet",))
        ha.page.goto(f"{served.url}/policy")
        look(ha.page)
        expect(ha.page.locator("main")).to_contain_text("Nothing is changed")


def test_two_who_change_the_policy_hear_of_each_other(served: Served, chromium: Browser) -> None:
    with person(chromium, served, "Hà") as ha, person(chromium, served, "Minh") as minh:
        for who, strip in ((ha, "90"), (minh, "70")):
            who.page.goto(f"{served.url}/policy")
            who.page.fill("[name=strip]", strip)
            look(who.page)
        save(minh.page, "cắt nhiều hơn")
        minh.page.wait_for_url("**/policy")
        save(ha.page)
        alert = ha.page.locator("[role=alert]")
        expect(alert).to_contain_text("Version 1, by Minh")
        expect(alert).to_contain_text("cắt nhiều hơn")
        expect(ha.page.locator("[name=strip]")).to_have_value("90")
        assert faults(ha) == []
        assert held(served)[1].strip == 0.7
        look(ha.page)
        save(ha.page)
        ha.hears("The policy was saved")
    assert (held(served)[0], held(served)[1].strip) == (2, 0.9)


def test_an_older_policy_is_looked_at_before_it_holds_again(served: Served, chromium: Browser) -> None:
    with person(chromium, served, "Hà") as ha:
        for strip in ("90", "70"):
            ha.page.goto(f"{served.url}/policy")
            ha.page.fill("[name=strip]", strip)
            look(ha.page)
            save(ha.page)
            ha.page.wait_for_url("**/policy")
        ha.page.click("text=Look at it >> nth=0")
        expect(ha.page.locator("[name=strip]")).to_have_value("90")
        expect(ha.page.locator(".notice")).to_contain_text("values of version 1")
        look(ha.page)
        expect(ha.page.locator(".changes del")).to_contain_text("70")
        save(ha.page)
        ha.page.wait_for_url("**/policy")
    assert held(served)[1].strip == 0.9


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("strip", "viel", "“Cut by itself from” must be a number from 0 to 100, not “viel”."),
        ("flag", "101", "“Left to a person from” must be a number from 0 to 100, not “101”."),
        ("max_removed", "-1", "must be a number from 0 to 100"),
        ("loan.strip", "12;3", "“loans” must be a number"),
        ("strip", "", "must be a number"),
        ("strip", "nan", "must be a number"),
        ("deny", "kubet\n\u200b\u2060", "“Always cut” has a line of nothing but characters that nobody sees."),
        ("strip", "<script>", "not “&lt;script&gt;”"),
    ],
)
def test_a_field_that_makes_no_sense_is_named_and_nothing_lost(url: str, field: str, value: str, said: str) -> None:
    with asking(url) as client:
        come_in(client, url)
        fields = {"strip": "90", "flag": "50", "max_removed": "60", "deny": "kubet", field: value}
        answer = client.post("/policy/preview", data={**fields, "csrf": csrf_in(client.get("/policy").text)})
        again = client.post("/policy", data={**fields, "seen": "0", "csrf": csrf_in(client.get("/policy").text)})
    assert (answer.status_code, again.status_code) == (422, 422)
    assert said in answer.text
    assert ">kubet" in answer.text


def test_the_language_is_changed_on_pages_that_a_form_leads_to(url: str) -> None:
    with asking(url) as client:
        come_in(client, url)
        fields = {"strip": "90", "flag": "50", "max_removed": "60", "csrf": csrf_in(client.get("/policy").text)}
        for path, data in (
            ("/policy/preview", fields),
            ("/policy/edit", fields),
            ("/policy/preview", {**fields, "strip": "x"}),
            ("/policy/7/restore", fields),
            ("/bulk", {**fields, "category": "lottery"}),
        ):
            page = client.post(path, data=data).text
            assert (back := re.search(r'name="next" value="([^"]*)"', page)), path
            assert client.get(unescape(back[1])).status_code == 200, path


def test_pages_of_policy_and_learning_are_for_who_may_set_them(url: str) -> None:
    with asking(url) as client:
        come_in(client, url, "review")
        assert client.get("/dashboard").status_code == 200
        csrf = csrf_in(client.get("/dashboard").text)
        for path in ("/policy", "/models", "/models/decisions.jsonl", "/models/runs/1"):
            assert client.get(path).status_code == 403, path
        for path in (
            "/policy",
            "/policy/preview",
            "/policy/edit",
            "/policy/0/restore",
            "/models/learn",
            "/models/switch",
        ):
            assert client.post(path, data={"csrf": csrf}).status_code == 403, path


def test_forms_need_the_secret_of_their_session(url: str) -> None:
    with asking(url) as client:
        come_in(client, url)
        for path in (
            "/policy",
            "/policy/preview",
            "/policy/edit",
            "/policy/0/restore",
            "/models/learn",
            "/models/switch",
        ):
            assert client.post(path, data={"strip": "90", "csrf": "0" * 64}).status_code == 403, path


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(strip=0.985, flag=0.4321, max_removed=1.0),
        Policy(
            categories={"loan": 0.9, "seo": (0.7, 0.35), "adult": (1.0, 0.0)}, allow=("a b", "x.vn"), deny=("kubet",)
        ),
    ],
)
def test_a_policy_survives_its_form(language: str, policy: Policy) -> None:
    words = read_words()[language]
    assert policy_from(fields_of(policy, words), words) == policy
    assert list(changes_of(policy, policy, words)) == []


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(
    ("typed", "share"),
    [
        *[("92,5", 0.925), ("92.5", 0.925), ("0.5", 0.005), ("9,5", 0.095), (",5", 0.005), ("50 %", 0.5), ("7.", 0.07)],
        *[(" 100,0% ", 1.0), ("1.000", 0.01), ("92,5,1", None), ("1.000,5", None), ("92,5x", None), ("100,1", None)],
        *[(",", None), ("1e1", None), ("1_0", None), ("inf", None), ("٥", None), ("-0", None), ("4 0", None)],
    ],
)
def test_a_comma_is_a_point_in_every_language(language: str, typed: str, share: float | None) -> None:
    words = read_words()[language]
    fields = {"strip": typed, "flag": "50 %", "max_removed": "60"}
    if share is None:
        with pytest.raises(PolicyError):
            policy_from(fields, words)
    else:
        assert policy_from(fields, words).strip == pytest.approx(share)


# --- figures


def test_the_dashboard_tells_what_its_pictures_show(served: Served, chromium: Browser) -> None:
    fill(served)
    with person(chromium, served, "Hà", locale="vi-VN") as ha:
        ha.page.goto(f"{served.url}/dashboard")
        assert ha.page.locator("h1").inner_text() == "Tổng quan"
        pictures = ha.page.locator("svg[role=img]")
        assert pictures.count() == 1
        assert "số liệu ở bảng" in (pictures.first.get_attribute("aria-label") or "")
        ha.page.click("summary >> nth=0")
        row = ha.page.locator("#times-head >> xpath=../.. >> tbody tr").inner_text()
        numbers = [int(number) for number in re.findall(r"\d+", row)[-4:]]
        drawn = ha.page.locator(".chart rect").count()
        assert drawn == sum(number > 0 for number in numbers[:3])
        expect(ha.page.locator("#waiting-head")).to_contain_text("chờ")
        for days in ("7", "365", "all", "nonsense"):
            ha.page.goto(f"{served.url}/dashboard?days={days}")
            assert faults(ha) == []
        assert ha.said == []


def test_an_empty_dashboard_says_so(served: Served, chromium: Browser) -> None:
    with person(chromium, served, "Hà") as ha:
        ha.page.goto(f"{served.url}/dashboard")
        told = ha.page.locator("main").inner_text()
        assert told.count("Nothing was found in this time.") == 3
        assert "Nothing waits. Well done." in told
        assert faults(ha) == []


# --- learning


@pytest.fixture(scope="module")
def teaching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A desk where people know better than the model."""
    folder = tmp_path_factory.mktemp("teaching")
    model = shy_model(folder / "shy")
    desk = decided_desk(folder, [*articles("infected"), *articles("honest")], model)
    with serving(desk.url, CAUTIOUS, model=model, models=folder / "models", tests=TESTS) as made:
        yield made


def holds(desk: Served) -> int:
    database = desk_at(desk.database)
    with database.read() as session:
        _, model = current_versions(session)
    database.close()
    return model


def test_a_model_is_learnt_approved_and_taken_back(teaching: Served, chromium: Browser) -> None:
    with person(chromium, teaching, "Hà") as ha:
        ha.page.set_default_timeout(180_000)
        ha.page.goto(f"{teaching.url}/models")
        ha.page.click("text=Learn from decisions")
        ha.page.wait_for_selector("progress")
        assert faults(ha) == []
        ha.page.wait_for_selector(".approving")
        told = ha.page.locator("main").inner_text()
        assert "Model 1 was learnt. It holds only when you approve it." in told
        assert "closer to what people decided" in told
        assert holds(teaching) == 0
        assert faults(ha) == []
        ha.page.fill(".approving [name=note]", "tự cắt nhiều hơn")
        ha.page.click(".approving button")
        ha.hears("Model 1 holds from now on.")
        assert holds(teaching) == 1
        expect(ha.page.locator("main")).to_contain_text("tự cắt nhiều hơn")
        ha.page.click("text=Go back to it")
        ha.hears("Model 0 holds from now on.")
        assert holds(teaching) == 0
        assert ha.said == []
        for options in (DARK, {**PHONE, "locale": "vi-VN"}):
            with person(chromium, teaching, "Lan", **options) as lan:
                check_page(lan, f"{teaching.url}/models")


def check_page(who: Person, address: str) -> None:
    who.page.goto(address)
    assert faults(who) == []
    assert who.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_too_few_decisions_are_told_and_what_there_is_can_be_had(tmp_path: Path, chromium: Browser) -> None:
    settings: dict[str, Any] = {"models": tmp_path / "models", "tests": TESTS}
    with serving(f"sqlite:///{tmp_path}/desk.db", **settings) as desk:
        fill(desk)
        desk.submit(FERRY, format="html")
        with person(chromium, desk, "Hà", locale="vi-VN") as ha:
            ha.page.set_default_timeout(120_000)
            ha.page.goto(f"{desk.url}/models")
            ha.page.click("text=Học từ các quyết định")
            ha.page.wait_for_selector(".warn")
            expect(ha.page.locator(".warn")).to_contain_text("Quá ít quyết định: mới có")
            with ha.page.expect_download() as download:
                ha.page.click("text=Tải về dạng JSON lines")
            lines = Path(download.value.path()).read_text("utf-8").splitlines()
            assert len(lines) == 1
            assert SPAM not in lines[0]
            assert LIBRARY[:20] in lines[0]
