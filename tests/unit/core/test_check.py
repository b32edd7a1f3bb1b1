"""The check finds nothing in books that are right, whatever it happens to ask."""

from __future__ import annotations

import random

from core.ledger.check import check
from tests.builders import ROSA
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
