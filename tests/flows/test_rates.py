"""A shop that serves live asks its source for rates at the start, keeps them, and sells by nothing stale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from bot import config
from bot.demo import TOKEN
from bot.sandbox.server import Sandbox
from bot.web.doors import serve
from bot.wiring import Sampan
from core.money import asset
from core.payments.fx import treasury
from core.payments.fx.desk import RatesPart, StaleRate

ECB = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<Cube><Cube time='{day}'><Cube currency='USD' rate='1.1172'/><Cube currency='BRL' rate='6.0692'/></Cube></Cube>
</gesmes:Envelope>"""


async def until(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not fact():  # noqa: ASYNC110  what is waited for happens behind several doors
            await asyncio.sleep(0.01)


class Source:
    """A rate source on loopback; `day` is what it says the fixing is of."""

    def __init__(self) -> None:
        self.day, self.asked = datetime.now(UTC).date(), 0
        self.brl = "6.0692"

    async def tell(self, _: web.Request) -> web.Response:
        return web.json_response({"base": "EUR", "date": str(self.day), "rates": {"USD": 1.12, "BRL": self.brl}})

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(text=ECB.format(day=self.day), content_type="text/xml")


@pytest_asyncio.fixture
async def source() -> AsyncIterator[tuple[Source, str]]:
    feed = Source()
    app = web.Application()
    app.router.add_get("/daily.xml", feed.answer)
    runner, url = await serve(app, "127.0.0.1", 0)
    yield feed, f"{url}/daily.xml"
    await runner.cleanup()


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[str]:
    sandbox = Sandbox()
    yield await sandbox.start()
    await sandbox.stop()


def shop(telegram: str, rates: str, folder: Path) -> Sampan:
    return Sampan(
        config.read(
            {
                "SAMPAN_BOT_TOKEN": TOKEN,
                "SAMPAN_BOT_API": telegram,
                "SAMPAN_DATA": str(folder),
                "SAMPAN_LISTEN": "127.0.0.1:0",
                "SAMPAN_SEPA_IBAN": "DE89370400440532013000",
                "SAMPAN_SEPA_NAME": "Live",
                "SAMPAN_RATES": rates,
                "SAMPAN_ADMINS": "5005",
            }
        )
    )


async def test_rates_are_there_at_the_start_and_after_a_restart_without_the_source(
    source: tuple[Source, str], telegram: str, tmp_path: Path
) -> None:
    feed, url = source
    live = shop(telegram, f"ecb:{url}", tmp_path)
    await live.start()
    await until(lambda: len(live.shop.rates.known()) == 2)
    assert live.shop.rates.mid(asset("EUR"), asset("USD"), feed.day).rate == Fraction("1.1172")
    await live.stop()
    again = shop(telegram, "ecb:http://127.0.0.1:9/gone.xml", tmp_path)
    await again.start()
    assert [fixing.code for fixing in again.shop.rates.known()] == ["BRL", "USD"]
    await again.stop()


async def test_a_source_that_has_stopped_fixing_is_not_sold_by(
    source: tuple[Source, str], telegram: str, tmp_path: Path
) -> None:
    feed, url = source
    feed.day = date(2026, 10, 30)
    live = shop(telegram, f"ecb:{url}", tmp_path)
    await live.start()
    await until(lambda: feed.asked and live.shop.rates.known())
    with pytest.raises(StaleRate):
        live.shop.rates.mid(asset("EUR"), asset("USD"), date(2026, 11, 23))
    await live.stop()


async def test_two_sources_that_part_close_a_currency_until_they_agree_and_the_admin_is_told(
    source: tuple[Source, str], telegram: str, tmp_path: Path
) -> None:
    one, url = source
    other = Source()
    other.brl = "7.1"
    app = web.Application()
    app.router.add_get("/latest", other.tell)
    runner, second = await serve(app, "127.0.0.1", 0)
    live = shop(telegram, f"ecb:{url},json:{second}/latest", tmp_path)
    await live.start()
    desk, day = live.shop.rates, one.day
    await until(lambda: desk.parted(day))
    with pytest.raises(RatesPart):
        desk.mid(asset("EUR"), asset("BRL"), day)
    assert desk.mid(asset("EUR"), asset("USD"), day).rate == Fraction("1.1172"), "the first source's"
    assert await live.store.write(treasury.watch, live.shop) == 1
    assert await live.store.write(treasury.watch, live.shop) == 1
    waiting = await live.store.read(lambda uow: uow.outbox.waiting())
    assert waiting <= 1, "once a day, however often it is seen"
    other.brl = "6.07"
    await live._clockwork.fetch_rates()
    assert desk.mid(asset("EUR"), asset("BRL"), day).rate == Fraction("6.0692")
    await live.stop()
    await runner.cleanup()
