"""Which fields are cleaned, how streams are cut in pieces, and patches of cells."""

from __future__ import annotations

import io

import pytest
from archived import edits_of
from hypothesis import given
from hypothesis import strategies as st

from cleaner.archive.fields import cell_patches, choose, cut_pieces
from cleaner.archive.records import ArchiveError, Layout, Wanted, applied
from cleaner.edit import apply
from cleaner.types import Edit

ARTICLES = [
    "Sáng 12/3, đoàn công tác đã kiểm tra tiến độ thi công tuyến đường ven biển qua ba xã của huyện Tĩnh Gia.",
    "Trường Tiểu học Lê Lợi vừa khánh thành thư viện mới với hơn bốn nghìn đầu sách do phụ huynh quyên góp.",
]
TITLES = ["Kiểm tra tuyến đường ven biển", "Thư viện mới ở trường Lê Lợi"]
IDS = ["1042", "1043"]
LINKS = ["https://bao.example/duong-ven-bien.html", "https://bao.example/thu-vien.html"]
IMAGES = ["https://bao.example/anh/1.jpg", "https://bao.example/anh/2.png?w=600"]
DAYS = ["2024-03-12", "2024-03-14T08:30:00+07:00"]


@pytest.mark.parametrize(
    ("samples", "fields"),
    [
        ({"id": IDS, "title": TITLES, "content": ARTICLES}, ("title", "content")),
        ({"ma": IDS, "Tiêu đề": TITLES, "Nội dung": ARTICLES}, ("Tiêu đề", "Nội dung")),
        ({"ID": IDS, "post_title": TITLES, "post_content": ARTICLES, "post_excerpt": []}, None),
        ({"title.rendered": TITLES, "content.rendered": ARTICLES, "guid.rendered": LINKS}, None),
        ({"head": TITLES, "body.text": ARTICLES}, ("body.text",)),
        ({"title.text": TITLES, "post.html": ARTICLES}, None),
        ({"title": TITLES, "data.title": TITLES, "data.body.text": ARTICLES, "tag.title": TITLES}, None),
        ({"content": ARTICLES, "author.content": TITLES, "author.description": TITLES}, ("content",)),
        ({"标题": ["海边公路"], "正文": ["三月十二日上午,工作组检查了沿海公路的施工进度。"]}, ("标题", "正文")),
        ({"見出し": ["新しい図書館"], "本文": ["小学校に新しい図書館が開館した。"]}, ("見出し", "本文")),
        ({"제목": ["새 도서관"], "본문": ["초등학교에 새 도서관이 문을 열었다."]}, ("제목", "본문")),
        ({"judul": ["Jalan pesisir"], "isi": ["Tim memeriksa kemajuan pembangunan jalan."]}, ("judul", "isi")),
        ({"Заголовок": ["Новая библиотека"], "Текст": ["В школе открылась библиотека."]}, ("Заголовок", "Текст")),
        ({"c1": IDS, "c2": TITLES, "c3": ARTICLES, "c4": LINKS}, ("c3",)),
        ({"c1": IDS, "c2": ["三月十二日上午,工作组检查了沿海公路的施工进度。" * 3]}, ("c2",)),
        ({"id": IDS, "title": TITLES}, ("title",)),
        ({"id": [], "title": [], "content": []}, ("title", "content")),
        ({"content": ["8123", "991"], "tin": ARTICLES}, ("tin",)),
        ({"text": LINKS, "tin": ARTICLES}, ("tin",)),
        ({"text": [], "tin": ARTICLES}, ("tin",)),
        ({"text": [], "content": ARTICLES}, ("text", "content")),
        ({"text": [], "data.content": ARTICLES}, ("data.content",)),
        ({"vector": ["0.123 0.456 0.789 " * 90], "tin": ARTICLES}, ("tin",)),
        ({"hash": ["5d41402abc4b2a76b9719d911017c592" * 9], "tin": ARTICLES}, ("tin",)),
    ],
)
def test_guesses_the_fields(samples: dict[str, list[str]], fields: tuple[str, ...] | None) -> None:
    expected = fields or tuple(
        name for name in samples if name.lower() != "id" and name not in ("guid.rendered", "tag.title")
    )
    layout = choose("bao.csv", samples, Wanted())
    assert layout.fields == expected
    assert layout.guessed


def test_finds_what_names_dates_and_locates_a_record() -> None:
    samples = {"stt": IDS, "guid": LINKS, "id": IDS, "pubDate": ["Tue, 12 Mar 2024 08:00 GMT"] * 2, "text": ARTICLES}
    assert choose("bao.csv", samples, Wanted()) == Layout(("text",), "id", "pubDate", "guid", True, {"format": "auto"})
    by_value = {"anh": IMAGES, "o": LINKS, "luc": DAYS, "text": ARTICLES}
    assert choose("bao.csv", by_value, Wanted()) == Layout(("text",), "", "luc", "o", True, {"format": "auto"})
    repeated = {"id": ["7", "7"], "url": ["trang chu", "khac"], "date": ["không rõ", "2024"], "text": ARTICLES}
    assert choose("bao.csv", repeated, Wanted()) == Layout(("text",), "url", "", "", True, {"format": "auto"})


def test_what_the_user_said_is_what_counts() -> None:
    samples = {"id": IDS, "khoa": ["7", "7"], "ghi chu": TITLES, "content": ARTICLES}
    layout = choose("bao.csv", samples, Wanted(("ghi chu",), "khoa", "html"))
    assert layout == Layout(("ghi chu",), "khoa", "", "", False, {"format": "html"})


@pytest.mark.parametrize(
    ("samples", "wanted", "message"),
    [
        (
            {"id": IDS, "text": ARTICLES},
            Wanted(("noi_dung",)),
            r"bao.csv: no field 'noi_dung' \(there are: 'id', 'text'\)",
        ),
        ({"text": ARTICLES}, Wanted(id_field="ma"), "bao.csv: no field 'ma'"),
        ({"id": IDS, "lien": LINKS}, Wanted(), r"bao.csv: no field looks like texts .*'id', 'lien'\); name them"),
        ({"a": ["ngắn quá", "vâng ạ"]}, Wanted(), "no field looks like texts"),
        ({}, Wanted(), r"\(there are: none\)"),
        ({f"c{i}": IDS for i in range(30)}, Wanted(), r"'c19', …\)"),
    ],
)
def test_says_which_fields_there_are(samples: dict[str, list[str]], wanted: Wanted, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        choose("bao.csv", samples, wanted)


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\x00", b"\n")), st.integers(1, 50), st.integers(0, 9))
def test_pieces_are_whole_records(data: bytes, size: int, start: int) -> None:
    pieces = list(cut_pieces(io.BytesIO(data), size, start, lambda read: read.rfind(b"\n") + 1))
    assert b"".join(piece.data for piece in pieces) == data
    assert all(piece.data.endswith(b"\n") for piece in pieces[:-1])
    assert [piece.offset for piece in pieces] == [start, *(piece.end for piece in pieces)][: len(pieces)]


@given(st.data())
def test_patches_of_a_cell_are_its_edits(data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from('aạ\u0323漢😀 "\n'), max_size=30))
    edits = data.draw(edits_of(text))
    patches = cell_patches(text, edits)
    assert applied(text.encode(), patches) == apply(text, edits).encode()
    assert [patch for edit in edits for patch in cell_patches(text, [edit])] == patches


def test_a_cell_cannot_hold_half_a_character() -> None:
    with pytest.raises(ArchiveError, match=r"utf-8 cannot spell '\\ud800'"):
        cell_patches("Tin mới", [Edit(0, 3, "\ud800")])
