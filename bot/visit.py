"""A visit: one update of one person, and everything a handler needs to answer it in a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, Update, User
from telegram.error import NetworkError, TelegramError

from bot.bookkeeping import Booked
from bot.callbacks import Buttons
from bot.pictures.reading import Reader
from bot.pictures.studio import Request
from bot.screens.screen import Screen
from bot.speaker import Speaker
from bot.wire.intake import PHOTO
from bot.words import Html, Words
from core.errors import NotAllowed
from core.ids import PersonId
from core.people import Dialog, Person, Seller
from core.ports import Pictures, Store, UnitOfWork
from core.risk.codes import CodeSender
from core.risk.keypad import Keypads
from core.shop import visitors
from core.shop.context import Shop

P = ParamSpec("P")
R = TypeVar("R")

MOST_ID = 2**52  # Telegram: user ids have at most 52 significant bits
TELEGRAM = "telegram"  # the inbox source of updates
TOAST_LIMIT = 200  # characters of an answer to a button (Bot API)


class AlreadyDone(Exception):
    """This update's change was committed before the process died; only its answer was lost."""


@dataclass(frozen=True, slots=True)
class House:
    """What every visit shares: handed in once by the wiring."""

    store: Store
    shop: Shop
    speaker: Speaker
    buttons: Buttons
    pictures: Pictures
    bot_name: str
    keep_picture: Callable[[bytes], Awaitable[str]]  # judge, clean and keep an uploaded picture; its digest
    receive_statement: Callable[[bytes], Awaitable[Booked]]  # book a bank statement or settlement report
    reader: Reader  # of the codes in somebody's picture
    publish_menus: Callable[[], Awaitable[None]]  # after somebody got a new role
    poke: Callable[[], None]
    write: Callable[..., Awaitable[Any]]  # as store.write, and what it leaves to do is begun at once
    keypads: Keypads = field(default_factory=Keypads)
    codes: CodeSender | None = None  # a gateway for codes by SMS or mail
    step_up_page: str = ""  # address of the page that a step-up is answered on; "" where there is none


def _once(
    uow: UnitOfWork, update_id: str, work: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a verb and settle the update that caused it in the same transaction, so that a replay cannot do it twice."""
    if not uow.inbox.is_open(TELEGRAM, update_id):
        raise AlreadyDone
    result = work(uow, *args, **kwargs)
    uow.inbox.settle(TELEGRAM, [update_id])
    return result


def _known(uow: UnitOfWork, who: PersonId) -> Person | None:
    return uow.people.get(who)


def _meet(uow: UnitOfWork, shop: Shop, user: User) -> Person:
    who = PersonId(user.id)
    visitors.greet(uow, shop, who, user.full_name, user.username or "", user.language_code or "en")
    return uow.people.need(who)


def _dialog(uow: UnitOfWork, who: PersonId) -> Dialog | None:
    return uow.dialogs.get(who)


def _is_id(number: object) -> bool:
    """Whether this can be a person's number. Kept without one, somebody would lie under the next number that is free,
    and whoever comes to have it by Telegram would find themselves locked out.
    """
    return type(number) is int and 0 < number < MOST_ID


class Visit:
    """One update of one person. `do` changes things once; `look` only reads; `show`, `say`, `toast` answer."""

    def __init__(self, house: House, update: Update, user: User, person: Person) -> None:
        self.house, self.update, self.user, self.person = house, update, user, person
        self.who = PersonId(user.id)
        self.t = Words.of(person.language)
        self.query: CallbackQuery | None = update.callback_query
        self.message: Message | None = None if self.query else update.effective_message
        on = self.query.message if self.query else None
        # A card in a group by inline mode has no message that we could reach, and one too old none that we could edit.
        reached = on is not None and PHOTO in on.api_kwargs and self.is_private
        self.shown: MaybeInaccessibleMessage | None = on if reached else None
        """The message that the pressed button stands on, where an answer may take its place: never in a group."""
        self.origin: dict[str, str] = {}  # what was asked for, to be taken up again after a step-up
        self._answered = False
        self._answering: asyncio.Task[object] | None = None

    @classmethod
    async def begin(cls, house: House, update: Update) -> Visit | None:
        """The visit of an update, or None for one that has no person."""
        user = update.effective_user
        if user is None or user.is_bot or not _is_id(user.id):
            return None
        person = await house.store.read(_known, PersonId(user.id))
        if person is None or (person.name, person.username) != (user.full_name[:80], user.username or ""):
            person = await house.store.write(_meet, house.shop, user)
        return cls(house, update, user, person)

    @property
    def shop(self) -> Shop:
        """The shop's collaborators."""
        return self.house.shop

    @property
    def today(self) -> date:
        """The day, in UTC."""
        return self.shop.clock.now().date()

    @property
    def is_admin(self) -> bool:
        """Whether this person runs the shop."""
        return self.who in self.shop.admins

    @property
    def is_private(self) -> bool:
        """Whether this happens between the person and the bot alone."""
        chat = self.update.effective_chat
        return chat is not None and chat.type == "private"

    def need_admin(self) -> None:
        """Raises NotAllowed."""
        if not self.is_admin:
            raise NotAllowed

    async def seller(self) -> Seller | None:
        """The seller this person is, if any."""
        return await self.look(visitors.seller_of, self.who)

    async def need_seller(self) -> Seller:
        """The seller this person is. Raises NotAllowed."""
        return await self.look(visitors.need_seller, self.who)

    async def dialog(self) -> Dialog | None:
        """The question that is open, if any."""
        return await self.look(_dialog, self.who)

    async def look(self, view: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Read."""
        return await self.house.store.read(view, *args, **kwargs)

    async def survey(self, view: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Read many rows."""
        return await self.house.store.survey(view, *args, **kwargs)

    async def do(
        self, verb: Callable[Concatenate[UnitOfWork, Shop, PersonId, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run the verb of this update: `verb(uow, shop, who, …)`. Its effects are carried out at once."""
        result: R = await self.house.write(
            _once, str(self.update.update_id), verb, self.shop, self.who, *args, **kwargs
        )
        return result

    async def note(
        self, verb: Callable[Concatenate[UnitOfWork, Shop, PersonId, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Write something that may be written again without harm (a question asked, a dialog dropped)."""
        return await self.house.store.write(verb, self.shop, self.who, *args, **kwargs)

    async def show(self, screen: Screen) -> int:
        """Answer with a screen: in place of the message whose button was pressed, else as a new message; its id."""
        self._answer_soon()
        return await self.house.speaker.show(self.shown, self._chat, screen, self.who)

    async def say(self, screen: Screen) -> int:
        """Answer with a new message; its id."""
        self._answer_soon()
        return await self.house.speaker.say(self._chat, screen, self.who)

    async def tell(self, text: Html) -> None:
        """Answer with a new message of words alone."""
        await self.say(Screen(text))

    async def send_file(self, name: str, content: bytes | Request, caption: Html) -> None:
        """Answer with a file; one to be drawn first is drawn."""
        self._answer_soon()
        await self.house.speaker.document(self._chat, name, content, caption)

    async def toast(self, text: str, *, alert: bool = False) -> None:
        """Answer a button with a passing word; with a message where no button waits, or it cannot be answered."""
        if self.query is not None and not self._answered:
            self._answered = True
            with suppress(NetworkError):  # too old, or Telegram did not take it: what there is to say is said anyway
                await self.house.speaker.answer(self.query.id, text[:TOAST_LIMIT], alert=alert)
                return
        await self.say(Screen(Html("") + text))

    def _answer_soon(self) -> None:
        """Take the waiting sign off the button while the screen is being made."""
        if self.query is not None and not self._answered:
            self._answered = True
            self._answering = asyncio.create_task(self._quietly(self.query.id))

    async def end(self) -> None:
        """Leave no button waiting."""
        self._answer_soon()
        if self._answering is not None:
            await self._answering

    @property
    def _chat(self) -> int:
        chat = self.update.effective_chat
        return chat.id if chat is not None and self.is_private else int(self.who)

    async def _quietly(self, query_id: str) -> None:
        """Answer a button; where that fails, time takes the waiting sign away."""
        with suppress(TelegramError):
            await self.house.speaker.answer(query_id)
