"""The webhook: Telegram's POSTs, checked, stored, and only then answered."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.wire.intake import Intake, is_update

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the name of a header
MOST_BYTES = 1024 * 1024

_LOG = logging.getLogger(__name__)
_LATER = {"Retry-After": "5"}


def webhook_handler(intake: Intake, secret: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """An aiohttp handler for POST.

    200 when stored (or seen before); 403 without the secret; 413 above 1 MiB; 400 for what is no update; 503 with
    Retry-After when it could not be stored or too much is under way: Telegram keeps it and comes again.
    """
    expected = secret.encode()

    async def receive(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, expected):
            return web.Response(status=403)
        body = await _body(request)
        if body is None:
            return web.Response(status=413)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not is_update(update):
            return web.Response(status=400)
        if intake.full:
            return web.Response(status=503, headers=_LATER)
        try:
            await intake.accept([update])
        except Exception as error:
            _LOG.warning("an update could not be stored (%s); Telegram will repeat it", type(error).__name__)
            return web.Response(status=503, headers=_LATER)
        return web.Response()

    return receive


async def _body(request: web.Request) -> bytes | None:
    """The body, or None when it is too long; read no further than the limit."""
    if (request.content_length or 0) > MOST_BYTES:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
