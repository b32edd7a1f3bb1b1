"""Screens of those who run the shop: a seller's products and dialogs, an admin's figures."""

from __future__ import annotations

from collections.abc import Iterable

from bot.screens.fx import parted
from bot.screens.orders import STATES, SYMBOLS
from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.money import Money
from core.payments.fx.desk import Fixing, Parted
from core.people import Seller, SellerTier
from core.shop.catalogue import Product, ProductState
from core.shop.context import Method
from core.shop.orders import OrderState

TIERS = {
    SellerTier.NEW: Word("new seller"),
    SellerTier.STANDARD: Word("standard seller"),
    SellerTier.TRUSTED: Word("trusted seller"),
}


def question(t: Words, step: str) -> Screen:
    """One of the questions about a product."""
    texts = {
        "picture": t("📷 Send a photo of the product."),
        "title": t("What is it called? One line, at most 60 characters."),
        "price": t("What does one cost? For example 12.50 EUR or 88 CNY."),
        "stock": t("How many do you have?"),
        "description": t("Describe it in a few sentences, or send a dash (-) for none."),
        "tracking": t("What is the tracking number?"),
    }
    return Screen(texts[step], rows(row(Key(t.plain("✖️ Leave it"), ("st",)))))


def product_list(t: Words, products: list[Product], page: int, more: bool) -> Screen:
    """A seller's own products."""
    if not products:
        return Screen(t("You have no products yet. /sell puts the first one up."))
    lines = [t("<b>Your products</b>"), Html("")]
    keys = []
    for goods in products:
        mark = "🟢" if goods.state is ProductState.ON_SALE and goods.stock else "⚪"
        lines.append(
            t(
                "{mark} <b>{title}</b> — {price}, {n} in stock",
                mark=mark,
                title=goods.title,
                price=goods.price,
                n=goods.stock,
            )
        )
        keys.append(row(Key(f"{mark} {goods.title}", ("pr", goods.id))))
    turn = row(Key("‹", ("mp", page - 1)) if page else None, Key("›", ("mp", page + 1)) if more else None)
    return Screen(Html("\n").join(lines), rows(*keys, turn))


def is_up(t: Words, goods: Product, bot: str) -> Html:
    """Told to the seller under the card of a product just put up."""
    return t(
        "✅ <b>{title}</b> is on sale.\nShare it: <code>https://t.me/{bot}?start=p_{product}</code>\n"
        "or write <code>@{bot} {title}</code> in any chat.",
        title=goods.title,
        bot=bot,
        product=goods.id,
    )


def balances(t: Words, seller: Seller, lines: Iterable[tuple[Word, Money]]) -> Html:
    """What a seller has, and what is still held for their orders."""
    return Html("\n").join(
        [t("<b>{seller}</b>", seller=seller.name)]
        + [t("{what}: <b>{amount}</b>", what=what, amount=amount) for what, amount in lines]
    )


def sellers(t: Words, found: list[tuple[Seller, int, Money, Money]]) -> Screen:
    """Every seller with products on sale, money available and money held."""
    if not found:
        return Screen(t("No sellers yet. /sellers add USER_ID COUNTRY CURRENCY Name opens one."))
    lines = [t("<b>Sellers</b>"), Html("")]
    for seller, products, available, held in found:
        lines.append(
            t(
                "<b>{seller}</b> · {country} · {tier} · {n} products",
                seller=seller.name,
                country=seller.country,
                tier=TIERS[seller.tier],
                n=products,
            )
        )
        lines.append(t("available {available}, held {held}", available=available, held=held))
    lines += [Html(""), t("/sellers add USER_ID COUNTRY CURRENCY Name opens another.")]
    return Screen(Html("\n").join(lines))


def stats(t: Words, states: dict[OrderState, int], taken: list[Money], fees: list[Money]) -> Html:
    """The caption under the chart."""
    lines = [t("<b>The shop in figures</b>"), Html("")]
    lines += [
        t("{symbol} {state}: {n}", symbol=SYMBOLS[state], state=STATES[state], n=n)
        for state, n in states.items()
        if n and state is not OrderState.DRAFT
    ]
    if taken:
        lines.append(t("Taken in: {amounts}", amounts=list(taken)))
    if fees:
        lines.append(t("Fees earned: {amounts}", amounts=list(fees)))
    return Html("\n").join(lines)


def channels(t: Words, found: list[tuple[Method, int, int, list[Money], list[Money]]]) -> Screen:
    """Every way to pay: how it does, and where its money lies."""
    lines = [t("<b>Payment channels</b>")]
    for method, paid, ended, clearing, unapplied in found:
        lines += [
            Html(""),
            t(
                "<b>{method}</b> · {currency} · payee {payee}",
                method=method.title,
                currency=method.currency,
                payee=method.payee,
            ),
            t("{paid} payments received, {ended} offers ended unpaid", paid=paid, ended=ended),
        ]
        if clearing:
            lines.append(t("In clearing: {amounts}", amounts=clearing))
        if unapplied:
            lines.append(t("Held, not applied: {amounts}", amounts=unapplied))
    return Screen(Html("\n").join(lines))


def rates(t: Words, fixings: list[Fixing], max_age: int | None, gaps: list[Parted]) -> Screen:
    """The rate desk: each currency's last fixing with its date and source."""
    lines = [t("<b>Exchange rates</b>, for one euro"), Html("")]
    lines += [
        t(
            "{code}: {rate} ({source}, {on})",
            code=fixing.code,
            rate=Html(t.rate(fixing.rate)),
            source=fixing.source,
            on=fixing.on,
        )
        for fixing in fixings
    ]
    lines += [Html(""), *(parted(t, gap) for gap in gaps)]
    if max_age is not None:
        lines.append(t("A rate older than {n} business days is refused.", n=max_age))
    lines.append(t("/rate CODE VALUE enters one by hand, such as /rate USD 1.0842."))
    return Screen(Html("\n").join(lines))
