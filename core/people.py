"""The people of the shop: everyone is a shopper; some also sell; admins are named by the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.ids import PersonId, SellerId
from core.money import Asset


class Tier(StrEnum):
    """How well the shop knows a shopper; confirmed receipts raise it (policy `tiers`)."""

    NEW = "new"
    REGULAR = "regular"
    TRUSTED = "trusted"


class SellerTier(StrEnum):
    """How much of a sale is released to a seller before the buyer confirms (policy `escrow`)."""

    NEW = "new"
    STANDARD = "standard"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the goods go, as the shopper wrote it. Personal data: encrypted at rest."""

    name: str
    lines: str  # street, postal code and city, line by line
    country: str  # as they wrote it; free text

    def __repr__(self) -> str:
        return "Address(…)"


QUICK_OFF = "off"  # of Person.quick


@dataclass(frozen=True, slots=True)
class Person:
    """Anyone who has written to the bot. `id` is the Telegram user id."""

    id: PersonId
    name: str
    username: str
    language: str  # IETF tag, as chosen here or told by Telegram
    joined_at: datetime
    currency: Asset | None = None  # prices are also shown in it; None until chosen
    address: Address | None = field(default=None, metadata={"personal": True})
    method: str = ""  # the method of the last order: offered first
    tier: Tier = Tier.NEW
    received: int = 0  # orders confirmed as received
    quick: str = ""  # the method of one-tap payments; "": the last order's; QUICK_OFF: no such payments
    phrase: str = field(default="", metadata={"personal": True})  # what every payment card of theirs shows
    version: int = 0


class Conversion(StrEnum):
    """When a seller's money becomes their currency: at each sale's rate, or at the rate of the payout's day."""

    AT_CAPTURE = "capture"
    AT_PAYOUT = "payout"


@dataclass(frozen=True, slots=True)
class Seller:
    """A merchant of the shop. `currency` is the one they are settled in."""

    id: SellerId
    person: PersonId
    name: str
    country: str  # ISO 3166-1 alpha-2
    currency: Asset
    tier: SellerTier
    joined_at: datetime
    converts: Conversion = Conversion.AT_CAPTURE
    account: str = field(default="", metadata={"personal": True})  # where payouts go: IBAN, Pix key; "" until given
    holder: str = field(default="", metadata={"personal": True})  # that account's holder
    version: int = 0

    def owed_in(self, paid: Asset) -> Asset:
        """The currency they are owed in for a sale that is paid in `paid`."""
        return paid if self.converts is Conversion.AT_PAYOUT else self.currency


@dataclass(frozen=True, slots=True)
class Dialog:
    """The question a person was last asked, so that the next free text finds its answer after any restart."""

    person: PersonId
    step: str  # which question
    data: dict[str, str]  # what was answered so far
    asked_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A command that changed something, by whom and when. Never edited."""

    id: str
    at: datetime
    actor: PersonId
    command: str
    detail: dict[str, str]
    version: int = 0
