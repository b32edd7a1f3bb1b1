"""The clockwork: a ticker that calls core's verbs. Every job is idempotent: a missed or doubled tick is harmless."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import aiohttp
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.visit import TELEGRAM
from core.channels import rates
from core.ledger import chain
from core.payments import byhand
from core.payments.choices import decide_due
from core.payments.disputes import complaints
from core.payments.driver import Driver
from core.payments.fx import treasury
from core.payments.fx.desk import Fixing
from core.payments.instalments import plans as instalments
from core.payments.recon.unsettled import list_overdue, overdue
from core.payments.settlement.batches import due_sellers, settle_seller
from core.ports import Duplicate, Store, StoredFixing, UnitOfWork
from core.shop.checkout import count_down, due, expire_due
from core.shop.context import Shop
from core.shop.deadlines import anything_due, refund_unshipped, release_due, remind
from core.shop.notices import tell

log = logging.getLogger(__name__)

# A command may be carried out long after its birth, and its settlement then takes the policy's days at most.
LONGEST_OVERDUE = timedelta(days=60)
AT_ONCE = 500  # exceptions a transaction
KEEP_UPDATES = timedelta(days=3)  # Telegram itself repeats nothing after 24 hours


class Clockwork:
    """Ticks. `sources` is where live rates come from, if from anywhere."""

    def __init__(
        self,
        store: Store,
        shop: Shop,
        driver: Driver,
        poke: Callable[[], None],
        session: aiohttp.ClientSession,
        sources: tuple[str, ...],
    ) -> None:
        self._store, self._shop, self._driver, self._poke = store, shop, driver, poke
        self._session, self._sources = session, sources
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._reconciled: datetime | None = None  # from the beginning, the first time
        self._alarmed: date | None = None  # when the admins were told last that the chain is broken

    def start(self, *, every: float = 2.0) -> None:
        """Tick from now on; `every` seconds for what shoppers wait for."""
        for job, seconds in self.ticks(every):
            self._add(job, seconds)
        if self._sources:
            self._add(self.fetch_rates, 3600, at_once=True)
        self._scheduler.start()

    def ticks(self, every: float = 2.0) -> tuple[tuple[Callable[[], Awaitable[None]], float], ...]:
        """What this shop does by itself, and after how many seconds again. The one list, of which stories know too."""
        return (
            (self.expire, every),
            (self.count_down, 15),
            (self.ask, 5),
            (self.deadlines, 5),
            (self.plans, 5),
            (self.settle, 300),
            (self.seal, 10),
            (self.prune, 6 * 3600),
            (self.reconcile, 3600),
            (self.watch_positions, 60),
        )

    def every(self, seconds: float, job: Callable[[], object]) -> None:
        """Tick something else that needs it."""
        self._scheduler.add_job(job, "interval", seconds=seconds, max_instances=1, coalesce=True)

    def _add(self, job: Callable[[], Awaitable[None]], seconds: float, *, at_once: bool = False) -> None:
        async def safely() -> None:
            try:
                await job()
            except asyncio.CancelledError:
                log.info("the tick %s was cut short: the shop stops", job.__name__)
            except Exception as fault:
                log.warning("the tick %s failed: %s", job.__name__, type(fault).__name__)

        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(
            safely, "interval", seconds=seconds, max_instances=1, coalesce=True, id=job.__name__, **first
        )

    async def expire(self) -> None:
        """Unpaid orders past their deadline."""
        while await self._store.read(_any_due, self._shop):
            await self._store.write(expire_due, self._shop)
            self._poke()

    async def count_down(self) -> None:
        """The remaining time on payment cards."""
        await self._store.write(count_down, self._shop)
        self._poke()

    async def ask(self) -> None:
        """Channels are asked what became of commands that have no end yet."""
        if await self._driver.ask_all():
            self._poke()

    async def settle(self) -> None:
        """Payouts whose period has ended, reserves whose time is over, a word about transfers that wait for a hand."""
        for seller in await self._store.survey(due_sellers, self._shop):
            await self._store.write(settle_seller, self._shop, seller)
            self._poke()
        if await self._store.read(byhand.is_late, self._shop):
            await self._store.write(byhand.remind, self._shop)
            self._poke()

    async def deadlines(self) -> None:
        """Parcels not shipped, receipts not confirmed, held money nobody chose about; and the words before."""
        if await self._store.read(anything_due, self._shop):
            for verb in (
                refund_unshipped,
                release_due,
                decide_due,
                remind,
                complaints.decide_overdue,
                complaints.remind,
            ):
                await self._store.write(verb, self._shop)
            self._poke()

    async def plans(self) -> None:
        """Instalments that are due, and those that were missed; codes whose time is over."""
        if await self._store.read(instalments.anything_due, self._shop):
            await self._store.write(instalments.remind, self._shop)
            self._poke()
        if await self._store.read(instalments.codes_over, self._shop):
            await self._store.write(instalments.end_codes, self._shop)
            self._poke()

    async def reconcile(self) -> None:
        """What should be on a bank statement or settlement report by now, and is on none."""
        began = self._shop.clock.now()
        found = await self._store.survey(overdue, self._shop, self._reconciled)
        for first in range(0, len(found), AT_ONCE):
            await self._store.write(list_overdue, self._shop, found[first : first + AT_ONCE])
            self._poke()
        self._reconciled = began - LONGEST_OVERDUE

    async def fetch_rates(self) -> None:
        """Live rates, kept so that a restart knows them. A source that is silent does not keep the other from us."""
        for source in self._sources:
            try:
                fixings = await rates.fetch(self._session, source)
            except rates.FeedFault as fault:
                log.warning("no rates from %s: %s", source.partition(":")[0], fault)
                continue
            await self._store.write(_keep, self._shop, fixings)
            self._shop.rates.learn(fixings)
            self._shop.rates.history.learn(fixings, self._shop.clock.now().date())

    async def seal(self) -> None:
        """What was posted becomes part of the chain, a few entries a transaction. If it cannot, admins hear of it."""
        try:
            while await self._store.read(_unsealed):
                await self._store.write(chain.seal, self._shop.clock.now())
        except chain.BrokenChain:
            await self._alarm()

    async def _alarm(self) -> None:
        """Once a day, until somebody has mended the books."""
        today = self._shop.clock.now().date()
        if self._alarmed != today:
            log.error("the chain of the journal is broken: nothing more is sealed; run `sampan ledger check`")
            await self._store.write(_tell_broken, self._shop)
            self._alarmed = today
            self._poke()

    async def watch_positions(self) -> None:
        """Positions past the limit, and sources that part."""
        if await self._store.read(treasury.is_alarming, self._shop):
            await self._store.write(treasury.watch, self._shop)
            self._poke()

    async def prune(self) -> None:
        """Settled updates are dropped after a while."""
        before = self._shop.clock.now() - KEEP_UPDATES
        await self._store.write(lambda uow: uow.inbox.forget(TELEGRAM, before))

    async def stop(self) -> None:
        """No more ticks."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the scheduler's shutdown runs on the loop's next turn


def _any_due(uow: UnitOfWork, shop: Shop) -> bool:
    return bool(due(uow, shop))


def _unsealed(uow: UnitOfWork) -> bool:
    return bool(uow.journal.unsealed(1))


def _tell_broken(uow: UnitOfWork, shop: Shop) -> None:
    now = shop.clock.now()
    for admin in sorted(shop.admins):
        tell(uow, now, admin, "chain_broken", f"{now:%Y-%m-%d}")


def _keep(uow: UnitOfWork, shop: Shop, fixings: list[Fixing]) -> None:
    now = shop.clock.now()
    for fixing in fixings:
        day = f"{fixing.source}:{fixing.code}:{fixing.on}"
        with suppress(Duplicate):  # asked for every hour, fixed once a day
            uow.fixings.add(StoredFixing(day, fixing.code, fixing.rate, fixing.on, fixing.source, now))
