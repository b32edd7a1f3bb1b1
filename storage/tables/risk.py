"""Tables of the limits: how much of each is used, and which order holds what of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import flag, moment, text, whole


class Counters(SQLModel, table=True):
    """core.risk.holds.Counter."""

    __tablename__: ClassVar[str] = "counters"
    id: str = text(key=True)
    used: int = whole()
    renews_at: datetime | None = moment()
    version: int = whole()


class Holds(SQLModel, table=True):
    """core.risk.holds.Hold."""

    __tablename__: ClassVar[str] = "holds"
    __table_args__ = (Index("ix_holds_order", "order"), Index("ix_holds_counter", "counter"))
    id: str = text(key=True)
    order: str = text()
    counter: str = text()
    amount_minor: int = whole()
    amount_asset: str = text()
    released: bool = flag()
    placed_at: datetime = moment()
    version: int = whole()


class Decisions(SQLModel, table=True):
    """core.risk.decision.Decision; the facts and the counters seen as JSON."""

    __tablename__: ClassVar[str] = "decisions"
    __table_args__ = (Index("ix_decisions_order", "order", "at"), Index("ix_decisions_person", "person", "at"))
    id: str = text(key=True)
    order: str = text()
    person: int = whole()
    verdict: str = text()
    because: str = text()
    factors: int = whole()
    facts: str = text()
    book: str = text()
    at: datetime = moment()
    seen: str = text()
    notes: str = text()
    version: int = whole()
