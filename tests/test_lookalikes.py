"""Codes, hashtags and examples of honest texts."""

from __future__ import annotations

import pytest

from cleaner.document import read
from cleaner.lookalikes import lookalikes

RICE = "Giống lúa VN88 chín sớm hơn TBR19 và BC24 năm ngày; VN88 ít đổ ngã, còn QK7 phải gặt ngay khi trời hửng."
SLOTS = "P12 07h30 09h00 | P14 07h30 10h15\nP17 13h00 15h30 trừ thứ Tư"
WORKSHOP = f"Lịch mượn phòng máy khoa Cơ khí\n{SLOTS}\nTrả chìa khóa ở quầy."
RIVER = "Câu lạc bộ chèo thuyền dọn rác trên sông Nhuệ từ sáng sớm, ai cũng đem theo bao tải."


def found(text: str, *words: str) -> list[str]:
    spans = [(at, at + len(word)) for word in words for at in [text.index(word)]]
    return [text[start:end] for start, end in lookalikes(spans, read(text, "text"))]


@pytest.mark.parametrize(
    ("text", "words", "honest"),
    [
        pytest.param(RICE, ("VN88",), ["VN88"], id="a code among codes"),
        pytest.param(RICE, ("VN88", "TBR19"), ["VN88", "TBR19"], id="two of four"),
        pytest.param(RICE, ("VN88", "TBR19", "BC24"), [], id="only one is left that nobody suspects"),
        pytest.param(RICE.replace("BC24", "giống cũ").replace("QK7", "nó"), ("VN88",), [], id="one other code"),
        pytest.param(RICE, ("VN88 chín sớm",), [], id="more than a code"),
        pytest.param(RICE.replace("VN88", "vn88"), ("vn88",), [], id="a name in small letters"),
        pytest.param(WORKSHOP, (SLOTS,), [SLOTS], id="a table of a series of codes"),
        pytest.param(WORKSHOP.replace("P14", "K14"), (SLOTS.replace("P14", "K14"),), [], id="no series"),
        pytest.param(WORKSHOP.replace("P14", "P12"), (SLOTS.replace("P14", "P12"),), [], id="a code that is repeated"),
        pytest.param("Vào KU11 KU88 KU99 chơi bài trúng lớn", ("KU11 KU88 KU99 chơi bài trúng lớn",), [], id="words"),
    ],
)
def test_codes(text: str, words: tuple[str, ...], honest: list[str]) -> None:
    assert found(text, *words) == honest


@pytest.mark.parametrize(
    ("tags", "is_honest"),
    [
        pytest.param("#SongNhueSach #CheoThuyenDonRac #RaSongThoi", True, id="of the subject"),
        pytest.param("#dọn_rác_trên_sông, #CâuLạcBộ #thang11", True, id="with marks, underscores and commas"),
        pytest.param("#songnhuethanyeu", False, id="one alone"),
        pytest.param("#NoHuDoiThuong #SoiCauMienBac #CheoThuyen", False, id="one of three"),
        pytest.param("#CheoThuyen #SongNhueXanh Vào ngay", False, id="words behind them"),
    ],
)
def test_hashtags(tags: str, is_honest: bool) -> None:
    assert found(f"{RIVER}\n{tags}\nẢnh: ban tổ chức", tags) == ([tags] if is_honest else [])
