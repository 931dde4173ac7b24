"""The words of the desk in the languages that it speaks: catalogs, names, dates, numbers.

The words in templates and code are English; ``locale/<language>.po`` has the others, and is read at start-up.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations

from cleaner.desk.errors import DeskError
from cleaner.desk.tables import Reason, now
from cleaner.visible import visible

SOURCE = "en"
FOLDER = Path(__file__).parent / "locale"


def later(message: str) -> str:
    """``message``, which is translated where it is shown."""
    return message


CATEGORIES = {
    "gambling": later("gambling"),
    "lottery": later("lottery"),
    "betting": later("betting"),
    "adult": later("adult"),
    "pharma": later("medicines"),
    "loan": later("loans"),
    "essay": later("essay writing"),
    "replica": later("replicas"),
    "crypto": later("cryptocurrency"),
    "piracy": later("piracy"),
    "seo": later("link building"),
    "other": later("other"),
}
VERDICTS = {
    "clean": later("clean"),
    "cleaned": later("cleaned"),
    "review": later("doubtful"),
    "spam": later("all spam"),
}
STATES = {
    "review": later("waiting"),
    "published": later("published by the gate"),
    "decided": later("decided"),
    "open": later("to decide"),
    "accepted": later("cut"),
    "rejected": later("kept"),
    "withdrawn": later("withdrawn"),
}
ACTIONS = {
    "strip": later("cut by the gate"),
    "flag": later("doubtful"),
    "mark": later("marked by a person"),
}
KINDS = {
    "accept": later("accepted: cut"),
    "reject": later("rejected: kept"),
    "adjust": later("adjusted"),
    "mark": later("marked as missed"),
    "finish": later("finished"),
    "undo": later("taken back"),
}
REASONS = {
    "wording": later("The words are used as in injected spam"),
    "phrase": later("A known phrase"),
    "brand": later("A word in the shape of a brand"),
    "domain": later("A known domain"),
    "hashtag": later("Hashtags"),
    "contact": later("A call to action, or contact details"),
    "seam": later("The sentence reads better without it"),
    "disguise": later("Spelling, marks or letters are disguised"),
    "context": later("The rest of the article speaks of something else"),
    "layout": later("Where it stands, and what stands around it"),
    "repetition": later("The same words stand elsewhere in the article"),
    "extent": later("Its length"),
    "link": later("Where its link leads"),
    "hidden": later("It is hidden from readers"),
    "campaign": later("The same stands in unrelated articles"),
    "company": later("Something else in the article is certainly injected"),
    "copy": later("The same name is certainly injected elsewhere in the article"),
    "language": later("The article is in a language that the model does not know"),
    "policy": later("The policy's deny list names it"),
}
AGAINST = {
    "wording": later("The words are used as in honest articles"),
    "seam": later("The sentence needs it"),
    "context": later("The rest of the article speaks of the same"),
}
"""What the same evidence says when it speaks against an injection, where that needs other words."""
AUDIT = {
    "token.add": later("made a token"),
    "token.revoke": later("revoked a token"),
    "ticket.add": later("made an access link"),
    "session.add": later("signed in"),
    "policy.save": later("saved a policy"),
    "model.learn": later("began to learn a model"),
    "model.learnt": later("learnt a model"),
    "model.approve": later("switched to another model"),
    "model.roll-back": later("went back to an older model"),
}
PLACES = (
    later("title of the page"),
    later("markup of the source"),
    later("attribute"),
    later("hidden from readers ({})"),
    later("{} of the page"),
    later("{} of <{}>"),
    later("{} in JSON-LD"),
)
"""Where something stands that readers do not see, as :mod:`cleaner.report.view` tells it."""
TITLES = (
    later("Something went wrong"),
    later("Not found"),
    later("Invalid request"),
    later("Not authorized"),
    later("Not allowed"),
    later("Changed meanwhile"),
    later("Unknown host"),
    later("Malformed body"),
    later("Unsupported media type"),
    later("Too large"),
    later("Too slow"),
    later("Too many requests"),
    later("Unavailable"),
    later("Storage full"),
    later("Refused"),
)
MESSAGES = (
    later("there is nothing at this address"),
    later("there is no such article"),
    later("this form is out of date: load the page again, and send it once more"),
    later("this form comes from another site"),
    later("this token is unknown, has expired or was revoked"),
    later("this ticket is unknown, has expired or was revoked"),
    later("this link was used already"),
    later("something went wrong here; it was written into the log"),
    later("the database is busy; nothing was written"),
    later("nothing to decide"),
    later("these words do not stand in the article, or are cut already"),
    later("version must be a number"),
    later("finding must be a number"),
    later("start must be a number"),
    later("end must be a number"),
    later("decision must be a number"),
    later("there is no finding {} in this article"),
    later("there is no decision {} on this article"),
    later("nothing to decide: no such finding"),
    later("an undo is not taken back: decide again"),
    later("that decision was taken back already"),
    later("all of that was taken back already"),
    later("{} of the findings must be decided first"),
    later("finding {} is cut there already"),
    later("there is nothing but white space in that span"),
    later("there is nothing in that span that a reader sees"),
    later("[{}, {}) is no span of the source, which has {} characters"),
    later("a model is being learnt already"),
    later("it was stopped from outside"),
    later("too few decisions: {} spans were judged, and {} are needed"),
    later("too few decisions of one kind: {} spans were cut and {} kept, and of each {} are needed"),
    later("the new scores agree no better with what people decided on the articles that were held back"),
    later("{} more of the articles that were held back would lose honest words"),
    later("{} more of the articles of the test would lose honest words"),
    later("fewer of the articles that were held back would be restored by the gate alone: {} % in place of {} %"),
    later("fewer of the articles that were held back would be restored with a person's help: {} % in place of {} %"),
    later("fewer of the articles of the test would be restored by the gate alone: {} % in place of {} %"),
    later("fewer of the articles of the test would be restored with a person's help: {} % in place of {} %"),
    later("there is no earlier model to go back to"),
    later("model {} holds already"),
    later("the model was changed meanwhile: version {} holds"),
    later("the policy was changed since version {}: it is at version {}"),
    later("what this would decide has changed since it was previewed: look again"),
    later("name at least a campaign, a rule, a category, a source or words"),
    later("nothing was decided at once under that name"),
    later("this article was changed since version {}: it is at version {} now"),
    later("the policy was changed since version {}, at this very moment"),
    later("there is no version {} of the policy"),
    later("there is no version {} of the model"),
    later("version {} holds already"),
    later("this needs the scope “{}”, which {} does not have"),
    later("there is no desk by this name of a host"),
    later("the body cannot be read"),
    later("a body may have {} bytes at most"),
    later("the body did not come within {} s"),
    later("more than {} requests in a minute: wait {} s"),
    later("the disk is full; nothing was written"),
    later("there is a character or a number that the database cannot take"),
    later("the database cannot be used ({}); nothing was written"),
    later("this took more than {} s"),
    later("{}: no model here ({} is missing)"),
    later("{}: made for another version of cleaner ({} differs)"),
    later("{}: was altered (its sha256 is not the manifest's)"),
    later("{}: the model is incomplete ({})"),
    later("{}: cannot be read ({})"),
    later("no articles to test a model on: name a file of them (--test)"),
)
"""Of errors; what they name, numbers and all, is ``{}``."""


_CATEGORY = re.compile(r"(?<=” )\((\w+)\)")
"""Behind a phrase that a reason names."""


def _places(patterns: Sequence[str]) -> dict[str, re.Pattern[str]]:
    """What finds the places of patterns, which are ``{}`` there."""
    return {pattern: re.compile(re.escape(pattern).replace(r"\{\}", "(.+)"), re.S) for pattern in patterns}


_PLACES, _MESSAGES = _places(PLACES), _places(MESSAGES)


class Words:
    """How the desk speaks one language; safe to share between threads."""

    def __init__(self, language: str, translations: NullTranslations) -> None:
        self.language = language
        self.name = Locale.parse(language).get_display_name(language) or language
        """Of the language, in itself."""
        self.gettext = translations.ugettext
        self.ngettext = translations.ungettext

    def category(self, name: str) -> str:
        """A category of findings."""
        return self.gettext(CATEGORIES.get(name, name))

    def verdict(self, name: str) -> str:
        """What the gate said."""
        return self.gettext(VERDICTS.get(name, name))

    def state(self, name: str) -> str:
        """Of an article or a finding."""
        return self.gettext(STATES.get(name, name))

    def action(self, name: str) -> str:
        """What the gate did about a finding."""
        return self.gettext(ACTIONS.get(name, name))

    def kind(self, name: str) -> str:
        """Of a decision."""
        return self.gettext(KINDS.get(name, name))

    def audit(self, action: str) -> str:
        """What was done besides decisions; what has no words here is told as it is called."""
        return self.gettext(AUDIT.get(action, action))

    def reason(self, reason: Reason) -> str:
        """Evidence in plain words, with what it names."""
        return self.evidence(reason.code, reason.text, reason.contribution < 0)

    def evidence(self, code: str, text: str, is_against: bool = False) -> str:
        """The same, of a reason that is not at hand as a whole."""
        known = AGAINST.get(code) if is_against else None
        told = text.removesuffix("; its words stay")
        says = self.gettext(known or REASONS.get(code, told))
        if code in REASONS and code != "language" and (named := told.partition(": ")[2]):
            says += f": {_CATEGORY.sub(lambda found: f'({self.category(found[1])})', named)}"
        if told != text:
            says += "; " + self.gettext("its words stay")
        return says

    def place(self, label: str) -> str:
        """Where something stands that readers do not see."""
        return visible(self._filled(_PLACES, label), keep="")

    def error(self, error: DeskError) -> str:
        """What went wrong, as a sentence; one that no catalog has stays English."""
        return self.told(str(error))

    def told(self, message: str) -> str:
        """A message of :data:`MESSAGES`, as a sentence; another one stays English."""
        said = self._filled(_MESSAGES, message)
        return f"{said[:1].upper()}{said[1:]}."

    def _filled(self, places: Mapping[str, re.Pattern[str]], message: str) -> str:
        """A message in the language, if it has one of these patterns."""
        for pattern, finds in places.items():
            if found := finds.fullmatch(message):
                return self.gettext(pattern).format(*found.groups())
        return message

    def moment(self, at: datetime) -> str:
        """A day and a time, in UTC."""
        return f"{format_datetime(at, 'd MMM y, HH:mm', locale=self.language)} UTC"

    def ago(self, at: datetime) -> str:
        """How long ago something was."""
        return format_timedelta(at - now(), add_direction=True, threshold=1.1, locale=self.language)

    def number(self, value: float) -> str:
        """With the marks of the language."""
        return format_decimal(value, locale=self.language)

    def percent(self, share: float) -> str:
        """A share of 0..1, in whole percents; certainty is never made up by rounding."""
        return format_percent(min(share, 0.99) if share < 1 else share, "0%", locale=self.language)

    def exactly(self, share: float, sign: bool = False) -> str:
        """A share, or with ``sign`` the difference of two, in percents with one decimal."""
        percent = format_percent(abs(share), "0.0%", locale=self.language)
        return f"{'−' if share <= -0.0005 else '+' if share >= 0.0005 else ''}{percent}" if sign else percent

    def decimal(self, value: float) -> str:
        """With three decimals."""
        return format_decimal(value, "0.000", locale=self.language)


def read_words() -> dict[str, Words]:
    """The words of all languages that there are catalogs for, English included."""
    found = {SOURCE: Words(SOURCE, NullTranslations())}
    for file in sorted(FOLDER.glob("*.po")):
        found[file.stem] = Words(file.stem, _translations(file))
    return found


def choose(chosen: str, accepted: str, languages: Sequence[str]) -> str:
    """The language that was chosen, or else the first that a browser accepts (``Accept-Language``), or English."""
    if chosen in languages:
        return chosen
    ranked = sorted((_rank(part) for part in accepted.split(",")), key=lambda pair: -pair[0])
    wanted = [tag for rank, tag in ranked if rank > 0]
    return negotiate_locale(wanted, languages, sep="-") or SOURCE


def _rank(part: str) -> tuple[float, str]:
    """How much a browser likes a language."""
    tag, _, quality = part.partition(";")
    try:
        return float(quality.partition("=")[2] or 1), tag.strip()
    except ValueError:
        return 0.0, tag.strip()


def _translations(file: Path) -> Translations:
    with file.open("rb") as lines:
        catalog = read_po(lines, locale=file.stem)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)
