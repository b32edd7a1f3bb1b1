"""The story of an order says what happened in plain words, and where the money lies; and the check agrees."""

from __future__ import annotations

import pytest

from core.errors import Gone
from core.ledger.chain import Record, seal
from core.ledger.check import Report, check
from core.ledger.story import Story, place, sentence, tell
from core.people import SellerTier
from core.shop.orders import Order
from tests.builders import MAYA, NOON, ROSA, WEI
from tests.world import World


def _record(kind: str, *legs: tuple[str, int, str]) -> Record:
    return Record(1, "k", NOON, kind, None, legs)


def test_a_sale_across_a_border_is_one_sentence() -> None:
    legs = (
        ("clearing:pix", 10_000, "EUR"),
        ("fx:position", -10_000, "EUR"),
        ("fx:position", 79_000, "CNY"),
        ("escrow:O1", -78_000, "CNY"),
        ("rev:fx_markup", -1000, "CNY"),
    )
    assert sentence(_record("capture", *legs)) == (
        "The payment paid the order: EUR 100.00 into what pix has of ours, CNY 780.00 into the order's escrow, "
        "CNY 10.00 into our markup on the exchange; exchanging EUR 100.00 for CNY 790.00."
    )


def test_what_leaves_one_place_for_another_is_told_from_where_to_where() -> None:
    legs = ("escrow:O1", 780, "CNY"), ("avail:S1", -757, "CNY"), ("rev:fee", -23, "CNY")
    assert sentence(_record("release", *legs)) == (
        "A part was released to the seller: CNY 7.80 out of the order's escrow; "
        "CNY 7.57 into what the seller may be paid, CNY 0.23 into our fee."
    )
    legs = ("transit:P1", 500, "EUR"), ("bank", -500, "EUR")
    assert sentence(_record("payout sent", *legs)) == (
        "The payout reached the seller: EUR 5.00 out of a payout on its way, EUR 5.00 out of our bank account."
    )


def test_a_kind_that_nobody_has_described_is_told_by_its_name() -> None:
    legs = ("bank", 5, "EUR"), ("piggybank:7", -5, "XXQ")
    assert sentence(_record("windfall", *legs)) == (
        "Windfall: 5 minor units of XXQ out of an account that is not in the chart (piggybank); "
        "EUR 0.05 into our bank account."
    )


@pytest.mark.parametrize("account", ["refund_payable:4711", "avail:S4711", "transit:4711", "buyer_instalment:4711"])
def test_a_place_names_nobody(account: str) -> None:
    assert "4711" not in place(account)


def _sold(price: str, by: str) -> tuple[World, Order]:
    world = World(tier=SellerTier.STANDARD)
    seller = WEI if price.endswith("CNY") else ROSA
    order = world.orders(world.sells(seller, price), by=by)
    world.clock.let_pass(minutes=5)
    world.pays(order)
    world.clock.let_pass(hours=2)
    world.ships(order, seller)
    return world, world.order(order.id)


def _story(world: World, order: Order) -> Story:
    return world.look(tell, order.id)


def _checked(world: World) -> Report:
    return world.look(check, world.clock.now())


def test_the_story_of_a_sale_goes_from_its_order_to_where_the_money_lies() -> None:
    world, order = _sold("100.00 EUR", "sepa")
    world.clock.let_pass(hours=24)
    world.receives(order)
    story = _story(world, order)
    assert story.state == "received"
    texts = [step.text for step in story.steps]
    assert texts[0] == f"Order {order.id} was made."
    assert texts[1].startswith("The payment paid the order: EUR 100.00 into what sepa has of ours")
    assert "The seller shipped it." in texts
    assert texts[-1].startswith("A part was released to the seller")
    assert [step.at for step in story.steps] == sorted(step.at for step in story.steps)
    lies = dict(story.lies)
    assert lies["what sepa has of ours"] == "EUR 100.00"
    assert "the order's escrow" not in lies
    sums = [amount for where, amount in story.lies if where != "what sepa has of ours"]
    assert sum(round(float(amount.split()[1]) * 100) for amount in sums) == 10_000
    assert _checked(world).ok, _checked(world).findings


def test_the_story_of_a_refund_ends_with_nothing_left() -> None:
    world, order = _sold("780.00 CNY", "pix")
    world.refunds(order)
    middle = _story(world, order)
    assert dict(middle.lies).keys() == {"what pix has of ours", "what is owed to the buyer"}
    world.run_errands()
    story = _story(world, order)
    assert any(step.text.startswith("The refund reached the buyer") for step in story.steps)
    assert any("it is done now" in step.text for step in story.steps)
    assert story.lies == ()
    words = " ".join(step.text for step in story.steps)
    assert "Maya" not in words and f":{MAYA}" not in words
    assert _checked(world).ok, _checked(world).findings


def test_an_order_that_nobody_paid_has_a_story_without_money() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "5.00 EUR"))
    story = _story(world, order)
    assert [step.kind for step in story.steps] == ["order"] and story.lies == ()
    with pytest.raises(Gone):
        world.look(tell, "NONE")


def test_the_check_counts_what_it_went_through() -> None:
    world, _ = _sold("100.00 EUR", "sepa")
    report = _checked(world)
    assert (report.orders, report.entries, report.sealed, report.unsealed) == (1, 2, 0, 2)
    world.store.write_now(seal, world.clock.now())
    report = _checked(world)
    assert report.ok and (report.sealed, report.unsealed) == (2, 0)
