"""How the declarations of a ``style`` attribute hide an element, judged as parsed properties."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable

Css = defaultdict[str, str]
"""Properties and values."""

_LENGTH = re.compile(r"([+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++))([a-z]*+|%)")
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "cm": 38.0, "mm": 3.8}
_PIXELS |= {"in": 96.0, "%": 5.0, "vw": 10.0, "vh": 8.0}
_CSS_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?")
_NO_FONT = re.compile(r"(?<![\w.])0(?:px|em|%)?\s*+/")
_CLIPPED = re.compile(
    r"""
    rect\((?:[\s,]*+[01](?:px)?(?![\w.%]))++\s*+\)
    | inset\(\s*+(?:[5-9][0-9]|[1-9][0-9]{2,})(?:\.[0-9]*+)?%.*+
    | (?:circle|ellipse)\(\s*+0(?![\d.]).*+
    | polygon\((?:\s*+0(?:px|%)?\s++0(?:px|%)?\s*+,?)++\)
    """,
    re.X | re.S,
)
_FAR = 500.0
"""Pixels from which a text is out of sight."""
_NOTHING = 0.01
"""Opacities and scales up to which nothing can be seen."""
_SIDES = ("left", "top", "right", "bottom", "inset", "inset-inline-start", "inset-block-start")
_MARGINS = ("margin", "margin-left", "margin-top", "margin-right", "margin-bottom", "margin-inline-start")
_SIZES = ("width", "height", "max-width", "max-height", "inline-size", "block-size")
_FUNCTION = re.compile(r"([a-z0-9-]++)\(([^()]*+)\)")
_TRANSPARENT = re.compile(r"transparent|(?:rgb|hsl)a?\([^()]*[,/]\s*0*(?:\.0*)?%?\s*\)|#[0-9a-f]{3}0|#[0-9a-f]{6}00")
_AS_AROUND = frozenset("inherit unset currentcolor black #000 #000000 #111 #111111 #222 #222222 #333 #333333".split())
_WHITE = frozenset("#fff #ffff #ffffff #ffffffff white rgb(255,255,255)".split())


def hiding_technique(style: str) -> str:
    """How the declarations of a ``style`` attribute hide the element; empty when they do not."""
    css = _declarations(style)
    for technique, hides in _TECHNIQUES.items():
        if hides(css):
            return technique
    return ""


def looks_like_text(style: str) -> bool:
    """Whether the declarations of a link's ``style`` attribute make it look like the text around it."""
    css = _declarations(style)
    decoration = css["text-decoration"] or css["text-decoration-line"]
    return css["cursor"] in ("text", "default") or (decoration.startswith("none") and css["color"] in _AS_AROUND)


def _is_off_screen(css: Css) -> bool:
    if css["position"] in ("", "static"):
        return False
    far = (pixels(length) for side in _SIDES for length in css[side].split())
    return any(length <= -_FAR or length >= 4 * _FAR for length in far)


def _is_far_off(css: Css) -> bool:
    return any(pixels(length) <= -_FAR for name in _MARGINS for length in css[name].split())


def _is_shrunk(css: Css) -> bool:
    """No size, and what does not fit is not shown."""
    clipped = any(css[name] not in ("", "visible") for name in ("overflow", "overflow-x", "overflow-y"))
    return clipped and any(pixels(css[name]) <= 1 for name in _SIZES)


def _is_moved_away(css: Css) -> bool:
    """Scaled to nothing, turned on edge, or shifted out of sight."""
    own = [(name, css[name]) for name in ("scale", "translate")]
    for name, argument in [*_FUNCTION.findall(css["transform"]), *own]:
        values = [pixels(value) for value in argument.replace(",", " ").split()]
        if name.startswith("scale") and any(abs(value) <= _NOTHING for value in values):
            return True
        if name.startswith("translate") and any(abs(value) >= _FAR for value in values):
            return True
        if name in ("rotatex", "rotatey") and argument.strip() in ("90deg", "-90deg", "270deg"):
            return True
    return False


def _is_clipped(css: Css) -> bool:
    return bool(_CLIPPED.fullmatch(css["clip"]) or _CLIPPED.fullmatch(css["clip-path"]))


def _is_of_its_background(css: Css) -> bool:
    """Letters in no colour, or in that of what is behind them."""
    colour, behind = (css[name].replace(" ", "") for name in ("color", "background-color"))
    behind = behind or css["background"].replace(" ", "")
    if _TRANSPARENT.fullmatch(colour) or _TRANSPARENT.fullmatch(css["-webkit-text-fill-color"].replace(" ", "")):
        return True
    return bool(colour) and (colour == behind or (colour in _WHITE and behind in _WHITE))


_TECHNIQUES: dict[str, Callable[[Css], bool]] = {
    "display:none": lambda css: css["display"] == "none",
    "visibility:hidden": lambda css: css["visibility"] in ("hidden", "collapse"),
    "content-visibility:hidden": lambda css: css["content-visibility"] == "hidden",
    "opacity:0": lambda css: pixels(css["opacity"].removesuffix("%")) <= _NOTHING,
    "filter:opacity(0)": lambda css: any(
        name == "opacity" and pixels(value.strip().removesuffix("%")) <= _NOTHING
        for name, value in _FUNCTION.findall(css["filter"])
    ),
    "font-size:0": lambda css: pixels(css["font-size"]) <= 1 or bool(_NO_FONT.search(css["font"])),
    "line-height:0": lambda css: pixels(css["line-height"]) <= _NOTHING and css["overflow"] == "hidden",
    "text-indent": lambda css: abs(pixels(css["text-indent"])) >= _FAR,
    "letter-spacing": lambda css: pixels(css["letter-spacing"]) <= -8,
    "off-screen": lambda css: _is_off_screen(css) or _is_far_off(css),
    "zero-size": _is_shrunk,
    "transform": _is_moved_away,
    "clip": _is_clipped,
    "colour": _is_of_its_background,
    "z-index": lambda css: css["position"] not in ("", "static") and pixels(css["z-index"]) <= -1,
}
"""What hides an element, as a reader of the reasons sees it, and the declarations that do it."""


def _declarations(style: str) -> Css:
    """Properties and values in lower case, empty where not given; the last declaration of a property counts."""
    css: Css = defaultdict(str)
    for declaration in _CSS_COMMENT.sub(" ", style).lower().split(";"):
        name, _, value = declaration.partition(":")
        css[name.strip()] = value.partition("!")[0].strip()
    return css


def pixels(length: str) -> float:
    """A CSS length in pixels, relative ones by rule of thumb; NaN, which no comparison holds for, if it is none."""
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _PIXELS.get(found[2], math.nan) if found else math.nan
