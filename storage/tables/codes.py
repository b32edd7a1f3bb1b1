"""Tables of payment codes: those the shop made, and those of other hands that look like them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import moment, sealed, text, whole


class Issued(SQLModel, table=True):
    """core.risk.issued.Issued."""

    __tablename__: ClassVar[str] = "issued"
    id: str = text(key=True)
    operation: str = text()
    order: str = text()
    person: int = whole()
    issued_at: datetime = moment()
    version: int = whole()


class Lookalikes(SQLModel, table=True):
    """core.risk.issued.Lookalike; payee and account in `personal`."""

    __tablename__: ClassVar[str] = "lookalikes"
    __table_args__ = (Index("ix_lookalikes_reporter", "reporter", "seen_at"),)
    id: str = text(key=True)
    seen_at: datetime = moment()
    reporter: int = whole()
    scheme: str = text()
    likeness: str = text()
    picture: str = text()
    version: int = whole()
    personal: bytes | None = sealed()
