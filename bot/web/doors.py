"""The web server: Telegram's webhook, the bank's messages, the return page, health and metrics."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.secret import Secret
from bot.web import return_page
from core.channels.camt import BadStatement
from core.channels.pix import BadWebhook
from core.channels.signing import BadSignature, verify
from core.clock import Clock
from core.ids import OperationId
from core.ports import Altered

log = logging.getLogger(__name__)

LARGEST_MESSAGE = 5_000_000  # bytes; a day's camt.054 of a small merchant is far below it

Book = Callable[[bytes], Awaitable[int]]


class Doors:
    """HTTP from outside. Each door says honestly what became of a message: 200 only once it is committed."""

    def __init__(
        self,
        clock: Clock,
        secret: Secret | None,
        banks: dict[str, Book],
        figures: Callable[[], Awaitable[dict[str, float]]],
        ask_soon: Callable[[OperationId], Awaitable[None]],
    ) -> None:
        self._clock, self._secret, self._banks, self._figures = clock, secret, banks, figures
        self.app = web.Application(client_max_size=LARGEST_MESSAGE)
        self.app.router.add_get("/health", self._health)
        self.app.router.add_get("/metrics", self._metrics)
        self.app.router.add_get(return_page.ROUTE, return_page.ReturnPage(ask_soon).show)
        for name in banks:
            self.app.router.add_post(f"/bank/{name}", self._bank)

    async def _bank(self, request: web.Request) -> web.Response:
        body = await request.read()
        name = request.path.rpartition("/")[2]
        try:
            self._check(body, request.headers.get("X-Bank-Signature", ""), self._clock.now())
            booked = await self._banks[name](body)
        except BadSignature as fault:
            log.warning("a message to /bank/%s was refused: %s", name, fault)
            return _answer(401, str(fault))
        except (BadWebhook, BadStatement) as fault:
            log.warning("a message to /bank/%s could not be read: %s", name, fault)
            return _answer(400, str(fault))
        except Altered:
            log.error("ALARM: a message to /bank/%s came again with other content", name)
            return _answer(409, "known id, other content")
        return web.json_response({"booked": booked})

    def _check(self, body: bytes, header: str, now: datetime) -> None:
        if self._secret is None:
            raise BadSignature("no SAMPAN_BANK_SECRET is set")
        verify(self._secret.reveal().encode(), body, header, now)

    async def _health(self, _: web.Request) -> web.Response:
        await self._figures()
        return web.json_response({"status": "ok"})

    async def _metrics(self, _: web.Request) -> web.Response:
        figures = await self._figures()
        lines = [f"sampan_{name} {value}" for name, value in sorted(figures.items())]
        return web.Response(text="\n".join(lines) + "\n", content_type="text/plain")


def _answer(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


async def serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, str]:
    """Start serving; the runner to clean up, and the base URL (with the port the system chose for 0)."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    addresses: list[Any] = runner.addresses
    return runner, f"http://{host}:{addresses[0][1]}"
