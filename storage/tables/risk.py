"""Tables of the limits: how much of each is used, which order holds what of it, and what was decided by which rules."""

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


class Purses(SQLModel, table=True):
    """core.risk.holds.Purse; what is used as JSON."""

    __tablename__: ClassVar[str] = "purses"
    id: str = text(key=True)
    used: str = text()
    at: datetime | None = moment()
    version: int = whole()


class Holds(SQLModel, table=True):
    """core.risk.holds.Hold; what was taken as JSON."""

    __tablename__: ClassVar[str] = "holds"
    __table_args__ = (Index("ix_holds_order", "order"),)
    id: str = text(key=True)
    order: str = text()
    purse: str = text()
    taken: str = text()
    released: bool = flag()
    placed_at: datetime = moment()
    version: int = whole()


class OwnLimits(SQLModel, table=True):
    """core.risk.own.OwnLimits."""

    __tablename__: ClassVar[str] = "own_limits"
    person: int = whole(key=True)
    payment_minor: int | None = whole()
    payment_asset: str | None = text()
    day_minor: int | None = whole()
    day_asset: str | None = text()
    next_payment_minor: int | None = whole()
    next_payment_asset: str | None = text()
    next_day_minor: int | None = whole()
    next_day_asset: str | None = text()
    rises_at: datetime | None = moment()
    version: int = whole()


class Rulebooks(SQLModel, table=True):
    """core.risk.rulebook.Rulebook."""

    __tablename__: ClassVar[str] = "rulebooks"
    id: str = text(key=True)
    text: str = text()
    first_at: datetime = moment()
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
