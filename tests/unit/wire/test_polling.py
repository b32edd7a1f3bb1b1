"""Polling: stored, then acknowledged; whatever the network does, in plain words and without the token."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.wire.intake import ALLOWED_UPDATES, Intake
from bot.wire.polling import Poller, TokenRefused

from .fakes import TOKEN, MemoryInbox, Shop, Stub, an_intake, message


class Naps:
    """Sleeps at once and remembers for how long."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError


def poller(stub: Stub, intake: Intake, naps: Naps) -> Poller:
    return Poller(stub.url, TOKEN, intake, sleep=naps, source=random.Random(1))


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[Callable[[Callable[[], bool]], Awaitable[None]]]:
    """Run it beside the test; the given function waits until something is true."""
    task = asyncio.ensure_future(work)

    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                assert not task.done(), task.exception()
                await asyncio.sleep(0.001)

    try:
        yield until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def asked(stub: Stub) -> list[Any]:
    return [sent for method, sent in stub.calls if method == "getUpdates"]


async def test_updates_are_acknowledged_by_the_next_request_once_stored(
    stub: Stub, inbox: MemoryInbox, shop: Shop, intake: Intake
) -> None:
    stub.answer("getUpdates", 200, {"ok": True, "result": [message(41), message(42)]})
    stub.plan["getUpdates"].append(hang)
    async with running(poller(stub, intake, Naps()).run()) as until:
        await until(lambda: len(asked(stub)) == 2)
        await until(lambda: shop.seen == [41, 42])
    assert stub.calls[0][0] == "deleteWebhook"
    assert "offset" not in asked(stub)[0]
    assert asked(stub)[1]["offset"] == 43
    assert asked(stub)[0]["allowed_updates"] == list(ALLOWED_UPDATES)
    await intake.drain()


async def test_what_cannot_be_stored_is_asked_for_again(
    stub: Stub, inbox: MemoryInbox, shop: Shop, intake: Intake
) -> None:
    inbox.broken = True

    async def repaired(_seconds: float) -> None:
        inbox.broken = False

    for _ in range(2):
        stub.answer("getUpdates", 200, {"ok": True, "result": [message(41)]})
    stub.plan["getUpdates"].append(hang)
    async with running(Poller(stub.url, TOKEN, intake, sleep=repaired).run()) as until:
        await until(lambda: any(one.get("offset") == 42 for one in asked(stub)))
        await until(lambda: shop.seen == [41])
    assert "offset" not in asked(stub)[1]
    await intake.drain()


async def test_every_trouble_is_waited_out_in_plain_words(
    stub: Stub, shop: Shop, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"}
    stub.answer("getUpdates", 409, conflict)
    stub.answer("getUpdates", 429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 17}})
    stub.answer("getUpdates", 502, b"<html>Bad Gateway</html>")
    stub.answer("getUpdates", 200, b"not json")
    stub.answer("getUpdates", 200, {"ok": True, "result": [message(1)]})
    stub.plan["getUpdates"].append(hang)
    naps = Naps()
    with caplog.at_level(logging.INFO):
        async with running(poller(stub, intake, naps).run()) as until:
            await until(lambda: shop.seen == [1])
    assert [round(nap) for nap in naps.taken[:2]] == [1, 17]
    assert 4 <= naps.taken[2] <= 6
    assert 8 <= naps.taken[3] <= 12
    for words in ("stop the other process", "asks to wait", "Telegram answers again"):
        assert words in caplog.text
    assert TOKEN not in caplog.text
    await intake.drain()


async def test_a_network_that_is_away_is_not_a_thousand_lines(
    stub: Stub, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    naps = Naps()
    away = Poller("http://127.0.0.1:1", TOKEN, intake, sleep=naps)
    with caplog.at_level(logging.INFO):
        async with running(away.run()) as until:
            await until(lambda: len(naps.taken) >= 40)
    assert len(caplog.records) <= 6
    assert max(naps.taken) <= 45
    assert "cannot be reached" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [401, 404])
async def test_a_refused_token_ends_it(status: int, stub: Stub, intake: Intake) -> None:
    stub.answer("deleteWebhook", status, {"ok": False, "description": "Unauthorized"})
    with pytest.raises(TokenRefused, match="SAMPAN_BOT_TOKEN") as refused:
        await poller(stub, intake, Naps()).run()
    assert TOKEN not in repr(refused.value)


async def test_a_full_house_leaves_the_rest_with_telegram(stub: Stub, inbox: MemoryInbox, shop: Shop) -> None:
    intake = an_intake(inbox, shop, ceiling=1)
    shop.held[1] = asyncio.Event()
    stub.answer("getUpdates", 200, {"ok": True, "result": [message(1)]})
    stub.plan["getUpdates"].append(hang)
    naps = Naps()
    async with running(poller(stub, intake, naps).run()) as until:
        await until(lambda: len(naps.taken) > 5)
        assert len(asked(stub)) == 1
        shop.held[1].set()
        await until(lambda: len(asked(stub)) == 2)
    await intake.drain()
