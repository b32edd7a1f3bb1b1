"""What the bot overhears in a group: somebody who passes for the shop, or a payment code that is not the shop's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from telegram import Message
from telegram.error import TelegramError

from bot.screens import imitation as screens
from bot.screens.imitation import Sign
from bot.shopper import genuine
from bot.visit import House
from core.errors import Refusal
from core.ids import PersonId
from core.ports import UnitOfWork
from core.qr import classify
from core.risk.genuine import Kind, Standing, Verdict, judge
from core.risk.imitation import Known, known, name_of, passes_for_bot, stranger_account, username_of
from core.shop.context import Shop
from core.shop.notices import tell

_FRESH = timedelta(minutes=1)  # for so long the sellers' names are not read again
_QUIET = timedelta(hours=1)
_EACH = 4  # warnings of one sender that a group hears in that time; the last says that it is
_AGAIN = 12  # … of all senders that it was warned of before. The first warning of somebody is never among them

# A code in a group is nobody's to pay, but for one of ours that somebody shows on purpose; no code at all is no matter.
_HARMLESS = (Kind.TEXT, Kind.SLIP)
_CHATS = ("t.me", "telegram.me")


@dataclass(frozen=True, slots=True)
class Overheard:
    """What is wrong with a message: which sign, what of ours it looks like or leads to, and what exactly it shows."""

    sign: Sign
    about: str
    shown: bytes = b""


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who a message is from, as the group sees it: a person, a channel, or the group itself."""

    name: str
    username: str
    who: PersonId | None
    is_group: bool


def _writer(message: Message) -> _Writer:
    chat, person = message.sender_chat, message.from_user
    if chat is not None:
        return _Writer(chat.title or "", chat.username or "", None, chat.id == message.chat.id)
    if person is None:
        return _Writer("", "", None, is_group=False)
    return _Writer(person.full_name, person.username or "", PersonId(person.id), is_group=False)


class Watch:
    """Looks at the messages of groups. What it warned of is remembered here: a restart may repeat one warning."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._known: Known | None = None
        self._read_at = self._since = house.shop.clock.now()
        self._warned: defaultdict[tuple[int, int], set[Overheard]] = defaultdict(set)  # of whom, in which group
        self._again: Counter[int] = Counter()

    async def hear(self, message: Message) -> None:
        """Warn the group of a message, where there is something to warn of; tell the admins."""
        if message.via_bot is not None and message.via_bot.username == self._house.bot_name:
            return  # a card of ours that somebody shared
        found = await self._judge(message)
        if found is None:
            return
        told = self._count(message.chat.id, _sender(message), found)
        if not told:
            return
        words = screens.warning(found.sign, found.about, self._house.bot_name, is_last=told == _EACH)
        with suppress(TelegramError):  # the bot may not write there, or the message is gone
            await message.reply_html(words, do_quote=True)
        await self._house.store.write(_report, self._house.shop, message.chat.id, message.message_id, found)
        self._house.poke()

    async def _judge(self, message: Message) -> Overheard | None:
        ours, writer = await self._names(), _writer(message)
        if writer.who in ours.trusted or writer.is_group or message.is_automatic_forward:
            return None  # an admin of the shop, or of the group in its own name, or the channel that it belongs to
        if whose := name_of(writer.name, writer.who, ours):
            return Overheard(Sign.NAME, whose)
        if passes_for_bot(writer.username, ours):
            return Overheard(Sign.USERNAME, writer.username)
        text = message.text or message.caption or ""
        for words in _words(message, text):
            if alike := username_of(words, ours):
                return Overheard(Sign.USERNAME, alike)
        return await self._judge_codes(message, text, writer.who or PersonId(0), ours)

    async def _judge_codes(self, message: Message, text: str, who: PersonId, ours: Known) -> Overheard | None:
        found = [text.strip().encode()] if classify(text.strip()) is not None else []
        with suppress(Refusal):  # too many pictures, or one that cannot be read: nothing to say to a group
            if genuine.is_picture(message):
                self._house.reader.take_turn(_sender(message))  # nobody uses up the looks at what others send
                found += await self._house.reader.read(await genuine.fetch(message))
        for payload in found:
            if alike := username_of(payload.decode(errors="replace"), ours):
                return Overheard(Sign.USERNAME, alike)
        bad = await self._house.store.read(_bad, self._house.shop, who, found) if found else b""
        if bad:
            return Overheard(Sign.CODE, "", bad)
        account = stranger_account(text, ours)
        return Overheard(Sign.ACCOUNT, "", account.encode()) if account else None

    async def _names(self) -> Known:
        now = self._house.shop.clock.now()
        if self._known is None or now - self._read_at >= _FRESH:
            self._known = await self._house.store.read(known, self._house.shop, self._house.bot_name)
            self._read_at = now
        return self._known

    def _count(self, chat: int, sender: int, found: Overheard) -> int:
        """The number of this warning among those of its sender; 0 when the group need not, or must not, hear it.

        Each sender has a share of their own: who writes throwaway messages uses up the warnings of nobody else.
        """
        now = self._house.shop.clock.now()
        if now - self._since >= _QUIET:
            self._warned.clear()
            self._again.clear()
            self._since = now
        before = self._warned[chat, sender]
        if found in before or len(before) >= _EACH or (before and self._again[chat] >= _AGAIN):
            return 0
        self._again[chat] += bool(before)
        before.add(found)
        return len(before)


def _sender(message: Message) -> int:
    """Who a message is from, by number: a person or a channel."""
    sender = message.sender_chat or message.from_user
    return sender.id if sender else 0


def _words(message: Message, text: str) -> Iterator[str]:
    """What is written, and the addresses hidden under it."""
    yield text
    for entity in message.entities or message.caption_entities:
        if entity.url:
            yield entity.url


def _bad(uow: UnitOfWork, shop: Shop, who: PersonId, found: list[bytes]) -> bytes:
    """The first of these codes that a group should not pay; b"" for none."""
    return next((payload for payload in found if _is_bad(judge(uow, shop, who, payload))), b"")


def _is_bad(verdict: Verdict) -> bool:
    """Whether a group should not pay it: anything but a live code of ours, or what is no code."""
    if verdict.kind is Kind.OURS:
        return verdict.standing not in (Standing.UNPAID, Standing.CHECKING)
    return verdict.kind not in _HARMLESS and not (verdict.kind is Kind.LINK and verdict.host in _CHATS)


def _report(uow: UnitOfWork, shop: Shop, chat: int, message: int, found: Overheard) -> None:
    """To each admin, once a message: where it stands, and what it looks like. The name of who wrote it is not kept."""
    for admin in sorted(shop.admins):
        tell(uow, shop.clock.now(), admin, "imitation", f"{chat}:{message}", sign=found.sign.value, like=found.about)
