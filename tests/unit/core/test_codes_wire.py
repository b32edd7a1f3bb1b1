"""A code on its way to the gateway: what is said to it, and what counts as taken."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from core.channels.codes import HttpCodes
from core.risk.codes import Letter

SMS = Letter("C1-1", "+4915123456789", "Sampan: 123456 confirms €200.00 to Olio")
MAIL = Letter("C1-2", "maya@example.com", "Sampan: 123456")


class Gateway:
    """Answers as it was told, and remembers what it was sent."""

    def __init__(self, status: int = 202) -> None:
        self.status, self.sent, self.url = status, [], ""  # type: ignore[var-annotated]

    async def take(self, request: web.Request) -> web.Response:
        self.sent.append((request.headers, await request.json()))
        if self.status == 302:
            raise web.HTTPFound("/elsewhere")
        return web.Response(status=self.status)


@asynccontextmanager
async def listening(gateway: Gateway) -> AsyncIterator[HttpCodes]:
    app = web.Application()
    app.router.add_post("/send", gateway.take)
    app.router.add_post("/elsewhere", gateway.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/send"
    async with aiohttp.ClientSession() as session:
        yield HttpCodes(session, gateway.url, "the-key")
    await runner.cleanup()


async def test_the_gateway_is_told_where_to_and_what_with_our_key() -> None:
    gateway = Gateway()
    async with listening(gateway) as sender:
        assert await sender.send(SMS)
        assert await sender.send(MAIL)
    (headers, sms), (_, mail) = gateway.sent
    assert headers["Authorization"] == "Bearer the-key"
    assert headers["Idempotency-Key"] == "C1-1"
    assert sms == {"id": "C1-1", "channel": "sms", "to": SMS.to, "text": SMS.text}
    assert (mail["channel"], mail["to"]) == ("email", "maya@example.com")


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
async def test_what_is_no_yes_is_not_sent_and_shows_in_no_log(status: int, caplog: Any) -> None:
    gateway = Gateway(status)
    with caplog.at_level(logging.DEBUG):
        async with listening(gateway) as sender:
            assert not await sender.send(SMS)
    assert len(gateway.sent) == 1, "no redirect is followed with our key and their code"
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("core"))
    assert str(status) in said
    assert "123456" not in said and "151" not in said and "the-key" not in said


async def test_a_gateway_that_is_not_there_took_nothing() -> None:
    gateway = Gateway()
    async with listening(gateway):
        pass
    async with aiohttp.ClientSession() as session:
        assert not await HttpCodes(session, gateway.url, "k").send(SMS)


def test_a_letter_shows_neither_code_nor_address() -> None:
    assert repr(SMS) == "Letter(C1-1)"
