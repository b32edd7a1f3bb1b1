"""Webhook delivery: each lane's updates one after another, lanes side by side, retries with a growing delay."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.sandbox.updates import Pending, Updates

Json = dict[str, Any]

_GONE_FOR = 23 * 3600  # answering 410 this long loses the webhook
_LONGEST_RETRY_AFTER = 3600


@dataclass(slots=True)
class Webhook:
    """Where updates go. `max_connections`: how many at the same time."""

    url: str
    secret: str = ""
    max_connections: int = 40
    certificate: bool = False
    ip_address: str = ""
    last_error: tuple[int, str] | None = None
    gone_since: float | None = None


class Courier:
    """Carries the queue to one webhook until stopped.

    `retry_first` and `retry_most` are the seconds before the second attempt and the longest pause: 1 and 60 on the
    official server, shorter in tests. `on_reply` runs a method given in the webhook's answer; its result is not seen.
    """

    def __init__(
        self,
        webhook: Webhook,
        updates: Updates,
        on_reply: Callable[[Json], Awaitable[None]],
        on_gone: Callable[[], None],
        *,
        retry_first: float,
        retry_most: float,
    ) -> None:
        self.webhook = webhook
        self.updates = updates
        self.on_reply = on_reply
        self.on_gone = on_gone
        self.retry_first = retry_first
        self.retry_most = retry_most
        self._lanes: dict[int, deque[Pending]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(webhook.max_connections)
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
        )

    def start(self) -> None:
        for update in list(self.updates.live()):
            self.take(update)

    def take(self, update: Pending) -> None:
        """A new update: at the end of its lane."""
        lane = self._lanes.get(update.lane)
        if lane is not None:
            lane.append(update)
            return
        self._lanes[update.lane] = deque([update])
        task = asyncio.get_running_loop().create_task(self._serve(update.lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    async def _serve(self, lane: int) -> None:
        waiting = self._lanes[lane]
        while waiting:
            await self._deliver(waiting[0])
            waiting.popleft()
        del self._lanes[lane]

    async def _deliver(self, update: Pending) -> None:
        """Try until it is accepted or has expired."""
        delay = self.retry_first
        while update.update_id in self.updates.pending and self.updates.clock() < update.expires:
            async with self._slots:
                pause = await self._attempt(update)
            if pause is None:
                break
            await asyncio.sleep(max(delay, pause))
            delay = min(delay * 2, self.retry_most)
        self.updates.pending.pop(update.update_id, None)

    async def _attempt(self, update: Pending) -> float | None:
        """One POST. None: accepted; else the seconds the other side asks to wait (0 when it does not say)."""
        headers = {"Content-Type": "application/json"}
        if self.webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook.secret
        body = json.dumps(update.body, ensure_ascii=False).encode()
        try:
            async with self._session.post(
                self.webhook.url, data=body, headers=headers, timeout=aiohttp.ClientTimeout(60), allow_redirects=False
            ) as response:
                answer = await response.read()
        except TimeoutError:
            return self._failed("Read timeout expired")
        except aiohttp.ClientConnectorError:
            return self._failed("Connection refused")
        except aiohttp.ClientError:
            return self._failed("Connection closed")
        if 200 <= response.status < 300:
            self.webhook.gone_since = None
            await self._reply(answer)
            return None
        self._count_gone(response.status)
        asked = response.headers.get("Retry-After", "")
        self._failed(f"Wrong response from the webhook: {response.status} {response.reason}")
        return float(min(int(asked), _LONGEST_RETRY_AFTER)) if asked.isdigit() else 0.0

    def _failed(self, text: str) -> float:
        self.webhook.last_error = (int(self.updates.clock()), text)
        return 0.0

    def _count_gone(self, status: int) -> None:
        now = self.updates.clock()
        if status != 410:
            self.webhook.gone_since = None
        elif self.webhook.gone_since is None:
            self.webhook.gone_since = now
        elif now - self.webhook.gone_since >= _GONE_FOR:
            self.on_gone()

    async def _reply(self, answer: bytes) -> None:
        try:
            body = json.loads(answer) if answer else None
        except ValueError:
            return
        if isinstance(body, dict) and body.get("method"):
            await self.on_reply(body)


class PostOffice:
    """Which way updates leave: a webhook with its courier, or nobody (the bot polls). One webhook at a time."""

    def __init__(self, updates: Updates, on_reply: Callable[[Json], Awaitable[None]]) -> None:
        self.updates = updates
        self.on_reply = on_reply
        self.webhook: Webhook | None = None
        self.retry_first = 1.0
        self.retry_most = 60.0
        self._courier: Courier | None = None
        self._dropping: set[asyncio.Task[None]] = set()

    async def set(self, webhook: Webhook | None) -> None:
        """Deliver there from now on, or nowhere. A waiting getUpdates ends in a conflict when a webhook is set."""
        old, self._courier, self.webhook = self._courier, None, webhook
        self.updates.on_new = None
        if old is not None:
            await old.stop()
        if webhook is None:
            return
        self.updates.interrupt()
        self._courier = Courier(
            webhook, self.updates, self.on_reply, self._drop, retry_first=self.retry_first, retry_most=self.retry_most
        )
        self.updates.on_new = self._courier.take
        self._courier.start()

    def _drop(self) -> None:
        """The webhook has answered 410 for too long. The courier that says so cannot wait for its own end."""
        task = asyncio.get_running_loop().create_task(self.set(None))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)
