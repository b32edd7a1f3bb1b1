"""Long polling: asks Telegram for updates over a connection of its own, whatever happens to the network."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from yarl import URL

from bot.wire.intake import ALLOWED_UPDATES, Intake, is_update

_LOG = logging.getLogger(__name__)
_LONGEST_PAUSE = 30.0
_BATCH = 100


class TokenRefused(Exception):
    """Telegram does not know the token: nothing to wait for."""


class _Trouble(Exception):
    """This poll gave nothing; `seconds` to wait, or None for the usual growing pause."""

    def __init__(self, words: str, seconds: float | None = None) -> None:
        super().__init__(words)
        self.words, self.seconds = words, seconds


class Poller:
    """Gets updates and hands them to the intake; the next request acknowledges what was stored.

    `wait` is Telegram's long-poll time in seconds (at most 50). `proxy` as in AiohttpRequest.
    """

    def __init__(
        self,
        api: str,
        token: str,
        intake: Intake,
        *,
        proxy: str | None = None,
        wait: int = 30,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        source: random.Random | None = None,
    ) -> None:
        self._base, self._intake, self._proxy, self._wait = f"{api}/bot{token}", intake, proxy, wait
        self._sleep = sleep
        self._random = source or random.Random()  # noqa: S311  spreads retries, guards nothing
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled. Raises TokenRefused; any other trouble is waited out and told in the log."""
        connector = aiohttp.TCPConnector(limit=2)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=self._proxy
        ) as session:
            # With a webhook left over from yesterday getUpdates is refused. What is waiting for it is kept.
            await self._insist(session, self._forget_webhook)
            while True:
                await self._insist(session, self._poll)

    async def _insist(self, session: aiohttp.ClientSession, step: Callable[..., Awaitable[None]]) -> None:
        """One step, tried until it succeeds."""
        while True:
            try:
                await step(session)
            except _Trouble as trouble:
                self._failures += 1
                pause = trouble.seconds if trouble.seconds is not None else self._pause()
                # The first time, and then more and more rarely: a night without network is not a thousand lines.
                if self._failures & (self._failures - 1) == 0:
                    _LOG.warning("%s Trying again in %.0f s.", trouble.words, pause)
                await self._sleep(pause)
            else:
                if self._failures:
                    _LOG.info("Telegram answers again.")
                self._failures = 0
                return

    def _pause(self) -> float:
        """1, 2, 4 … 30 seconds, each with up to half as much again, so that many bots do not knock together."""
        pause = min(_LONGEST_PAUSE, 2.0 ** (self._failures - 1) if self._failures < 8 else _LONGEST_PAUSE)
        return pause * self._random.uniform(1, 1.5)

    async def _forget_webhook(self, session: aiohttp.ClientSession) -> None:
        await self._call(session, "deleteWebhook", {"drop_pending_updates": False}, 15)

    async def _poll(self, session: aiohttp.ClientSession) -> None:
        while self._intake.full:
            await self._sleep(0.05)
        asked: dict[str, Any] = {"timeout": self._wait, "limit": _BATCH, "allowed_updates": ALLOWED_UPDATES}
        if self._offset is not None:
            asked["offset"] = self._offset
        found = await self._call(session, "getUpdates", asked, self._wait + 15)
        updates = [raw for raw in found if is_update(raw)] if isinstance(found, list) else []
        if not updates:
            return
        try:
            await self._intake.accept(updates)
        except Exception as error:
            raise _Trouble(f"The updates could not be stored ({type(error).__name__}).") from None
        self._offset = max(raw["update_id"] for raw in updates) + 1

    async def _call(self, session: aiohttp.ClientSession, method: str, asked: dict[str, Any], seconds: float) -> object:
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=10)
        trouble: _Trouble
        try:
            async with session.post(
                URL(f"{self._base}/{method}", encoded=True), json=asked, timeout=timeout, allow_redirects=False
            ) as answer:
                return _result(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            trouble = _Trouble(f"Telegram cannot be reached ({type(error).__name__}).")
        # Outside the except block: its error knows the URL, and the URL is the token.
        raise trouble


def _result(status: int, body: bytes) -> object:
    """What the Bot API gave. Raises TokenRefused or _Trouble."""
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    if status == 200 and told.get("ok") is True:
        return told.get("result")
    if status in {401, 404}:
        raise TokenRefused(
            "Telegram refuses the bot's token. Check SAMPAN_BOT_TOKEN with @BotFather (and SAMPAN_BOT_API)."
        )
    if status == 409:
        raise _Trouble("Somebody else receives this bot's updates: stop the other process, or use another bot.")
    if status == 429:
        parameters = told.get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        raise _Trouble("Telegram asks to wait.", float(asked) if isinstance(asked, int) else None)
    raise _Trouble(f"Telegram answers {status}.")
