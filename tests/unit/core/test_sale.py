"""A sale from the card to the settled seller: who is owed what after each step, in every mix of currencies."""

from dataclasses import replace

import pytest

from core.errors import NotAllowed
from core.payments.fx.quote import QuoteState
from core.payments.operations import IntentState, OperationState
from core.payments.receipts import ReceiptState
from core.people import SellerTier, Tier
from core.policy import shipped_policy
from core.shop.browse import OrderView
from core.shop.carting import put_in
from core.shop.orders import Order, OrderMoved, OrderState
from core.shop.selling import BadTracking, ship
from tests.builders import ADA, LIN, MAYA, ROSA, WEI, money
from tests.world import World


def test_a_sale_in_one_currency_goes_from_the_code_to_the_settled_seller() -> None:
    world = World()
    oil = world.sells(ROSA, "100.00 EUR")
    order = world.orders(oil)
    assert world.news(MAYA) == ["payment_card"]
    assert world.charge(order.id).state is OperationState.ACTION
    assert world.books() == {}

    receipt = world.pays(order)
    assert receipt.state is ReceiptState.SETTLED
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}
    assert (world.news(MAYA), world.news(ROSA), world.news(ADA)) == (["paid"], ["sold"], [])

    world.ships(order, ROSA)
    assert world.books() == {
        "clearing:sepa": "EUR 100.00",
        f"escrow:{order.id}": "EUR -70.00",
        "avail:S12": "EUR -27.60",
        "reserve:S12": "EUR -1.50",
        "rev:fee": "EUR -0.90",
    }
    assert (world.news(MAYA), world.news(ROSA)) == (["shipped"], ["settled"])

    world.receives(order)
    assert world.books() == {
        "clearing:sepa": "EUR 100.00",
        "avail:S12": "EUR -92.00",
        "reserve:S12": "EUR -5.00",
        "rev:fee": "EUR -3.00",
    }
    assert world.news(ROSA) == ["settled"]

    view = world.view(order.id)
    assert view.order.state is OrderState.RECEIVED
    assert view.intent and view.intent.state is IntentState.CAPTURED
    assert view.quote and view.quote.state is QuoteState.USED
    assert view.charge and view.charge.state is OperationState.SUCCEEDED
    assert view.receipts == (receipt,)


def test_a_buyer_who_pays_in_another_currency_bears_the_spread_and_the_exposure_is_written_down() -> None:
    world = World()
    tea = world.sells(WEI, "780.00 CNY")
    view = world.draft(tea, by="pix")
    # 780 CNY at 6.25 / 7.9 and one percent on top: 0.799051 BRL for a yuan, to six digits.
    assert view.quote and (str(view.quote.pay), str(view.quote.owed)) == ("BRL 623.26", "CNY 780.00")
    order = world.confirm(view)
    world.run_errands()
    world.pays(order)
    assert world.books() == {
        "clearing:pix": "BRL 623.26",
        "fx:position": "BRL -623.26, CNY 787.80",
        f"escrow:{order.id}": "CNY -780.00",
        "rev:fx_markup": "CNY -7.80",
    }


def test_a_price_in_the_buyers_currency_leaves_the_spread_to_the_seller_who_is_settled_in_another() -> None:
    world = World()
    tea = world.sells(WEI, "100.00 EUR")
    view = world.draft(tea, by="sepa")
    # 790 CNY at mid, one percent less for the seller.
    assert view.quote and (view.quote.pay, view.quote.owed, view.quote.markup) == (
        money("100.00 EUR"),
        money("782.10 CNY"),
        money("7.90 CNY"),
    )
    world.receives(world.ships(_paid(world, view), WEI))
    assert world.books() == {
        "clearing:sepa": "EUR 100.00",
        "fx:position": "CNY 790.00, EUR -100.00",
        "rev:fx_markup": "CNY -7.90",
        "avail:S11": "CNY -719.54",
        "reserve:S11": "CNY -39.10",
        "rev:fee": "CNY -23.46",
    }


def test_a_price_in_a_third_currency_is_charged_with_one_spread_only() -> None:
    world = World()
    toy = world.sells(WEI, "125.00 USD")
    view = world.draft(toy, by="sepa")
    assert view.quote and (view.quote.pay, view.quote.owed, view.quote.markup) == (
        money("101.00 EUR"),
        money("790.00 CNY"),
        money("7.90 CNY"),
    )
    assert [(rate.base.code, rate.quote.code) for rate in view.quote.rates] == [("USD", "EUR"), ("USD", "CNY")]
    world.receives(world.ships(_paid(world, view), WEI))


def test_one_order_may_hold_prices_in_several_currencies() -> None:
    world = World()
    for price in ("10.00 EUR", "12.50 USD", "1600 JPY"):
        world.do(put_in, MAYA, world.sells(ROSA, price))
    view = world.draft_of_cart(MAYA, "S12", by="pix")
    # 10 EUR + 12.50 USD (10 EUR) + 1600 JPY (10 EUR): 30 EUR, 187.50 BRL at mid.
    assert view.quote and view.quote.owed == money("30.00 EUR")
    assert abs(view.quote.pay.minor - 189_38) <= 2
    world.receives(world.ships(_paid(world, view), ROSA))


@pytest.mark.parametrize(("tier", "after_capture", "after_shipment"), [
    (SellerTier.NEW, None, None),
    (SellerTier.STANDARD, None, "EUR -27.60"),
    (SellerTier.TRUSTED, "EUR -48.75", "EUR -48.75"),
])  # fmt: skip
def test_the_first_part_is_released_when_the_sellers_tier_says(
    tier: SellerTier, after_capture: str | None, after_shipment: str | None
) -> None:
    world = World(tier=tier)
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order)
    assert world.books().get("avail:S12") == after_capture
    world.ships(order, ROSA)
    assert world.books().get("avail:S12") == after_shipment
    world.receives(order)
    fee = {SellerTier.NEW: "4.00", SellerTier.STANDARD: "3.00", SellerTier.TRUSTED: "2.50"}[tier]
    assert world.books()["rev:fee"] == f"EUR -{fee}"
    assert f"escrow:{order.id}" not in world.books()


def test_a_first_part_given_on_capture_is_not_given_again_when_the_policy_moves_it_to_shipment() -> None:
    world = World(tier=SellerTier.TRUSTED)
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order)
    rules = shipped_policy()
    on_shipment = {tier: replace(part, on_capture=False) for tier, part in rules.escrow.items()}
    world.shop = replace(world.shop, policy=replace(rules, escrow=on_shipment))
    world.ships(order, ROSA)
    assert world.books()["avail:S12"] == "EUR -48.75"
    world.receives(order)
    assert world.books()["avail:S12"] == "EUR -97.50"


def test_a_sale_of_one_cent_still_ends_with_nothing_in_escrow() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "0.01 EUR"))
    world.pays(order)
    world.receives(world.ships(order, ROSA))
    assert world.books() == {"clearing:sepa": "EUR 0.01", "avail:S12": "EUR -0.01"}


def test_steps_out_of_turn_are_refused_and_change_nothing() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    with pytest.raises(OrderMoved):
        world.ships(order, ROSA)
    with pytest.raises(OrderMoved):
        world.receives(order)
    world.pays(order)
    with pytest.raises(OrderMoved):
        world.receives(order)
    world.ships(order, ROSA)
    with pytest.raises(OrderMoved) as refusal:
        world.ships(order, ROSA)
    assert refusal.value.params == {"order": order.id, "state": "shipped"}
    world.receives(order)
    before = world.books()
    with pytest.raises(OrderMoved):
        world.receives(order)
    assert world.books() == before


@pytest.mark.parametrize("tracking", ["", " ", "-", "<b>", "A" * 41, "١٢٣"])
def test_a_parcel_leaves_with_a_tracking_number_that_a_carrier_would_print(tracking: str) -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    world.pays(order)
    with pytest.raises(BadTracking):
        world.do(ship, ROSA, order.id, tracking)
    assert world.order(order.id).state is OrderState.PAID


def test_who_is_no_seller_cannot_ship() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    world.pays(order)
    with pytest.raises(NotAllowed):
        world.do(ship, LIN, order.id, "RR1")


def test_confirmed_receipts_raise_the_shoppers_tier() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", stock=20)

    def tier() -> Tier:
        found: Tier = world.look(lambda uow: uow.people.need(MAYA).tier)
        return found

    tiers = []
    for _ in range(5):
        order = world.orders(oil)
        world.pays(order)
        world.ships(order, ROSA)
        tiers.append(tier())
        world.receives(order)
    assert [*tiers, tier()] == [Tier.NEW, *[Tier.REGULAR] * 4, Tier.TRUSTED]


def _paid(world: World, view: OrderView) -> Order:
    order = world.confirm(view)
    world.run_errands()
    world.pays(order)
    return world.order(order.id)
