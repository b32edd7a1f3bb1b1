"""Which nouns are kept: read from core.ports.UnitOfWork, so that a shelf added there is a shelf everywhere."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from core.payments.operations import OperationKind
from core.ports import Shelf, UnitOfWork


@dataclass(frozen=True, slots=True)
class Unique:
    """Fields that no two things of a noun may share, among those that `among` picks. The tables say the same."""

    fields: tuple[str, ...]
    among: Callable[[Any], bool] = lambda thing: True


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of thing that is kept. `hints` are its fields and their types, in order."""

    name: str  # of the shelf and of the table
    type: type[Any]
    hints: dict[str, Any]
    key: str
    time: str | None  # the field that things are ordered by
    counts: frozenset[str]  # whole numbers that are always there: what `shift` can move
    personal: tuple[str, ...]
    unique: tuple[Unique, ...]


_UNIQUE: dict[str, tuple[Unique, ...]] = {
    "receipts": (Unique(("channel", "fact")),),
    "disputes": (Unique(("source", "case")),),
    "banklines": (Unique(("channel", "kind", "fact")),),
    "hedges": (Unique(("reference",)),),
    "seals": (Unique(("last",)),),
    "operations": (Unique(("channel", "reference"), lambda o: o.kind is OperationKind.CHARGE and bool(o.reference)),),
}


def plain(hint: Any) -> tuple[Any, bool]:
    """A type hint without its NewType and without its `| None`; and whether None was in it."""
    optional = False
    if get_origin(hint) in (Union, types.UnionType):
        hint, *more = (arg for arg in get_args(hint) if arg is not types.NoneType)
        if more:
            raise TypeError("a kept field has one type, or one type and None")
        optional = True
    return getattr(hint, "__supertype__", hint), optional


def noun(name: str, kind: type[Any]) -> Noun:
    """What storage needs to know of one dataclass: its first field is its key."""
    fields = dataclasses.fields(kind)
    hints = get_type_hints(kind)
    return Noun(
        name=name,
        type=kind,
        hints={field.name: hints[field.name] for field in fields},
        key=fields[0].name,
        time=next((field.name for field in fields if plain(hints[field.name])[0] is datetime), None),
        counts=frozenset(name for name, hint in hints.items() if plain(hint) == (int, False)),
        personal=tuple(field.name for field in fields if field.metadata.get("personal")),
        unique=_UNIQUE.get(name, ()),
    )


@cache
def nouns() -> dict[str, Noun]:
    """Every noun that has a shelf, by the shelf's name."""
    shelves = {name: hint for name, hint in get_type_hints(UnitOfWork).items() if get_origin(hint) is Shelf}
    return {name: noun(name, get_args(hint)[1]) for name, hint in shelves.items()}
