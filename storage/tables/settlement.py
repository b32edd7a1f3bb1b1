"""Tables of the treasury: payouts to sellers, what bank statements say, hedges."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import moment, sealed, text, whole


class Payouts(SQLModel, table=True):
    """core.payments.settlement.payout.Payout; the rates as JSON with exact fractions."""

    __tablename__: ClassVar[str] = "payouts"
    __table_args__ = (
        Index("ix_payouts_seller", "seller", "created_at"),
        Index("ix_payouts_state", "state", "created_at"),
        Index("ix_payouts_operation", "operation"),
    )
    id: str = text(key=True)
    seller: str = text()
    channel: str = text()
    taken_minor: int = whole()
    taken_asset: str = text()
    sent_minor: int = whole()
    sent_asset: str = text()
    state: str = text()
    since: datetime = moment()
    until: datetime = moment()
    created_at: datetime = moment()
    operation: str | None = text()
    ended_at: datetime | None = moment()
    evidence: str = text()
    rates: str = text()
    version: int = whole()


class BankLines(SQLModel, table=True):
    """core.payments.recon.bankline.BankLine."""

    __tablename__: ClassVar[str] = "banklines"
    __table_args__ = (
        Index("ux_banklines_fact", "channel", "kind", "fact", unique=True),
        Index("ix_banklines_state", "state", "opened_at"),
        Index("ix_banklines_document", "document"),
        Index("ix_banklines_about", "about"),
        Index("ix_banklines_batch", "channel", "batch"),
    )
    id: str = text(key=True)
    channel: str = text()
    document: str = text()
    fact: str = text()
    kind: str = text()
    gross_minor: int = whole()
    gross_asset: str = text()
    fee_minor: int = whole()
    fee_asset: str = text()
    booked_at: datetime = moment()
    state: str = text()
    opened_at: datetime = moment()
    entry: str = text()
    about: str = text()
    batch: str = text()
    reference: str = text()
    why: str = text()
    owner: int | None = whole()
    note: str = text()
    version: int = whole()
    personal: bytes | None = sealed()


class Hedges(SQLModel, table=True):
    """core.payments.fx.hedge.Hedge."""

    __tablename__: ClassVar[str] = "hedges"
    __table_args__ = (Index("ux_hedges_reference", "reference", unique=True), Index("ix_hedges_at", "at"))
    id: str = text(key=True)
    sold_minor: int = whole()
    sold_asset: str = text()
    bought_minor: int = whole()
    bought_asset: str = text()
    carried_minor: int = whole()
    carried_asset: str = text()
    at: datetime = moment()
    reference: str = text()
    by: int = whole()
    version: int = whole()
