"""One-tap pay: for a known shopper, at the price on the button, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.money import parse_price
from core.payments.charging import NoMethod
from core.people import QUICK_OFF
from core.risk.judging import StepUpNeeded
from core.shop import one_tap
from core.shop.catalogue import ProductState
from core.shop.orders import OrderMoved, OrderState
from tests.builders import MAYA, ROSA, STRANGER, WEI
from tests.world import World


@pytest.fixture
def world():
    """Maya has bought before, by SEPA."""
    world = World()
    order = world.orders(world.sells(ROSA, "5.00 EUR"))
    world.pays(order)
    return world


def offered(world, product, who=MAYA):
    return world.look(lambda uow: one_tap.offer(uow, world.shop, uow.people.need(who), uow.products.need(product)))


def tapped(world, product, offer, who=MAYA):
    return world.do(one_tap.buy_at_once, who, product, offer.order, offer.method.name, offer.pay.minor)


def test_one_tap_places_the_order_at_the_price_on_the_button(world):
    product = world.sells(WEI, "19.90 CNY")
    offer = offered(world, product)
    view = tapped(world, product, offer)
    assert (view.order.id, view.order.state, view.order.method) == (offer.order, OrderState.PLACED, "sepa")
    assert view.quote.pay == offer.pay and view.intent.presentment == offer.pay
    assert view.order.deadline and world.look(lambda uow: uow.products.need(product)).stock == 4


def test_a_second_tap_on_the_same_button_buys_nothing(world):
    product = world.sells(ROSA, "19.90 EUR")
    offer = offered(world, product)
    tapped(world, product, offer)
    with pytest.raises(OrderMoved) as moved:
        tapped(world, product, offer)
    assert moved.value.params["order"] == offer.order
    assert world.look(lambda uow: uow.products.need(product)).stock == 4


def test_where_the_price_has_moved_nothing_is_charged_and_the_draft_is_shown(world):
    product = world.sells(ROSA, "19.90 EUR")
    offer = offered(world, product)
    world.do(lambda uow, shop: uow.products.save(replace(uow.products.need(product), price=parse_price("20.00 EUR"))))
    view = tapped(world, product, offer)
    assert view.order.state is OrderState.DRAFT and view.quote.pay == parse_price("20.00 EUR")
    assert view.intent is None
    assert world.look(lambda uow: uow.products.need(product)).stock == 5


def test_where_the_rate_has_moved_the_draft_is_shown(world):
    product = world.sells(WEI, "88.00 CNY")
    offer = offered(world, product)
    view = tapped(world, product, replace(offer, pay=offer.pay + offer.pay))
    assert view.order.state is OrderState.DRAFT


def switched_off(world):
    world.do(one_tap.choose, MAYA, QUICK_OFF)


def without_address(world):
    world.do(lambda uow, shop: uow.people.save(replace(uow.people.need(MAYA), address=None)))


def by_a_way_that_is_gone(world):
    world.do(lambda uow, shop: uow.people.save(replace(uow.people.need(MAYA), quick="cash")))


@pytest.mark.parametrize("change", [switched_off, without_address, by_a_way_that_is_gone])
def test_who_may_not_is_shown_no_button_and_an_old_button_only_drafts(world, change):
    product = world.sells(ROSA, "19.90 EUR")
    offer = offered(world, product)
    change(world)
    assert offered(world, product) is None
    assert tapped(world, product, offer).order.state is OrderState.DRAFT


def test_who_has_never_paid_is_shown_no_button(world):
    product = world.sells(ROSA, "19.90 EUR")
    assert offered(world, product, STRANGER) is None
    world = World()
    world.orders(world.sells(ROSA, "5.00 EUR"))  # placed, and not paid
    assert offered(world, world.sells(ROSA, "19.90 EUR")) is None


def test_there_is_no_button_for_what_cannot_be_bought(world):
    assert offered(world, world.sells(ROSA, "19.90 EUR", stock=0)) is None
    gone = world.sells(ROSA, "19.90 EUR")
    world.do(lambda uow, shop: uow.products.save(replace(uow.products.need(gone), state=ProductState.TAKEN_DOWN)))
    assert offered(world, gone) is None


def test_the_default_method_is_the_last_ones_or_the_chosen_one(world):
    product = world.sells(ROSA, "19.90 EUR")
    assert offered(world, product).method.name == "sepa"
    world.do(one_tap.choose, MAYA, "pix")
    offer = offered(world, product)
    assert offer.method.name == "pix" and offer.pay.asset.code == "BRL"
    assert tapped(world, product, offer).order.method == "pix"
    world.do(one_tap.choose, MAYA, "")
    assert offered(world, product).method.name == "pix", "the last order's"
    with pytest.raises(NoMethod):
        world.do(one_tap.choose, MAYA, "cash")


def test_a_step_up_that_the_rules_ask_for_is_asked_for(world, monkeypatch):
    """The judge is the ordinary one: what it refuses leaves nothing behind."""

    def asks(uow, shop, order, quote, now):
        raise StepUpNeeded(order=order.id, factors=1, amount=quote.pay)

    monkeypatch.setattr("core.shop.checkout.judge", asks)
    product = world.sells(ROSA, "19.90 EUR")
    offer = offered(world, product)
    with pytest.raises(StepUpNeeded):
        tapped(world, product, offer)
    assert world.look(lambda uow: uow.orders.get(offer.order)) is None
    view = world.do(one_tap.put_aside, MAYA, product, offer.order, "sepa")
    assert view.order.state is OrderState.DRAFT
