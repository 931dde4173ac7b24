"""What hides elements from elsewhere in a page, and findings of markup without words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaner import Cleaner, Policy
from cleaner.document import read

ARTICLE = (
    "<p>Chiều qua, trạm y tế xã tiêm phòng cho hơn hai trăm cháu nhỏ. Bà con chờ từ sớm ở sân nhà văn hóa.</p>\n" * 3
)
SPAM, ODD, PLAIN = "https://nhacai88bet.win/", "https://ee88.com/", "https://truonghoc.com/"


def hiding(page: str, name: str = "div") -> tuple[str, str]:
    """How the element is hidden, and what does nothing else."""
    element = next(element for element in read(page, "html").elements if element.name == name)
    return element.hidden, page[slice(*element.hider)] if element.hider else ""


@pytest.mark.parametrize(
    ("css", "element", "technique"),
    [
        (".an{display:none}", "<div class=an>", "display:none"),
        ("div.an{display:none !important;}", '<div class="hop an">', "display:none"),
        ("body .an { position: fixed; top: -5000px }", "<DIV CLASS='an'>", "off-screen"),
        ("#q7{opacity:0}", "<div id=q7>", "opacity:0"),
        (".a,.an,.b{text-indent:-9999px}", "<div class=an>", "text-indent"),
        ("/* .x{} */ .an/* y */{visibility:hidden}", "<div class=an>", "visibility:hidden"),
        (".an{color:red}.an{display:none}", "<div class=an>", "display:none"),
        (".an{display:none}.an{display:block}", "<div class=an>", ""),
        (".an{color:red}", "<div class=an>", ""),
        (".an{display:none}", "<div class=khac>", ""),
        (".an{display:none}", "<div>", ""),
        ("@media print{.an{display:none}}", "<div class=an>", ""),
        ("@media print{.a{color:red}.an{display:none}} .b{}", "<div class=an>", ""),
        ("@import 'a.css'; .an{display:none}", "<div class=an>", "display:none"),
        (".dong .an{display:none}", "<div class=an>", ""),
        (".an:hover{display:none}", "<div class=an>", ""),
        (".an.dong{display:none}", "<div class=an>", ""),
        (".an{display:none", "<div class=an>", ""),
    ],
)
def test_rules_of_style_sheets(css: str, element: str, technique: str) -> None:
    assert hiding(f"<style>{css}</style>{element}chữ</div>")[0] == technique


@pytest.mark.parametrize(
    ("script", "technique"),
    [
        ("document.getElementById('k9').style.display='none';", "display:none"),
        ('document.getElementById("k9").style.visibility = "hidden"', "visibility:hidden"),
        ("document.getElementById('k9').style.display='block'", ""),
        ("document.getElementById('khac').style.display='none'", ""),
        ("document.getElementById('k9').style.color='none'", ""),
    ],
)
def test_statements_of_scripts(script: str, technique: str) -> None:
    assert hiding(f"<div id=k9>chữ</div><script>{script}</script>")[0] == technique


@pytest.mark.parametrize(
    "hider",
    [
        "<style>.k9{display:none}</style>",
        "<style type='text/css'>\n  .k9 { left: -99em; position: absolute }\n</style >",
        "<script>document.getElementById('k9').style.display='none';</script>",
    ],
)
def test_what_only_hides_is_known(hider: str) -> None:
    assert hiding(f"{hider}<div class=k9 id=k9>chữ</div>")[1] == hider


@pytest.mark.parametrize(
    "hider",
    [
        "<style>.k9{display:none} p{color:red}</style>",
        "<style>.k9,.m{display:none}</style>",
        "<style>@media screen{p{color:red}}.k9{display:none}b{}</style>",
        "<script>document.getElementById('k9').style.display='none'; start();</script>",
        "<script>start(); document.getElementById('k9').style.display='none'</script>",
    ],
)
def test_what_does_more_than_hide_is_left(hider: str) -> None:
    technique, alone = hiding(f"{hider}<div class=k9 id=k9>chữ</div>")
    assert technique
    assert alone == ""


ALONE, SHARED = "<style>.k9{display:none}</style>", "<style>.k9{display:none}p{color:red}</style>"
BLOCK = f"<div class=k9><a href={SPAM}>xổ số miền bắc</a></div>\n"


@pytest.mark.parametrize(
    ("hider", "rest", "left"),
    [
        pytest.param(f"{ALONE}\n", "", "", id="it did nothing else"),
        pytest.param(f"{SHARED}\n", "", f"{SHARED}\n", id="it does more"),
        pytest.param(ALONE, "<div class=k9>Đang tải…</div>", ALONE, id="it hides something honest, too"),
    ],
)
def test_what_hid_a_block_goes_with_it(fixture_model: Path, hider: str, rest: str, left: str) -> None:
    source = f"<head>\n{hider}</head>\n<body>\n{BLOCK}{ARTICLE}{rest}</body>"
    found = Cleaner(fixture_model).clean(source, "html")
    assert found.text == f"<head>\n{left}</head>\n<body>\n{ARTICLE}{rest}</body>"


@pytest.mark.parametrize(
    ("marked", "left"),
    [
        pytest.param(f"<p>Bà con <a href={SPAM}></a> chờ từ sớm.</p>", "<p>Bà con chờ từ sớm.</p>", id="an empty link"),
        pytest.param(f"<p><a href={SPAM}> </a></p>\n", "", id="a paragraph with an empty link"),
        pytest.param(f"<iframe src={SPAM} width=1 height=1></iframe>\n", "", id="a tiny frame"),
        pytest.param(f"<iframe src={ODD} style='display:none'></iframe>", "", id="a hidden frame to an odd host"),
        pytest.param(f"<a href={SPAM}><img src={SPAM}b.gif></a>", "", id="a banner"),
        pytest.param(
            f"<p>Ảnh: <a href={SPAM}><img src=/anh/tram.jpg></a></p>",
            "<p>Ảnh: <img src=/anh/tram.jpg></p>",
            id="a link around the article's image",
        ),
        pytest.param(f"<p>Tin.</p><p>Xem thêm <a href={SPAM}>tại đây</a>.</p>", "<p>Tin.</p>", id="a request"),
        pytest.param(
            f"<p>Tin. Xem thêm <a href={SPAM}>tại đây</a>.</p>", "<p>Tin.</p>", id="a request behind honest words"
        ),
    ],
)
def test_findings_of_markup(fixture_model: Path, marked: str, left: str) -> None:
    assert Cleaner(fixture_model).clean(ARTICLE + marked + ARTICLE, "html").text == ARTICLE + left + ARTICLE


@pytest.mark.parametrize(
    "page",
    [
        f"<iframe src={PLAIN} width=1 height=1></iframe>",
        f"<iframe src={ODD}></iframe>",
        "<iframe src='https://www.youtube.com/embed/abc'></iframe>",
        f"<p>Bà con <a href={PLAIN}></a> chờ.</p>",
        f"<a href={PLAIN}><img src=/a.jpg></a>",
        "<a name=muc1></a>",
        "<style>.an{display:none}</style><div class=an>Đang tải nội dung, xin chờ…</div>",
    ],
)
def test_honest_markup_stays(fixture_model: Path, page: str) -> None:
    assert not Cleaner(fixture_model).clean(ARTICLE + page, "html").findings


def test_an_attribute_that_said_nothing_else_goes_whole(fixture_model: Path) -> None:
    page = ARTICLE + "<img src=/a.jpg alt='Sân nhà văn hóa'{}>"
    spam = "xổ số miền bắc nhà cái nhacai88bet.win"
    cleaner = Cleaner(fixture_model, Policy(deny=(spam,)))
    assert cleaner.clean(page.format(f" title='{spam}'"), "html").text == page.format("")


def test_a_script_of_blanks_is_read_once() -> None:
    page = f"<div id=k9>chữ</div><script>x.style.y;{' ' * 300_000}</script>"
    assert hiding(page) == ("", "")
