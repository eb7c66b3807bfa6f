"""One language of the site: translated messages, members' texts, dates, numbers and lists as its readers write them.

Messages are English in code and templates; `templates/catalogue/locale/<language>.po` translates them. What is not
translated shows in English, marked as English (`lang`, `dir` and a dotted underline), and is kept in `missing`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit
from markupsafe import Markup, escape

from ace.catalogue.values import Text

SOURCE: Final = "en"
"""The language of the messages themselves."""
RIGHT_TO_LEFT: Final = frozenset({"ar"})
_ARABIC_VARIANTS: Final = str.maketrans("أإآٱىة", "ااااي" + "ه")
Length = Literal["short", "long", "narrow"]
_VARIANTS: Final = {"en": "en_GB"}
"""Whose habits count for dates and numbers where a language has several."""


@dataclass(frozen=True, slots=True)
class Messages:
    """The translations of a language: single messages, plurals in the order of its forms, and which form a number takes."""

    single: Mapping[str, str] = field(default_factory=dict)
    plural: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    form_of: Callable[[int], int] = lambda number: int(number != 1)


class Language:
    """Texts of one language.

    Args:
        code: `en`, `fr` or `ar`.
        messages: Its translations; None: it is the messages' own language.
    """

    def __init__(self, code: str, messages: Messages | None = None) -> None:
        self.code = code
        self.locale = Locale.parse(_VARIANTS.get(code, code))
        self.direction = self.locale.text_direction
        self.missing: set[str] = set()
        self._messages = messages

    @property
    def own_name(self) -> str:
        """The language's name in itself."""
        name = Locale.parse(self.code).get_display_name(self.code) or self.code
        return name[0].upper() + name[1:]

    def text(self, message: str, **values: object) -> Markup:
        """A message for a page's text; values are escaped."""
        found = self._find(message)
        return _filled(found if found is not None else message, values, fallback=found is None)

    def plain(self, message: str, **values: object) -> str:
        """A message for an attribute, a title or a script."""
        found = self._find(message)
        text = found if found is not None else message
        return text % values if values else text

    def count(self, one: str, many: str, number: int, **values: object) -> Markup:
        """A message that depends on a number, which stands in it as `%(number)s`."""
        values["number"] = self.number(number)
        if self._messages is None:
            return _filled(one if number == 1 else many, values)
        forms = self._messages.plural.get(one)
        if forms is None:
            self.missing.add(one)
            return _filled(one if number == 1 else many, values, fallback=True)
        return _filled(forms[self._messages.form_of(number)], values)

    def local(self, text: Text) -> Markup:
        """A member's text: its translation, else the English one, marked as such. Isolated from what is around it."""
        found = text.by_language().get(self.code)
        if found is not None:
            return Markup("<bdi>%s</bdi>") % found
        return Markup('<bdi class="foreign" lang="en" dir="ltr">%s</bdi>') % text.en

    def local_plain(self, text: Text) -> str:
        """A member's text without markup, for attributes and scripts."""
        return text.by_language().get(self.code, text.en)

    def date(self, day: date) -> str:
        """`25 November 2026` as the language has it."""
        return _date(day, str(self.locale))

    def moment(self, moment: datetime) -> str:
        """Date and time, in UTC."""
        return f"{format_datetime(moment, 'd MMMM y HH:mm', locale=self.locale)} UTC"

    def number(self, number: float) -> str:
        """`1,234.5` as the language has it."""
        return _number(number, str(self.locale))

    def hours(self, number: float) -> str:
        """`4 hours` as the language has it."""
        return _unit(number, "duration-hour", str(self.locale), "long")

    def percent(self, number: float) -> str:
        """`99.5%` as the language has it."""
        return _unit(number, "concentr-percent", str(self.locale), "short")

    def list(self, items: Iterable[str]) -> str:
        """`a, b and c` as the language has it."""
        return format_list(list(items), locale=self.locale)

    def language_name(self, code: str) -> str:
        """The name of a language in this one."""
        name = str(self.locale.languages.get(code, code))
        return name[0].upper() + name[1:]

    def languages(self, codes: Iterable[str]) -> str:
        """The names of several languages as a list."""
        listed = self.list(str(self.locale.languages.get(code, code)) for code in codes)
        return listed[:1].upper() + listed[1:]

    def order(self, text: str) -> str:
        """What to sort names by: without case, accents, vowel signs and the variants of Arabic letters."""
        plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        return plain.casefold().translate(_ARABIC_VARIANTS)

    @property
    def comma(self) -> str:
        """What parts the items of a list."""
        return "، " if self.code == "ar" else ", "

    def _find(self, message: str) -> str | None:
        if self._messages is None:
            return message
        found = self._messages.single.get(message)
        if found is None:
            self.missing.add(message)
        return found


def load(code: str, folder: Path) -> Language:
    """A language with the messages of `folder/<code>.po`; English needs none, an absent file translates nothing."""
    if code == SOURCE:
        return Language(code)
    path = folder / f"{code}.po"
    return Language(code, read(path, code) if path.is_file() else Messages())


def read(path: Path, code: str) -> Messages:
    """The translations of a .po file; fuzzy and empty ones do not count."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str) and message.string:
            single[message.id] = str(message.string)
        elif not isinstance(message.id, str) and isinstance(message.string, tuple | list) and all(message.string):
            plural[message.id[0]] = tuple(message.string)
    return Messages(single, plural, c2py(str(catalogue.plural_expr)))


def _filled(message: str, values: dict[str, object], *, fallback: bool = False) -> Markup:
    text = escape(message)
    if values:
        text = text % values
    return Markup('<span class="foreign" lang="en" dir="ltr">%s</span>') % text if fallback else text


@lru_cache(maxsize=4096)
def _date(day: date, locale: str) -> str:
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=4096)
def _number(number: float, locale: str) -> str:
    return format_decimal(number, locale=locale)


@lru_cache(maxsize=4096)
def _unit(number: float, unit: str, locale: str, length: Length) -> str:
    whole = int(number) if float(number).is_integer() else number
    return format_unit(whole, unit, length, locale=locale)
