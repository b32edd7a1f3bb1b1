"""What an audit has read ahead says what the shelves say; and no page of a long shelf is lost or read twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.payments import ahead
from core.payments.ahead import with_orders, with_receipts
from core.payments.recon import unsettled
from core.payments.recon.unsettled import Span, movements
from core.payments.refund import RefundState
from core.ports import UnitOfWork
from tests.builders import ROSA
from tests.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Three sales, one of them refunded in two parts; pages are short."""
    monkeypatch.setattr(ahead, "_PAGE", 2)
    monkeypatch.setattr(unsettled, "_PAGE", 2)
    world = World()
    tea = world.sells(ROSA, "20.00 EUR")
    for amounts in ((), ("5.00 EUR", "2.00 EUR"), ()):
        order = world.orders(tea)
        world.pays(order)
        for amount in amounts:
            world.refunds(order, amount)
    world.run_errands()
    return world


def test_the_unit_of_a_page_gives_what_the_shelves_give(world: World) -> None:
    def compare(uow: UnitOfWork) -> int:
        refunds = 0
        for unit, order in with_orders(uow, uow.orders.walk()):
            assert order.quote is not None
            assert unit.quotes.need(order.quote) == uow.quotes.need(order.quote)
            assert unit.journal.legs_of(order.id) == uow.journal.legs_of(order.id)
            for asked in (
                {},
                {"state": RefundState.DONE},
                {"state": (RefundState.FUNDED, RefundState.FAILED)},
                {"receipt": None},
                {"limit": 1},
                {"newest": False},
            ):
                which: dict[str, Any] = {"order": order.id, **asked}
                assert unit.refunds.find(**which) == uow.refunds.find(**which)
            refunds += len(unit.refunds.find(order=order.id))
        for unit, receipt in with_receipts(uow, uow.receipts.walk()):
            assert unit.applications.find(receipt=receipt.id) == uow.applications.find(receipt=receipt.id)
        return refunds

    assert world.look(compare) == 2


def test_a_shelf_is_read_in_pages_however_many_things_are_of_one_moment(world: World) -> None:
    def crowd(uow: UnitOfWork) -> None:
        (first, *_) = uow.receipts.find()
        for number in range(9):
            at = first.received_at + timedelta(seconds=number // 5)
            uow.receipts.add(replace(first, id=f"R{number}", fact=f"F{number}", received_at=at, version=0))

    world.store.write_now(crowd)
    every = [one.about for one in world.look(lambda uow: list(movements(uow)))]
    for span in (Span(since=world.clock.now() - timedelta(days=1)), Span(before=world.clock.now() + timedelta(days=1))):
        of_span = [one.about for one in world.look(lambda uow, span=span: list(movements(uow, span)))]
        assert sorted(of_span) == sorted(every)
        assert len(set(of_span)) == len(of_span) == 3 + 9 + 2
