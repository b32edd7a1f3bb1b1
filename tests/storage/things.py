"""Things to keep, for the storage tests: every field of every noun can be made at random, or a plain one by hand."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from core.money import Asset, Money, asset
from core.people import Address, Person
from core.shop.catalogue import Product, ProductState
from storage.nouns import plain

NOON = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)
EUR, CNY, JPY = asset("EUR"), asset("CNY"), asset("JPY")


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def a_product(id: str = "P1", **fields: Any) -> Product:
    given = {
        "seller": "S1",
        "title": "Teapot",
        "description": "Green",
        "price": Money(1250, EUR),
        "stock": 5,
        "picture": "0" * 64,
        "state": ProductState.ON_SALE,
        "created_at": NOON,
    }
    return Product(id=id, **(given | fields))


def a_person(id: int = 1, **fields: Any) -> Person:
    given = {"name": "Maya", "username": "maya", "language": "en", "joined_at": NOON}
    return Person(id=id, **(given | fields))


MAYAS_ADDRESS = Address("Maya Lindqvist", "Segelmakaregatan 7\n116 21 Visby", "SE")

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: _WHOLE,
    bool: st.booleans(),
    datetime: st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    date: st.dates(date(1000, 1, 1), date(9000, 1, 1)),
    Fraction: st.fractions(),
    Asset: st.sampled_from([EUR, CNY, JPY, asset("BHD")]),
    Money: st.builds(Money, _WHOLE, st.sampled_from([EUR, CNY, JPY])),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a kept type."""
    kind, optional = plain(hint)
    if optional:
        return st.none() | values(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=3).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(_TEXT, values(get_args(kind)[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)})
