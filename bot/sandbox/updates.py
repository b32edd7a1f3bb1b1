"""Updates on their way to the bot: the queue, its lifetimes, and getUpdates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from telegram.constants import PollingLimit

from bot.sandbox.errors import ApiError
from bot.sandbox.schema import DEFAULT_UPDATES, UPDATE_TYPES

Json = dict[str, Any]

_LONGEST_POLL = 50
_DAY = 86_400
_LIFETIME = {
    "callback_query": 150, "shipping_query": 150, "pre_checkout_query": 150, "inline_query": 30,
    "chosen_inline_result": 600,
}  # fmt: skip
# The webhook queue an update waits in: updates of one queue go one after another, queues go side by side.
_LANE = {
    "inline_query": 1, "chosen_inline_result": 1, "callback_query": 3, "shipping_query": 4, "pre_checkout_query": 4,
    "my_chat_member": 5, "chat_member": 6, "chat_join_request": 7, "message_reaction": 8, "message_reaction_count": 9,
    "business_connection": 11, "business_message": 11, "edited_business_message": 11, "purchased_paid_media": 12,
}  # fmt: skip

CONFLICT_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
CONFLICT_OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
CONFLICT_SET = "Conflict: terminated by setWebhook request"


@dataclass(frozen=True, slots=True)
class Pending:
    """An update the bot has not confirmed."""

    update_id: int
    lane: int
    expires: float
    body: Json


class Updates:
    """The queue of one bot. Ids only grow; `first_id` lets a new process start above an old one's."""

    def __init__(self, clock: Callable[[], float], first_id: int, poll_hold: float) -> None:
        self.clock = clock
        self.poll_hold = poll_hold
        self.last_id = first_id
        self.pending: dict[int, Pending] = {}
        self.allowed: frozenset[str] = DEFAULT_UPDATES
        self.asked_for: list[str] | None = None
        self.on_new: Callable[[Pending], None] | None = None
        self.polled = False
        self._poll: asyncio.Future[str] | None = None
        self._previous: tuple[int, float] = (-1, -1e9)

    def push(self, kind: str, payload: Json, owner: int) -> int | None:
        """Queue an update for the bot unless it has not asked for this kind. `owner`: chat or user id for the lane."""
        if kind not in self.allowed:
            return None
        self.last_id += 1
        lane = owner + (_LANE.get(kind, 0) << 33)
        expires = self.clock() + _LIFETIME.get(kind, _DAY)
        update = Pending(self.last_id, lane, expires, {"update_id": self.last_id, kind: payload})
        self.pending[update.update_id] = update
        if self.on_new is not None:
            self.on_new(update)
        self._end_poll("new")
        return update.update_id

    def subscribe(self, kinds: Any) -> None:
        """Remember `allowed_updates`: left out keeps the last choice, an empty list is the default."""
        if kinds is None:
            return
        named = [kind for kind in kinds if kind in UPDATE_TYPES] if isinstance(kinds, list) else []
        self.asked_for = named or None
        self.allowed = frozenset(named) if named else DEFAULT_UPDATES

    def live(self) -> Iterable[Pending]:
        """Unconfirmed updates that have not expired, oldest first."""
        now = self.clock()
        for update in [update for update in self.pending.values() if update.expires <= now]:
            del self.pending[update.update_id]
        return self.pending.values()

    def drop(self) -> None:
        self.pending.clear()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            for update_id in list(self.pending)[:offset]:
                del self.pending[update_id]
            return
        for update_id in [update_id for update_id in self.pending if update_id < offset]:
            del self.pending[update_id]

    async def get(self, offset: int, limit: int, wait: int, *, webhook: bool) -> list[Json]:
        """Serve getUpdates. Raises ApiError 409 when a webhook is set or another getUpdates takes over."""
        if webhook:
            raise ApiError(409, CONFLICT_WEBHOOK)
        self.polled = True
        self._end_poll(CONFLICT_OTHER)
        self._confirm(offset)
        limit = min(max(limit, 1), PollingLimit.MAX_LIMIT)
        seconds = float(min(max(wait, 0), _LONGEST_POLL))
        now, (previous, at) = self.clock(), self._previous
        if self.poll_hold and offset == previous and now < at + self.poll_hold:
            seconds = max(seconds, self.poll_hold)
            limit = 1 if now < at + self.poll_hold / 6 else limit
        self._previous = (offset, now)
        if seconds and not any(True for _ in self.live()):
            await self._wait(seconds)
        return [update.body for update in list(self.live())[:limit]]

    async def _wait(self, seconds: float) -> None:
        poll: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._poll = poll
        try:
            await asyncio.wait([poll], timeout=seconds)
        finally:
            if self._poll is poll:
                self._poll = None
        if poll.done() and poll.result().startswith("Conflict"):
            raise ApiError(409, poll.result())

    def _end_poll(self, why: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(why)
        self._poll = None

    def interrupt(self, why: str = CONFLICT_SET) -> None:
        """End a long poll that waits: a webhook was set, or the server stops (`why` not a conflict)."""
        self._end_poll(why)
