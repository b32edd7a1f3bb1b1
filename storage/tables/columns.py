"""Kinds of columns: what a text, a whole number, a moment and a sealed blob are on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Integer, LargeBinary, String
from sqlalchemy.dialects.postgresql import TEXT
from sqlmodel import Field, UTCDateTime

# PostgreSQL sorts by the database's language unless told otherwise; "C" sorts by code point, as SQLite and Python do.
TEXT_TYPE = String().with_variant(TEXT(collation="C"), "postgresql")
# SQLite's INTEGER is 64 bits wide, and only INTEGER can be a rowid.
WHOLE_TYPE = BigInteger().with_variant(Integer(), "sqlite")


def text(*, key: bool = False) -> Any:
    """Text, sorted by code point."""
    return Field(sa_type=TEXT_TYPE, primary_key=key)


def whole(*, key: bool = False) -> Any:
    """A whole number of 64 bits: money in minor units, a Telegram id, a count."""
    # Keys are chosen by the shop; only `sequence` counts by itself.
    kwargs = {"autoincrement": False} if key else {}
    return Field(sa_type=WHOLE_TYPE, primary_key=key, sa_column_kwargs=kwargs)


def sequence() -> Any:
    """The order of arrival, given by the database."""
    kwargs = {"autoincrement": True}
    return Field(default=None, sa_type=WHOLE_TYPE, primary_key=True, sa_column_kwargs=kwargs)


def moment() -> Any:
    """An aware moment, kept in UTC; a naive one is refused."""
    return Field(sa_type=UTCDateTime())


def day() -> Any:
    """A calendar day."""
    return Field(sa_type=Date)


def flag() -> Any:
    """Yes or no."""
    return Field(sa_type=Boolean)


def sealed() -> Any:
    """Bytes that only the vault can open: see storage.vault."""
    return Field(default=None, sa_type=LargeBinary)
