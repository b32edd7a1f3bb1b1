"""From an update to its handler, and from a refusal to the person's own words. The Application is put together here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.error import Forbidden, TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    InlineQueryHandler,
    MessageHandler,
    PreCheckoutQueryHandler,
    filters,
)

from bot.callbacks import BrokenButton
from bot.commands import COMMANDS, PRESSES, PUBLIC_PRESSES, hear
from bot.shopper import browsing, buying, imitation, orders, secrets, stepping
from bot.visit import TOAST_LIMIT, AlreadyDone, House, Visit
from bot.words import Words
from core.errors import Refusal, Stale, sentence
from core.risk.judging import StepUpNeeded, keep
from core.risk.limits import LimitRefusal
from core.risk.secrets import blotted
from core.risk.stepping import ProofNeeded
from core.shop.carting import CartMoved
from core.shop.checkout import OfferOver
from core.shop.orders import OrderMoved

log = logging.getLogger(__name__)

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]


class UnknownCommand(Refusal):
    """A command nobody has written."""

    sentence = sentence("I don’t know this command. /help shows what you can do.")


def connect(app: App, house: House) -> None:
    """Give the Application its handlers."""

    def visiting(handler: Callable[[Visit], Awaitable[None]]) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
        async def run(update: Update, context: Context) -> None:
            try:
                visit = await Visit.begin(house, update)
            except Exception as fault:  # the storage would not say who this is: their Telegram's language must do
                log_fault(update, fault)
                await _answer(update, _sorry)
                return
            if visit is None:
                return
            try:
                await handler(visit)
            except Exception as fault:
                await speak(visit, fault)
            finally:
                await visit.end()

        return run

    watch = imitation.Watch(house)

    async def overheard(update: Update, context: Context) -> None:
        message = update.effective_message
        if message is None:
            return
        if blotted(message.text or message.caption or ""):
            await visiting(second_thoughts)(update, context)
        else:  # nobody who writes in a group is written down for it
            await watch.hear(message)

    private = filters.ChatType.PRIVATE
    app.add_handler(CallbackQueryHandler(visiting(press)))
    app.add_handler(InlineQueryHandler(visiting(browsing.inline)))
    app.add_handler(PreCheckoutQueryHandler(visiting(browsing.refuse_checkout)))
    app.add_handler(MessageHandler(filters.COMMAND & filters.UpdateType.MESSAGE, visiting(command)))
    app.add_handler(MessageHandler(private & filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL, visiting(hear)))
    edited = private & filters.UpdateType.EDITED_MESSAGE
    app.add_handler(MessageHandler(edited, visiting(second_thoughts)))
    app.add_handler(MessageHandler(filters.ChatType.GROUPS & ~filters.StatusUpdate.ALL, overheard))
    app.add_error_handler(_unforeseen)


async def second_thoughts(visit: Visit) -> None:
    """Somebody changed an earlier message: that changes nothing here, but what must not be written is as bad there."""
    if leak := secrets.told(visit):
        await secrets.warn(visit, leak)


async def _unforeseen(update: object, context: Context) -> None:
    """What broke outside a visit, or while one ended. Without this handler the library logs the message too."""
    if context.error is not None:
        log_fault(update, context.error)


async def too_fast(update: Update) -> None:
    """Somebody sent more than their lane holds: the rest is dropped, and they hear why, once."""
    await _answer(update, lambda t: t.plain("That was a bit fast for me. Please wait a moment and try again."))


def _sorry(t: Words) -> str:
    return t.plain("Something went wrong on our side. Nothing is lost; please try again in a moment.")


async def _answer(update: Update, say: Callable[[Words], str]) -> None:
    """Plain words to whoever sent this, without a look at the database."""
    user = update.effective_user
    words = say(Words.of(user.language_code if user else None))
    try:
        if update.callback_query is not None:
            await update.callback_query.answer(words, show_alert=True)
        elif update.effective_message and update.effective_chat and update.effective_chat.type == "private":
            await update.effective_message.reply_text(words)
    except TelegramError as fault:
        log.warning("update %s could not be answered: %s", update.update_id, type(fault).__name__)


async def press(visit: Visit) -> None:
    """A button: open what it carries, and do it."""
    assert visit.query is not None
    pressed = visit.house.buttons.open(visit.query.data or "", visit.who)
    handler = PRESSES.get(pressed.action)
    if handler is None or (pressed.public and pressed.action not in PUBLIC_PRESSES):
        raise BrokenButton
    visit.origin = {"press": " ".join((pressed.action, *pressed.args))}
    await handler(visit, *pressed.args)


async def command(visit: Visit) -> None:
    """A command, with its words. In a group one that names another bot, or that nobody has written, is passed over.

    The answer goes to the private chat either way (Visit.say).
    """
    message = visit.message
    assert message is not None
    head, *words = (message.text or message.caption or "").split()
    name, _, to = head.removeprefix("/").partition("@")
    if to and to.lower() != visit.house.bot_name.lower():
        return
    found = COMMANDS.get(name.lower())
    if found is None:
        if visit.is_private:
            raise UnknownCommand
        return
    if found.role == "admin":
        visit.need_admin()
    visit.origin = {"command": " ".join((name.lower(), *words[: found.words]))}
    await found.handler(visit, *words[: found.words])


async def speak(visit: Visit, fault: Exception) -> None:
    """The one error handler: tell the person in their words what did not work, and show how things stand."""
    t = visit.t
    try:
        if isinstance(fault, AlreadyDone):
            await browsing.home(visit)
        elif isinstance(fault, StepUpNeeded | ProofNeeded):
            await _step_up(visit, fault)
        elif isinstance(fault, Refusal):
            if isinstance(fault, LimitRefusal):
                await visit.house.store.write(keep, visit.shop, fault)
            if visit.query and len(short := t.plain_refusal(fault)) <= TOAST_LIMIT:
                await visit.toast(short, alert=True)
            else:  # a passing word would lose its end, and with it the way forward
                await visit.tell(t.refusal(fault))
            if isinstance(fault, Stale):
                try:
                    await _as_it_stands(visit, fault)
                except Refusal as second:  # not even that is there any more
                    await visit.tell(t.refusal(second))
        elif isinstance(fault, Forbidden):
            await visit.toast(
                t.plain("I cannot write to you yet: open @{bot} and press Start.", bot=visit.house.bot_name), alert=True
            )
        else:
            log_fault(visit.update, fault)
            await visit.toast(_sorry(t), alert=True)
    except TelegramError as second:
        log.warning("update %s could not be answered: %s", visit.update.update_id, type(second).__name__)
    except Exception as second:
        log_fault(visit.update, second)
        await _answer(visit.update, _sorry)


async def _step_up(visit: Visit, fault: StepUpNeeded | ProofNeeded) -> None:
    """Have it proved who asks, and go on with what they asked for."""
    try:
        await stepping.begin(visit, fault)
    except Refusal as second:
        await visit.toast(visit.t.plain_refusal(second) if visit.query else visit.t.refusal(second), alert=True)


def log_fault(update: object, fault: BaseException) -> None:
    """Type and traceback without the message, which could hold what a person wrote; nor what it was raised from."""
    number = update.update_id if isinstance(update, Update) else "?"
    where = (RuntimeError, RuntimeError("…"), fault.__traceback__)
    log.error("update %s: %s", number, type(fault).__name__, exc_info=where)


async def _as_it_stands(visit: Visit, fault: Stale) -> None:
    """A stale button is answered with what is true now."""
    if isinstance(fault, CartMoved):
        await buying.cart(visit)
    elif isinstance(fault, OrderMoved):
        await orders.order(visit, fault.params["order"])
    elif isinstance(fault, OfferOver) and visit.query is not None:
        pressed = visit.house.buttons.open(visit.query.data or "", visit.who)
        await buying.review(visit, pressed.args[0])
