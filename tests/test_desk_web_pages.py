"""Every page: usable by those who see or hear it otherwise, narrow or dark; and safe from what articles hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Person, Served, person, serving
from desks import FERRY, HEALTH, LIBRARY, SCHOOL, SPAM, decided
from playwright.sync_api import Browser, expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark"}
BIDI = "\u202egnp.exe\u202c\u2066\u2069\u200b\ufeff\u00ad"
CONTROL = "".join(map(chr, (0, 7, 8, 27, 127, 133, 0x2028))) + "\x1b[31m\r\r\n"
HOSTILE = f"""<div style="position:fixed;inset:0;z-index:99999;background:#fff">gone {SPAM}</div>
<style>* {{ display: none !important }} body::before {{ content: url(https://evil.example/style) }}</style>
<script>window.hacked = 1; fetch("https://evil.example/script")</script><img src=x onerror="window.hacked=2">
<svg onload="window.hacked=3"><a href="javascript:window.hacked=4">soi cầu lô đề</a></svg></textarea></title></template>
</div></main></body><iframe srcdoc="<script>parent.hacked=5</script>"></iframe><base href="https://evil.example/">
<meta http-equiv="refresh" content="0;url=https://evil.example/"><form action="https://evil.example/"><button>Accept</button>
<img src="https://evil.example/huge.png" width="99999" height="99999">
<link rel="stylesheet" href="//evil.example/a.css">
"onfocus="window.hacked=6" autofocus x=" 'onclick='window.hacked=7' {{{{ 7*7 }}}} {{% raw %}} %(name)s %s ${{1}} `x`
{BIDI} {CONTROL} {"Z͓̗̰͘" * 30} {"a" * 3000}
<p>Trung tâm Y tế huyện {SPAM}\nđã tiêm phòng cho hơn bốn nghìn trẻ trong tháng Ba.</p> 🎰🔥 𝐊𝐔𝐕𝟖𝟖"""
LINE = re.sub(r"\s+", " ", "".join(c for c in HOSTILE if c.isprintable()))


def fill(desk: Served) -> str:
    """Articles in all states, and decisions of all kinds; returns an article that waits."""
    waiting = desk.submit(HEALTH, title="Tiêm phòng ở Mường Lay", origin="bao.example.vn", reference="bai-1742")
    desk.submit(SCHOOL, title="Khai giảng", origin="truong.example.vn")
    desk.submit(FERRY, title="Bến phà", format="html")
    done = desk.article(desk.submit(LIBRARY, title="The library reopens"))
    decided(
        desk.client,  # type: ignore[arg-type]
        done,
        {"kind": "accept", "note": "casino"},
        {"kind": "finish"},
    )
    return waiting


def pages(desk: Served, id: str) -> list[str]:
    """Addresses of all pages."""
    return [
        "/queue",
        "/queue?state=all&words=benh&age=week",
        f"/articles/{id}",
        f"/articles/{id}?shown=after&view=source",
        "/campaigns?all=1",
        "/bulk?category=lottery&kind=accept",
        "/bulk?category=lottery&kind=reject&words=zzz",
        "/history",
        "/audit",
        "/dashboard",
        "/policy",
        "/models",
        "/nothing-here",
        "/login",
        "/enter?ticket=x",
    ]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db") as desk:
        yield desk, fill(desk)


def faults(who: Person) -> list[tuple[str, str, str]]:
    """What is seriously wrong with a page for those who see or hear it otherwise."""
    found = Axe().run(who.page).response["violations"]
    return [
        (one["id"], node["html"][:120], node["failureSummary"][:200])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    "options", [{}, DARK, {**PHONE, **DARK, "locale": "vi-VN"}], ids=["desktop", "dark", "phone-dark-vi"]
)
def test_no_page_has_a_serious_fault(filled: tuple[Served, str], chromium: Browser, options: dict[str, Any]) -> None:
    desk, id = filled
    with person(chromium, desk, **options) as ha:
        for path in pages(desk, id):
            ha.page.goto(desk.url + path)
            assert faults(ha) == [], path
            wide = ha.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is wider than the screen"
        assert ha.said == []


def test_what_appears_while_reviewing_has_no_serious_fault(filled: tuple[Served, str], chromium: Browser) -> None:
    desk, _ = filled
    id = desk.submit(HEALTH)
    with person(chromium, desk, "Lan") as lan, person(chromium, desk, "Minh") as minh:
        lan.page.goto(f"{desk.url}/articles/{id}")
        minh.page.goto(f"{desk.url}/articles/{id}")
        lan.press("?")
        expect(lan.page.locator("dialog[open]")).to_have_count(1)
        assert faults(lan) == []
        lan.press("Escape", "]")
        lan.page.wait_for_selector(".pending:not([hidden])")
        assert faults(lan) == []
        lan.press("Enter")
        lan.hears("Cut with new boundaries")
        assert faults(lan) == []
        minh.press("r")
        minh.page.wait_for_selector("#conflict")
        assert faults(minh) == []


def test_keys_are_told_only_where_they_work(filled: tuple[Served, str], chromium: Browser) -> None:
    desk, id = filled
    for scripted in (True, False):
        with person(chromium, desk, java_script_enabled=scripted) as ha:
            for path in ("/queue", f"/articles/{id}"):
                ha.page.goto(desk.url + path)
                assert (ha.page.locator("main kbd:visible").count() > 0) is scripted, path


def test_nothing_to_press_is_printed(filled: tuple[Served, str], chromium: Browser) -> None:
    desk, id = filled
    with person(chromium, desk) as ha:
        ha.page.emulate_media(media="print")
        for path in ("/queue", f"/articles/{id}", "/bulk?category=lottery&kind=accept"):
            ha.page.goto(desk.url + path)
            expect(ha.page.locator("h1")).to_be_visible()
            for words in ("Before", "After", "Next article", "Missed something?", "Waiting", "Cancel", "Reject: keep"):
                told = ha.page.locator("main").get_by_text(words, exact=True)
                assert told.locator("visible=true").count() == 0, (path, words)
        ha.page.goto(f"{desk.url}/articles/{id}")
        expect(ha.page.locator("#text mark")).to_be_visible()


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """A desk with hostile articles."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('attacked')}/desk.db") as desk:
        ids = {}
        for format in ("text", "html", "markdown"):
            ids[format] = desk.submit(
                HOSTILE, format=format, title=LINE[:200], origin=LINE[200:400], reference=LINE[-200:]
            )
            article = desk.article(ids[format])
            mark = {"kind": "mark", "start": 0, "end": 400, "note": LINE[:2000], "category": "other"}
            decided(desk.client, article, mark)  # type: ignore[arg-type]
        yield desk, ids


@pytest.mark.parametrize("format", ["text", "html", "markdown"])
def test_nothing_in_a_hostile_article_runs_or_leaks(
    attacked: tuple[Served, dict[str, str]], chromium: Browser, format: str
) -> None:
    desk, ids = attacked
    id = ids[format]
    with person(chromium, desk, f"Hà {format}") as ha:
        for path in [*pages(desk, id), f"/articles/{id}?view=source", f"/articles/{id}?shown=after"]:
            ha.page.goto(desk.url + path)
            assert ha.page.evaluate("window.hacked") is None, path
            assert ha.page.locator("iframe, main style, main script, main img, base, [onerror], [onload]").count() == 0
            assert ha.page.locator(".bar").is_visible()
            assert ha.page.evaluate("document.querySelectorAll('main').length") == 1
            text = ha.page.evaluate("document.documentElement.outerHTML")
            assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", text), path
        ha.page.goto(f"{desk.url}/articles/{id}")
        ha.press("j", "k", "b", "b", "[", "Escape", "u")
        ha.page.locator("#mark [name=words]").fill(LINE)
        ha.page.locator("#mark button").click()
        ha.page.wait_for_selector(".notice")
        assert ha.page.evaluate("window.hacked") is None
        assert ha.said == []
        assert {address.split("/", 3)[2] for address in ha.asked} == {desk.url.split("//")[1]}


def test_what_browsers_obey_and_nobody_sees_is_spelled_out(
    attacked: tuple[Served, dict[str, str]], chromium: Browser
) -> None:
    desk, ids = attacked
    with person(chromium, desk, "Bình") as binh:
        binh.page.goto(f"{desk.url}/articles/{ids['text']}")
        spelled = set(binh.page.locator(".spelled").all_text_contents())
        assert {"\\u202e", "\\u2066", "\\x00", "\\x1b", "\\u200b", "\\ufeff", "\\u00ad"} <= spelled
        shown = binh.page.evaluate(
            "[...document.querySelectorAll('[data-at]')]"
            ".map(run => [Number(run.dataset.at), run.textContent, !run.dataset.until])"
        )
    for at, text, is_verbatim in shown:
        assert not is_verbatim or HOSTILE[at : at + len(text)] == text


def test_a_long_article_is_shown_around_its_findings(served: Served, chromium: Browser, tmp_path: Path) -> None:
    honest = "Bản tin nông nghiệp: lúa hè thu được mùa, giá phân bón đi ngang so với tháng trước.\n\n"
    id = served.submit(honest * 5000 + HEALTH + "\n\n" + honest * 50)
    with person(chromium, served) as ha:
        ha.page.goto(f"{served.url}/articles/{id}")
        expect(ha.page.locator("mark").first).to_contain_text(SPAM)
        expect(ha.page.locator(".sheet-of-text")).to_contain_text("lines far from anything found are not shown")
        ha.press("a")
        ha.hears("Accepted")
    assert SPAM not in served.cleaned(id)
