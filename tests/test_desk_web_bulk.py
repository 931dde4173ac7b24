"""Many findings are decided at once in a browser, and all of it is taken back; the history tells."""

from __future__ import annotations

import re

import pytest
from browsing import Served, person
from desks import HEALTH, ROAD, SCHOOL, SPAM, decided
from playwright.sync_api import Browser, expect

from cleaner.desk import bulk

CAMPAIGN = "xo so truc tuyen minh ngoc"


def test_a_campaign_is_previewed_decided_and_taken_back(served: Served, chromium: Browser) -> None:
    ids = [served.submit(HEALTH, title="Tiêm phòng"), served.submit(SCHOOL, title="Khai giảng")]
    untouched = served.submit(ROAD)
    with person(chromium, served) as ha:
        ha.page.get_by_role("link", name="Campaigns").click()
        row = ha.page.get_by_role("row").filter(has_text=CAMPAIGN)
        expect(row).to_contain_text("2 to decide")
        row.get_by_role("link", name="Cut …").click()
        expect(ha.page.locator(".figure").nth(1)).to_contain_text("2 articles change")
        expect(ha.page.locator(".figure").nth(2)).to_contain_text("2 articles are finished")
        expect(ha.page.locator(".examples mark")).to_have_text([SPAM, SPAM])
        assert all(served.article(id)["version"] == 1 for id in ids)
        ha.page.get_by_label("Note for the history").fill("cùng một chiến dịch")
        ha.page.get_by_role("button", name="Cut all 2 findings").click()
        expect(ha.page.locator(".notice.good")).to_contain_text("Accepted, to be cut: 2 findings in 2 articles.")
        told = [served.article(id) for id in ids]
        assert [(one["state"], SPAM in one["text"]) for one in told] == [("decided", False)] * 2
        assert told[0]["decisions"][0]["note"] == "cùng một chiến dịch"
        ha.page.get_by_role("button", name="Take all of it back").click()
        expect(ha.page.locator(".notice.good")).to_contain_text("Taken back: 2 findings in 2 articles.")
        assert [served.article(id)["state"] for id in ids] == ["review"] * 2
        assert [served.cleaned(id) for id in ids] == [HEALTH, SCHOOL]
        ha.page.goto(f"{served.url}/history?words=khai+giang&kind=accept")
        expect(ha.page.locator("tbody tr")).to_have_count(1)
        expect(ha.page.locator("tbody tr.undone")).to_contain_text("Khai giảng")
        assert ha.said == []
    assert served.article(untouched)["version"] == 1


def test_what_changed_since_the_preview_is_not_decided_unseen(served: Served, chromium: Browser) -> None:
    served.submit(HEALTH)
    with person(chromium, served) as ha:
        ha.page.goto(f"{served.url}/bulk?campaign={CAMPAIGN}&kind=reject")
        other = served.submit(SCHOOL)
        ha.page.get_by_label("Note for the history").fill("báo địa phương")
        ha.page.get_by_role("button", name="Keep 1 finding").click()
        expect(ha.page.get_by_role("alert")).to_contain_text("has changed since it was previewed: look again")
        expect(ha.page.get_by_label("Note for the history")).to_have_value("báo địa phương")
        assert served.article(other)["version"] == 1
        ha.page.get_by_role("button", name="Keep all 2 findings").click()
        ha.page.wait_for_url("**/history?bulk=*")
    assert served.article(other)["text"] == SCHOOL


def test_what_is_too_much_for_one_decision_comes_next(
    served: Served, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 1)
    ids = [served.submit(HEALTH), served.submit(SCHOOL)]
    with person(chromium, served) as ha:
        ha.page.goto(f"{served.url}/bulk?campaign={CAMPAIGN}&kind=accept")
        expect(ha.page.locator("p.notice")).to_contain_text("1 more article has such findings")
        ha.page.get_by_label("Note for the history").fill("cùng một chiến dịch")
        ha.page.get_by_role("button", name="Cut 1 finding").click()
        expect(ha.page.locator(".notice.good")).to_contain_text("Accepted, to be cut: 1 finding in 1 article.")
        expect(ha.page.locator(".notice.good").get_by_role("link")).to_have_attribute(
            "href", re.compile("/history.bulk=")
        )
        expect(ha.page.get_by_label("Note for the history")).to_have_value("cùng một chiến dịch")
        assert [served.article(id)["state"] for id in ids] == ["decided", "review"]
        ha.page.get_by_role("button", name="Cut 1 finding").click()
        ha.page.wait_for_url("**/history?bulk=*")
        assert ha.said == []
    assert [served.article(id)["state"] for id in ids] == ["decided", "decided"]


def test_a_rule_is_decided(served: Served, chromium: Browser) -> None:
    brand = "nhà cái uy tín kubet88"
    ids = [served.submit(f"Đợt tiêm kế tiếp {brand} diễn ra vào tuần cuối tháng {month}.") for month in ("Tư", "Năm")]
    with person(chromium, served) as ha:
        ha.page.goto(f"{served.url}/campaigns")
        rules = ha.page.get_by_role("table", name="Rules")
        rules.get_by_role("row").filter(has_text="kubet88").get_by_role("link", name="Cut …").first.click()
        ha.page.get_by_role("button", name="Cut all 2 findings").click()
        ha.page.wait_for_url("**/history?bulk=*")
    assert not any(brand in served.article(id)["text"] for id in ids)


def test_the_queue_is_filtered_searched_and_paged(served: Served, chromium: Browser) -> None:
    for number in range(32):
        served.submit(HEALTH, title=f"Bài {number}", origin="a.example.vn" if number % 2 else "b.example.vn")
    special = served.submit(SCHOOL, title="Khai giảng", origin="b.example.vn")
    decided(served.client, served.article(special), {"kind": "reject"}, {"kind": "finish"})  # type: ignore[arg-type]
    with person(chromium, served) as ha:
        rows = ha.page.locator("[data-row]")
        expect(rows).to_have_count(30)
        ha.page.get_by_role("link", name="Next page").click()
        expect(rows).to_have_count(2)
        ha.page.get_by_role("link", name="Back to the beginning").click()
        ha.page.wait_for_url("**/queue?")
        expect(rows).to_have_count(30)
        ha.press("/")
        expect(ha.page.get_by_label("Words in the article")).to_be_focused()
        ha.page.keyboard.type("Bài 31")
        ha.press("Enter")
        expect(rows).to_have_count(1)
        ha.page.goto(f"{served.url}/queue")
        ha.press("/")
        ha.page.get_by_label("Source").select_option("a.example.vn")
        ha.page.get_by_label("Score").select_option("0")
        ha.page.get_by_role("button", name="Show").click()
        expect(ha.page.get_by_role("heading", name="Nothing found")).to_be_visible()
        ha.page.get_by_role("link", name="Clear the filters").click()
        ha.page.get_by_role("link", name="Decided").click()
        expect(rows).to_have_count(1)
        expect(rows.get_by_role("link")).to_have_text("Khai giảng")
        rows.get_by_role("link").click()
        ha.page.get_by_role("link", name="← Queue").click()
        expect(rows).to_have_count(1)
        assert ha.said == []
