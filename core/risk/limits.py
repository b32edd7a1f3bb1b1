"""Limits as holds: what a payment takes of each purse, gives back when it comes to nothing, and what a refusal says."""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.errors import Gone, Refusal, sentence
from core.ids import OrderId
from core.ledger.finding import Finding
from core.policy.rule import Layer, Line, Metric, Whose, published_by_id
from core.ports import Duplicate, UnitOfWork
from core.risk import windows
from core.risk.deciding import Outcome, measure
from core.risk.decision import Decision, Facts
from core.risk.holds import Hold, Purse
from core.risk.rulebook import COOL
from core.shop.orders import OrderState


class LimitRefusal(Refusal):
    """A limit said no. `decision` is what was decided and from what; it was not kept, as nothing else was."""

    decision: Decision | None = None


class OverPaymentLimit(LimitRefusal):
    """More than one payment may be. Parameters: limit, amount."""

    sentence = sentence("One payment may be at most {limit}; this one would be {amount}. Please buy less at once.")


class OverTierLimit(OverPaymentLimit):
    """… for a shopper who can still rise."""

    sentence = sentence(
        "One payment may be at most {limit}; this one would be {amount}. Please buy less at once. Your limits rise "
        "with the orders that you confirm as received."
    )


class OverDayLimit(LimitRefusal):
    """More than is left of a day's limit. Parameters: limit, left, renews."""

    sentence = sentence(
        "Your daily limit is {limit} and {left} of it is left. It renews on {renews}. Please buy less today; your "
        "limits rise with the orders that you confirm as received."
    )


class OverYearLimit(LimitRefusal):
    """More than is left of a year's limit. Parameters: limit, left, renews."""

    sentence = sentence(
        "Your yearly limit is {limit} and {left} of it is left. It renews on {renews}. Please buy less until then."
    )


class OverChannelLimit(LimitRefusal):
    """More than is left of what a way to pay may take in a day. Parameters: limit, left, renews."""

    sentence = sentence(
        "This way to pay takes at most {limit} a day and {left} of it is left. It renews on {renews}; "
        "you can choose another way to pay."
    )


class OverChannelPayment(OverPaymentLimit):
    """More than one payment by a way to pay may be. Parameters: limit, amount."""

    sentence = sentence(
        "This way to pay takes at most {limit} at once; this payment would be {amount}. Please buy less at once, or "
        "choose another way to pay."
    )


class OverSellerPayment(OverPaymentLimit):
    """More than one payment to this seller may be. Parameters: limit, amount."""

    sentence = sentence(
        "This seller may be paid at most {limit} at once; this payment would be {amount}. Please buy less at once."
    )


class OverSellerLimit(LimitRefusal):
    """More than is left of what a seller may be paid. Parameters: limit, left, renews."""

    sentence = sentence(
        "This seller may be paid at most {limit} in this time and {left} of it is left. It renews on {renews}; "
        "other sellers can be paid meanwhile."
    )


class OverShopLimit(LimitRefusal):
    """More than is left of what the shop as a whole may take in a day. Parameters: limit, left, renews."""

    sentence = sentence(
        "This shop takes at most {limit} a day and {left} of it is left. It renews on {renews}. Please buy less today, "
        "or come back then."
    )


class OverNewDevice(LimitRefusal):
    """A payment confirmed on a device that is new, or by somebody who has one. Parameters: limit, left, renews."""

    sentence = sentence(
        "One of your devices is new to this shop. Until {renews} you can pay at most {limit} here, and {left} of it is "
        "left. If it is not yours, lock it with /devices."
    )


class OverNewDevicePayment(OverNewDevice):
    """… for one payment. Parameters: limit, amount, renews."""

    sentence = sentence(
        "One of your devices is new to this shop. Until {renews} you can pay at most {limit} at once here; this "
        "payment would be {amount}. If the device is not yours, lock it with /devices."
    )


class OverYearHere(LimitRefusal):
    """More than is left of a year's limit of a way to pay or of the shop. Parameters: limit, left, renews."""

    sentence = sentence(
        "At most {limit} may be paid here in a year and {left} of it is left. It renews on {renews}; another way to "
        "pay may have more room."
    )


class OverOwnPayment(LimitRefusal):
    """More than the shopper lets themselves pay at once. Parameters: limit, amount."""

    sentence = sentence(
        "You have bounded yourself to {limit} a payment; this one would be {amount}. /limits changes that: lower at "
        "once, higher after a day."
    )


class OverOwnDay(LimitRefusal):
    """More than is left of what the shopper lets themselves pay in a day. Parameters: limit, left, renews."""

    sentence = sentence(
        "You have bounded yourself to {limit} a day and {left} of it is left. It renews on {renews}. /limits changes "
        "that: lower at once, higher after a day."
    )


class OverRulePayment(LimitRefusal):
    """A published rule bounds one payment. Parameters: limit, amount, authority, document."""

    sentence = sentence(
        "The providers of this way to pay are bound to take at most {limit} at once ({authority}, {document}); this "
        "would be {amount}. Please buy less at once, or choose another way to pay."
    )


class UnderRulePayment(LimitRefusal):
    """A published rule asks for more in one payment. Parameters: limit, amount, authority, document."""

    sentence = sentence(
        "This way to pay takes no less than {limit} ({authority}, {document}); this would be {amount}. Please choose "
        "another way to pay."
    )


class OverRuleWindow(LimitRefusal):
    """A published rule bounds payments in some time. Parameters: limit, left, renews, authority, document."""

    sentence = sentence(
        "The providers of this way to pay are bound to take at most {limit} from one customer in this time "
        "({authority}, {document}), and {left} of it is left. It renews on {renews}; until then you can choose another "
        "way to pay."
    )


class OverRuleForGood(LimitRefusal):
    """A published rule bounds payments, and no day lifts it. Parameters: limit, left, authority, document."""

    sentence = sentence(
        "The providers of this way to pay are bound to let one customer have at most {limit} with them ({authority}, "
        "{document}), and {left} of it is left. Your provider can tell you what raises it; you can choose another way "
        "to pay."
    )


_SHOP_PAYMENT: dict[Whose, type[Refusal]] = {
    Whose.CHANNEL: OverChannelPayment,
    Whose.SELLER: OverSellerPayment,
    Whose.SHOP: OverPaymentLimit,
}
_SHOP_DAY: dict[Whose, type[Refusal]] = {
    Whose.SHOPPER: OverDayLimit,
    Whose.CHANNEL: OverChannelLimit,
    Whose.SELLER: OverSellerLimit,
    Whose.SHOP: OverShopLimit,
}


def refusal_of(outcome: Outcome, facts: Facts, renews: datetime | None) -> Refusal:
    """The refusal that tells an outcome: which limit, how much is left, when it renews, what would lift it."""
    line = outcome.line
    assert line is not None and line.amount is not None
    params: dict[str, Any] = {"limit": line.amount}
    if line.metric in windows.SUMMED:
        params["left"] = outcome.left
    else:
        params["amount"] = replace(line.amount, minor=facts.sums[measure(line)])
    if renews is not None:
        params["renews"] = renews
    if line.rule in published_by_id():
        rule = published_by_id()[line.rule]
        params |= {"authority": rule.authority, "document": rule.document}
    return _kind(line, facts, renews)(**params)


def _kind(line: Line, facts: Facts, renews: datetime | None) -> type[Refusal]:
    summed = line.metric in windows.SUMMED
    if line.layer is Layer.OWN:
        return OverOwnDay if summed else OverOwnPayment
    if line.layer is Layer.LAW:
        if summed:
            return OverRuleWindow if renews else OverRuleForGood
        return UnderRulePayment if line.metric is Metric.LEAST else OverRulePayment
    if line.rule == COOL:
        return OverNewDevice if summed else OverNewDevicePayment
    if not summed:
        tiered = OverPaymentLimit if facts.known.get("tier") == "trusted" else OverTierLimit
        return _SHOP_PAYMENT.get(line.whose, tiered)
    if line.metric is Metric.YEAR and line.whose is not Whose.SELLER:
        return OverYearLimit if line.whose is Whose.SHOPPER else OverYearHere
    return _SHOP_DAY[line.whose]


# Taking and giving back


def purse_id(whose: Whose, facts: Facts) -> str:
    """The purse that a line counts in."""
    return {
        Whose.SHOPPER: f"shopper|{facts.shopper}",
        Whose.LINKED: f"shopper|{facts.shopper}",
        Whose.SELLER: f"seller|{facts.seller}",
        Whose.CHANNEL: f"channel|{facts.method}",
        Whose.SHOP: "shop|",
    }[whose]


def purses(uow: UnitOfWork, facts: Facts, lines: Iterable[Line]) -> dict[str, Purse]:
    """The purses that the lines count in, locked in one order, so that two payments at once wait for each other."""
    names = sorted({purse_id(line.whose, facts) for line in lines if line.metric in windows.SUMMED})
    return {name: _locked(uow, name) for name in names}


def _locked(uow: UnitOfWork, name: str) -> Purse:
    try:
        return uow.purses.lock(name)
    except Gone:  # the first payment of this subject
        with suppress(Duplicate):
            return uow.purses.add(Purse(name))
        return uow.purses.lock(name)


def without_ended(uow: UnitOfWork, purse: Purse) -> Purse:
    """The purse without what stayed with orders that are over by now."""
    over = [entry for entry in purse.used if (order := windows.order_in(entry)) and _is_over(uow, order)]
    return replace(purse, used={entry: n for entry, n in purse.used.items() if entry not in over}) if over else purse


_OVER = (OrderState.RECEIVED, OrderState.REFUNDED, OrderState.CANCELLED, OrderState.EXPIRED)


def _is_over(uow: UnitOfWork, order: OrderId) -> bool:
    found = uow.orders.get(order)
    return found is None or found.state in _OVER


def take(
    uow: UnitOfWork, facts: Facts, lines: Iterable[Line], held: Mapping[str, Purse], strong: datetime | None
) -> None:
    """Take a payment's amount from every window that its lines look at. The purses must be those that were locked."""
    proved = facts.known.get("factors", "0") != "0"
    taken: dict[str, dict[str, int]] = {name: {} for name in held}
    for line in lines:
        if line.metric not in windows.SUMMED or (proved and line.metric in (Metric.STRONG, Metric.COUNT)):
            continue
        entry = f"{windows.window_of(line, facts.seller)}|{windows.tag_of(line, facts.at, strong, facts.order)}"
        amount = 1 if line.metric is Metric.COUNT else facts.sums.get(measure(line))
        if amount is not None:
            taken[purse_id(line.whose, facts)][entry] = amount
    for name, entries in taken.items():
        if entries:
            _put(uow, facts, held[name], entries)


def _put(uow: UnitOfWork, facts: Facts, purse: Purse, entries: dict[str, int]) -> None:
    used = windows.cleared(purse.used, facts.at)
    for entry, amount in entries.items():
        used[entry] = used.get(entry, 0) + amount
    uow.purses.save(replace(purse, used=windows.cleared(used, facts.at), at=facts.at))
    hold = Hold(f"{facts.order}|{purse.id}", facts.order, purse.id, entries, released=False, placed_at=facts.at)
    try:
        uow.holds.add(hold)
    except Duplicate:  # the order is paid another way after all
        uow.holds.save(replace(hold, version=uow.holds.need(hold.id).version))


def release(uow: UnitOfWork, order: OrderId) -> None:
    """Give back what an order that came to nothing was holding. A second call gives nothing."""
    for held in sorted(uow.holds.find(order=order, released=False), key=lambda hold: hold.purse):
        purse = uow.purses.lock(held.purse)
        used = dict(purse.used)
        for entry, amount in held.taken.items():
            if entry in used:  # else its window is over
                used[entry] -= amount
                if not used[entry]:
                    del used[entry]
        uow.purses.save(replace(purse, used=used))
        uow.holds.save(replace(held, released=True))


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariant 12: what is used of a purse is the sum of what is held of it."""
    kept = {purse.id: purse for purse in uow.purses.walk()}
    rest = {name: Sums(purse.used) for name, purse in kept.items()}
    for hold in uow.holds.walk():
        if hold.released:
            continue
        purse = kept.get(hold.purse)
        if purse is None:
            yield Finding(12, hold.id, f"it is of the purse {hold.purse}, which is not there")
            continue
        for entry, amount in hold.taken.items():
            if entry in purse.used:
                rest[hold.purse][entry] -= amount
            elif not _may_be_gone(uow, purse, entry):
                yield Finding(12, hold.id, f"{amount} of {entry} are held, and nothing of it is used")
    for name, entries in rest.items():
        for entry, amount in entries.items():
            if amount:
                used = kept[name].used[entry]
                yield Finding(12, name, f"{used} of {entry} are used, the holds on it sum to {used - amount}")


def _may_be_gone(uow: UnitOfWork, purse: Purse, entry: str) -> bool:
    """Whether an entry was rightly left out: its window or its order is over, or counts from a later proof by now."""
    if purse.at is not None and windows.is_over(entry, purse.at):
        return True
    order = windows.order_in(entry)
    if order is not None:
        return _is_over(uow, order)
    window, _, tag = entry.rpartition("|")
    return tag[0] == ">" and any(other.rpartition("|")[0] == window and other > entry for other in purse.used)
