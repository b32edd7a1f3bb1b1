"""The past itself: a clock that stands at past moments, and whatever the shop and the bank do as it moves on."""

from __future__ import annotations

import heapq
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Protocol, TypeVar

from bot.bookkeeping import Books
from bot.clockwork import Clockwork
from bot.sandbox.bank import Bank, Refused
from core.errors import Refusal
from core.ids import OperationId
from core.money import Money
from core.payments.driver import Driver
from core.payments.fx.desk import Fixing
from core.payments.operations import Operation, OperationKind, OperationState
from core.ports import Store, UnitOfWork
from core.shop.context import Shop
from core.shop.notices import OPERATION
from core.shop.orders import Order

R = TypeVar("R")

Life = AsyncGenerator[timedelta, None]
"""What somebody does: each yield lets so much time pass."""

_NIGHTLY = ("settle", "reconcile", "watch_positions", "prune")
_NEVER = ("count_down", "seal")  # there is no card to be counted down on; the chain is sealed a day at a time
_UNDER_WAY = timedelta(minutes=10)
_WAGES = 1_000_00  # cents


class StandingClock(Protocol):
    """A clock that can be made to stand."""

    def stand(self, at: float | None) -> None:
        """Stand at a moment, in Unix seconds; None: run again."""
        ...

    def now(self) -> datetime:
        """core.clock.Clock."""
        ...


class Past:
    """A shop and its bank in the past. Lives are lived in the order of their moments, one step at a time.

    `end` is the present, which no step passes. `dice` decides everything that is left to chance.
    """

    def __init__(
        self,
        store: Store,
        shop: Shop,
        driver: Driver,
        bank: Bank,
        clock: StandingClock,
        *,
        end: datetime,
        dice: random.Random,
    ) -> None:
        self.store, self.shop, self.bank, self.clock, self.end, self.dice = store, shop, bank, clock, end, dice
        self.refused: list[Refusal | Refused] = []
        self._driver = driver
        self._books = Books(store, shop, lambda: None)
        self._doors = {"pix": self._books.pix_webhook, "case": self._books.case}
        # Nothing is fetched: the rates of the past are in `History`.
        self.clockwork = Clockwork(store, shop, driver, lambda: None, None, ())  # type: ignore[arg-type]
        self._lives: list[tuple[datetime, int, Life]] = []
        self._number = count()

    @property
    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self.clock.now()

    # Time

    def begin(self, life: Life, at: datetime) -> None:
        """Let a life begin at a moment."""
        heapq.heappush(self._lives, (at, next(self._number), life))

    async def run(self, passed: Callable[[datetime], None] = lambda now: None) -> None:
        """Live until the present. What would come later has not happened: those lives stay as they are."""
        while self._lives and self._lives[0][0] <= self.end:
            at, _, life = heapq.heappop(self._lives)
            self.clock.stand(at.timestamp())
            try:
                wait = await anext(life)
            except StopAsyncIteration:
                continue
            except (Refusal, Refused) as refusal:  # as with people: told why not, they leave it
                self.refused.append(refusal)
                continue
            self.begin(life, at + wait)
            passed(at)
        for _, _, life in self._lives:
            await life.aclose()
        self.clock.stand(self.end.timestamp())

    def learn_rates(self, newspapers: Mapping[date, list[Fixing]]) -> None:
        """The rates of the last day that had any, as its newspaper told them."""
        today = self.now.date()
        issued = [on for on in newspapers if on <= today]
        self.shop.rates.learn(newspapers[max(issued)] if issued else ())

    # What people do

    async def do(self, verb: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """A verb in a transaction of its own, and what follows from it at the banks. Raises its refusals."""
        operations: list[tuple[str, str]] = []
        result: R = await self.store.write(_do_and_sweep, self.shop, operations, verb, args, kwargs)
        await self._carry(operations)
        return result

    async def look(self, view: Callable[..., R], *args: Any) -> R:
        """Read something."""
        return await self.store.read(view, *args)

    async def order(self, order_id: str) -> Order:
        """How an order stands."""
        found: Order = await self.store.read(lambda uow: uow.orders.need(order_id))
        return found

    async def pays(self, order: Order, mode: str = "right", amount: Money | None = None) -> str:
        """The shopper pays an order's newest code at the pocket bank, whose message tells us. Raises Refused.

        The bank's own name of the payment; of two, of the second.
        """
        charges: list[Operation] = await self.store.read(
            lambda uow: uow.operations.find(order=order.id, kind=OperationKind.CHARGE, limit=5)
        )
        # A code is on paper for ever: who pays late pays one that we have taken back.
        charge = next((one for one in charges if one.state is OperationState.ACTION), charges[0])
        person = str(order.shopper)
        self._earn(person, charge.amount.asset.code, 3 * charge.amount.minor)
        told = str(amount.decimal) if amount is not None else None
        paid = self.bank.customers.pay(person, charge.payload, mode, told, 0, None)
        await self.hear()
        return str(paid["payments"][-1]["id"])

    def _earn(self, person: str, currency: str, cents: int) -> None:
        books, account = self.bank.books, f"{person}:{currency}"
        with books.db:
            books.person(person)
            while books.balance(account) < cents:
                books.book("wages", "Wages", f"world:{currency}", account, max(cents, _WAGES))

    # What follows

    async def hear(self) -> None:
        """The bank's messages come in, as they would by their doors."""
        messages = self.bank.messages
        while waiting := messages.waiting():
            for message in waiting:
                await self._doors.get(message["kind"], self._books.at_the_door)(message["body"].encode())
                messages.delivered(message["id"])
        await self.sweep()

    async def sweep(self) -> None:
        """The worker's part: commands go to their channels; nobody is told today what was news then."""
        await self._carry(await self.store.write(_sweep, self.shop))

    async def _carry(self, operations: list[tuple[str, str]]) -> None:
        for key, operation in operations:
            await self._driver.carry(OperationId(operation))
            await self.store.write(_over, self.shop, key)
        if operations:
            await self.hear()

    async def tick(self) -> None:
        """What the clockwork does every few seconds: people wait for it."""
        for job, _ in self.clockwork.ticks():
            if job.__name__ not in _NIGHTLY + _NEVER:
                await job()
        await self.sweep()

    async def tick_at_night(self) -> None:
        """What it does all the time, and once a day is often enough for a past."""
        for job, _ in self.clockwork.ticks():
            if job.__name__ in _NIGHTLY:
                await job()
                await self.sweep()


def _do_and_sweep(
    uow: UnitOfWork,
    shop: Shop,
    operations: list[tuple[str, str]],
    verb: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> R:
    result = verb(uow, shop, *args, **kwargs)
    operations.extend(_sweep(uow, shop))
    return result


def _sweep(uow: UnitOfWork, shop: Shop) -> list[tuple[str, str]]:
    """Take every effect that is due: notices are over at once, operations are given back as key and name."""
    now = shop.clock.now()
    effects = uow.outbox.lease(now, now + _UNDER_WAY, 1_000)
    uow.outbox.done([one.key for one in effects if one.topic != OPERATION], now)
    return [(one.key, one.data["operation"]) for one in effects if one.topic == OPERATION]


def _over(uow: UnitOfWork, shop: Shop, key: str) -> None:
    uow.outbox.done([key], shop.clock.now())
