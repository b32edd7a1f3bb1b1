"""Doing things twice at the same moment: under a limit, for the last piece, for a refund. On every store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.errors import Refusal
from core.ids import PersonId
from core.ledger.check import check
from core.money import Money, parse_price, zero
from core.payments.disputes import complaints
from core.payments.driver import Driver
from core.payments.operations import OperationKind
from core.payments.receiving import Fact, take_in
from core.payments.refunds import refund_order, refund_receipt
from core.risk import owning
from core.shop.checkout import cancel, draft_one, place, review
from core.shop.orders import Order
from core.shop.receiving import confirm_receipt
from core.shop.selling import add_product, edit_product, ship
from core.shop.visitors import give_address
from tests.builders import ADA, EUR, MAYA, PAYER_IBAN, ROSA, HandClock, Rail, a_person, a_seller, a_shop, eur
from tests.storage.conftest import migrated_database, migrated_file, server, shop_database, shop_file, store, vault

__all__ = ["migrated_database", "migrated_file", "server", "shop_database", "shop_file", "store", "vault"]


class Corner:
    """A small shop over any store: Maya buys of Rosa, Ada runs it."""

    def __init__(self, store: Any) -> None:
        self.store, self.clock = store, HandClock()
        self.shop = a_shop(clock=self.clock)
        self.driver = Driver(store, self.shop, {"sepa": Rail("sepa")})

    async def open(self) -> None:
        def people(uow: Any) -> None:
            for who in (MAYA, ROSA, ADA):
                uow.people.add(a_person(who))
            uow.sellers.add(a_seller(ROSA, "EUR"))
            give_address(uow, self.shop, MAYA, "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")

        await self.store.write(people)

    async def do(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.store.write(verb, self.shop, *args, **kwargs)

    async def allowed(self, verb: Any, *args: Any, **kwargs: Any) -> bool:
        """Whether a verb was not refused."""
        try:
            await self.do(verb, *args, **kwargs)
        except Refusal:
            return False
        return True

    async def drafted(self, price: str, stock: int = 9) -> Any:
        told = {"title": "Oil", "description": "", "price": parse_price(price), "stock": stock, "picture": "p"}
        product = await self.do(add_product, ROSA, **told)
        return await self.draft_of(product.id)

    async def draft_of(self, product: str) -> Any:
        view = await self.do(draft_one, MAYA, product)
        return await self.do(review, MAYA, view.order.id, method="sepa")

    async def paid(self, price: str, times: int = 1) -> Order:
        """A placed order, and money for it, so often."""
        view = await self.drafted(price)
        order: Order = await self.do(place, MAYA, view.order.id, view.order.quote)
        found = await self.store.read(lambda uow: uow.operations.find(order=order.id, kind=OperationKind.CHARGE))
        await self.driver.carry(found[0].id)
        for n in range(times):
            fact = Fact("sepa", f"E{order.id}{n}", found[0].reference, found[0].amount, self.clock.now(), PAYER_IBAN)
            await self.do(take_in, fact)
        return order

    async def sound(self) -> None:
        """Every invariant of the books holds."""
        report = await self.store.survey(check, self.clock.now())
        assert not report.findings, report.findings


@pytest.fixture
async def corner(store: Any) -> Corner:
    found = Corner(store)
    await found.open()
    return found


def together(*acts: Any) -> Any:
    return asyncio.gather(*acts)


async def test_race_under_a_limit(corner: Corner) -> None:
    """Ten payments of €3 at once under a day of €10: three fit, whoever is first, and the counter says nine."""
    await corner.do(owning.set_own, MAYA, "day", eur("10.00"))
    views = [await corner.drafted("3.00 EUR") for _ in range(10)]
    fitted = await together(*(corner.allowed(place, MAYA, one.order.id, one.order.quote) for one in views))
    assert sum(fitted) == 3
    await corner.sound()
    placed = [one.order.id for one, fits in zip(views, fitted, strict=True) if fits]
    await together(*(corner.allowed(cancel, MAYA, placed[0]) for _ in range(5)))
    more = [await corner.drafted("3.00 EUR") for _ in range(5)]
    fitted = await together(*(corner.allowed(place, MAYA, one.order.id, one.order.quote) for one in more))
    assert sum(fitted) == 1, "a cancellation frees its amount once, however often it is pressed"
    await corner.sound()


async def test_one_confirmation_in_many_windows(corner: Corner) -> None:
    view = await corner.drafted("5.00 EUR", stock=3)
    done = await together(*(corner.allowed(place, MAYA, view.order.id, view.order.quote) for _ in range(6)))
    assert sum(done) == 1
    product = view.order.lines[0].product
    assert (await corner.store.read(lambda uow: uow.products.need(product))).stock == 2
    await corner.sound()


async def test_race_for_the_last_piece(corner: Corner) -> None:
    first = await corner.drafted("5.00 EUR", stock=1)
    views = [first, *[await corner.draft_of(first.order.lines[0].product) for _ in range(5)]]
    done = await together(*(corner.allowed(place, MAYA, one.order.id, one.order.quote) for one in views))
    assert sum(done) == 1
    await corner.sound()


async def refunded(corner: Corner) -> Money:
    found = await corner.store.read(lambda uow: uow.refunds.find(limit=100))
    return sum((one.amount for one in found), zero(EUR))


async def test_refund_twice(corner: Corner) -> None:
    """Five admins at once, with and without an amount, and the owner of the money beside them."""
    order = await corner.paid("20.00 EUR")
    acts = [corner.allowed(refund_order, ADA, order.id) for _ in range(3)]
    acts += [corner.allowed(refund_order, ADA, order.id, eur("15.00")) for _ in range(3)]
    await together(*acts)
    assert await refunded(corner) <= eur("20.00")
    await corner.allowed(refund_order, ADA, order.id)
    assert await refunded(corner) == eur("20.00")
    assert not await corner.allowed(refund_order, ADA, order.id)
    await corner.sound()


async def test_held_money_sent_back_twice(corner: Corner) -> None:
    await corner.paid("20.00 EUR", times=2)
    (held,) = [one for one in await corner.store.read(lambda uow: uow.receipts.find(limit=9)) if one.held]
    acts = [corner.allowed(refund_receipt, who, held.id) for who in (MAYA, ADA, MAYA, ADA)]
    done = await together(*acts)
    assert sum(done) == 1
    assert await refunded(corner) == eur("20.00")
    await corner.sound()


async def test_refund_of_what_was_released(corner: Corner) -> None:
    """The seller has been paid; a refund takes it back from them, and never more than was paid."""
    order = await corner.paid("20.00 EUR")
    await corner.do(ship, ROSA, order.id, "RR1")
    await corner.do(confirm_receipt, MAYA, order.id)
    done = await together(*(corner.allowed(refund_order, ADA, order.id) for _ in range(4)))
    assert sum(done) <= 1 and await refunded(corner) <= eur("20.00")
    await corner.sound()


async def test_refund_races_dispute(corner: Corner) -> None:
    """The shopper complains in the moment in which the admin refunds, and confirms receipt with the other hand."""
    order = await corner.paid("20.00 EUR")
    await corner.do(ship, ROSA, order.id, "RR1")
    await together(
        corner.allowed(complaints.complain, MAYA, order.id, complaints.Complaint.NOT_AS_DESCRIBED),
        corner.allowed(refund_order, ADA, order.id),
        corner.allowed(confirm_receipt, MAYA, order.id),
        corner.allowed(complaints.complain, MAYA, order.id, complaints.Complaint.NOT_AS_DESCRIBED),
        corner.allowed(refund_order, ADA, order.id, eur("12.00")),
    )
    await corner.sound()
    for case in await corner.store.read(lambda uow: uow.disputes.find(limit=9)):
        if case.is_open:
            both = [corner.allowed(complaints.decide, ADA, case.id, won=won, amount=None) for won in (True, False)]
            await together(*both, corner.allowed(refund_order, ADA, order.id))
    assert await refunded(corner) <= eur("20.00")
    await corner.sound()


async def test_a_price_changed_while_the_buyer_confirms(corner: Corner) -> None:
    """The seller raises the price in the very moment: the buyer pays what was shown, or is asked again."""
    for _ in range(4):
        view = await corner.drafted("5.00 EUR")
        product = view.order.lines[0].product
        await together(
            corner.allowed(edit_product, ROSA, product, price=eur("500.00"), title="Gold"),
            corner.allowed(place, MAYA, view.order.id, view.order.quote),
        )
        order = await corner.store.read(lambda uow, name=view.order.id: uow.orders.need(name))
        quote = await corner.store.read(lambda uow, order=order: uow.quotes.need(order.quote))
        assert quote.pay == eur("5.00") and order.lines[0].title == "Oil"
    await corner.sound()


async def test_a_stranger_ships_and_confirms(corner: Corner) -> None:
    """Verbs of the sale with other people’s orders: nobody ships, confirms, cancels or complains for another."""
    order, sly = await corner.paid("5.00 EUR"), PersonId(666)

    def meet(uow: Any) -> None:
        uow.people.add(a_person(sly))
        uow.sellers.add(a_seller(sly, "EUR"))

    await corner.store.write(meet)
    assert not await corner.allowed(ship, sly, order.id, "RR1")
    assert not await corner.allowed(ship, MAYA, order.id, "RR1")
    await corner.do(ship, ROSA, order.id, "RR1")
    for who in (sly, ROSA, ADA):
        assert not await corner.allowed(confirm_receipt, who, order.id)
        assert not await corner.allowed(complaints.complain, who, order.id, complaints.Complaint.NOT_AS_DESCRIBED)
    for who in (sly, ROSA, MAYA):
        assert not await corner.allowed(refund_order, who, order.id)
    await corner.sound()
