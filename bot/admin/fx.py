"""Running the shop: the treasury. What is open in foreign currencies, and deals that were made to close it."""

from __future__ import annotations

import re

from bot.screens import fx as screens
from bot.visit import Visit
from core.money import parse_price
from core.payments.fx import treasury

_PRICE = r"[0-9][0-9.,]*\s*[A-Za-z]{3}|[A-Za-z]{3}\s*[0-9][0-9.,]*"
_DEAL = re.compile(rf"(?P<sold>{_PRICE})\s+(?P<bought>{_PRICE})\s+(?P<reference>\S.*)")


async def fx(visit: Visit, *_: str) -> None:
    """/fx: the picture, and all of it in words."""
    visit.need_admin()
    book = await visit.survey(treasury.book, visit.shop)
    await visit.say(screens.picture(visit.t, visit.shop.name, book, visit.shop.rates.history))
    await visit.say(screens.words(visit.t, book))


async def hedge(visit: Visit, *words: str) -> None:
    """/hedge SOLD BOUGHT REFERENCE: book a deal that was made outside."""
    visit.need_admin()
    told = _DEAL.fullmatch(" ".join(words))
    if told is None:
        raise treasury.BadHedge
    sold, bought = parse_price(told["sold"]), parse_price(told["bought"])
    done = await visit.do(treasury.hedge, sold=sold, bought=bought, reference=told["reference"])
    await visit.say(screens.hedged(visit.t, done))
