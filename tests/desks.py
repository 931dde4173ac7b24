"""What the tests of the desk share: articles, desks in this process, and who asks them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi.testclient import TestClient
from served import token_for

from cleaner.desk.app import create_app
from cleaner.desk.database import Database
from cleaner.desk.settings import Settings
from cleaner.types import Policy

DOUBTS = Policy(strip=1.0)
"""Cuts nothing by itself: whatever is found waits for a person."""
SPAM = "xổ số trực tuyến minh ngọc"
HEALTH = (
    f"Trung tâm Y tế huyện Mường Lay {SPAM}\nđã tiêm phòng cho hơn bốn nghìn trẻ trong tháng Ba. "
    "Bác sĩ Lò Thị Hoa cho biết đợt tiêm tới sẽ mở thêm hai điểm ở vùng cao."
)
SCHOOL = (
    f"Trường tiểu học Phú Lộc khai giảng năm học mới với 312 học sinh. Thầy hiệu trưởng {SPAM}\n"
    "cảm ơn phụ huynh đã sửa lại mái nhà trước mùa mưa."
)
RICE = (
    "Hợp tác xã Tân Hòa vừa gặt xong 80 ha lúa hè thu, năng suất đạt sáu tấn một héc-ta. Ai cần thuê máy gặt cũ thì hỏi "
    "nhà anh Bảy ở đầu xóm. Giá lúa tại ruộng nhích lên sau ba tuần đi ngang."
)
"""Of which the gate finds nothing."""
MISSED = "Ai cần thuê máy gặt cũ thì hỏi nhà anh Bảy ở đầu xóm."
ROAD = "Tỉnh lộ 12 sẽ đóng một làn từ tối thứ Sáu để thay mặt cầu Nậm Rốm. Xe tải được dẫn qua đường tránh phía nam."
LIBRARY = (
    "The county library reopens on Monday after six weeks of repairs. Best online casino bonus slots at "
    "LuckyWin777.com. Readers can return books at the side entrance until then."
)
"""Of which the gate finds too much."""
FERRY = (
    '<article><p>Bến phà An Thới chạy chuyến đầu tiên vào sáng thứ Hai, <a href="https://soikeo88.top">chở được 40 xe '
    "máy</a> mỗi chuyến. Nhà xe cho biết vé giữ nguyên.</p><p>Soi kèo nhà cái tại "
    '<a href="https://soikeo88.top">soikeo88</a> mỗi ngày.</p></article>'
)
"""A link around honest words, and a paragraph of spam."""


def desk_at(url: str) -> Database:
    """A database in the form that the desk needs."""
    database = Database(url)
    database.migrate()
    return database


@contextmanager
def asking(url: str, policy: Policy = DOUBTS, **settings: Any) -> Iterator[TestClient]:
    """A desk in this process, asked by somebody who may do everything."""
    secret = token_for(url)
    made = Settings(database=url, policy=policy, requests_per_minute=0, **settings)
    headers = {"Authorization": f"Bearer {secret}"}
    with TestClient(create_app(made), made.url, raise_server_exceptions=False, headers=headers) as client:
        yield client


def submitted(client: TestClient, source: str, **more: str) -> dict[str, Any]:
    """An article that was handed in."""
    answer = client.post("/v1/articles", json={"source": source, **more})
    assert answer.status_code == 201, answer.text
    article: dict[str, Any] = answer.json()
    return article


def decided(client: TestClient, article: dict[str, Any], *decisions: dict[str, Any]) -> dict[str, Any]:
    """An article on which somebody decided."""
    body = {"version": article["version"], "decisions": list(decisions)}
    answer = client.post(f"/v1/articles/{article['id']}/decisions", json=body)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after
