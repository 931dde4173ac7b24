"""What comes in and goes out, with examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cleaner.desk.queue import PAGE, Order
from cleaner.desk.tables import NAME, NOTE, Article, Decision, Finding
from cleaner.types import Category, Format, Result

LARGEST = 2**31 - 1
SOURCE = "Trung tâm Y tế xổ số trực tuyến minh ngọc\nđã đạt được kết quả tốt."
CLEANED = "Trung tâm Y tế đã đạt được kết quả tốt."
FINDING: dict[str, Any] = {
    "start": 15,
    "end": 41,
    "quote": "xổ số trực tuyến minh ngọc",
    "category": "lottery",
    "score": 0.992,
    "action": "strip",
    "reasons": [{"code": "wording", "text": "the words are used as in injected spam", "contribution": 6.44}],
}
_LONE = re.compile("[\ud800-\udfff]")
ID = "5f0c6c1e0f2b4a53a7b1c0ffee5eed01"


def _unicode(value: str) -> str:
    if lone := _LONE.search(value):
        raise ValueError(f"must be Unicode: there is half a character, a lone surrogate, at {lone.start()}")
    return value


def _printable(value: str) -> str:
    if any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in value):
        raise ValueError("must not hold control characters")
    return _unicode(value)


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time of the years 1 to 9999, also in UTC") from None


Text = Annotated[str, AfterValidator(_unicode)]
Line = Annotated[str, Field(max_length=NAME), AfterValidator(_printable)]
"""A name, a title."""
Note = Annotated[str, Field(max_length=NOTE), AfterValidator(_printable)]
Number = Annotated[int, Field(ge=0, le=LARGEST)]
Share = Annotated[float, Field(ge=0, le=1)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Body(BaseModel):
    """What comes in: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Source(Body):
    """A text to look at."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": SOURCE, "format": "text"}]})

    source: Text
    format: Format = "auto"


class ReasonOut(BaseModel):
    """Why a span was found."""

    code: str
    text: str
    contribution: float = Field(description="Log-odds that it added to the score.")


class SpanOut(BaseModel):
    """A span that was found; offsets count Unicode code points of the source."""

    start: int
    end: int
    quote: str
    category: str
    score: float
    action: str = Field(description="`strip`: cut; `flag`: only shown; `mark`: found by a person.")
    reasons: list[ReasonOut]


EditOut = tuple[int, int, str]


class Cleaned(BaseModel):
    """As `Result.to_dict()` of the library."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": 1,
                    "verdict": "cleaned",
                    "format": "text",
                    "text": CLEANED,
                    "findings": [FINDING],
                    "edits": [[15, 41, ""], [41, 42, ""]],
                }
            ]
        }
    )

    version: int
    verdict: str
    format: str
    text: str
    findings: list[SpanOut]
    edits: list[EditOut]


class Scanned(BaseModel):
    """What was found; nothing is cut."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": 1, "verdict": "cleaned", "format": "text", "findings": [FINDING]}]}
    )

    version: int
    verdict: str
    format: str
    findings: list[SpanOut]

    @classmethod
    def of(cls, result: Result) -> dict[str, Any]:
        """JSON-ready."""
        told = result.to_dict()
        return {key: told[key] for key in ("version", "verdict", "format", "findings")}


class Submit(Body):
    """An article for the gate."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": SOURCE,
                    "format": "auto",
                    "title": "Trung tâm Y tế sơ kết sáu tháng",
                    "origin": "bao.example.vn",
                    "reference": "https://bao.example.vn/bai-1742",
                }
            ]
        }
    )

    source: Text
    format: Format = "auto"
    title: Line = ""
    origin: Line = Field("", description="Where it comes from: a site, a feed, an author.")
    reference: Line = Field("", description="What you call the article: its address, its number.")


class FindingOut(SpanOut):
    """A finding and what became of it."""

    number: int
    state: str = Field(description="`open`, `accepted` (cut), `rejected` (kept) or `withdrawn`.")
    cut_start: int = Field(description="What is cut, or would be: as a person adjusted it.")
    cut_end: int
    campaign: str

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """From its row."""
        reasons = [ReasonOut(code=r.code, text=r.text, contribution=round(r.contribution, 3)) for r in finding.reasons]
        return cls(
            number=finding.number,
            start=finding.start,
            end=finding.end,
            cut_start=finding.cut_start,
            cut_end=finding.cut_end,
            quote=finding.quote,
            category=finding.category,
            score=round(finding.score, 4),
            action=finding.action,
            state=finding.state,
            campaign=finding.campaign,
            reasons=reasons,
        )


class DecisionOut(BaseModel):
    """Something that was decided."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    kind: str
    finding: int | None = Field(validation_alias="finding_number")
    start: int | None
    end: int | None
    note: str
    undoes: int | None = Field(description="Number of the decision that it takes back.")
    bulk: str | None
    version: int = Field(description="The version of the article that it made.")
    by: str
    at: datetime


class Summary(BaseModel):
    """An article in a list."""

    id: str
    version: int
    state: str = Field(description="`published` (the gate was certain), `review` (a person must decide) or `decided`.")
    verdict: str = Field(description="What the gate said: `clean`, `cleaned`, `review` or `spam`.")
    title: str
    origin: str
    reference: str
    format: str
    score: float
    submitted: datetime
    decided: datetime | None
    findings: list[FindingOut]

    @classmethod
    def of(cls, article: Article) -> Summary:
        """From its row."""
        return cls(**_common(article))


class ArticleOut(Summary):
    """An article: poll it until its `state` is not `review`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "version": 1,
                    "state": "published",
                    "verdict": "cleaned",
                    "title": "Trung tâm Y tế sơ kết sáu tháng",
                    "origin": "bao.example.vn",
                    "reference": "https://bao.example.vn/bai-1742",
                    "format": "text",
                    "score": 0.992,
                    "submitted": "2026-05-04T08:30:00Z",
                    "decided": None,
                    "findings": [
                        FINDING
                        | {
                            "number": 1,
                            "state": "accepted",
                            "cut_start": 15,
                            "cut_end": 41,
                            "campaign": "xo so truc tuyen minh ngoc",
                        }
                    ],
                    "text": CLEANED,
                    "edits": [[15, 41, ""], [41, 42, ""]],
                    "source": SOURCE,
                    "decisions": [],
                    "policy": 0,
                    "model": 0,
                }
            ]
        }
    )

    text: str | None = Field(description="What to publish; `null` while a person must decide.")
    edits: list[EditOut] = Field(description="What is cut so far: `[start, end, replacement]` of the source.")
    source: str
    decisions: list[DecisionOut]
    policy: int = Field(description="Version of the policy that the gate followed.")
    model: int

    @classmethod
    def of(cls, article: Article) -> ArticleOut:
        """From its row."""
        from cleaner.desk.outcome import edits_for

        return cls(
            **_common(article),
            text=None if article.state == "review" else article.text,
            edits=list(edits_for(article)),
            source=article.source,
            decisions=[DecisionOut.model_validate(d) for d in article.decisions],
            policy=article.policy,
            model=article.model,
        )


def _common(article: Article) -> dict[str, Any]:
    names = ("id", "version", "state", "verdict", "title", "origin", "reference", "format", "submitted", "decided")
    findings = [FindingOut.of(finding) for finding in article.findings]
    return {name: getattr(article, name) for name in names} | {"score": round(article.score, 4), "findings": findings}


class PageOut(BaseModel):
    """Some articles."""

    articles: list[Summary]
    after: int | None = Field(description="Ask for the next page with it; `null`: this is the last one.")


class ChoiceIn(Body):
    """One thing to decide."""

    kind: Literal["accept", "reject", "adjust", "mark", "finish"] = Field(
        description="`accept`: cut a finding; `reject`: keep it; both without `finding`: all that are open. "
        "`adjust`: cut it from `start` to `end`. `mark`: cut what the gate missed, and accept what is open within it. "
        "`finish`: nothing is left to decide."
    )
    finding: Number | None = None
    start: Number | None = None
    end: Number | None = None
    category: Category = "other"
    note: Note = ""


class DecideIn(Body):
    """What to decide on an article, all at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 1, "decisions": [{"kind": "accept", "finding": 1}, {"kind": "finish"}]}]
        }
    )

    version: Number | None = Field(None, description="The version that you saw; or say it with `If-Match`.")
    decisions: Annotated[list[ChoiceIn], Field(min_length=1, max_length=1000)]


class UndoIn(Body):
    """Which version of the article you saw; or say it with `If-Match`."""

    version: Number | None = None


class FilterIn(Body):
    """Which findings; what is left out does not matter."""

    state: Literal["", "review", "published", "decided"] = ""
    verdict: Literal["", "clean", "cleaned", "review", "spam"] = ""
    origin: Line = ""
    since: Moment | None = None
    until: Moment | None = None
    words: Line = Field("", description="In the article or its title; case, marks and disguise do not matter.")
    finding: Literal["", "open", "accepted", "rejected"] = ""
    category: Literal["", Category] = ""
    campaign: Line = ""
    rule: Line = Field("", description="Code of a reason (`phrase`), or the whole of its text.")
    least: Share | None = Field(None, description="Lowest score.")
    most: Share | None = Field(None, description="Highest score.")


class ListIn(FilterIn):
    """Which articles, and which page of them."""

    order: Order = "oldest"
    after: Number | None = Field(None, description="From the page before.")
    size: Annotated[int, Field(ge=1, le=200)] = PAGE


class CampaignOut(BaseModel):
    """What recurs across articles."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    articles: int
    findings: int
    open: int
    accepted: int
    rejected: int
    score: float
    category: str


class PreviewIn(Body):
    """A decision for many."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "accept", "filter": {"campaign": "xo so truc tuyen minh ngoc"}}]}
    )

    kind: Literal["accept", "reject"]
    filter: FilterIn


class BulkIn(PreviewIn):
    """A decision for many that was previewed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "accept",
                    "filter": {"campaign": "xo so truc tuyen minh ngoc"},
                    "seen": "0d9a7f0a4d0e4d1f8a3b2c1d0e9f8a7b",
                }
            ]
        }
    )

    seen: Line = Field(description="From the preview.")
    note: Note = ""


class ExampleOut(BaseModel):
    """A finding and where it is."""

    article: str
    title: str
    finding: FindingOut


class PreviewOut(BaseModel):
    """What a decision for many would do."""

    findings: int
    articles: int
    finished: int = Field(description="Articles in which nothing would be left to decide.")
    left: int = Field(description="Articles that are too many for one decision: look again after it.")
    seen: str = Field(description="Send it along when you apply this.")
    examples: list[ExampleOut]


class DoneOut(BaseModel):
    """What was decided, or taken back, at once."""

    model_config = ConfigDict(from_attributes=True)

    bulk: str
    findings: int
    articles: int
    left: int = Field(description="Articles with such findings that were too many for one decision.")


class ThresholdsIn(Body):
    """Thresholds of a category."""

    strip: Share
    flag: Share


class PolicyIn(Body):
    """Thresholds, lists and limits; what is left out has its default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "strip": 0.8,
                    "flag": 0.5,
                    "categories": {"loan": {"strip": 0.97, "flag": 0.8}},
                    "allow": ["xổ số kiến thiết", "example.vn"],
                    "deny": ["abc88"],
                    "max_removed": 0.6,
                }
            ]
        }
    )

    strip: Share = 0.8
    flag: Share = 0.5
    categories: dict[Category, Share | ThresholdsIn] = {}
    allow: Annotated[list[Line], Field(max_length=10_000)] = []
    deny: Annotated[list[Line], Field(max_length=10_000)] = []
    max_removed: Share = 0.6


class SavePolicyIn(Body):
    """A policy to hold from now on."""

    policy: PolicyIn
    version: Number | None = Field(None, description="The version that it takes the place of; or say it by `If-Match`.")
    note: Note = ""


class PolicyOut(BaseModel):
    """The policy that holds."""

    version: int
    policy: dict[str, Any]


class PolicyVersionOut(BaseModel):
    """A policy that was saved."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    policy: dict[str, Any]
    note: str
    restores: int | None = Field(description="The version whose values it has again.")
    by: str
    at: datetime


class ChangeOut(BaseModel):
    """An article that would have been treated otherwise."""

    article: str
    title: str
    before: str
    after: str
    newly_cut: Sequence[str]
    no_longer_cut: Sequence[str]
    against: Sequence[str] = Field(description="What would be treated otherwise than a person decided.")


class EffectOut(BaseModel):
    """What a change of the policy would have done to the last articles."""

    articles: int
    changed: int
    before: dict[str, int] = Field(description="Articles by verdict.")
    after: dict[str, int]
    newly_cut: dict[str, int] = Field(description="Findings by category.")
    no_longer_cut: dict[str, int]
    against: int
    examples: list[ChangeOut]


class HistoryOut(BaseModel):
    """A decision and the article that it is on."""

    article: str
    decision: DecisionOut

    @classmethod
    def of(cls, decision: Decision) -> HistoryOut:
        """From its row."""
        return cls(article=decision.article.id, decision=DecisionOut.model_validate(decision))


class AuditOut(BaseModel):
    """Something that was done besides decisions."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    action: str
    subject: str
    details: dict[str, Any]
    by: str
    at: datetime
