"""A rush on the last pieces, with the shop's own verbs, on every store: sold exactly as often as there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from core.errors import Refusal
from core.ids import PersonId
from core.money import parse_price
from core.payments.driver import Driver
from core.payments.operations import OperationKind
from core.payments.receiving import Fact, take_in
from core.shop.checkout import draft_one, place, review
from core.shop.orders import OrderState
from core.shop.receiving import confirm_receipt
from core.shop.selling import add_product, ship
from core.shop.visitors import give_address
from tests.builders import ROSA, HandClock, Rail, a_person, a_seller, a_shop

PIECES, SHOPPERS = 20, 50


async def test_fifty_shoppers_at_once_buy_exactly_the_twenty_there_are(store: Any) -> None:
    clock = HandClock()
    shop = a_shop(clock=clock)
    driver = Driver(store, shop, {"sepa": Rail("sepa")})
    crowd = [PersonId(1000 + number) for number in range(SHOPPERS)]

    def open_shop(uow: Any) -> str:
        for who in (ROSA, *crowd):
            uow.people.add(a_person(who))
        uow.sellers.add(a_seller(ROSA, "EUR"))
        for who in crowd:
            give_address(uow, shop, who, "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")
        told = {"title": "Oil", "description": "", "price": parse_price("2.00 EUR"), "stock": PIECES, "picture": "p"}
        return add_product(uow, shop, ROSA, **told).id

    oil = await store.write(open_shop)

    async def buy(who: PersonId) -> bool:
        """From the card to the receipt in hand, as far as it goes; the bank tells of the payment twice at once."""
        try:
            view = await store.write(draft_one, shop, who, oil)
            view = await store.write(review, shop, who, view.order.id, method="sepa")
            order = await store.write(place, shop, who, view.order.id, view.order.quote)
        except Refusal:
            return False
        (charge,) = await store.read(lambda uow: uow.operations.find(order=order.id, kind=OperationKind.CHARGE))
        await driver.carry(charge.id)
        fact = Fact("sepa", f"E{order.id}", charge.reference, charge.amount, clock.now(), "IT60X0542811101000000123456")
        first, second = await asyncio.gather(*(store.write(take_in, shop, fact) for _ in range(2)))
        assert first == second
        await store.write(ship, shop, ROSA, order.id, "RR123456785IT")
        await store.write(confirm_receipt, shop, who, order.id)
        return True

    bought = await asyncio.gather(*(buy(who) for who in crowd))
    assert sum(bought) == PIECES

    def books(uow: Any) -> Any:
        states = Counter(order.state for order in uow.orders.find(limit=100))
        used = {(purse.id, entry): n for purse in uow.purses.find(limit=1000) for entry, n in purse.used.items()}
        held: Counter[tuple[str, str]] = Counter()
        for hold in uow.holds.find(limit=1000):
            for entry, n in hold.taken.items():
                held[hold.purse, entry] += n
        return uow.products.need(oil).stock, states, used, dict(held), uow.journal.totals(""), uow.journal.fold()

    stock, states, used, held, totals, fold = await store.read(books)
    assert stock == 0
    assert states[OrderState.RECEIVED] == PIECES and set(states) <= {OrderState.RECEIVED, OrderState.DRAFT}
    assert {key: many for key, many in used.items() if many} == held
    assert totals == fold
    assert totals["clearing:sepa", "EUR"] == PIECES * 200
    assert sum(totals.values()) == 0
