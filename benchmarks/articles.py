"""Articles without number: the prose of the project shuffled, some of it infected, and signs that formats escape."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from material import ONE_INFECTED_IN, ROOT, fixtures

from cleaner import Cleaner

PROSE = ROOT / "cleaner" / "training" / "templates" / "prose"
BREAK = "\n=====\n"
"""What stands between the articles of a file of prose."""
MAIN = "vi"
"""The language of half of the articles, and of the infected ones."""
MARKS = "\"',;\t|&<>\\/[]{}"
"""What a paragraph of a :attr:`Article.is_plain` article has none of."""
AWKWARD = (
    'Tấm biển ghi: "Sách & báo cũ, 5.000đ/cuốn"; ai mua trên 3 cuốn thì giá < 4.000đ.',
    "Tệp danh sách nằm ở C:\\tài liệu\\họp\\2024 – mở bằng máy nào cũng được 🌾🧑‍🌾.",
    "Cột thứ nhất\tcột thứ hai | cột thứ ba; công thức là [a > b] && {c}.",
    "“Không sao đâu,” bà nói, ‘mai lại đến’ … 100 % khách hài lòng: 5 > 3, a&b;c.",
    "He wrote \\n where a new line was meant, and &nbsp; where there was a space.",
)
"""Honest sentences that hardly a format can hold as they are."""
INJECTIONS = (
    "soi cầu bạch thủ lô đề miền bắc 😀",
    "kèo nhà cái\\tỷ lệ kèo",
    "nhà cái uy tín nhất, soi kèo & tỷ lệ kèo nhà cái",
    'tỷ lệ kèo nhà cái "hôm nay"',
)
"""Injections of signs that formats escape, which the model is certain of in most places."""


@dataclass(frozen=True, slots=True)
class Article:
    """A made-up article."""

    number: int
    title: str
    paragraphs: Sequence[str]
    is_plain: bool
    """Whether it is one paragraph that no format has to escape."""
    is_infected: bool


def articles(count: int, size: int = 600, one_in: int = ONE_INFECTED_IN) -> Iterator[Article]:
    """So many articles, the same for the same arguments.

    Args:
        count: articles.
        size: bytes of UTF-8 of each, about.
        one_in: one of so many is infected.
    """
    prose, infected = _prose(), _infected_paragraphs()
    languages = sorted(prose)
    for number in range(count):
        chance = random.Random(number)
        is_infected = number % one_in == one_in // 2
        language = MAIN if is_infected or number % 2 else chance.choice(languages)
        article = _honest(number, prose[language], size, chance)
        yield _infect(article, infected, chance) if is_infected else article


def _prose() -> dict[str, list[list[str]]]:
    """The lines of each article, its title first, by language."""
    read = {file.stem: file.read_text("utf-8").split(BREAK) for file in sorted(PROSE.glob("*.txt"))}
    lines = {language: [list(filter(str.strip, a.splitlines())) for a in found] for language, found in read.items()}
    return {language: [article for article in found if len(article) > 1] for language, found in lines.items()}


def _honest(number: int, prose: Sequence[Sequence[str]], size: int, chance: random.Random) -> Article:
    title = chance.choice(prose)[0]
    is_plain = number % 8 == 1
    paragraphs: list[str] = []
    while sum(len(paragraph.encode()) for paragraph in paragraphs) < size:
        paragraph = chance.choice(chance.choice(prose)[1:]).strip()
        if not is_plain:
            paragraphs.append(paragraph if chance.random() < 0.8 else f"{paragraph} {chance.choice(AWKWARD)}")
        elif not any(mark in paragraph for mark in MARKS):
            paragraphs = [" ".join([*paragraphs, paragraph])]
    return Article(number, title, paragraphs, is_plain, False)


def _infect(article: Article, infected: Sequence[str], chance: random.Random) -> Article:
    """Put an infected paragraph among those of an article, or an injection into one of them."""
    paragraphs = list(article.paragraphs)
    if chance.random() < 0.5 and not article.is_plain:
        paragraphs.insert(chance.randrange(len(paragraphs) + 1), chance.choice(infected))
    else:
        number = chance.randrange(len(paragraphs))
        words = paragraphs[number].split(" ")
        words.insert(chance.randrange(len(words) + 1), INJECTIONS[0] if article.is_plain else chance.choice(INJECTIONS))
        paragraphs[number] = " ".join(words)
    return replace(article, paragraphs=paragraphs, is_infected=True)


def _infected_paragraphs() -> list[str]:
    """The infected lines of those fixtures that are restored exactly."""
    cleaner = Cleaner()
    found: list[str] = []
    for record in fixtures("infected"):
        text = record["text"]
        if (record["lang"], record["format"]) == (MAIN, "text") and cleaner.clean(text, "text").text == record["clean"]:
            found += [
                text[start:end]
                for start, end in _lines(text)
                if any(start <= span["start"] and span["end"] <= end for span in record["spam"])
            ]
    return found


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1
