"""Telegram's flood limits, kept before Telegram has to: per chat, per group, overall, and one chat's 429 is its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from telegram._utils.types import JSONDict
from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.wire.pace import Bucket, Window

Callback = Callable[..., Coroutine[Any, Any, bool | JSONDict | list[JSONDict]]]

_LOG = logging.getLogger(__name__)
_SWEEP = 4096

# The limits Telegram documents (bots FAQ, "My bot is hitting limits") are about messages sent: one a second in a chat
# with short bursts, 20 a minute in a group, 30 a second overall. Editing, deleting and "typing…" send none, so they
# spend nothing here; when Telegram answers one of them 429 all the same, that chat waits as for a message.
_SENDING = ("send", "copy", "forward")
_NOT_A_MESSAGE = {"sendchataction", "sendmessagedraft"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages a second in one chat (after a burst), a minute in a group, a second overall; and how 429s are taken."""

    chat_rate: float = 1.0
    chat_burst: int = 6
    group_minute: int = 20
    overall_second: int = 30
    retries: int = 3
    longest_wait: float = 60.0
    """Seconds of `retry_after` waited for; a longer one is raised, by every call for that chat until it is over."""
    longest_answer_wait: float = 4.0
    """The same for `answer…` calls, which Telegram stops expecting after ten seconds."""


class _Chat:
    """One chat: its own pace, and until when Telegram wants to hear nothing from us there."""

    def __init__(self, limits: Limits, is_group: bool) -> None:
        self.paces: list[Bucket | Window] = [Bucket(limits.chat_rate, limits.chat_burst)]
        if is_group:
            self.paces.append(Window(limits.group_minute, 60))
        self.quiet_until = 0.0
        self.turn = asyncio.Lock()

    def wait(self, now: float, count: int) -> float:
        return max(0.0, *(pace.wait(now, count) for pace in self.paces))

    def take(self, now: float, count: int) -> None:
        for pace in self.paces:
            pace.take(now, count)

    def idle(self, now: float) -> bool:
        return not self.turn.locked() and self.quiet_until <= now and all(pace.fresh(now) for pace in self.paces)


class ChatLimiter(BaseRateLimiter[int]):
    """Delays what would be refused. Messages into one chat go one at a time and in order; `answer…` calls never wait.

    `clock` (monotonic seconds) and `sleep` are handed in. A 429 is waited out and tried again at most `retries` times,
    in that chat only; then RetryAfter reaches the caller.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limits = limits or Limits()
        self._clock, self._sleep = clock, sleep
        self._overall = Window(self._limits.overall_second, 1)
        self._overall_turn = asyncio.Lock()
        self._chats: dict[int | str, _Chat] = {}

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def process_request(
        self,
        callback: Callback,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> bool | JSONDict | list[JSONDict]:
        """Make the call when its turn has come. Raises what the call raises."""

        async def call() -> bool | JSONDict | list[JSONDict]:
            return await callback(*args, **kwargs)

        name, chat_id = endpoint.lower(), data.get("chat_id")
        if name.startswith("answer") or chat_id is None:
            # An answer is due within seconds and is no message; what has no chat has no flood limit of a chat.
            return await self._patiently(call, None, endpoint)
        chat = self._chat(chat_id)
        if not name.startswith(_SENDING) or name in _NOT_A_MESSAGE:
            await self._quiet(chat)
            return await self._patiently(call, chat, endpoint)
        async with chat.turn:
            await self._message_turn(chat, _messages(data))
            return await self._patiently(call, chat, endpoint)

    async def _message_turn(self, chat: _Chat, count: int) -> None:
        while (wait := chat.wait(self._clock(), count)) > 0:
            await self._sleep(wait)
        await self._quiet(chat)
        chat.take(self._clock(), count)
        async with self._overall_turn:
            while (wait := self._overall.wait(self._clock(), count)) > 0:
                await self._sleep(wait)
            self._overall.take(self._clock(), count)

    async def _patiently(
        self, call: Callable[[], Awaitable[bool | JSONDict | list[JSONDict]]], chat: _Chat | None, endpoint: str
    ) -> bool | JSONDict | list[JSONDict]:
        """The call, repeated after each 429 that is worth waiting for."""
        for _ in range(self._limits.retries):
            try:
                return await call()
            except RetryAfter as flood:
                seconds = _seconds(flood)
                _LOG.warning("Telegram asks to wait %.0f s before %s", seconds, endpoint)
                if chat is not None:
                    chat.quiet_until = max(chat.quiet_until, self._clock() + seconds)
                if seconds > (self._limits.longest_wait if chat else self._limits.longest_answer_wait):
                    raise
            await (self._sleep(seconds) if chat is None else self._quiet(chat))
        return await call()

    async def _quiet(self, chat: _Chat) -> None:
        while (wait := chat.quiet_until - self._clock()) > 0:
            if wait > self._limits.longest_wait:
                raise RetryAfter(timedelta(seconds=ceil(wait)))
            await self._sleep(wait)

    def _chat(self, chat_id: int | str) -> _Chat:
        chat = self._chats.get(chat_id)
        if chat is None:
            if len(self._chats) >= _SWEEP:
                self._sweep()
            chat = self._chats[chat_id] = _Chat(self._limits, _is_group(chat_id))
        return chat

    def _sweep(self) -> None:
        """Forget the chats that have their whole burst again: they are as new."""
        now = self._clock()
        self._chats = {chat_id: chat for chat_id, chat in self._chats.items() if not chat.idle(now)}


def _is_group(chat_id: int | str) -> bool:
    """Groups and channels have negative ids, or a @name."""
    return str(chat_id).startswith(("-", "@"))


def _messages(data: dict[str, Any]) -> int:
    """How many messages the call sends: an album counts each of its pictures."""
    for several in ("media", "message_ids"):
        value = data.get(several)
        if isinstance(value, list | tuple):
            return max(1, len(value))
    return 1


def _seconds(flood: RetryAfter) -> float:
    wait = flood.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
