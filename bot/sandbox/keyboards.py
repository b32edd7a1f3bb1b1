"""Reply markup: checked as the official server checks it, and brought into the shape messages carry."""

from __future__ import annotations

import json
import re
from typing import Any

from telegram.constants import InlineKeyboardButtonLimit as ButtonLimit
from telegram.constants import InlineKeyboardMarkupLimit as MarkupLimit
from telegram.constants import KeyboardButtonStyle

from bot.sandbox.errors import ApiError, bad
from bot.sandbox.spans import checked_url

Json = dict[str, Any]

_STYLES = {style.value for style in KeyboardButtonStyle}
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?#].*)?")
_MARKUP_BYTES = 10_000  # what fits differs a little on the official server; a keyboard near this is refused there too


def parse_markup(value: Any, *, private: bool, invoice: bool = False) -> Json | None:
    """An inline keyboard, reply keyboard, removal or force-reply; None when there is none. Raises ApiError 400."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad("Object expected as reply markup")
    if "inline_keyboard" in value:
        return parse_inline(value, private=private, invoice=invoice)
    if "keyboard" in value:
        return _reply_keyboard(value)
    if value.get("remove_keyboard"):
        return {"remove_keyboard": True}
    if value.get("force_reply"):
        placeholder = value.get("input_field_placeholder")
        return {"force_reply": True, **({"input_field_placeholder": placeholder} if placeholder else {})}
    return None


def parse_inline(value: Any, *, private: bool, invoice: bool = False) -> Json | None:
    """An inline keyboard, without empty rows; None when nothing is left. Raises ApiError 400."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad("Object expected as reply markup")
    rows = value.get("inline_keyboard")
    if rows is None:
        raise bad("Inline keyboard expected")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    parsed = [[_inline_button(button, private=private) for button in row] for row in rows if row]
    if sum(map(len, parsed)) > MarkupLimit.TOTAL_BUTTON_NUMBER or len(json.dumps(parsed)) > _MARKUP_BYTES:
        raise bad("Reply markup is too long")
    if not parsed:
        return None
    pays = [button for row in parsed for button in row if "pay" in button]
    if pays and not invoice:
        raise bad("BUTTON_TYPE_INVALID")
    if invoice and "pay" not in parsed[0][0]:
        raise bad("REPLY_MARKUP_BUY_EMPTY")
    return {"inline_keyboard": parsed}


def _inline_button(button: Any, *, private: bool) -> Json:
    if not isinstance(button, dict):
        raise bad("Can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad("Can't parse inline keyboard button: Can't find field \"text\"")
    if not text.strip():
        raise bad("Inline keyboard button text must be non-empty")
    action = _action(button, private=private)
    if action is None:
        raise bad("Text buttons are unallowed in the inline keyboard")
    style = {"style": button["style"]} if button.get("style") in _STYLES else {}
    icon = {"icon_custom_emoji_id": button["icon_custom_emoji_id"]} if button.get("icon_custom_emoji_id") else {}
    return {"text": text, **action, **style, **icon}


def _action(button: Json, *, private: bool) -> Json | None:
    """What the button does. Of several the first in this order is taken, as the official parser does."""
    if button.get("url"):
        return {"url": _url(str(button["url"]), "Inline keyboard button URL")}
    if button.get("callback_data") is not None:
        data = str(button["callback_data"])
        if not ButtonLimit.MIN_CALLBACK_DATA <= len(data.encode()) <= ButtonLimit.MAX_CALLBACK_DATA:
            raise bad("BUTTON_DATA_INVALID")
        return {"callback_data": data}
    if button.get("callback_game") is not None:
        return {"callback_game": {}}
    if button.get("pay"):
        return {"pay": True}
    for name in ("switch_inline_query", "switch_inline_query_current_chat"):
        if button.get(name) is not None:
            return {name: str(button[name])}
    return _late_action(button, private=private)


def _late_action(button: Json, *, private: bool) -> Json | None:
    if isinstance(button.get("switch_inline_query_chosen_chat"), dict):
        return {"switch_inline_query_chosen_chat": button["switch_inline_query_chosen_chat"]}
    if isinstance(button.get("login_url"), dict):
        return {"url": _url(str(button["login_url"].get("url", "")), "Inline keyboard button login URL")}
    if isinstance(button.get("web_app"), dict):
        if not private:
            raise bad("BUTTON_TYPE_INVALID")
        return {"web_app": {"url": web_app_url(str(button["web_app"].get("url", "")))}}
    if isinstance(button.get("copy_text"), dict):
        text = str(button["copy_text"].get("text", ""))
        if not 1 <= len(text) <= ButtonLimit.MAX_COPY_TEXT:
            raise bad("BUTTON_COPY_TEXT_INVALID")
        return {"copy_text": {"text": text}}
    return None


def _url(url: str, what: str) -> str:
    good = checked_url(url)
    if good is None:
        raise bad(f"{what} '{url}' is invalid: Wrong HTTP URL")
    return good


def web_app_url(url: str) -> str:
    """A Mini App address: HTTPS; loopback HTTP too, as in Telegram's test environment."""
    if _LOOPBACK.fullmatch(url):
        return url
    if not url.startswith("https://"):
        raise bad(f"Inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
    return _url(url, "Inline keyboard button Web App URL")


def _reply_keyboard(value: Json) -> Json:
    rows = value["keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('Field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays')
    parsed: list[list[Json]] = []
    for row in rows:
        buttons = [button if isinstance(button, dict) else {"text": button} for button in row]
        if not all(isinstance(button.get("text"), str) and button["text"] for button in buttons):
            raise _keyboard_error()
        parsed.extend([buttons] if buttons else [])
    if not parsed:
        raise bad("Reply keyboard must be non-empty")
    return {**value, "keyboard": parsed}


def _keyboard_error() -> ApiError:
    return bad("Can't parse keyboard button: Can't find field \"text\"")
