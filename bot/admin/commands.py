"""Running the shop: orders, figures, sellers, refunds, channels, rates. Every command checks who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from bot.pictures.chart import Sales, Slice, StatsChart
from bot.screens import orders as order_screens
from bot.screens import staff as screens
from bot.screens.screen import Screen
from bot.shopper import orders as shopper_orders
from bot.visit import Visit
from bot.words import Word, Words
from core.errors import Refusal, sentence
from core.ids import PersonId
from core.money import Money, asset, zero
from core.payments.fx.desk import BY_HAND, Fixing
from core.payments.operations import OperationKind, OperationState
from core.people import Seller
from core.ports import StoredFixing, UnitOfWork
from core.shop import visitors
from core.shop.catalogue import ProductState
from core.shop.context import Method, Shop
from core.shop.orders import Order, OrderState

PAGE = 10
CHART_DAYS = 14
_USER_ID = re.compile("[1-9][0-9]{0,14}")  # Telegram: at most 52 significant bits


class BadRate(Refusal):
    """Not a currency and a positive number."""

    sentence = sentence(
        "To enter a rate: /rate CODE VALUE, units of the currency for one euro, such as /rate USD 1.0842."
    )


class WhichOrder(Refusal):
    """Not an order."""

    sentence = sentence("Which order? Write /order and its number; /orders lists them.")


class WhichOrders(Refusal):
    """Not a state of an order."""

    sentence = sentence("Which orders? /orders lists all, /orders STATE those in one state: {states}.")


async def orders(visit: Visit, *words: str) -> None:
    """/orders [state]: everybody's for an admin, one's own for anyone else."""
    if not visit.is_admin:
        await shopper_orders.own_orders(visit)
        return
    state = words[0].lower() if words else ""
    if state and state not in set(OrderState):
        raise WhichOrders(states=", ".join(shopper_orders.PLACED))
    await all_orders(visit, "0", state)


async def all_orders(visit: Visit, page: str = "0", state: str = "") -> None:
    """A page of everybody's orders."""
    visit.need_admin()
    first = max(0, int(page)) * PAGE
    wanted = (OrderState(state),) if state in set(OrderState) else shopper_orders.PLACED
    found = await visit.look(_orders, wanted, first)
    extra = (state,) if state in set(OrderState) else ()
    await visit.show(
        order_screens.order_list(
            visit.t, found[:PAGE], Word("All orders"), "oa", first // PAGE, len(found) > PAGE, extra
        )
    )


def _orders(uow: UnitOfWork, states: tuple[OrderState, ...], offset: int) -> list[Order]:
    return uow.orders.find(state=states, limit=PAGE + 1, offset=offset)


async def order(visit: Visit, *words: str) -> None:
    """/order ID."""
    if not words:
        raise WhichOrder
    await shopper_orders.order(visit, words[0].upper())


@dataclass(frozen=True, slots=True)
class Figures:
    """What /stats shows: how many orders stand where, what came in a day, what was earned."""

    states: dict[OrderState, int]
    days: dict[str, list[int]]  # currency → minor units a day, oldest first
    taken: list[Money]
    fees: list[Money]


def _figures(uow: UnitOfWork, shop: Shop) -> Figures:
    today = shop.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=CHART_DAYS - 1)
    days: dict[str, list[int]] = {}
    for receipt in uow.receipts.find(since={"received_at": since}, limit=5000):
        place = (receipt.received_at - since).days
        days.setdefault(receipt.amount.asset.code, [0] * CHART_DAYS)[min(place, CHART_DAYS - 1)] += receipt.amount.minor
    return Figures(
        {state: uow.orders.count(state=state) for state in OrderState},
        days,
        [Money(sum(minors), asset(code)) for code, minors in sorted(days.items())],
        _moneys(uow, "rev:", -1),
    )


def _moneys(uow: UnitOfWork, prefix: str, sign: int = 1) -> list[Money]:
    sums: dict[str, int] = {}
    for (_, code), minor in uow.journal.totals(prefix).items():
        sums[code] = sums.get(code, 0) + sign * minor
    return [Money(minor, asset(code)) for code, minor in sorted(sums.items()) if minor]


async def stats(visit: Visit) -> None:
    """/stats: the shop in figures, with a chart."""
    visit.need_admin()
    figures = await visit.survey(_figures, visit.shop)
    t, firsts = visit.t, [visit.today - timedelta(days=CHART_DAYS - 1 - n) for n in range(CHART_DAYS)]
    chart = StatsChart(
        title=visit.shop.name,
        subtitle=t.plain("Money taken in, last {n} days", n=CHART_DAYS),
        days=tuple(str(day.day) for day in firsts),
        sales=tuple(_sales(t, code, minors) for code, minors in sorted(figures.days.items())),
        states_title=t.plain("Orders"),
        states=tuple(
            Slice(t.word(order_screens.STATES[state]), n)
            for state, n in figures.states.items()
            if n and state is not OrderState.DRAFT
        ),
        nothing=t.plain("Nothing yet"),
    )
    await visit.say(Screen(screens.stats(t, figures.states, figures.taken, figures.fees), drawing=chart))


def _sales(t: Words, code: str, minors: list[int]) -> Sales:
    amounts = [Money(minor, asset(code)) for minor in minors]
    total = Money(sum(minors), asset(code))
    return Sales(code, t.money(total), t.money(max(amounts)), tuple(amount.decimal for amount in amounts))


def _sellers(uow: UnitOfWork) -> list[tuple[Seller, int, Money, Money]]:
    rows = []
    for seller in uow.sellers.find(limit=100, newest=False):
        of = seller.currency
        held = zero(of)
        for order in uow.orders.find(seller=seller.id, state=(OrderState.PAID, OrderState.SHIPPED), limit=1000):
            held -= uow.journal.balance(f"escrow:{order.id}", of)
        products = uow.products.count(seller=seller.id, state=ProductState.ON_SALE)
        rows.append((seller, products, -uow.journal.balance(f"avail:{seller.id}", of), held))
    return rows


async def sellers(visit: Visit, *words: str) -> None:
    """/sellers lists them; /sellers add USER_ID COUNTRY CURRENCY Name opens one."""
    visit.need_admin()
    if words[:1] == ("add",):
        if len(words) < 5 or not _USER_ID.fullmatch(words[1]):
            raise visitors.BadSeller
        await visit.do(
            visitors.open_seller,
            person=PersonId(int(words[1])),
            country=words[2],
            currency=words[3],
            name=" ".join(words[4:]),
        )
        await visit.house.publish_menus()
    await visit.say(screens.sellers(visit.t, await visit.survey(_sellers)))


def _channels(uow: UnitOfWork, shop: Shop) -> list[tuple[Method, int, int, list[Money], list[Money]]]:
    rows = []
    for name, method in shop.methods.items():
        paid, ended = (
            uow.operations.count(channel=name, kind=OperationKind.CHARGE, state=state)
            for state in (OperationState.SUCCEEDED, OperationState.EXPIRED)
        )
        rows.append(
            (
                method,
                paid,
                ended,
                _moneys(uow, f"clearing:{name}"),
                _moneys(uow, f"unapplied:{name}", -1),
            )
        )
    return rows


async def channels(visit: Visit) -> None:
    """/channels: every way to pay and how it does."""
    visit.need_admin()
    await visit.say(screens.channels(visit.t, await visit.survey(_channels, visit.shop)))


async def rates(visit: Visit) -> None:
    """/rates: the rate desk."""
    visit.need_admin()
    desk = visit.shop.rates
    await visit.say(screens.rates(visit.t, desk.known(), desk.max_age, desk.parted(visit.today)))


async def rate(visit: Visit, *words: str) -> None:
    """/rate CODE VALUE: a rate entered by hand, audited."""
    visit.need_admin()
    if len(words) != 2:
        raise BadRate
    fixing = await visit.do(_enter_rate, *words)
    visit.shop.rates.learn([fixing])
    await rates(visit)


def _enter_rate(uow: UnitOfWork, shop: Shop, who: PersonId, code: str, text: str) -> Fixing:
    currency = asset(code.upper())
    digits = text.replace(",", ".")
    if currency.code == "EUR" or not digits.replace(".", "", 1).isascii() or not digits.replace(".", "", 1).isdecimal():
        raise BadRate
    value = Fraction(digits)
    if not Fraction(1, 10**6) <= value <= 10**7:
        raise BadRate
    now = shop.clock.now()
    fixing = Fixing(currency.code, value, now.date(), BY_HAND)
    uow.fixings.add(StoredFixing(shop.ids.new(), fixing.code, fixing.rate, fixing.on, fixing.source, now))
    visitors.note_command(uow, shop, who, "rate", code=fixing.code, rate=digits)
    return fixing
