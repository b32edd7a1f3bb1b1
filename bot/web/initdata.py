"""initData: what Telegram hands to a Mini App about who opened it, believed only when the bot's token signed it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from core.errors import Refusal, sentence
from core.ids import PersonId

LARGEST = 4096  # characters; Telegram's own, with a photo's address and a long name, stay below 1,500
MOST_AGE = timedelta(minutes=20)  # from the opening of the page to its last word; a challenge lives for ten minutes
AHEAD = timedelta(seconds=60)  # how far Telegram's clock may be before ours
_MOST_ID = 2**52
_HASH = re.compile("[0-9a-f]{64}")


class NotFromTelegram(Refusal):
    """Forged, garbled, or without a person: one answer for all, and it does not say which."""

    sentence = sentence("This page works only when it is opened by its button in the chat with the shop.")


class OpenedLongAgo(Refusal):
    """Signed by Telegram, but yesterday: whoever found it may be anybody."""

    sentence = sentence("This page has been open for too long. Please close it and press its button in the chat again.")


@dataclass(frozen=True, slots=True)
class Opened:
    """Who opened the page, by Telegram's word; `language` is their app's IETF code, or empty."""

    person: PersonId
    language: str
    at: datetime


def read_init_data(text: str, token: str, now: datetime) -> Opened:
    """Who opened the page. Raises NotFromTelegram, OpenedLongAgo.

    The check is Telegram's ("Validating data received via the Mini App"): HMAC-SHA256 over every field but `hash`,
    sorted, under a key made of the bot's token. `signature` is a field like any other there.
    """
    fields = _fields(text)
    given = fields.pop("hash", "")
    secret = hmac.digest(b"WebAppData", token.encode(), "sha256")
    signed = "\n".join(f"{name}={fields[name]}" for name in sorted(fields)).encode()
    if not _HASH.fullmatch(given) or not hmac.compare_digest(
        hmac.new(secret, signed, hashlib.sha256).hexdigest(), given
    ):
        raise NotFromTelegram
    at = _moment(fields.get("auth_date", ""))
    if at > now + AHEAD:
        raise NotFromTelegram
    if now - at > MOST_AGE:
        raise OpenedLongAgo
    return _person(fields.get("user", ""), at)


def _fields(text: str) -> dict[str, str]:
    """The fields, each once: of two of a name, one reader would take the first and another the last."""
    if len(text) > LARGEST:
        raise NotFromTelegram
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=32)
    except ValueError:
        raise NotFromTelegram from None
    fields = dict(pairs)
    # A line break would let one field pass for two in the text that is signed.
    if len(fields) < len(pairs) or any("\n" in part for part in _parts(fields)):
        raise NotFromTelegram
    return fields


def _parts(fields: dict[str, str]) -> Iterator[str]:
    for name, value in fields.items():
        yield name
        yield value


def _moment(text: str) -> datetime:
    if not re.fullmatch("[0-9]{1,11}", text, re.ASCII):
        raise NotFromTelegram
    return datetime.fromtimestamp(int(text), UTC)


def _person(text: str, at: datetime) -> Opened:
    try:
        user = json.loads(text)
    except (ValueError, RecursionError):
        raise NotFromTelegram from None
    who = user.get("id") if isinstance(user, dict) else None
    # bool is an int; a bot opens no page.
    if type(who) is not int or not 0 < who < _MOST_ID or user.get("is_bot"):
        raise NotFromTelegram
    language = user.get("language_code")
    return Opened(PersonId(who), language[:35] if isinstance(language, str) else "", at)
