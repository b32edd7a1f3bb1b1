"""What a shopper may pay: the limits as they stand for them, and the verbs by which they set their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.money import Money
from core.policy import Policy
from core.policy.rule import Line, Metric
from core.ports import UnitOfWork
from core.risk import stepping, windows
from core.risk.holds import Purse
from core.risk.own import OwnLimits
from core.risk.rulebook import line_of, own_lines
from core.risk.small import Small, small
from core.shop.context import Shop
from core.shop.visitors import note_command

KINDS = ("payment", "day")


class NoSuchLimit(Refusal):
    """What was bounded is neither a payment nor a day."""

    sentence = sentence(
        "Write what to limit and to how much, such as /limits payment 50 or /limits day 200; “none” takes a limit away."
    )


@dataclass(frozen=True, slots=True)
class Room:
    """One limit as it stands: `left` of a window until `renews`; both None for a limit of each payment."""

    kind: str  # "payment", "day", "year"
    limit: Money
    left: Money | None = None
    renews: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that bounds a shopper's next payment but the rules of the way to pay, which depend on it."""

    shop: tuple[Room, ...]
    own: tuple[Room, ...]
    limits: OwnLimits  # with what will rise, and when
    step_up: Money  # from so much on a payment is confirmed
    small: Small | None  # who can confirm is asked for less, too: these go without. None for who cannot yet


def standing(uow: UnitOfWork, shop: Shop, who: PersonId) -> Standing:
    """How the limits stand for somebody now. Raises Gone."""
    now, person = shop.clock.now(), uow.people.need(who)
    purse = uow.purses.get(f"shopper|{who}") or Purse("")
    limits = (uow.own_limits.get(who) or OwnLimits(who)).at(now)
    mine = [one for one in shop.policy.limits if one.who == "shopper" and one.subject == person.tier]
    return Standing(
        shop=tuple(_room(line_of(one), purse, now) for one in mine),
        own=tuple(_room(line, purse, now) for line in own_lines(limits.bounds)),
        limits=limits,
        step_up=shop.policy.risk.step_up,
        small=small(uow, shop, who),
    )


def lower_of_shop(standing: Standing, kind: str, amount: Money | None) -> Money | None:
    """The shop's limit of a kind, where it is below the amount to which a shopper bounds themselves."""
    limits = [room.limit for room in standing.shop if room.kind == kind]
    return min((one for one in limits if amount is not None and one < amount), default=None)


def _room(line: Line, purse: Purse, now: datetime) -> Room:
    assert line.amount is not None
    if line.metric is Metric.PAYMENT:
        return Room("payment", line.amount)
    used = windows.used(purse.used, windows.window_of(line, ""), "-", now)
    left = Money(max(0, line.amount.minor - used), line.amount.asset)
    return Room(line.metric.value, line.amount, left, windows.ends(line.metric, line.zone, 0, (), now))


def set_own(uow: UnitOfWork, shop: Shop, who: PersonId, kind: str, amount: Money | None) -> OwnLimits:
    """Bound one's own payments (`kind` "payment") or days ("day"), in the policy's currency; None takes the bound away.

    Lower is at once. Higher is after a proof and `policy.risk.raise_after`, so that who steals a chat for an hour has
    gained nothing. Raises NoSuchLimit, ProofNeeded.
    """
    if kind not in KINDS:
        raise NoSuchLimit
    now = shop.clock.now()
    kept = uow.own_limits.get(who)
    limits = (kept or OwnLimits(who)).at(now)
    before: Money | None = getattr(limits, kind)
    if before is not None and (amount is None or amount > before):
        stepping.need(uow, shop, who, "raise-limit", kind, str(amount.minor) if amount else "none")
        limits = _rising(limits, kind, amount, now, shop.policy)
    else:
        changes: dict[str, Any] = {kind: amount}
        if limits.rises_at is not None:  # the other one may still rise; this one was thought better of
            changes[f"next_{kind}"] = amount
        limits = replace(limits, **changes)
    note_command(uow, shop, who, "own limit", kind=kind, to=str(amount) if amount else "none")
    return uow.own_limits.save(limits) if kept else uow.own_limits.add(limits)


def _rising(limits: OwnLimits, kind: str, amount: Money | None, now: datetime, policy: Policy) -> OwnLimits:
    if limits.rises_at is None:
        limits = replace(limits, next_payment=limits.payment, next_day=limits.day)
    changes: dict[str, Any] = {f"next_{kind}": amount, "rises_at": now + policy.risk.raise_after}
    return replace(limits, **changes)
