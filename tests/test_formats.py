"""Text, HTML and Markdown are told apart as they come out of editors, sites, chats and logs."""

from __future__ import annotations

import pytest

from cleaner.document import detect_format

TEXT = [
    "Sáng nay, trạm y tế xã tiêm phòng cho hơn hai trăm cháu nhỏ.",
    "Liên hệ: https://phuong3.vn/lich-tiem hoặc gọi 0205 000 112.",
    "Anh chị xem <b> rồi đóng thẻ lại giúp em nhé.",
    "Giá < 50.000 đ và > 20.000 đ đều ghi vào cột C.",
    "- Gạo nếp 2 kg\n- Lá dong 40 lá\n- Đỗ xanh 1 kg",
    "– Thưa bác, năm nay lũ có về sớm không?\n– Sớm hơn mọi năm chừng mười ngày.",
    "1. Rửa sạch lá\n2. Ngâm gạo qua đêm\n3. Gói bánh\n4. Luộc mười tiếng",
    "Bến cũ chiều nay vắng tiếng đò\n    Cỏ may găm kín gấu quần thô\nMẹ ngồi vá lưới bên thềm gió",
    "* Ghi chú: số liệu tính đến 31/12.\n* Nguồn: Chi cục Thủy lợi.",
    "> Ngày 4/5, chị Hoa viết:\n> Em gửi bác danh sách hộ nghèo.\nCảm ơn em, bác đã nhận.",
    "Theo báo cáo [1], sản lượng tăng 4% [2].\n\n[1] Cục Thống kê.\n[2] Sở Nông nghiệp.",
    "2024-05-14 08:01:22 [INFO] (worker-3) started\n2024-05-14 08:01:25 [WARN] retry #2 in 5s",
    'for i in range(10):\n    # in ra bình phương\n    print(f"{i}: {i**2}")',
    "#!/bin/sh\n# sao lưu hằng đêm\ntar czf a.tgz /srv\n\n# dọn bản cũ\nfind . -mtime +30 -delete",
    "# cấu hình máy bơm\nport = 8080\n# thời gian chờ\ntimeout = 30",
    '{"name": "Trạm bơm", "values": [1, 2, 3], "note": "a*b*c"}',
    "ten,tuoi,thon\nLan,34,Hạ\nMinh,41,Thượng",
    "Tên\tTuổi\tThôn\nLan\t34\tHạ",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n-----------------\nĐƠN XIN NGHỈ PHÉP",
    "Kính gửi: Ban Giám hiệu nhà trường\n\nTôi tên là Đỗ Thị Mận, phụ huynh cháu Tí lớp 2A.",
    "#trạmytế #tiêmchủng #phường3",
    "Kết quả trận chung kết: Thôn Hạ 3 - 1 Thôn Thượng (HT 1 - 0)",
    "Đường dẫn C:\\tai_lieu\\*.docx và /home/*/tep_tin.txt",
    "a*b = b*a; x_1 + x_2 = 3; 2**10 = 1024; 3**2 = 9",
    "if (a[i](b)) { return c[d](e); }  // gọi hàm trong mảng",
    "int main(void) { int a = 1 << 3; return a <b> c; }",
    "Họp lúc 14h. Nội dung:\n+ Vệ sinh đường làng\n+ Quỹ khuyến học\n+ Ý kiến khác",
    "===== THÔNG BÁO =====\nCắt điện từ 8h đến 11h.\n=====================",
    "Bài 1. (2 điểm) Cho tập A = {x | x > 3} | x nguyên | tìm A.",
    "Chị viết tắt [sic] như vậy (xem trang 4), em chép nguyên văn.",
    "今天下午三点在村委会开会，请带身份证。\n- 张三\n- 李四",
    "Rapat warga hari Minggu pukul 08.00.\n\n1) Kebersihan\n2) Ronda malam",
    "# Sổ tay\n\nChỉ có một dòng đầu đề rồi chữ.",
    "mailto <lan@thonha.vn>, <tu@thonha.vn>; trân trọng!",
]
MARKDOWN = [
    "---\ntitle: Lịch tiêm\ndate: 2024-05-14\n---\n\nSáng thứ Ba.",
    "+++\ntitle = 'Lịch tiêm'\n+++\n\nSáng thứ Ba.",
    "---\nlayout: post\n---\n<div class='hop'>Mừng hội làng</div>",
    "Xem [lịch tiêm](https://phuong3.vn/lich) của phường.",
    "Xem [lịch tiêm](/lich-tiem/) của phường.",
    "Bản đồ ở [đây](ban-do.md), tờ rơi ở [kia](tai-lieu/to-roi.pdf).",
    "Gọi [trạm trực](tel:0205000112) hoặc [viết thư](mailto:tram@xa.vn).",
    "![Sân đình](https://phuong3.vn/a.jpg)",
    "![](/anh/san-dinh.jpg)\n\nSân đình sáng mồng Một.",
    "Tin lấy từ [trang xã][1].\n\n[1]: https://xa.vn/tin",
    "Tin lấy từ [trang xã].\n\n[trang xã]: <https://xa.vn/tin> 'Xã'",
    "# Dữ liệu mở\n\n## Cài đặt\n\nTải về rồi giải nén.",
    "## Việc đã làm\n- vét kênh\n\n## Việc sẽ làm\n- đắp bờ",
    "### Buổi sáng\nDọn chợ.\n\n### Buổi chiều\nHọp tổ.",
    "```\nnpm install\n```",
    "Chạy lệnh:\n\n```sh\nmake demo\n```\n\nrồi mở trang.",
    "| Thôn | Hộ |\n|------|---:|\n| Hạ | 120 |",
    "Thôn | Hộ\n--- | ---\nHạ | 120",
    "**Giờ mở cửa:** 7h30.\n\n**Nghỉ:** Chủ nhật.",
    "Chào cả nhà, mình **không** nhận ship, **chỉ** bán tại vườn nhé.",
    "# Lớp học đàn\n\nHọc phí **miễn phí**, hạn **30/6**.",
    "<p align='center'><img src='logo.png'></p>\n\n# Bản tin\n\n[Đăng ký](https://a.vn) · [Kho](https://b.vn)",
    "# Nhật ký\n\n<br>\n\n## Ngày 1\n\nMưa. [Ảnh](/a.jpg)",
    "1. Mở [biểu mẫu](https://xa.vn/don)\n2. Điền tên\n3. Gửi",
    "> Trích [báo xã](https://xa.vn/bao): lúa được mùa.",
    "- [ ] quét vôi\n- [x] sửa mái: [ảnh](img/mai.png)",
    "[![Trạng thái](https://ci.vn/b.svg)](https://ci.vn/x)",
    "Hội làng [xem thêm](https://zuvo88.club) diễn ra ba ngày.",
    "Trạm mở cửa <br> cả tuần, xem [lịch](https://xa.vn/l).",
    "# 公告\n\n## 时间\n\n周三下午。",
    "Lihat [jadwal](https://desa.id/jadwal) imunisasi.",
    "# Lớp bơi\n\nTrẻ <a href='https://zuvo88.club'>cá cược</a> được học miễn phí.",
    "# Công thức\n\nNấu **hai giờ**.\n\n## Nguyên liệu\n\n* gạo\n* nước",
]
HTML = [
    "<!DOCTYPE html><html><body>Chào</body></html>",
    "\n\n<html lang=vi><head><title>a</title>",
    "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'><html>",
    "<!-- sao chép -->\n<!doctype html>\n<p>a",
    "<p>Sáng nay trạm tiêm cho trẻ.</p>",
    "<p>Một.</p>\n<p>Hai.</p>",
    "Sáng nay <a href='/lich'>trạm tiêm</a> cho trẻ.",
    "Dòng một<br>dòng hai<br>dòng ba<br>dòng bốn",
    "<!-- wp:paragraph -->\n<p>Hội làng.</p>\n<!-- /wp:paragraph -->",
    '<!-- wp:heading {"level":2} -->\n<h2>Hội</h2>\n<!-- /wp:heading -->\n\n<!-- wp:list --><ul><li>a</li></ul>',
    '<div class="entry"><h1>Tin</h1><div>Nội dung</div></div>',
    "<ul>\n<li>gạo</li>\n<li>nước</li>\n</ul>",
    "<table><tr><td>Thôn Hạ</td><td>120</td></tr></table>",
    "<span style='font-size:14px'>Kính gửi quý phụ huynh</span>",
    "<strong>Giờ mở cửa:</strong> 7h30",
    "Tin vui!<div style='display:none'><a href='//x.bet'>kèo</a></div>",
    "<p>Họp lớp (xem [1]) nhé</p><p>[1] Sân trường</p>",
    "<blockquote>Lúa được mùa</blockquote>",
    "<h3># Hashtag là gì</h3><p>Dấu # đứng trước chữ.</p>",
    "<P ALIGN=CENTER>THÔNG BÁO</P>",
    "<article>\n  <h2>Chợ phiên</h2>\n  <p>Họp sáu phiên.</p>\n</article>",
    "<p>- Ý một<br>- Ý hai<br>- Ý ba</p>",
    "<figure><img src='/a.jpg' alt='Sân'><figcaption>Sân đình</figcaption></figure>",
    "<p>Viết [liên kết](https://a.vn) bằng Markdown</p><p>rồi</p><p>lưu</p>",
    "<section><p>Một</p><hr><p>Hai</p></section>",
    "<em>Theo báo xã</em>",
    "<code># chú thích</code> và <code>## nữa</code> trong tệp",
    "<font color=red>Lưu ý</font>: nộp trước 30/6",
    "<p>今天开会</p><p>请准时</p>",
    "<p>Rapat <b>warga</b></p>",
    "<iframe src='//v.vn'></iframe><script>a()</script><p>x",
    "<dl><dt>Gạo</dt><dd>2 kg</dd></dl>",
]


@pytest.mark.parametrize("source", TEXT, ids=lambda source: ascii(source[:20]))
def test_text(source: str) -> None:
    assert detect_format(source) == "text"


@pytest.mark.parametrize("source", MARKDOWN, ids=lambda source: ascii(source[:20]))
def test_markdown(source: str) -> None:
    assert detect_format(source) == "markdown"


@pytest.mark.parametrize("source", HTML, ids=lambda source: ascii(source[:20]))
def test_html(source: str) -> None:
    assert detect_format(source) == "html"
