"""The shelf over a table: one for every noun."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Named
from datetime import datetime
from typing import Any, Generic, TypeVar

from core.errors import Gone
from core.ports import Duplicate
from storage.faults import Conflict
from storage.link import Link, Sql
from storage.statements import Shape, Statements

K = TypeVar("K", contravariant=True)
T = TypeVar("T")

_PAGE = 500  # things read at once


class SqlShelf(Generic[K, T]):
    """core.ports.Shelf on one connection.

    `save` writes the fields that differ from what this transaction last read, so a `shift` by somebody else in between
    stands; a thing that this transaction has not read is written whole. A unit that cannot write `remembers` nothing.
    Where the database is `steady`, changed by nobody else while a transaction runs, a thing is read once in each.
    """

    __slots__ = ("_mapping", "_remembers", "_run", "_sql", "_stale", "_steady", "seen")

    def __init__(self, statements: Statements, link: Link, *, remembers: bool = True, steady: bool = False) -> None:
        self._remembers, self._steady = remembers, steady
        self._sql, self._mapping, self._run = statements, statements.mapping, link.run
        self.seen: dict[Any, Any] = {}  # key → the thing as this transaction last read or wrote it
        self._stale: set[Any] = set()  # keys of things seen and shifted since

    def forget(self) -> None:
        """A new transaction begins."""
        self.seen.clear()
        self._stale.clear()

    def get(self, key: K) -> T | None:
        """core.ports.Shelf.get."""
        return self._read(self._sql.get, key)

    def need(self, key: K) -> T:
        """core.ports.Shelf.need."""
        thing = self._read(self._sql.get, key)
        if thing is None:
            raise Gone
        return thing

    def lock(self, key: K) -> T:
        """core.ports.Shelf.lock."""
        thing = self._read(self._sql.lock, key)
        if thing is None:
            raise Gone
        return thing

    def _read(self, sql: str, key: K) -> T | None:
        if self._steady and key in self.seen and key not in self._stale:
            known: T = self.seen[key]
            return known
        row = self._run(sql, (key,)).fetchone()
        if row is None:
            return None
        thing: T = self._mapping.thing(row)
        if self._remembers:
            self.seen[key] = thing
            self._stale.discard(key)
        return thing

    def add(self, thing: T) -> T:
        """core.ports.Shelf.add. After Duplicate the transaction goes on: a verb may catch it."""
        if self._run(self._sql.add, self._mapping.row(thing)).rowcount != 1:
            raise Duplicate(self._mapping.noun.name)
        self.seen[getattr(thing, self._mapping.noun.key)] = thing
        return thing

    def save(self, thing: T) -> T:
        """core.ports.Shelf.save. Raises Conflict when the version, or a number about to be replaced, has moved on."""
        mapping, given = self._mapping, getattr(thing, "version")  # noqa: B009 - T is any noun; all have a version
        key = getattr(thing, mapping.noun.key)
        old = self.seen.get(key)
        names = mapping.everything if old is None else mapping.changes(old, thing)
        columns, values = mapping.part(thing, names)
        guarded = () if old is None else tuple(name for name in names if name in mapping.noun.counts)
        sql = self._sql.update(columns, guarded)
        params: dict[str, Any] = {f"v_{column}": value for column, value in zip(columns, values, strict=True)}
        params |= {f"old_{name}": getattr(old, name) for name in guarded}
        params |= {"key": key, "v_version": given + 1, "old_version": given}
        if self._run(sql.text, sql.bind(params)).rowcount != 1:
            raise Conflict
        saved: T = mapping.versioned(thing, given + 1)
        self.seen[key] = saved
        return saved

    def shift(self, key: K, field: str, by: int, *, least: int = 0, most: int | None = None) -> bool:
        """core.ports.Shelf.shift. A key that is not there is False, too."""
        sql = self._sql.shift(field, most is not None)
        params = {"key": key, "by": by, "least": least, "most": most}
        if key in self.seen:
            self._stale.add(key)
        return self._run(sql.text, sql.bind(params)).rowcount == 1

    def find(
        self,
        *,
        before: Named[str, datetime] | None = None,
        since: Named[str, datetime] | None = None,
        newest: bool = True,
        limit: int = 50,
        offset: int = 0,
        **equals: Any,
    ) -> list[T]:
        """core.ports.Shelf.find."""
        shape = Shape(self._mapping, equals, before, since)
        if shape.nothing:
            return []
        rows = self._search(self._sql.find(shape, newest), shape.values | {"limit": limit, "offset": offset})
        things = [self._mapping.thing(row) for row in rows]
        if self._remembers:
            self.seen.update({getattr(thing, self._mapping.noun.key): thing for thing in things})
        return things

    def count(
        self,
        *,
        before: Named[str, datetime] | None = None,
        since: Named[str, datetime] | None = None,
        **equals: Any,
    ) -> int:
        """core.ports.Shelf.count."""
        shape = Shape(self._mapping, equals, before, since)
        return 0 if shape.nothing else int(self._search(self._sql.count(shape), shape.values)[0][0])

    def walk(self) -> Iterator[T]:
        """core.ports.Shelf.walk. What it gives does not count as read: a long walk would hold it all in memory."""
        after = None
        while rows := self._search(self._sql.walk(first=after is None), {"after": after, "limit": _PAGE}):
            for row in rows:
                thing: T = self._mapping.thing(row)
                yield thing
            after = getattr(thing, self._mapping.noun.key)

    def _search(self, sql: Sql, values: Named[str, Any]) -> Any:
        return self._run(sql.text, sql.bind(values)).fetchall()
