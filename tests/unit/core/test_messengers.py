"""Answer, return page, webhook, poll and statement line tell of one fact: in any order, any number, with any crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.channels.simulated import Manners, Message, Settled
from core.ids import OperationId
from core.payments.doubt import ask_soon
from core.payments.driver import Driver
from core.payments.operations import OperationKind
from core.payments.refunds import refund_order
from core.ports import Altered
from core.shop.orders import Order
from storage.memory import MemoryStore
from tests.builders import ADA, ROSA, eur
from tests.coast import NAME, Coast, always


class Crash(Exception):
    """The process ends here."""


class Frail(MemoryStore):
    """A store whose process dies instead of the next write but `spare`."""

    spare: int | None = None

    def _run(self, writable: bool, work: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if writable and self.spare is not None:
            if self.spare == 0:
                raise Crash
            self.spare -= 1
        return super()._run(writable, work, args, kwargs)


class Told:
    """One command to the simulated channel, carried out as `manners` say; then its messengers come."""

    def __init__(self, manners: Manners, *, refund: bool = False, spare: int | None = None) -> None:
        self.coast = Coast(1)
        world = self.coast.world
        self.store = Frail()
        self.store.unit = world.store.unit
        world.store = self.store
        world.driver = Driver(self.store, world.shop, {NAME: self.coast.channel})
        self.order: Order
        if refund:
            self.order = self.coast.order()
            self.coast.step()
            world.do(refund_order, ADA, self.order.id)
        else:
            self.order = world.confirm(world.draft(world.sells(ROSA, "100.00 EUR")))
        kind = OperationKind.REFUND if refund else OperationKind.CHARGE
        self.command = OperationId(world.look(lambda uow: uow.operations.find(kind=kind))[0].id)
        self.coast.channel.manners = manners
        self.do("answer", spare)  # the channel carries it out now; whether we hear of it is another matter
        self.coast.channel.manners = Manners()
        self.coast.channel.settle()
        self.messages = self.coast.channel.drain()

    def do(self, messenger: str, spare: int | None) -> None:
        """A messenger comes; `spare` writes later the process dies, and is started anew."""
        self.store.spare = spare
        try:
            self._come(messenger)
        except Crash:
            pass
        finally:
            self.store.spare = None

    def _come(self, messenger: str) -> None:
        world = self.coast.world
        if messenger == "answer":  # the outbox has the command carried (again)
            asyncio.run(world.driver.carry(self.command))
        elif messenger == "poll":
            asyncio.run(world.driver.ask(self.command))
        elif messenger == "return page":
            self.store.write_now(ask_soon, world.shop, self.command)
            asyncio.run(world.driver.ask_all())
        else:
            for told in self.messages:
                if isinstance(told, Settled) == (messenger == "statement"):
                    self.coast.hear(told)

    def end(self) -> dict[str, Any]:
        """When all of them have come and nothing is left to do: the books, and where everything stands."""
        for messenger in MESSENGERS:
            self.do(messenger, None)
        world = self.coast.world
        world.run_errands()
        world.judge()
        order, view = world.order(self.order.id), world.view(self.order.id)
        assert view.intent
        return {
            "books": {account.replace(order.id, "ORDER"): balance for account, balance in world.books().items()},
            "states": (order.state, view.intent.state, world.operation(self.command).state),
            "receipts": [(receipt.fact, receipt.amount, receipt.state, receipt.misfit) for receipt in view.receipts],
        }


MESSENGERS = ("answer", "return page", "webhook", "poll", "statement")
TRUTHS = {
    "paid": Manners(),
    "paid, and the answer was lost": always(timeout=1),
    "paid in part, and the answer was lost": always(timeout=1, partial=1),
    "refused": always(refused=1),
    "refused, and the answer was lost": always(refused=1, timeout=1),
}
REFUND_TRUTHS = {
    "sent back": Manners(),
    "sent back, and the answer was lost": always(timeout=1),
    "refused, and the answer was lost": always(refused_refund=1, timeout=1),
}
VISITS = st.lists(st.tuples(st.sampled_from(MESSENGERS), st.sampled_from([None, None, 0, 1, 2])), max_size=7)


def _end(
    manners: Manners, visits: Sequence[tuple[str, int | None]], *, refund: bool = False, cut_off: bool = False
) -> dict[str, Any]:
    told = Told(manners, refund=refund, spare=1 if cut_off else None)  # after the call, before its answer is kept
    for messenger, spare in visits:
        told.do(messenger, spare)
    return told.end()


@pytest.mark.parametrize("truth", TRUTHS)
def test_whoever_comes_first_and_wherever_it_crashes_a_charge_ends_in_the_same_books(truth: str) -> None:
    right = _end(TRUTHS[truth], [])

    @settings(max_examples=40, deadline=None)
    @given(VISITS, st.booleans())
    def same(visits: list[tuple[str, int | None]], cut_off: bool) -> None:
        assert _end(TRUTHS[truth], visits, cut_off=cut_off) == right

    same()


@pytest.mark.parametrize("truth", REFUND_TRUTHS)
def test_whoever_comes_first_and_wherever_it_crashes_a_refund_ends_in_the_same_books(truth: str) -> None:
    right = _end(REFUND_TRUTHS[truth], [], refund=True)

    @settings(max_examples=40, deadline=None)
    @given(VISITS, st.booleans())
    def same(visits: list[tuple[str, int | None]], cut_off: bool) -> None:
        assert _end(REFUND_TRUTHS[truth], visits, refund=True, cut_off=cut_off) == right

    same()


@pytest.mark.parametrize("first", MESSENGERS)
def test_a_messenger_that_tells_it_otherwise_than_the_first_one_is_an_alarm_at_every_door(first: str) -> None:
    told = Told(always(timeout=1))
    told.do(first, None)
    told.do("webhook", None)

    def altered(message: Message) -> Message:
        if isinstance(message, Settled):
            return replace(message, lines=tuple(replace(line, gross=eur("1.00")) for line in message.lines))
        return replace(message, amount=eur("1.00"))  # type: ignore[call-arg]

    before = told.coast.world.books()
    for message in map(altered, told.messages):
        with pytest.raises(Altered):
            told.coast.hear(message)
    assert told.coast.world.books() == before
