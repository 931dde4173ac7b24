"""What all pages have in common: the frame they stand in, their style, and how words and numbers are put into them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cleaner.visible import visible


def environment() -> Environment:
    """Where templates are looked up; what they are given is escaped, for HTML and by :func:`visible`.

    The filter ``counted`` spells a number with its noun: ``{{ 1234|counted("file") }}`` is “1,234 files”.
    """
    made = Environment(
        loader=PackageLoader("cleaner.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": "{:,}".format, "counted": _counted}
    return made


def generate(made: Environment, template: str, *styles: str, **values: Any) -> Iterator[str]:
    """A page, piece by piece; it may use these style sheets, which it holds, and nothing else."""
    style = "".join(files("cleaner.report").joinpath(name).read_text("utf-8") for name in styles)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return made.get_template(template).generate(style=Markup(style), digest=Markup(digest), **values)


def _shown(value: object) -> object:
    """A value as it is put into the page, before it is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
