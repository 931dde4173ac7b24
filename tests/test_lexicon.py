"""The rule set: its data files, the phrases and shapes they find, and the honest words they must not."""

from __future__ import annotations

import tomllib
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import records

import cleaner.rules
from cleaner.evidence import View, view
from cleaner.folding import fold
from cleaner.rules import RuleSet, compile_rules
from cleaner.rules.lexicon import MANY, STRENGTHS
from cleaner.types import CATEGORIES

DATA = sorted((Path(cleaner.rules.__file__).parent / "data").glob("*.toml"))
LANGUAGES = [path for path in DATA if path.stem != "domains"]
RULES = RuleSet.from_compiled(compile_rules())

MARKS = [
    pytest.param("đường dây đánh cờ bạc bịp", True, id="marks agree"),
    pytest.param("người thợ cổ bạc tóc", False, id="other tones: cổ bạc"),
    pytest.param("ở đây có Bắc và Nam", False, id="other letters: có Bắc"),
    pytest.param("dam me co bac qua mang", True, id="unmarked among unmarked words"),
    pytest.param("mọi người đều gọi là co bac nhé các bạn", False, id="unmarked among marked words"),
]
PHRASE = "nhà cái uy tín"
DISGUISES = [
    pytest.param(PHRASE, id="as it is"),
    pytest.param(PHRASE.upper(), id="upper case"),
    pytest.param(unicodedata.normalize("NFD", PHRASE), id="decomposed"),
    pytest.param("nh\u200bà cái u\ufeffy tín", id="zero-width"),
    pytest.param("nhà сái uу tín", id="look-alikes"),
    pytest.param("ｎｈà ｃáｉ ｕｙ ｔíｎ", id="fullwidth"),
    pytest.param("𝐧𝐡à 𝐜á𝐢 𝐮𝐲 𝐭í𝐧", id="styled"),
    pytest.param("n h à c á i u y t í n", id="spaced letters"),
    pytest.param("n-h-à-c-á-i-u-y-t-í-n", id="hyphenated letters"),
    pytest.param("nha cai uy tin", id="missing marks"),
    pytest.param("nhá cãi ụy tin", id="wrong tones"),
    pytest.param("nhacaiuytin", id="squashed"),
]
SPELLED = [
    pytest.param("k u b e t 8 8", "kubet88", id="spaced brand"),
    pytest.param("k-u-b-e-t-8-8", "kubet88", id="hyphenated brand"),
    pytest.param("ＫＵＢＥＴ８８", "kubet88", id="fullwidth brand"),
]
TRAPS = [
    "một số đề xuất của đại biểu",
    "patients with diabetes and beta blockers",
    "ask a specialist in socialist history",
    "dịch COVID-19 và COVID19",
    "cúm H5N1, H1N1, A/H7N9",
    "vitamin B12 và B6",
    "đạt chuẩn ISO 9001 và ISO9001",
    "mã phiếu BN2899",
    "bệnh nhân BN1440 đã khỏi",
    "diyabet hastaları için sohbet ve rekabet",
    "mereka kawin lagi, urusannya ribet",
    "tranh của Courbet, cầu thủ Pawin",
    pytest.param("las colaboraciÃ³n y la informaciÃ³n", id="letters whose encoding was mistaken"),
    pytest.param("căn hộ rộng 86m² và khu vườn 128m²", id="square metres"),
]


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_data_files_are_toml(path: Path) -> None:
    assert read(path)


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_phrases_have_a_category_a_strength_and_no_double(path: Path) -> None:
    data = read(path)
    assert data["lang"] == path.stem
    for group in data["phrases"]:
        assert group["category"] in CATEGORIES
        assert group["strength"] in STRENGTHS
        assert isinstance(group.get("glue", False), bool)
    for terms in ([t for group in data["phrases"] for t in group["terms"]], *other_terms(data)):
        assert [term for term, count in Counter(terms).items() if count > 1] == []


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_terms_are_written_as_they_are_looked_up(path: Path) -> None:
    data = read(path)
    for term in [t for terms in ([t for g in data["phrases"] for t in g["terms"]], *other_terms(data)) for t in terms]:
        assert term == unicodedata.normalize("NFC", term).lower().strip()
        assert term


def test_domains_have_known_categories() -> None:
    domains = read(next(path for path in DATA if path.stem == "domains"))
    assert set(domains["stems"]) <= set(CATEGORIES)
    assert not set(domains["tlds"]["spam"]) - {tld.lower() for tld in domains["tlds"]["spam"]}


@pytest.mark.parametrize(("text", "is_found"), MARKS)
def test_tone_marks_are_guarded(text: str, is_found: bool) -> None:
    assert any("cờ bạc" in hit.term.text for hit in look(text).hits) is is_found


@pytest.mark.parametrize("text", DISGUISES)
def test_a_phrase_is_found_in_disguise(text: str) -> None:
    found = [hit.term.text.replace(" ", "") for hit in look(f"Trung tâm {text} đã đạt").hits]
    assert set(found) & {"nhàcáiuytín", "nhacaiuytin"}


@pytest.mark.parametrize(("text", "brand"), SPELLED)
def test_a_brand_is_found_in_disguise(text: str, brand: str) -> None:
    assert brand in [shape.detail for shape in look(f"vào {text} ngay").shapes if shape.kind == "brand"]


@pytest.mark.parametrize("text", TRAPS)
def test_honest_words_are_no_strong_evidence(text: str) -> None:
    seen = look(text)
    assert [hit.term.text for hit in seen.hits if hit.term.weight >= STRENGTHS["strong"]] == []
    assert [shape.detail for shape in seen.shapes if shape.kind == "brand"] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("xem tại fb88vip.com nhé", "domain"),
        ("xem tại nhacai。com", "domain"),
        ("theo moh.gov.vn", "honest-domain"),
        ("#xosomienbac #nhacai", "hashtag"),
        ("vào fb88 đi", "brand"),
    ],
)
def test_shapes_without_words(text: str, kind: str) -> None:
    assert kind in {shape.kind for shape in look(text).shapes}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("cùng ngày qivo33.meSergei Lavrov", ["qivo33.me", "sergei"], id="a capital behind it"),
        pytest.param("vay nhanh QIVO66.XYZgiao hàng", ["qivo66.xyz", "giao"], id="small letters behind capitals"),
        pytest.param("cầu qivo.winG1 Andréia", ["qivo.win", "g1"], id="a name with a figure"),
        pytest.param("tại 440088.com3 cảng", ["440088.com", "3"], id="a figure"),
        pytest.param("探偵は qivo.betBARにいる", ["qivo.bet", "bar"], id="in Japanese"),
        pytest.param("xem qivo.Bet nhé", ["qivo.bet"], id="a capital within it"),
        pytest.param("gọi sys.isFile trước", [], id="words of a program"),
        pytest.param("mở tệp bao.comic ra", [], id="a longer word"),
        pytest.param("bệnh viện TP.HCMC khám", [], id="an abbreviation"),
    ],
)
def test_a_domain_ends_where_another_word_is_glued_to_it(text: str, parts: list[str]) -> None:
    seen = look(text)
    words = [seen.folded.bare[a:b] for a, b in zip(seen.tokens.starts, seen.tokens.ends, strict=True)]
    found = [(shape.end, shape.detail) for shape in seen.shapes if shape.kind == "domain"]
    assert [detail for _, detail in found] == parts[:1]
    behind = {seen.folded.bare[end:].split()[0][: len(part)] for end, _ in found for part in parts[1:]}
    assert behind == set(parts[1:]) <= {*words}


def test_the_compiled_form_is_complete() -> None:
    again = RuleSet.from_compiled(RULES.compiled)
    text = "nhà cái uy tín fb88 ở fb88vip.com"
    assert view(text, again).hits == look(text).hits
    assert view(text, again).shapes == look(text).shapes


def look(text: str) -> View:
    return view(text, RULES)


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def other_terms(data: dict[str, Any]) -> list[list[str]]:
    """Calls to action, words of reporting, words before a contact."""
    return [data.get(name, {}).get("terms", []) for name in ("cta", "frames", "contact")]


def test_a_single_article_and_a_whole_archive_have_the_same_hits() -> None:
    compiled = compile_rules()
    busy = RuleSet.from_compiled(compiled).phrases
    list(busy.find(fold("nhà cái " * MANY)))
    for record in [*records("infected"), *records("honest")]:
        fresh = RuleSet.from_compiled(compiled).phrases
        folded = fold(record["text"][:MANY])
        assert list(fresh.find(folded)) == list(busy.find(folded))


@pytest.mark.parametrize(
    ("words", "term"),
    [
        pytest.param("xosotructiephomnay", "xổ số trực tiếp", id="the beginning of a longer one"),
        pytest.param("taixiumd5uytin", "tài xỉu md5", id="with a figure"),
        pytest.param("situsjudibola", "situs judi bola", id="Indonesian"),
        pytest.param("онлайнказино", "онлайн казино", id="Russian"),
    ],
)
def test_a_phrase_without_its_spaces_is_a_strong_one(words: str, term: str) -> None:
    (hit,) = view(f"Bảng tin của xã ghi {words} ở góc dưới.", RULES).hits
    assert (hit.term.text, hit.disguised) == (term, True)
    assert hit.weight > STRENGTHS["medium"]


def test_a_phrase_without_its_spaces_is_read_word_by_word_but_in_an_address() -> None:
    def words(text: str) -> list[str]:
        seen = view(text, RULES)
        edges = zip(seen.tokens.starts.tolist(), seen.tokens.ends.tolist(), strict=True)
        return [seen.folded.text(start, end) for start, end in edges]

    assert words("góc nhacaiuytin dưới") == ["góc", "nha", "cai", "uy", "tin", "dưới"]
    assert "nhacaiuytin" in words("trang nhacaiuytin.vip đã đóng")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Buổi livestream tối qua kéo dài một giờ.", id="a word that is written in both ways"),
        pytest.param("Ảnh minh họa: vaytinchapnganhang.org", id="part of an address"),
        pytest.param("Anh Tư vaytien rồi trả đủ.", id="a short one"),
        pytest.param("스포츠토토 소식", id="a script that parts words at will"),
    ],
)
def test_what_is_written_without_spaces_for_other_reasons(text: str) -> None:
    assert not [hit for hit in view(text, RULES).hits if hit.disguised and hit.weight > STRENGTHS["medium"]]
