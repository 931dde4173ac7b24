"""The page for editors: it shows the articles truly, obeys nothing they hold, and works from the keyboard."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from click.testing import CliRunner
from conftest import FIXTURES, HONEST_SEED, INFECTED_SEED, records
from hypothesis import given, settings
from hypothesis import strategies as st
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cleaner import Cleaner
from cleaner.cli import main
from cleaner.document import read
from cleaner.edit import apply
from cleaner.report import Report
from cleaner.report.view import NEAR, Article, article_of
from cleaner.types import Edit, Finding, Reason, Result

MARKED = re.compile("⟦(.*?)⟧", re.S)
REASONS = (Reason("wording", "the words are used as in injected spam", 4.25), Reason("context", "its topic", -0.5))


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner()


def result_of(source: str, *found: str, format: str = "text", cut: bool = True, reasons: Any = REASONS) -> Result:
    """A result in which each of the strings was found in the source, and is cut if wanted."""
    findings = []
    for quote in found:
        start = source.index(quote)
        findings.append(
            Finding(start, start + len(quote), quote, "lottery", 0.972, reasons, "strip" if cut else "flag")
        )
    edits = tuple(Edit(finding.start, finding.end, "") for finding in findings if cut)
    return Result(source, apply(source, list(edits)), "cleaned" if cut else "review", tuple(findings), edits, format)


def page_of(*articles: tuple[str, Result], failed: tuple[str, ...] = ()) -> str:
    report = Report(len(articles) + len(failed), io.StringIO())
    for name, result in articles:
        report.add(name, result)
    for message in failed:
        report.add_failed(message)
    return "".join(report.page())


def soup_of(*articles: tuple[str, Result], failed: tuple[str, ...] = ()) -> BeautifulSoup:
    return BeautifulSoup(page_of(*articles, failed=failed), "html.parser")


def text_of(article: Article, *, cleaned: bool) -> str:
    """What the view says stands in the article."""
    shown = ("text", "put") if cleaned else ("text",)
    return "\n".join(
        "".join(
            "\n" if piece.kind == "break" else piece.text if piece.kind in shown else ""
            for run in block.runs
            for piece in run.pieces
            if not (cleaned and piece.is_cut)
        )
        for group in article.groups
        for block in group.blocks
    )


def told(article: Article) -> list[int | None]:
    """The findings that are marked and explained."""
    runs = [run for group in article.groups for block in group.blocks for run in block.runs]
    return sorted((run.finding for run in runs if run.is_first), key=str)


# --- the view is true


@pytest.mark.parametrize("record", records("infected")[::6], ids=lambda record: record["id"])
def test_articles_read_as_they_are_and_as_they_will_be(cleaner: Cleaner, record: dict[str, Any]) -> None:
    result = cleaner.clean(record["text"])
    article = article_of(result)
    for cleaned, source in ((False, result.source), (True, result.text)):
        shown = text_of(article, cleaned=cleaned).split()
        whole = read(source, result.format).text.split()
        assert shown == whole if result.format != "html" else _is_within(shown, whole)


@pytest.mark.parametrize("file", sorted((FIXTURES / "pages").glob("[!h]*.html"))[::2], ids=lambda file: file.stem)
def test_pages_read_as_they_are_and_as_they_will_be(cleaner: Cleaner, file: Path) -> None:
    result = cleaner.clean(MARKED.sub(r"\1", file.read_text("utf-8")), "html")
    article = article_of(result)
    assert _is_within(text_of(article, cleaned=False).split(), read(result.source, "html").text.split())
    assert _is_within(text_of(article, cleaned=True).split(), read(result.text, "html").text.split())
    assert told(article) == list(range(len(result.findings)))


def _is_within(shown: list[str], whole: list[str]) -> bool:
    """Whether the words are those of the whole, in order, some left out."""
    rest = iter(whole)
    return all(word in rest for word in shown)


MARKUP = """
<p> </p> <div hidden> </div> <br> <li> <h2> </h2> <a href="//spam.example/x"> </a> <img alt=" "> <!-- --> <title>
</title> <script> </script> <blockquote> &amp; &nbsp; word từ 彩票 ``` # - > [ ]( )
"""
SCRAPS = st.lists(st.sampled_from([*MARKUP.split(), *" \n\r\x00\ud800\u202e"]), max_size=40).map("".join)


@settings(deadline=None, max_examples=50)
@given(st.data(), SCRAPS, st.sampled_from(["text", "html", "markdown"]))
def test_whatever_is_found_is_shown_once(data: st.DataObject, source: str, format: str) -> None:
    offsets = sorted(data.draw(st.sets(st.integers(0, len(source)), max_size=8)))
    spans = list(pairwise(offsets))[::2]
    findings = tuple(Finding(start, end, source[start:end], "other", 0.9, (), "strip") for start, end in spans)
    edits = tuple(Edit(start, end, data.draw(st.sampled_from(["", " ", ","]))) for start, end in spans)
    result = Result(source, apply(source, list(edits)), "cleaned", findings, edits, format)
    article = article_of(result)
    assert told(article) == list(range(len(findings)))
    if format == "text":
        shown = Article([group for group in article.groups if not group.place], "", [], article.document)
        assert "".join(text_of(shown, cleaned=False).split()) == "".join(source.split())
        assert "".join(text_of(shown, cleaned=True).split()) in "".join(result.text.split())
    page_of(("article", result)).encode()


@pytest.mark.parametrize(
    ("source", "quote", "place"),
    [
        ('<p>Hội chợ.</p><img alt="gian hàng, soi cầu">', "soi cầu", "alt of <img>"),
        ('<meta name="description" content="Tin, soi cầu"><p>Hội chợ.</p>', "soi cầu", "description of the page"),
        ("<title>Hội chợ - soi cầu</title><p>Hội chợ.</p>", "soi cầu", "title of the page"),
        ("<p>Hội chợ.</p><!-- <a href='//x.example/'>soi cầu</a> -->", "soi cầu", "hidden from readers (comment)"),
        ("<p>Hội chợ.</p><div style='display:none'>soi cầu</div>", "soi cầu", "hidden from readers (display:none)"),
        (
            '<p>Hội chợ.</p><script type="application/ld+json">{"headline": "Chợ, soi cầu"}</script>',
            "soi cầu",
            "headline in JSON-LD",
        ),
        ("<p>Hội chợ.</p><iframe src='//x.example/'></iframe>", "<iframe src='//x.example/'>", "markup of the source"),
    ],
)
def test_what_readers_do_not_see_is_shown_and_named(source: str, quote: str, place: str) -> None:
    page = "<p>Chợ quê họp sáng sớm, người bán kẻ mua đã quen mặt nhau từ lâu.</p>" * 30
    soup = soup_of(("a.html", result_of(source + page, quote, format="html")))
    section = soup.find("section", class_="unseen")
    assert isinstance(section, Tag)
    assert section["aria-label"] == place
    mark = section.find("mark")
    assert isinstance(mark, Tag)
    assert quote in mark.get_text()


def test_a_hidden_span_within_a_line_is_named_there() -> None:
    source = "<p>Trường mở cửa <span style='font-size:0'>nổ hũ uy tín</span> từ thứ Hai.</p>"
    soup = soup_of(("a.html", result_of(source, "nổ hũ uy tín", format="html")))
    mark = soup.select_one(".text mark")
    assert mark is not None
    assert mark.get_text() == "to strip: hidden from readers (font-size:0):nổ hũ uy tín"


def test_a_hidden_list_is_shown_as_one_and_what_follows_it_is_not_marked() -> None:
    links = "<ul hidden>\n<li><a href='//spam.example/a'>nổ hũ</a></li>\n<li>soi cầu</li>\n</ul>\n"
    result = result_of(f"<p>Lớp học mở lại.</p>\n{links}<p>Phụ huynh đưa đón.</p>", links, format="html")
    soup = soup_of(("a.html", result))
    assert [tag.get_text().strip() for tag in soup.select(".unseen.gone li.gone del:not(.gap)")] == ["nổ hũ", "soi cầu"]
    assert [tag.get_text() for tag in soup.select(".text > p")] == ["Lớp học mở lại.", " Phụ huynh đưa đón."]
    assert not soup.select(".text > p mark, .text > p ins")


def test_hidden_blocks_in_which_nothing_was_found_are_left_out() -> None:
    source = "<h1>Lễ hội</h1><div hidden>Menu</div><p>Đông vui, <b>soi cầu</b> như mọi năm.</p><img alt='Đình làng'>"
    text = soup_of(("a.html", result_of(source, "soi cầu", format="html"))).get_text()
    assert "Menu" not in text
    assert "Đình làng" not in text
    assert "Lễ hội" in text


def test_headings_lists_quotes_and_code_look_like_what_they_are() -> None:
    source = "# Lịch cắt điện\n\n- Thứ Hai\n- Thứ Ba soi cầu\n\n> Xin thông cảm.\n\n```\nmã\n```\n"
    soup = soup_of(("a.md", result_of(source, " soi cầu", format="markdown")))
    assert [tag.get_text().strip() for tag in soup.select(".text h3")] == ["Lịch cắt điện"]
    assert len(soup.select(".text ul > li")) == 2
    assert soup.select_one(".quoted")
    assert soup.select_one("pre")


def test_lines_far_from_every_finding_are_folded() -> None:
    lines = [f"Dòng {number}." for number in range(100)]
    result = result_of("\n".join(lines), "Dòng 50.")
    article = article_of(result)
    assert [(group.is_far, len(group.blocks)) for group in article.groups] == [
        (True, 50 - NEAR),
        (False, 2 * NEAR + 1),
        (True, 49 - NEAR),
    ]
    assert text_of(article, cleaned=False).split("\n") == lines


def test_the_summary_counts_findings_by_category_and_by_where_they_lead() -> None:
    link = '<p>Giờ mở cửa. <a href="https://www.vinking.example/dk">xem thêm</a> <a href="/trang">khác</a></p>'
    named = (Reason("domain", "a domain: tez88.example", 1.0),)
    soup = soup_of(
        ("a.html", result_of(link, link[link.index("<a") : link.index(' <a href="/')], format="html")),
        ("b.txt", result_of("Giờ mở cửa tez88.example.", "tez88.example", reasons=named, cut=False)),
        ("c.txt", result_of("Không có gì.")),
    )
    rows = [tuple(cell.get_text() for cell in row.find_all(["th", "td"])) for row in soup.select("tbody tr")]
    assert rows == [("lottery", "1", "1"), ("tez88.example", "–", "1"), ("vinking.example", "1", "–")]
    heading = soup.h1
    assert heading is not None
    assert heading.get_text() == "2 findings in 2 of 3 files"


# --- the page obeys nothing

BARE = "head title style body header main h1 table thead tbody tr td bdi fieldset label b br ins"
ALLOWED = {name: set[str]() for name in BARE.split()}
ALLOWED |= {name: {"class", "dir", "lang"} for name in ("p", "li", "pre", "h3", "h4", "h5", "h6")}
ALLOWED |= {
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "content", "name"},
    "details": {"class", "id", "open"},
    "input": {"type", "name", "autocomplete", "checked", "class"},
    "mark": {"class", "tabindex", "aria-describedby"},
    "span": {"class", "role", "id", "lang"},
    "section": {"class", "aria-label", "aria-labelledby"},
    "summary": {"lang"},
    "article": {"aria-label"},
    "div": {"class", "lang"},
    "th": {"scope"},
    "h2": {"id"},
    "ul": {"class"},
    "del": {"class"},
    "legend": {"class"},
}
HOSTILE = [
    "<script>document.title = 'ran'</script>",
    "</style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://spam.example/">x</a>',
    "</textarea></title></details><iframe src=//spam.example>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "&lt;b&gt;",
    "\x00\x1b[31m\x7f\x9b",
    "\u202egpj.exe\u2066",
    "\ud800\udfff",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("format", ["text", "html", "markdown"])
def test_whatever_articles_and_names_hold_is_text(hostile: str, format: str) -> None:
    link = f"<a href='//{hostile}'>" if format == "html" and "'" not in hostile else ""
    source = f"Bản tin {hostile} {link}soi cầu{hostile}</a> hết."
    quote = source[source.index("soi cầu") :][: len("soi cầu" + hostile)]
    reasons = (Reason("link", f"the target of its link: {hostile}", 1.0), Reason("domain", f"a domain: {hostile}", 1.0))
    result = result_of(source, quote, format=format, reasons=reasons)
    page = page_of((hostile, result), (hostile, result_of("sạch")), failed=(f"{hostile}: no such file",))
    page.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    for tag in BeautifulSoup(page, "html.parser").find_all(True):
        assert set(tag.attrs) <= set(ALLOWED[tag.name]), tag
    if format == "text" and hostile.isprintable():
        assert hostile in BeautifulSoup(page, "html.parser").select_one(".text").get_text()  # type: ignore[union-attr]


def test_the_page_allows_its_own_style_and_nothing_else() -> None:
    soup = soup_of(("a.txt", result_of("x")))
    policy = soup.select_one('meta[http-equiv="Content-Security-Policy"]')
    assert policy is not None
    directives = dict(part.split(" ", 1) for part in str(policy["content"]).split("; "))
    assert directives.keys() == {"default-src", "style-src", "base-uri", "form-action"}
    assert directives.pop("style-src").startswith("'sha256-")
    assert set(directives.values()) == {"'none'"}


# --- the command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copy(INFECTED_SEED, "infected.txt")
    shutil.copy(HONEST_SEED, "honest.txt")
    return tmp_path


def scan(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["scan", *arguments], prog_name="cleaner")


def test_scan_writes_the_page_and_says_the_same_as_without(folder: Path) -> None:
    without = scan("infected.txt", "honest.txt", "missing.txt", "--json")
    result = scan("infected.txt", "honest.txt", "missing.txt", "--json", "--verbose", "--html", "report.html")
    assert (result.exit_code, result.output) == (without.exit_code, without.output)
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == [
        "infected.txt",
        "honest.txt",
        "missing.txt",
    ]
    soup = BeautifulSoup(Path("report.html").read_text("utf-8"), "html.parser")
    assert [tag.get_text().strip() for tag in soup.find_all("h2")] == [
        "Could not be read",
        "infected.txt",
        "1 file without findings",
    ]
    assert "missing.txt: no such file or directory" in soup.get_text()
    assert sorted(path.name for path in folder.iterdir()) == ["honest.txt", "infected.txt", "report.html"]


@pytest.mark.parametrize(("files", "code"), [(["honest.txt"], 0), (["infected.txt"], 1), (["missing.txt"], 2)])
def test_exit_codes_stay(folder: Path, files: list[str], code: int) -> None:
    assert scan("--html", "report.html", *files).exit_code == code
    assert Path("report.html").read_text("utf-8").rstrip().endswith("</html>")


def test_an_empty_article_gives_a_page(folder: Path) -> None:
    result = CliRunner().invoke(main, ["scan", "--html", "report.html"], input=b"")
    assert result.exit_code == 0
    assert "Nothing found in 1 file" in Path("report.html").read_text("utf-8")
    assert "&lt;stdin&gt;" in Path("report.html").read_text("utf-8")


@pytest.mark.parametrize("target", ["infected.txt", "./honest.txt", "link.txt"])
def test_no_article_is_overwritten(folder: Path, target: str) -> None:
    Path("link.txt").symlink_to("infected.txt")
    result = scan("infected.txt", "honest.txt", "--html", target)
    assert result.exit_code == 2
    assert "would be overwritten" in result.stderr
    assert Path("infected.txt").read_bytes() == INFECTED_SEED.read_bytes()
    assert Path("honest.txt").read_bytes() == HONEST_SEED.read_bytes()


def test_a_page_that_cannot_be_finished_leaves_the_old_one(folder: Path) -> None:
    Path("report.html").write_text("old")
    result = scan("infected.txt", "--html", "report.html", "--model", "nowhere")
    assert result.exit_code == 2
    assert Path("report.html").read_text() == "old"
    assert scan("infected.txt", "--html", "no/such/folder.html").exit_code == 2
    assert sorted(path.name for path in folder.iterdir()) == ["honest.txt", "infected.txt", "report.html"]


def test_without_the_extra_one_line_says_how_to_get_it(folder: Path) -> None:
    program = "import sys; sys.modules['jinja2'] = None; from cleaner.cli import main; main()"
    command = [sys.executable, "-c", program, "scan", "infected.txt"]
    done = subprocess.run([*command, "--html", "report.html"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cleaner: --html needs jinja2: pip install 'cleaner[report]'\n"
    assert not Path("report.html").exists()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


# --- colours


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    style = page_of().partition("<style>")[2]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", style.split(":root {")[scheme + 1]))
    on = {"paper": "ink quiet put strip-ink", "wash": "ink quiet", "strip": "ink", "flag": "ink flag-ink"}
    for behind, texts in on.items():
        for text in texts.split():
            assert _contrast(colours[text], colours[behind]) >= 4.5, (text, behind)
    assert _contrast(colours["focus"], colours["paper"]) >= 3


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2.2 defines it."""
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return float(sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


# --- in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs):
        pytest.skip("no chromium and chromedriver here: `make browser` installs them")
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs[0])
    switches = """headless no-sandbox disable-gpu no-first-run disable-background-networking disable-component-update
    disable-sync window-size=1200,900""".split()
    for switch in [*switches, f"user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(programs[1])))
    yield driver
    driver.quit()


SOURCE = """Trạm y tế xã mở lại phòng tiêm từ thứ Hai. <script>document.title = "ran"</script>
Bà con đến sớm soi cầu lô vip để lấy số, <img src="https://spam.example/x.png" onerror="document.title = 'ran'"> nhớ
mang theo sổ tiêm chủng của các cháu, ai chưa có thì kèo nhà cái được cấp mới tại chỗ."""


@pytest.fixture
def page(browser: webdriver.Chrome, tmp_path: Path) -> webdriver.Chrome:
    """The browser with a page about an article in which one thing is cut and another is flagged."""
    cut, flagged = result_of(SOURCE, "soi cầu lô vip "), result_of(SOURCE, "kèo nhà cái", cut=False)
    result = Result(SOURCE, cut.text, "cleaned", cut.findings + flagged.findings, cut.edits, "text")
    file = tmp_path / "report.html"
    file.write_text(page_of(("trạm-y-tế.txt", result), ("sạch.txt", result_of("sạch"))), "utf-8")
    browser.set_window_size(1200, 900)
    logged(browser, "browser")
    logged(browser, "performance")
    browser.get(file.as_uri())
    return browser


def logged(browser: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    """What the browser logged since it was asked last."""
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def press(browser: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def words(browser: webdriver.Chrome) -> str:
    """The article as it is to be seen."""
    return " ".join(browser.find_element(By.CLASS_NAME, "text").text.split())


def notes(browser: webdriver.Chrome) -> list[bool]:
    """Whether the reasons of each finding are to be seen."""
    return [note.is_displayed() for note in browser.find_elements(By.CLASS_NAME, "note")]


def test_nothing_runs_nothing_is_asked_for_nothing_is_complained_of(page: webdriver.Chrome) -> None:
    press(page, *[Keys.TAB] * 6)
    assert page.title == "Findings in 1 of 2 files"
    assert '<script>document.title = "ran"</script>' in words(page)
    assert logged(page, "browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in logged(page, "performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    asked = [request["request"]["url"] for request in sent if request["documentURL"] == page.current_url]
    assert asked == [page.current_url]


@pytest.mark.parametrize("width", [1200, 380], ids=["wide", "narrow"])
def test_reasons_are_shown_on_hover_and_on_focus(page: webdriver.Chrome, width: int) -> None:
    page.set_window_size(width, 900)
    assert notes(page) == [False, False]
    marks = page.find_elements(By.CSS_SELECTOR, "mark[tabindex]")
    webdriver.ActionChains(page).move_to_element(marks[1]).perform()
    assert notes(page) == [False, True]
    webdriver.ActionChains(page).move_to_element(page.find_element(By.TAG_NAME, "h1")).pause(0.4).perform()
    assert notes(page) == [False, False]
    seen = []
    for _ in range(5):
        webdriver.ActionChains(page).send_keys(Keys.TAB).pause(0.4).perform()
        seen.append(notes(page))
    assert [True, False] in seen
    assert [False, True] in seen
    note = page.find_element(By.ID, str(marks[1].get_attribute("aria-describedby")))
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert "+4.25" in note.get_attribute("textContent")  # type: ignore[operator]


def test_the_article_is_switched_from_found_to_cleaned_from_the_keyboard(page: webdriver.Chrome) -> None:
    assert "đến sớm to strip: soi cầu lô vip để lấy số" in words(page)
    press(page, Keys.TAB, Keys.TAB, Keys.ARROW_RIGHT)
    assert "đến sớm để lấy số" in words(page)
    assert "kèo nhà cái" in words(page)
    press(page, Keys.ARROW_LEFT)
    assert "soi cầu lô vip" in words(page)


def test_one_article_is_open_and_one_of_many_is_not(browser: webdriver.Chrome, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    for number, is_open in ((1, True), (500, False)):
        articles = [(f"{n}.txt", result_of("Tin soi cầu.", "soi cầu")) for n in range(number)]
        file.write_text(page_of(*articles), "utf-8")
        browser.get(file.as_uri())
        assert browser.find_element(By.TAG_NAME, "article").is_displayed() == is_open
        press(browser, Keys.TAB, Keys.ENTER)
        assert browser.find_element(By.TAG_NAME, "article").is_displayed() != is_open
