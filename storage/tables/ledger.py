"""Tables of the books: entries, their legs, the balance of each account, and the seals and anchors of the chain."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import text as sql
from sqlmodel import Field, Index, SQLModel

from storage.tables.columns import WHOLE_TYPE, moment, sequence, text, whole

_UNSEALED = sql("number IS NULL")


class Entries(SQLModel, table=True):
    """core.ledger.chain.Record without its legs. The key makes a fact postable once.

    `seq` is given on arrival and may have gaps; `number` and `link` are given by the sealer, without a gap.
    """

    __tablename__: ClassVar[str] = "entries"
    __table_args__ = (
        Index("ux_entries_key", "key", unique=True),
        Index("ux_entries_number", "number", unique=True),
        Index("ix_entries_unsealed", "seq", sqlite_where=_UNSEALED, postgresql_where=_UNSEALED),
        Index("ix_entries_order", "order"),
    )
    seq: int | None = sequence()
    key: str = text()
    at: datetime = moment()
    kind: str = text()
    order: str | None = text()
    number: int | None = whole()
    link: str | None = text()


class Legs(SQLModel, table=True):
    """core.ledger.journal.Leg, in posting order. Debit positive, credit negative."""

    __tablename__: ClassVar[str] = "legs"
    __table_args__ = (
        Index("ix_legs_entry", "entry"),
        # All that a balance as of a moment needs of a leg, so that it is answered from the index.
        Index("ix_legs_account", "account", "amount_asset", "entry", "amount_minor"),
    )
    seq: int | None = sequence()
    entry: int = Field(sa_type=WHOLE_TYPE, foreign_key="entries.seq")
    account: str = text()
    amount_minor: int = whole()
    amount_asset: str = text()


class Balances(SQLModel, table=True):
    """Debits minus credits of an account in an asset: kept in the transaction that posts the legs."""

    __tablename__: ClassVar[str] = "balances"
    account: str = text(key=True)
    asset: str = text(key=True)
    minor: int = whole()


class Seals(SQLModel, table=True):
    """core.ledger.chain.Seal."""

    __tablename__: ClassVar[str] = "seals"
    __table_args__ = (Index("ux_seals_last", "last", unique=True),)
    number: int = whole(key=True)
    first: int = whole()
    last: int = whole()
    head: str = text()
    previous: str = text()
    at: datetime = moment()
    version: int = whole()


class Anchors(SQLModel, table=True):
    """core.ledger.anchor.Anchor."""

    __tablename__: ClassVar[str] = "anchors"
    __table_args__ = (Index("ix_anchors_at", "at", "line"),)
    line: str = text(key=True)
    seal: int = whole()
    count: int = whole()
    head: str = text()
    at: datetime = moment()
    chain: int = whole()
    version: int = whole()
