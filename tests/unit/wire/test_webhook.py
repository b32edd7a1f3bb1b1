"""The webhook: an honest status for everything that may come."""

import asyncio
import io
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.wire.intake import Intake
from bot.wire.webhook import MOST_BYTES, SECRET_HEADER, webhook_handler

from .fakes import MemoryInbox, Shop, an_intake, message

SECRET = "s3cret_-"
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def intake(inbox: MemoryInbox, shop: Shop) -> Intake:
    return an_intake(inbox, shop, ceiling=2)


@pytest.fixture
async def client(intake: Intake) -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_post("/telegram", webhook_handler(intake, SECRET))
    async with TestClient(TestServer(app)) as client:
        yield client
    await intake.drain()


async def post(client: Client, body: object, secret: str | None = SECRET) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {SECRET_HEADER: secret}
    async with client.post("/telegram", data=data, headers=headers) as answer:
        assert await answer.read() == b""
        return answer.status


async def test_an_update_is_stored_and_then_answered(
    client: Client, inbox: MemoryInbox, shop: Shop, intake: Intake
) -> None:
    assert await post(client, message(1)) == 200
    assert 1 in inbox.rows
    assert await post(client, message(1)) == 200
    await intake.drain()
    assert shop.seen == [1]


@pytest.mark.parametrize("secret", [None, "", "S3cret_-", SECRET + "x", "密"])
async def test_a_forged_update_is_refused(secret: str | None, client: Client, inbox: MemoryInbox) -> None:
    assert await post(client, message(1), secret) == 403
    assert inbox.rows == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"update_id": "1"}', b'{"update_id": true}', b"\xff", b"[" * 100_000]
)
async def test_what_is_no_update_is_a_bad_request(body: bytes, client: Client, inbox: MemoryInbox) -> None:
    assert await post(client, body) == 400
    assert inbox.rows == {}


async def test_a_flood_of_bytes_is_not_read(client: Client) -> None:
    long = io.BytesIO(b"x" * (MOST_BYTES + 1))
    async with client.post("/telegram", data=long, headers={SECRET_HEADER: SECRET}) as answer:
        assert answer.status == 413

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 65536

    async with client.post("/telegram", data=drip(), headers={SECRET_HEADER: SECRET}) as answer:
        assert answer.status == 413


async def test_telegram_keeps_what_cannot_be_stored(client: Client, inbox: MemoryInbox) -> None:
    inbox.broken = True
    assert await post(client, message(1)) == 503
    inbox.broken = False
    assert await post(client, message(1)) == 200


async def test_telegram_keeps_what_does_not_fit(client: Client, inbox: MemoryInbox, shop: Shop) -> None:
    shop.held[1] = asyncio.Event()
    assert [await post(client, message(number)) for number in (1, 2, 3)] == [200, 200, 503]
    shop.held[1].set()
    assert 3 not in inbox.rows
