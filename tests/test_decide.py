"""Deciding: what is cut and what is only shown."""

from __future__ import annotations

import pytest

from cleaner import Policy
from cleaner.decide import SENTENCE, Decision, Terms, decide, removed_share
from cleaner.document import read
from cleaner.model.classifier import Scored

HOST = "Đội bóng của trường đã thắng trận chung kết chiều qua trên sân nhà. " * 12
SHOES = "Ba mươi đôi giày để trong kho bị mốc vì mái dột, cựu học sinh gửi xe đò ra hai mươi sáu đôi khác. " * 2


@pytest.mark.parametrize(
    ("length", "named", "score", "policy", "action"),
    [
        pytest.param(len(SHOES), {}, 0.95, Policy(), "flag", id="a paragraph that no rule recognises"),
        pytest.param(len(SHOES), {}, 0.98, Policy(), "strip", id="a paragraph that is certain"),
        pytest.param(len(SHOES), {"brand": ("fb88",)}, 0.95, Policy(), "strip", id="a paragraph with a brand"),
        pytest.param(SENTENCE, {}, 0.95, Policy(), "flag", id="a sentence"),
        pytest.param(SENTENCE - 1, {}, 0.95, Policy(), "strip", id="a phrase"),
        pytest.param(len(SHOES), {}, 0.95, Policy(strip=Policy().flag), "strip", id="a policy that cuts all it shows"),
    ],
)
def test_a_sentence_is_cut_only_when_certain_or_for_something_that_a_rule_recognises(
    length: int, named: dict[str, tuple[str, ...]], score: float, policy: Policy, action: str
) -> None:
    document = read(HOST + SHOES, "text")
    scored = Scored(len(HOST), len(HOST) + length, score, "other", {"context": 5.0}, named)
    decisions, _ = decide([scored], document, policy, Terms(()), Terms(()))
    assert [decision.action for decision in decisions] == [action]


@pytest.mark.parametrize(
    ("page", "names", "action"),
    [
        pytest.param("<p>Máy JD55 và máy KB88 cùng giá, máy SV368 rẻ hơn.</p>", ["JD55", "KB88"], "flag", id="models"),
        pytest.param("<p>Bạn xiaoyu88 khen, còn bạn kk365 chê.</p>", ["xiaoyu88", "kk365"], "flag", id="users"),
        pytest.param("<p>Trường KB88 đã mở cửa, còn xã KB88 thì chưa.</p>", ["KB88"], "strip", id="one name"),
    ],
)
def test_names_of_a_page_that_differ_are_only_shown(page: str, names: list[str], action: str) -> None:
    document = read(page, "html")
    scored = [
        Scored(at, at + len(name), 0.98, "gambling", {"wording": 5.0}, {"brand": (name,)})
        for name in names
        for at in [document.text.index(name)]
    ]
    decisions, _ = decide(scored, document, Policy(), Terms(()), Terms(()))
    assert {decision.action for decision in decisions} == {action}


ADDRESS = "Đăng ký trước thứ sáu tại www.hoicho-sachcu247.asia hoặc gọi cho nhà văn hóa, chỗ ngồi có hạn."


@pytest.mark.parametrize(
    ("words", "score", "beside", "action"),
    [
        pytest.param("www.hoicho-sachcu247.asia", 0.96, None, "flag", id="an address, alone"),
        pytest.param("www.hoicho-sachcu247.asia", 0.98, None, "strip", id="one that is certain"),
        pytest.param("www.hoicho-sachcu247.asia", 0.96, 0.6, "strip", id="not alone"),
        pytest.param("hoicho-sachcu247", 0.96, None, "strip", id="a name"),
    ],
)
def test_an_address_that_is_all_there_is_has_to_be_certain(
    words: str, score: float, beside: float | None, action: str
) -> None:
    at = ADDRESS.index(words)
    scored = [Scored(at, at + len(words), score, "gambling", {"wording": 3.0}, {"domain": (words,)})]
    scored += [Scored(90, 95, beside, "gambling", {"wording": 1.0}, {})] if beside else []
    decisions, _ = decide(scored, read(ADDRESS + HOST, "text"), Policy(), Terms(()), Terms(()))
    assert decisions[0].action == action


WARNING = "Công an xã dán ở chợ mấy tin nhắn mà bà con hay nhận, ai thấy thì xóa ngay.\n{}\nHỏi thêm ở trụ sở.\n"


@pytest.mark.parametrize(
    ("listed", "action"),
    [
        pytest.param('1. "Vay nóng ba phút"\n2. "Nổ hũ tặng tiền"', "flag", id="straight"),
        pytest.param(
            "- “Vay nóng ba phút nhé anh chị”\n- “Nổ hũ tặng tiền ngay”", "flag", id="curly, with words around"
        ),
        pytest.param("「Vay nóng ba phút」、「Nổ hũ tặng tiền」", "flag", id="in one line"),
        pytest.param('1. Vay nóng ba phút\n2. "Nổ hũ tặng tiền"', "strip", id="one that is quoted, one that is not"),
        pytest.param(
            '"Tôi trồng rau Vay nóng ba phút ở bãi sông từ năm ngoái", ông Sáu nói, "và năm nay bán được giá Nổ hũ tặng'
            ' tiền nên cả nhà mừng lắm".',
            "strip",
            id="in somebody's words",
        ),
    ],
)
def test_messages_that_a_text_quotes_one_by_one_are_only_shown(listed: str, action: str) -> None:
    document = read(HOST + WARNING.format(listed), "text")
    scored = [
        Scored(at, at + len(phrase), 0.95, "loan", {"wording": 5.0}, {"phrase": (phrase,)})
        for phrase in ("Vay nóng ba phút", "Nổ hũ tặng tiền")
        for at in [document.text.index(phrase)]
    ]
    decisions, _ = decide(scored, document, Policy(), Terms(()), Terms(()))
    assert [decision.action for decision in decisions] == [action] * 2


@pytest.mark.parametrize(
    ("page", "format", "action"),
    [
        pytest.param("<p>Cụm hay gặp: <em>soi cầu lô</em>, <em>nổ hũ</em>.</p>", "html", "flag", id="in emphasis"),
        pytest.param("<p>Cụm hay gặp: <q>soi cầu lô</q>, <q>nổ hũ</q>.</p>", "html", "flag", id="quoted"),
        pytest.param("Cụm hay gặp: *soi cầu lô*, *nổ hũ*.", "markdown", "flag", id="in Markdown"),
        pytest.param("<p>Lớp học <em>soi cầu lô</em> sáng nay.</p><p><em>nổ hũ</em></p>", "html", "strip", id="apart"),
        pytest.param("<p>Lớp học <b>soi cầu lô</b>, <b>nổ hũ</b> sáng nay.</p>", "html", "strip", id="in bold"),
    ],
)
def test_phrases_that_a_line_names_one_by_one_are_only_shown(page: str, format: str, action: str) -> None:
    host = "Trung tâm an toàn thông tin đã rà soát các trang của trường học và trạm y tế trong tỉnh.\n\n"
    document = read(host + page, format)
    scored = [
        Scored(at, at + len(phrase), 0.98, "lottery", {"wording": 5.0}, {"phrase": (phrase,)})
        for phrase in ("soi cầu lô", "nổ hũ")
        for at in [document.text.index(phrase)]
    ]
    decisions, _ = decide(scored, document, Policy(), Terms(()), Terms(()))
    assert {decision.action for decision in decisions} == {action}


@pytest.mark.parametrize(
    ("text", "named", "action"),
    [
        pytest.param("10164f51-11a5-42a0-8946-ffbead9a5413%21667ecf35", {"brand": ("a5413",)}, "flag", id="identifier"),
        pytest.param("2016%2f09%2f16%2f56%2fhttpsd2mhye01h4nj2n", {}, "flag", id="encoded address"),
        pytest.param("colaboraciÃ³n", {}, "flag", id="mistaken encoding"),
        pytest.param("casino gratuit fb88 à Paris", {"brand": ("fb88",)}, "strip", id="letters beyond ASCII"),
        pytest.param("https://fb88-0099.example/2026/11/22/123456", {"domain": ("fb88-0099",)}, "strip", id="domain"),
        pytest.param("nhacaiuytinhangdauvietnam-link-vao-fb88", {"brand": ("fb88",)}, "strip", id="words run together"),
        pytest.param("fb88-0099-123456", {"brand": ("fb88",)}, "strip", id="a short one"),
    ],
)
def test_a_long_code_is_only_shown(text: str, named: dict[str, tuple[str, ...]], action: str) -> None:
    document = read(f"{HOST}{text} {HOST}", "text")
    scored = Scored(len(HOST), len(HOST) + len(text), 0.99, "gambling", {"wording": 5.0}, named)
    decisions, _ = decide([scored], document, Policy(), Terms(()), Terms(()))
    assert [decision.action for decision in decisions] == [action]


@pytest.mark.parametrize(
    ("page", "named", "score", "action"),
    [
        pytest.param("<li>thuha686</li>", {"brand": ("thuha686",)}, 0.9, "flag", id="a name in a list"),
        pytest.param("<li> – thuha686:</li>", {"brand": ("thuha686",)}, 0.9, "flag", id="with signs"),
        pytest.param("<li>thuha686</li>", {"phrase": ("nổ hũ",)}, 0.9, "strip", id="a line that a phrase tells"),
        pytest.param("<li>thuha686</li>", {"hidden": ("clip",)}, 0.9, "strip", id="a hidden line"),
        pytest.param("<li>thuha686</li>", {}, 0.98, "strip", id="a line that is certain"),
        pytest.param(
            "<p>Xem <a href=/u>bạn thuha686</a> nhé</p>", {"link": ("/u",)}, 0.9, "flag", id="a name in a link"
        ),
        pytest.param("<p>Trạm thuha686 đã mở.</p>", {"brand": ("thuha686",)}, 0.9, "strip", id="within a sentence"),
    ],
)
def test_a_line_or_link_of_a_page_that_is_a_mere_name_is_only_shown(
    page: str, named: dict[str, tuple[str, ...]], score: float, action: str
) -> None:
    document = read(f"<p>{HOST}</p>{page}", "html")
    start = document.text.index("thuha686")
    scored = Scored(start, start + 8, score, "gambling", {"wording": 3.0}, named)
    decisions, _ = decide([scored], document, Policy(), Terms(()), Terms(()))
    assert [decision.action for decision in decisions] == [action]


@pytest.mark.parametrize(
    ("other", "named", "action"),
    [
        pytest.param(0.95, {"phrase": ("nổ hũ",)}, "strip", id="a phrase beside something certain"),
        pytest.param(0.95, {"link": ("/u",)}, "flag", id="nothing that a rule recognises"),
        pytest.param(0.7, {"phrase": ("nổ hũ",)}, "flag", id="nothing certain"),
        pytest.param(None, {"phrase": ("nổ hũ",)}, "flag", id="alone"),
    ],
)
def test_what_stands_beside_something_certain_is_surer(
    other: float | None, named: dict[str, tuple[str, ...]], action: str
) -> None:
    doubtful = Scored(0, 5, 0.55, "gambling", {"phrase": 1.0}, named)
    beside = [Scored(50, 60, other, "lottery", {"wording": 3.0}, {})] if other else []
    (first, *rest), _ = decide([doubtful, *beside], read(HOST, "text"), Policy(), Terms(()), Terms(()))
    assert [decision.scored for decision in rest] == beside
    assert first.action == action
    assert ("company" in first.scored.contributions) == (action == "strip")


def test_what_was_cut_before_is_company_too() -> None:
    doubtful = Scored(0, 5, 0.55, "gambling", {"phrase": 1.0}, {"phrase": ("nổ hũ",)})
    for is_tampered, action in ((False, "flag"), (True, "strip")):
        (found,), _ = decide([doubtful], read(HOST, "text"), Policy(), Terms(()), Terms(()), is_tampered)
        assert found.action == action


def test_what_is_hidden_does_not_count_wherever_its_words_stand() -> None:
    comment = '<!-- <a href="https://vuabai44.top/">vuabai44 nạp rút một phút</a> -->'
    document = read(f"<p>{HOST}</p>{comment}<div hidden>{SHOES}</div><p>{SHOES}</p>", "html")
    places = [document.text.index(words) for words in (HOST.strip(), "vuabai44", SHOES.strip())]
    seen = document.text.rindex(SHOES.strip())
    whole = [(at, at + 20) for at in places[1:]] + [(seen, seen + len(SHOES.strip()))]
    decisions = [Decision(Scored(a, b, 0.9, "other", {}, {}), "strip") for a, b in whole]
    solid = len("".join(SHOES.split())) / len("".join((HOST + SHOES).split()))
    assert removed_share(document, decisions) == pytest.approx(solid)


@pytest.mark.parametrize(
    ("score", "deny", "cut", "category"),
    [
        pytest.param(0.95, ["kèo nhà cái"], "five99 soi kèo nhà cái", "betting", id="a term in what is cut anyway"),
        pytest.param(0.6, ["kèo nhà cái"], "kèo nhà cái", "other", id="a term in what is only shown"),
        pytest.param(0.95, ["nhà cái mỗi"], "five99 soi kèo nhà cái mỗi", "betting", id="a term that runs out of it"),
        pytest.param(0.95, ["lại five99"], "lại five99 soi kèo nhà cái", "betting", id="a term that runs into it"),
        pytest.param(0.95, ["five99", "nhà cái"], "five99 soi kèo nhà cái", "betting", id="two terms"),
    ],
)
def test_what_is_cut_anyway_goes_whole_with_a_denied_term(
    score: float, deny: list[str], cut: str, category: str
) -> None:
    document = read(f"{HOST}Sân bóng xã mở lại five99 soi kèo nhà cái mỗi chiều thứ Năm. {HOST}", "text")
    start, spam = document.text.index("five99"), "five99 soi kèo nhà cái"
    scored = Scored(start, start + len(spam), score, "betting", {"phrase": 5.0}, {"phrase": ("soi kèo",)})
    decisions, verdict = decide([scored], document, Policy(), Terms(()), Terms(deny))
    assert verdict == "cleaned"
    told = [(document.text[d.scored.start : d.scored.end], d.scored.category, d.action, d.forced) for d in decisions]
    assert told == [(cut, category, "strip", deny[0])]
