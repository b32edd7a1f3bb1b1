"""What is known of a payment: gathered once, before it is judged, and kept with the decision."""

from __future__ import annotations

from datetime import datetime

from core.money import Money, asset
from core.payments.fx.desk import NoRate, RatesPart, StaleRate
from core.payments.fx.quote import Quote
from core.people import Person, Seller
from core.policy.areas import AREAS, country_of, is_one_market
from core.policy.rails import facts_of
from core.policy.rule import Action, Line
from core.ports import UnitOfWork
from core.risk import proofs
from core.risk.challenge import Challenge
from core.risk.deciding import measure
from core.risk.decision import Facts
from core.risk.devices import cooling
from core.risk.factors import Factor, independent
from core.risk.own import OwnLimits
from core.shop.context import Shop
from core.shop.orders import Order


def places(shopper: str, seller: str, channel: str) -> dict[str, str]:
    """Where a payment touches: the countries of shopper and seller, the channel's area, and if it crosses a border.

    Where the shopper's country is not known, a border is taken to be crossed.
    """
    border = "none" if shopper and is_one_market(shopper, seller) else "crossed"
    visitor = "" if not shopper else "no" if shopper == channel or channel in AREAS else "yes"
    area = " ".join(sorted({place for place in (shopper, seller, channel) if place}))
    return {
        "shopper": shopper,
        "seller": seller,
        "channel": channel,
        "area": area,
        "border": border,
        "visitor": visitor,
    }


def of_method(shop: Shop, method: str, *, minds_rail: bool) -> dict[str, str]:
    """What a way to pay says; "sca": whether the rule of its rail asks for a proof, or the shop's own."""
    known = {**facts_of(method), **shop.policy.facts.get(method, {})}
    by_rail = minds_rail and known.get("channel", "") in ("EU", "EEA", *AREAS["EEA"])
    return {**known, "method": method, "sca": "rail" if by_rail else "shop"}


def known_of(shop: Shop, order: Order, person: Person, seller: Seller, *, minds_rail: bool) -> dict[str, str]:
    """What person, seller, order and way to pay say."""
    known = of_method(shop, order.method, minds_rail=minds_rail)
    country = country_of(order.address.country) if order.address else ""
    known |= places(country, seller.country, known.get("channel", ""))
    known |= {"tier": person.tier.value, "seller_tier": seller.tier.value}
    if order.frozen:
        known["suspicious"] = "yes"
    return known


def proof_of(
    uow: UnitOfWork, shop: Shop, order: Order, quote: Quote, now: datetime
) -> tuple[dict[str, str], list[Challenge], datetime | None]:
    """What the shopper has enrolled and has proved of this payment; the proofs; when they proved anything last."""
    standing = proofs.standing(uow, order.shopper)
    if not standing.enrolled:
        return {"enrolled": "no", "factors": "0", "device": "none"}, [], None
    passed = proofs.usable(uow, now, order.shopper, proofs.payment(order, quote))
    done: frozenset[Factor] = frozenset(factor for one in passed for factor in one.done)
    new = cooling(uow, order.shopper, now, shop.policy) is not None
    known = {"enrolled": "yes", "factors": str(min(2, independent(done))), "device": "new" if new else "known"}
    return known, passed, standing.last_strong


def sums_of(shop: Shop, order: Order, pay: Money, now: datetime, lines: tuple[Line, ...]) -> dict[str, int]:
    """What the lines compare their numbers with, in their currencies, at the day's rate.

    Raises NoRate, StaleRate, RatesPart for want of a rate that a refusal or a step-up needs; a note goes without.
    """
    sums: dict[str, int] = {}
    for line in sorted(lines, key=lambda one: one.action is Action.NOTE):
        if line.amount is None or (name := measure(line)) in sums:
            continue
        what, _, code = name.partition("|")
        try:
            sums[name] = _measured(shop, order, pay, now, what, code)
        except (NoRate, StaleRate, RatesPart):
            if line.action is not Action.NOTE:
                raise
    return sums


def _measured(shop: Shop, order: Order, pay: Money, now: datetime, what: str, code: str) -> int:
    def minor(amount: Money) -> int:
        into = asset(code)
        return amount.minor if amount.asset == into else shop.rates.approximately(amount, into, now.date())[0].minor

    if what == "unit":
        return max(minor(line.price) for line in order.lines)
    if what == "shipment":
        return sum(minor(line.total) for line in order.lines)
    return minor(pay)


def facts_about(order: Order, quote: Quote, now: datetime, known: dict[str, str], own: OwnLimits | None) -> Facts:
    """The facts of a payment, before its sums are known."""
    bounds = own.at(now).bounds if own else {}
    return Facts(order.id, order.shopper, order.seller, order.method, quote.pay, now, known=known, own=bounds)
