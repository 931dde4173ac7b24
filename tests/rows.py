"""What the tests of rows share: articles, some with the same spam, and the changes that cut it."""

from __future__ import annotations

from collections.abc import Iterator

from cleaner.archive.findings import digest_of
from cleaner.archive.formats import table_module_of
from cleaner.archive.records import Bad, Change, Layout, Text
from cleaner.types import Edit

SPAM = " Nhà cái ABC123 tặng 100k cho thành viên mới 🎰"
TITLES = (
    "Giá cà phê Đắk Lắk tăng phiên thứ ba",
    "Cầu Mỹ Thuận 2 thông xe trước Tết",
    "Học sinh miền núi đón năm học mới",
    "Sương mù dày đặc, nhiều chuyến bay chậm giờ",
)
BODIES = (
    "Sáng 12/3, thương lái thu mua cà phê ở Buôn Ma Thuột với giá cao hơn hôm qua vì mưa trái mùa.",
    "<p>Sau ba năm thi công, cây cầu nối Tiền Giang với Vĩnh Long đã thông xe.</p>\r\n<p>Dân hai bờ ra xem.</p>",
    "Trường nội trú có thêm hai dãy phòng học; thầy cô đi từng bản vận động phụ huynh cho con trở lại lớp.",
    "Sân bay Nội Bài điều chỉnh lịch của hàng chục chuyến bay vì tầm nhìn dưới 800 mét\tvà gió đổi hướng.",
)


def title_of(number: int) -> str:
    """The title of an article; some hold spam."""
    return f"{number}. {TITLES[number % len(TITLES)]}" + SPAM * (number % 21 == 20)


def body_of(number: int) -> str:
    """The body of an article, with spam in the middle of every seventh."""
    first, rest = BODIES[number % len(BODIES)].split(" ", 1)
    return f"{first}{SPAM * (number % 7 == 6)} {rest} ({number})"


def clean(text: str) -> str:
    """A text without its spam."""
    return text.replace(SPAM, "")


def texts_of(format: str, name: str, layout: Layout, size: int = 2000) -> Iterator[Text | Bad]:
    """All texts of a table, read in small pieces."""
    module = table_module_of(format)
    start, mark = 0, ""
    while piece := next(module.pieces(name, layout, size, start, mark), None):
        assert piece.offset == start
        yield from module.texts(piece, layout)
        start, mark = piece.end, piece.mark


def change_of(text: Text, *edits: Edit) -> Change:
    """What edits of a text, which was just read, come to."""
    return Change(text.offset, text.key, text.name, text.patches(edits), (), digest_of(text.text))


def cuts_of(format: str, name: str, layout: Layout) -> list[Change]:
    """The changes that cut the spam."""
    texts = (text for text in texts_of(format, name, layout) if isinstance(text, Text) and SPAM in text.text)
    return [change_of(text, Edit(at, at + len(SPAM), "")) for text in texts for at in [text.text.index(SPAM)]]


def undone(changes: list[Change]) -> list[Change]:
    """The changes that take others back."""
    return [change._replace(patches=(), done=change.patches) for change in changes]
