"""The words people read: one locale's sentences, money, dates and numbers, from the catalogues in `locales/`."""

from __future__ import annotations

import gettext
import html
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import get_currency_symbol
from babel.units import format_unit

import locales
from core.errors import Refusal
from core.money import Asset, Money

DEFAULT = "en"

# Which CLDR locale formats the numbers, money and dates of a catalogue. British for English: its readers are anywhere,
# and there every currency sign is unambiguous (US$, CN¥, JP¥) and the day comes before the month on a 24-hour clock.
FORMATS = {"en": "en_GB"}

NBSP = "\u00a0"

# Bidirectional controls, other control characters, lone surrogates, and what takes no room at all: in a name somebody
# typed they reorder our amounts, break our lines, cannot be sent, or make two names look like one.
_CONTROLS = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
# A joiner means something between letters that join (Arabic to Khmer) and between emoji; elsewhere it only hides.
_JOINING = "[\u0600-\u109f\u1780-\u18af\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_LOOSE = re.compile(f"(?<!{_JOINING})[\u200c\u200d]|[\u200c\u200d](?!{_JOINING})")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILED = re.compile(f"({_MARKS}{{2}}){_MARKS}+")  # no language puts three marks on a letter; they grow over our lines
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]")
_MARKUP = re.compile(r"</?[a-zA-Z]|&#?\w+;")


class Html(str):
    """Text that is already HTML as Telegram takes it. Joining plain text to it escapes that text."""

    __slots__ = ()

    def __add__(self, other: str) -> Html:
        return Html(str.__add__(self, escape(other)))

    def __radd__(self, other: str) -> Html:
        return Html(str.__add__(escape(other), self))

    def join(self, parts: Iterable[str]) -> Html:
        """The parts with this between them, plain ones escaped."""
        return Html(str.join(self, map(escape, parts)))


class Word(str):
    """A parameter that is itself in the catalogue (a tier's name, a method's): translated where it is shown."""

    __slots__ = ()


def escape(text: str) -> Html:
    """`text` as HTML; what is Html already stays as it is."""
    return text if isinstance(text, Html) else Html(html.escape(text))


# Most labels are on every screen: four patterns over each took 1 % of a busy bot's CPU. `typed`: an Html that equals a
# text never comes back for it.
@lru_cache(maxsize=4096, typed=True)
def tame(text: str) -> str:
    """Foreign text made safe inside a sentence: no controls, nothing unseen, right-to-left writing in its own place."""
    if text.isascii() and text.isprintable():
        return text
    clean = _PILED.sub(r"\1", _LOOSE.sub("", _CONTROLS.sub("", text)))
    return f"\u2068{clean}\u2069" if not clean.isascii() and _RIGHT_TO_LEFT.search(clean) else clean


@lru_cache(maxsize=8192)
def holes(template: str) -> tuple[tuple[str, str | None], ...]:
    """(literal, parameter) pairs of a sentence. Raises ValueError for anything but a plain {name}."""
    parts = []
    for literal, name, spec, conversion in Formatter().parse(template):
        if name is not None and (spec or conversion or not name.isidentifier()):
            raise ValueError(f"only {{name}} may stand in a sentence: {template!r}")
        parts.append((literal, name))
    return tuple(parts)


class Catalogue:
    """One language's sentences: what the .po file says, and its rule for plurals."""

    def __init__(self, forms: Mapping[str, tuple[str, ...]], plural: Callable[[int], int]) -> None:
        self.forms = forms
        self.plural = plural

    @classmethod
    def read(cls, path: Path) -> Catalogue:
        """From a .po file; empty and fuzzy translations are left out, so the English shows instead."""
        with path.open("rb") as file:
            po = read_po(file)
        forms = {}
        for message in po:
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            if message.id and not message.fuzzy and all(strings):
                forms[message.id if isinstance(message.id, str) else message.id[0]] = tuple(map(str, strings))
        rule: Callable[[int], int] = gettext.c2py(po.plural_expr)
        return cls(forms, rule)


class Words:
    """One reader's locale. `t = Words.of("zh-hans"); t("Order {order} is paid.", order=...)` gives Html.

    Parameters may be str, Word, Html, Money, Asset, int, Decimal, datetime, date, time, timedelta, or a list of these.
    Anything else is a TypeError, a missing one a KeyError: both are defects of ours.
    """

    def __init__(self, language: str, catalogue: Catalogue, zone: tzinfo = UTC) -> None:
        self.language = language
        self.locale = Locale.parse(FORMATS.get(language, language))
        self.zone = zone
        self._forms = catalogue.forms
        self._plural = catalogue.plural
        self._units = Locale.parse(language)  # British English abbreviates "14 mins", which is longer for nothing
        self._shapes: dict[Asset, tuple[str, str, int]] = {}
        symbols = self.locale.number_symbols["latn"]
        self._group, self._point = str(symbols["group"]), str(symbols["decimal"])
        self._minus = str(symbols["minusSign"])
        self._speakers: dict[type, Callable[[Any], str]] = {
            str: tame,
            Word: self.word,
            Money: self.money,
            int: self.number,
            Decimal: self.number,
            datetime: self.moment,
            date: self.date,
            time_of_day: self.time,
            timedelta: self.span,
            Asset: str,
            list: self.listing,
            tuple: self.listing,
        }

    @staticmethod
    def of(language_code: str | None, zone: tzinfo = UTC) -> Words:
        """The words nearest to one of Telegram's IETF codes ('zh-hans', 'zh-CN', 'pt-br', None); English otherwise."""
        return _words(negotiate((language_code or "")[:35]), zone)

    # Sentences

    def __call__(self, message: str, /, **params: object) -> Html:
        """The sentence as HTML, its parameters formatted and escaped."""
        return self._html(self._translated(message), params)

    def plain(self, message: str, /, **params: object) -> str:
        """The sentence as plain text, for buttons and toasts. Markup in it, or an Html parameter, is a ValueError."""
        return self._plain(self._translated(message), params)

    def plural(self, one: str, many: str, n: int, /, **params: object) -> Html:
        """The sentence for `n` things as HTML; {n} is the number."""
        return self._html(self._counted(one, many, n), {"n": n, **params})

    def plain_plural(self, one: str, many: str, n: int, /, **params: object) -> str:
        """As `plural`, as plain text."""
        return self._plain(self._counted(one, many, n), {"n": n, **params})

    def refusal(self, refusal: Refusal) -> Html:
        """What core said, as HTML."""
        return self(refusal.sentence, **refusal.params)

    def plain_refusal(self, refusal: Refusal) -> str:
        """What core said, as plain text for a toast."""
        return self.plain(refusal.sentence, **refusal.params)

    def word(self, word: str) -> str:
        """A word of the catalogue that arrives as a value."""
        return self._translated(word)

    # Values

    def money(self, money: Money) -> str:
        """The exact amount with the asset's own decimals and a sign that no other currency shares: US$1,234.50."""
        shape = self._shapes.get(money.asset)
        if shape is None:
            shape = self._shapes[money.asset] = self._shape(money.asset)
        prefix, suffix, exponent = shape
        sign = self._minus if money.minor < 0 else ""
        if not exponent:
            return f"{sign}{prefix}{self._grouped(abs(money.minor))}{suffix}"
        whole, part = divmod(abs(money.minor), 10**exponent)
        return f"{sign}{prefix}{self._grouped(whole)}{self._point}{part:0{exponent}d}{suffix}"

    def number(self, number: int | Decimal) -> str:
        """A number with its thousands grouped and the decimals it has."""
        sign = self._minus if number < 0 else ""
        whole, _, part = f"{abs(number):{'f' if isinstance(number, Decimal) else 'd'}}".partition(".")
        return sign + self._grouped(int(whole)) + (self._point + part if part else "")

    def rate(self, rate: Fraction | Decimal) -> str:
        """An exchange rate to six significant digits, at least two of them decimals: 7.80, 0.00612345."""
        whole, part = _significant(rate)
        return self._grouped(whole) + self._point + part

    def percent(self, basis_points: int) -> str:
        """Hundredths of a percent as percent: 250 is 2.5%."""
        text = self.number(Decimal(basis_points) / 100)
        return (text.rstrip("0").rstrip(self._point) if self._point in text else text) + "%"

    def date(self, day: date) -> str:
        """A day: 22 Nov 2026. A datetime is taken in this reader's zone."""
        local = self._local(day) if isinstance(day, datetime) else day
        return _day(self.locale, local.year, local.month, local.day)

    def time(self, moment: datetime | time_of_day) -> str:
        """Hours and minutes in this reader's zone: 19:05."""
        local = self._local(moment) if isinstance(moment, datetime) else moment
        return _clock(self.locale, local.hour, local.minute)

    def moment(self, moment: datetime, zone: tzinfo | None = None) -> str:
        """Day, time and the name of the zone: 22 Nov 2026, 19:05 UTC. A naive datetime is a ValueError."""
        local = self._local(moment, zone)
        day = _day(self.locale, local.year, local.month, local.day)
        clock = _clock(self.locale, local.hour, local.minute)
        glue = str(self.locale.datetime_formats["medium"])
        return f"{glue.replace('{1}', day).replace('{0}', clock)}{NBSP}{local.tzname()}"

    def span(self, span: timedelta) -> str:
        """A length of time in its two largest units, rounded down: 14 min, 1 hr 30 min, 2 days. Never negative."""
        return _span(self._units, max(0, round(span.total_seconds())))

    def listing(self, items: Iterable[object]) -> str:
        """Several values as one phrase: a, b and c."""
        return str(format_list([self.show(item) for item in items], locale=self.locale))

    def show(self, value: object) -> str:
        """Any parameter as plain text. Raises TypeError for a type nobody decided how to show."""
        speak = self._speakers.get(type(value))
        if speak is None:
            speak = self._speakers[type(value)] = self._speaker(value)
        return speak(value)

    # How

    def _translated(self, message: str) -> str:
        forms = self._forms.get(message)
        return forms[0] if forms else message

    def _counted(self, one: str, many: str, n: int) -> str:
        forms = self._forms.get(one)
        return forms[self._plural(abs(n))] if forms else (one if n == 1 else many)

    def _html(self, template: str, params: Mapping[str, object]) -> Html:
        parts = []
        for literal, name in holes(template):
            parts.append(literal)
            if name is not None:
                value = params[name]
                parts.append(value if isinstance(value, Html) else html.escape(self.show(value)))
        return Html("".join(parts))

    def _plain(self, template: str, params: Mapping[str, object]) -> str:
        if _MARKUP.search(template):
            raise ValueError(f"plain words carry no markup: {template!r}")
        parts = []
        for literal, name in holes(template):
            parts.append(literal)
            if name is not None:
                if isinstance(params[name], Html):
                    raise ValueError(f"{name} is HTML, and a button or toast shows plain text")
                parts.append(self.show(params[name]))
        return "".join(parts)

    def _speaker(self, value: object) -> Callable[[Any], str]:
        # bool is an int and Html a str, but "True" and a tag are never what a reader should see here.
        if not isinstance(value, bool | Html):
            for kind, speak in self._speakers.items():
                if isinstance(value, kind):
                    return speak
        raise TypeError(f"nobody decided how to show a {type(value).__name__}")

    def _shape(self, asset: Asset) -> tuple[str, str, int]:
        """What stands before and after the digits of an amount in `asset`, and how many decimals it has."""
        pattern = self.locale.currency_formats["standard"]
        symbol = get_currency_symbol(asset.code, self.locale)
        # CLDR puts a space between digits and a sign that ends in a letter: CHF 5.00, but US$5.00.
        gap = NBSP if symbol[-1:].isalnum() else ""
        prefix, suffix = pattern.prefix[0].replace("¤", symbol + gap), pattern.suffix[0].replace("¤", symbol)
        return prefix, suffix, asset.exponent

    def _grouped(self, whole: int) -> str:
        digits = f"{whole:,}"
        return digits if self._group == "," else digits.replace(",", self._group)

    def _local(self, moment: datetime, zone: tzinfo | None = None) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone is nobody's moment")
        return moment.astimezone(zone or self.zone)


@lru_cache(maxsize=1024)  # the policy's spans are on every review
def _span(units: Locale, seconds: int) -> str:
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        parts = [(days, "day"), (hours if days < 7 else 0, "hour")]
    elif seconds >= 60:
        parts = [(hours, "hour"), (minutes, "minute")]
    else:
        return format_unit(seconds, "duration-second", "short", locale=units)
    texts = [format_unit(count, f"duration-{unit}", "short", locale=units) for count, unit in parts if count]
    return ("" if units.language in {"zh", "ja"} else " ").join(texts)


@lru_cache(maxsize=1024)  # the day's rates are on every review
def _significant(rate: Fraction | Decimal) -> tuple[int, str]:
    """A rate's whole part and its decimals: six significant digits, at least two of them decimals."""
    exact = Fraction(rate)
    whole = len(str(int(exact))) if exact >= 1 else 0
    # Below one, the zeros after the point are not significant.
    zeros = 0 if whole or not exact else len(str(int(1 / exact))) - 1
    decimals = max(2, 6 - whole + zeros)
    digits = f"{round(exact * 10**decimals):0{decimals + 1}d}"
    return int(digits[:-decimals]), digits[-decimals:].rstrip("0").ljust(2, "0")


# Babel takes 40 µs for a date, and a screen full of rates shows the same one again and again.
@lru_cache(maxsize=1024)
def _day(locale: Locale, year: int, month: int, day: int) -> str:
    return format_date(date(year, month, day), "medium", locale=locale)


@lru_cache(maxsize=4096)
def _clock(locale: Locale, hour: int, minute: int) -> str:
    return format_time(time_of_day(hour, minute), "short", locale=locale)


@lru_cache(maxsize=512)
def negotiate(code: str) -> str:
    """The catalogue nearest to an IETF code: the same script, or the same language, or English."""
    language, *subtags = re.split("[-_]", code.lower())
    script = next((tag.title() for tag in subtags if len(tag) == 4), None)
    if script is None:
        territory = next((tag.upper() for tag in subtags if len(tag) == 2), "")
        likely = get_global("likely_subtags")
        full = likely.get(f"{language}_{territory}") or likely.get(language) or ""
        script = next((tag for tag in full.split("_")[1:] if len(tag) == 4), None)
    if f"{language}_{script}" in locales.LANGUAGES:
        return f"{language}_{script}"
    return next((known for known in locales.LANGUAGES if known.split("_")[0] == language), DEFAULT)


@cache
def _catalogue(language: str) -> Catalogue:
    return Catalogue.read(locales.catalogue(language))


@lru_cache(maxsize=256)
def _words(language: str, zone: tzinfo) -> Words:
    return Words(language, _catalogue(language), zone)
