"""Making a past: opens the shop's database, fills shelves and stories, and lets the weeks pass until now."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import aiohttp

from bot.config import Settings
from bot.history import staff
from bot.history.past import Past, StandingClock
from bot.history.people import ACCOUNT, GOODS, HOLDER, LUCIA, SELLER
from bot.history.stories import ADMIN, RESTOCK, STORIES, Story
from bot.sandbox.bank import Bank
from bot.wiring import channels_of, opened
from core.channels import rates
from core.ids import Ids, SellerId
from core.ledger.chain import seal_all
from core.money import parse_price
from core.payments.driver import Driver
from core.payments.fx.desk import Fixing, RateDesk
from core.payments.settlement.payee import give_account, give_holder
from core.people import SellerTier
from core.ports import Store
from core.shop import visitors
from core.shop.catalogue import Product
from core.shop.context import Shop
from core.shop.selling import add_product, edit_product

WEEKS, ORDERS_A_WEEK = 11, 120  # a past is that long, and longer when more than so many orders a week would be in it
LEAST_STOCK = 5  # pieces of everything that the present finds on the shelf
_SHOWN = 10  # parts into which the progress is cut

Fill = Callable[[Store, Shop], Awaitable[None]]
"""What stands in the shop before anybody comes: its sellers and their goods."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many orders, by the luck of `seed`."""

    orders: int
    seed: int = 1


def length(orders: int) -> timedelta:
    """How far back the past of so many orders goes."""
    return timedelta(weeks=max(WEEKS, orders // ORDERS_A_WEEK))


async def make(
    wanted: Wanted,
    settings: Settings,
    shop: Shop,
    clock: StandingClock,
    bank: Bank,
    fill: Fill,
    progress: Callable[[str], None] = lambda line: None,
) -> Past:
    """Make the past of an empty shop: its database, and the bank's books. The clock runs again when it is there.

    `bank` must not deliver by itself meanwhile: its messages are carried by hand, at their moments.
    """
    end = shop.clock.now()
    start = (end - length(wanted.orders)).replace(minute=0, second=0, microsecond=0)
    history = await asyncio.to_thread(rates.shipped_rates)
    dice = random.Random(wanted.seed)  # noqa: S311
    risk = shop.policy.risk
    past_shop = replace(
        shop,
        # The people of the past have enrolled nothing to confirm a large payment with.
        policy=replace(shop.policy, risk=replace(risk, step_up=risk.step_up * 10_000)),
        ids=Ids(random.Random(f"{wanted.seed}:ids")),  # noqa: S311
        rates=RateDesk(None, gap_bp=shop.policy.fx.gap_bp, history=history),
    )
    bank.books.hurry(True)
    clock.stand(start.timestamp())
    try:
        async with opened(settings, inline=True, durable=False) as store, aiohttp.ClientSession() as session:
            driver = Driver(store, past_shop, channels_of(settings, session, shop.clock))
            past = Past(store, past_shop, driver, bank, clock, end=end, dice=dice)
            papers = _newspapers(past, (end - start).days)
            past.learn_rates(papers)
            await fill(store, past_shop)
            seller = await _another_seller(past)
            _begin(past, wanted, start, papers, seller)
            await past.run(_telling(start, end, wanted.orders, progress))
            await _finish(past)
    finally:
        clock.stand(None)
        bank.books.hurry(False)
    return past


def _newspapers(past: Past, days: int) -> dict[date, list[Fixing]]:
    """The fixings of so many days, of all currencies that are still published."""
    papers: dict[date, list[Fixing]] = {}
    for code in sorted(one.code for one in rates.shipped_history()):
        for on, price in past.shop.rates.history.prices("EUR", code, days):
            papers.setdefault(on, []).append(Fixing(code, Fraction(f"{price:.6g}"), on, "ECB"))
    return papers


async def _another_seller(past: Past) -> SellerId:
    """One who is settled in euros, so that payouts go by the bank's own transfers. Their goods borrow pictures."""
    await past.do(visitors.greet, LUCIA, "Lucia", "lucia", "it")
    seller = await past.do(visitors.open_seller, ADMIN, tier=SellerTier.STANDARD, **SELLER)
    await past.do(give_account, LUCIA, ACCOUNT)
    await past.do(give_holder, LUCIA, HOLDER)
    shelf: list[Product] = await past.look(lambda uow: uow.products.find(newest=False, limit=100))
    for number, goods in enumerate(GOODS):
        told = {"title": goods.title, "description": goods.description, "stock": goods.stock}
        picture = next((one.picture for one in shelf if goods.like in one.title), shelf[number].picture)
        await past.do(add_product, LUCIA, price=parse_price(goods.price), picture=picture, **told)
    return seller.id


def _begin(past: Past, wanted: Wanted, start: datetime, papers: dict[date, list[Fixing]], seller: SellerId) -> None:
    """Everybody's life, the machines' first: what is due is done before somebody comes in at the same moment."""
    end, dice = past.end, past.dice
    past.begin(staff.night(past, papers), staff.at_hour(start, 0.25))
    past.begin(staff.clockwork(past), staff.at_hour(start, start.hour + 1))
    past.begin(staff.admin(past), staff.at_hour(start, 9))
    past.begin(staff.bank(past, (end - timedelta(days=30), end - timedelta(days=9))), staff.at_hour(start, 21))
    past.begin(staff.returns(past, seller), end - timedelta(days=40))
    for story in _chosen(wanted.orders, dice):
        first = max(start + timedelta(hours=2), end - story.most) if story.most < end - start else start
        last = max(first, end - story.least)
        # A shop that grows: the later, the more.
        past.begin(story.play(past), first + (last - first) * dice.triangular(0, 1, 1))


def _chosen(orders: int, dice: random.Random) -> list[Story]:
    """Each story once, then by their weights, until there are so many orders."""
    chosen: list[Story] = []
    left = orders
    for story in STORIES:
        if story.orders <= left:
            chosen.append(story)
            left -= story.orders
    while left:
        story = dice.choices(STORIES, [one.weight for one in STORIES])[0]
        if story.orders <= left:
            chosen.append(story)
            left -= story.orders
    return chosen


def _telling(
    start: datetime, end: datetime, orders: int, progress: Callable[[str], None]
) -> Callable[[datetime], None]:
    shown = 0

    def passed(now: datetime) -> None:
        nonlocal shown
        part = int((now - start) / (end - start) * _SHOWN)
        if part > shown:
            shown = part
            progress(f"  making {orders} orders: {now:%d %B %Y} …")

    return passed


async def _finish(past: Past) -> None:
    """The present: what is due is done, the shelves are full, the chain is closed."""
    await past.tick()
    for product in await past.look(lambda uow: uow.products.find(limit=500)):
        seller = await past.look(lambda uow, one=product: uow.sellers.need(one.seller))
        if product.stock < LEAST_STOCK:
            await past.do(edit_product, seller.person, product.id, stock=product.stock + RESTOCK)
    await past.sweep()
    await past.store.write(seal_all, past.now)
