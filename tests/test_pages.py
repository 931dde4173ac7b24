"""The pages of the fixtures: what was injected goes, and not a byte more; honest pages stay as they are.

What was injected stands between ⟦ and ⟧ in each file: without the marks it is the infected page, without the marks
and what is between them the page as it was.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from conftest import FIXTURES, edits_apart

from cleaner import Cleaner
from cleaner.document import detect_format

FILES = sorted(file for pattern in ("*.html", "*.md") for file in (FIXTURES / "pages").glob(pattern))
INFECTED = [file for file in FILES if not file.name.startswith("honest-")]
HONEST = [file for file in FILES if file.name.startswith("honest-")]
RESTORED = {"html": 0.8, "markdown": 0.9}
"""Floors of the share of the infected pages that are restored to the byte. Raise them with a better cleaner."""
MARKED = re.compile("⟦(.*?)⟧", re.S)


def pages(file: Path) -> tuple[str, str]:
    """The infected page and the page as it was."""
    marked = file.read_bytes().decode()
    return MARKED.sub(r"\1", marked), MARKED.sub("", marked)


def format_of(file: Path) -> str:
    """How a page is read."""
    return "markdown" if file.suffix == ".md" else "html"


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner()


def test_there_are_pages_enough() -> None:
    assert len(FILES) >= 110
    assert len(HONEST) >= 35
    assert sum(format_of(file) == "markdown" for file in FILES) >= 30
    for file in FILES:
        marked = file.read_bytes().decode()
        assert len(MARKED.findall(marked)) == marked.count("⟦") == marked.count("⟧"), file.name
        assert bool(MARKED.search(marked)) == (file in INFECTED), file.name


@pytest.mark.parametrize("file", HONEST, ids=lambda file: file.stem)
def test_honest_pages_stay_as_they_are(cleaner: Cleaner, file: Path) -> None:
    page, _ = pages(file)
    assert cleaner.clean(page, format_of(file)).text == page


@pytest.mark.parametrize("format", ["html", "markdown"])
def test_infected_pages_are_restored(cleaner: Cleaner, format: str) -> None:
    both = [pages(file) for file in INFECTED if format_of(file) == format]
    restored = [cleaner.clean(infected, format).text == original for infected, original in both]
    assert sum(restored) >= RESTORED[format] * len(restored)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_cleaned_page_stays_as_it_is(cleaner: Cleaner, file: Path) -> None:
    infected, _ = pages(file)
    result = cleaner.clean(infected, format_of(file))
    assert cleaner.clean(result.text, format_of(file)).text == result.text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_edit_of_a_page_touches_something_that_was_found(cleaner: Cleaner, file: Path) -> None:
    infected, _ = pages(file)
    assert edits_apart(cleaner.clean(infected, format_of(file))) == []


PARAGRAPHS = (
    "Sáng 12/4, xã Nậm Cắn tổng kết một năm trồng rừng ven suối, bà con bảy bản về dự đông đủ.",
    "Trong năm, xã đã gia cố hơn 3,2 km đê bao và trồng mới 1.500 cây chắn sóng ở hai bờ.",
    "Trưởng bản Huồi Pốc cho biết mùa mưa này nước lên chậm hơn, ruộng dưới thấp không bị ngập.",
    "Xã mong bà con tiếp tục giữ rừng, báo ngay cho kiểm lâm khi thấy người lạ vào chặt cây.",
)
PHRASES = ("nhà cái uy tín kubet88", "soi cầu xsmb hôm nay", "xổ số trực tuyến minh ngọc", "tài xỉu online")
OUT_OF_SIGHT = (
    '<meta name="description" content="{}">',
    '<script type="application/ld+json">{{"headline": "{}"}}</script>',
    '<img src="a.jpg" alt="{}">',
    '<a href="/x" title="{}">Xem</a>',
    '<!-- <a href="https://kubet88.example">{}</a> -->',
    "<script>document.write('<a href=\"https://kubet88.example\">{}</a>')</script>",
)


@pytest.mark.parametrize("hidden", [True, False], ids=["hidden links", "none"])
@pytest.mark.parametrize(("one", "another"), list(combinations(OUT_OF_SIGHT, 2)) + [(one, one) for one in OUT_OF_SIGHT])
def test_what_is_injected_out_of_sight_takes_nothing_along(
    cleaner: Cleaner, one: str, another: str, hidden: bool
) -> None:
    links = '<a href="https://kubet88.example">nhà cái uy tín</a> <a href="https://fb88.example">fb88</a>'
    block = f'<div style="display:none">{links} tài xỉu online</div>\n' if hidden else ""
    for first, second in ((PHRASES[0], PHRASES[0]), PHRASES[1:3]):
        paragraphs = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
        parts = (paragraphs[0], one.format(first), paragraphs[1], block + paragraphs[2], another.format(second))
        result = cleaner.clean("\n".join((*parts, paragraphs[3], f"<p>{PHRASES[3]}</p>")), "html")
        assert [p for p in paragraphs if p not in result.text] == []
        assert [f.quote for f in result.findings if any(p in f.quote for p in PARAGRAPHS)] == []


@pytest.mark.parametrize("file", [file for file in FILES if file.suffix == ".html"], ids=lambda file: file.stem)
def test_every_page_is_told_to_be_one(file: Path) -> None:
    infected, _ = pages(file)
    assert detect_format(infected) == "html"
