"""Tables of the books: entries, their legs, and the balance of each account as the fold of its legs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, Index, SQLModel

from storage.tables.columns import TEXT_TYPE, moment, sequence, text, whole


class Entries(SQLModel, table=True):
    """core.ledger.journal.Entry without its legs. The key makes a fact postable once."""

    __tablename__: ClassVar[str] = "entries"
    __table_args__ = (Index("ix_entries_order", "order"),)
    key: str = text(key=True)
    at: datetime = moment()
    kind: str = text()
    order: str | None = text()


class Legs(SQLModel, table=True):
    """core.ledger.journal.Leg, in posting order. Debit positive, credit negative."""

    __tablename__: ClassVar[str] = "legs"
    __table_args__ = (Index("ix_legs_entry", "entry"), Index("ix_legs_account", "account", "amount_asset"))
    seq: int | None = sequence()
    entry: str = Field(sa_type=TEXT_TYPE, foreign_key="entries.key")
    account: str = text()
    amount_minor: int = whole()
    amount_asset: str = text()


class Balances(SQLModel, table=True):
    """Debits minus credits of an account in an asset: kept in the transaction that posts the legs."""

    __tablename__: ClassVar[str] = "balances"
    account: str = text(key=True)
    asset: str = text(key=True)
    minor: int = whole()
