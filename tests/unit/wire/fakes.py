"""Stand-ins for the wire's neighbours: an inbox in memory, a shop that notes, a Bot API of a few lines."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from telegram import Bot, Update

from bot.wire.intake import Intake, Raw

BOT = Bot("1:a")
ALICE, BOB = 7, 8


def person(who: int) -> dict[str, Any]:
    return {"id": who, "is_bot": False, "first_name": "A"}


def message(number: int, who: int = ALICE, **more: Any) -> Raw:
    chat = {"id": who, "type": "private"}
    told = {"message_id": number, "date": 1, "chat": chat, "from": person(who), "text": str(number), **more}
    return {"update_id": number, "message": told}


def press(number: int, who: int = ALICE) -> Raw:
    query = {"id": str(number), "from": person(who), "chat_instance": "x", "data": "d"}
    return {"update_id": number, "callback_query": query}


def pre_checkout(number: int, who: int = ALICE) -> Raw:
    query = {
        "id": str(number), "from": person(who), "currency": "XTR", "total_amount": 1, "invoice_payload": "p",
    }  # fmt: skip
    return {"update_id": number, "pre_checkout_query": query}


def paid(number: int, who: int = ALICE) -> Raw:
    payment = {
        "currency": "XTR", "total_amount": 1, "invoice_payload": "p",
        "telegram_payment_charge_id": "t", "provider_payment_charge_id": "p",
    }  # fmt: skip
    return message(number, who, successful_payment=payment)


class MemoryInbox:
    """Keeps updates as a table would; may be told to fail."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[Raw, bool]] = {}
        self.writes = 0
        self.broken = False

    async def put(self, updates: list[Raw]) -> list[Raw]:
        self._check()
        new = [raw for raw in updates if raw["update_id"] not in self.rows]
        self.rows.update((raw["update_id"], (raw, False)) for raw in new)
        return new

    async def pending(self, limit: int) -> list[Raw]:
        return [raw for _, (raw, done) in sorted(self.rows.items()) if not done][:limit]

    async def done(self, update_ids: list[int]) -> None:
        self._check()
        self.writes += 1
        self.rows.update((number, (self.rows[number][0], True)) for number in update_ids)

    def _check(self) -> None:
        if self.broken:
            raise OSError("disk full")


class Shop:
    """A handler that notes what it was given, and can be held up."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.told: list[tuple[int, str]] = []
        self.refused: list[int] = []
        self.held: dict[int, asyncio.Event] = {}
        self.faults: dict[int, Exception] = {}
        self._changed = asyncio.Condition()

    async def has_seen(self, count: int) -> None:
        """Wait until so many updates were handled."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.seen) >= count)

    async def handle(self, update: Update) -> None:
        if update.update_id in self.held:
            await self.held[update.update_id].wait()
        if update.update_id in self.faults:
            raise self.faults[update.update_id]
        self.seen.append(update.update_id)
        async with self._changed:
            self._changed.notify_all()

    async def failed(self, update: Update, error: Exception) -> None:
        self.told.append((update.update_id, type(error).__name__))

    async def overflow(self, update: Update) -> None:
        self.refused.append(update.update_id)


def an_intake(inbox: MemoryInbox, shop: Shop, **limits: int) -> Intake:
    return Intake(BOT, inbox, shop.handle, failed=shop.failed, overflow=shop.overflow, **limits)


TOKEN = "12345:AAsecret-token"


class Stub:
    """Answers each method with what was planned for it, else with an empty success; keeps what it was sent."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.plan: dict[str, list[Callable[[web.Request], Awaitable[web.StreamResponse]]]] = {}
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        sent: Any = None
        if request.content_type == "application/json":
            sent = await request.json()
        elif request.content_type == "multipart/form-data":
            form = await request.post()
            sent = {
                name: (f.filename, f.file.read()) if isinstance(f, web.FileField) else f for name, f in form.items()
            }
        self.calls.append((method, sent))
        if self.plan.get(method):
            return await self.plan[method].pop(0)(request)
        return web.json_response({"ok": True, "result": True})

    def answer(self, method: str, status: int, body: object, **headers: str) -> None:
        """Plan the next answer to `method`: JSON for anything but bytes."""

        async def told(_request: web.Request) -> web.StreamResponse:
            if isinstance(body, bytes):
                return web.Response(status=status, body=body, headers=headers)
            return web.json_response(body, status=status, headers=headers)

        self.plan.setdefault(method, []).append(told)
