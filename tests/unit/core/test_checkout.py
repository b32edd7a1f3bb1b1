"""Checkout: what stands between a cart and a placed order, and what a refusal leaves as it was."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Gone, Refusal
from core.ids import PersonId, ProductId, SellerId
from core.payments.charging import NoCode
from core.payments.driver import dispatch
from core.payments.fx.desk import NoRate, StaleRate
from core.payments.fx.pricing import OFFER_LIFE, TooSmall
from core.payments.fx.quote import QuoteState
from core.payments.operations import OperationState
from core.payments.outcomes import record
from core.payments.receipts import ReceiptState
from core.ports import ActionNeeded, Rejected, Unknown
from core.qr import read
from core.shop.cart import MOST_OF_ONE
from core.shop.carting import NoneLeft, SoldOut, put_in
from core.shop.catalogue import ProductState
from core.shop.checkout import (
    AddressMissing,
    NoMethod,
    NothingToOrder,
    OfferOver,
    OwnProduct,
    PriceChanged,
    cancel,
    draft_cart,
    draft_one,
    expire_due,
    method_offers,
    place,
    review,
)
from core.shop.orders import OrderMoved, OrderState
from core.shop.selling import edit_product
from core.shop.visitors import give_address
from tests.builders import ADA, ASKED, LIN, MAYA, NOON, PIX, ROSA, SEPA, STRANGER, WEI, fixings, money
from tests.world import World

ROSAS = SellerId("S12")


def test_a_placed_order_holds_its_stock_its_quote_and_a_deadline() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", stock=5)
    order = world.confirm(world.draft(oil, quantity=3))
    view = world.view(order.id)
    assert (world.stock(oil), order.state, order.deadline) == (2, OrderState.PLACED, NOON + timedelta(minutes=60))
    assert view.quote and view.charge and view.intent
    assert (view.quote.state, view.quote.expires_at) == (QuoteState.LOCKED, order.deadline)
    assert (view.charge.amount, view.charge.expires_at) == (money("30.00 EUR"), order.deadline)
    assert (view.intent.presentment, view.intent.settlement) == (money("30.00 EUR"), money("30.00 EUR"))
    assert view.charge.body == {
        "amount": "30.00",
        "currency": "EUR",
        "reference": view.charge.reference,
        "payee": SEPA.payee,
        "account": SEPA.account,
    }


def test_drafting_and_reviewing_take_nothing_from_the_shelf() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", stock=1)
    world.draft(oil)
    world.draft(oil, LIN)
    assert world.stock(oil) == 1


def test_confirming_twice_places_one_order() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    world.confirm(view)
    with pytest.raises(OrderMoved):
        world.confirm(view)
    assert world.look(lambda uow: uow.operations.count()) == 1


def test_the_last_item_wanted_by_two_goes_to_one() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", stock=1, title="Oil")
    mine, yours = world.draft(oil), world.draft(oil, LIN)
    world.confirm(mine)
    with pytest.raises(NoneLeft) as refusal:
        world.confirm(yours)
    assert refusal.value.params == {"title": "Oil"}
    assert world.order(yours.order.id).state is OrderState.DRAFT


def test_who_wants_more_than_are_left_is_told_how_many_there_are() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", stock=5, title="Oil")
    view = world.draft(oil, quantity=4)
    world.orders(oil, LIN, quantity=3)
    with pytest.raises(SoldOut) as refusal:
        world.confirm(view)
    assert refusal.value.params == {"title": "Oil", "left": 2}


def test_a_cart_that_cannot_be_had_whole_is_not_taken_in_part() -> None:
    world = World()
    plenty, scarce = world.sells(ROSA, "1.00 EUR"), world.sells(ROSA, "2.00 EUR", stock=1)
    for product in (plenty, scarce):
        world.do(put_in, MAYA, product)
    view = world.draft_of_cart(MAYA, ROSAS)
    world.orders(scarce, LIN)
    with pytest.raises(NoneLeft):
        world.confirm(view)
    assert world.stock(plenty) == 5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.tuples(st.sampled_from([MAYA, LIN]), st.integers(1, 3)), max_size=8))
def test_whatever_order_people_confirm_in_no_piece_is_sold_twice(seed: int, wishes: list[tuple[PersonId, int]]) -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR", stock=6)
    views = [world.draft(oil, who, quantity=count) for who, count in wishes]
    random.Random(seed).shuffle(views)
    sold = 0
    for view in views:
        try:
            sold += world.confirm(view).lines[0].quantity
        except (NoneLeft, SoldOut):
            continue
    assert sold == 6 - world.stock(oil) <= 6


def test_a_price_past_its_deadline_is_not_taken_and_a_fresh_one_can_be() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    world.clock.let_pass(seconds=OFFER_LIFE.total_seconds())
    with pytest.raises(OfferOver):
        world.confirm(view)
    fresh = world.do(review, MAYA, view.order.id)
    assert world.confirm(fresh).state is OrderState.PLACED


def test_the_price_of_an_older_page_is_not_taken() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    fresh = world.do(review, MAYA, view.order.id, method="pix")
    with pytest.raises(OfferOver):
        world.confirm(view)
    assert world.look(lambda uow: uow.quotes.need(view.order.quote)).state is QuoteState.WITHDRAWN
    assert world.confirm(fresh).method == "pix"


def test_a_price_that_the_seller_changed_meanwhile_is_not_taken() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", title="Oil")
    view = world.draft(oil)
    world.do(edit_product, ROSA, oil, price=money("12.00 EUR"))
    with pytest.raises(PriceChanged) as refusal:
        world.confirm(view)
    assert refusal.value.params == {"title": "Oil"}
    assert world.stock(oil) == 5


def test_a_product_taken_down_is_gone_from_review_to_confirmation() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    view = world.draft(oil)
    world.do(edit_product, ROSA, oil, state=ProductState.TAKEN_DOWN)
    with pytest.raises(Gone):
        world.confirm(view)
    with pytest.raises(Gone):
        world.draft(oil)


def test_nothing_is_ordered_without_an_address_and_the_review_takes_the_one_given_since() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"), STRANGER)
    with pytest.raises(AddressMissing):
        world.confirm(view)
    world.do(give_address, STRANGER, "N. N., Rua 1, Brasil")
    view = world.do(review, STRANGER, view.order.id)
    assert view.order.address and view.order.address.country == "Brasil"
    assert world.confirm(view).state is OrderState.PLACED


def test_a_seller_does_not_buy_from_themselves() -> None:
    world = World()
    with pytest.raises(OwnProduct):
        world.do(draft_one, ROSA, world.sells(ROSA, "10.00 EUR"))


def test_an_empty_cart_orders_nothing() -> None:
    world = World()
    with pytest.raises(NothingToOrder):
        world.do(draft_cart, MAYA, ROSAS)


def test_what_was_ordered_from_the_cart_leaves_it_and_the_rest_stays() -> None:
    world = World()
    oil, tea = world.sells(ROSA, "10.00 EUR"), world.sells(WEI, "5.00 CNY")
    for product in (oil, tea):
        world.do(put_in, MAYA, product)
    view = world.draft_of_cart(MAYA, ROSAS)
    assert [line.product for line in world.look(lambda uow: uow.carts.need(MAYA)).lines] == [oil, tea]
    world.confirm(view)
    assert [line.product for line in world.look(lambda uow: uow.carts.need(MAYA)).lines] == [tea]


def test_buying_at_once_leaves_the_cart_alone() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    world.do(put_in, MAYA, oil)
    world.orders(oil)
    assert world.look(lambda uow: uow.carts.need(MAYA)).quantity(oil) == 1


@pytest.mark.parametrize(("asked", "ordered"), [(0, 1), (-7, 1), (3, 3), (10**9, MOST_OF_ONE)])
def test_a_quantity_is_brought_into_what_one_may_order(asked: int, ordered: int) -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR", stock=200)
    view = world.draft(oil, quantity=asked)
    assert view.order.lines[0].quantity == ordered
    assert view.quote and view.quote.pay == money(f"{ordered}.00 EUR")


def test_the_method_of_the_last_order_is_offered_first() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    assert world.do(draft_one, MAYA, oil).order.method == "sepa"  # the price's own currency
    world.orders(oil, by="pix")
    assert world.do(draft_one, MAYA, oil).order.method == "pix"


def test_every_method_is_offered_with_what_it_would_cost_or_why_not() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    world.clock.let_pass(days=30)
    offers = {method.name: offer for method, offer in world.do(method_offers, MAYA, view.order.id)}
    assert isinstance(offers["pix"], StaleRate)
    assert not isinstance(offers["sepa"], Refusal) and offers["sepa"].pay == money("10.00 EUR")
    assert world.look(lambda uow: uow.quotes.count(order=view.order.id)) == 2, "an offer that is only shown is not kept"


def test_a_shop_that_cannot_take_payments_says_so() -> None:
    world = World(methods=())
    with pytest.raises(NoMethod):
        world.do(draft_one, MAYA, world.sells(ROSA, "10.00 EUR"))


def test_a_method_that_the_shop_has_given_up_since_the_review_is_asked_for_anew() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "10.00 EUR"), by="pix")
    world.shop = replace(world.shop, methods={"sepa": SEPA})
    with pytest.raises(OfferOver):
        world.confirm(view)
    fresh = world.do(review, MAYA, view.order.id)
    assert world.confirm(fresh).method == "sepa"


def test_a_currency_without_a_rate_or_with_an_old_one_is_refused_by_name() -> None:
    world = World()
    tea = world.sells(WEI, "10.00 CNY")
    world.clock.let_pass(days=4)  # Tuesday: two business days after Friday's fixing
    assert world.draft(tea).quote
    world.clock.let_pass(days=2)
    with pytest.raises(StaleRate) as stale:
        world.draft(tea)
    assert stale.value.params == {"code": "CNY", "on": NOON.date()}
    with pytest.raises(NoRate) as missing:
        world.sells(ROSA, "10.00 ZAR")
    assert missing.value.params == {"code": "ZAR"}


def test_a_rate_that_grew_old_between_review_and_confirmation_stops_the_order() -> None:
    world = World()
    world.clock.let_pass(days=5, hours=11, minutes=50)  # ten to midnight, the last day that the rate holds
    view = world.draft(world.sells(ROSA, "10.00 EUR"), by="pix")
    world.clock.let_pass(minutes=11)
    with pytest.raises(StaleRate):
        world.confirm(view)
    assert world.stock(view.order.lines[0].product) == 5


def test_a_fresh_rate_is_used_at_the_next_review_and_not_for_a_price_already_shown() -> None:
    world = World()
    view = world.draft(world.sells(ROSA, "100.00 EUR"), by="pix")
    world.shop.rates.learn(fixings(BRL="10"))
    order = world.confirm(view)
    assert view.quote and world.charge(order.id).amount == view.quote.pay == money("631.25 BRL")
    later = world.draft(order.lines[0].product, by="pix")
    assert later.quote and later.quote.pay == money("1010.00 BRL")


@pytest.mark.parametrize(("price", "by"), [("0.01 CNY", "sepa"), ("0.01 CNY", "pix"), ("0.03 BRL", "pix")])
def test_a_sum_too_small_to_pay_or_to_settle_is_refused_and_not_given_away(price: str, by: str) -> None:
    world = World()
    tiny = world.sells(ROSA, price)
    with pytest.raises(TooSmall) as refusal:
        world.draft(tiny, by=by)
    assert refusal.value.params == {"amount": money(price)}


def test_a_draft_is_dropped_and_a_placed_order_cancelled_by_its_shopper_before_paying_only() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    draft = world.draft(oil)
    assert world.do(cancel, MAYA, draft.order.id).state is OrderState.CANCELLED
    order = world.orders(oil)
    assert world.do(cancel, MAYA, order.id).state is OrderState.CANCELLED
    assert world.news(MAYA) == ["payment_card", "cancelled"]
    with pytest.raises(OrderMoved):
        world.do(cancel, MAYA, order.id)
    paid = world.orders(oil)
    world.pays(paid)
    with pytest.raises(OrderMoved):
        world.do(cancel, MAYA, paid.id)
    world.clock.let_pass(days=1)
    assert world.do(expire_due) == 0


def test_a_code_that_is_our_own_offer_is_there_when_the_order_is_placed_and_no_channel_is_called() -> None:
    world = World()
    for by, price in (("sepa", "10.00 EUR"), ("pix", "20.00 BRL")):
        order = world.confirm(world.draft(world.sells(ROSA, price), by=by))
        charge = world.charge(order.id)
        code = read(charge.payload)
        assert (charge.state, charge.dispatched_at) == (OperationState.ACTION, None)
        assert (code.account, code.amount) == (charge.body["account"], charge.amount.decimal)
        assert code.reference == charge.reference
        assert world.news(MAYA) == ["payment_card"]
        assert world.rails[by].sent == []


def test_a_way_to_pay_that_has_no_code_for_an_order_is_refused_and_nothing_is_placed() -> None:
    world = World(methods=[PIX, replace(SEPA, payee="\n")])
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    with pytest.raises(NoCode):
        world.confirm(view)
    assert world.order(view.order.id).state is OrderState.DRAFT
    assert world.stock(view.order.lines[0].product) == 5
    assert world.news(MAYA) == []


def test_an_order_cancelled_before_its_code_was_made_shows_none() -> None:
    world = World(methods=[ASKED])
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    world.do(cancel, MAYA, order.id)
    assert world.news(MAYA) == ["cancelled"]
    assert world.rails["sepa"].sent == []


def test_an_order_cancelled_while_its_code_is_made_shows_none() -> None:
    world = World(methods=[ASKED])
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    charge = world.charge(order.id)
    world.do(dispatch, charge.id)
    world.do(cancel, MAYA, order.id)
    world.do(record, charge.id, ActionNeeded("code"))
    world.run_errands()
    assert world.charge(order.id).state is OperationState.EXPIRED
    assert "payment_card" not in [kind for _, kind, _ in world.told]


def test_an_order_whose_code_cannot_be_made_waits_for_another_way_to_pay_until_its_deadline() -> None:
    world = World(methods=[ASKED])
    world.rails["sepa"].answers = [Rejected("59: too long")]
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    assert world.charge(order.id).state is OperationState.REJECTED
    assert world.order(order.id).state is OrderState.PLACED
    assert world.news(MAYA) == ["charge_refused"]
    world.clock.let_pass(hours=2)
    world.do(expire_due)
    assert world.stock(order.lines[0].product) == 5
    assert world.news(MAYA) == ["expired"]
    assert world.pays(order).state is ReceiptState.HELD


def test_a_code_that_failed_to_come_is_shown_when_the_rail_is_back() -> None:
    world = World(methods=[ASKED])
    world.rails["sepa"].answers = [Unknown("TimeoutError")]
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    assert (world.charge(order.id).state, world.news(ADA)) == (OperationState.UNKNOWN, ["in_doubt"])
    world.carry(world.charge(order.id).id)
    assert world.charge(order.id).state is OperationState.ACTION
    assert world.news(MAYA) == ["charge_in_doubt", "payment_card"]


def test_a_payment_settles_a_charge_that_was_in_doubt() -> None:
    world = World(methods=[ASKED])
    world.rails["sepa"].answers = [Unknown("TimeoutError")]
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    world.pays(order)
    assert world.order(order.id).state is OrderState.PAID
    world.carry(world.charge(order.id).id)
    assert world.charge(order.id).state is OperationState.SUCCEEDED


def test_a_code_is_sent_again_as_it_was_after_a_crash_in_mid_call() -> None:
    world = World(methods=[ASKED])
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    world.do(dispatch, world.charge(order.id).id)  # committed; then the machine stops
    world.run_errands()
    assert world.charge(order.id).state is OperationState.ACTION
    world.carry(world.charge(order.id).id)
    assert len(world.rails["sepa"].sent) == 1
    assert world.news(MAYA) == ["payment_card"]


def test_a_refusal_of_a_charge_asked_for_again_does_not_prove_that_the_first_one_was_not_taken() -> None:
    world = World(methods=[ASKED])
    world.rails["sepa"].answers = [Rejected("DUPLICATE")]
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    world.do(dispatch, world.charge(order.id).id)  # committed; then the machine stops in mid-call
    world.run_errands()
    assert world.charge(order.id).state is OperationState.UNKNOWN
    assert world.news(ADA) == ["in_doubt"]
    world.pays(order)
    assert world.order(order.id).state is OrderState.PAID


@pytest.mark.parametrize("begun", [False, True])
def test_a_charge_whose_rail_is_gone_or_would_take_it_twice_is_not_sent(begun: bool) -> None:
    world = World(methods=[ASKED])
    rail = world.rails["sepa"]
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    if begun:
        rail.idempotent = False
        world.do(dispatch, world.charge(order.id).id)  # committed; then the machine stops in mid-call
    else:
        del world.rails["sepa"]
    world.run_errands()
    assert rail.sent == []
    assert world.charge(order.id).state is OperationState.UNKNOWN


def test_a_product_that_never_was_cannot_be_ordered() -> None:
    world = World()
    with pytest.raises(Gone):
        world.do(draft_one, MAYA, ProductId("N0TH1NG"))
    view = world.draft(world.sells(ROSA, "10.00 EUR"))
    with pytest.raises(OfferOver):
        world.do(place, MAYA, view.order.id, "N0TH1NG")
