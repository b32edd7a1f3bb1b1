"""One-tap pay on the screen: its button, and the page where it is switched."""

from __future__ import annotations

from collections.abc import Mapping

from bot.screens.screen import Key, Screen, row, rows
from bot.words import Words
from core.people import QUICK_OFF, Person
from core.shop.catalogue import Product
from core.shop.context import Method
from core.shop.one_tap import Offer


def pay_key(t: Words, goods: Product, offer: Offer) -> Key:
    """The button: what it costs, how it is paid, and nothing else to press."""
    label = t.plain("👆 Pay at once: {amount} by {method}", amount=offer.pay, method=offer.method.title)
    return Key(label, ("qp", goods.id, offer.order, offer.pay.minor, offer.method.name))


def quickpay(t: Words, person: Person, methods: Mapping[str, Method]) -> Screen:
    """/quickpay: what the button does, and whether and how it pays."""
    off, chosen = person.quick == QUICK_OFF, methods.get(person.quick)
    if off:
        now = t("One-tap pay is off.")
    elif chosen:
        now = t("One-tap pay is on, by {method}.", method=chosen.title)
    else:
        now = t("One-tap pay is on, by the way your last order was paid.")
    text = t(
        "👆 <b>One-tap pay</b>\n\nOnce you have paid an order here and I know your address, each product’s page has a "
        "button that orders one piece and shows its payment card at once. It charges the price it says, within your "
        "limits, and I ask for your PIN whenever I would otherwise.\n\n{now}",
        now=now,
    )
    ways = [
        Key(t.plain("by {method}", method=one.title), ("qm", one.name)) for one in methods.values() if one is not chosen
    ]
    return Screen(
        text,
        rows(
            *(tuple(ways[place : place + 3]) for place in range(0, len(ways), 3)),
            row(Key(t.plain("as my last order"), ("qm", "last")) if off or chosen else None),
            row(None if off else Key(t.plain("Switch it off"), ("qm", QUICK_OFF))),
        ),
    )
