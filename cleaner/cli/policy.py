"""A policy from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from cleaner.files import cause
from cleaner.types import Policy, PolicyError


def load_policy(path: Path) -> Policy:
    """The policy that the file ``path`` describes, one key for each field of :class:`Policy`.

    Raises:
        PolicyError: the file cannot be read or makes no sense; the message names it, and the line or the key.
    """
    try:
        return Policy.from_mapping(tomllib.loads(path.read_bytes().decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: invalid TOML: {error}") from error
    except PolicyError as error:
        raise PolicyError(f"{path}: {str(error).removeprefix('policy: ')}") from error
    except OSError as error:
        raise PolicyError(f"{path}: {cause(error)}") from error
