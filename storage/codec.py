"""Values and how they are written: into a column of either database, and into JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, get_args, get_origin, get_type_hints

from core.money import Asset, Money, asset
from storage.nouns import plain

Convert = Callable[[Any], Any]

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FROM_JSON = json.JSONDecoder().raw_decode  # `decode` also looks for white space around it, at a third of the time


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is written (`pack`) and read (`unpack`). None means: as it is."""

    pack: Convert | None = None
    unpack: Convert | None = None


def moment_text(moment: datetime) -> str:
    """UTC without its offset, microseconds always there, so that texts sort as moments do: SQLAlchemy's SQLite form."""
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            raise ValueError("a moment without a time zone is not kept")
        moment = moment.astimezone(UTC)
    return _utc_text(moment)


@lru_cache(1024)  # a verb writes its own moment a dozen times
def _utc_text(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds")[:26]


def _moment_aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment without a time zone is not kept")
    return moment


def _moment_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _moment_from_text(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def _fraction_text(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


@lru_cache(1024)  # an audit reads the day's rates again and again
def _fraction_from_text(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator), int(denominator))


def _optional(convert: Convert | None) -> Convert | None:
    return convert and (lambda value: None if value is None else convert(value))


def column_form(hint: Any, *, texts: bool) -> Form:
    """The form of a one-column field. `texts`: the database keeps moments, days and flags as SQLite does."""
    kind, optional = plain(hint)
    form = _column_form(kind, texts)
    return Form(_optional(form.pack), _optional(form.unpack)) if optional else form


def _column_form(kind: Any, texts: bool) -> Form:
    if kind is datetime:
        return Form(moment_text, _moment_from_text) if texts else Form(_moment_aware, _moment_utc)
    if kind is date:
        return Form(date.isoformat, date.fromisoformat) if texts else Form()
    if kind is bool:
        return Form(int, bool) if texts else Form()
    if kind in (str, int):
        return Form()
    json_form = _json_form(kind)
    if kind in (Asset, Fraction) or _is_enum(kind):
        return json_form
    return Form(
        lambda value: _JSON(json_form.pack(value) if json_form.pack else value),
        lambda text: json_form.unpack(load(text)) if json_form.unpack else load(text),
    )


@cache
def is_comparable(hint: Any) -> bool:
    """Whether things can be sought by a field of this type: equal in Python is equal in the database."""
    kind = plain(hint)[0]
    return kind in (str, int, bool, datetime, date, Asset) or _is_enum(kind)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


@cache
def json_form(hint: Any) -> Form:
    """The form of any kept value inside JSON. Money is [minor, code]; a dataclass is an object of its fields."""
    kind, optional = plain(hint)
    form = _json_form(kind)
    return Form(_optional(form.pack), _optional(form.unpack)) if optional else form


def _json_form(kind: Any) -> Form:
    if kind in (str, int, bool):
        return Form()
    if kind is datetime:
        return Form(moment_text, _moment_from_text)
    if kind is date:
        return Form(date.isoformat, date.fromisoformat)
    if kind is Fraction:
        return Form(_fraction_text, _fraction_from_text)
    if kind is Asset:
        return Form(lambda value: value.code, asset)
    if kind is Money:
        return Form(lambda value: [value.minor, value.asset.code], lambda pair: Money(pair[0], asset(pair[1])))
    if _is_enum(kind):
        return Form(lambda value: value.value, {member.value: member for member in kind}.__getitem__)
    if dataclasses.is_dataclass(kind):
        return _object_form(kind)
    return _collection_form(kind)


def _collection_form(kind: Any) -> Form:
    args = get_args(kind)
    if get_origin(kind) is tuple and len(args) == 2 and args[1] is Ellipsis:
        item = json_form(args[0])
        pack, unpack = item.pack or _same, item.unpack or _same
        return Form(lambda values: [pack(value) for value in values], lambda many: tuple(unpack(one) for one in many))
    if get_origin(kind) is dict and args[0] is str:
        item = json_form(args[1])
        pack, unpack = item.pack or _same, item.unpack or _same
        return Form(
            lambda values: {name: pack(value) for name, value in values.items()},
            lambda many: {name: unpack(one) for name, one in many.items()},
        )
    raise TypeError(f"storage does not know how to keep a {kind!r}: teach storage.codec")


def _same(value: Any) -> Any:
    return value


def _object_form(kind: Any) -> Form:
    hints = get_type_hints(kind)
    forms = {field.name: json_form(hints[field.name]) for field in dataclasses.fields(kind)}
    packs = [(name, form.pack) for name, form in forms.items()]
    unpacks = {name: form.unpack for name, form in forms.items()}
    in_order = list(unpacks.items())

    def pack(thing: Any) -> dict[str, Any]:
        return {name: convert(getattr(thing, name)) if convert else getattr(thing, name) for name, convert in packs}

    def unpack(values: dict[str, Any]) -> Any:
        if values.keys() == unpacks.keys():
            return kind(*[convert(values[name]) if convert else values[name] for name, convert in in_order])
        # Written by another version of the shop: a field that has gone is left behind, a new one takes its default.
        known = {name: value for name, value in values.items() if name in unpacks}
        return kind(**{name: (unpacks[name] or _same)(value) for name, value in known.items()})

    return Form(pack, unpack)


def dump(value: Any) -> str:
    """Compact JSON."""
    return _JSON(value)


def load(text: str) -> Any:
    """What `dump` wrote."""
    return _FROM_JSON(text)[0]
