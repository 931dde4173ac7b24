"""The library as a user calls it: the two real articles, policies, threads, hostile sources."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, repeat

import pytest
from conftest import HONEST_SEED, INFECTED_SEED, ROOT, edits_apart, records

import cleaner
from cleaner import Cleaner, Policy, Result, SourceError, clean, scan

QUOTE = "xổ số trực tuyến minh ngọc"
HEAVY = {"lightgbm", "sklearn", "scipy", "pandas"}
SPAM = "nhà cái uy tín nhất việt nam"
HOSTILE = [
    pytest.param("", id="empty"),
    pytest.param(" \n\t\r\n", id="blank"),
    pytest.param("\x00" * 2_000, id="NULs"),
    pytest.param(f"Trạm\x00y tế \x00{SPAM}\x00 đã mở.", id="NULs between words"),
    pytest.param("\ud800\udfff và \udc00", id="lone surrogates"),
    pytest.param(("Trạm y tế đã khám cho 40 trẻ em trong xã, " * 5_000)[:200_000], id="one line of 200 KB"),
    pytest.param("x" * 200_000, id="one word of 200 KB"),
    pytest.param("\u0301" * 50_000, id="combining marks"),
    pytest.param("<div>" * 50_000 + SPAM, id="50,000 nested tags"),
    pytest.param("<a " * 50_000, id="50,000 tags begun"),
    pytest.param("[" * 50_000 + "](" * 50_000, id="brackets"),
]


@pytest.fixture(scope="module")
def infected() -> str:
    return INFECTED_SEED.read_text("utf-8")


def test_the_infected_article_gets_exactly_one_cut(infected: str) -> None:
    result = clean(infected)
    assert [(f.quote, f.category, f.action) for f in result.findings] == [(QUOTE, "lottery", "strip")]
    assert result.verdict == "cleaned"
    assert result.text == infected.replace(f" {QUOTE}\n", " ")
    assert "của Trung tâm Y tế đã đạt được trong 6 tháng" in result.text
    assert result.findings[0].reasons


def test_the_honest_article_is_left_alone() -> None:
    source = HONEST_SEED.read_text("utf-8")
    assert clean(source) == Result(source, source, "clean", (), (), "text")
    assert scan(source) == ()


def test_scan_gives_the_findings_of_clean(infected: str) -> None:
    assert scan(infected) == clean(infected).findings


def test_what_is_allowed_is_never_found(infected: str) -> None:
    result = Cleaner(policy=Policy(allow=("XỔ SỐ trực tuyến",))).clean(infected)
    assert (result.findings, result.text) == ((), infected)


def test_what_is_denied_is_always_cut() -> None:
    denying = Cleaner(policy=Policy(deny=("Cà phê Ba Sao",)))
    result = denying.clean("Sáng nay CÀ PHÊ BA SAO trạm y tế xã đã mở cửa trở lại.")
    assert result.text == "Sáng nay trạm y tế xã đã mở cửa trở lại."
    assert [(f.quote, f.score, f.action) for f in result.findings] == [("CÀ PHÊ BA SAO", 1.0, "strip")]
    assert "deny list" in result.findings[0].reasons[0].text


def test_allowing_outweighs_denying() -> None:
    source = "Sáng nay cà phê Ba Sao đã mở cửa."
    assert Cleaner(policy=Policy(allow=("cà phê",), deny=("cà phê ba sao",))).clean(source).text == source


@pytest.mark.parametrize(("source", "verdict"), [("mở fb88 đi bạn", "review"), ("fb88 fb88 fb88 fb88", "spam")])
def test_a_text_of_which_too_much_would_go_is_left_to_a_person(source: str, verdict: str) -> None:
    result = Cleaner(policy=Policy(deny=("fb88",), max_removed=0.2)).clean(source)
    assert (result.verdict, result.text, result.edits) == (verdict, source, ())
    assert {f.action for f in result.findings} == {"flag"}


def test_thresholds_decide_between_cutting_and_showing(infected: str) -> None:
    result = Cleaner(policy=Policy(strip=1.0)).clean(infected)
    assert [f.action for f in result.findings] == ["flag"]
    assert (result.verdict, result.text) == ("review", infected)


@pytest.mark.parametrize("kind", ["honest", "infected"])
def test_every_edit_touches_something_that_was_found(kind: str) -> None:
    articles = records(kind)
    for format in {article["format"] for article in articles}:
        sources = [article["text"] for article in articles if article["format"] == format]
        apart = [edits_apart(result) for result in Cleaner().clean_many(sources, format)]
        assert apart == [[] for _ in sources]


def test_threads_share_a_cleaner() -> None:
    shared = Cleaner()
    sources = [record["text"] for record in islice(records("infected"), 20)] * 3
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(shared.clean, sources)) == [shared.clean(source) for source in sources]


def test_many_are_streamed() -> None:
    endless = Cleaner().clean_many(repeat("Trạm y tế đã mở. " * 2_000))
    assert [result.verdict for result in islice(endless, 3)] == ["clean"] * 3


@pytest.mark.parametrize("format", ["auto", "text", "html", "markdown"])
@pytest.mark.parametrize("source", HOSTILE)
def test_any_source_gives_a_result(source: str, format: str) -> None:
    result = clean(source, format)
    assert result.source == source
    assert bool(result.edits) == (result.text != source)


def test_refuses_what_is_no_source() -> None:
    with pytest.raises(TypeError):
        clean(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not one string"):
        list(Cleaner().clean_many("xổ số"))
    with pytest.raises(SourceError, match="pdf"):
        clean("text", format="pdf")


@pytest.mark.parametrize(
    "program",
    [
        "import cleaner",
        f"from cleaner.cli import main; main(['clean', {str(INFECTED_SEED)!r}], standalone_mode=False)",
    ],
)
def test_cleaning_imports_nothing_that_only_training_needs(program: str) -> None:
    listing = f"{program}\nimport sys; print(*sys.modules, sep='\\n', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stderr.split())


def test_the_public_names_are_these() -> None:
    assert sorted(cleaner.__all__) == sorted(set(cleaner.__all__))
    assert {"clean", "scan", "Cleaner", "Policy", "Result", "Finding", "Reason"} <= set(cleaner.__all__)
    assert all(hasattr(cleaner, name) for name in cleaner.__all__)


def test_a_seam_behind_an_earlier_cut_is_part_of_that_cut() -> None:
    heading = "<h2>Chè bưởi An Giang giữa phố Hàng Bồ</h2>"
    source = f"  {heading}   {heading}  - đồng hồ rep 1:1 Thụy Sĩ giá sỉ (fb88)   {heading} "
    result = Cleaner(policy=Policy(strip=0.3, flag=0.2)).clean(source)
    stripped = [finding for finding in result.findings if finding.action == "strip"]
    assert stripped
    assert all(any(f.start <= e.end and e.start <= f.end for f in stripped) for e in result.edits)


UNKNOWN = {
    "German": "Die Gemeinde Oberwald teilt mit, dass die Brücke bis zum 15. März gesperrt bleibt. Anwohner können die "
    "Umleitung über die Kantonsstraße {}benutzen. Der Wochenmarkt findet wie gewohnt auf dem Dorfplatz statt.",
    "Finnish": "Kunta tiedottaa, että joen ylittävä silta on suljettu remontin vuoksi 15. maaliskuuta asti. Asukkaat "
    "voivat käyttää kiertotietä {}tai myllyn polkua. Tori pidetään kuten tavallisesti kirkon vieressä.",
    "Arabic": "أعلنت البلدية إغلاق الجسر فوق النهر بسبب أعمال الصيانة حتى الخامس عشر من مارس. يمكن للسكان استخدام "
    "الطريق البديل {}بجانب الطاحونة. تنطلق حافلات المدارس قبل موعدها بعشر دقائق، ويقام السوق كالعادة في الساحة.",
}


@pytest.mark.parametrize("language", UNKNOWN)
def test_in_an_unknown_language_rules_decide_and_the_finding_says_so(language: str) -> None:
    result = Cleaner().clean(UNKNOWN[language].format("slot gacor hari ini luckywin88 "), "text")
    assert result.text == UNKNOWN[language].format("")
    (finding,) = result.findings
    assert "language" in {reason.code for reason in finding.reasons}


@pytest.mark.parametrize("language", UNKNOWN)
@pytest.mark.parametrize("words", ["", "jetzt gratis spielen und gewinnen ", "rompi lunga, ", "F88 "])
def test_in_an_unknown_language_nothing_is_cut_that_no_two_rules_recognise(language: str, words: str) -> None:
    source = UNKNOWN[language].format(words)
    assert Cleaner().clean(source, "text").text == source


COMPOST = (
    "ชาวบ้านหนองกระทุ่มรวมกลุ่มทำปุ๋ยหมักจากผักตบชวา\n\n"
    "กลุ่มแม่บ้านตำบลหนองกระทุ่มใช้เวลาช่วงเช้าวันเสาร์เก็บผักตบชวาขึ้นจากคลองหลังวัด แล้วนำมาสับเป็นท่อนสั้น ๆ "
    "ผสมกับมูลวัวและใบไม้แห้ง กองปุ๋ยแต่ละกองสูงประมาณหนึ่งเมตรครึ่ง ต้องกลับกองทุกเจ็ดวันเพื่อให้อากาศเข้าถึง{}"
    " และรดน้ำให้ชื้นพอดี\n\n"
    "ป้าสมจิตร แก้วบัวทอง หัวหน้ากลุ่ม เล่าว่าเมื่อก่อนคลองตันจนเรือผ่านไม่ได้ ปัจจุบันน้ำไหลดีขึ้นและปลาเริ่มกลับมา "
    "ปุ๋ยที่ได้แบ่งให้สมาชิกครัวเรือนละห้ากระสอบ ส่วนที่เหลือขายให้สวนมะม่วงในราคากระสอบละสี่สิบบาท\n\n"
    "โรงเรียนประจำตำบลจะพานักเรียนชั้นประถมปลายมาเรียนรู้การทำปุ๋ยในเดือนหน้า "
    "โดยให้นักเรียนวัดอุณหภูมิกองปุ๋ยและจดบันทึกด้วยตนเอง"
)
SLOTS, SIGN_UP = " สล็อตเว็บตรงไม่ผ่านเอเย่นต์ แตกง่าย", "\nสมัครบาคาร่าออนไลน์ ฝากถอนออโต้ แอดไลน์ @luckymoo99"


def test_what_is_left_is_judged_in_the_company_of_what_was_cut() -> None:
    result = clean(COMPOST.format(SLOTS) + SIGN_UP)
    assert result.text == COMPOST.format("")
    assert "company" in {reason.code for reason in result.findings[0].reasons}
    assert clean(result.text).text == result.text
    assert clean(COMPOST.format(SLOTS)).text == COMPOST.format(SLOTS)


def test_what_an_editor_has_cut_is_no_company() -> None:
    result = Cleaner(policy=Policy(deny=("มูลวัว",))).clean(COMPOST.format(SLOTS))
    assert result.text == COMPOST.format(SLOTS).replace("มูลวัว", "")
