"""What people are told of codes: a look-alike to the admins, a code whose time is over to whom it was shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens import genuine as screens
from bot.screens.screen import Screen
from bot.worker import Finish
from core.errors import Gone
from core.people import Person
from core.ports import UnitOfWork
from core.risk.issued import Lookalike

if TYPE_CHECKING:
    from bot.notices import Notice


async def lookalike(notice: Notice) -> None:
    """To the admins: a code under our name that pays somebody else, with the picture that it came in."""
    house = notice.house
    seen, reporter = await house.store.read(_seen, notice.about)
    text = screens.alarm(notice.t, seen, reporter.name)
    picture = b""
    if seen.picture:
        try:
            picture = house.pictures.get(seen.picture)
        except Gone:
            picture = b""
    if picture:
        await house.speaker.document(notice.to.id, "suspicious-code.jpg", picture, text)
    else:
        await notice.say(Screen(text))


def _seen(uow: UnitOfWork, digest: str) -> tuple[Lookalike, Person]:
    seen = uow.lookalikes.need(digest)
    return seen, uow.people.need(seen.reporter)


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {
    "lookalike": lookalike,
}
