"""What the desk shows of an article stands in its source where the page says that it stands."""

from __future__ import annotations

from desks import FERRY
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cleaner.desk.tables import Article, Finding
from cleaner.desk.web.reading import Reading, Shown

PIECES = {
    "text": ["Bệnh viện", " ", "đa khoa", "\n", "\n\n", "\r\n", "\u200b", "👩\u200d👧", "\x00", "e\u0323\u0302"],
    "html": [
        *("<p>", "</p>", "\n <div>\n", "<b>đa khoa</b>", " tỉnh ", "<i>Sơn La", "</i>", "<br>", "<!-- x -->", "<li>"),
        *("&amp;", "&nbsp;", "&#7889;", "<script>a</script>", '<img alt="ảnh">', "<a href=//x.vn>", "</a>", "\u200b"),
    ],
    "markdown": [
        *("Bệnh viện ", "**đa khoa**", "*Sơn La*", "`mã`", "[một](//x.vn)", "\n", "\n\n", "\n> ", "\n- ", "\n# "),
        *("\\*", "&amp;", "<b>", "![sân](/a.jpg)", "  \n", "| a | b |\n|--|--|\n", "\u200b"),
    ],
}


SOURCES = st.one_of(
    [
        st.tuples(st.just(format), st.lists(st.sampled_from(pieces), max_size=20).map("".join))
        for format, pieces in PIECES.items()
    ]
)


def shown_of(source: str, format: str, is_source: bool, spans: list[tuple[int, int]]) -> list[Shown]:
    """What the desk shows of an article in which these spans were found."""
    findings = [
        Finding(number=number, start=start, end=end, cut_start=start, cut_end=end, quote=source[start:end])
        for number, (start, end) in enumerate(spans, 1)
    ]
    for finding in findings:
        finding.category, finding.score, finding.state, finding.edits = "other", 0.6, "open", []
    reading = Reading(Article(source=source, format=format, findings=findings), is_source)
    pieces = [piece for group in reading.groups for block in group.blocks for run in block.runs for piece in run.pieces]
    return [shown for piece in pieces if piece.kind == "text" for shown in reading.shown(piece)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(("html", FERRY), False, 30, 60)
@example(("html", "<p>Bệnh viện <b>đa khoa</b> tỉnh <!-- x --><i>Sơn La</i></p>\n <div>\n <p>Đợt tiêm"), False, 0, 0)
@example(("markdown", "Bệnh viện **đa khoa** tỉnh\n*Sơn La* `x` [a](b)\n"), False, 0, 0)
@given(SOURCES, st.booleans(), st.integers(0, 80), st.integers(0, 80))
def test_what_is_shown_as_in_the_source_stands_there(
    article: tuple[str, str], is_source: bool, start: int, length: int
) -> None:
    format, source = article
    end = min(start + length, len(source))
    for shown in shown_of(source, format, is_source, [(start, end)] if start < end else []):
        if not shown.is_spelled:
            assert source[shown.start : shown.start + len(shown.text)] == shown.text
            assert shown.end == shown.start + len(shown.text)
