"""Tables of the step-up: what people have enrolled, on which device, what they had to prove, and their way back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import moment, sealed, text, whole


class Credentials(SQLModel, table=True):
    """core.risk.credentials.Credential. `personal` holds the secret and its label."""

    __tablename__: ClassVar[str] = "credentials"
    __table_args__ = (Index("ix_credentials_person", "person"),)
    id: str = text(key=True)
    person: int = whole()
    factor: str = text()
    created_at: datetime = moment()
    confirmed_at: datetime | None = moment()
    removed_at: datetime | None = moment()
    proved_at: datetime | None = moment()
    last: int = whole()
    failures: int = whole()
    locked_until: datetime | None = moment()
    version: int = whole()
    personal: bytes | None = sealed()


class Challenges(SQLModel, table=True):
    """core.risk.challenge.Challenge. `personal` holds the digest of the code that was sent."""

    __tablename__: ClassVar[str] = "challenges"
    __table_args__ = (Index("ix_challenges_bound", "bound"), Index("ix_challenges_person", "person", "created_at"))
    id: str = text(key=True)
    person: int = whole()
    purpose: str = text()
    bound: str = text()
    created_at: datetime = moment()
    expires_at: datetime = moment()
    order: str | None = text()
    amount_minor: int | None = whole()
    amount_asset: str | None = text()
    payee: str = text()
    asked: str = text()
    needed: int = whole()
    done: str = text()
    tries: int = whole()
    passed_at: datetime | None = moment()
    used_at: datetime | None = moment()
    cancelled_at: datetime | None = moment()
    device: str = text()
    message: int | None = whole()
    sends: int = whole()
    sent_at: datetime | None = moment()
    data: str = text()
    version: int = whole()
    personal: bytes | None = sealed()


class Recoveries(SQLModel, table=True):
    """core.risk.recovery.Recovery."""

    __tablename__: ClassVar[str] = "recoveries"
    __table_args__ = (Index("ix_recoveries_person", "person"), Index("ix_recoveries_ripe", "ripe_at"))
    id: str = text(key=True)
    person: int = whole()
    started_at: datetime = moment()
    ripe_at: datetime = moment()
    how: str = text()
    by: int = whole()
    checked: str = text()
    told_at: datetime | None = moment()
    cancelled_at: datetime | None = moment()
    done_at: datetime | None = moment()
    version: int = whole()


class Devices(SQLModel, table=True):
    """core.risk.device.Device. `personal` holds what browser and system it is."""

    __tablename__: ClassVar[str] = "devices"
    __table_args__ = (Index("ix_devices_person", "person", "first_seen"),)
    id: str = text(key=True)
    person: int = whole()
    digest: str = text()
    first_seen: datetime = moment()
    last_seen: datetime = moment()
    trusted_at: datetime | None = moment()
    locked_at: datetime | None = moment()
    version: int = whole()
    personal: bytes | None = sealed()
