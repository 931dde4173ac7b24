"""The guarantees of the library, on generated articles: fixtures, real spam and any characters, mixed."""

from __future__ import annotations

import functools
import json
import pickle
import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

from conftest import records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner import Cleaner, Edit, Policy, Result
from cleaner.types import CATEGORIES

LONGEST_REPLACEMENT = 3
BRANDS = ["fb88", "VN88", "kubet", "jun88.com", "nhacaiuytin。com", "sunwin", "澳门金沙88", "먹튀", "slot gacor maxwin"]
ODD = ["\x00", "\ud800", "\udfff", "\u200b", "\ufeff", "\u202e", "\r", "\r\n", "\u2028", "\u0301", "e\u0323\u0302"]
SCRIPTS = ["天津日报讯", "東京・大阪", "ข่าวสด", "مرحبا بالعالم", "שלום", "Привет", "대한민국", "𝐬𝐥𝐨𝐭", "👨\u200d👩"]
JOINTS = [" ", "\n", "\r\n", "\n\n", "", ", ", " - ", "\t", ". ", "\u00a0"]
WRAPPERS = {
    "text": ["{}", "{}", "({})", "- {}", "#{}"],
    "html": [
        "<p>{}</p>",
        "{}",
        "<a href='https://fb88vip.com'>{}</a>",
        '<div style="display:none">{}</div>',
        "<ul><li>{}</li></ul>",
        "<b>{}",
        "</p>{}",
        "<!-- {} -->",
        "<script>{}</script>",
        '<img alt="{}">',
        "&amp;&#7889;{}&nbsp;<br>",
    ],
    "markdown": [
        "{}",
        "# {}",
        "- {}",
        "[{}](https://fb88vip.com)",
        "**{}**",
        "> {}",
        "`{}`",
        "```\n{}\n```\n",
        "![{}](a)",
    ],
}


POLICIES = {
    "default": Policy(),
    "eager": Policy(strip=0.15, flag=0.05, deny=tuple(BRANDS), max_removed=1.0),
}


class Case(NamedTuple):
    """What is cleaned, as what, and how boldly."""

    source: str
    format: str
    policy: str


def sentences() -> list[str]:
    texts = [record["text"] for record in records("honest")] + [record["clean"] for record in records("infected")]
    found = [sentence for text in texts for sentence in re.split(r"(?<=[.!?。])\s+|\n+", text)]
    return sorted({sentence for sentence in found if 0 < len(sentence) <= 160})


def injections() -> list[str]:
    spans = [record["text"][s["start"] : s["end"]] for record in records("infected") for s in record["spam"]]
    return sorted({span for span in spans if len(span) <= 120})


HOST = st.sampled_from(sentences())
SPAM = st.sampled_from(injections()) | st.sampled_from(BRANDS)
ANYTHING = st.text(st.characters(codec=None), max_size=10) | st.sampled_from(ODD) | st.sampled_from(SCRIPTS)


@st.composite
def planted(draw: st.DrawFn) -> str:
    """A sentence with something inside it, at any place."""
    sentence, inside = draw(HOST), draw(SPAM | ANYTHING)
    place = draw(st.integers(0, len(sentence)))
    return sentence[:place] + draw(st.sampled_from(JOINTS)) + inside + draw(st.sampled_from(JOINTS)) + sentence[place:]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A short article in one of the formats."""
    format = draw(st.sampled_from(sorted(WRAPPERS)))
    pieces = draw(st.lists(HOST | planted() | SPAM | ANYTHING, max_size=5))
    wrapped = [draw(st.sampled_from(WRAPPERS[format])).replace("{}", piece) for piece in pieces]
    source = "".join(piece + draw(st.sampled_from(JOINTS)) for piece in wrapped)
    return Case(source, draw(st.sampled_from([format, "auto"])), draw(st.sampled_from(sorted(POLICIES))))


contract = settings(
    max_examples=1000, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@functools.cache
def cleaner(policy: str) -> Cleaner:
    return Cleaner(policy=POLICIES[policy])


def cleaned(case: Case) -> Result:
    return cleaner(case.policy).clean(case.source, case.format)


@contract
@given(cases())
def test_everything_outside_the_edits_is_as_it_was(case: Case) -> None:
    result = cleaned(case)
    assert result.source == case.source
    assert carried_out(result.edits, case.source) == result.text
    assert carried_out(inverse(result), result.text) == case.source


@contract
@given(cases())
def test_edits_are_disjoint_and_stay_at_findings(case: Case) -> None:
    result = cleaned(case)
    assert all(0 <= edit.start <= edit.end <= len(case.source) for edit in result.edits)
    assert all(before.end <= after.start for before, after in pairwise(result.edits))
    stripped = [finding for finding in result.findings if finding.action == "strip"]
    for edit in result.edits:
        assert any(finding.start <= edit.end and edit.start <= finding.end for finding in stripped)
        assert len(edit.replacement) <= LONGEST_REPLACEMENT
        assert all(c.isspace() or unicodedata.category(c).startswith("P") for c in edit.replacement)


@contract
@given(cases())
def test_nothing_but_gaps_and_signs_goes_beside_a_finding(case: Case) -> None:
    result = cleaned(case._replace(format="text"))
    inside = {place for finding in result.findings for place in range(finding.start, finding.end)}
    for edit in result.edits:
        beside = [case.source[place] for place in range(edit.start, edit.end) if place not in inside]
        assert not any(c.isalnum() for c in beside)


@contract
@given(cases())
def test_findings_are_in_order_and_quote_the_source(case: Case) -> None:
    result = cleaned(case)
    assert all(before.end <= after.start for before, after in pairwise(result.findings))
    for finding in result.findings:
        assert 0 <= finding.start < finding.end <= len(case.source)
        assert finding.quote == case.source[finding.start : finding.end]
        assert 0 <= finding.score <= 1
        assert finding.category in CATEGORIES
        assert finding.reasons


@contract
@given(cases())
def test_the_verdict_says_what_was_done(case: Case) -> None:
    result = cleaned(case)
    assert (result.verdict == "cleaned") == bool(result.edits)
    assert (result.verdict == "clean") == (not result.findings)
    assert result.edits or result.text == case.source


@contract
@given(cases())
def test_a_cleaned_text_stays_as_it_is(case: Case) -> None:
    once = cleaned(case)
    assert cleaned(case._replace(source=once.text)).text == once.text


@contract
@given(cases())
def test_a_result_is_ready_for_json(case: Case) -> None:
    told = cleaned(case).to_dict()
    assert json.loads(json.dumps(told)) == told


@contract
@given(st.lists(cases(), max_size=2), st.sampled_from(sorted(POLICIES)))
def test_many_are_cleaned_as_one_by_one_and_by_a_pickled_cleaner(several: list[Case], policy: str) -> None:
    sources = [case.source for case in several]
    one_by_one = [cleaner(policy).clean(source) for source in sources]
    assert list(pickled(policy).clean_many(sources)) == one_by_one


@functools.cache
def pickled(policy: str) -> Cleaner:
    copy = pickle.loads(pickle.dumps(cleaner(policy)))
    assert isinstance(copy, Cleaner)
    return copy


def carried_out(edits: tuple[Edit, ...], source: str) -> str:
    """``source`` with ``edits``; from right to left, so that offsets hold."""
    for edit in reversed(edits):
        source = source[: edit.start] + edit.replacement + source[edit.end :]
    return source


def inverse(result: Result) -> tuple[Edit, ...]:
    """The edits of ``result.text`` that give the source."""
    back, shift = [], 0
    for edit in result.edits:
        start = edit.start + shift
        back.append(Edit(start, start + len(edit.replacement), result.source[edit.start : edit.end]))
        shift += len(edit.replacement) - (edit.end - edit.start)
    return tuple(back)
