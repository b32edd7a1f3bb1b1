"""The outbox worker: leases effects that are due, carries them out, and writes down that they are done."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from telegram.error import BadRequest, RetryAfter, TelegramError

from core.clock import Clock
from core.ports import Effect, Store, UnitOfWork

log = logging.getLogger(__name__)

R = TypeVar("R")

LEASE = timedelta(seconds=60)  # longer than any effect takes; a dead worker's effects come back after it
FIRST_RETRY, LAST_RETRY = timedelta(seconds=1), timedelta(minutes=10)
BATCH = 64
MOST_DEFECTS = 12  # failures of one notice by a fault of ours: after about a quarter of an hour its lane goes on

NEVER_GIVEN_UP = ("operation",)
OUTSIDE = (TelegramError, OSError, TimeoutError)

Finish = Callable[[UnitOfWork], object]
Carry = Callable[[dict[str, str]], Awaitable[Finish | None]]
"""Does what an effect's data says. What it gives back is written down in the transaction that ends the effect."""


class Worker:
    """One loop. Effects of one lane go in order, lanes side by side; an effect that fails comes back later.

    `alone` says that no other process works on this outbox: what a dead one had leased is taken up at once.
    It looks by itself `every` so many seconds, for what became due or was left by a dead worker.
    """

    def __init__(
        self, store: Store, clock: Clock, topics: Mapping[str, Carry], *, alone: bool = False, every: float = 1.0
    ) -> None:
        self._store, self._clock, self._topics, self._every = store, clock, topics, every
        self._poked = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()  # lanes under way here
        self._alone = self._takes_over = alone
        # Not the stored attempts: these count waiting behind another too. A restart, perhaps mended, tries afresh.
        self._defects: Counter[str] = Counter()

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """Store.write, and start at once on what it leaves to do.

        Its effects are leased in the same transaction, so that a payment card is not one COMMIT later than its order.
        """
        result: R
        result, effects = await self._store.write(self._and_lease, work, args, kwargs)
        self._start(effects)
        return result

    def _and_lease(
        self, uow: UnitOfWork, work: Callable[..., R], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[R, list[Effect]]:
        result = work(uow, *args, **kwargs)
        if not uow.outbox.grown:
            return result, []
        if not self._alone:  # workers of several processes take turns at leasing: not while a person waits
            self.poke()
            return result, []
        return result, _lease(uow, self._clock.now())

    def poke(self) -> None:
        """There is something to do now."""
        self._poked.set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            try:
                more = await self.work()
            except Exception:
                log.exception("the outbox could not be read")
                more = False
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._poked.wait(), self._every)
            self._poked.clear()  # before looking: what is poked from here on is looked at once more

    async def work(self) -> bool:
        """Lease what is due, and start on it; whether there may be more."""
        if self._takes_over:
            await self._store.write(lambda uow: uow.outbox.free())
            self._takes_over = False
        now = self._clock.now()
        if not await self._store.read(lambda uow: uow.outbox.is_due(now)):
            return False  # most looks end here: a poke says that somebody wrote, not that there is something to tell
        effects = await self._store.write(_lease, now)
        self._start(effects)
        return len(effects) == BATCH

    def _start(self, effects: Iterable[Effect]) -> None:
        lanes: dict[str, list[Effect]] = defaultdict(list)
        for effect in effects:
            lanes[effect.lane].append(effect)
        for lane, waiting in lanes.items():
            if lane in self._busy:  # a long lane outlived its lease: it is under way, not lost
                continue
            self._busy.add(lane)
            task = asyncio.create_task(self._in_order(lane, waiting))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _in_order(self, lane: str, effects: list[Effect]) -> None:
        """Carry out one lane's effects. The outbox gives out a lane's next ones only when these are done."""
        try:
            for place, effect in enumerate(effects):
                if not await self._carry(effect):
                    for later in effects[place + 1 :]:  # given back: they wait in their lane for this one
                        await self._again(later, timedelta(0), "behind")
                    break
        except Exception as fault:  # what could not be written down comes back when its lease is over
            log.warning("the outbox could not be written: %s", type(fault).__name__)
        finally:
            self._busy.discard(lane)
            self.poke()

    async def _carry(self, effect: Effect) -> bool:
        """Whether it is over: carried out, or given up."""
        try:
            await self._end(effect, await self._topics[effect.topic](effect.data))
            return True
        except RetryAfter as fault:
            wait = (
                fault.retry_after if isinstance(fault.retry_after, timedelta) else timedelta(seconds=fault.retry_after)
            )
            await self._again(effect, wait, "flood")
        except BadRequest as fault:
            # Telegram will never take this message: saying it again cannot help. The operator reads why.
            log.error("a %s notice was refused: %s", effect.data.get("kind", effect.topic), fault.message)
            await self._end(effect)
            return True
        except Exception as fault:
            if self._is_hopeless(effect, fault):
                log.error("a %s notice is given up: %s", effect.data.get("kind", effect.topic), type(fault).__name__)
                await self._end(effect)
                return True
            log.warning("%s will be tried again: %s", effect.topic, type(fault).__name__)
            wait = min(FIRST_RETRY * 2 ** min(effect.attempts, 10), LAST_RETRY)
            await self._again(effect, wait, type(fault).__name__)
        return False

    def _is_hopeless(self, effect: Effect, fault: Exception) -> bool:
        """Whether a fault of ours broke it so often that what waits behind it goes first: it then counts as done.

        A network that is down is no fault of ours and is waited for; money on its way is never given up.
        """
        if effect.topic in NEVER_GIVEN_UP or isinstance(fault, OUTSIDE):
            return False
        self._defects[effect.key] += 1
        if self._defects[effect.key] < MOST_DEFECTS:
            return False
        del self._defects[effect.key]
        return True

    async def _end(self, effect: Effect, finish: Finish | None = None) -> None:
        await self._store.write(_ended, effect.key, self._clock.now(), finish)

    async def _again(self, effect: Effect, wait: timedelta, why: str) -> None:
        due = self._clock.now() + wait
        await self._store.write(lambda uow: uow.outbox.again(effect.key, due, why))

    async def stop(self) -> None:
        """Finish what is being done; what is not yet begun stays in the outbox."""
        self._stopping = True
        self._poked.set()
        if self._running:
            await asyncio.wait(self._running, timeout=20)


def _ended(uow: UnitOfWork, key: str, now: datetime, finish: Finish | None) -> None:
    if finish is not None:
        finish(uow)
    uow.outbox.done([key], now)


def _lease(uow: UnitOfWork, now: datetime) -> list[Effect]:
    return uow.outbox.lease(now, now + LEASE, BATCH)
