"""Key rotation: what was sealed with an older key is sealed anew with the current one, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, bindparam, func, or_, select, update

from core.ports import Store
from storage.inbox import sealed_for as message_context
from storage.link import compiled
from storage.mapping import SEALED
from storage.mapping import sealed_for as noun_context
from storage.nouns import nouns
from storage.tables import table
from storage.unit import SqlUnit

Context = Callable[..., str]

_ROWS = 200  # sealed anew in one transaction, so that shoppers hardly wait


async def reseal(store: Store, progress: Callable[[int], None] = lambda rows: None) -> int:
    """Bring every sealed row under the vault's current key; returns how many were not. Stop it and start it at will.

    Afterwards the older keys open nothing any more and may be dropped.
    """
    total = 0
    while rows := await store.write(_some):
        total += rows
        progress(total)
    return total


async def strangers(store: Store) -> int:
    """How many rows are sealed with a key that the vault does not have."""
    return await store.survey(_strangers)


def _strangers(unit: SqlUnit) -> int:
    total = 0
    for rows, column, _, _ in _places():
        blob = rows.c[column]
        known = [
            func.substr(blob, 1, len(prefix)) == bindparam(f"p_{number}", prefix, type_=blob.type)
            for number, prefix in enumerate(unit.vault.prefixes)
        ]
        query = compiled(
            select(func.count()).select_from(rows).where(blob.is_not(None), ~or_(*known)), unit.link.dialect
        )
        total += unit.link.run(query.text, query.bind({})).fetchall()[0][0]
    return total


def _some(unit: SqlUnit) -> int:
    for place in _places():
        if rows := _in_table(unit, *place):
            return rows
    return 0


def _places() -> list[tuple[Table, str, tuple[str, ...], Context]]:
    """Each table with a sealed column, that column, what names the row, and what the row's blob is sealed for."""
    places: list[tuple[Table, str, tuple[str, ...], Context]] = [
        (table(name), SEALED, (noun.key,), lambda key, name=name: noun_context(name, key))
        for name, noun in nouns().items()
        if noun.personal
    ]
    return [*places, (table("inbox"), "body", ("source", "key"), message_context)]


def _in_table(unit: SqlUnit, rows: Table, column: str, keys: tuple[str, ...], context: Context) -> int:
    """Seal some rows of one table anew; a row that changes meanwhile is left to its writer, who has the current key."""
    blob, prefix, dialect = rows.c[column], unit.vault.prefix, unit.link.dialect
    old = func.substr(blob, 1, len(prefix)) != bindparam("prefix", prefix, type_=blob.type)
    query = compiled(select(*(rows.c[key] for key in keys), blob).where(old).limit(_ROWS), dialect)
    same = [rows.c[key] == bindparam(f"k_{key}") for key in keys] + [blob == bindparam("was", type_=blob.type)]
    change = compiled(update(rows).where(*same).values({column: bindparam("now", type_=blob.type)}), dialect)
    found = unit.link.run(query.text, query.bind({})).fetchall()
    for *names, was in found:
        now = unit.vault.encrypt(unit.vault.decrypt(was, context(*names)), context(*names))
        values: dict[str, Any] = {f"k_{key}": name for key, name in zip(keys, names, strict=True)}
        unit.link.run(change.text, change.bind(values | {"was": was, "now": now}))
    return len(found)
