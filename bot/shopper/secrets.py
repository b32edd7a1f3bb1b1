"""Somebody wrote a card number, a PIN or a wallet’s words: it is gone already (bot.wire.scrub), and they hear why."""

from __future__ import annotations

from telegram.error import TelegramError

from bot.screens import secrets as screens
from bot.visit import Visit
from core.risk.secrets import Leak, blotted


def told(visit: Visit) -> Leak | None:
    """Which secret stood in this message, if one did."""
    message = visit.message
    return blotted(message.text or message.caption or "") if message else None


async def warn(visit: Visit, kind: Leak) -> None:
    """Delete the message where the bot may, and say that it was not asked for. In a group this is said in private."""
    assert visit.message is not None
    try:
        await visit.house.speaker.forget(visit.message.chat.id, visit.message.message_id)
        gone = True
    except TelegramError:
        gone = False
    await visit.tell(screens.never_here(visit.t, kind, gone=gone))
