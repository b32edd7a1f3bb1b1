"""The outbox: effects still to do, leased to one worker at a time, in order within a lane."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, and_, bindparam, exists, func, or_, select, update

from core.ports import Effect
from storage.codec import Convert, column_form, dump, load
from storage.link import Link, compiled
from storage.statements import insert_unless_known
from storage.tables import table

_LEASING = 0x4F5554424F58  # "OUTBOX": the name of the lock that leasing workers take turns on


class OutboxStatements:
    """The SQL of the outbox, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        box = table("outbox")
        columns = [column.name for column in box.columns if column.name != "seq"]
        self.put = compiled(insert_unless_known(box, dialect, columns), dialect).text
        self.is_due = compiled(_due(box, "seq").limit(1), dialect)
        taken = _due(box, "seq", "key", "topic", "lane", "data", "due_at", "attempts").limit(bindparam("limit"))
        self.due = compiled(taken.with_for_update(), dialect)
        # A lane's order cannot be seen by two workers who each see half of it. With one writer they take turns anyway.
        self.take_turns = f"SELECT pg_advisory_xact_lock({_LEASING})" if dialect.name == "postgresql" else ""
        moment = box.c.due_at.type
        lease = update(box).where(box.c.seq == bindparam("s")).values(leased_until=bindparam("u", type_=moment))
        self.lease = compiled(lease, dialect).text
        free = update(box).where(box.c.done_at.is_(None), box.c.leased_until.is_not(None))
        self.free = compiled(free.values(leased_until=None), dialect)
        known = and_(box.c.key == bindparam("k"), box.c.done_at.is_(None))
        self.done = compiled(update(box).where(known).values(done_at=bindparam("a", type_=moment)), dialect).text
        again = {
            "due_at": bindparam("d", type_=moment),
            "attempts": box.c.attempts + 1,
            "leased_until": bindparam("none", type_=moment),
            "why": bindparam("w"),
        }
        self.again = compiled(update(box).where(known).values(again), dialect)
        self.waiting = compiled(select(func.count()).select_from(box).where(box.c.done_at.is_(None)), dialect).text
        form = column_form(datetime, texts=dialect.name == "sqlite")
        self.pack: Convert = form.pack or _same
        self.unpack: Convert = form.unpack or _same


def _due(box: Any, *columns: str) -> Any:
    """Due, not leased, and behind nothing in its lane that must wait; an effect without a lane waits for nobody."""
    earlier = box.alias("earlier")
    now = bindparam("now", type_=box.c.due_at.type)
    waits = exists().where(
        earlier.c.lane == box.c.lane,
        earlier.c.done_at.is_(None),
        earlier.c.seq < box.c.seq,
        or_(earlier.c.due_at > now, earlier.c.leased_until > now),
    )
    return (
        select(*(box.c[name] for name in columns))
        .where(
            box.c.done_at.is_(None),
            box.c.due_at <= now,
            or_(box.c.leased_until.is_(None), box.c.leased_until <= now),
            or_(box.c.lane == "", ~waits),
        )
        .order_by(box.c.seq)
    )


class SqlOutbox:
    """core.ports.Outbox on one connection."""

    def __init__(self, statements: OutboxStatements, link: Link) -> None:
        self._sql, self._run, self._many = statements, link.run, link.many
        self.grown = False

    def put(self, effect: Effect) -> None:
        """core.ports.Outbox.put."""
        self.grown = True
        due = self._sql.pack(effect.due_at)
        row = (effect.key, effect.topic, effect.lane, dump(effect.data), due, effect.attempts, None, None, "")
        self._run(self._sql.put, row)

    def is_due(self, now: datetime) -> bool:
        """core.ports.Outbox.is_due."""
        sql = self._sql.is_due
        return self._run(sql.text, sql.bind({"now": self._sql.pack(now)})).fetchone() is not None

    def lease(self, now: datetime, until: datetime, limit: int = 64) -> list[Effect]:
        """core.ports.Outbox.lease, oldest first. A lane waits while its oldest effect is leased or not due."""
        if self._sql.take_turns:
            self._run(self._sql.take_turns)
        due = self._sql.due
        rows = self._run(due.text, due.bind({"now": self._sql.pack(now), "limit": limit})).fetchall()
        self._many(self._sql.lease, [(self._sql.pack(until), row[0]) for row in rows])
        return [
            Effect(key, topic, lane, load(data), self._sql.unpack(due_at), attempts)
            for _, key, topic, lane, data, due_at, attempts in rows
        ]

    def free(self) -> None:
        """core.ports.Outbox.free."""
        self._run(self._sql.free.text, self._sql.free.bind({"leased_until": None}))

    def done(self, keys: Iterable[str], at: datetime) -> None:
        """core.ports.Outbox.done."""
        moment = self._sql.pack(at)
        self._many(self._sql.done, [(moment, key) for key in keys])

    def again(self, key: str, due_at: datetime, why: str) -> None:
        """core.ports.Outbox.again."""
        sql = self._sql.again
        self._run(sql.text, sql.bind({"d": self._sql.pack(due_at), "none": None, "w": why, "k": key}))

    def waiting(self) -> int:
        """core.ports.Outbox.waiting."""
        return int(self._run(self._sql.waiting).fetchone()[0])


def _same(value: Any) -> Any:
    return value
