"""How the declarations of a ``style`` attribute hide an element, judged as parsed properties."""

from __future__ import annotations

import math
import re
from collections import defaultdict

_LENGTH = re.compile(r"([+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++))([a-z]*+|%)")
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "cm": 38.0, "mm": 3.8}
_PIXELS |= {"in": 96.0, "%": 5.0, "vw": 10.0, "vh": 8.0}
_CSS_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?")
_CLIPPED = re.compile(
    r"""
    rect\((?:[\s,]*+[01](?:px)?(?![\w.%]))++\s*+\)
    | inset\(\s*+(?:[5-9][0-9]|[1-9][0-9]{2,})(?:\.[0-9]*+)?%.*+
    | circle\(\s*+0.*+
    """,
    re.X | re.S,
)
_FAR = -500.0
"""Pixels from which a text is out of sight."""


def hiding_technique(style: str) -> str:
    """How the declarations of a ``style`` attribute hide the element; empty when they do not."""
    css = _declarations(style)
    if css["display"] == "none":
        return "display:none"
    if css["visibility"] in ("hidden", "collapse"):
        return "visibility:hidden"
    if pixels(css["opacity"]) <= 0.01:
        return "opacity:0"
    if pixels(css["font-size"]) <= 1:
        return "font-size:0"
    if pixels(css["text-indent"]) <= _FAR:
        return "text-indent"
    if css["position"] not in ("", "static") and any(
        pixels(css[side]) <= _FAR for side in ("left", "top", "right", "bottom")
    ):
        return "off-screen"
    if any(css[name] not in ("", "visible") for name in ("overflow", "overflow-x", "overflow-y")) and any(
        pixels(css[name]) <= 1 for name in ("width", "height", "max-width", "max-height")
    ):
        return "zero-size"
    if _CLIPPED.fullmatch(css["clip"]) or _CLIPPED.fullmatch(css["clip-path"]):
        return "clip"
    return ""


def _declarations(style: str) -> defaultdict[str, str]:
    """Properties and values in lower case, empty where not given; the last declaration of a property counts."""
    css: defaultdict[str, str] = defaultdict(str)
    for declaration in _CSS_COMMENT.sub(" ", style).lower().split(";"):
        name, _, value = declaration.partition(":")
        css[name.strip()] = value.partition("!")[0].strip()
    return css


def pixels(length: str) -> float:
    """A CSS length in pixels, relative ones by rule of thumb; NaN, which no comparison holds for, if it is none."""
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _PIXELS.get(found[2], math.nan) if found else math.nan
