"""The check finds nothing in books that are right, whatever it happens to ask."""

from __future__ import annotations

import random

import pytest

from core.ledger import accounts
from core.ledger.check import check
from core.ledger.journal import credit, debit, entry
from core.money import Money
from tests.builders import EUR, ROSA
from tests.world import World


class Stubborn(random.Random):
    """Draws the same number again and again."""

    def randrange(self, *bounds: int, **more: int) -> int:
        return 0


def test_a_moment_that_is_drawn_twice_is_asked_once() -> None:
    """Found by the simulation, seed 1004: four draws out of a thousand meet now and then."""
    world = World()
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order)
    report = world.look(lambda uow: check(uow, world.clock.now(), source=Stubborn()))
    assert report.findings == ()


@pytest.mark.parametrize(("of_order", "minor", "is_found"), [(True, 1, False), (True, 2, True), (False, -2, True)])
def test_more_than_a_unit_of_a_split_is_no_rounding(of_order: bool, minor: int, is_found: bool) -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order)
    lost, named = Money(minor, EUR), order.id if of_order else None
    legs = debit(accounts.ROUNDING, lost), credit(accounts.BANK, lost)
    world.store.write_now(lambda uow: uow.journal.post(entry("odd", world.clock.now(), "odd", *legs, order=named)))
    report = world.look(lambda uow: check(uow, world.clock.now()))
    assert [one.key for one in report.findings if one.invariant == 11] == ([named or "odd"] if is_found else [])
    assert 11 in report.asked
