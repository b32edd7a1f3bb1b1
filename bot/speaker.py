"""The speaker: puts a screen into a chat, as a new message or in place of an old one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import (
    Bot,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)
from telegram.error import BadRequest

from bot.callbacks import Buttons
from bot.pictures.studio import Studio
from bot.screens.screen import Key, Rows, Screen
from bot.words import Html
from core.ports import Pictures
from core.shop.catalogue import Product

CAPTION_LIMIT = 1024  # characters of a caption after its markup is parsed (Bot API)


Remember = Callable[[Product, str], Awaitable[None]]


class Speaker:
    """Turns screens into Bot API calls. `remember` keeps the file_id of a picture that was uploaded."""

    def __init__(self, bot: Bot, buttons: Buttons, pictures: Pictures, studio: Studio, remember: Remember) -> None:
        self.bot = bot
        self._buttons, self._pictures, self._studio, self._remember = buttons, pictures, studio, remember

    def keyboard(self, keys: Rows, owner: int | None) -> InlineKeyboardMarkup | None:
        """Inline keyboard of these keys, for `owner` to press (None: for anyone)."""
        if not keys:
            return None
        return InlineKeyboardMarkup([[self._button(key, owner) for key in line] for line in keys])

    def _button(self, key: Key, owner: int | None) -> InlineKeyboardButton:
        if key.press:
            action, *args = key.press
            data = self._buttons.pack(str(action), *args, owner=None if key.public else owner)
            return InlineKeyboardButton(key.label, callback_data=data)
        if key.copy:
            return InlineKeyboardButton(key.label, copy_text=CopyTextButton(key.copy))
        if key.share:
            return InlineKeyboardButton(key.label, switch_inline_query=key.share)
        return InlineKeyboardButton(key.label, url=key.url)

    async def say(self, chat: int, screen: Screen, owner: int | None) -> Message:
        """A new message. Returns it."""
        markup = self.keyboard(screen.keys, owner)
        if screen.product is None and screen.drawing is None:
            reply = markup or (ForceReply(input_field_placeholder=screen.ask) if screen.ask else None)
            return await self.bot.send_message(chat, screen.text, parse_mode="HTML", reply_markup=reply)
        photo = await self._photo(screen)
        message = await self.bot.send_photo(chat, photo, caption=screen.text, parse_mode="HTML", reply_markup=markup)
        await self._learn(screen, message)
        return message

    async def show(self, old: Message | None, chat: int, screen: Screen, owner: int | None) -> Message | None:
        """In place of `old` where Telegram can do that, else as a new message below it."""
        pictured = screen.product is not None or screen.drawing is not None
        if old is None or screen.ask or bool(getattr(old, "photo", None)) != pictured:
            return await self.say(chat, screen, owner)
        markup = self.keyboard(screen.keys, owner)
        try:
            if not pictured:
                await self.bot.edit_message_text(
                    screen.text, chat, old.message_id, parse_mode="HTML", reply_markup=markup
                )
            elif screen.product and _shows(old, screen.product):
                await self.bot.edit_message_caption(
                    chat, old.message_id, caption=screen.text, parse_mode="HTML", reply_markup=markup
                )
            else:
                edited = await self.repaint(chat, old.message_id, screen, owner)
                if isinstance(edited, Message):
                    await self._learn(screen, edited)
        except BadRequest as fault:
            if "not modified" in fault.message:
                return None
            return await self.say(chat, screen, owner)
        return None

    async def repaint(self, chat: int, message_id: int, screen: Screen, owner: int | None) -> Message | bool:
        """Replace picture, caption and buttons of a message of ours. Raises BadRequest when it is gone."""
        media = InputMediaPhoto(await self._photo(screen), caption=screen.text, parse_mode="HTML")
        return await self.bot.edit_message_media(
            media, chat, message_id, reply_markup=self.keyboard(screen.keys, owner)
        )

    async def caption(self, chat: int, message_id: int, text: Html, keys: Rows, owner: int | None) -> None:
        """Replace the words and buttons under a picture."""
        await self.bot.edit_message_caption(
            chat, message_id, caption=text, parse_mode="HTML", reply_markup=self.keyboard(keys, owner)
        )

    async def _photo(self, screen: Screen) -> bytes | str:
        if screen.product is not None:
            return screen.product.file_id or self._pictures.get(screen.product.picture)
        assert screen.drawing is not None, "only a screen with a picture has a photo"
        return await self._studio.draw(screen.drawing)

    async def _learn(self, screen: Screen, message: Message) -> None:
        if screen.product is not None and not screen.product.file_id and message.photo:
            await self._remember(screen.product, message.photo[-1].file_id)


def _shows(message: Message, product: Product) -> bool:
    return bool(product.file_id) and any(size.file_id == product.file_id for size in message.photo)
