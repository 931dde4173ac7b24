"""Versions as HTTP speaks of them: entity tags."""

from __future__ import annotations

import re

from cleaner.desk.errors import InvalidError, VersionMissingError

_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')


def tag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def is_known(version: int, if_none_match: str | None) -> bool:
    """Whether a client has this version already."""
    return if_none_match is not None and (if_none_match.strip() == "*" or str(version) in _TAG.findall(if_none_match))


def seen(version: int | None, if_match: str | None) -> int:
    """The version that a client saw, by the body or by ``If-Match``.

    Raises:
        VersionMissingError: it names none.
        InvalidError: it names two, or none that makes sense.
    """
    if if_match is None:
        if version is None:
            raise VersionMissingError("name the version that you saw: “version” in the body, or the header If-Match")
        return version
    found = _TAG.fullmatch(if_match.strip())
    if not found:
        raise InvalidError('If-Match names one version: "3"')
    if version is not None and version != int(found[1]):
        raise InvalidError("If-Match and body name different versions")
    return int(found[1])
