"""What happened, in order: the page's live events and the log of the bot's calls. Rendered only when somebody reads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Event:
    """`about` is what it is about (a Post, a Person, a Chat, a Call); `fields` go to the page as they are.

    `chat_id` and `user_id` say who can see it; both None: everybody, but `call` events are nobody's in particular.
    """

    seq: int
    at: int
    type: str
    about: Any = None
    chat_id: int | None = None
    user_id: int | None = None
    fields: Json = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One call of the bot. `params` as sent, files by name and size; the token is never here."""

    seq: int
    at: float
    method: str
    params: Json
    unknown: list[str]
    chat_id: str = ""
    ok: bool = True
    error_code: int | None = None
    description: str | None = None
    result: Any = None
    fault: int | None = None
    ms: float = 0.0

    def view(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__ if name != "chat_id"}


class EventLog:
    """A numbered ring of events with waiting readers. Numbers are never used again, not even after a reset."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seq = 0
        self.events: deque[Event] = deque(maxlen=KEPT)
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self._waiting: set[asyncio.Future[None]] = set()
        self.closed = False

    def add(
        self, kind: str, about: Any = None, *, chat_id: int | None = None, user_id: int | None = None, **fields: Any
    ) -> Event:
        self.seq += 1
        event = Event(self.seq, int(self.clock()), kind, about, chat_id, user_id, fields)
        self.events.append(event)
        self._wake()
        return event

    def add_call(self, call: Call) -> None:
        self.calls.append(call)
        call.seq = self.add("call", call).seq

    def after(self, seq: int) -> Iterable[Event]:
        """Events later than `seq`, oldest first; one reset when some are forgotten or `seq` is of another life."""
        if seq > self.seq or (self.events and seq < self.events[0].seq - 1):
            return [Event(self.seq, int(self.clock()), "reset")]
        found: list[Event] = []
        for event in reversed(self.events):
            if event.seq <= seq:
                break
            found.append(event)
        return reversed(found)

    async def wait(self, seq: int, seconds: float) -> None:
        """Until there is an event after `seq`, at most so many seconds, or until the log closes."""
        if self.seq != seq or self.closed or seconds <= 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            self._waiting.discard(future)

    def close(self) -> None:
        """Let every reader go: the server stops."""
        self.closed = True
        self._wake()

    def open(self) -> None:
        self.closed = False

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
