"""What is cleaned in the benchmarks: an archive of plain texts, pages as sites serve them, single articles."""

from __future__ import annotations

import gzip
import html
import json
import random
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path
from textwrap import shorten
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures" / "articles"
ONE_INFECTED_IN = 50
"""Two percent of an archive."""
TITLE = 80
"""Characters of a headline."""
PARAGRAPH = 400
"""Characters from which a paragraph of a page is ended at the next sentence."""


def fixtures(kind: str) -> list[dict[str, Any]]:
    """The ``honest`` or ``infected`` records of the fixtures, in all languages."""
    files = sorted(FIXTURES.glob(f"{kind}_*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def plain(kind: str) -> list[str]:
    """The fixtures that are plain text."""
    return [record["text"] for record in fixtures(kind) if record["format"] == "text"]


def ordinary(lang: str | None = None) -> list[str]:
    """Honest plain texts that speak of nothing that spam speaks of, in one language or in all."""
    return [
        r["text"]
        for r in fixtures("honest")
        if r["format"] == "text" and r["topic"] == "ordinary" and lang in (None, r["lang"])
    ]


def articles_of(file: Path) -> Iterator[str]:
    """The texts of a JSONL file, which may be gzipped."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def archive(honest: Iterator[str], infected: list[str], size: int) -> tuple[list[str], set[int]]:
    """Articles of together ``size`` bytes of UTF-8 or a little more, and the numbers of the infected ones."""
    found: list[str] = []
    bad: set[int] = set()
    total = 0
    ill = cycle(infected)
    while total < size:
        if len(found) % ONE_INFECTED_IN == ONE_INFECTED_IN // 2:
            bad.add(len(found))
            article = next(ill)
        else:
            article = next(honest)
        found.append(article)
        total += size_of([article])
    return found, bad


def size_of(texts: list[str]) -> int:
    """Bytes of UTF-8."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def padded(beginnings: list[str], size: int) -> list[str]:
    """Each text followed by ordinary ones, to ``size`` bytes of UTF-8 or a little more."""
    rest = cycle(ordinary())
    found = []
    for text in beginnings:
        while size_of([text]) < size:
            text += "\n\n" + next(rest)
        found.append(text)
    return found


# --- pages


def pages(size: int, articles: Path | None = None) -> tuple[list[str], set[int]]:
    """Pages of together ``size`` bytes of UTF-8 or a little more, and the numbers of the infected ones.

    The HTML of the fixtures takes turns with plain articles: both stand within a page of news, but for those
    fixtures that are whole pages themselves. ``articles``, one to a page, take the place of the honest fixtures.
    """
    bodies = {kind: _bodies(kind) for kind in ("honest", "infected")}
    if articles:
        bodies["honest"] = (("vi", "\n".join(_paragraphs(text))) for text in cycle(articles_of(articles)))
    languages = {record["lang"] for record in fixtures("honest")}
    teasers = {lang: [shorten(text, TITLE, placeholder="…") for text in ordinary(lang)] for lang in languages}
    found: list[str] = []
    bad: set[int] = set()
    total = 0
    for number in count():
        is_bad = number % ONE_INFECTED_IN == ONE_INFECTED_IN // 2
        lang, body = next(bodies["infected" if is_bad else "honest"])
        page = body if "<body" in body else _page(body, teasers[lang], random.Random(number))
        if is_bad:
            bad.add(number)
        found.append(page)
        total += size_of([page])
        if total >= size:
            break
    return found, bad


def page(size: int) -> str:
    """One page of ordinary articles, of ``size`` bytes of UTF-8 or a little more."""
    articles: list[str] = []
    total = 0
    for text in cycle(ordinary()):
        if total >= size:
            break
        articles.append("\n".join(_paragraphs(text)))
        total += size_of(articles[-1:])
    return _page("\n".join(articles), [shorten(text, TITLE, placeholder="…") for text in ordinary()], random.Random(0))


def _bodies(kind: str) -> Iterator[tuple[str, str]]:
    """Without end: one body of HTML, then four made of plain articles of one language, and so on; each with it."""
    markup = cycle([(record["lang"], record["text"]) for record in fixtures(kind) if record["format"] == "html"])
    texts = cycle([(record["lang"], record["text"]) for record in fixtures(kind) if record["format"] == "text"])
    rest = {lang: cycle(ordinary(lang)) for lang in {record["lang"] for record in fixtures("honest")}}
    while True:
        yield next(markup)
        for length in range(4):
            lang, text = next(texts)
            yield lang, "\n".join(_paragraphs("\n\n".join((text, *islice(rest[lang], 2 + length)))))


def _paragraphs(text: str) -> Iterator[str]:
    for number, line in enumerate(filter(None, text.split("\n"))):
        if number % 5 == 3:
            yield (
                f'<figure class="wp-block-image size-large"><img loading="lazy" width="1024" height="683" '
                f'src="/wp-content/uploads/2024/05/anh-{number}-1024x683.jpg" alt="Ảnh minh họa" '
                f'class="wp-image-{1000 + number}" sizes="(max-width: 1024px) 100vw, 1024px">'
                f"<figcaption>Ảnh minh họa</figcaption></figure>"
            )
        pieces = line.split(". ")
        paragraph = ""
        for piece in pieces[:-1]:
            paragraph += piece + ". "
            if len(paragraph) > PARAGRAPH:
                yield f"<p>{html.escape(paragraph.rstrip(), quote=False)}</p>"
                paragraph = ""
        yield f"<p>{html.escape(paragraph + pieces[-1], quote=False)}</p>"


_SECTIONS = ("Thời sự", "Kinh tế", "Xã hội", "Giáo dục", "Y tế", "Văn hóa", "Thể thao", "Bạn đọc", "Video", "Liên hệ")
_STYLE = (
    ".c{n}{{display:flex;margin:{n}px auto;padding:0 {n}px;color:#{n:03x};font:400 {n}px/1.5 Roboto,sans-serif}}"
    "@media (max-width:{n}60px){{.c{n}{{display:block}}}}"
)
_SCRIPT = (
    "window.w{n}=window.w{n}||[];(function(d,s){{var f=d.getElementsByTagName(s)[0],j=d.createElement(s);"
    "j.async=!0;if(f&&j.src!=='')f.parentNode.insertBefore(j,f)}})(document,'script');"
)


def _page(body: str, teasers: list[str], rng: random.Random) -> str:
    """A page of a news site around ``body``: some 10 to 30 KB of menus, styles, scripts and teasers."""
    title = html.escape(rng.choice(teasers))
    number = rng.randrange(10_000, 99_999)
    styles = "".join(_STYLE.format(n=n) for n in range(1, rng.randrange(8, 32)))
    scripts = "".join(f"<script>{_SCRIPT.format(n=n)}</script>\n" for n in range(rng.randrange(4, 16)))
    data = json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", "headline": title}, ensure_ascii=False)
    return f"""<!DOCTYPE html>
<html lang="vi" class="no-js">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Báo Ngày Nay</title>
<meta name="description" content="{title}">
<meta property="og:title" content="{title}">
<meta property="og:image" content="/wp-content/uploads/2024/05/{number}.jpg">
<link rel="canonical" href="/tin-tuc/{number}.html">
<link rel="stylesheet" href="/wp-content/themes/bao/style.css?ver=6.5.3">
<style>{styles}</style>
<script type="application/ld+json">{data}</script>
{scripts}</head>
<body class="post-template-default single single-post postid-{number} wp-embed-responsive">
<header id="masthead" class="site-header"><a class="logo" href="/"><img src="/logo.svg" alt="Báo Ngày Nay"></a>
<nav class="main-navigation" aria-label="Menu"><ul class="menu">
{_menu(rng)}
</ul></nav></header>
<div class="breadcrumb"><a href="/">Trang chủ</a> &rsaquo; <a href="/xa-hoi/">Xã hội</a></div>
<main id="content" class="container"><div class="row"><div class="col-md-8">
<article id="post-{number}" class="post type-post status-publish format-standard hentry">
<h1 class="entry-title">{title}</h1>
<div class="entry-meta"><span class="byline">Nguyễn Văn An</span> |
<time datetime="2024-05-14T08:30">14/5/2024</time></div>
<div class="entry-content">
{body}
</div>
<div class="tags">Từ khóa: <a href="/tag/xa-hoi/" rel="tag">xã hội</a>,
<a href="/tag/dia-phuong/" rel="tag">địa phương</a></div>
</article>
<section class="related"><h2>Tin liên quan</h2>
{_teasers(teasers, rng, rng.randrange(5, 16))}
</section></div>
<aside class="col-md-4 sidebar"><h3>Đọc nhiều</h3>
{_teasers(teasers, rng, rng.randrange(5, 12))}
</aside></div></main>
<footer class="site-footer"><ul>
{_menu(rng)}
</ul><p>&copy; 2024 Báo Ngày Nay. Giấy phép số 123/GP-BTTTT.
Điện thoại: 024 3822 0000 &ndash; Email: toasoan@example.vn</p>
</footer>
<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1" defer></script>
</body>
</html>
"""


def _menu(rng: random.Random) -> str:
    return "\n".join(
        f'<li id="menu-item-{rng.randrange(100, 999)}" class="menu-item menu-item-type-taxonomy">'
        f'<a href="/chuyen-muc-{number}/">{name}</a></li>'
        for number, name in enumerate(_SECTIONS)
    )


def _teasers(teasers: list[str], rng: random.Random, number: int) -> str:
    return "\n".join(_teaser(html.escape(rng.choice(teasers)), rng.randrange(10_000, 99_999)) for _ in range(number))


def _teaser(title: str, number: int) -> str:
    address = f"/tin-tuc/bai-{number}.html"
    picture = f'<img loading="lazy" width="150" height="100" src="/uploads/thumb-{number}-150x100.jpg" alt="">'
    link = f'<a href="{address}">{title}</a>'
    return f'<div class="item d-flex"><a class="thumb" href="{address}">{picture}</a><h4>{link}</h4></div>'
