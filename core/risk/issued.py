"""Payment codes that the shop made, by the digest of their bytes; and codes of other hands that look like them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from core.ids import OperationId, OrderId, PersonId
from core.payments.operations import Operation
from core.qr.reference import spell

if TYPE_CHECKING:
    from core.ports import UnitOfWork
    from core.shop.context import Shop


@dataclass(frozen=True, slots=True)
class Issued:
    """One code of ours. Whether it is paid or over is its operation’s and its order’s to say: it is not kept twice."""

    id: str  # SHA-256 of the payload's bytes, hexadecimal
    operation: OperationId
    order: OrderId
    person: PersonId  # whom it was made for
    issued_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A code that pays somebody else under our name, reference or amount, as somebody showed it to the bot first."""

    id: str  # SHA-256 of the payload's bytes, hexadecimal
    seen_at: datetime
    reporter: PersonId
    scheme: str
    likeness: str  # what it has of ours, by blank: "name reference amount"
    picture: str = ""  # digest of the picture it came in; "" when it came as text
    payee: str = field(default="", metadata={"personal": True})
    account: str = field(default="", metadata={"personal": True})
    version: int = 0


def digest(payload: str | bytes) -> str:
    """By which a code is known: any other byte is another code."""
    return hashlib.sha256(payload.encode() if isinstance(payload, str) else payload).hexdigest()


def keep(uow: UnitOfWork, now: datetime, charge: Operation, person: PersonId) -> None:
    """Write down that this charge's code was shown to its buyer. A channel may give the same code twice."""
    known = digest(charge.payload)
    if charge.dispatched_at is None or uow.issued.get(known) is None:  # one of our own making holds a fresh reference
        uow.issued.add(Issued(known, charge.id, charge.order, person, now))


def fingerprint(shop: Shop, payload: str | bytes) -> str:
    """A short mark of a payload, such as "K7Q-4TD": on the card, beside its text, and in the verdict on what is pasted.

    30 bits of a keyed digest: without the shop's key nobody can look for another payload of the same mark.
    """
    data = payload.encode() if isinstance(payload, str) else payload
    letters = spell(hmac.digest(shop.code_keys[0], b"mark\0" + data, "sha256")[:5])
    return f"{letters[:3]}-{letters[3:6]}"
