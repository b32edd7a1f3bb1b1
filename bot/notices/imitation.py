"""What admins are told of people in groups who pass for the shop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens.imitation import Sign, report
from bot.screens.screen import Screen
from bot.worker import Finish

if TYPE_CHECKING:
    from bot.notices import Notice

_SUPERGROUP = "-100"  # what Telegram puts before the number that a link to a message has


async def imitation(notice: Notice) -> None:
    """Where it stands, and what it looks like."""
    chat, _, message = notice.about.partition(":")
    link = f"https://t.me/c/{chat.removeprefix(_SUPERGROUP)}/{message}"
    await notice.say(Screen(report(notice.t, Sign(notice.extra["sign"]), notice.extra["like"], link)))


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {"imitation": imitation}
