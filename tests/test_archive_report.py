"""The report of a run over an archive: right figures, and a page for people that no browser obeys."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner, Result
from conftest import HONEST_SEED, INFECTED_SEED
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from cleaner.archive.figures import figures
from cleaner.archive.findings import Found, FoundDocument, FoundEdit
from cleaner.archive.ledger import Ledger, containers, runs, searched
from cleaner.archive.records import ArchiveError, Bad
from cleaner.cli import main
from cleaner.report.archive import page
from cleaner.types import Edit, Finding, Reason

INFECTED, HONEST = INFECTED_SEED.read_text("utf-8"), HONEST_SEED.read_text("utf-8")
PAGE = """<!DOCTYPE html><html><head><title>Trạm y tế xã</title></head>
<body><p>Trạm y tế tiêm phòng sởi sáng thứ Năm.</p>
<div style="display:none"><a href="https://nhacai88.bet/">nhà cái uy tín</a> <a href="https://nhacai88.bet/xs">xổ số
trực tuyến</a></div></body></html>
"""
DATES = ("2024-05-03", "Fri, 03 May 2024 10:00:00 +0700", "2023-11-20T08:15:00Z", "", "03/05/2024")
WORDING = Reason("wording", "the words are used as in injected spam", 4.25)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="cleaner")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Path:
    """An export with dates, a page with hidden links, and records that cannot be read."""
    site = folder / "site"
    site.mkdir()
    posts = [
        {"id": f"tin-{n}", "date": date, "url": f"https://bao.example.vn/{n}", "body": HONEST if n == 2 else INFECTED}
        for n, date in enumerate(DATES)
    ]
    lines = [json.dumps(post, ensure_ascii=False) for post in posts]
    (site / "posts.jsonl").write_text(
        "\n".join([*lines, '{"id": "hỏng", "body":', '{"id": "lạ", "body": 7}\n']), "utf-8"
    )
    (site / "trang.html").write_text(PAGE, "utf-8")
    return site


def document(
    record: str,
    *quotes: str,
    left: str = "Bà con đến sớm ",
    right: str = " để lấy số.",
    reasons: Sequence[Reason] = (WORDING,),
    category: str = "lottery",
    date: str = "",
    link: str = "",
    cut: bool = True,
) -> FoundDocument:
    """A document in which each of the quotes was found, and is cut if wanted."""
    found = [
        Finding(9 * n, 9 * n + len(quote), quote, category, 0.97, tuple(reasons), "strip" if cut else "flag")
        for n, quote in enumerate(quotes)
    ]
    edits = [FoundEdit(Edit(f.start, f.end, ""), f.quote, left, right, n, ()) for n, f in enumerate(found)]
    verdict = "cleaned" if cut else "review"
    return FoundDocument(record, "body", 0, "", "text", date, link, verdict, "", "", found, edits if cut else [], ())


def ledger_of(path: Path, *documents: FoundDocument, bad: Sequence[Bad] = (), source: str = "posts.jsonl") -> Ledger:
    """A ledger of a container with these documents."""
    ledger = Ledger.make(path)
    runs.begin(ledger, "batch", {})
    containers.add(ledger, [(source, "", "jsonl", "", 10)])
    searched.add(ledger, [Found(1, 10, "", 10, len(documents) + len(bad), 100, documents, bad, True)])
    return ledger


def told(tmp_path: Path, *documents: FoundDocument, **options: Any) -> dict[str, Any]:
    return figures(ledger_of(tmp_path / "ledger", *documents, **options))


def soup(figures: dict[str, Any]) -> BeautifulSoup:
    return BeautifulSoup("".join(page(figures)), "html.parser")


def names(tally: dict[str, Any]) -> list[str]:
    return [row["name"] for row in tally["listed"]]


# --- figures


def test_figures_of_a_run(site: Path) -> None:
    assert run("batch", "--jobs", "1", site, "--out", "out", "--report", "out.json").exit_code == 3
    told = json.loads(Path("out.json").read_text("utf-8"))
    assert told == json.loads(run("report", "out.ledger", "--json").stdout) == figures(Ledger(Path("out.ledger")))
    totals = told["totals"]
    assert (told["schema"], told["ledger"]) == (1, "out.ledger")
    assert (totals["containers"], totals["records"], totals["documents"], totals["quarantined"]) == (2, 8, 5, 2)
    assert totals["strip"] + totals["flag"] == totals["findings"] >= 5
    assert totals["edits"] == sum(told["edits"].values()) == told["edits"]["cut"] >= 5
    assert totals["removed"] > 5 * len("xổ số trực tuyến minh ngọc")
    assert (told["verdicts"], told["states"]) == ({"cleaned": 5}, {"written": 2})
    assert told["timeline"] == {"months": {"2024-05": 2}, "undated": 2, "unread": 1}
    assert names(told["hosts"]) == ["nhacai88.bet"]
    assert "lottery" in names(told["categories"])
    assert {"wording", "phrase", "hidden", "link"} <= set(names(told["rules"]))
    assert [(Path(c["name"]).name, c["documents"], c["records"]) for c in told["containers"]["listed"]] == [
        ("posts.jsonl", 4, 7),
        ("trang.html", 1, 1),
    ]
    assert {sample["record"] for sample in told["samples"]} >= {"tin-0"}
    sample = next(sample for sample in told["samples"] if sample["record"] == "tin-0")
    assert sample["left"] + sample["removed"] + sample["right"] in INFECTED
    assert sample["times"] == 4
    causes = told["quarantine"]["listed"]
    assert [cause["records"] for cause in causes] == [1, 1]
    assert {example["record"] for cause in causes for example in cause["examples"]} >= {"lạ"}
    assert run("restore", "out.ledger", "--document", "tin-0").exit_code == 0
    told = figures(Ledger(Path("out.ledger")))
    assert told["edits"]["undone"] >= 1
    assert [run["command"] for run in told["runs"]] == ["batch", "restore"]


def test_nothing_found(tmp_path: Path) -> None:
    told = figures(Ledger.make(tmp_path / "ledger"))
    assert set(told["totals"].values()) == {0}
    assert told["timeline"] == {"months": {}, "undated": 0, "unread": 0}
    assert (told["hosts"], told["samples"]) == ({"total": 0, "listed": []}, [])
    assert soup(told).h1.get_text() == "Nothing found in 0 records"  # type: ignore[union-attr]
    assert not soup(told).find_all(["svg", "h2"])


@pytest.mark.parametrize(
    ("date", "month"),
    [
        ("2024-05-03", "2024-05"),
        (" 2024-05-03 10:00:00 UTC", "2024-05"),
        ("2024-05-03T10:00:00.5+07:00", "2024-05"),
        ("2024/05/03 08:10", "2024-05"),
        ("2024-05", "2024-05"),
        ("20240503T101500Z", "2024-05"),
        ("Fri, 03 May 2024 10:00:00 GMT", "2024-05"),
        ("3 May 2024 10:00 +0700", "2024-05"),
        ("1714725000", "2024-05"),
        ("1714725000123", "2024-05"),
        ("1931-02-17", "1931-02"),
        ("", "undated"),
        (" ", "undated"),
        ("03/05/2024", "unread"),
        ("2024", "unread"),
        ("2024-13-01", "unread"),
        ("0000-00-00 00:00:00", "unread"),
        ("0001-01-01", "unread"),
        ("9999-12-31", "unread"),
        ("Fri, 99 May 2024 10:00:00 GMT", "unread"),
        ("hôm qua", "unread"),
        ("٢٠٢٤", "unread"),
        ("1" * 5000, "unread"),
    ],
)
def test_months_of_dates(tmp_path: Path, date: str, month: str) -> None:
    timeline = told(tmp_path, document("tin-1", "soi cầu", date=date))["timeline"]
    assert timeline == {"months": {}, "undated": 0, "unread": 0} | (
        {month: 1} if month in ("undated", "unread") else {"months": {month: 1}}
    )


@pytest.mark.parametrize(
    ("quote", "reasons", "hosts"),
    [
        ("xem tại https://Soi-Cau.example/x?a=1, nhé", (), ["soi-cau.example"]),
        ('<a href="http://www.lo.example:8080/">', (), ["lo.example"]),
        ("soi cầu", ["the target of its link: https://a.example/1, https://b.example/2"], ["a.example", "b.example"]),
        ("soi cầu", ["the target of its link: https://a.example/1; its words stay"], ["a.example"]),
        ("soi cầu", ["a domain: lo88.example, LO99。example"], ["lo88.example", "lo99.example"]),
        ("https://lo88.example/", ["a domain: lo88.example"], ["lo88.example"]),
        ("https://anh.bao.example.vn/1 https://bao.example.vn/2", (), []),
        ("soi cầu", ["the target of its link: /xo-so, javascript:alert(1), https://"], []),
        ("soi cầu", ["the words are used as in injected spam: https://no.example"], []),
        ("https://" + "a" * 300 + ".example/", (), []),
    ],
)
def test_hosts_of_findings(tmp_path: Path, quote: str, reasons: Sequence[str], hosts: list[str]) -> None:
    codes = {"the target": "link", "a domain": "domain"}
    kinds = [Reason(codes.get(text[:10].rstrip(":"), codes.get(text[:8], "wording")), text, 1.0) for text in reasons]
    found = document("tin-1", quote, reasons=kinds, link="https://www.bao.example.vn/tin-1")
    assert names(told(tmp_path, found)["hosts"]) == hosts


def test_hosts_are_counted_by_finding_and_document(tmp_path: Path) -> None:
    counted = told(
        tmp_path,
        document("tin-1", "https://a.example/1", "https://a.example/2 https://a.example/3"),
        document("tin-2", "https://a.example/", "https://b.example/", cut=False),
    )["hosts"]
    assert counted == {
        "total": 2,
        "listed": [
            {"name": "a.example", "documents": 2, "strip": 2, "flag": 1},
            {"name": "b.example", "documents": 1, "strip": 0, "flag": 1},
        ],
    }


def test_long_lists_are_cut_and_counted(tmp_path: Path) -> None:
    counted = told(tmp_path, *(document(f"tin-{n}", f"https://s{n}.example/") for n in range(130)))
    assert (counted["hosts"]["total"], len(counted["hosts"]["listed"])) == (130, 100)
    text = soup(counted).get_text(" ", strip=True)
    assert "88 more" in text
    assert "and 30 more, which are only in the ledger" in text


def test_only_what_spoke_for_a_finding_is_a_rule(tmp_path: Path) -> None:
    reasons = (
        WORDING,
        Reason("phrase", "a phrase of the lexicon: “soi cầu” (lottery)", 1.0),
        Reason("context", "what the rest of the article speaks of", -0.5),
    )
    rules = told(tmp_path, document("tin-1", "soi cầu", reasons=reasons))["rules"]["listed"]
    assert [(rule["name"], rule["says"]) for rule in rules] == [
        ("phrase", "a phrase of the lexicon"),
        ("wording", "the words are used as in injected spam"),
    ]


def test_campaigns(tmp_path: Path) -> None:
    named = Reason("campaign", "a campaign: no. 1, “soi cầu 88” in 40 documents", 3.0)
    ledger = ledger_of(tmp_path / "ledger")
    with sqlite3.connect(ledger.path) as base:
        base.executemany(
            "INSERT INTO campaign (kind, texts, documents, dispersion, promotion, score, state)"
            " VALUES (?, ?, ?, 0.9, 0.8, ?, ?)",
            [
                ("phrase", '["soi cầu 88", "soi càu 88"]', 40, 0.97, "accepted"),
                ("target", '["lo88.example"]', 1200, 0.5, "proposed"),
            ],
        )
    base.close()
    searched.add(ledger, [Found(1, 20, "", 10, 2, 100, [document("tin-1", "soi cầu 88", reasons=(named,))], (), True)])
    told = figures(ledger)
    assert told["campaigns"]["listed"] == [
        {"number": 2, "kind": "target", "text": "lo88.example", "documents": 1200, "score": 0.5, "state": "proposed",
         "strip": 0, "flag": 0},
        {"number": 1, "kind": "phrase", "text": "soi cầu 88", "documents": 40, "score": 0.97, "state": "accepted",
         "strip": 1, "flag": 0},
    ]  # fmt: skip
    assert told["samples"][0]["campaign"] == 1
    assert "1,200" in soup(told).get_text()


def test_samples_are_spread(tmp_path: Path) -> None:
    documents = [document(f"tin-{n}", f"soi cầu số {n % 400}") for n in range(1200)]
    documents += [document("vay-1", "vay tiền nhanh", category="loan"), document("vay-2", "vay tiền", category="loan")]
    samples = told(tmp_path, *documents)["samples"]
    assert len(samples) == 24
    assert [sample["category"] for sample in samples[:4]] == ["lottery", "loan"] * 2
    lottery = [sample for sample in samples if sample["category"] == "lottery"]
    assert len({sample["removed"] for sample in lottery}) == len(lottery) == 22
    assert {sample["times"] for sample in lottery} == {3}
    numbers = [int(sample["record"].removeprefix("tin-")) for sample in lottery]
    assert max(numbers) - min(numbers) > 200


def test_samples_are_short(tmp_path: Path) -> None:
    quote = "soi cầu " * 100_000
    ledger = ledger_of(tmp_path / "ledger", document("x" * 5000, quote, reasons=(Reason("wording", "y" * 5000, 1.0),)))
    sample = figures(ledger)["samples"][0]
    assert sample["length"] == 800_000
    assert sample["removed"].startswith("soi cầu soi cầu")
    assert len(json.dumps(sample)) < 3000


def test_causes_are_grouped_whatever_numbers_they_hold(tmp_path: Path) -> None:
    bad = [Bad(f"byte {n}", n, f"not JSON: Expecting value (character {n})") for n in range(50)]
    bad += [Bad("tin-9", 99, "not UTF-8")] * 2
    causes = told(tmp_path, bad=bad)["quarantine"]
    assert causes["total"] == 2
    many, same = causes["listed"]
    assert (many["cause"], many["records"]) == ("not JSON: Expecting value (character N)", 50)
    assert [example["offset"] for example in many["examples"]] == [0, 1, 2]
    assert (same["cause"], same["records"]) == ("not UTF-8", 2)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("postgresql+psycopg://editor:b%C3%AD-m%E1%BA%ADt@host/news?password=x#posts", "postgresql+psycopg://editor@host/news#posts"),
        ("s3://kho/tin.jsonl?signature=abc", "s3://kho/tin.jsonl"),
        ("tin tức?.jsonl", "tin tức?.jsonl"),
    ],
)  # fmt: skip
def test_passwords_are_not_told(tmp_path: Path, source: str, shown: str) -> None:
    counted = told(tmp_path, document("tin-1", "soi cầu"), bad=[Bad("tin-2", 7, "not UTF-8")], source=source)
    assert names(counted["containers"]) == [shown]
    assert counted["samples"][0]["container"] == shown
    assert counted["quarantine"]["listed"][0]["examples"][0]["container"] == shown


def test_a_damaged_ledger_is_told(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "ledger", document("tin-1", "soi cầu"))
    with sqlite3.connect(ledger.path) as base:
        base.execute("DROP TABLE patch")
        base.execute("DROP TABLE edit")
    base.close()
    with pytest.raises(ArchiveError, match=r"ledger: no such table: edit"):
        figures(ledger)


# --- the timeline


def columns(tmp_path: Path, *dates: str) -> BeautifulSoup:
    return soup(told(tmp_path, *(document(f"tin-{n}", "soi cầu", date=date) for n, date in enumerate(dates))))


def test_the_timeline_goes_by_months_without_gaps(tmp_path: Path) -> None:
    chart = columns(tmp_path, "2023-11-20", "2024-02-01", "Thu, 01 Feb 2024 08:00:00 +0700", "", "mai").select_one(
        ".chart"
    )
    assert chart is not None
    assert [title.get_text() for title in chart.find_all("title")] == ["2023-11: 1", "2024-02: 2"]
    assert [text.get_text() for text in chart.find_all("text")] == ["2", "2023-11", "2024-02"]
    heights = [float(str(column["height"]).rstrip("%")) for column in chart.find_all("rect")]
    assert heights == [38, 76]
    assert "2023-11 to 2024-02" in str(chart["aria-label"])


def test_the_timeline_goes_by_years_where_it_is_long(tmp_path: Path) -> None:
    made = columns(tmp_path, *(f"{year}-03-01" for year in range(1995, 2025, 3)), "2001-12-31", "", "mai")
    assert [item.get_text() for item in made.select(".figures li")][:3] == ["1995: 1", "1998: 1", "2001: 2"]
    text = " ".join(made.find("figcaption").get_text().split())  # type: ignore[union-attr]
    assert "by the year of their date: most of them, 2, in 2001." in text
    assert "1 document without a date. 1 document with a date that cannot be read." in text


def test_without_dates_there_is_no_timeline(tmp_path: Path) -> None:
    assert "Timeline" not in columns(tmp_path, "", "mai").get_text()


# --- the page holds nothing but text

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title></svg><svg onload=alert(1)>",
    "\"><img src=https://spam.example/x.png onerror='alert(1)'>",
    "' onfocus='alert(1)' autofocus='",
    "<a href='https://spam.example/'>x</a><meta http-equiv=refresh content='0;//spam.example'>",
    "{{ 7 * 7 }}{% raw %}{records}%s",
    "&lt;b&gt;<!--",
    "\x00\x1b[31m\x7f\x9b",
    "\u202egpj.exe\u2066\u2028",
]
ALLOWED = {"class", "lang", "dir", "charset", "http-equiv", "content", "name", "scope", "role", "aria-label"} | {
    "aria-hidden", "x", "y", "width", "height", "x2", "y1", "y2",
}  # fmt: skip


def hostile_figures(path: Path, hostile: str) -> dict[str, Any]:
    """Figures that hold a text everywhere."""
    reasons = (Reason("link", f"the target of its link: https://{hostile}/", 1.0), Reason(hostile, hostile, 1.0))
    ledger = ledger_of(
        path,
        document(
            hostile, f"https://{hostile}", left=hostile, right=hostile, category=hostile, date=hostile, reasons=reasons
        ),
        document("tin", "soi cầu", date="2024-05-03"),
        bad=[Bad(hostile, 7, hostile)],
        source=hostile,
    )
    runs.begin(ledger, hostile, {})
    with sqlite3.connect(ledger.path) as base:
        base.execute(
            "INSERT INTO campaign (kind, texts, documents, dispersion, promotion, score, state)"
            " VALUES (?, ?, 3, 0, 0, 0, ?)",
            (hostile, json.dumps([hostile]), hostile),
        )
        base.execute("UPDATE edit SET state = ?", (hostile,))
    base.close()
    return figures(ledger)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_whatever_an_archive_holds_is_text(tmp_path: Path, hostile: str) -> None:
    text = "".join(page(hostile_figures(tmp_path / "ledger", hostile)))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
    made = BeautifulSoup(text, "html.parser")
    for tag in made.find_all(True):
        assert set(tag.attrs) <= ALLOWED, tag
    assert not made.find_all(["script", "a", "img", "iframe", "link", "base", "form", "input"])
    assert len(made.find_all("meta")) == 5
    if hostile.isprintable():
        assert made.get_text().count(hostile) >= 10


def test_the_page_allows_its_own_style_and_nothing_else(tmp_path: Path) -> None:
    policy = soup(told(tmp_path)).select_one('meta[http-equiv="Content-Security-Policy"]')
    assert policy is not None
    directives = dict(part.split(" ", 1) for part in str(policy["content"]).split("; "))
    assert directives.pop("style-src").startswith("'sha256-")
    assert set(directives.values()) == {"'none'"}


def test_charts_are_told_in_words(tmp_path: Path) -> None:
    made = columns(tmp_path, "2024-05-03", "2024-06-03")
    for chart in made.find_all("svg"):
        assert chart.get("aria-hidden") == "true" or (chart["role"], bool(chart["aria-label"])) == ("img", True)
    for bar in made.select(".gauge"):
        row = bar.find_parent("tr")
        assert row is not None
        assert [cell.get_text() for cell in row.find_all("td")] == ["2", "2", "–"]
    assert [item.get_text() for item in made.select(".figures li")] == ["2024-05: 1", "2024-06: 1"]


# --- commands


def test_batch_writes_a_page_that_report_writes_again(site: Path) -> None:
    assert run("batch", "--jobs", "1", site, "--out", "out", "--dry-run", "--report", "one.html").exit_code == 3
    result = run("report", "out.ledger", "--html", "two.html")
    assert (result.exit_code, result.output) == (0, "")
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()
    text = BeautifulSoup(Path("two.html").read_text("utf-8"), "html.parser").get_text(" ", strip=True)
    assert "to be cut" in text
    assert "nhacai88.bet" in text


def test_report_lists_the_most_frequent(folder: Path) -> None:
    ledger_of(Path("l"), document("tin-1", "https://lo88.example/\x1b"), bad=[Bad("tin-2", 7, "not UTF-8")])
    result = run("report", "l")
    assert result.exit_code == 0
    assert result.output.startswith(
        "2 records; 1 documents with findings: 1 to strip, 0 to flag; 1 in the quarantine\n"
    )
    assert [line.split() for line in result.output.splitlines() if "lo88" in line] == [["lo88.example", "1", "1", "–"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "nothing"], "nothing: no such ledger"),
        (["report", "posts.jsonl"], "posts.jsonl: "),
        (["report", "l", "--html", "l"], "'l' would be overwritten"),
        (["report", "l", "--html", "no/such/folder.html"], "no/such/folder.html: cannot be written"),
        (["batch", "posts.jsonl", "--out", "out.jsonl", "--report", "report.pdf"], "ends in .html or .json"),
        (["batch", "tin.html", "--in-place", "--report", "tin.html"], "'tin.html' would be overwritten"),
        (["batch", "posts.jsonl", "--out", "o.json", "--report", "o.json"], "'o.json' would be overwritten"),
    ],
)
def test_mistakes_are_told_in_a_line(folder: Path, arguments: list[str], message: str) -> None:
    ledger_of(Path("l"), document("tin-1", "soi cầu")).close()
    Path("posts.jsonl").write_text('{"id": 1, "body": "Trạm y tế mở lại."}\n', "utf-8")
    Path("tin.html").write_text(PAGE, "utf-8")
    kept = Path("l").read_bytes()
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert (Path("tin.html").read_text("utf-8"), Path("l").read_bytes()) == (PAGE, kept)


@pytest.mark.parametrize("command", [["report", "l", "--html"], ["batch", "tin.txt", "--out", "out/", "--report"]])
def test_without_the_extra_one_line_says_how_to_get_it(folder: Path, command: list[str]) -> None:
    ledger_of(Path("l"), document("tin-1", "soi cầu"))
    Path("tin.txt").write_text(HONEST, "utf-8")
    program = "import sys; sys.modules['jinja2'] = None; from cleaner.cli import main; main()"
    start = [sys.executable, "-c", program]
    done = subprocess.run([*start, *command, "report.html"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"cleaner: {command[-1]} needs jinja2: pip install 'cleaner[report]'\n"
    assert not Path("report.html").exists()
    assert not Path("out").exists()
    assert subprocess.run([*start, "report", "l", "--json"], capture_output=True, check=False).returncode == 0


# --- in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs):
        pytest.skip("no chromium and chromedriver here: `make browser` installs them")
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs[0])
    switches = """headless no-sandbox disable-gpu no-first-run disable-background-networking disable-component-update
    disable-sync""".split()
    for switch in [*switches, f"user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(programs[1])))
    yield driver
    driver.quit()


def logged(browser: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    """What the browser logged since it was asked last."""
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def shown(browser: webdriver.Chrome, file: Path, width: int, figures: dict[str, Any]) -> None:
    """Show the page on a screen of this width."""
    file.write_text("".join(page(figures)), "utf-8")
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    logged(browser, "browser")
    logged(browser, "performance")
    browser.get(file.as_uri())


def test_nothing_runs_nothing_is_asked_for_nothing_is_complained_of(browser: webdriver.Chrome, tmp_path: Path) -> None:
    hostile = "".join(HOSTILE)
    shown(browser, tmp_path / "report.html", 1200, hostile_figures(tmp_path / "ledger", hostile))
    assert browser.title == "2 findings in 3 records"
    assert "<script>alert(1)</script>" in browser.find_element(By.CLASS_NAME, "pair").text
    assert logged(browser, "browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in logged(browser, "performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    asked = [request["request"]["url"] for request in sent if request["documentURL"] == browser.current_url]
    assert asked == [browser.current_url]


@pytest.mark.parametrize("width", [360, 800, 1200])
def test_no_page_is_wider_than_the_screen(browser: webdriver.Chrome, tmp_path: Path, width: int) -> None:
    figures = hostile_figures(tmp_path / "ledger", "nhàcái" * 60 + "<script>")
    figures["totals"] = dict.fromkeys(figures["totals"], 1_234_567_890)
    figures["categories"]["listed"][0] |= {"documents": 1_234_567, "strip": 1_234_567, "flag": 1_234_567}
    figures["timeline"]["months"] = {f"{2020 + n // 12}-{n % 12 + 1:02}": 1_234_567 + n for n in range(48)}
    shown(browser, tmp_path / "report.html", width, figures)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    wide = "return [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth)"
    assert browser.execute_script(f"{wide}.map(e => e.outerHTML)") == []


def test_labels_of_the_timeline_do_not_meet(browser: webdriver.Chrome, tmp_path: Path) -> None:
    figures = told(tmp_path, document("tin-1", "soi cầu", date="2024-05-03"))
    for months in (1, 2, 5, 12, 13, 15, 17, 25, 29, 37, 48):
        figures["timeline"]["months"] = {f"{2020 + n // 12}-{n % 12 + 1:02}": 1 for n in range(months)}
        shown(browser, tmp_path / "report.html", 360, figures)
        boxes = browser.execute_script(
            "return [...document.querySelectorAll('.chart text')].slice(1).map(e => e.getBoundingClientRect())"
        )
        assert all(one["right"] < other["left"] for one, other in pairwise(boxes)), months
        assert boxes[-1]["right"] <= 360


def test_everything_is_on_paper(browser: webdriver.Chrome, tmp_path: Path) -> None:
    shown(browser, tmp_path / "report.html", 800, told(tmp_path, document("tin-1", "soi cầu", date="2024-05-03")))
    is_visible = "return document.querySelector('.figures li').checkVisibility()"
    assert not browser.execute_script(is_visible)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.execute_script(is_visible)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
