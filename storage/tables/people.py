"""Tables of the people: shoppers, sellers, their open questions, and what admins did."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import moment, sealed, text, whole


class People(SQLModel, table=True):
    """core.people.Person. `personal` holds the address and the safety phrase."""

    __tablename__: ClassVar[str] = "people"
    id: int = whole(key=True)
    name: str = text()
    username: str = text()
    language: str = text()
    joined_at: datetime = moment()
    currency: str | None = text()
    method: str = text()
    tier: str = text()
    received: int = whole()
    quick: str = text()
    version: int = whole()
    personal: bytes | None = sealed()


class Sellers(SQLModel, table=True):
    """core.people.Seller. `personal` holds the account that payouts go to."""

    __tablename__: ClassVar[str] = "sellers"
    __table_args__ = (Index("ix_sellers_person", "person"),)
    id: str = text(key=True)
    person: int = whole()
    name: str = text()
    country: str = text()
    currency: str = text()
    tier: str = text()
    joined_at: datetime = moment()
    converts: str = text()
    version: int = whole()
    personal: bytes | None = sealed()


class Dialogs(SQLModel, table=True):
    """core.people.Dialog."""

    __tablename__: ClassVar[str] = "dialogs"
    person: int = whole(key=True)
    step: str = text()
    data: str = text()
    asked_at: datetime = moment()
    version: int = whole()


class Audit(SQLModel, table=True):
    """core.people.AuditLine."""

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("ix_audit_at", "at"), Index("ix_audit_actor", "actor", "at"))
    id: str = text(key=True)
    at: datetime = moment()
    actor: int = whole()
    command: str = text()
    detail: str = text()
    version: int = whole()
