"""Screens from the cart to the confirmation: cart, review, methods, address."""

from __future__ import annotations

from datetime import date

from bot.screens import instalments
from bot.screens.catalogue import also, flag
from bot.screens.fit import MESSAGE, fitted
from bot.screens.screen import Key, Rows, Screen, row, rows
from bot.words import Html, Words
from core.errors import Refusal
from core.money import Asset
from core.payments.fx.desk import RateDesk
from core.payments.fx.quote import Quote, QuotedRate
from core.payments.instalments.plans import schedule
from core.payments.pockets import asked
from core.people import Address, Person
from core.shop.browse import CartGroup, CartView, OrderView
from core.shop.context import Method, Shop
from core.shop.orders import OrderLine


def cart(t: Words, view: CartView, rates: RateDesk, currency: Asset | None, today: date) -> Screen:
    """The cart by seller; each seller's part is one order."""
    lines: list[Html] = []
    if view.gone:
        lines += [t("No longer for sale: {titles}", titles=list(view.gone)), Html("")]
    if not view.groups:
        lines.append(t("Your cart is empty."))
        clear = row(Key(t.plain("🗑 Empty"), ("ce", view.cart.version))) if view.gone else ()
        return Screen(Html("\n").join(lines), rows(row(Key(t.plain("🛍 See what is for sale"), ("sh", 0))), clear))
    lines += [t("<b>Your cart</b>")]
    parts: list[Html] = []
    keys: list[tuple[Key, ...]] = []
    for group in view.groups:
        parts.append(Html("\n").join([Html(""), *_group(t, group, rates, currency, today)]))
        for goods, quantity in group.lines:
            keys.append(
                row(
                    Key("−", ("cq", goods.id, quantity - 1, view.cart.version)),
                    Key(f"{quantity} × {goods.title}", ("pr", goods.id)),
                    Key("＋", ("cq", goods.id, quantity + 1, view.cart.version)),
                )
            )
        label = t.plain("✅ Check out: {seller}", seller=group.seller.name)
        keys.append(row(Key(label, ("co", group.seller.id))))
    keys.append(row(Key(t.plain("🛍 Go on looking"), ("sh", 0)), Key(t.plain("🗑 Empty"), ("ce", view.cart.version))))
    return Screen(fitted(t, lines, parts, [], MESSAGE), tuple(keys))


def _group(t: Words, group: CartGroup, rates: RateDesk, currency: Asset | None, today: date) -> list[Html]:
    lines = [t("<b>{seller}</b> {flag}", seller=group.seller.name, flag=flag(group.seller.country))]
    for goods, quantity in group.lines:
        lines.append(t("{n} × {title} — {total}", n=quantity, title=goods.title, total=goods.price * quantity))
    for total in group.totals:
        lines.append(t("Together <b>{total}</b>", total=total))
        if approximate := also(t, rates, total, currency, today):
            lines.append(approximate)
    return lines


def items(t: Words, lines: tuple[OrderLine, ...]) -> list[Html]:
    """The lines of an order."""
    return [t("{n} × {title} — {total}", n=line.quantity, title=line.title, total=line.total) for line in lines]


def rate_line(t: Words, rate: QuotedRate) -> Html:
    """A rate as it was used, and its date."""
    return t(
        "1 {base} = {rate} {quote} ({source}, {on})",
        base=rate.base,
        rate=Html(t.rate(rate.client)),
        quote=rate.quote,
        source=rate.source,
        on=rate.on,
    )


def pay_rates(t: Words, quote: Quote) -> list[Html]:
    """The rates that what is to be paid was made by, and what holding them costs.

    A seller may be owed the currency that is paid, for goods priced in a third one: of two rates of a pair the first is
    the buyer's (core.payments.fx.pricing).
    """
    mine: dict[str, QuotedRate] = {}
    for rate in quote.rates:
        if rate.quote == quote.pay.asset:
            mine.setdefault(rate.base.code, rate)
    lines = [rate_line(t, rate) for rate in mine.values()]
    if lines and quote.lock_price:
        lines[-1] = t("{rate}, and {price} for holding it", rate=lines[-1], price=quote.lock_price)
    return lines


def owed_rates(t: Words, quote: Quote) -> list[Html]:
    """The rate behind each price, for the seller: into what they are owed in, or else by which the buyer paid it."""
    return [rate_line(t, rate) for rate in {rate.base.code: rate for rate in quote.rates}.values()]


def review(t: Words, view: OrderView, shop: Shop, reader: Person) -> Screen:
    """Amount, payee, items, address, deadline: everything there is to check before confirming."""
    order, quote = view.order, view.quote
    assert quote is not None, "a draft has a quote"
    method = shop.methods[order.method]
    lines = [
        Html(""),
        t("Sold by {seller} {flag}", seller=view.seller.name, flag=flag(view.seller.country)),
        t("To: {address}", address=_one_line(order.address)) if order.address else t("To: <i>no address yet</i>"),
        t("Pay with: {method}", method=method.title),
        t("Payee: {payee}", payee=method.payee),
        t("To pay: <b>{amount}</b>", amount=quote.pay),
    ]
    lines += pay_rates(t, quote)
    approximate = also(t, shop.rates, quote.pay, reader.currency, shop.clock.now().date())
    if approximate and reader.currency not in {line.price.asset for line in order.lines}:
        lines.append(approximate)
    if order.parts > 1:
        lines += [Html(""), *instalments.schedule(t, schedule(shop, quote.pay, order.parts))]
    lines += [
        Html(""),
        t(
            "Confirm by {moment}; then you have {span} to pay.",
            moment=quote.expires_at,
            span=shop.policy.pay_within[order.method],
        ),
    ]
    before = [t("<b>Please check your order</b>"), Html("")]
    text = fitted(t, before, items(t, order.lines), lines, MESSAGE)
    return Screen(text, _review_keys(t, view, quote, several=len(shop.methods) > 1))


def _review_keys(t: Words, view: OrderView, quote: Quote, *, several: bool) -> Rows:
    order = view.order
    single = order.lines[0].quantity if len(order.lines) == 1 and not order.from_cart else None
    return rows(
        row(
            Key(t.plain("✅ Confirm: pay {amount}", amount=asked(order, quote)), ("ok", order.id, quote.id))
            if order.address
            else Key(t.plain("📍 Give an address"), ("ad", order.id))
        ),
        row(
            Key("−", ("rq", order.id, single - 1, quote.id)) if single and single > 1 else None,
            Key(t.plain("{n} pcs", n=single), ("rv", order.id)),
            Key("＋", ("rq", order.id, single + 1, quote.id)),
        )
        if single
        else (),
        instalments.choice(t, order.id, order.parts, view.counts),
        row(
            Key(t.plain("💳 Pay another way"), ("me", order.id)) if several else None,
            Key(t.plain("📍 Other address"), ("ad", order.id)) if order.address else None,
        ),
        row(Key(t.plain("✖️ Leave it"), ("dx", order.id))),
    )


def _one_line(address: Address | None) -> str:
    return ", ".join([address.name, *address.lines.splitlines(), address.country]) if address else ""


def methods(
    t: Words, order_id: str, offers: list[tuple[Method, Quote | Refusal]], *, choose: str = "mc", back: str = "rv"
) -> Screen:
    """Every way to pay, with what this order costs by it: a draft's, or (`choose`, `back`) a placed order's."""
    lines = [t("<b>How would you like to pay?</b>"), Html("")]
    keys = []
    for method, offer in offers:
        if isinstance(offer, Refusal):
            lines.append(t("{method}: {why}", method=method.title, why=t.refusal(offer)))
            continue
        lines.append(t("{method}: <b>{amount}</b>", method=method.title, amount=offer.pay))
        lines += pay_rates(t, offer)
        keys.append(row(Key(f"{method.title} · {t.money(offer.pay)}", (choose, order_id, method.name))))
    return Screen(Html("\n").join(lines), rows(*keys, row(Key(t.plain("‹ Back"), (back, order_id)))))


def ask_address(t: Words) -> Screen:
    """Where should it go?"""
    return Screen(
        t(
            "Where should it go? Send the address as one message:\n\n<i>your name\nstreet and number\n"
            "postal code and city\ncountry</i>"
        ),
        ask=t.plain("Name, street, city, country"),
    )


__all__ = ["ask_address", "cart", "items", "methods", "owed_rates", "rate_line", "review"]
