"""What the campaign pass finds that nothing else knows: promotion of an invented kind, in an invented language.

A synthetic archive of honest articles with what recurs in archives honestly (bylines, agency tags, menus, lists of what
to read next, notices, republished articles); half a percent of them hold phrases or sentences of a few campaigns, each
with small variations, whose words, names and sites exist nowhere. It is cleaned without the campaign pass and with it.

Exit status: 0 when the pass finds at least eight points more at hardly a false positive, 1 when not, 2 when it cannot
be measured.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click
import material
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from cleaner import Cleaner
from cleaner.archive.campaigns import Judged, judge
from cleaner.archive.frequencies import Frequencies, count_texts
from cleaner.archive.records import Text
from cleaner.archive.survey import Gathered, gather_texts
from cleaner.model.store import default_folder, load

DOCUMENTS = 20_000
SHARE = 0.005
"""Of the documents that hold a campaign."""
GAINED = 0.08
"""Recall that the pass has to add."""
FALSE = 0.0005
"""Honest documents that may be changed."""
PORTION = 400
"""Documents that are surveyed in one go."""


@dataclass
class Injected:
    """A document of the archive, and where something was put into it."""

    text: str
    spans: list[tuple[int, int]] = field(default_factory=list)
    manner: str = ""
    """How: ``middle``, ``sentence``, ``brand``, ``line`` or ``link``; empty where nothing was."""

    @property
    def format(self) -> str:
        """How it is read."""
        return "html" if self.manner == "link" else "text"


# --- the invented campaigns

_ONSETS = "b d f g k l m n p r s t v z br dr gl kr pl sk st tr vl zh".split()
_VOWELS = "a e i o u au ei ou".split()
_CODAS = ["", "", "", "l", "n", "r", "s", "sk", "rn", "lt", "m"]
_LETTERS = "աբգդեզէթժիլխծկհձղճմյնշոչպջռսվտրցփքօֆ"


class Tongue:
    """An invented language: words of invented syllables, in Latin letters or in others."""

    def __init__(self, rng: random.Random, other: bool = False) -> None:
        self._rng = rng
        self._other = other

    def word(self) -> str:
        """A new word."""
        if self._other:
            return "".join(self._rng.choice(_LETTERS) for _ in range(self._rng.randint(4, 8)))
        return "".join(
            self._rng.choice(_ONSETS) + self._rng.choice(_VOWELS) + self._rng.choice(_CODAS)
            for _ in range(self._rng.randint(2, 3))
        )

    def phrase(self, length: int) -> list[str]:
        """New words."""
        return [self.word() for _ in range(length)]


@dataclass
class Promoted:
    """A campaign: what it injects, and how."""

    name: str
    phrases: list[list[str]]
    manner: str
    """Of injecting: into the middle of sentences, between them…"""
    spare: list[str]
    site: str

    def spelled(self, rng: random.Random) -> str:
        """One of its phrases, sometimes a little changed."""
        words = list(rng.choice(self.phrases))
        if rng.random() < 0.25:
            words[rng.randrange(len(words))] = rng.choice(self.spare)
        elif rng.random() < 0.15 and len(words) > 4:
            del words[rng.randrange(len(words))]
        if rng.random() < 0.15:
            words = [word.upper() for word in words]
        elif rng.random() < 0.1:
            words = [word.translate(str.maketrans("aeo", "аео")) for word in words]
        if self.manner == "brand":
            words.insert(rng.choice((0, len(words))), self.site)
        text = " ".join(words)
        return text[0].upper() + text[1:] + "." if self.manner == "sentence" else text


def campaigns(rng: random.Random) -> list[Promoted]:
    """The campaigns of the archive."""
    made: list[Promoted] = []
    for manner, other in (
        ("middle", False),
        ("middle", True),
        ("sentence", False),
        ("sentence", False),
        ("brand", False),
        ("line", False),
        ("link", False),
    ):
        tongue = Tongue(rng, other)
        lengths = (9, 12) if manner == "sentence" else (4, 5)
        phrases = [tongue.phrase(length) for length in lengths]
        site = tongue.word() + str(rng.randint(11, 99)) if manner == "brand" else Tongue(rng).word() + ".net"
        made.append(Promoted(f"{manner}{len(made)}", phrases, manner, tongue.phrase(4), site))
    return made


def joined(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order; those with nothing between them are one, for nobody can tell them apart."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def injected(article: Injected, campaign: Promoted, rng: random.Random) -> Injected:
    """The article with one to three injections of the campaign."""
    text, spans = article.text, list(article.spans)
    for _ in range(rng.choice((1, 1, 2, 3))):
        phrase = campaign.spelled(rng)
        pattern = r"(?<=[.!?] )(?=\w)" if campaign.manner == "sentence" else r"(?<=\w )(?=\w)"
        places = [m.start() for m in re.finditer(pattern, text) if not any(a <= m.start() <= b for a, b in spans)]
        if not places:
            continue
        at = rng.choice(places)
        if campaign.manner == "link":
            phrase = f'<a href="https://{campaign.site}/{rng.randrange(999)}">{phrase}</a>'
        behind = "\n" if campaign.manner == "line" else " "
        text = text[:at] + phrase + behind + text[at:]
        moved = len(phrase) + 1
        spans = sorted([(a + moved, b + moved) if a >= at else (a, b) for a, b in spans] + [(at, at + len(phrase))])
    return Injected(text, joined(text, spans), campaign.manner)


# --- what recurs honestly

_NAMES = (
    "Minh Ngọc", "Thu Trang", "Hoàng Lam", "Bảo Châu", "Lê Quỳnh Anh", "Karel Vondráček", "Siobhán Gallagher",
)  # fmt: skip
_AGENCIES = ("(TTXVN)", "(Theo Reuters)", "Nguồn: Agence France-Presse", "Theo Kyodo Tsūshinsha", "(VOV.VN) -")
_CREDITS = (
    "Ảnh: Getty Images", "Ảnh: Shutterstock", "Ảnh minh họa: Xinhua/Zhang Wei", "Photo: Łukasz Wróblewski",
)  # fmt: skip
_NOTICES = (
    "Vui lòng ghi rõ nguồn khi phát hành lại thông tin từ trang này.",
    "Bản quyền thuộc về tòa soạn. Điện thoại: 024 3822 0000. Email: toasoan@example.vn",
    "Mời bạn đọc theo dõi bản tin trên ứng dụng của tòa soạn và các trang mạng xã hội.",
    "Tilaa uutiskirje ja lue lisää toimituksen valitsemia juttuja joka aamu.",
)
_MIDDLE = (
    "Ủy ban nhân dân tỉnh", "Médecins Sans Frontières", "Deutsche Gesellschaft für Internationale Zusammenarbeit",
    "Bộ Nông nghiệp và Phát triển nông thôn", "Zviad Gamsakhurdia Foundation", "quỹ Schweizerischer Nationalfonds",
)  # fmt: skip


def dressed(article: str, titles: Sequence[str], rng: random.Random) -> str:
    """An article as sites publish it."""
    lines = [rng.choice(titles), article]
    if rng.random() < 0.3:
        lines.insert(1, rng.choice(_NAMES))
    if rng.random() < 0.3:
        tag = rng.choice(_AGENCIES)
        lines[-1] = rng.choice((f"{tag} {lines[-1]}", f"{lines[-1]} {tag}"))
    if rng.random() < 0.2:
        lines.append(rng.choice(_CREDITS))
    if rng.random() < 0.3:
        lines.append("Xem thêm: " + " | ".join(rng.sample(titles, 3)))
    if rng.random() < 0.5:
        lines.append(rng.choice(_NOTICES[:2] if rng.random() < 0.8 else _NOTICES[2:]))
    if rng.random() < 0.3:
        lines.append(rng.choice(_NAMES))
    if rng.random() < 0.01:
        lines.append(f"Đại diện {rng.choice(_MIDDLE)} cho biết sẽ tiếp tục theo dõi tình hình trong thời gian tới.")
    return "\n".join(lines)


def honest(data: Path | None, documents: int, rng: random.Random) -> Iterator[str]:
    """Honest articles: of a data folder, else made of the sentences of the fixtures."""
    if data:
        shares = {"vi": 0.75, "en": 0.2, "ru": 0.03, "id": 0.02}
        for lang, share in shares.items():
            yield from islice(material.articles_of(data / f"clean_{lang}.jsonl.gz"), round(share * documents))
        return
    sentences = [s for text in material.ordinary("vi") for s in re.split(r"(?<=[.!?])\s+", text) if s]
    for _ in range(documents):
        yield " ".join(rng.sample(sentences, rng.randint(8, 20)))


def archive(data: Path | None, documents: int, seed: int) -> list[Injected]:
    """The archive: one document in two hundred holds a campaign, one in a hundred is a copy of another one."""
    rng = random.Random(seed)
    texts = list(honest(data, documents, rng))
    titles = [" ".join(text.split()[:9]) for text in rng.sample(texts, 60)]
    found = [Injected(dressed(text, titles, rng)) for text in texts]
    for _ in range(len(found) // 100):
        found[rng.randrange(len(found))] = found[rng.randrange(len(found))]
    promoted = campaigns(rng)
    for number, at in enumerate(rng.sample(range(len(found)), round(SHARE * len(found)))):
        found[at] = injected(found[at], promoted[number % len(promoted)], rng)
    return found


# --- measuring


def survey(archive: Sequence[Injected], console: Console) -> list[Judged]:
    """The campaigns of the archive, and how fast they were found."""
    classifier = load(default_folder()).classifier
    known = classifier.rules.known
    texts = [Text(str(n), "", one.text, n, lambda edits: [], format=one.format) for n, one in enumerate(archive)]
    portions = [texts[at : at + PORTION] for at in range(0, len(texts), PORTION)]
    size = material.size_of([one.text for one in archive]) / 1e6
    frequencies, gathered = Frequencies(), Gathered()
    start = time.process_time()
    for portion in portions:
        frequencies.add(count_texts(portion, known))
    watch = frequencies.watch()
    between = time.process_time()
    for portion in portions:
        gathered = gathered.merged(gather_texts(portion, watch, known))
    end = time.process_time()
    console.print(
        f"{len(texts)} documents, {size:.0f} MB: counted at {size / (between - start):.1f} MB/s,"
        f" gathered at {size / (end - between):.1f} MB/s, {len(gathered.candidates)} candidates"
    )
    return judge(gathered, classifier)


@dataclass
class Figures:
    """What cleaning came to."""

    spans: int = 0
    found: int = 0
    exact: int = 0
    flagged: int = 0
    ill: int = 0
    cured: int = 0
    """Infected documents of which everything injected was cut."""
    honest: int = 0
    harmed: list[list[str]] = field(default_factory=list)
    """What was cut from each honest document that was changed."""


def measure(cleaner: Cleaner, archive: Sequence[Injected]) -> Figures:
    """Clean the archive."""
    figures = Figures()
    for form in ("text", "html"):
        some = [one for one in archive if one.format == form]
        for one, result in zip(some, cleaner.clean_many((one.text for one in some), form), strict=True):
            if not one.spans:
                figures.honest += 1
                if result.edits:
                    figures.harmed.append([f.quote for f in result.findings if f.action == "strip"])
                continue
            cut = [(f.start, f.end) for f in result.findings if f.action == "strip"]
            touched = [any(a < end and start < b for a, b in cut) for start, end in one.spans]
            figures.spans += len(one.spans)
            figures.found += sum(touched)
            figures.exact += sum(any(_same(one.text, s, c) for c in cut) for s in one.spans)
            figures.flagged += sum(
                any(f.start < end and start < f.end for f in result.findings) for start, end in one.spans
            )
            figures.ill += 1
            figures.cured += all(touched)
    return figures


def _same(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    words = [re.sub(r"<[^>]*>|\W", "", text[a:b]) for a, b in (one, other)]
    return words[0] == words[1]


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Honest articles.")
@click.option("--documents", type=click.IntRange(200), default=DOCUMENTS, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--show", is_flag=True, help="The campaigns that were found.")
@click.pass_context
def main(ctx: click.Context, data: Path | None, documents: int, seed: int, show: bool) -> None:
    """Clean a synthetic archive without the campaign pass and with it."""
    console = Console(width=140)
    made = archive(data, documents, seed)
    judged = survey(made, console)
    if show:
        for one in judged[:200]:
            console.print(f"{one.campaign.score:.2f} {one}", markup=False)
    table = Table("", "recall", "exact", "flagged or cut", "documents", "honest changed", box=SIMPLE_HEAD)
    recalls, rates = [], []
    for name, with_pass in (("without", False), ("with the campaign pass", True)):
        cleaner = Cleaner(campaigns=[one.campaign for one in judged] if with_pass else ())
        figures = measure(cleaner, made)
        recalls.append(figures.found / figures.spans)
        rates.append(len(figures.harmed) / figures.honest)
        table.add_row(
            name,
            f"{figures.found / figures.spans:.1%}",
            f"{figures.exact / figures.spans:.1%}",
            f"{figures.flagged / figures.spans:.1%}",
            f"{figures.cured} of {figures.ill}",
            f"{len(figures.harmed)} of {figures.honest} ({len(figures.harmed) / figures.honest:.3%})",
        )
        if show:
            for quotes in figures.harmed:
                console.print(f"  {name}: {quotes}", markup=False)
    console.print(table)
    ctx.exit(0 if recalls[1] - recalls[0] >= GAINED and rates[1] - rates[0] <= FALSE else 1)


if __name__ == "__main__":
    main()
