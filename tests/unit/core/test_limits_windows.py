"""Windows: what a limit sums up, by the clock of its rail, and when it is there again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ledger.check import check
from core.money import Money, asset
from core.payments.fx.desk import Fixing
from core.policy.rule import Action, Layer, Line, Metric
from core.risk import limits, windows
from core.risk.refusals import OverRuleForGood, OverRuleWindow
from core.shop.checkout import cancel, expire_due, place
from core.shop.orders import OrderState
from tests.builders import MAYA, NOON, PIX, ROSA, TODAY, policy
from tests.world import World

CNY, SGD = asset("CNY"), asset("SGD")


def rail(name: str, of: Any) -> Any:
    return replace(PIX, name=name, currency=of, issue=None)


def world_with(name: str, of: Any, **facts: str) -> World:
    """A shop that takes payments by one more rail, at one unit of its currency for a euro and nothing on top."""
    rules = policy(limits=())
    rules = replace(
        rules,
        pay_within={name: timedelta(minutes=15)},
        grace={name: timedelta(minutes=1)},
        facts={name: facts},
        fx=replace(rules.fx, spread_bp=0, selection_bp=0),
    )
    world = World(rules=rules, methods=[rail(name, of)])
    world.shop.rates.learn([Fixing(of.code, Fraction(1), TODAY, "ECB")])
    return world


def places(world: World, price: str, by: str) -> Any:
    return world.confirm(world.draft(world.sells(ROSA, price), by=by))


# The clock


def line(metric: Metric, zone: str = "UTC", days: int = 0, hours: tuple[int, ...] = ()) -> Line:
    return Line("r#l", "r", Layer.LAW, metric, Action.REFUSE, Money(1, CNY), zone=zone, days=days, hours=hours)


@pytest.mark.parametrize(
    ("metric", "zone", "days", "hours", "at", "end"),
    [
        (Metric.DAY, "UTC", 0, (), "2026-10-30 23:59", "2026-10-31 00:00"),
        (Metric.DAY, "Asia/Shanghai", 0, (), "2026-10-30 15:59", "2026-10-30 16:00"),
        (Metric.DAY, "Asia/Shanghai", 0, (), "2026-10-30 16:00", "2026-10-31 16:00"),
        (Metric.DAY, "Asia/Kolkata", 0, (), "2026-10-30 18:29", "2026-10-30 18:30"),
        # The day on which the clocks of Brussels go back has 25 hours, the one on which they go forward 23.
        (Metric.DAY, "Europe/Brussels", 0, (), "2026-10-24 22:00", "2026-10-25 23:00"),
        (Metric.DAY, "Europe/Brussels", 0, (), "2026-03-28 23:00", "2026-03-29 22:00"),
        (Metric.YEAR, "Asia/Shanghai", 0, (), "2026-12-31 15:59", "2026-12-31 16:00"),
        (Metric.YEAR, "Asia/Shanghai", 0, (), "2026-12-31 16:00", "2027-12-31 16:00"),
        (Metric.ROLLING, "UTC", 30, (), "2026-10-30 12:00", "2026-11-29 00:00"),
        (Metric.PERIOD, "America/Sao_Paulo", 0, (20, 6), "2026-10-30 23:00", "2026-10-31 09:00"),
        (Metric.PERIOD, "America/Sao_Paulo", 0, (20, 6), "2026-10-31 08:59", "2026-10-31 09:00"),
        (Metric.PERIOD, "America/Sao_Paulo", 0, (20, 6), "2026-10-31 09:00", None),
        (Metric.PERIOD, "America/Sao_Paulo", 0, (20, 6), "2026-10-30 22:59", None),
        (Metric.OPENING, "UTC", 0, (), "2026-10-30 12:00", None),
    ],
)
def test_a_window_ends_by_the_clock_of_its_zone(
    metric: Metric, zone: str, days: int, hours: tuple[int, ...], at: str, end: str | None
) -> None:
    ends = windows.ends(metric, zone, days, hours, datetime.fromisoformat(f"{at}+00:00"))
    assert ends == (datetime.fromisoformat(f"{end}+00:00") if end else None)


MOMENTS = st.integers(0, 10**6).map(lambda n: datetime(2020, 1, 1, 0, 7, tzinfo=UTC) + timedelta(minutes=7 * n))


@given(MOMENTS, st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Brussels"]))
@settings(deadline=None)
def test_a_day_ends_after_now_and_within_twentyfive_hours_and_the_next_begins_there(now: datetime, zone: str) -> None:
    end = windows.ends(Metric.DAY, zone, 0, (), now)
    assert end is not None and timedelta() < end - now <= timedelta(hours=25)
    after = windows.ends(Metric.DAY, zone, 0, (), end)
    assert after is not None and timedelta(hours=23) <= after - end <= timedelta(hours=25)


@settings(deadline=None, max_examples=300)
@given(
    zone=st.sampled_from(sorted(available_timezones())),
    at=st.integers(631_152_000, 3_786_912_000).map(lambda second: datetime.fromtimestamp(second, UTC)),  # 1990 to 2090
    metric=st.sampled_from([Metric.DAY, Metric.ROLLING, Metric.YEAR, Metric.PERIOD]),
)
def test_all_moments_of_a_quarter_of_an_hour_have_one_end(zone: str, at: datetime, metric: Metric) -> None:
    one = windows.ends(metric, zone, 30, (20, 6), at)
    assert one == windows._ends.__wrapped__(metric, zone, 30, (20, 6), at)


def test_what_has_ended_is_cleared_and_what_counts_from_an_older_proof_too() -> None:
    entries = {
        "a|day|EUR|@2026-10-30T00:00:00+00:00": 1,
        "a|day|EUR|@2026-10-31T00:00:00+00:00": 2,
        "a|strong|EUR|>": 3,
        "a|strong|EUR|>2026-10-30T00:00:00+00:00": 4,
        "a|opening|EUR|-": 5,
        "a|stock|EUR|=O1": 6,
    }
    assert list(windows.cleared(entries, NOON).values()) == [2, 4, 5, 6]


# Rules of rails


def test_a_day_in_china_renews_at_midnight_in_shanghai() -> None:
    world = world_with("unionpay", CNY, code="static")
    places(world, "400.00 EUR", "unionpay")
    with pytest.raises(OverRuleWindow) as refusal:
        places(world, "101.00 EUR", "unionpay")
    assert refusal.value.params["left"] == Money(100_00, CNY)
    assert refusal.value.params["renews"] == datetime(2026, 10, 30, 16, 0, tzinfo=UTC)
    world.clock.let_pass(hours=4)
    places(world, "500.00 EUR", "unionpay")


def test_a_class_one_account_is_used_up_for_good_and_an_expired_order_frees_it() -> None:
    world = world_with("alipay", CNY, account="I", certificate="yes")
    order = places(world, "900.00 EUR", "alipay")
    with pytest.raises(OverRuleForGood) as refusal:
        places(world, "101.00 EUR", "alipay")
    assert refusal.value.params["left"] == Money(100_00, CNY)
    world.do(cancel, MAYA, order.id)
    places(world, "900.00 EUR", "alipay")
    world.clock.let_pass(minutes=17)
    world.do(expire_due)
    places(world, "1000.00 EUR", "alipay")
    world.clock.let_pass(days=2)
    with pytest.raises(OverRuleForGood):
        places(world, "0.01 EUR", "alipay")


def test_a_wallet_holds_so_much_until_orders_are_over_and_pays_so_much_in_a_year() -> None:
    world = world_with("grabpay", SGD)
    order = places(world, "15000.00 EUR", "grabpay")
    with pytest.raises(OverRuleForGood) as refusal:
        places(world, "5000.01 EUR", "grabpay")
    assert refusal.value.params["left"] == Money(5000_00, SGD)
    done = places(world, "5000.00 EUR", "grabpay")
    world.do(cancel, MAYA, order.id)
    places(world, "15000.00 EUR", "grabpay")
    assert world.look(check, world.clock.now()).ok
    world.do(cancel, MAYA, done.id)


def test_what_is_passed_on_is_no_longer_in_the_wallet() -> None:
    world = world_with("grabpay", SGD)
    order = places(world, "20000.00 EUR", "grabpay")
    with pytest.raises(OverRuleForGood):
        places(world, "1.00 EUR", "grabpay")
    view = world.draft(world.sells(ROSA, "20000.00 EUR"), by="grabpay")
    received = replace(world.order(order.id), state=OrderState.RECEIVED)
    world.store.write_now(lambda uow: uow.orders.save(received))
    world.store.write_now(place, world.shop, MAYA, view.order.id, view.order.quote)
    assert [one.invariant for one in world.look(lambda uow: list(limits.check(uow)))] == []


def test_rolling_days_leave_one_by_one() -> None:
    entries = {f"w|@{(NOON + timedelta(days=days)).isoformat()}": 10 for days in (1, 2, 3)}
    for passed, left in ((0, 30), (1, 20), (2, 10), (3, 0)):
        assert windows.used(entries, "w", "@", NOON + timedelta(days=passed)) == left
    assert windows.renewal(entries, "w", NOON) == NOON + timedelta(days=1)


def test_an_order_given_up_after_its_window_is_over_gives_nothing_back_to_the_next() -> None:
    world = world_with("unionpay", CNY, code="static")
    world.clock.let_pass(hours=3, minutes=55)
    order = places(world, "500.00 EUR", "unionpay")
    world.clock.let_pass(minutes=10)
    places(world, "500.00 EUR", "unionpay")
    world.do(cancel, MAYA, order.id)
    with pytest.raises(OverRuleWindow):
        places(world, "0.01 EUR", "unionpay")
    assert world.look(check, world.clock.now()).ok
