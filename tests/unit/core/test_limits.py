"""Limits: what may be paid at once and in a day, by a shopper, over a channel, in the shop; nobody fits twice."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.ids import PersonId
from core.people import Tier
from core.policy import Limit, Policy
from core.risk.refusals import OverChannelLimit, OverDayLimit, OverPaymentLimit, OverShopLimit
from core.shop.checkout import cancel, expire_due
from core.shop.orders import OrderState
from tests.builders import LIN, MAYA, ROSA, WEI, eur, money, policy
from tests.world import World

MIDNIGHT = datetime(2026, 10, 31, tzinfo=UTC)


def limits(*rows: str) -> Policy:
    """The shipped policy with other limits, each "who subject window amount"."""
    parsed = []
    for place, row in enumerate(rows):
        who, subject, window, amount = row.split()
        parsed.append(Limit(str(place), who, subject if who != "shop" else "", window, eur(amount)))
    return policy(limits=tuple(parsed))


def with_tier(world: World, who: PersonId, tier: Tier) -> None:
    world.store.write_now(lambda uow: uow.people.save(replace(uow.people.need(who), tier=tier)))


def test_one_payment_may_be_as_large_as_the_limit_and_no_larger() -> None:
    world = World(rules=limits("shopper new payment 100.00"))
    world.orders(world.sells(ROSA, "100.00 EUR"))
    with pytest.raises(OverPaymentLimit) as refusal:
        world.orders(world.sells(ROSA, "100.01 EUR"))
    assert refusal.value.params == {"limit": eur("100.00"), "amount": eur("100.01")}


def test_a_day_holds_so_much_tells_what_is_left_and_renews_at_midnight() -> None:
    world = World(rules=limits("shopper new day 100.00"))
    sixty = world.sells(ROSA, "60.00 EUR")
    world.orders(sixty)
    with pytest.raises(OverDayLimit) as refusal:
        world.orders(sixty)
    assert refusal.value.params == {"limit": eur("100.00"), "left": eur("40.00"), "renews": MIDNIGHT}
    world.orders(world.sells(ROSA, "40.00 EUR"))
    with pytest.raises(OverDayLimit):
        world.orders(world.sells(ROSA, "0.01 EUR"))
    world.orders(sixty, LIN)  # another person has a day of their own
    world.clock.let_pass(hours=12)
    world.orders(sixty)


def test_a_payment_in_another_currency_counts_at_the_days_rate() -> None:
    world = World(rules=limits("shopper new day 100.00"))
    world.orders(world.sells(ROSA, "80.00 EUR"), by="pix")  # 500 BRL and 1 %: 80.80 EUR
    with pytest.raises(OverDayLimit) as refusal:
        world.orders(world.sells(ROSA, "20.00 EUR"))
    assert refusal.value.params["left"] == eur("19.20")


def test_two_payments_at_once_cannot_both_fit_under_the_last_euro() -> None:
    world = World(rules=limits("shopper new day 100.00"))
    sixty = world.sells(ROSA, "60.00 EUR")
    one, other = world.draft(sixty), world.draft(sixty)
    world.confirm(one)
    with pytest.raises(OverDayLimit):
        world.confirm(other)
    assert (world.order(other.order.id).state, world.stock(sixty)) == (OrderState.DRAFT, 4)


@pytest.mark.parametrize("row", ["channel sepa day 100.00", "shop - day 100.00"])
def test_a_channel_and_the_shop_have_a_day_of_their_own_for_everybody(row: str) -> None:
    world = World(rules=limits(row))
    sixty = world.sells(ROSA, "60.00 EUR")
    world.orders(sixty)
    with pytest.raises(OverChannelLimit if row.startswith("channel") else OverShopLimit) as refusal:
        world.orders(sixty, LIN)
    assert refusal.value.params == {"limit": eur("100.00"), "left": eur("40.00"), "renews": MIDNIGHT}
    if row.startswith("channel"):
        world.orders(sixty, LIN, by="pix")


def test_a_channel_bounds_a_single_payment() -> None:
    world = World(rules=limits("channel pix payment 50.00"))
    sixty = world.sells(ROSA, "60.00 EUR")
    with pytest.raises(OverPaymentLimit):
        world.orders(sixty, by="pix")
    world.orders(sixty, by="sepa")


def test_a_refusal_by_one_limit_takes_nothing_from_the_others() -> None:
    world = World(rules=limits("shopper new day 1000.00", "channel sepa day 1000.00", "shop - day 50.00"))
    with pytest.raises(OverShopLimit):
        world.orders(world.sells(ROSA, "60.00 EUR"))
    assert world.look(lambda uow: uow.holds.count()) == 0
    world.orders(world.sells(ROSA, "50.00 EUR"))


def test_an_order_that_comes_to_nothing_gives_its_room_back_once() -> None:
    world = World(rules=limits("shopper new day 100.00", "shop - day 100.00"))
    hundred = world.sells(ROSA, "100.00 EUR")
    for _ in range(2):
        world.do(cancel, MAYA, world.orders(hundred).id)
        world.orders(hundred)
        world.clock.let_pass(minutes=62)
        world.do(expire_due)
    world.orders(hundred)


def test_a_payment_made_keeps_its_room_until_the_day_is_over() -> None:
    world = World(rules=limits("shopper new day 100.00"))
    hundred = world.sells(ROSA, "100.00 EUR")
    world.pays(world.orders(hundred))
    with pytest.raises(OverDayLimit):
        world.orders(hundred)


def test_an_order_placed_before_midnight_that_expires_after_it_frees_yesterday_only() -> None:
    world = World(rules=limits("shopper new day 100.00"))
    hundred = world.sells(ROSA, "100.00 EUR")
    world.clock.let_pass(hours=11, minutes=50)
    world.orders(hundred)
    world.clock.let_pass(minutes=20)
    world.orders(hundred)
    world.clock.let_pass(minutes=45)
    assert world.do(expire_due) == 1
    with pytest.raises(OverDayLimit):
        world.orders(hundred)


def test_a_shopper_who_rises_in_tier_does_not_get_a_second_purse() -> None:
    world = World(rules=limits("shopper new day 100.00", "shopper regular day 150.00"))
    world.orders(world.sells(ROSA, "90.00 EUR"))
    with_tier(world, MAYA, Tier.REGULAR)
    with pytest.raises(OverDayLimit) as refusal:
        world.orders(world.sells(ROSA, "61.00 EUR"))
    assert refusal.value.params["left"] == eur("60.00")
    world.orders(world.sells(ROSA, "60.00 EUR"))


def test_a_shopper_whose_limit_shrank_below_what_is_used_has_nothing_left_and_not_less() -> None:
    world = World(rules=limits("shopper trusted day 200.00", "shopper new day 100.00"))
    with_tier(world, MAYA, Tier.TRUSTED)
    world.orders(world.sells(ROSA, "150.00 EUR"))
    with_tier(world, MAYA, Tier.NEW)
    with pytest.raises(OverDayLimit) as refusal:
        world.orders(world.sells(ROSA, "1.00 EUR"))
    assert refusal.value.params["left"].minor == 0


def test_the_shipped_policy_bounds_a_newcomer_whatever_the_currency() -> None:
    world = World()
    with pytest.raises(OverPaymentLimit) as refusal:
        world.orders(world.sells(WEI, "3951.00 CNY"))
    assert refusal.value.params["limit"] == money("500.00 EUR")
