"""The days of a sale: to ship, to confirm receipt; what time does by itself, and whom it tells before and after."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.payments import sums
from core.payments.escrow import Frozen
from core.people import SellerTier, Tier
from core.shop.deadlines import anything_due, refund_unshipped, release_due, remind
from core.shop.orders import Order, OrderState
from tests.builders import MAYA, NOON, ROSA
from tests.world import World


def paid(tier: SellerTier = SellerTier.STANDARD) -> tuple[World, Order]:
    world = World(tier=tier)
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order)
    world.run_errands()
    world.told.clear()
    return world, world.order(order.id)


def shipped(tier: SellerTier = SellerTier.STANDARD) -> tuple[World, Order]:
    world, order = paid(tier)
    order = world.ships(order, ROSA)
    world.run_errands()
    world.told.clear()
    return world, order


def freeze(world: World, order: Order) -> None:
    world.do(lambda uow, shop: uow.orders.save(replace(uow.orders.lock(order.id), frozen="dispute")))


def test_the_days_are_set_by_the_sellers_tier_when_the_order_is_paid_and_when_it_is_shipped() -> None:
    world, order = paid(SellerTier.NEW)
    assert order.ship_by == NOON + timedelta(days=7)
    world.clock.let_pass(days=2)
    order = world.ships(order, ROSA)
    assert (order.shipped_at, order.release_at) == (NOON + timedelta(days=2), NOON + timedelta(days=23))


@pytest.mark.parametrize("tier", list(SellerTier))
def test_an_order_that_is_not_shipped_in_time_is_refunded_whole_and_both_sides_are_told(tier: SellerTier) -> None:
    world, order = paid(tier)
    world.clock.let_pass(days=7, seconds=-1)
    assert world.do(refund_unshipped) == []
    world.clock.let_pass(seconds=1)
    assert len(world.do(refund_unshipped)) == 1
    assert world.do(refund_unshipped) == []
    assert world.order(order.id).state is OrderState.REFUNDED
    assert world.stock(order.lines[0].product) == 5
    assert (sorted(world.news(MAYA)), world.news(ROSA)) == (["not_shipped", "refunded"], ["not_shipped"])
    assert world.books() == {}
    assert list(world.look(sums.check)) == []


def test_a_receipt_that_nobody_confirms_counts_as_given_and_the_rest_is_released() -> None:
    world, order = shipped()
    world.clock.let_pass(days=14, seconds=-1)
    assert world.do(release_due) == []
    world.clock.let_pass(seconds=1)
    assert len(world.do(release_due)) == 1
    assert world.do(release_due) == []
    assert world.order(order.id).state is OrderState.RECEIVED
    assert world.books()["avail:S12"] == "EUR -92.00"
    assert (world.news(MAYA), world.news(ROSA)) == (["auto_released"], ["settled", "auto_released"])
    # What time confirmed is no proof of a good shopper.
    assert world.look(lambda uow: uow.people.need(MAYA).tier) is Tier.NEW


def test_both_sides_are_reminded_once_and_in_time() -> None:
    world, order = paid()
    world.clock.let_pass(days=5, hours=23)
    assert world.do(remind) == 0
    world.clock.let_pass(hours=1)
    for _ in range(2):
        world.do(remind)
    assert (world.news(ROSA), world.news(MAYA)) == (["ship_soon"], [])
    world.ships(order, ROSA)
    world.news(MAYA), world.news(ROSA)
    world.clock.let_pass(days=11, hours=23)
    assert world.do(remind) == 0
    world.clock.let_pass(hours=1)
    for _ in range(2):
        world.do(remind)
    assert (world.news(ROSA), world.news(MAYA)) == ([], ["confirm_soon"])


def test_time_does_nothing_to_frozen_money() -> None:
    for order_of in (paid, shipped):
        world, order = order_of()
        freeze(world, order)
        before = world.books()
        world.clock.let_pass(days=400)
        assert (world.do(refund_unshipped), world.do(release_due), world.do(remind)) == ([], [], 0)
        assert not world.look(anything_due, world.shop)
        assert world.books() == before


def test_a_frozen_order_is_neither_released_by_its_buyer_nor_by_its_shipment() -> None:
    world, order = paid()
    freeze(world, order)
    world.ships(order, ROSA)
    assert world.books()[f"escrow:{order.id}"] == "EUR -100.00"
    with pytest.raises(Frozen):
        world.receives(order)
    assert world.order(order.id).state is OrderState.SHIPPED


def test_the_ticker_has_nothing_to_do_until_something_is_near() -> None:
    world, order = paid()
    assert not world.look(anything_due, world.shop)
    world.clock.let_pass(days=6)
    assert world.look(anything_due, world.shop)
    world.ships(order, ROSA)
    assert not world.look(anything_due, world.shop)
