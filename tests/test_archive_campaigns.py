"""What recurs in unrelated documents is a campaign when it promotes something, and evidence in each of them."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pytest
from conftest import records
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.archive.campaigns import Judged, judge
from cleaner.archive.findings import Portion
from cleaner.archive.frequencies import LEAST, SLOTS, Frequencies, count, count_texts
from cleaner.archive.records import Layout, Piece, Text
from cleaner.archive.survey import CANDIDATES, SAMPLE, Candidate, Gathered, Occurrence, gather, gather_texts
from cleaner.campaigns import Campaign, numbers_of
from cleaner.model.classifier import Classifier
from cleaner.model.store import default_folder, load
from cleaner.types import Policy

DOCUMENTS = 240
ILL = 14
"""Documents that hold what recurs."""
STRIP, FLAG = Policy().strip, Policy().flag
SENTENCES = [
    f"{sentence}."
    for record in records("honest")
    if record["format"] == "text" and record["lang"] == "vi" and record["topic"] == "ordinary"
    for sentence in record["text"].replace("\n", " ").split(". ")
    if 20 < len(sentence) < 200
]
FOREIGN = "zuvani kelto brisanga morlek"
Change = Callable[[str, int, random.Random], str]


@cache
def classifier() -> Classifier:
    return load(default_folder()).classifier


def articles(seed: int = 0, documents: int = DOCUMENTS) -> list[str]:
    """Articles of sentences that were drawn by chance, in paragraphs."""
    rng = random.Random(seed)
    return ["\n".join(" ".join(rng.sample(SENTENCES, 5)) for _ in range(3)) for _ in range(documents)]


def texts_of(sources: Sequence[str], format: str = "text") -> list[Text]:
    return [Text(str(n), "", source, n, lambda edits: [], format=format) for n, source in enumerate(sources)]


def survey(texts: Sequence[Text], size: int = 100) -> list[Judged]:
    """The campaigns of some texts, looked at ``size`` at a time."""
    known, frequencies, gathered = classifier().rules.known, Frequencies(), Gathered()
    portions = [texts[at : at + size] for at in range(0, len(texts), size)]
    for portion in portions:
        frequencies.add(count_texts(portion, known))
    for portion in portions:
        gathered = gathered.merged(gather_texts(portion, frequencies.watch(), known))
    return judge(gathered, classifier())


def changed(change: Change, ill: int = ILL, seed: int = 0) -> list[str]:
    """An archive in some documents of which something was changed."""
    sources, rng = articles(seed), random.Random(seed + 1)
    for number in rng.sample(range(len(sources)), ill):
        sources[number] = change(sources[number], number, rng)
    return sources


def in_the_middle(text: str, phrase: str, rng: random.Random, behind: str = " ") -> str:
    """A phrase between two words of a sentence."""
    places = [at for at in range(1, len(text)) if text[at] == " " and text[at - 1].isalpha() and text[at + 1].islower()]
    at = rng.choice(places) + 1
    return text[:at] + phrase + behind + text[at:]


def between_sentences(text: str, phrase: str, rng: random.Random) -> str:
    at = rng.choice([at for at in range(1, len(text)) if text[at - 1 : at + 1] == ". "]) + 1
    return f"{text[:at]}{phrase} {text[at:]}"


def in_a_sentence(text: str, before: str, phrase: str, behind: str, rng: random.Random) -> str:
    return between_sentences(text, f"{before} {phrase} {behind}.", rng)


def about(found: Sequence[Judged], words: str) -> Judged | None:
    """The surest campaign that has to do with some words."""
    return next((one for one in found if any(words in text for text in one.campaign.texts)), None)


# --- what becomes a campaign

CAMPAIGNS: dict[str, tuple[Change, str]] = {
    "in the middle of sentences": (lambda t, n, rng: in_the_middle(t, FOREIGN, rng), FOREIGN),
    "with a line break behind": (lambda t, n, rng: in_the_middle(t, FOREIGN, rng, "\n"), FOREIGN),
    "in capitals here and there": (
        lambda t, n, rng: in_the_middle(t, FOREIGN.upper() if n % 4 == 0 else FOREIGN, rng),
        FOREIGN,
    ),
    "with look-alikes": (
        lambda t, n, rng: in_the_middle(t, FOREIGN.replace("a", "а") if n % 3 == 0 else FOREIGN, rng),
        FOREIGN,
    ),
    "with other words at the end": (
        lambda t, n, rng: in_the_middle(t, f"{FOREIGN} {('drusk', 'vlaunt', 'peiro', 'gosmel')[n % 4]}", rng),
        FOREIGN,
    ),
    "as sentences": (
        lambda t, n, rng: between_sentences(t, "Golmi drusk zuvani kelto brisanga morlek veit.", rng),
        "golmi drusk zuvani kelto brisanga morlek veit",
    ),
    "in another alphabet": (lambda t, n, rng: in_the_middle(t, "զուվան կելտո բրիսանգ մորլեկ", rng), "զուվան"),
    "in a script without spaces": (lambda t, n, rng: in_the_middle(t, "娱乐城官网注册送彩金", rng), "娱乐城"),
    "with a brand": (lambda t, n, rng: in_the_middle(t, "zuvani88 kelto brisanga morlek", rng), "zuvani88 kelto"),
    "twice in a document": (
        lambda t, n, rng: in_the_middle(in_the_middle(t, FOREIGN, rng), FOREIGN, rng),
        FOREIGN,
    ),
}


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_what_recurs_in_unrelated_documents_and_promotes_is_a_campaign(name: str) -> None:
    change, words = CAMPAIGNS[name]
    found = survey(texts_of(changed(change)))
    campaign = about(found, words)
    assert campaign is not None
    assert campaign.campaign.score >= STRIP
    assert LEAST <= campaign.campaign.documents <= ILL + 2
    assert all(any(text in around.casefold() for text in ("k", "զ", "娱")) for _, around in campaign.examples)


def test_near_duplicates_are_one_campaign() -> None:
    change, _ = CAMPAIGNS["with other words at the end"]
    found = survey(texts_of(changed(change)))
    assert len([one for one in found if one.campaign.kind == "phrase" and one.campaign.score >= STRIP]) == 1


def test_words_and_targets_of_links_are_campaigns_beside_the_phrase() -> None:
    def change(text: str, number: int, rng: random.Random) -> str:
        return in_the_middle(text, f'<a href="https://zuvani.top/{number}">{FOREIGN}</a>', rng)

    sources = [f"<p>{source}</p>" for source in changed(change)]
    kinds = {one.campaign.kind: one.campaign for one in survey(texts_of(sources, "html"))}
    assert kinds["target"].texts == ("zuvani.top",)
    assert kinds["anchor"].texts[0] == kinds["phrase"].texts[0] == FOREIGN
    assert kinds["phrase"].score > 0.9


def test_contacts_are_proposed_for_a_person() -> None:
    found = survey(texts_of(changed(lambda t, n, rng: in_the_middle(t, "@zuvani_kelto", rng))))
    contact = next(one for one in found if one.campaign.kind == "contact")
    assert contact.campaign.texts == ("@zuvani_kelto",)
    assert contact.campaign.score < FLAG


# --- what does not

FORMULA = (
    "Trong cơn dông có khả năng xảy ra tố, lốc và gió giật mạnh ở các tỉnh miền núi, trung du và đồng bằng Bắc Bộ."
)
LAW = "Người nào thực hiện hành vi quy định tại khoản này thì bị phạt tiền từ năm trăm nghìn đến một triệu đồng"
TOPIC = [
    "Mẫu bệnh phẩm được gửi về phòng xét nghiệm của viện trong ngày",
    "Ca bệnh mới được cách ly và theo dõi sức khỏe tại nhà",
    "Khoa vi sinh nhận kết quả giải trình tự gen của chủng virus",
    "Người tiếp xúc gần được lấy mẫu dịch hầu họng",
    "Ngành y tế khuyến cáo người dân đeo khẩu trang nơi đông người",
]


def _pcr(text: str, number: int, rng: random.Random) -> str:
    said = rng.sample(TOPIC, 4)
    return ". ".join([said[0], f"{said[1]} bằng polymerase chain reaction testing ngay trong đêm", *said[2:]]) + "."


HONEST: dict[str, Change] = {
    "a byline": lambda t, n, rng: f"{t}\nzuvani kelto brisanga morlek",
    "a byline at the beginning": lambda t, n, rng: f"Karel Vondráček Siobhán Gallagher\n{t}",
    "an agency tag before the text": lambda t, n, rng: f"(zuvani kelto brisanga) - {t}",
    "an agency tag behind a paragraph": lambda t, n, rng: t.replace("\n", " Agence Zuvani Kelto Presse\n", 1),
    "a list of what to read next": lambda t, n, rng: f"{t}\nXem thêm: {rng.choice(SENTENCES)} | {FOREIGN} | Video",
    "a menu": lambda t, n, rng: f"home about contact privacy terms login\n{t}",
    "a notice": lambda t, n, rng: f"{t}\nBản quyền thuộc về tòa soạn. Điện thoại: 024 3822 0000. Email: toasoan@bao.vn",
    "a notice in a foreign language": lambda t, n, rng: f"{t}\nTilaa uutiskirje ja lue lisää juttuja joka aamu.",
    "a hotline in the text": lambda t, n, rng: between_sentences(t, "Mọi ý kiến xin gọi 0912 345 678.", rng),
    "a law that is quoted": lambda t, n, rng: between_sentences(t, f"{LAW}.", rng),
    "the name of an organisation": lambda t, n, rng: in_a_sentence(
        t, rng.choice(("Theo", "Tổ chức", "Quỹ")), "Médecins Sans Frontières Belgique", "cho biết thêm", rng
    ),
    "the name of a place": lambda t, n, rng: in_the_middle(t, "Saint-Rémy de Provence Sud", rng),
    "a common collocation": lambda t, n, rng: in_the_middle(t, "Ủy ban nhân dân tỉnh", rng),
    "a formula of the weather": lambda t, n, rng: between_sentences(t, FORMULA, rng),
    "a republished article": lambda t, n, rng: in_the_middle(articles(7, 1)[0], FOREIGN, random.Random(3)),
    "a gloss in parentheses": lambda t, n, rng: in_the_middle(t, "(selective serotonin reuptake inhibitors)", rng),
    "a title in quotation marks": lambda t, n, rng: in_the_middle(t, "“the old man and the sea”", rng),
    "a credit": lambda t, n, rng: t.replace("\n", "\nẢnh: zuvani kelto brisanga/Getty\n", 1),
    "a term of one subject": _pcr,
    "a quantity": lambda t, n, rng: in_the_middle(t, "300km", rng),
    "a site of which nothing is known": lambda t, n, rng: in_a_sentence(
        t, rng.choice(("Theo trang", "Trên trang", "Báo cáo của")), "www.vuonrau.net", "có đăng bài này hôm qua", rng
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_recurs_honestly_is_no_campaign(name: str) -> None:
    found = survey(texts_of(changed(HONEST[name], ill=2 * ILL)))
    assert [one.campaign.texts[0] for one in found if one.campaign.score >= FLAG] == []


def test_an_archive_in_which_nothing_recurs_has_no_campaigns() -> None:
    assert survey(texts_of(articles(5, 40))) == []
    assert survey(texts_of(["", "\n", "Một dòng."])) == []
    assert survey([]) == []


# --- the survey


def test_neither_order_nor_portions_matter() -> None:
    texts = texts_of(changed(CAMPAIGNS["with other words at the end"][0]))
    shuffled = random.Random(9).sample(texts, len(texts))
    found = survey(texts, 100)
    assert found
    assert survey(shuffled, 17) == found


def test_what_is_kept_is_bounded_and_travels_between_processes() -> None:
    known, texts = classifier().rules.known, texts_of(changed(CAMPAIGNS["twice in a document"][0]))
    counts = pickle.loads(pickle.dumps(count_texts(texts, known)))
    assert counts.documents == len(texts)
    assert all(slots.size == sizes.size <= SLOTS for slots, sizes in zip(counts.slots, counts.counts, strict=True))
    assert all(sizes.max() <= len(texts) for sizes in counts.counts)
    frequencies = Frequencies()
    frequencies.add(counts)
    watch = pickle.loads(pickle.dumps(frequencies.watch()))
    gathered = pickle.loads(pickle.dumps(gather_texts(texts, watch, known)))
    assert gathered == gather_texts(texts, watch, known)
    assert all(len(candidate.sample) <= SAMPLE for candidate in gathered.candidates.values())
    assert {candidate.documents for candidate in gathered.candidates.values() if candidate.foreign == 4} == {ILL}


def test_portions_are_read_by_their_format() -> None:
    sources = changed(CAMPAIGNS["in the middle of sentences"][0])
    data = "".join(json.dumps({"id": n, "text": source}) + "\n" for n, source in enumerate(sources)).encode()
    layout = Layout(("text",), "id", details={"format": "text"})
    portion = Portion(1, "jsonl", layout, Piece(0, len(data), data + b"{broken\n"), True)
    known, frequencies = classifier().rules.known, Frequencies()
    frequencies.add(count([portion], known))
    found = judge(gather([portion], frequencies.watch(), known), classifier())
    assert [one.campaign.texts[0] for one in found] == [FOREIGN]
    assert all(sources[int(record)].count(FOREIGN) for record, _ in found[0].examples)


def occurrence(document: int) -> Occurrence:
    return Occurrence(document, (), 1, 2, True, 0.1, False, 0.0, 0.0, False, "", str(document), "x", True, "", "")


def gathered_of(found: dict[int, set[int]]) -> Gathered:
    """Candidates by level, with the documents that they are in."""
    return Gathered(
        {
            ("phrase", key): Candidate(
                "phrase", key, key % 7, 3, len(some), tuple(map(occurrence, sorted(some)[:SAMPLE]))
            )
            for key, some in found.items()
        }
    )


PARTS = st.lists(
    st.dictionaries(st.integers(0, 20), st.sets(st.integers(0, 10**6), min_size=1, max_size=40)), max_size=5
)


@given(parts=PARTS, data=st.data())
@settings(deadline=None)
def test_merging_does_not_depend_on_the_order(parts: list[dict[int, set[int]]], data: st.DataObject) -> None:
    gathered = [gathered_of(part) for part in parts]
    there, back = Gathered(), Gathered()
    for one in gathered:
        there = there.merged(one)
    for one in data.draw(st.permutations(gathered)):
        back = one.merged(back)
    assert there == back
    for (_, key), candidate in there.candidates.items():
        everywhere = sorted(set().union(*(part.get(key, set()) for part in parts)))
        assert [one.document for one in candidate.sample] == everywhere[:SAMPLE]


def test_there_are_never_more_candidates_than_are_kept() -> None:
    many = gathered_of({key: {key} for key in range(3 * CANDIDATES)})
    both = Gathered().merged(many)
    assert len(both.candidates) == CANDIDATES
    assert min(candidate.level for candidate in both.candidates.values()) > 0


# --- evidence in a document

PHRASE = Campaign("phrase", (FOREIGN, "kelto brisanga"), 214, 0.93, 7)
HOST = (
    "Trạm y tế xã đã tiêm vắc-xin cho trẻ em trong thôn. Bà con {}đến từ sáng sớm và xếp hàng trật tự trước cửa trạm."
)


def test_a_campaign_that_the_model_does_not_know_is_cut() -> None:
    source = HOST.format(FOREIGN + " ")
    assert Cleaner().clean(source, "text").text == source
    result = Cleaner(campaigns=[PHRASE]).clean(source, "text")
    assert result.text == HOST.format("")
    (finding,) = result.findings
    assert (finding.quote, finding.score, finding.action) == (FOREIGN, 0.93, "strip")
    (reason,) = finding.reasons
    assert reason.code == "campaign"
    assert reason.text == f"a campaign: no. 7, “{FOREIGN}”, found in 214 unrelated documents"
    assert numbers_of(finding) == [7]


@pytest.mark.parametrize(
    "phrase",
    [
        FOREIGN.upper(),
        FOREIGN.replace("e", "е"),
        FOREIGN.replace(" ", "\u00a0"),
        "zuvani kelto brisanga drusk",
        "vlaunt kelto brisanga morlek",
        FOREIGN + " " + FOREIGN,
    ],
)
def test_small_variations_are_found(phrase: str) -> None:
    result = Cleaner(campaigns=[PHRASE]).clean(HOST.format(phrase + " "), "text")
    assert result.text == HOST.format("")


@pytest.mark.parametrize(("score", "verdict"), [(0.3, "clean"), (0.6, "review"), (0.93, "cleaned"), (1.0, "cleaned")])
def test_the_score_of_a_campaign_decides(score: float, verdict: str) -> None:
    result = Cleaner(campaigns=[replace(PHRASE, score=score)]).clean(HOST.format(FOREIGN + " "), "text")
    assert result.verdict == verdict


def test_a_campaign_makes_what_the_model_sees_surer_and_a_rejected_one_less_sure() -> None:
    words = "kèo nhà cái hôm nay"
    source = HOST.format(words + " ")
    (alone,) = Cleaner().clean(source, "text").findings
    (more,) = Cleaner(campaigns=[Campaign("phrase", (words,), 30, 0.9)]).clean(source, "text").findings
    assert more.score > alone.score
    assert more.reasons[0].contribution >= more.reasons[-1].contribution
    assert {reason.code for reason in more.reasons} == {"campaign", *(reason.code for reason in alone.reasons)}
    rejected = Cleaner(campaigns=[Campaign("phrase", (words,), 30, 0.0)]).clean(source, "text").findings
    assert all(finding.score < alone.score for finding in rejected)
    assert all(numbers_of(finding) == [] for finding in rejected)


def test_a_target_that_a_person_accepted_is_unwrapped() -> None:
    source = '<p>Lịch khám của <a href="https://vuonrau.net/a">bệnh viện huyện</a> được dán ở cổng từ đầu tuần.</p>'
    accepted = Campaign("target", ("vuonrau.net",), 40, 1.0)
    assert Cleaner().clean(source, "html").text == source
    cleaned = Cleaner(campaigns=[accepted]).clean(source, "html").text
    assert cleaned == "<p>Lịch khám của bệnh viện huyện được dán ở cổng từ đầu tuần.</p>"
    assert Cleaner(policy=Policy(allow=("vuonrau.net",)), campaigns=[accepted]).clean(source, "html").text == source


def test_code_and_allowed_words_are_left_alone() -> None:
    source = f"# Ghi chú\n\nChạy lệnh sau:\n\n```\n{FOREIGN}\n```\n"
    assert Cleaner(campaigns=[PHRASE]).clean(source, "markdown").text == source
    source = HOST.format(FOREIGN + " ")
    assert Cleaner(policy=Policy(allow=(FOREIGN,)), campaigns=[PHRASE]).clean(source, "text").text == source


def test_a_cleaner_with_campaigns_can_be_pickled_and_leaves_nothing_to_find() -> None:
    cleaner = pickle.loads(pickle.dumps(Cleaner(campaigns=[PHRASE])))
    result = cleaner.clean(HOST.format(FOREIGN + " "), "text")
    assert result.text == HOST.format("")
    assert cleaner.clean(result.text, "text").findings == ()


@pytest.mark.parametrize("kind", ["honest", "infected"])
def test_texts_without_a_campaign_are_judged_as_ever(kind: str) -> None:
    some = records(kind)[::7]
    plain, knowing = Cleaner(), Cleaner(campaigns=[PHRASE, Campaign("target", ("vuonrau.net",), 40, 1.0)])
    for form in ("text", "html"):
        sources = [record["text"] for record in some if record["format"] == form]
        assert list(knowing.clean_many(sources, form)) == list(plain.clean_many(sources, form))


@given(st.text(max_size=80), st.text(max_size=80))
@settings(deadline=None, max_examples=60)
def test_any_text_around_a_campaign_keeps_its_offsets(before: str, behind: str) -> None:
    source = f"{before} {FOREIGN} {behind}"
    result = Cleaner(campaigns=[PHRASE]).clean(source, "text")
    assert any(FOREIGN in finding.quote for finding in result.findings)
    assert all(source[finding.start : finding.end] == finding.quote for finding in result.findings)
