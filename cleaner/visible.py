"""Text from outside → text that is safe to show: what would be obeyed instead of shown is spelled out."""

from __future__ import annotations

import re

UNSAFE = re.compile(r"\r\n|[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal or a page would obey (or choke on) instead of showing it."""


def visible(text: str, keep: str = "\n\t") -> str:
    r"""``text`` with control characters, bidirectional overrides and lone surrogates as ``\x1b`` or ``\u202e``.

    Those in ``keep`` stay; where a line break stays, CR LF is one.
    """

    def escape(match: re.Match[str]) -> str:
        if match[0][-1] in keep:
            return match[0][-1]
        return "".join(f"\\x{ord(c):02x}" if c < "\u0100" else f"\\u{ord(c):04x}" for c in match[0])

    return UNSAFE.sub(escape, text)
