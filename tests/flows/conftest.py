"""The town the flow tests walk through: the demo in one process on loopback, or the shop in processes of its own."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from bot.demo import ROSA, Demo
from bot.sandbox.bank import DEMO_SECRET, signature
from bot.wire.limiter import Limits
from core.ids import PersonId
from core.ledger.journal import Leg
from core.money import parse_price
from core.ports import UnitOfWork
from core.shop import selling
from core.shop.context import Shop
from tests.attacks.ears import nothing_slips_into_the_log
from tests.flows.driver import Town

__all__ = ["nothing_slips_into_the_log"]  # a fixture: all that the flows log is searched

# The bot's own pace (a message a second in a chat) is the subject of tests/unit/wire; here it would only be waiting.
UNHURRIED = Limits(chat_rate=10_000, chat_burst=10_000, group_minute=10_000, overall_second=10_000)


class OpenDemo(Town):
    """A demo with a look behind the counter, for arranging what a test needs and for judging the books."""

    def __init__(self, demo: Demo, http: aiohttp.ClientSession) -> None:
        super().__init__(demo.page, http, demo.shop.web_url)
        self.demo, self.shop = demo, demo.shop.shop

    async def look(self, view: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Read from the shop's database."""
        return await self.demo.shop.store.read(view, *args, **kwargs)

    async def on_sale(self, title: str, price: str, stock: int = 5, seller: PersonId = ROSA) -> str:
        """A product of this test's own; its number."""
        return str(await self.demo.shop.store.write(_on_sale, self.shop, title, price, stock, seller))

    async def stock(self, product: str) -> int:
        """How many are left."""
        return int(await self.look(lambda uow: uow.products.need(product).stock))

    async def ledger(self) -> dict[tuple[str, str], int]:
        """Every account's balance by currency, in minor units; each currency sums to zero, or this fails."""
        totals: dict[tuple[str, str], int] = await self.look(lambda uow: uow.journal.totals(""))
        for code in {code for _, code in totals}:
            assert sum(minor for (_, one), minor in totals.items() if one == code) == 0, f"{code} does not balance"
        return {place: minor for place, minor in totals.items() if minor}

    async def deliver(self, kind: str, body: bytes, *, secret: str = DEMO_SECRET, age: float = 0) -> int:
        """Send the shop a bank's message (pix, camt054), signed `age` seconds ago; the HTTP status."""
        at = self.demo.clock.seconds() - age
        headers = {"X-Bank-Signature": signature(secret, at, body)}
        async with self.http.post(f"{self.shop_url}/bank/{kind}", data=io.BytesIO(body), headers=headers) as answer:
            return answer.status

    async def legs(self, order: str) -> list[Leg]:
        """Every leg of an order, in posting order."""
        found: list[Leg] = await self.look(lambda uow: uow.journal.legs_of(order))
        return found


def _on_sale(uow: UnitOfWork, shop: Shop, title: str, price: str, stock: int, seller: PersonId) -> str:
    picture = uow.products.find(limit=1, newest=False)[0].picture
    asked = {"title": title, "description": "", "price": parse_price(price), "stock": stock, "picture": picture}
    return selling.add_product(uow, shop, seller, **asked).id


async def _running(folder: Path, limits: Limits) -> AsyncIterator[OpenDemo]:
    demo = Demo(folder, limits=limits)
    try:
        await demo.start()
        async with aiohttp.ClientSession() as http:
            yield OpenDemo(demo, http)
    finally:
        await demo.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: Any) -> AsyncIterator[OpenDemo]:
    """One demo for a module's tests; each brings its own people and goods."""
    async for opened in _running(tmp_path_factory.mktemp("demo"), UNHURRIED):
        yield opened


@pytest_asyncio.fixture
async def own_town(tmp_path: Path) -> AsyncIterator[OpenDemo]:
    """A demo for one test alone, where it stops things, breaks things or counts everything."""
    async for opened in _running(tmp_path, UNHURRIED):
        yield opened
