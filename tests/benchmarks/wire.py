"""CPU a button press costs on the wire: `python tests/benchmarks/wire.py`. The Bot API is a stub in another process.

Each press is answered twice (answerCallbackQuery, editMessageText with four buttons). Beside it stands what the machine
needs for python-telegram-bot's own parse and dispatch of one such update, so that figures of two machines compare.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

import uvloop
from aiohttp import web
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler

from bot.wire.intake import Intake, Raw
from bot.wire.limiter import ChatLimiter, Limits
from bot.wire.request import AiohttpRequest

TOKEN = "1:bench"
USERS = 64
BATCH = 512
ROUNDS = 7
KEYBOARD = InlineKeyboardMarkup(
    [[InlineKeyboardButton(f"Button {n}", callback_data=f"1abcdefgh{n}") for n in range(4)]]
)
App = Application[Any, Any, Any, Any, Any, Any]


def press(number: int) -> Raw:
    """A callback query as Telegram sends it."""
    who = 1000 + number % USERS
    person = {"id": who, "is_bot": False, "first_name": "Ada", "username": "ada", "language_code": "en"}
    message = {
        "message_id": 5, "date": 1_790_000_000, "text": "Choose",
        "chat": {"id": who, "type": "private", "first_name": "Ada"},
        "from": {"id": 1, "is_bot": True, "first_name": "Shop", "username": "shop_bot"},
        "reply_markup": KEYBOARD.to_dict(),
    }  # fmt: skip
    query = {
        "id": str(number),
        "from": person,
        "message": message,
        "chat_instance": "7",
        "data": "1abcdefgh.buy.0ABCDEF123.4",
    }
    return {"update_id": number, "callback_query": query}


def serve(pipe: Connection) -> None:
    """The stub: a socket, an answer, no thought."""
    edited = json.dumps({"ok": True, "result": press(1)["callback_query"]["message"]}).encode()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        true = request.match_info["method"] == "answerCallbackQuery"
        return web.Response(body=b'{"ok":true,"result":true}' if true else edited, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/bot" + TOKEN + "/{method}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        pipe.send(runner.addresses[0][1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await runner.cleanup()

    uvloop.run(main())


class Memory:
    """An inbox without a disk: storage is measured elsewhere."""

    async def put(self, updates: list[Raw]) -> list[Raw]:
        """All are new."""
        return updates

    async def pending(self, _limit: int) -> list[Raw]:
        """Nothing."""
        return []

    async def done(self, update_ids: list[int]) -> None:
        """Fine."""


async def handle(update: Update, _context: Any) -> None:
    """Two calls, as most presses make."""
    assert update.callback_query is not None
    await update.callback_query.answer()
    await update.callback_query.edit_message_text("<b>Olive oil</b>\n€12.50", parse_mode="HTML", reply_markup=KEYBOARD)


async def nothing(_update: Update, _context: Any) -> None:
    """A handler that costs nothing."""


async def fails(_update: Update, error: Exception | None = None) -> None:
    """No update may fail or be refused here."""
    raise SystemExit(f"an update was lost: {error!r}")


def application(base: str, handler: Callable[[Update, Any], Awaitable[None]]) -> App:
    """python-telegram-bot's Application over our transport and limiter, its limits out of the way."""
    limits = Limits(chat_rate=1e6, chat_burst=10**6, overall_second=10**6)
    builder = Application.builder().token(TOKEN).base_url(f"{base}/bot").updater(None).job_queue(None)
    app: App = builder.request(AiohttpRequest(connections=256)).rate_limiter(ChatLimiter(limits)).build()
    app.add_handler(CallbackQueryHandler(handler))  # type: ignore[arg-type]
    app._initialized = True  # the stub has no getMe; nothing else of initialize() is needed here
    return app


async def per_update(work: Callable[[list[Raw]], Awaitable[None]]) -> float:
    """Median CPU in microseconds an update costs this process."""
    costs = []
    for turn in range(ROUNDS):
        batch = [press(turn * BATCH + number) for number in range(BATCH)]
        start = time.process_time()
        await work(batch)
        costs.append((time.process_time() - start) / BATCH * 1e6)
    return round(statistics.median(costs[1:]))


async def measure(base: str) -> dict[str, float]:
    """All figures, in microseconds of CPU an update."""
    idle, shop = application(base, nothing), application(base, handle)

    async def dispatch(batch: list[Raw]) -> None:
        for raw in batch:
            await idle.process_update(Update.de_json(raw, idle.bot))

    async def one_by_one(batch: list[Raw]) -> None:
        for raw in batch:
            await shop.process_update(Update.de_json(raw, shop.bot))

    async def whole(app: App, batch: list[Raw]) -> None:
        intake = Intake(app.bot, Memory(), app.process_update, failed=fails, overflow=fails)
        await intake.accept(batch)
        await intake.drain(60)

    await shop.bot.request.initialize()
    found = {
        "PTB parse + dispatch": await per_update(dispatch),
        "intake + lanes + parse + dispatch": await per_update(lambda batch: whole(idle, batch)),
        "two calls, one at a time": await per_update(one_by_one),
        f"whole way, two calls, {USERS} people": await per_update(lambda batch: whole(shop, batch)),
    }
    await shop.bot.request.shutdown()
    return found


def main() -> None:
    """Print the table."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    stub = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    stub.start()
    try:
        for name, cost in uvloop.run(measure(f"http://127.0.0.1:{ours.recv()}")).items():
            print(f"{name:<40}{cost:>6.0f} us CPU")
    finally:
        ours.send(None)
        stub.join()


if __name__ == "__main__":
    main()
