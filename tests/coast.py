"""A world whose one rail is the simulated channel: its messages come to core by the doors, its books judge ours."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

from core.channels.simulated import GOOD, Disputed, Line, Manners, Message, Paid, PaidOut, Refunded, Refused, Settled
from core.channels.simulator import Simulator
from core.ids import OrderId
from core.payments.doubt import check
from core.payments.driver import Driver
from core.payments.operations import OperationState
from core.payments.outcomes import is_new, refuse_by_message, what_must_not_differ
from core.payments.receiving import Fact, take_in
from core.payments.refunds import reject_refund_by_message, settle_refund_by_message
from core.payments.settlement.payouts import return_payout_by_message, settle_payout_by_message
from core.ports import UnitOfWork
from core.shop.checkout import expire_due
from core.shop.context import Method, Shop
from core.shop.orders import Order
from tests.builders import ASKED, ROSA
from tests.world import World

NAME = "sepa"
_OVER = (OperationState.SUCCEEDED, OperationState.REJECTED, OperationState.EXPIRED)


def book(uow: UnitOfWork, shop: Shop, told: Message) -> None:
    """What a door does with one of the channel's messages. Raises Altered."""
    now = shop.clock.now()
    if isinstance(told, Paid):
        fact = Fact(NAME, told.fact, told.reference, told.amount, told.at)
        if is_new(uow, now, NAME, fact.id, what_must_not_differ(fact)):
            take_in(uow, shop, fact)
    elif isinstance(told, Settled):
        for line in told.lines:
            _book_line(uow, shop, line)
    elif isinstance(told, Refused):
        refuse_by_message(uow, shop, NAME, told.reference, told.reason)
    elif isinstance(told, PaidOut) and told.returned:
        return_payout_by_message(uow, shop, NAME, told.reference, told.evidence, told.amount)
    elif isinstance(told, PaidOut) and told.reason:
        refuse_by_message(uow, shop, NAME, told.reference, told.reason)
    elif isinstance(told, PaidOut):
        settle_payout_by_message(uow, shop, NAME, told.reference, told.evidence, told.amount)
    elif isinstance(told, Refunded) and told.reason:
        reject_refund_by_message(uow, shop, NAME, told.reference, told.reason)
    elif isinstance(told, Refunded):
        settle_refund_by_message(uow, shop, NAME, told.reference, told.evidence, told.amount, told.fact)


def _book_line(uow: UnitOfWork, shop: Shop, line: Line) -> None:
    """A report tells of what no other message did: it is the last of the messengers."""
    if line.kind == "payment":
        fact = Fact(NAME, line.fact, line.reference, line.gross, line.at)
        if is_new(uow, shop.clock.now(), NAME, fact.id, what_must_not_differ(fact)):
            take_in(uow, shop, fact)
    elif line.kind == "refund":
        settle_refund_by_message(uow, shop, NAME, line.reference, line.fact, -line.gross)


class Coast:
    """`world` with the simulated channel as its rail."""

    def __init__(self, seed: int, manners: Manners = GOOD, *, hosted: bool = False, idempotent: bool = True) -> None:
        method: Method = ASKED
        self.world = World(methods=[method])
        source = random.Random(seed)
        self.channel = Simulator(NAME, self.world.clock, source, manners, hosted=hosted, idempotent=idempotent)
        self.channel.overtaken = self._hear
        self.world.driver = Driver(self.world.store, self.world.shop, {NAME: self.channel})
        self.unheard: list[Settled | Disputed] = []  # what core has no door for here
        self.heard: list[Message] = []

    async def _hear(self, told: Message) -> None:
        self.hear(told)

    def hear(self, told: Message) -> None:
        """Carry one message to core."""
        self.heard.append(told)
        if isinstance(told, Settled | Disputed):
            self.unheard.append(told)
        self.world.store.write_now(book, self.world.shop, told)

    def order(self, price: str = "100.00 EUR") -> Order:
        return self.world.orders(self.world.sells(ROSA, price))

    def step(self) -> None:
        """Everything that is to be done at this moment, by everybody."""
        self.world.run_errands()
        for told in self.channel.drain():
            self.hear(told)
        asyncio.run(self.world.driver.ask_all())
        self.world.store.write_now(expire_due, self.world.shop)
        self.world.run_errands()

    def let_pass(self, span: timedelta, every: timedelta = timedelta(minutes=7)) -> None:
        """Let time pass, in steps."""
        for _ in range(int(span / every)):
            self.step()
            self.world.clock.let_pass(seconds=every.total_seconds())
        self.step()

    def behave(self) -> None:
        """The faults stop; everything that is under way comes to its end."""
        self.channel.manners = GOOD
        self.let_pass(timedelta(days=8), every=timedelta(hours=3))
        self.channel.settle()
        self.step()

    def judge(self) -> None:
        """Once all is quiet: every command has its end, by evidence, and the channel's books say what ours say."""
        self.world.judge()
        open_ = self.world.look(lambda uow: [one for one in uow.operations.find(limit=500) if one.state not in _OVER])
        assert open_ == []
        assert self.world.look(lambda uow: list(check(uow))) == []
        captured: dict[tuple[str, str], int] = {}
        for receipt in self.world.look(lambda uow: uow.receipts.find(limit=500)):
            place = (receipt.order, receipt.amount.asset.code)
            captured[place] = captured.get(place, 0) + receipt.amount.minor
        told = self._sums("payment")
        assert captured == told, "what came in by our books came in by the channel's"
        charged = self.channel.books.charged()
        clearing = self.world.look(lambda uow: uow.journal.totals(f"clearing:{NAME}"))
        taken_back = sum(self._sums("clawback").values())
        paid_out = self.channel.books.paid_out()
        inside = sum(charged.values()) - taken_back - sum(paid_out.values())
        assert sum(clearing.values()) == inside, "and so did what went back and out"

    def _sums(self, kind: str) -> dict[tuple[str, str], int]:
        sums: dict[tuple[str, str], int] = {}
        for one in self.channel.books.movements:
            if one.kind == kind:
                place = (one.party, one.amount.asset.code)
                sums[place] = sums.get(place, 0) + one.amount.minor
        return sums

    def net(self, order: OrderId) -> int:
        """What the channel's books say its buyer is net charged, in minor units."""
        return sum(minor for (party, _), minor in self.channel.books.charged().items() if party == order)


def always(**which: float) -> Manners:
    """`always(timeout=1)`: one thing goes wrong every time."""
    return Manners(**which)


Story = Callable[[Coast], None]
