"""Limits as holds: every payment takes its amount from each limit it falls under, or is refused whole."""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.errors import Refusal, sentence
from core.ids import OrderId, PersonId
from core.ledger.finding import Finding
from core.money import Money
from core.people import Tier
from core.policy import Limit, Policy
from core.ports import Duplicate, UnitOfWork
from core.risk.holds import Counter, Hold


class OverPaymentLimit(Refusal):
    """More than one payment may be. Parameters: limit, amount."""

    sentence = sentence("One payment may be at most {limit}; this one would be {amount}. Please buy less at once.")


class OverDayLimit(Refusal):
    """More than is left of a day's limit. Parameters: limit, left, renews."""

    sentence = sentence("The daily limit is {limit} and {left} of it is left. It renews on {renews}.")


class OverChannelLimit(Refusal):
    """More than is left of what a way to pay may take in a day. Parameters: limit, left, renews."""

    sentence = sentence(
        "This way to pay takes at most {limit} a day and {left} of it is left. It renews on {renews}; "
        "you can choose another way to pay."
    )


class OverShopLimit(Refusal):
    """More than is left of what the shop as a whole may take in a day. Parameters: limit, left, renews."""

    sentence = sentence("This shop takes at most {limit} a day and {left} of it is left. It renews on {renews}.")


_OVER_A_DAY: dict[str, type[Refusal]] = {
    "shopper": OverDayLimit,
    "channel": OverChannelLimit,
    "shop": OverShopLimit,
}


def _applies(limit: Limit, tier: Tier, channel: str) -> bool:
    return {"shopper": limit.subject == tier, "channel": limit.subject == channel, "shop": True}[limit.who]


def hold(
    uow: UnitOfWork,
    policy: Policy,
    now: datetime,
    *,
    order: OrderId,
    shopper: PersonId,
    tier: Tier,
    channel: str,
    amount: Money,
) -> None:
    """Take `amount` (in the policy's currency) from every limit that applies; all or a Refusal that says which one.

    The counters are shifted in one guarded step each, so two payments at once cannot both fit under the last euro.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for limit in sorted(policy.limits, key=lambda one: one.id):
        if not _applies(limit, tier, channel):
            continue
        if limit.window == "payment":
            if amount > limit.amount:
                raise OverPaymentLimit(limit=limit.amount, amount=amount)
            continue
        subject = str(shopper) if limit.who == "shopper" else limit.subject
        # A shopper's day is one counter whatever their tier: rising in tier does not open a second purse.
        family = "shopper" if limit.who == "shopper" else limit.id
        key = f"{family}|{subject}|{midnight:%Y-%m-%d}"
        renews = midnight + timedelta(days=1)
        with suppress(Duplicate):
            uow.counters.add(Counter(key, 0, renews))
        if not uow.counters.shift(key, "used", amount.minor, most=limit.amount.minor):
            used = uow.counters.need(key).used
            left = Money(max(0, limit.amount.minor - used), limit.amount.asset)
            raise _OVER_A_DAY[limit.who](limit=limit.amount, left=left, renews=renews)
        taken = Hold(f"{order}|{key}", order, key, amount, released=False, placed_at=now)
        former = uow.holds.get(taken.id)  # the order is paid another way after all
        if former is None:
            uow.holds.add(taken)
        else:
            uow.holds.save(replace(taken, version=former.version))


def release(uow: UnitOfWork, order: OrderId) -> None:
    """Give back what an order that came to nothing was holding. A second call gives nothing."""
    for held in uow.holds.find(order=order, released=False):
        uow.counters.shift(held.counter, "used", -held.amount.minor)
        uow.holds.save(replace(held, released=True))


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariant 12: a counter is the sum of what is held of it."""
    sums: Sums[str] = Sums()
    for held in uow.holds.walk():
        if not held.released:
            sums[held.counter] += held.amount.minor
    for counter in uow.counters.walk():
        holds = sums.pop(counter.id, 0)
        if counter.used != holds and counter.renews_at:  # without it, it is not of a limit
            yield Finding(12, counter.id, f"{counter.used} minor units are used, the holds on it sum to {holds}")
    for key, holds in sums.items():
        yield Finding(12, key, f"holds of {holds} minor units are on a counter that is not there")
