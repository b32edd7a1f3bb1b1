"""The SQL of a shelf: built from the noun's table by SQLAlchemy Core, compiled once per dialect and shape."""

from __future__ import annotations

from collections.abc import Mapping as Named
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Dialect, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.link import Sql, compiled
from storage.mapping import Mapping


def insert_unless_known(table: Any, dialect: Dialect, columns: Sequence[str] | None = None) -> Any:
    """INSERT … ON CONFLICT DO NOTHING of those columns, or of all, in the order of the table.

    A duplicate shows in the row count, so on PostgreSQL too the transaction lives on and a verb may catch it.
    """
    build = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    wanted = [table.c[name] for name in columns] if columns else table.columns
    values = {column.name: bindparam(f"v_{column.name}", type_=column.type) for column in wanted}
    return build(table).values(values).on_conflict_do_nothing().inline()


class Shape:
    """What a search compares, without the values: statements are compiled once for each."""

    def __init__(
        self,
        mapping: Mapping,
        equals: Named[str, Any],
        before: Named[str, datetime] | None,
        since: Named[str, datetime] | None,
    ) -> None:
        self.values: dict[str, Any] = {}
        parts: list[tuple[str, str, int]] = []
        for name, value in equals.items():
            wanted = value if isinstance(value, tuple) else (value,)
            if value is None:
                parts.append((name, "null", 0))
                continue
            parts.append((name, "in" if isinstance(value, tuple) else "is", len(wanted)))
            self.values.update({f"is_{name}_{i}": mapping.pack(name, one) for i, one in enumerate(wanted)})
        for word, bounds in (("before", before), ("since", since)):
            for name, moment in (bounds or {}).items():
                parts.append((name, word, 1))
                self.values[f"{word}_{name}"] = mapping.pack(name, moment)
        self.key = tuple(parts)
        self.nothing = any(how == "in" and not many for _, how, many in parts)

    def conditions(self, table: Any) -> list[ColumnElement[bool]]:
        """The WHERE of it."""
        return [_condition(table.c[name], name, how, many) for name, how, many in self.key]


def _condition(column: Any, name: str, how: str, many: int) -> Any:
    if how == "null":
        return column.is_(None)
    if how == "before":
        return column <= bindparam(f"before_{name}", type_=column.type)
    if how == "since":
        return column >= bindparam(f"since_{name}", type_=column.type)
    values = [bindparam(f"is_{name}_{i}", type_=column.type) for i in range(many)]
    return column == values[0] if how == "is" else column.in_(values)


class Statements:
    """Every statement of one noun's shelf, for one dialect."""

    def __init__(self, mapping: Mapping, dialect: Dialect) -> None:
        self.mapping, self._dialect, self._table = mapping, dialect, mapping.table
        self._key = self._table.c[mapping.noun.key]
        self._select = select(*(self._table.c[name] for name in mapping.columns))
        one = self._select.where(self._key == bindparam("key"))
        self.get = compiled(one, dialect).text
        self.lock = compiled(one.with_for_update(), dialect).text
        self.add = compiled(insert_unless_known(self._table, dialect), dialect).text
        self._cache: dict[Any, Sql] = {}

    def update(self, columns: Sequence[str], guarded: Sequence[str]) -> Sql:
        """Set `v_<column>` and `v_version` where version and the `guarded` columns are still `old_<column>`."""
        shape = ("update", columns, guarded)
        if shape not in self._cache:
            table = self._table
            values = {name: bindparam(f"v_{name}", type_=table.c[name].type) for name in (*columns, "version")}
            still = [table.c[name] == bindparam(f"old_{name}") for name in (*guarded, "version")]
            self._cache[shape] = self._compile(
                update(table).where(self._key == bindparam("key"), *still).values(values)
            )
        return self._cache[shape]

    def shift(self, field: str, bounded: bool) -> Sql:
        """Add `by` where the sum is at least `least`, and at most `most` when bounded."""
        shape = ("shift", field, bounded)
        if shape not in self._cache:
            column = self._table.c[field]
            total = column + bindparam("by", type_=column.type)
            fits = [total >= bindparam("least", type_=column.type)]
            fits += [total <= bindparam("most", type_=column.type)] if bounded else []
            change = update(self._table).where(self._key == bindparam("key"), *fits).values({field: total})
            self._cache[shape] = self._compile(change)
        return self._cache[shape]

    def find(self, shape: Shape, newest: bool) -> Sql:
        """The things of that shape, a page of them: `limit`, `offset`."""
        key = ("find", shape.key, newest)
        if key not in self._cache:
            query = self._select.where(and_(True, *shape.conditions(self._table))).order_by(*self._order(newest))
            self._cache[key] = self._compile(query.limit(bindparam("limit")).offset(bindparam("offset")))
        return self._cache[key]

    def count(self, shape: Shape) -> Sql:
        """How many things of that shape there are."""
        key = ("count", shape.key)
        if key not in self._cache:
            query = select(func.count()).select_from(self._table).where(and_(True, *shape.conditions(self._table)))
            self._cache[key] = self._compile(query)
        return self._cache[key]

    def walk(self, first: bool) -> Sql:
        """A page of things by key: `limit` of them, `after` a key unless it is the first page."""
        key = ("walk", first)
        if key not in self._cache:
            query = self._select if first else self._select.where(self._key > bindparam("after"))
            self._cache[key] = self._compile(query.order_by(self._key).limit(bindparam("limit")))
        return self._cache[key]

    def _order(self, newest: bool) -> list[Any]:
        """By time, then by key, in the same direction, so that an index serves it. No time counts as the oldest."""
        columns = [self._key]
        if self.mapping.noun.time:
            columns.insert(0, self._table.c[self.mapping.noun.time])
        order: list[Any] = [column.desc() if newest else column.asc() for column in columns]
        if columns[0].nullable:
            order[0] = order[0].nulls_last() if newest else order[0].nulls_first()
        return order

    def _compile(self, statement: Any) -> Sql:
        return compiled(statement, self._dialect)
