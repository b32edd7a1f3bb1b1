"""Updates in: stored before they are acknowledged, then each person's in order; the payment questions at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from telegram import Bot, CallbackQuery, Chat, InaccessibleMessage, Update, User

from bot.wire.lanes import Lanes

Raw = dict[str, Any]

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "pre_checkout_query",
    "shipping_query",
    "my_chat_member",
)
"""What the bot handles, and all it asks Telegram for."""

PHOTO = "photo"
"""In the `api_kwargs` of the message that a pressed button stands on: its picture's sizes, as Telegram told them."""

# Telegram waits ten seconds for these answers, and money waits with it: they overtake everything.
_URGENT = ("pre_checkout_query", "shipping_query")
# Money that moved already is told only once: a full lane takes these all the same.
_VITAL = ("successful_payment", "refunded_payment")

_LOG = logging.getLogger(__name__)
_PAGE = 1000  # updates read at once from the inbox at the start
_DONE_DELAY = 0.5  # seconds in which finished updates gather for one write: a change settles its update itself


class Inbox(Protocol):
    """Where updates are kept until they are handled."""

    async def put(self, updates: list[Raw]) -> list[Raw]:
        """Store them durably; give back those seen for the first time, in order."""
        ...

    async def pending(self, limit: int) -> list[Raw]:
        """Stored, not yet done; the oldest `limit` of them, oldest first."""
        ...

    async def done(self, update_ids: list[int]) -> None:
        """These are handled."""
        ...


class Intake:
    """The way from Telegram's JSON to a handler.

    `accept` returns when the updates are stored: then they may be acknowledged. A crash between handling an update and
    noting it done replays it at the next start, so handlers must stand being called twice. `handle` takes the parsed
    update; `failed` is told of any exception of it; `overflow` is told the first update that a full lane refused (the
    person should hear that they are too fast), the next ones are dropped in silence until the lane takes again.
    """

    def __init__(
        self,
        bot: Bot,
        inbox: Inbox,
        handle: Callable[[Update], Awaitable[None]],
        *,
        failed: Callable[[Update, Exception], Awaitable[None]],
        overflow: Callable[[Update], Awaitable[None]],
        depth: int = 32,
        parallel: int = 256,
        ceiling: int = 4096,
    ) -> None:
        self._bot, self._inbox = bot, inbox
        self._handle, self._failed, self._overflow = handle, failed, overflow
        self._ceiling = ceiling
        self._lanes: Lanes[Raw] = Lanes(self._one, failed=self._broken, depth=depth, parallel=parallel)
        self._urgent: Lanes[Raw] = Lanes(self._one, failed=self._broken, depth=depth, parallel=parallel)
        self._asides: set[asyncio.Task[None]] = set()
        self._finished: list[int] = []
        self._writer: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def full(self) -> bool:
        """Whether more is under way than should be kept in memory: leave the rest with Telegram for now."""
        return self._lanes.size >= self._ceiling

    async def replay(self) -> int:
        """Take up all that an earlier run left undone, before anything new. How many there were.

        These were acknowledged: Telegram will not send them again, so that no lane is too full for them.
        """
        taken: set[int] = set()
        # A page still holds those taken before and not yet done: ask for that many more.
        while page := await self._inbox.pending(len(taken) + _PAGE):
            fresh = [raw for raw in page if raw["update_id"] not in taken]
            if not fresh:
                break
            for raw in fresh:
                taken.add(raw["update_id"])
                self._admit(raw, vital=True)
        return len(taken)

    async def accept(self, updates: list[Raw]) -> None:
        """Store updates and set the new ones going. Raises what the inbox raises: then acknowledge nothing."""
        for raw in await self._inbox.put([_lean(raw) for raw in updates]):
            self._admit(raw)

    async def drain(self, seconds: float = 10.0) -> bool:
        """Finish what is under way, at most so long. True when nothing is left for the next start."""
        finished = await asyncio.gather(self._lanes.drain(seconds), self._urgent.drain(seconds))
        await asyncio.gather(*self._asides, return_exceptions=True)
        self._stopping = True
        if self._writer is not None:
            await self._writer
        await self._write_done()
        return all(finished) and not self._finished

    def _admit(self, raw: Raw, *, vital: bool = False) -> None:
        kind = kind_of(raw)
        if kind in _URGENT:
            # A lane of its own for each: two questions never wait for one another.
            self._urgent.put(raw["update_id"], raw)
            return
        message = raw.get("message")
        vital = vital or (isinstance(message, dict) and any(name in message for name in _VITAL))
        key = lane_of(raw)
        if not self._lanes.put(key, raw, vital=vital):
            self._note_done(raw)
            if self._lanes.first_refusal(key):
                self._aside(self._refuse(raw))

    async def _one(self, raw: Raw) -> None:
        await self._handle(_parsed(raw, self._bot))
        self._note_done(raw)

    async def _broken(self, raw: Raw, error: Exception) -> None:
        # Done all the same: the person is told of the failure, and repeating it at every start would help nobody.
        self._note_done(raw)
        if isinstance(error, Unreadable):
            _LOG.warning("Telegram sent a %s this version cannot read; it is skipped", kind_of(raw) or "thing")
            return
        await self._failed(_parsed(raw, self._bot), error)

    async def _refuse(self, raw: Raw) -> None:
        try:
            await self._overflow(_parsed(raw, self._bot))
        except Exception as error:
            _LOG.warning("could not tell somebody that they are too fast: %s", type(error).__name__)

    def _aside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _note_done(self, raw: Raw) -> None:
        self._finished.append(raw["update_id"])
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon())

    async def _write_soon(self) -> None:
        delay = _DONE_DELAY
        while self._finished and not self._stopping:
            await asyncio.sleep(delay)
            await self._write_done()
            delay = 1.0 if self._finished else _DONE_DELAY

    async def _write_done(self) -> None:
        batch, self._finished = self._finished, []
        if not batch:
            return
        try:
            await self._inbox.done(batch)
        except Exception as error:
            # Tried again; at worst they are handled once more after a restart.
            self._finished = batch + self._finished
            _LOG.warning("could not note %d updates as done: %s", len(batch), type(error).__name__)


class Unreadable(Exception):
    """An update that is not what the Bot API describes."""


def kind_of(raw: Raw) -> str:
    """The one field besides update_id: message, callback_query, …; empty when there is none."""
    return next((name for name in raw if name != "update_id"), "")


def lane_of(raw: Raw) -> int:
    """Whose lane an update belongs to: the person first, so that their messages, presses and payments share one."""
    body = raw.get(kind_of(raw))
    if not isinstance(body, dict):
        return 0
    for holder in (body.get("from"), body.get("chat")):
        if isinstance(holder, dict) and isinstance(holder.get("id"), int):
            return int(holder["id"])
    return 0


def is_update(raw: object) -> bool:
    """Whether this can be an update at all: an object with a whole update_id."""
    return isinstance(raw, dict) and type(raw.get("update_id")) is int


# Of the message that a pressed button stands on: where it is, and which picture it shows. Its words and its other
# buttons are ours anyway, and are most of what there would be to keep and to parse.
_ON_A_BUTTON = ("message_id", "date", "chat", PHOTO)


def _lean(raw: Raw) -> Raw:
    query = raw.get("callback_query")
    message = query.get("message") if isinstance(query, dict) else None
    if not isinstance(query, dict) or not isinstance(message, dict):
        return raw
    known = {name: message[name] for name in _ON_A_BUTTON if name in message}
    return raw | {"callback_query": query | {"message": known}}


def _parsed(raw: Raw, bot: Bot) -> Update:
    try:
        if query := raw.get("callback_query"):
            return _pressed(raw["update_id"], query, bot)
        return Update.de_json(raw, bot)
    except Exception as error:
        raise Unreadable(type(error).__name__) from None


def _pressed(update_id: int, raw: Raw, bot: Bot) -> Update:
    """A pressed button, on a message of three fields: a Message has a hundred, each of them set through Python.

    PHOTO is found in its `api_kwargs`, unless Telegram itself cannot reach the message.
    """
    on = None
    if message := raw.get("message"):
        extra = {PHOTO: message.get(PHOTO, [])} if message["date"] else {}
        on = InaccessibleMessage(Chat.de_json(message["chat"], bot), message["message_id"], api_kwargs=extra)
        on.set_bot(bot)
    query = CallbackQuery(
        id=raw["id"],
        from_user=User.de_json(raw["from"], bot),
        chat_instance=raw["chat_instance"],
        message=on,
        data=raw.get("data"),
        inline_message_id=raw.get("inline_message_id"),
    )
    query.set_bot(bot)
    return Update(update_id, callback_query=query)
