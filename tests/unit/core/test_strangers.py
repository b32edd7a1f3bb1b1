"""Strangers: every id that is not theirs sounds like one that never was, so that nobody learns whose it is."""

from collections.abc import Callable

import pytest

from core.errors import Gone, NotAllowed
from core.ids import OrderId, PersonId, ProductId
from core.payments.refunds import refund_order, refund_receipt
from core.shop.browse import order_view, product_view
from core.shop.catalogue import ProductState
from core.shop.checkout import cancel, draft_one, method_offers, place, review
from core.shop.receiving import confirm_receipt
from core.shop.selling import edit_product, own_product, ship
from tests.builders import ADA, LIN, MAYA, ROSA, STRANGER, WEI
from tests.world import World

VERBS: dict[str, Callable[[World, PersonId, OrderId], object]] = {
    "review": lambda world, who, order: world.do(review, who, order),
    "method_offers": lambda world, who, order: world.do(method_offers, who, order),
    "place": lambda world, who, order: world.do(place, who, order, "Q"),
    "cancel": lambda world, who, order: world.do(cancel, who, order),
    "confirm_receipt": lambda world, who, order: world.do(confirm_receipt, who, order),
    "order_view": lambda world, who, order: world.look(order_view, order, who),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("stage", ["draft", "placed", "paid", "shipped"])
def test_an_order_of_another_is_gone_at_every_stage_just_as_one_that_never_was(verb: str, stage: str) -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    if stage != "draft":
        world.confirm(view)
        world.run_errands()
    if stage in ("paid", "shipped"):
        world.pays(view.order)
    if stage == "shipped":
        world.ships(view.order, ROSA)
    before = world.order(view.order.id)
    for who, order in ((LIN, view.order.id), (STRANGER, view.order.id), (LIN, OrderId("N0TH1NG"))):
        with pytest.raises(Gone) as refusal:
            VERBS[verb](world, who, order)
        assert refusal.value.params == {}
    assert world.order(view.order.id) == before


def test_an_order_is_shown_to_its_shopper_its_seller_and_an_admin_and_nobody_else() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    for who in (MAYA, ROSA):
        assert world.look(order_view, order.id, who).order.id == order.id
    assert world.look(order_view, order.id, ADA, admin=True).order.id == order.id
    for who in (LIN, WEI, STRANGER, ADA):
        with pytest.raises(Gone):
            world.look(order_view, order.id, who)


def test_an_order_of_another_sellers_cannot_be_shipped() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    world.pays(order)
    for seller, name in ((WEI, order.id), (ROSA, OrderId("N0TH1NG"))):
        with pytest.raises(Gone):
            world.do(ship, seller, name, "RR1")


def test_a_product_of_another_seller_cannot_be_changed() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    for name in (oil, ProductId("N0TH1NG")):
        with pytest.raises(Gone):
            world.do(edit_product, WEI, name, stock=0)
        with pytest.raises(Gone):
            world.look(own_product, WEI, name)
    with pytest.raises(NotAllowed):
        world.do(edit_product, MAYA, oil, stock=0)


def test_a_product_taken_down_is_gone_for_all_but_its_seller() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    world.do(edit_product, ROSA, oil, state=ProductState.TAKEN_DOWN)
    assert world.look(product_view, oil, ROSA).product.id == oil
    for who, name in ((MAYA, oil), (WEI, oil), (MAYA, ProductId("N0TH1NG"))):
        with pytest.raises(Gone):
            world.look(product_view, name, who)


def test_held_money_of_another_is_gone_as_money_that_never_came() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    world.pays(order)
    receipt = world.pays(order)
    for who, name in ((LIN, receipt.id), (ROSA, receipt.id), (MAYA, "N0TH1NG")):
        with pytest.raises(Gone):
            world.do(refund_receipt, who, name)


def test_who_is_no_admin_learns_nothing_from_asking_for_a_refund_of_an_order() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    for name in (order.id, OrderId("N0TH1NG")):
        with pytest.raises(NotAllowed):
            world.do(refund_order, LIN, name)


def test_somebody_the_shop_has_never_met_is_refused_and_not_a_crash() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    with pytest.raises(Gone):
        world.do(draft_one, PersonId(4242), oil)
