"""Going on after a step-up with what somebody had asked for before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from telegram import Update, User

from bot.visit import House, Visit
from core.ids import PersonId
from core.people import Person
from core.ports import UnitOfWork
from core.shop.context import Shop

P = ParamSpec("P")
R = TypeVar("R")


class Resumed(Visit):
    """What somebody asked for before a step-up, taken up again without an update of Telegram's."""

    def __init__(self, house: House, person: Person, origin: dict[str, str]) -> None:
        super().__init__(house, Update(0), User(int(person.id), person.name or "?", False), person)
        self.origin = origin

    @property
    def is_private(self) -> bool:
        """It goes on where the step-up was."""
        return True

    async def do(
        self, verb: Callable[Concatenate[UnitOfWork, Shop, PersonId, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a verb: the proof, which is good once, stands for the update that is not there."""
        result: R = await self.house.write(verb, self.shop, self.who, *args, **kwargs)
        return result


async def go_on(visit: Visit) -> None:
    """Do what `visit.origin` says was asked for. It is judged as if it were asked for now."""
    from bot.commands import COMMANDS, PRESSES  # they lead here

    if name := visit.origin.get("press"):
        action, *args = name.split(" ")
        await PRESSES[action](visit, *args)
    elif name := visit.origin.get("command"):
        command, *words = name.split(" ")
        if COMMANDS[command].role == "admin":
            visit.need_admin()
        await COMMANDS[command].handler(visit, *words)
