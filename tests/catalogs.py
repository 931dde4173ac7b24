"""The messages of the desk, as its templates and modules have them, and the catalogs that translate them.

``python tests/catalogs.py`` adds what is missing to each catalog, empty, and takes away what nobody says any more.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).parent.parent / "cleaner" / "desk" / "web"
CATALOGS = sorted((WEB / "locale").glob("*.po"))
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "later": None}
_OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}


def messages() -> Catalog:
    """All that the desk says."""
    found = Catalog()
    extracted = extract_from_dir(WEB, _METHODS, _OPTIONS, _KEYWORDS)
    for _file, _line, message, _comments, _context in extracted:
        found.add(message)
    return found


def read(file: Path) -> Catalog:
    """A catalog."""
    with file.open("rb") as lines:
        return read_po(lines, locale=file.stem)


def main() -> None:
    """Bring the catalogs up to date."""
    said = messages()
    for file in CATALOGS:
        catalog = read(file)
        catalog.update(said, no_fuzzy_matching=True, update_header_comment=False)
        catalog.obsolete.clear()
        with file.open("wb") as out:
            write_po(out, catalog, sort_output=True, omit_header=True, width=110)
        print(f"{file.name}: {sum(not message.string for message in catalog if message.id)} to translate")


if __name__ == "__main__":
    main()
