"""Pricing: from a cart's lines to what the buyer pays and the seller is owed, in one quote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from core.errors import Refusal, sentence
from core.ids import OrderId, QuoteId
from core.money import Asset, Money, zero
from core.payments.fx import RateDesk
from core.payments.quote import Quote, QuotedRate, QuoteState
from core.shop.browse import sums
from core.shop.context import Method, Shop


class TooSmall(Refusal):
    """Less than the smallest unit of the currency to pay or to settle in. Parameter: amount."""

    sentence = sentence("{amount} is too little to be paid by itself. Please order more, or pay another way.")


# How long the review page's price stands before it must be confirmed.
OFFER_LIFE = timedelta(minutes=15)


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


def make_quote(
    shop: Shop, *, order: OrderId, goods: Iterable[Money], method: Method, settled_in: Asset, now: datetime
) -> Quote:
    """A quote for goods priced in any currencies. Raises NoRate, StaleRate, TooSmall.

    The spread is paid once, by whoever wants another currency than the price's: the buyer who pays in another one,
    else the seller who is settled in another one.
    """
    up = Fraction(10_000 + shop.policy.fx.spread_bp, 10_000)
    down = Fraction(10_000 - shop.policy.fx.spread_bp, 10_000)
    pay, owed = zero(method.currency), zero(settled_in)
    rates: list[QuotedRate] = []
    subtotals = sums(goods)
    for subtotal in subtotals:
        priced_in = subtotal.asset
        if priced_in == method.currency:
            pay += subtotal
        else:
            asked = _rate(shop.rates, priced_in, method.currency, now, up)
            rates.append(asked)
            pay += subtotal.converted(asked.client, method.currency)
        if priced_in == settled_in:
            owed += subtotal
        else:
            given = _rate(shop.rates, priced_in, settled_in, now, down if priced_in == method.currency else Fraction(1))
            rates.append(given)
            owed += subtotal.converted(given.client, settled_in)
    if not pay or not owed:
        raise TooSmall(amount=subtotals[0])
    at_mid = pay.converted(shop.rates.mid(method.currency, settled_in, now.date()).rate, settled_in)
    return Quote(
        id=QuoteId(shop.ids.new()),
        order=order,
        method=method.name,
        pay=pay,
        owed=owed,
        markup=at_mid - owed,
        rates=tuple(rates),
        spread_bp=shop.policy.fx.spread_bp,
        lock_price=zero(method.currency),
        policy=shop.policy.version,
        issued_at=now,
        expires_at=now + OFFER_LIFE,
        state=QuoteState.OFFERED,
    )
