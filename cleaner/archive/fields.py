"""Which fields of records are cleaned, and what formats share in reading them and in patching them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import BinaryIO
from unicodedata import category

from cleaner.archive.records import ArchiveError, Layout, Patch, Piece, Wanted
from cleaner.folding import bare_term
from cleaner.types import Edit

KEPT = 1 << 16
"""Bytes of a record that cannot be read which are kept for the quarantine."""
SHORTEST = 40
"""Characters that the values of a field of an unknown name have on average, at least, for it to hold articles."""
_LOOK = 400
"""Characters of a value that are looked at."""
_SHOWN = 20
"""Names of fields that a message holds."""


def _bare(name: str) -> str:
    """A name without case, accents, spaces and signs."""
    return "".join(filter(str.isalnum, bare_term(name)))


def _names(words: str) -> dict[str, None]:
    return dict.fromkeys(_bare(word) for word in words.split())


_TEXTS = _names(
    """
    content content_html content_text contents body body_html body_text text full_text clean_text raw_text plain_text
    html raw_html article article_body article_text article_content post_content post_body post_text news_content
    page_content main_content main_text story content_encoded markdown md
    noi_dung noi_dung_bai_viet noi_dung_html bai_viet van_ban noidung_chitiet chi_tiet than_bai
    isi isi_berita isi_artikel konten teks artikel kandungan inhalt volltext beitrag contenu corps texte
    contenido cuerpo texto articulo contenuto testo articolo conteudo corpo artigo icerik metin haber_icerigi
    tresc tekst artykul текст содержание контент статья зміст стаття
    内容 正文 文章 文章内容 新闻内容 內容 內文 本文 記事 記事本文 본문 내용 기사 기사본문 เนื้อหา ข้อความ บทความ
    សាច់រឿង ເນື້ອໃນ सामग्री लेख المحتوى النص المقال محتوى نص תוכן
    """
)
_BESIDE = _names(
    """
    title headline heading subtitle name_of_article post_title article_title news_title page_title meta_title seo_title
    summary description desc meta_description excerpt post_excerpt abstract intro lead lede teaser standfirst sapo
    tieu_de ten_bai tieu_de_bai_viet tom_tat mo_ta trich_dan gioi_thieu
    judul ringkasan deskripsi tajuk titel ueberschrift überschrift zusammenfassung beschreibung titre resume
    titulo resumen descripcion titolo sommario descrizione resumo descricao baslik ozet aciklama tytul opis
    заголовок описание аннотация 标题 標題 摘要 描述 简介 タイトル 題名 見出し 要約 概要 제목 요약 부제 ชื่อเรื่อง หัวข้อ
    शीर्षक العنوان عنوان ملخص כותרת
    """
)
_IDS = _names(
    """
    id _id guid uuid article_id post_id doc_id docid document_id news_id page_id record_id item_id key ma ma_bai
    ma_bai_viet uid url link permalink href source_url slug
    """
)
_DATES = _names(
    """
    date_published published published_at published_date published_time publish_date publish_time pub_date post_date
    posted_at date time datetime timestamp created created_at date_created ngay_dang ngay_xuat_ban ngay thoi_gian
    tanggal tanggal_terbit datum fecha data дата 日期 发布时间 发布日期 發布日期 日付 公開日 날짜 작성일 วันที่
    updated updated_at modified date_modified last_modified
    """
)
_LINKS = _names(
    """
    url link permalink canonical canonical_url source_url article_url post_url page_url original_url href guid
    duong_dan lien_ket lien_ket_goc tautan enlace lien ссылка 链接 網址 リンク 링크 원문
    """
)
_WRAPPERS = _names("rendered value raw text html plain cdata content t _")
"""Keys below the name of what they hold (``title.rendered``)."""

_LINK = re.compile(r"https?://\S+", re.I)
_IMAGE = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp|mp4)(?:\?|$)", re.I)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?(?: [+\w:-]+)?")
_WORDS = re.compile(r"\w\s+\w|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Two words, or a letter of a script that puts no spaces between them."""


def choose(name: str, samples: Mapping[str, Sequence[str]], wanted: Wanted) -> Layout:
    """Where the texts of a container stand, by the names of its fields and some of their values.

    Fields that are not told are guessed: those that are named as texts of articles use to be, else the one whose
    values are longest; titles and summaries beside it, or above, are cleaned, too. :attr:`Wanted.format` is put down in
    ``details["format"]``.

    Args:
        name: of the container, for messages.
        samples: of each field some values, numbers as they are spelled; names of nested keys are dotted.
        wanted: what the user said.

    Raises:
        ArchiveError: a wanted field is not there, or none looks as if it held texts.
    """
    for field in filter(None, (*wanted.fields, wanted.id_field)):
        if field not in samples:
            raise ArchiveError(f"{name}: no field {field!r} (there are: {_listed(samples)})")
    fields = wanted.fields or _text_fields(samples)
    if not fields:
        raise ArchiveError(f"{name}: no field looks like texts of articles (there are: {_listed(samples)}); name them")
    return Layout(
        fields,
        wanted.id_field or _named(samples, _IDS, _are_unique),
        _named(samples, _DATES, _have_digits) or _holding(samples, _are_dates),
        _named(samples, _LINKS, _are_links) or _holding(samples, _are_links),
        not wanted.fields,
        {"format": wanted.format},
    )


def cut_pieces(stream: BinaryIO, size: int, start: int, cut: Callable[[bytes], int]) -> Iterator[Piece]:
    """A stream in pieces of ``size`` bytes and more.

    Args:
        stream: stands at ``start``.
        size: bytes that are read at a time.
        start: offset of the first piece.
        cut: where the last whole record of what was read ends; 0 where none does.
    """
    rest = b""
    while block := stream.read(max(size, len(rest))):
        rest += block
        if length := cut(rest):
            yield Piece(start, start + length, rest[:length])
            start += length
            rest = rest[length:]
    if rest:
        yield Piece(start, start + len(rest), rest)


def joined(edits: Sequence[Edit]) -> list[Edit]:
    """Edits, those that touch one another as one: what is cut, and its seam."""
    found: list[Edit] = []
    for edit in edits:
        if found and found[-1].end == edit.start:
            last = found.pop()
            edit = Edit(last.start, edit.end, last.replacement + edit.replacement)
        found.append(edit)
    return found


def cell_patches(text: str, edits: Sequence[Edit]) -> list[Patch]:
    """What edits of a cell's text come to in its UTF-8.

    Raises:
        ArchiveError: UTF-8 cannot spell a character.
    """
    return text_patches(text, edits, "utf-8")


def text_patches(text: str, edits: Sequence[Edit], encoding: str, at: int = 0) -> list[Patch]:
    """What edits of a text come to in its bytes, which begin ``at`` and spell every character alone.

    Raises:
        ArchiveError: the encoding cannot spell a character.
    """
    patches: list[Patch] = []
    done = 0
    for edit in edits:
        at += len(spelled(text[done : edit.start], encoding))
        old = spelled(text[edit.start : edit.end], encoding)
        patches.append(Patch(at, old, spelled(edit.replacement, encoding)))
        at += len(old)
        done = edit.end
    return patches


def spelled(text: str, encoding: str) -> bytes:
    """The bytes of a text.

    Raises:
        ArchiveError: the encoding cannot spell a character.
    """
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise ArchiveError(f"{encoding} cannot spell {text[error.start]!a}") from None


def _text_fields(samples: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    paths = {field: _path(field) for field, values in samples.items() if _may_be_text(values)}
    named = [field for field, path in paths.items() if path[-1] in _TEXTS]
    depths = [len(paths[field]) for field in named if samples[field] or not any(samples.values())]
    found = [field for field in named if len(paths[field]) == min(depths)] if depths else _longest(samples)
    above = [paths[field][:-1] for field in found]
    beside = [
        field
        for field, (*outer, last) in paths.items()
        if last in _BESIDE and (not found or any(list(path[: len(outer)]) == outer for path in above))
    ]
    return tuple(field for field in samples if field in found or field in beside)


def _path(field: str) -> tuple[str, ...]:
    """The keys that lead to a field, without the one that only wraps it."""
    path = tuple(map(_bare, field.split(".")))
    is_wrapped = len(path) > 1 and path[-1] in _WRAPPERS and (path[-2] in _TEXTS or path[-2] in _BESIDE)
    return path[:-1] if is_wrapped else path


def _longest(samples: Mapping[str, Sequence[str]]) -> list[str]:
    """The field of the longest values, if they are long enough."""
    lengths = {field: _length(values) for field, values in samples.items() if _are_words(values)}
    longest = max(lengths, key=lambda field: lengths[field], default="")
    return [longest] if lengths.get(longest, 0) >= SHORTEST else []


def _named(
    samples: Mapping[str, Sequence[str]], known: Mapping[str, None], fit: Callable[[Sequence[str]], bool]
) -> str:
    """The field that bears the first of the known names and whose values fit; empty when there is none."""
    fields = {_bare(field): field for field in samples if fit(samples[field])}
    return next((fields[name] for name in known if name in fields), "")


def _holding(samples: Mapping[str, Sequence[str]], fit: Callable[[Sequence[str]], bool]) -> str:
    return next((field for field, values in samples.items() if fit(values)), "")


def _are_unique(values: Sequence[str]) -> bool:
    return 0 < len(values) == len(set(values)) and all(values)


def _have_digits(values: Sequence[str]) -> bool:
    return bool(values) and all(any(map(str.isdigit, value)) for value in values if value)


def _are_dates(values: Sequence[str]) -> bool:
    return bool(values) and all(_DATE.fullmatch(value) for value in values)


def _are_links(values: Sequence[str]) -> bool:
    return bool(values) and all(_LINK.fullmatch(value) and not _IMAGE.search(value) for value in values)


def _may_be_text(values: Sequence[str]) -> bool:
    """Whether a field of a telling name may hold texts: unless all that it is seen to hold is something else."""
    return not values or any(_letters(value[:_LOOK]) and not _LINK.fullmatch(value.strip()) for value in values)


def _are_words(values: Sequence[str]) -> bool:
    """Whether most values are words rather than links, figures or codes."""
    heads = [value[:_LOOK] for value in values if value.strip()]
    worded = sum(bool(_WORDS.search(head)) and 2 * _letters(head) > len("".join(head.split())) for head in heads)
    return 2 * worded > len(heads)


def _letters(text: str) -> int:
    return sum(category(character)[0] in "LM" for character in text)


def _length(values: Sequence[str]) -> float:
    return fmean(len(value) for value in values if value.strip())


def _listed(samples: Mapping[str, Sequence[str]]) -> str:
    names = [repr(field) for field in samples]
    return ", ".join(names[:_SHOWN] + ["…"] * (len(names) > _SHOWN)) or "none"
