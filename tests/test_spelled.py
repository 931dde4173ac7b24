"""Words whose letters stand apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner, clean
from cleaner.rules.spelled import LEAST, find_spelled

LIBRARY = (
    "Thư viện tỉnh vừa nhận thêm bốn nghìn đầu sách thiếu nhi. Bạn đọc nhỏ tuổi có thể mượn {}về nhà trong hai tuần, "
    "mỗi lần ba cuốn. Chị Hạnh, thủ thư phòng thiếu nhi, cho biết những ngày cuối tuần phòng đọc luôn kín chỗ."
)


def spelled(text: str) -> list[str]:
    return [text[start:end] for start, end in find_spelled(text)]


@pytest.mark.parametrize(
    "words",
    [
        "n h à c á i u y t í n",
        "n-h-à-c-á-i-u-y-t-í-n",
        "n.h.à c.á.i u.y t.í.n",
        "n h à  c á i  u y  t í n",
        "n\u00a0h\u00a0à\u00a0c\u00a0á\u00a0i\u00a0s\u00a0ố\u00a01",
        "N h à C á i U y T í n",
        "w w w . g o c b a i . v i p",
        "l-ô-đ-ề-1-ă-n-9-9-.-5",
        "s*l*o*t*g*a*c*o*r",
        "с т а в к и н а с п о р т",
    ],
)
def test_words_that_are_spelled_out(words: str) -> None:
    assert spelled(f"Mượn {words} về nhà trong hai tuần.") == [words]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "Bảng chữ cái: a ă â b c d đ e ê g h i k l m n o ô ơ p q r s t, học trong một tháng.", id="letters"
        ),
        pytest.param("Các nguyên âm là a e i o u y ư ơ ê ô, còn lại là phụ âm.", id="vowels"),
        pytest.param("Chín phụ âm f g l m n p s t v đứng ở cuối.", id="consonants"),
        pytest.param("Tiếng chuông gọi tên e è ẻ ẽ é ẹ ê ề trong bài tập.", id="tones"),
        pytest.param("Phát âm là n ɛ ɐ a ə ɔ ɤ o ɯ trong phương ngữ này.", id="sounds"),
        pytest.param("Tên cũ đọc là /m a l o t i s e/ theo người già.", id="between slashes"),
        pytest.param('Bé đánh vần "n g h i ê n g n g ả" rất to.', id="quoted"),
        pytest.param("Ván thứ ba: e 4 e 5 f 3 c 6 b 5 a 6, trắng hơn quân.", id="chess"),
        pytest.param("Đoạn mở đầu gồm g g a g c b g g a g d c rồi nhắc lại.", id="music"),
        pytest.param("Trình tự a t g c a t g g c a t g được công bố.", id="a gene"),
        pytest.param("Nhóm S.T.A.L.K.E.R.S và R-E-S-P-O-N-S-E cùng biểu diễn.", id="initials"),
        pytest.param("Chất C 3 H 6 N 6 O 2 S được Liebig tổng hợp.", id="a formula"),
        pytest.param("Tỉ lệ 1 2 3 4 5 6 7 8 9 trong bảng.", id="figures"),
        pytest.param("t h ô n g b á o l ị c h t h i\nHọc sinh khối 9 thi ngày 5-6.", id="a line of wide letters"),
        pytest.param("Đề 1 a 2 c 3 b 4 d 5 e 6 a 7 c 8 b, chấm theo thang mười.", id="answers"),
        pytest.param("Anh em ta đi k h ô n g nào?", id="too few"),
        pytest.param("你 好 北 京 欢 迎 您 来 我 们 的 家 乡 看 看", id="a script without small letters"),
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert spelled(text) == []


@pytest.mark.parametrize("text", ["a" + " !" * 9999, "a-" * 9999, "a.b" * 9999, "a" + " " * 9999 + "b"])
def test_nothing_is_tried_in_all_ways(text: str) -> None:
    assert spelled(text) == []


@given(st.text(alphabet="ab1éд .-_|\n中", max_size=80))
def test_runs_are_disjoint_and_hold_single_characters(text: str) -> None:
    done = 0
    for start, end in find_spelled(text):
        assert done <= start < end
        done = end
        pairs = zip(text[start:end], text[start + 1 : end], strict=False)
        assert not any(a.isalnum() and b.isalnum() for a, b in pairs)
        assert sum(c.isalnum() for c in text[start:end]) >= LEAST


@pytest.mark.parametrize(
    "words",
    [
        "n h à c á i u y t í n",
        "t.ả.i a.p.p t.à.i x.ỉ.u",
        "l ô đ ề o n l i n e 8 8 . v i p",
        "c-á-c-h-v-a-y-t-i-ề-n-k-h-ô-n-g-t-h-ẩ-m-đ-ị-n-h",
        "k-u-8-8-9-9-c-a-s-i-n-o-s-o-1",
    ],
)
def test_they_are_cut_as_a_whole_where_they_do_not_belong(words: str) -> None:
    result = clean(LIBRARY.format(f"{words} "))
    assert result.text == LIBRARY.format("")
    (finding,) = result.findings
    assert "disguise" in [reason.code for reason in finding.reasons]
    assert "its letters stand apart" in " ".join(reason.text for reason in finding.reasons)


@pytest.mark.parametrize("words", ["n h ữ n g c u ố n m ớ i n h ấ t", "t ấ t c ả c á c c u ố n", "c-ả-b-ộ-s-á-c-h"])
def test_what_an_author_stresses_stays(words: str) -> None:
    source = LIBRARY.format(f"{words} ")
    assert clean(source).text == source


def test_what_stands_beside_them_is_one_with_them() -> None:
    source = LIBRARY.format("nhà cái k u 8 8 . v i p c l u b uy tín ")
    (finding,) = Cleaner().clean(source).findings
    assert "k u 8 8 . v i p c l u b" in finding.quote
