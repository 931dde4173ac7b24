"""What markup says beyond the words: hidden blocks, and links around honest words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner, Policy
from cleaner.document import read
from cleaner.document.targets import host_of, site_of
from cleaner.model.classifier import Scored
from cleaner.reasons import reasons_of
from cleaner.rules import RuleSet, compile_rules
from cleaner.rules.markup import DEEPEST, Markup, leads_to_spam, link_weights
from cleaner.structure import CERTAIN, judge_markup

RULES = RuleSet.from_compiled(compile_rules())
ARTICLE = (
    "<p>Chiều qua, trạm y tế xã tiêm phòng cho hơn hai trăm cháu nhỏ. Bà con chờ từ sớm ở sân nhà văn hóa.</p>" * 3
)
HIDDEN = "<div style='display:none'>{}</div>"
SPAM_LINK, ODD_LINK, PLAIN_LINK = "https://nhacai88bet.win/", "https://ee88.com/", "https://truonghoc.com/"


def judged(page: str, *spam: str, score: float = 0.9) -> list[tuple[str, bool, float]]:
    """What is found on a page of which the classifier finds ``spam`` with a score: words, whether unwrapped, score."""
    document = read(page, "html")
    places = [(document.text.index(words), words) for words in spam]
    scored = [
        Scored(at, at + len(words), score, "lottery", {"wording": 3.0}, {"phrase": (words,)}) for at, words in places
    ]
    found = judge_markup(document, scored, RULES, link_weights(document, RULES.known))
    return [(document.text[s.start : s.end], s.unwrap, s.score) for s in found]


@pytest.mark.parametrize(
    ("block", "spam", "found"),
    [
        pytest.param("xổ số miền bắc hôm nay", ["xổ số miền bắc"], ["xổ số miền bắc hôm nay"], id="most of it is spam"),
        pytest.param(
            f"<a href={PLAIN_LINK}>xổ số</a> nhanh tay, số lượng có hạn, chỉ hôm nay",
            ["xổ số"],
            ["xổ số nhanh tay, số lượng có hạn, chỉ hôm nay"],
            id="all its links are spam",
        ),
        pytest.param(
            f"<a href={ODD_LINK}>một</a> <a href={SPAM_LINK}>hai</a> ba",
            [],
            ["một hai ba"],
            id="its links lead to spam",
        ),
        pytest.param("Câu hỏi thường gặp về tiêm phòng và xổ số", ["xổ số"], ["xổ số"], id="a word in a hidden answer"),
        pytest.param(f"<a href={PLAIN_LINK}>Trang chủ</a> <a href=/>Tin</a>", [], [], id="a hidden menu"),
        pytest.param("Đang tải nội dung", [], [], id="hidden alone"),
        pytest.param(
            f"<a href={ODD_LINK}>Đối tác</a> <a href=/a>Tin</a> <a href=/b>Ảnh</a>", [], [], id="one odd link in a menu"
        ),
    ],
)
def test_hidden_blocks(block: str, spam: list[str], found: list[str]) -> None:
    assert [words for words, _, _ in judged(ARTICLE + HIDDEN.format(block), *spam)] == found


def test_what_hides_the_page_itself_is_no_block() -> None:
    page = f"<div style='opacity:0'>{ARTICLE} xổ số miền bắc</div>"
    assert judged(page, "xổ số miền bắc") == [("xổ số miền bắc", False, 0.9)]


@pytest.mark.parametrize(
    ("link", "spam", "found"),
    [
        pytest.param(f"<a href={SPAM_LINK}>tiêm chủng mở rộng</a>", [], [("tiêm chủng mở rộng", True)], id="unwrapped"),
        pytest.param(f"<a href={SPAM_LINK}>xem thêm</a>", [], [("xem thêm", False)], id="words that say nothing go"),
        pytest.param(f"<a href={SPAM_LINK}>xổ số</a>", ["xổ số"], [("xổ số", False)], id="spam words go"),
        pytest.param(f"<a href={ODD_LINK}>tiêm chủng</a>", [], [], id="an odd target alone is not enough"),
        pytest.param(
            f"<a href={ODD_LINK} style='color:inherit;text-decoration:none'>tiêm chủng</a>",
            [],
            [("tiêm chủng", True)],
            id="an odd target in a link that looks like text",
        ),
        pytest.param(
            f"<a href={PLAIN_LINK} style='color:inherit;text-decoration:none'>tiêm chủng</a>",
            [],
            [],
            id="an honest link that looks like text",
        ),
        pytest.param(f"<a href={ODD_LINK}>xổ số</a>", ["xổ số"], [("xổ số", False)], id="odd target and spam words"),
        pytest.param(
            f"<a href={ODD_LINK}>nhà cái uy tín</a>", [], [("nhà cái uy tín", False)], id="odd target, a phrase of spam"
        ),
        pytest.param(f"<a href={PLAIN_LINK}>nhà cái uy tín</a>", [], [], id="a phrase of spam in an honest link"),
        pytest.param(f"<a href={PLAIN_LINK}>tiêm chủng</a>", [], [], id="an honest link"),
        pytest.param("<a href='https://moh.gov.vn/' rel=nofollow>Bộ Y tế</a>", [], [], id="an honest link, nofollow"),
    ],
)
def test_links(link: str, spam: list[str], found: list[tuple[str, bool]]) -> None:
    result = judged(f"{ARTICLE}<p>Việc {link} vẫn được làm đều ở xã.</p>", *spam)
    assert [(words, unwrap) for words, unwrap, _ in result] == found
    if "88" in link:
        assert all(score >= CERTAIN for _, _, score in result)


@pytest.mark.parametrize(
    ("between", "target", "unwrapped"),
    [
        pytest.param("</li>\n<li>", SPAM_LINK + "vip", False, id="the next of a list"),
        pytest.param("</li>\n<li>", "https://xoso77.win/", True, id="of another site"),
        pytest.param("</li></ul>\n<p>Bà con xem thêm ở bảng tin, hoặc ", SPAM_LINK, True, id="words of the article"),
    ],
)
def test_the_next_link_of_a_list_of_promotion_goes_with_its_words(between: str, target: str, unwrapped: bool) -> None:
    page = f"{ARTICLE}<ul><li><a href={SPAM_LINK}>nổ hũ</a>{between}<a href={target}>thưởng lớn mỗi ngày</a>"
    words, unwrap, score = judged(page, "nổ hũ")[-1]
    assert (words, unwrap, score) == ("thưởng lớn mỗi ngày", unwrapped, CERTAIN)


def test_words_and_link_that_agree_are_certain() -> None:
    assert judged(f"{ARTICLE}<p><a href={ODD_LINK}>xổ số</a></p>", "xổ số")[0][2] == CERTAIN


@pytest.mark.parametrize(
    ("words", "is_certain"),
    [
        pytest.param("nhà cái uy tín", True, id="a phrase of the lexicon"),
        pytest.param("thưởng lớn mỗi ngày", False, id="words that no lexicon knows"),
    ],
)
def test_a_phrase_of_the_lexicon_and_a_link_need_no_high_score(words: str, is_certain: bool) -> None:
    ((_, _, score),) = judged(f"{ARTICLE}<p><a href={ODD_LINK}>{words}</a></p>", words, score=0.55)
    assert (score == CERTAIN) == is_certain


def test_links_to_the_page_s_own_host_are_honest() -> None:
    page = "<link rel=canonical href=https://www.nhacai88bet.win/tin><a href=https://anh.nhacai88bet.win/>ảnh</a>"
    document = read(page, "html")
    assert link_weights(document, RULES.known)("https://anh.nhacai88bet.win/") == 0.0
    assert not leads_to_spam(document, RULES.known)
    assert leads_to_spam(read(page.partition(">")[2], "html"), RULES.known)


@pytest.mark.parametrize(
    ("target", "host", "site"),
    [
        ("https://www.tin.com.vn/a?b//c", "www.tin.com.vn", "tin.com.vn"),
        ("//a.b.example.org:80/", "a.b.example.org", "example.org"),
        ("HTTP://Tin.VN", "tin.vn", "tin.vn"),
        ("/a/b", "", ""),
        ("mailto:a@b.vn", "", ""),
    ],
)
def test_hosts_and_sites(target: str, host: str, site: str) -> None:
    assert host_of(target) == host
    assert site_of(host) == site


def test_a_target_that_is_no_address_names_no_host() -> None:
    assert host_of("http://[::1/") is None


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (Policy(), "<p>Việc tiêm chủng vẫn được làm."),
        (Policy(allow=("nhacai88bet.win",)), f"<p>Việc <a href={SPAM_LINK}>tiêm chủng</a> vẫn được làm."),
        (Policy(deny=("truonghoc.com",)), "<p>Việc tiêm chủng vẫn được làm."),
    ],
    ids=["a link to spam", "allowed", "denied"],
)
def test_the_policy_has_the_last_word_on_links(fixture_model: Path, policy: Policy, left: str) -> None:
    target = PLAIN_LINK if policy.deny else SPAM_LINK
    page = f"{ARTICLE}<p>Việc <a href={target}>tiêm chủng</a> vẫn được làm."
    assert Cleaner(fixture_model, policy).clean(page, "html").text == ARTICLE + left


def test_the_reasons_say_what_stays_and_come_strongest_first(fixture_model: Path) -> None:
    page = f"{ARTICLE}<p>Việc <a href={SPAM_LINK}>tiêm chủng</a> vẫn được làm."
    (finding,) = Cleaner(fixture_model).clean(page, "html").findings
    assert [reason.text for reason in finding.reasons] == [f"the target of its link: {SPAM_LINK}; its words stay"]
    scored = Scored(
        0, 3, 0.9, "seo", {"link": 1.0, "wording": -3.0, "hidden": 2.0}, {"link": ("x",), "hidden": ("clip",)}
    )
    assert [reason.code for reason in reasons_of(scored)] == ["wording", "hidden", "link"]


@given(
    st.lists(
        st.sampled_from(
            ["<div hidden>", "</div>", "<a href=//x.vn>", "</a>", "<td>", "<table>", "</table>", "a", "<p>"]
        ),
        max_size=30,
    ),
    st.integers(0, 20),
    st.integers(1, 5),
)
def test_markup_around_a_span_is_what_overlaps_it(pieces: list[str], start: int, length: int) -> None:
    document = read("".join(pieces), "html")
    end = start + length
    touched = [e for e in document.elements if (e.href or e.hidden) and max(start, e.text_start) < min(end, e.text_end)]
    around = Markup(document, RULES.known).around(start, end)
    assert sorted(around) == sorted(touched)
    assert around == sorted(around, key=lambda element: element.text_start)


def test_markup_in_too_much_markup_is_left_out() -> None:
    document = read("<div hidden>" * 10 * DEEPEST + "a", "html")
    assert len(Markup(document, RULES.known).around(0, 1)) == DEEPEST


def test_many_links_to_spam_are_all_found() -> None:
    page = "".join(
        f"<p>Đoạn {n} kể về <a href='https://nhacai{n}.win/'>một ngôi trường</a> ở làng.</p>" for n in range(500)
    )
    assert [unwrap for _, unwrap, _ in judged(page)] == [True] * 500
