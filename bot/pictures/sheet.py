"""A sheet of paper as plain words and rows: what the bot hands to those who print it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Row:
    """A line of a table; a strong one is a balance."""

    cells: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """One currency. The first two columns are words, the others amounts; `widths` in millimetres."""

    title: str
    headings: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Sheet:
    """A whole statement in words. `made` is stamped into the file, so that the same statement is the same file."""

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    foot: str
    page: str  # with {n} and {of}
    made: datetime
