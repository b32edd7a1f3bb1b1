"""An admin looks into an order: its money stays where it is until the admin lets it go, and cases end as they do."""

from dataclasses import replace

import pytest

from core.errors import Gone, NotAllowed
from core.ids import OrderId
from core.payments.disputes import frozen
from core.payments.disputes.complaints import complain, decide
from core.payments.disputes.monitoring import NoReason, NotWatched, let_go, reason_of, watch
from core.payments.escrow import Frozen, release_rest
from core.payments.refunds import refund_order
from core.shop.deadlines import refund_unshipped, release_due
from core.shop.orders import Order, OrderState
from tests.builders import ADA, MAYA, ROSA
from tests.world import World

WHY = "ten orders from one card"


def paid() -> tuple[World, Order]:
    world = World()
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order, id="E1")
    world.run_errands()
    world.told.clear()
    return world, world.order(order.id)


def found(world: World) -> list[int]:
    return [one.invariant for one in world.look(lambda uow: list(frozen.check(uow)))]


def test_watched_money_leaves_by_no_path_and_nobody_is_told() -> None:
    world, order = paid()
    before = world.books()
    order = world.do(watch, ADA, order.id, f"  {WHY} ")
    assert reason_of(order) == WHY
    with pytest.raises(Frozen):
        world.do(refund_order, ADA, order.id)
    world.clock.let_pass(days=30)
    assert world.do(refund_unshipped) == [] == world.do(release_due)
    assert (world.books(), world.told, found(world)) == (before, [], [])


def test_of_a_watched_order_nothing_is_released_when_it_is_shipped() -> None:
    world, order = paid()
    world.do(watch, ADA, order.id, WHY)
    world.ships(order, ROSA)
    assert not [account for account in world.books() if account.startswith("avail:")]
    world.do(let_go, ADA, order.id)
    world.receives(order)
    assert [account for account in world.books() if account.startswith("avail:")]


def test_let_go_the_seller_has_time_to_ship_again() -> None:
    world, order = paid()
    world.do(watch, ADA, order.id, WHY)
    world.clock.let_pass(days=30)
    order = world.do(let_go, ADA, order.id)
    assert order.frozen == "" and order.ship_by is not None and order.ship_by > world.clock.now()
    world.ships(order, ROSA)
    world.receives(order)
    assert world.order(order.id).state is OrderState.RECEIVED and found(world) == []


def test_a_watched_order_may_be_complained_about_and_stays_frozen_when_the_case_ends() -> None:
    world, order = paid()
    world.ships(order, ROSA)
    world.do(watch, ADA, order.id, WHY)
    case = world.do(complain, MAYA, order.id, "not_received")
    world.do(decide, ADA, case.id, won=True)
    assert reason_of(world.order(order.id)) == WHY
    assert world.do(let_go, ADA, order.id).frozen == ""


def test_a_case_goes_on_freezing_what_the_admin_lets_go() -> None:
    world, order = paid()
    world.ships(order, ROSA)
    case = world.do(complain, MAYA, order.id, "not_received")
    world.do(watch, ADA, order.id, WHY)
    assert world.do(let_go, ADA, order.id).frozen == f"dispute:{case.id}"
    with pytest.raises(NotWatched):
        world.do(let_go, ADA, order.id)


def test_both_commands_are_an_admins_and_are_written_down() -> None:
    world, order = paid()
    for who, verb, more in ((ROSA, watch, (WHY,)), (MAYA, let_go, ())):
        with pytest.raises(NotAllowed):
            world.do(verb, who, order.id, *more)
    for reason in (" ", "x" * 201):
        with pytest.raises(NoReason):
            world.do(watch, ADA, order.id, reason)
    with pytest.raises(Gone):
        world.do(watch, ADA, OrderId("NOPE"), WHY)
    world.do(watch, ADA, order.id, WHY)
    world.clock.let_pass(hours=1)
    world.do(let_go, ADA, order.id)
    lines = world.look(lambda uow: [(one.command, one.detail) for one in uow.audit.find(newest=False)])
    assert lines[-2:] == [("freeze", {"order": order.id, "reason": WHY}), ("thaw", {"order": order.id})]


def test_the_proof_finds_money_that_left_while_it_was_watched() -> None:
    world, order = paid()
    world.ships(order, ROSA)
    order = world.do(watch, ADA, order.id, WHY)
    world.clock.let_pass(hours=1)
    with pytest.raises(AssertionError, match="while an admin had it frozen"):  # World proves its books after each step
        world.do(lambda uow, shop: release_rest(uow, shop, replace(order, frozen=""), uow.sellers.need(order.seller)))
    assert found(world) == [17]
