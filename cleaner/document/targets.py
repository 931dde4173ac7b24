"""Link targets: the hosts that they name."""

from __future__ import annotations

import functools
import re

_AUTHORITY = re.compile(r"\s*+[^/?#]*+//(?:[^/?#@]*+@)?+([^/?#@:\[\]\s]++)")
"""The authority of a URI reference (RFC 3986, appendix B), without user and port."""


def host_of(target: str) -> str | None:
    """The host of a link target in lower case; empty when it names none, ``None`` when that cannot be told."""
    if "//" not in target:
        return ""
    found = _AUTHORITY.match(target)
    if found:
        return found[1].lower()
    return None if target.lstrip().startswith(("//", "http")) else ""


@functools.lru_cache(maxsize=1 << 14)
def site_of(host: str) -> str:
    """The last labels of a host, which belong to one owner: two, or three where a registry has the last two."""
    labels = host.rsplit(".", 3)[-3:]
    return ".".join(labels if len(labels) == 3 and len(labels[2]) == 2 and len(labels[1]) <= 3 else labels[-2:])
