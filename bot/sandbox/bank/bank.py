"""The bank as one thing: its books, its desks, its messages and its aiohttp application."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from bot.sandbox.bank.books import Books
from bot.sandbox.bank.claims import Claims
from bot.sandbox.bank.customers import Customers
from bot.sandbox.bank.desk import MerchantAccounts
from bot.sandbox.bank.doors import Doors, speak_refusals
from bot.sandbox.bank.evening import Evening
from bot.sandbox.bank.merchants import Merchants
from bot.sandbox.bank.messages import Messages
from bot.sandbox.bank.picture import MAX_BYTES

LOOK_FOR_PLANNED = 0.2  # real seconds between looks at the planned payments


class Bank:
    """A pocket bank for the demo and the tests.

    `app` is to be mounted at /bank/ (`root.add_subapp("/bank/", bank.app)`): it then starts and stops with the root.
    Without a server around, `start()` and `stop()` do the same. `clock` gives Unix seconds and may jump. `db_path` None
    keeps the books in memory. `secret` signs what is told to the merchant at `merchant_url` (may be set later), who
    uses the bank's API with `api_key`. `slow_refunds`: a Pix refund is first answered EM_PROCESSAMENTO.
    """

    def __init__(
        self,
        *,
        merchant_url: str | None,
        secret: str,
        api_key: str,
        merchant: MerchantAccounts,
        clock: Callable[[], float],
        db_path: Path | None,
        rng: random.Random | None = None,
        slow_refunds: bool = False,
    ) -> None:
        dice = rng or random.SystemRandom()
        self.api_key = api_key
        self.books = Books(db_path, clock)
        self.messages = Messages(self.books, secret, merchant_url, clock)
        self.customers = Customers(self.books, self.messages, merchant, clock, dice)
        self.merchants = Merchants(self.books, self.messages, merchant, clock, dice, slow_refunds)
        self.evening = Evening(self.books, self.messages, merchant, clock, dice)
        self.claims = Claims(self.books, self.messages, merchant, clock, dice)
        self.claims.prepare()
        self.evening.claims = self.claims
        self._planner: asyncio.Task[None] | None = None
        self.app = web.Application(middlewares=[speak_refusals], client_max_size=MAX_BYTES + 64 * 1024)
        self.app.add_routes(Doors(self).routes())
        self.app.on_startup.append(lambda _: self.start())
        self.app.on_cleanup.append(lambda _: self.stop())

    def set_merchant_url(self, url: str) -> None:
        """Where the merchant listens; what waited is sent."""
        self.messages.merchant_url = url
        self.messages.wake()

    def hold(self, held: bool) -> None:
        """True: the line to the merchant is down, messages wait. False: they go."""
        self.messages.held = held
        self.messages.wake()

    async def start(self) -> None:
        if self._planner is None:
            await self.messages.start()
            self._planner = asyncio.create_task(self._pay_planned_for_ever())

    async def stop(self) -> None:
        """Stops the deliveries and closes the books: a stopped bank is not started again, a new one opens the file."""
        if self._planner is not None:
            self._planner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._planner
            self._planner = None
            await self.messages.stop()
            self.books.close()

    async def _pay_planned_for_ever(self) -> None:
        while True:
            self.customers.pay_planned()
            self.claims.decide_overdue()
            await asyncio.sleep(LOOK_FOR_PLANNED)
