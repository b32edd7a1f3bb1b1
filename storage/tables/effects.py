"""Tables of what came in and what must go out: the inbox and the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import text as sql
from sqlmodel import Index, SQLModel

from storage.tables.columns import flag, moment, sealed, sequence, text, whole

_WAITING = sql("done_at IS NULL")


class Inbox(SQLModel, table=True):
    """core.ports.Message. `body` is sealed: what people write and what banks report is personal."""

    __tablename__: ClassVar[str] = "inbox"
    __table_args__ = (
        Index("ux_inbox_key", "source", "key", unique=True),
        Index(
            "ix_inbox_open", "source", "received_at", "seq", sqlite_where=sql("open = 1"), postgresql_where=sql("open")
        ),
        Index("ix_inbox_received", "source", "received_at"),
    )
    seq: int | None = sequence()
    source: str = text()
    key: str = text()
    digest: str = text()
    body: bytes = sealed()
    received_at: datetime = moment()
    open: bool = flag()


class Outbox(SQLModel, table=True):
    """core.ports.Effect with its lease. Done rows stay: their keys keep an effect from happening again."""

    __tablename__: ClassVar[str] = "outbox"
    __table_args__ = (
        Index("ux_outbox_key", "key", unique=True),
        Index("ix_outbox_waiting", "seq", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_lane", "lane", "seq", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )
    seq: int | None = sequence()
    key: str = text()
    topic: str = text()
    lane: str = text()
    data: str = text()
    due_at: datetime = moment()
    attempts: int = whole()
    leased_until: datetime | None = moment()
    done_at: datetime | None = moment()
    why: str = text()
