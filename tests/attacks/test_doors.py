"""At the doors of the web server: Telegram’s webhook and the bank’s messages, forged, replayed, altered, oversized."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.demo import ADMIN, Demo, free_port
from bot.sandbox.bank import DEMO_SECRET, signature
from bot.wire.webhook import SECRET_HEADER
from bot.wiring import WEBHOOK_PATH
from tests.attacks.scene import at_rest, everything, paid_order
from tests.flows.conftest import UNHURRIED, OpenDemo
from tests.flows.driver import ADDRESS, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOOK = "the-webhook-secret_77"


class HookedDemo(Demo):
    """A demo that Telegram reaches by webhook."""

    def _environment(self, base: str) -> dict[str, str]:
        here = f"http://127.0.0.1:{self._shop_port}"
        return {**super()._environment(base), "SAMPAN_PUBLIC_URL": here, "SAMPAN_WEBHOOK_SECRET": HOOK}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: Any) -> AsyncIterator[OpenDemo]:
    demo = HookedDemo(tmp_path_factory.mktemp("hooked"), shop_port=free_port(), limits=UNHURRIED)
    try:
        await demo.start()
        async with aiohttp.ClientSession() as http:
            yield OpenDemo(demo, http)
    finally:
        await demo.stop()


async def knock(town: OpenDemo, body: bytes, headers: dict[str, str] | None = None, path: str = WEBHOOK_PATH) -> int:
    async with town.http.post(town.shop_url + path, data=io.BytesIO(body), headers=headers or {}) as answer:
        return answer.status


def update_of(who: int, text: str, number: int = 900_000_001) -> bytes:
    """An update as Telegram would send it."""
    person = {"id": who, "is_bot": False, "first_name": "Ada", "language_code": "en"}
    chat = {"id": who, "type": "private", "first_name": "Ada"}
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    message = {"message_id": 7, "date": 1795000000, "chat": chat, "from": person, "text": text, "entities": [entity]}
    return json.dumps({"update_id": number, "message": message}).encode()


async def rows(town: OpenDemo) -> dict[str, set[str]]:
    await at_rest(town)
    found: dict[str, set[str]] = await town.demo.shop.store.survey(everything)
    return found


async def a_paid_order(town: OpenDemo) -> str:
    nora = await town.newcomer()
    await nora.give_address(ADDRESS)
    return await paid_order(town, nora, "Hooked")


# Telegram's


async def test_webhook_forgery(town):
    """The admin’s command to send money out, by somebody who found the address of the door."""
    order = await a_paid_order(town)
    forged, before = update_of(ADMIN, f"/refund {order}"), await rows(town)
    for headers in (
        {}, {SECRET_HEADER: ""}, {SECRET_HEADER: HOOK.upper()}, {SECRET_HEADER: HOOK[:-1]}, {SECRET_HEADER: HOOK + "x"},
        {SECRET_HEADER: f"{HOOK}, {HOOK}"}, {"Authorization": HOOK}, {"X-Telegram-Bot-Api-Secret": HOOK},
        {"Cookie": f"{SECRET_HEADER}={HOOK}"}, {SECRET_HEADER: "\u00e9" * 5},
    ):  # fmt: skip
        assert await knock(town, forged, headers) == 403, headers
    assert await knock(town, forged, path=f"{WEBHOOK_PATH}?{SECRET_HEADER}={HOOK}") == 403
    for path in ("/telegram/", "/Telegram", "//telegram", "/bank/telegram", "/bank/../telegram"):
        assert await knock(town, forged, path=path) in (401, 403, 404, 405), path
    assert await rows(town) == before
    assert await knock(town, forged, {SECRET_HEADER: HOOK}) == 200, "the same with the secret is Telegram’s"
    await town.until(lambda: _refunds(town), "the door works at all")


async def _sent_back(town: OpenDemo, order: str) -> bool:
    found = await town.look(lambda uow: uow.refunds.find(order=order, limit=9))
    return bool(found) and all(one.done_at for one in found)


async def _refunds(town: OpenDemo) -> int:
    return int(await town.look(lambda uow: uow.refunds.count()))


async def test_webhook_replay(town):
    """An update that Telegram has delivered comes again, as it was and with other words in it."""
    order, secret = await a_paid_order(town), {SECRET_HEADER: HOOK}
    assert await knock(town, update_of(ADMIN, f"/refund {order} 1.00", 900_000_100), secret) == 200
    await town.until(lambda: _sent_back(town, order), "the bank has sent it back")
    before = await rows(town)
    for text in (f"/refund {order} 1.00", f"/refund {order}", f"/refund {order} 2.00"):
        assert await knock(town, update_of(ADMIN, text, 900_000_100), secret) == 200
    assert await rows(town) == before


async def test_webhook_of_any_size_and_shape(town):
    """What no update is gets a plain answer, and costs nothing; with the secret, too."""
    before, secret = await rows(town), {SECRET_HEADER: HOOK}
    for body in (b"", b"{", b"[]", b"null", b"7", b'{"update_id": "1"}', b'{"update_id": 1.5}', b'{"update_id": true}',
                 b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe\x00", b'{"update_id": NaN}'):  # fmt: skip
        assert await knock(town, body, secret) == 400, body[:40]
    assert await knock(town, b'{"update_id": 1, "x": "' + b"y" * 1_100_000 + b'"}', secret) == 413
    assert await knock(town, b"x" * 1_100_000) == 403, "not even read before the secret is seen"
    assert await rows(town) == before


# The bank's


async def a_message(town: OpenDemo) -> tuple[str, bytes]:
    """An order that waits for its money, and the bank’s true message about it, which is kept back."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Awaited", "12.00 BRL"), "PIX")
    row = {"endToEndId": "E" + order_of(card).ljust(31, "0"), "txid": (await nora.scan(card))["reference"],
           "valor": "12.00", "horario": "2026-11-22T10:00:00Z"}  # fmt: skip
    return order_of(card), json.dumps({"pix": [row]}).encode()


async def test_bank_webhook_forgery(town):
    """Money that nobody paid, announced with every signature but the right one."""
    order, body = await a_message(town)
    now = town.demo.clock.seconds()
    good = signature(DEMO_SECRET, now, body)
    stamp, mac = good.split(",")
    bare = hmac.new(DEMO_SECRET.encode(), body, hashlib.sha256).hexdigest()
    for header in (
        "", "t=,v1=", mac, stamp, f"{stamp},v1=", f"{stamp},v1={bare}", f"{stamp},v1={'0' * 64}",
        f"{stamp},v0={mac[3:]}",
        f"{stamp},{mac[:-1]}", f"{stamp},{mac.upper()}", f"t={int(now) + 1},{mac}", f"t=0{stamp[2:]},{mac}",
        f"{stamp},{mac},{mac}", f"{mac},{stamp}",  f"{stamp},{mac}0", f"t=-5,{mac}", f"t={'9' * 30},{mac}",
        signature("", now, body), signature("guessed", now, body), signature(DEMO_SECRET, now, body + b" "),
        signature(DEMO_SECRET, now, b"{}"), signature(DEMO_SECRET, now - 3600, body),
        signature(DEMO_SECRET, now + 3600, body),
    ):  # fmt: skip
        assert await knock(town, body, {"X-Bank-Signature": header}, "/bank/pix") == 401, header
    for headers in ({"Authorization": f"Bearer {DEMO_SECRET}"}, {"X-Bank-Secret": DEMO_SECRET}):
        assert await knock(town, body, headers, "/bank/pix") == 401
    altered = body.replace(b"12.00", b"12.01")
    assert await knock(town, altered, {"X-Bank-Signature": good}, "/bank/pix") == 401
    assert (await town.look(lambda uow: uow.orders.need(order))).state == "placed"


async def test_bank_webhook_replay(town):
    """The true message, caught on its way: again at once, at another door, and an hour later."""
    order, body = await a_message(town)
    header = {"X-Bank-Signature": signature(DEMO_SECRET, town.demo.clock.seconds(), body)}
    for other in ("/bank/camt054", "/bank/statement", "/bank/case"):
        assert await knock(town, body, header, other) == 400, "another door reads another language"
    assert (await town.look(lambda uow: uow.orders.need(order))).state == "placed"
    assert await knock(town, body, header, "/bank/pix") == 200
    await town.until(lambda: _is_paid(town, order))
    before = await rows(town)
    for _ in range(5):
        assert await knock(town, body, header, "/bank/pix") == 200
    assert await rows(town) == before
    await town.skip(3600)
    ledger = await town.ledger()
    assert await knock(town, body, header, "/bank/pix") == 401
    assert await town.ledger() == ledger


async def _is_paid(town: OpenDemo, order: str) -> bool:
    return bool((await town.look(lambda uow: uow.orders.need(order))).state == "paid")


async def test_a_return_page_pays_nothing(town):
    """Where a payment’s page sends the buyer back to: whoever opens it with whatever words changes no order."""
    order, _ = await a_message(town)
    (charge,) = await town.look(lambda uow: uow.operations.find(order=order, limit=1))
    before = (await rows(town))["orders"]
    for words in ("", "?status=paid", "?redirect_status=succeeded&amount=0", "?x=%3Cscript%3Ealert(1)%3C/script%3E"):
        async with town.http.get(f"{town.shop_url}/return/{charge.id}{words}") as answer:
            page = await answer.text()
            assert answer.status == 200 and "<script>alert" not in page and order not in page
    for name in ("../../health", "%2e%2e%2fhealth", "A" * 500, "0", "<b>"):
        async with town.http.get(f"{town.shop_url}/return/{name}") as answer:
            assert answer.status in (200, 404)
    assert (await rows(town))["orders"] == before
