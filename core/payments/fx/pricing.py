"""Pricing: from a cart's lines to what the buyer pays and the seller is owed, in one quote."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from core.errors import Refusal, sentence
from core.ids import QuoteId
from core.money import Asset, Money, zero
from core.payments.fx.desk import RateDesk
from core.payments.fx.quote import Quote, QuotedRate, QuoteState
from core.shop.browse import sums
from core.shop.context import Method, Shop
from core.shop.orders import Order


class TooSmall(Refusal):
    """Less than the smallest unit of the currency to pay or to settle in. Parameter: amount."""

    sentence = sentence("{amount} is too little to be paid by itself. Please order more, or pay another way.")


class TooLargeToLock(Refusal):
    """More than one rate is held for. Parameters: amount, limit."""

    sentence = sentence(
        "A rate is held for at most {limit}, and this would be {amount}. Please order less at once, "
        "or pay in the seller’s currency."
    )


# How long the review page's price stands before it must be confirmed.
OFFER_LIFE = timedelta(minutes=15)


@lru_cache(maxsize=1024)
def six_digits(rate: Fraction) -> Fraction:
    """`rate` to 6 significant digits: the rate that is shown is the rate that is used."""
    if rate <= 0:
        raise ValueError("a rate is positive")
    scale = 6
    while rate * Fraction(10) ** scale >= 10**6:
        scale -= 1
    while rate * Fraction(10) ** scale < 10**5:
        scale += 1
    return Fraction(round(rate * Fraction(10) ** scale)) / Fraction(10) ** scale


def _rate(desk: RateDesk, base: Asset, quote: Asset, now: datetime, spread: Fraction) -> QuotedRate:
    mid = desk.mid(base, quote, now.date())
    return QuotedRate(base, quote, mid.rate, six_digits(mid.rate * spread), mid.on, mid.source)


def cart_digest(order: Order) -> str:
    """What a quote is bound to: the lines, with their prices and quantities, in their order."""
    lines = "\n".join(f"{line.product}|{line.price}|{line.quantity}" for line in order.lines)
    return hashlib.sha256(lines.encode()).hexdigest()[:32]


def payee_of(method: Method) -> str:
    """What a quote is bound to: the account holder and the account."""
    return f"{method.payee}|{method.account}"


def _lock_price(shop: Shop, pay: Money, method: Method, settled_in: Asset) -> Money:
    """What a buyer pays for holding their rate: the policy's share of what that is worth at most, rounded up.

    Held from the offer until the last moment to pay. Only a buyer who asked for another currency than the price's has
    an option: they may leave it when the rate moves their way. Where the buyer pays the price as it stands and only the
    seller is settled in another currency, nobody gains by leaving, and the seller's spread carries it.
    """
    life = OFFER_LIFE + shop.policy.pay_within.get(method.name, timedelta())
    worth = shop.rates.history.lock_ppm(method.currency.code, settled_in.code, life)
    return Money(-(-pay.minor * worth * shop.policy.fx.selection_bp // (10**6 * 10_000)), pay.asset)


def make_quote(shop: Shop, *, order: Order, method: Method, settled_in: Asset, now: datetime) -> Quote:
    """A quote for an order, whatever its prices are in. Raises NoRate, StaleRate, RatesPart, TooSmall, TooLargeToLock.

    The spread is paid once, by whoever wants another currency than the price's: the buyer who pays in another one,
    else the seller who is settled in another one.
    """
    up = Fraction(10_000 + shop.policy.fx.spread_bp, 10_000)
    down = Fraction(10_000 - shop.policy.fx.spread_bp, 10_000)
    exchanged, owed = zero(method.currency), zero(settled_in)
    pay = zero(method.currency)
    rates: list[QuotedRate] = []
    subtotals = sums(line.total for line in order.lines)
    for subtotal in subtotals:
        priced_in = subtotal.asset
        if priced_in == method.currency:
            pay += subtotal
        else:
            asked = _rate(shop.rates, priced_in, method.currency, now, up)
            rates.append(asked)
            exchanged += subtotal.converted(asked.client, method.currency)
        if priced_in == settled_in:
            owed += subtotal
        else:
            given = _rate(shop.rates, priced_in, settled_in, now, down if priced_in == method.currency else Fraction(1))
            rates.append(given)
            owed += subtotal.converted(given.client, settled_in)
    is_exchange = method.currency != settled_in
    lock_price = _lock_price(shop, exchanged, method, settled_in) if is_exchange else zero(method.currency)
    pay += exchanged + lock_price
    if not pay or not owed:
        raise TooSmall(amount=subtotals[0])
    _check_cap(shop, pay, is_exchange, now)
    mid = shop.rates.mid(method.currency, settled_in, now.date()).rate
    return Quote(
        id=QuoteId(shop.ids.new()),
        order=order.id,
        method=method.name,
        pay=pay,
        owed=owed,
        markup=pay.converted(mid, settled_in) - owed,
        rates=tuple(rates),
        spread_bp=shop.policy.fx.spread_bp,
        lock_price=lock_price,
        policy=shop.policy.version,
        issued_at=now,
        expires_at=now + OFFER_LIFE,
        state=QuoteState.OFFERED,
        cart=cart_digest(order),
        payee=payee_of(method),
        mid=mid,
    )


def _check_cap(shop: Shop, pay: Money, is_exchange: bool, now: datetime) -> None:
    if not is_exchange:
        return
    worth, limit = shop.rates.worth(pay, shop.policy.currency, now.date()), shop.policy.fx.cap
    if worth > limit:
        raise TooLargeToLock(amount=worth, limit=limit)
