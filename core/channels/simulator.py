"""A channel that misbehaves on purpose: seeded, on a clock handed in, with books of its own that judge ours.

It implements core.ports.Charging. What it says by itself waits in a queue: `drain` gives what is due.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.channels.simulated import (
    DAY,
    GOOD,
    HOUR,
    Books,
    Disputed,
    Line,
    Manners,
    Message,
    Movement,
    Paid,
    PaidOut,
    Payment,
    Refunded,
    Refused,
    Settled,
)
from core.clock import Clock
from core.money import Money, zero
from core.payments.operations import Operation
from core.ports import ActionNeeded, Answer, NotFound, Outcome, Pending, Rejected, Succeeded, Unknown

_LOST = Unknown("TimeoutError")
_VISIBILITY = timedelta(minutes=10)


@dataclass(slots=True)
class _Command:
    """What the channel remembers of one key."""

    operation: Operation
    outcome: Outcome
    since: datetime
    visible_at: datetime


class Simulator:
    """One rail. `hosted`: a charge gives the buyer a code, and `buyer_pays`; else it takes the money at once."""

    idempotent: bool
    visibility = _VISIBILITY

    def __init__(
        self,
        name: str,
        clock: Clock,
        source: random.Random,
        manners: Manners = GOOD,
        *,
        hosted: bool = False,
        idempotent: bool = True,
        key_life: timedelta | None = None,
        fee_bp: int = 170,
    ) -> None:
        self.name, self.manners, self.books = name, manners, Books()
        self.idempotent, self.key_life = idempotent, key_life
        # Called with a message that comes before the answer to the call under way.
        self.overtaken: Callable[[Message], Awaitable[None]] | None = None
        self._clock, self._random, self._hosted, self._fee_bp = clock, source, hosted, fee_bp
        self._commands: dict[str, _Command] = {}
        self._payments: dict[str, Payment] = {}
        self._cases: dict[str, Movement] = {}
        self._queue: list[tuple[datetime, int, Message]] = []
        self._later: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = itertools.count(1)

    # What core asks of it

    async def charge(self, operation: Operation) -> Outcome:
        """core.ports.Charging.charge."""
        return await self._take(operation, self._charge)

    async def refund(self, operation: Operation) -> Outcome:
        """core.ports.Channel.refund."""
        return await self._take(operation, self._refund)

    async def payout(self, operation: Operation) -> Outcome:
        """core.ports.Channel.payout."""
        return await self._take(operation, self._payout)

    async def query(self, operation: Operation) -> Answer:
        """core.ports.Channel.query."""
        self.run()
        command, now = self._commands.get(operation.key), self._clock.now()
        if self._chance(self.manners.garbled):
            return Unknown("HTTP 502")
        if command is None or now < command.visible_at:
            return NotFound()
        return command.outcome

    async def void(self, operation: Operation) -> Outcome:
        """core.ports.Charging.void."""
        self.run()
        command = self._commands.get(operation.key)
        if self._chance(self.manners.lost):
            return _LOST
        if command is None:
            return Unknown("no such charge")  # it may be under way still: that nothing is there proves nothing
        if isinstance(command.outcome, ActionNeeded):
            command.outcome = Rejected("void")
        return _LOST if self._chance(self.manners.timeout) else command.outcome

    # What others do with it

    def buyer_pays(self, reference: str, amount: Money | None = None) -> bool:
        """A buyer pays the code of a hosted charge. False when it can no longer be paid."""
        for command in self._commands.values():
            if command.operation.reference == reference and isinstance(command.outcome, ActionNeeded):
                self._capture(command, amount or command.operation.amount)
                return True
        return False

    def transfer(self, party: str, reference: str, amount: Money) -> Payment:
        """Somebody sends money to the shop's account here, whatever they write as its reference: no charge is asked."""
        return self._receive(party, reference, amount)

    def may_yet(self, operation: Operation) -> bool:
        """Whether a command that is not in the books may come to it: it is taken for later, or waits for its buyer."""
        command = self._commands.get(operation.key)
        return command is not None and isinstance(command.outcome, Pending | ActionNeeded)

    def decide(self, case: str, *, won: bool) -> None:
        """A clawback is decided for the shop or against it."""
        taken = self._cases.pop(case)
        if won:
            self._book("clawback_won", taken.of, taken.party, -taken.amount)
        self._dispute(case, taken, "clawback", "won" if won else "lost")

    def open_cases(self) -> list[str]:
        """Clawbacks that nobody has decided."""
        return sorted(self._cases)

    def settle(self) -> None:
        """Send the shop what it has here, with a report, a currency at a time."""
        self.run()
        moved, self.books.settled = self.books.movements[self.books.settled :], len(self.books.movements)
        lines = [_line(one) for one in moved if one.kind not in ("payout", "payout_returned")]
        for of in sorted({line.gross.asset for line in lines}):
            own = [line for line in lines if line.gross.asset == of]
            net = sum((line.gross - line.fee for line in own), zero(of))
            if len(own) > 1 and self._chance(self.manners.lost_line):
                own.pop(self._random.randrange(len(own)))
            document = self._new("S")
            self._say(Settled(f"settled:{document}", self._clock.now(), document, tuple(own), net))
        if self._chance(self.manners.fee_change):
            self._fee_bp = self._random.randrange(50, 400)

    def drain(self) -> list[Message]:
        """What it says, as far as it is due."""
        due = []
        while (message := self._next()) is not None:
            due.append(message)
        return due

    def run(self) -> None:
        """Do what has become due: commands taken for later, payments taken back, payouts returned."""
        while self._later and self._later[0][0] <= self._clock.now():
            heapq.heappop(self._later)[2]()

    def next_at(self) -> datetime | None:
        """When something is due next; None when nothing ever will be by itself."""
        moments = [rows[0][0] for rows in (self._queue, self._later) if rows]
        return min(moments) if moments else None

    # What it does

    async def _take(self, operation: Operation, do: Callable[[_Command], None]) -> Outcome:
        self.run()
        now = self._clock.now()
        if self._chance(self.manners.lost):
            return _LOST
        known = self._commands.get(operation.key)
        alive = known is not None and (self.key_life is None or now - known.since < self.key_life)
        if known is None or not self.idempotent or not alive:
            blind = self._between(_VISIBILITY) if self._chance(self.manners.blind) else timedelta(0)
            known = _Command(operation, Pending("taken"), now, now + blind)
            self._commands[operation.key] = known
            if self._chance(self.manners.slow):
                command = known
                self._after(self._between(6 * HOUR), lambda: do(command))
            else:
                do(known)
        await self._overtake()
        return _LOST if self._chance(self.manners.timeout) else known.outcome

    def _next(self) -> Message | None:
        self.run()
        if self._queue and self._queue[0][0] <= self._clock.now():
            return heapq.heappop(self._queue)[2]
        return None

    async def _overtake(self) -> None:
        if self.overtaken is not None and self._chance(self.manners.early):
            while (message := self._next()) is not None:  # one at a time: what a crash leaves is still said
                await self.overtaken(message)

    def _charge(self, command: _Command) -> None:
        amount = command.operation.amount
        if self._chance(self.manners.refused):
            command.outcome = Rejected("05")
            self._say(Refused(self._new("N"), self._clock.now(), command.operation.reference, "05"))
            if self._chance(self.manners.late_success):
                self._after(self._between(HOUR), lambda: self._capture(command, amount))
        elif self._hosted:
            command.outcome = ActionNeeded(f"sim:{command.operation.reference}")
        else:
            self._capture(command, amount)

    def _capture(self, command: _Command, amount: Money) -> None:
        operation = command.operation
        if amount.minor > 1 and self._chance(self.manners.partial):
            amount = Money(self._random.randrange(1, amount.minor), amount.asset)
        payment = self._receive(operation.order, operation.reference, amount)
        command.outcome = Succeeded(payment.id, amount=amount, fact=payment.id, at=payment.at)

    def _receive(self, party: str, reference: str, amount: Money) -> Payment:
        now = self._clock.now()
        payment = Payment(self._new("P"), party, reference, amount, now)
        self._payments[payment.id] = payment
        self._book("payment", payment.id, payment.party, amount, self._fee(amount), payment.reference)
        self._say(Paid(f"paid:{payment.id}", now, payment.id, payment.reference, amount))
        if self._chance(self.manners.reorg):
            self._after(self._between(DAY), lambda: self._take_back(payment, "reorg"))
        elif self._chance(self.manners.clawback):
            self._after(self._between(30 * DAY), lambda: self._take_back(payment, "clawback"))
        return payment

    def _take_back(self, payment: Payment, reason: str) -> None:
        amount = Money(payment.amount.minor - payment.refunded, payment.amount.asset)
        if payment.taken_back or amount.minor <= 0:
            return
        payment.taken_back = True
        fee = zero(amount.asset)
        if reason == "clawback":
            fee = Money(1500, amount.asset)
            if self._chance(self.manners.larger):
                amount += Money(amount.minor * 3 // 100, amount.asset)
        taken = self._book("clawback", payment.id, payment.party, -amount, fee)
        case = self._new("C")
        if reason == "clawback":
            self._cases[case] = taken
        self._dispute(case, taken, reason, "opened" if reason == "clawback" else "lost")

    def _refund(self, command: _Command) -> None:
        """Undo a payment in part or whole; a refund that names none is a transfer to another account."""
        operation, now, fact = command.operation, self._clock.now(), command.operation.body.get("fact", "")
        payment = self._payments.get(fact)
        reason = ""
        if fact and (payment is None or payment.taken_back):
            reason = "NOPAYMENT"
        elif payment is not None and payment.refunded + operation.amount.minor > payment.amount.minor:
            reason = "EXCEEDS"
        elif self._chance(self.manners.refused_refund):
            reason = "AC04"
        evidence = self._new("R")
        if reason:
            command.outcome = Rejected(reason)
        else:
            if payment is not None:
                payment.refunded += operation.amount.minor
            party = payment.party if payment is not None else operation.order
            self._book("refund", evidence, party, -operation.amount, reference=operation.reference)
            command.outcome = Succeeded(evidence)
        told = Refunded(f"refund:{evidence}", now, operation.reference, fact, operation.amount, evidence, reason)
        self._say(told)

    def _payout(self, command: _Command) -> None:
        operation, now = command.operation, self._clock.now()
        account, evidence = operation.target.partition("\n")[0], self._new("T")
        told = PaidOut(f"payout:{evidence}", now, operation.reference, operation.amount, evidence)
        if self._chance(self.manners.refused_payout):
            command.outcome = Rejected("AC01")
            self._say(replace(told, reason="AC01"))
            return
        self._book("payout", evidence, account, -operation.amount, reference=operation.reference)
        command.outcome = Succeeded(evidence)
        self._say(told)
        if self._chance(self.manners.returned_payout):
            self._after(self._between(3 * DAY), lambda: self._payout_back(told, account))

    def _payout_back(self, told: PaidOut, account: str) -> None:
        self._book("payout_returned", told.evidence, account, told.amount)
        self._say(replace(told, id=f"{told.id}:back", at=self._clock.now(), reason="AC04", returned=True))

    def _dispute(self, case: str, taken: Movement, reason: str, state: str) -> None:
        now = self._clock.now()
        told = Disputed(f"case:{case}:{state}", now, case, taken.of, -taken.amount, taken.fee, reason, state)
        self._say(told)

    def _book(
        self, kind: str, of: str, party: str, amount: Money, fee: Money | None = None, reference: str = ""
    ) -> Movement:
        movement = Movement(kind, of, party, amount, fee or zero(amount.asset), self._clock.now(), reference)
        self.books.movements.append(movement)
        return movement

    def _say(self, message: Message) -> None:
        """Queue it, as its manners are. A report of money on the bank account is never unsaid: the money is there."""
        if self._chance(self.manners.unsaid) and not isinstance(message, Settled | Disputed):
            return
        for _ in range(2 if self._chance(self.manners.twice) else 1):
            wait = self._between(HOUR) if self._chance(self.manners.shuffled) else timedelta(0)
            heapq.heappush(self._queue, (self._clock.now() + wait, next(self._count), message))

    def _after(self, wait: timedelta, do: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self._clock.now() + wait, next(self._count), do))

    def _fee(self, amount: Money) -> Money:
        return Money(amount.minor * self._fee_bp // 10_000, amount.asset)

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def _between(self, most: timedelta) -> timedelta:
        return timedelta(seconds=self._random.randint(1, int(most.total_seconds())))

    def _new(self, kind: str) -> str:
        return f"{kind}{next(self._count):06d}"


def _line(one: Movement) -> Line:
    return Line(one.kind, one.of, one.reference, one.amount, one.fee, one.at)
