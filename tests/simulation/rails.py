"""The outside: simulated channels beyond a network, and the shop's bank with its statements."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.channels.simulated import Disputed, Line, Message, Movement, Paid, PaidOut, Refunded, Refused, Settled
from core.channels.simulator import Simulator
from core.money import Money
from core.payments.disputes.cases import Stage, hear_dispute
from core.payments.operations import Operation
from core.payments.outcomes import is_new, refuse_by_message, what_must_not_differ
from core.payments.receiving import Fact, take_in
from core.payments.recon.bankline import LineKind
from core.payments.recon.booking import take_report
from core.payments.recon.reported import Reported, Taken
from core.payments.refunds import reject_refund_by_message, settle_refund_by_message
from core.payments.settlement.payouts import return_payout_by_message, settle_payout_by_message
from core.ports import Answer, Outcome, UnitOfWork, Unknown
from core.shop.context import Shop

if TYPE_CHECKING:
    from tests.simulation.house import House
    from tests.simulation.world import World

KINDS = {
    "payment": LineKind.PAYMENT,
    "refund": LineKind.REFUND,
    "clawback": LineKind.CHARGEBACK,
    "clawback_won": LineKind.RETURN,
    "payout": LineKind.PAYOUT,
    "payout_returned": LineKind.RETURN,
}


def settler(name: str) -> str:
    """Whose account a channel's settlements come from."""
    return f"{name.capitalize()} Payments"


class Rail:
    """A channel and the network before it. `of(house)` is what one life of the process holds of it."""

    def __init__(self, world: World, sim: Simulator) -> None:
        self.world, self.sim, self.name = world, sim, sim.name
        self.dice = world.plot.dice(f"dark:{sim.name}")
        self.stated = 0  # movements of the channel that a statement has told of
        self.arriving: list[tuple[str, Money]] = []  # settlements on their way to the bank account
        dice = world.plot.dice(f"outage:{sim.name}")
        begins = dice.uniform(0, 6 * 86_400)
        self.outage = (begins, begins + dice.uniform(2, 60) * 3600) if dice.random() < self.odds() else (0.0, 0.0)

    def odds(self) -> float:
        """How likely it is not to be reached for a day or two."""
        return self.world.plot.chance("outages", 0.4)

    @property
    def is_dark(self) -> bool:
        """Whether nobody reaches it now: it may carry out what it is told, and says nothing."""
        return not self.world.quiet and self.outage[0] <= self.world.now < self.outage[1]

    def of(self, house: House) -> Wire:
        return Wire(self, house)

    async def listen(self) -> None:
        """Carry what the channel says by itself to the shop's doors, for ever."""
        dice = self.world.plot.dice(f"listen:{self.name}")
        while True:
            await asyncio.sleep(dice.uniform(60, 5400))
            await self.hand_over()

    async def hand_over(self) -> None:
        """Everything that it has to say now."""
        for told in [] if self.is_dark else self.sim.drain():
            self.world.spawn(self.world.at_the_door(self.name, told))

    async def decide(self) -> None:
        """The bank decides some of its cases; in the end all of them."""
        for case in self.sim.open_cases():
            if self.world.quiet or self.dice.random() < 0.3:
                self.sim.decide(case, won=self.dice.random() < 0.5)

    async def settle(self) -> None:
        """A day ends: the channel sends the shop what it has of it."""
        self.sim.settle()
        await self.hand_over()

    def statement(self) -> list[Reported]:
        """What the bank account has seen of this channel since the last statement."""
        moved = self.sim.books.movements
        lines = [_stated(self.name, one, moved) for one in moved[self.stated :] if one.kind in _BANK]
        self.stated = len(moved)
        arrived, self.arriving = self.arriving, []
        for document, net in arrived:
            if net:
                now, words, payer = self.world.clock.now(), f"settlement {document}", settler(self.name)
                told = Reported(self.name, LineKind.PAYMENT, f"B{document}", net, now, reference=words)
                lines.append(replace(told, debtor_name=payer))
        return lines


@dataclass
class Wire:
    """core.ports.Charging: one process's way to a channel. The process may die before a call leaves or after it."""

    rail: Rail
    house: House

    def __post_init__(self) -> None:
        sim = self.rail.sim
        self.name, self.idempotent = sim.name, sim.idempotent
        self.key_life, self.visibility = sim.key_life, sim.visibility

    async def charge(self, operation: Operation) -> Outcome:
        return await self._call("charge", operation)

    async def refund(self, operation: Operation) -> Outcome:
        return await self._call("refund", operation)

    async def payout(self, operation: Operation) -> Outcome:
        return await self._call("payout", operation)

    async def void(self, operation: Operation) -> Outcome:
        return await self._call("void", operation)

    async def query(self, operation: Operation) -> Answer:
        return await self._call("query", operation)

    async def _call(self, what: str, operation: Operation) -> Answer:
        self.house.risk("call")
        await self.rail.world.hesitate(self.house)
        self.house.stand()
        answer: Answer = Unknown("HTTP 503")
        if not self.rail.is_dark:
            answer = await getattr(self.rail.sim, what)(operation)
        elif what not in ("query", "void") and self.rail.dice.random() < 0.6:
            await getattr(self.rail.sim, what)(operation)  # and nobody hears of it
        self.rail.world.note(self.name, what, operation.id, type(answer).__name__)
        self.house.risk("called")
        await self.rail.world.hesitate(self.house)
        self.house.stand()
        return answer


def book(uow: UnitOfWork, shop: Shop, channel: str, told: Message) -> list[Taken]:
    """What a door does with one of a channel's messages. Raises Altered."""
    now = shop.clock.now()
    if isinstance(told, Paid):
        fact = Fact(channel, told.fact, told.reference, told.amount, told.at)
        if is_new(uow, now, channel, fact.id, what_must_not_differ(fact)):
            take_in(uow, shop, fact)
    elif isinstance(told, Refused):
        refuse_by_message(uow, shop, channel, told.reference, told.reason)
    elif isinstance(told, Refunded) and told.reason:
        reject_refund_by_message(uow, shop, channel, told.reference, told.reason)
    elif isinstance(told, Refunded):
        settle_refund_by_message(uow, shop, channel, told.reference, told.evidence, told.amount, told.fact)
    elif isinstance(told, PaidOut) and told.returned:
        return_payout_by_message(uow, shop, channel, told.reference, told.evidence, told.amount)
    elif isinstance(told, PaidOut) and not told.reason:
        settle_payout_by_message(uow, shop, channel, told.reference, told.evidence, told.amount)
    elif isinstance(told, Settled):
        return take_report(uow, shop, told.document, _reported(channel, told))
    elif isinstance(told, Disputed):
        _hear(uow, shop, channel, told)
    return []


class NotYet(Exception):
    """The payment of a case is not known: the channel says it again."""


_STAGES = {"opened": Stage.OPENED, "won": Stage.WON, "lost": Stage.LOST}


def _hear(uow: UnitOfWork, shop: Shop, channel: str, told: Disputed) -> None:
    heard = hear_dispute(
        uow,
        shop,
        channel,
        told.case,
        _STAGES[told.state],
        fact=told.fact,
        amount=told.amount,
        fee=told.fee,
        reason=told.reason,
        at=told.at,
    )
    if heard is None:
        raise NotYet


def book_statement(uow: UnitOfWork, shop: Shop, document: str, lines: list[Reported]) -> list[Taken]:
    """What the statement's door does."""
    return take_report(uow, shop, document, lines)


def _reported(channel: str, told: Settled) -> Iterator[Reported]:
    for line in told.lines:
        yield Reported(
            channel=channel,
            kind=KINDS[line.kind],
            fact=line.fact if line.kind != "clawback_won" else f"{line.fact}:won",
            gross=line.gross,
            at=line.at,
            fee=line.fee,
            reference=line.reference if line.kind == "payment" else "",
            name=line.reference if line.kind == "refund" else "",
            of=line.fact if line.kind.startswith("clawback") else "",
            batch=told.document,
        )


_BANK = ("payout", "payout_returned")


def _stated(channel: str, one: Movement, moved: list[Movement]) -> Reported:
    sent = next(each for each in moved if each.kind == "payout" and each.of == one.of)
    fact = one.of if one.kind == "payout" else f"{one.of}:back"
    return Reported(channel, KINDS[one.kind], fact, one.amount, one.at, name=sent.reference)


__all__ = ["Line", "Rail", "Wire", "book", "book_statement"]
