"""Complaints: a shopper says what is wrong, both sides are heard, an admin or the seller's silence decides."""

from dataclasses import replace

import pytest

from core.errors import Gone, NotAllowed
from core.payments import sums
from core.payments.disputes import frozen
from core.payments.disputes.cases import NotOpenCase, Stage, hear_dispute
from core.payments.disputes.complaints import (
    MOST_PIECES,
    CaseOpen,
    Decided,
    EnoughSaid,
    NothingSaid,
    TooEarly,
    TooLate,
    complain,
    decide,
    decide_overdue,
    evidence_of,
    remind,
    say,
)
from core.payments.disputes.dispute import Dispute, DisputeState
from core.payments.refunds import MoreThanPaid
from core.shop.orders import Order, OrderState
from tests.builders import ADA, LIN, MAYA, ROSA, money
from tests.world import World


def shipped() -> tuple[World, Order]:
    world = World()
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order, id="E1")
    world.ships(order, ROSA)
    world.run_errands()
    world.told.clear()
    return world, world.order(order.id)


def complains(world: World, order: Order) -> Dispute:
    case = world.do(complain, MAYA, order.id, "not_received")
    assert world.look(lambda uow: [*frozen.check(uow), *sums.check(uow)]) == []
    return case


def test_a_complaint_holds_the_sellers_part_and_takes_nothing() -> None:
    world, order = shipped()
    before = world.books()["clearing:sepa"]
    case = complains(world, order)
    assert world.books() == {"clearing:sepa": before, f"hold:{case.id}": "EUR -100.00"}
    assert (world.news(MAYA), world.news(ROSA), world.news(ADA)) == (["dispute_opened"],) * 3


@pytest.mark.parametrize(("won", "amount"), [(True, ""), (False, ""), (False, "40.00 EUR")])
def test_an_admin_decides(won: bool, amount: str) -> None:
    world, order = shipped()
    before = world.books()
    case = complains(world, order)
    with pytest.raises(NotAllowed):
        world.do(decide, ROSA, case.id, won=won)
    with pytest.raises(MoreThanPaid):
        world.do(decide, ADA, case.id, won=False, amount=money("100.01 EUR"))
    decided = world.do(decide, ADA, case.id, won=won, amount=money(amount) if amount else None)
    world.run_errands()
    left = {"": {} if not won else before, "40.00 EUR": None}[amount]
    assert left is None or world.books() == left
    assert decided.state is (DisputeState.WON if won else DisputeState.LOST) and not world.order(order.id).frozen
    ended = OrderState.SHIPPED if won or amount else OrderState.REFUNDED
    assert world.order(order.id).state is ended
    assert not amount or world.books()["clearing:sepa"] == "EUR 60.00"
    with pytest.raises(NotOpenCase):
        world.do(decide, ADA, case.id, won=True)
    assert world.look(lambda uow: [*frozen.check(uow), *sums.check(uow)]) == []


def test_a_seller_who_says_nothing_has_it_decided_for_the_shopper() -> None:
    world, order = shipped()
    case = complains(world, order)
    world.do(say, MAYA, case.id, "Where is it?")
    world.clock.let_pass(days=6.5)
    assert world.do(remind) == 1 and "dispute_soon" in world.news(ROSA)
    assert world.do(decide_overdue) == []
    world.clock.let_pass(days=1)
    assert [one.id for one in world.do(decide_overdue)] == [case.id]
    world.run_errands()
    assert world.books() == {} and world.do(decide_overdue) == []


def test_an_answered_complaint_waits_for_an_admin() -> None:
    world, order = shipped()
    case = complains(world, order)
    world.do(say, ROSA, case.id, "It was sent.")
    world.clock.let_pass(days=8)
    world.news(ADA)
    for _ in range(2):
        assert world.do(decide_overdue) == []
    assert world.news(ADA) == ["dispute_due"]


def test_the_policy_may_leave_it_to_an_admin() -> None:
    world, order = shipped()
    world.shop = replace(
        world.shop, policy=replace(world.shop.policy, disputes=replace(world.shop.policy.disputes, silent="admin"))
    )
    complains(world, order)
    world.clock.let_pass(days=8)
    assert world.do(decide_overdue) == []


def test_when_one_may_complain() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    with pytest.raises(TooLate):
        world.do(complain, MAYA, order.id, "not_received")
    world.pays(order)
    with pytest.raises(TooEarly):
        world.do(complain, MAYA, order.id, "not_received")
    world.ships(order, ROSA)
    for who, reason in ((LIN, "not_received"), (ROSA, "not_received"), (MAYA, "because")):
        with pytest.raises(Gone):
            world.do(complain, who, order.id, reason)
    world.clock.let_pass(days=31)
    with pytest.raises(TooLate):
        world.do(complain, MAYA, order.id, "not_received")


def test_one_complaint_an_order_and_none_beside_the_banks_case() -> None:
    world, order = shipped()
    case = complains(world, order)
    with pytest.raises(CaseOpen):
        world.do(complain, MAYA, order.id, "double_charged")
    world.do(hear_dispute, "sepa", "C1", Stage.OPENED, fact="E1", amount=money("100.00 EUR"))
    assert world.look(lambda uow: uow.disputes.need(case.id)).state is DisputeState.CLOSED
    bank = world.look(lambda uow: uow.disputes.find(source="sepa")[0])
    assert bank.covered == money("100.00 EUR"), "what the complaint held is the bank's case's now"
    with pytest.raises(CaseOpen):
        world.do(complain, MAYA, order.id, "not_received")


def test_who_complains_again_hears_that_it_was_decided() -> None:
    world, order = shipped()
    world.do(decide, ADA, complains(world, order).id, won=True)
    with pytest.raises(Decided):
        world.do(complain, MAYA, order.id, "not_received")


def test_what_both_sides_say_is_kept_in_order_and_has_a_limit() -> None:
    world, order = shipped()
    case = complains(world, order)
    world.do(say, MAYA, case.id, " Broken. ")
    world.clock.let_pass(minutes=1)
    world.do(say, ROSA, case.id, picture="d" * 64)
    said = world.look(lambda uow: evidence_of(uow, case))
    assert [(one.by, one.text, one.picture) for one in said] == [(MAYA, "Broken.", ""), (ROSA, "", "d" * 64)]
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(NothingSaid):
            world.do(say, MAYA, case.id, text)
    with pytest.raises(Gone):
        world.do(say, LIN, case.id, "me too")
    for _ in range(MOST_PIECES - 1):
        world.do(say, MAYA, case.id, "and again")
    with pytest.raises(EnoughSaid):
        world.do(say, MAYA, case.id, "and again")
