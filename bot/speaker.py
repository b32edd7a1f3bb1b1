"""The speaker: puts a screen into a chat, as a new message or in place of an old one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import MaybeInaccessibleMessage
from telegram.error import BadRequest

from bot.callbacks import Buttons
from bot.pictures.studio import Request, Studio
from bot.screens.screen import Key, Rows, Screen
from bot.wire.calls import UPLOAD, Calls, Json
from bot.wire.intake import PHOTO
from bot.words import Html, tame
from core.ports import Pictures
from core.shop.catalogue import Product

Remember = Callable[[Product, str], Awaitable[None]]


class Speaker:
    """Turns screens into Bot API calls. `remember` keeps the file_id of a picture that was uploaded."""

    def __init__(self, calls: Calls, buttons: Buttons, pictures: Pictures, studio: Studio, remember: Remember) -> None:
        self._call, self._buttons = calls, buttons
        self._pictures, self._studio, self._remember = pictures, studio, remember

    def keyboard(self, keys: Rows, owner: int | None) -> Json | None:
        """Inline keyboard of these keys, for `owner` to press (None: for anyone)."""
        return {"inline_keyboard": [[self._button(key, owner) for key in line] for line in keys]} if keys else None

    def _button(self, key: Key, owner: int | None) -> Json:
        if key.press:
            action, *args = key.press
            data = self._buttons.pack(str(action), *args, owner=None if key.public else owner)
            return {"text": tame(key.label), "callback_data": data}
        if key.app:
            return {"text": key.label, "web_app": {"url": key.app}}
        if key.copy:
            return {"text": key.label, "copy_text": {"text": key.copy}}
        if key.share:
            return {"text": key.label, "switch_inline_query": key.share}
        return {"text": key.label, "url": key.url}

    async def say(self, chat: int, screen: Screen, owner: int | None) -> int:
        """A new message; its id."""
        markup = self.keyboard(screen.keys, owner)
        if not screen.pictured:
            if markup is None and screen.ask:
                markup = {"force_reply": True, "input_field_placeholder": screen.ask}
            sent = await self._call(
                "sendMessage", chat_id=chat, text=screen.text, parse_mode="HTML", reply_markup=markup
            )
            return int(sent["message_id"])
        photo, upload = await self._photo(screen)
        sent = await self._call(
            "sendPhoto",
            upload=upload,
            chat_id=chat,
            photo=photo,
            caption=screen.text,
            parse_mode="HTML",
            reply_markup=markup,
        )
        await self._learn(screen, sent)
        return int(sent["message_id"])

    async def document(self, chat: int, name: str, content: bytes | Request, caption: Html) -> None:
        """A file to keep, under this name; one to be drawn first is drawn."""
        file = content if isinstance(content, bytes) else await self._studio.draw(content)
        await self._call(
            "sendDocument",
            upload=file,
            filename=name,
            chat_id=chat,
            document=UPLOAD,
            caption=caption,
            parse_mode="HTML",
        )

    async def show(self, old: MaybeInaccessibleMessage | None, chat: int, screen: Screen, owner: int | None) -> int:
        """In place of `old` where Telegram can do that, else as a new message below it; the id of what shows it."""
        if old is None or screen.ask or bool(old.api_kwargs[PHOTO]) != screen.pictured:
            return await self.say(chat, screen, owner)
        try:
            await self._edit(old, chat, screen, owner)
        except BadRequest as fault:
            if "not modified" not in fault.message:
                return await self.say(chat, screen, owner)
        return old.message_id

    async def rewrite(self, chat: int, message_id: int, screen: Screen, owner: int | None) -> None:
        """Replace words and buttons of a message of words. Raises BadRequest when it is gone, or says so already."""
        await self._call(
            "editMessageText",
            chat_id=chat,
            message_id=message_id,
            text=screen.text,
            parse_mode="HTML",
            reply_markup=self.keyboard(screen.keys, owner),
        )

    async def _edit(self, old: MaybeInaccessibleMessage, chat: int, screen: Screen, owner: int | None) -> None:
        if screen.product and _shows(old, screen.product):
            await self.caption(chat, old.message_id, screen.text, screen.keys, owner)
        elif screen.pictured:
            await self.repaint(chat, old.message_id, screen, owner)
        else:
            await self.rewrite(chat, old.message_id, screen, owner)

    async def repaint(self, chat: int, message_id: int, screen: Screen, owner: int | None) -> None:
        """Replace picture, caption and buttons of a message of ours. Raises BadRequest when it is gone."""
        photo, upload = await self._photo(screen)
        media: Json = {"type": "photo", "media": photo, "caption": screen.text, "parse_mode": "HTML"}
        edited = await self._call(
            "editMessageMedia",
            upload=upload,
            media=media,
            chat_id=chat,
            message_id=message_id,
            reply_markup=self.keyboard(screen.keys, owner),
        )
        await self._learn(screen, edited)

    async def caption(self, chat: int, message_id: int, text: Html, keys: Rows, owner: int | None) -> None:
        """Replace the words and buttons under a picture."""
        await self._call(
            "editMessageCaption",
            chat_id=chat,
            message_id=message_id,
            caption=text,
            parse_mode="HTML",
            reply_markup=self.keyboard(keys, owner),
        )

    async def strip(self, chat: int, message_id: int) -> None:
        """Take the buttons off a message that has done its work."""
        await self._call("editMessageReplyMarkup", chat_id=chat, message_id=message_id)

    async def forget(self, chat: int, message_id: int) -> None:
        """Delete a message. Raises BadRequest where Telegram does not let the bot: too old, or in a group of others."""
        await self._call("deleteMessage", chat_id=chat, message_id=message_id)

    async def answer(self, query_id: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a button, with or without a word."""
        await self._call("answerCallbackQuery", callback_query_id=query_id, text=text or None, show_alert=alert or None)

    async def _photo(self, screen: Screen) -> tuple[str, bytes | None]:
        """The file_id of a picture that Telegram has, or UPLOAD and its bytes."""
        if screen.product is not None:
            known = screen.product.file_id
            return (known, None) if known else (UPLOAD, self._pictures.get(screen.product.picture))
        assert screen.drawing is not None, "only a screen with a picture has a photo"
        return UPLOAD, await self._studio.draw(screen.drawing)

    async def _learn(self, screen: Screen, sent: Json) -> None:
        if screen.product is not None and not screen.product.file_id and sent.get("photo"):
            await self._remember(screen.product, sent["photo"][-1]["file_id"])


def _shows(message: MaybeInaccessibleMessage, product: Product) -> bool:
    return bool(product.file_id) and any(size["file_id"] == product.file_id for size in message.api_kwargs[PHOTO])
