"""Tables of what comes after a payment: where it went, what went back, what is disputed, what is paid in parts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import flag, moment, sealed, text, whole


class Applications(SQLModel, table=True):
    """core.payments.applied.Application."""

    __tablename__: ClassVar[str] = "applications"
    __table_args__ = (Index("ix_applications_order", "order", "at"), Index("ix_applications_receipt", "receipt"))
    id: str = text(key=True)
    receipt: str = text()
    order: str = text()
    amount_minor: int = whole()
    amount_asset: str = text()
    at: datetime = moment()
    version: int = whole()


class Refunds(SQLModel, table=True):
    """core.payments.refund.Refund."""

    __tablename__: ClassVar[str] = "refunds"
    __table_args__ = (
        Index("ix_refunds_order", "order", "created_at"),
        Index("ix_refunds_receipt", "receipt", "created_at"),
        Index("ix_refunds_state", "state", "created_at"),
        Index("ix_refunds_operation", "operation"),
    )
    id: str = text(key=True)
    receipt: str = text()
    amount_minor: int = whole()
    amount_asset: str = text()
    account: str = text()
    state: str = text()
    reason: str = text()
    created_at: datetime = moment()
    order: str | None = text()
    asked_by: int | None = whole()
    operation: str | None = text()
    done_at: datetime | None = moment()
    version: int = whole()


class Disputes(SQLModel, table=True):
    """core.payments.disputes.dispute.Dispute."""

    __tablename__: ClassVar[str] = "disputes"
    __table_args__ = (
        Index("ux_disputes_case", "source", "case", unique=True),
        Index("ix_disputes_order", "order", "opened_at"),
        Index("ix_disputes_state", "state", "respond_by"),
        Index("ix_disputes_receipt", "receipt"),
    )
    id: str = text(key=True)
    source: str = text()
    case: str = text()
    order: str | None = text()
    receipt: str = text()
    amount_minor: int = whole()
    amount_asset: str = text()
    fee_minor: int = whole()
    fee_asset: str = text()
    reason: str = text()
    state: str = text()
    opened_at: datetime = moment()
    covered_minor: int = whole()
    covered_asset: str = text()
    held_minor: int = whole()
    held_asset: str = text()
    taken: bool = flag()
    round: int = whole()
    turn: int = whole()
    before: str = text()
    respond_by: datetime | None = moment()
    decided_at: datetime | None = moment()
    version: int = whole()


class EvidenceTable(SQLModel, table=True):
    """core.payments.disputes.dispute.Evidence; what was written in `personal`."""

    __tablename__: ClassVar[str] = "evidence"
    __table_args__ = (Index("ix_evidence_dispute", "dispute", "at"),)
    id: str = text(key=True)
    dispute: str = text()
    by: int = whole()
    at: datetime = moment()
    picture: str = text()
    version: int = whole()
    personal: bytes | None = sealed()


class Plans(SQLModel, table=True):
    """core.payments.instalments.plan.Plan; parts and codes as JSON."""

    __tablename__: ClassVar[str] = "plans"
    __table_args__ = (Index("ix_plans_next", "state", "next_at"), Index("ix_plans_shopper", "shopper", "state"))
    id: str = text(key=True)
    shopper: int = whole()
    parts: str = text()
    state: str = text()
    created_at: datetime = moment()
    ahead_minor: int = whole()
    ahead_asset: str = text()
    codes: str = text()
    card_message: int | None = whole()
    next_at: datetime | None = moment()
    written_off_at: datetime | None = moment()
    version: int = whole()
