"""Proofs: what a person has enrolled, when they last proved that it is them, and what is proved of one payment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from core.ids import PersonId
from core.payments.fx.quote import Quote
from core.ports import UnitOfWork
from core.risk.challenge import Challenge
from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.shop.orders import Order

PAY = "pay"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of somebody's factors, by one read."""

    enrolled: frozenset[Factor]  # those that may confirm something
    last_strong: datetime | None


def bound_to(purpose: str, *parts: str) -> str:
    """A digest of what is confirmed: 64 hexadecimal digits, another one as soon as any part is another.

    Each part is written with its length, so that no two lists of parts read alike.
    """
    written = "".join(f"{len(part)}:{part}" for part in (purpose, *parts))
    return hashlib.sha256(written.encode()).hexdigest()


def payment(order: Order, quote: Quote) -> str:
    """What a payment's confirmation is bound to: order, payee, method, amount, currency.

    Dynamic linking, Commission Delegated Regulation (EU) 2018/389 Art. 5: a change of any is another payment.
    """
    return bound_to(PAY, order.id, order.seller, order.method, str(quote.pay.minor), quote.pay.asset.code)


def credentials(uow: UnitOfWork, person: PersonId) -> list[Credential]:
    """What somebody has enrolled and may use."""
    return [one for one in uow.credentials.find(person=person, limit=100) if one.stands]


def standing(uow: UnitOfWork, person: PersonId) -> Standing:
    """Their factors and their last strong authentication."""
    found = [one for one in credentials(uow, person) if one.factor is not Factor.RECOVERY]
    proved = [one.proved_at for one in found if one.proved_at]
    return Standing(frozenset(one.factor for one in found), max(proved, default=None))


def enrolled(uow: UnitOfWork, person: PersonId) -> frozenset[Factor]:
    """The factors that they may confirm something with."""
    return standing(uow, person).enrolled


def last_strong(uow: UnitOfWork, person: PersonId) -> datetime | None:
    """When they last proved by a factor, beside holding the chat account, that it is them."""
    return standing(uow, person).last_strong


def usable(uow: UnitOfWork, now: datetime, person: PersonId, bound: str) -> list[Challenge]:
    """The passed challenges of exactly this thing that are neither used nor too old."""
    return [one for one in uow.challenges.find(bound=bound, person=person, limit=20) if one.proves(now)]


def proved(uow: UnitOfWork, now: datetime, order: Order, quote: Quote) -> frozenset[Factor]:
    """The factors that the shopper has proved for exactly this payment, not yet used and not expired."""
    found = usable(uow, now, order.shopper, payment(order, quote))
    return frozenset(factor for one in found for factor in one.done)
