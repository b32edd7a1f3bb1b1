"""The shop's process as the story has it: the real core, worker and ticks on a real file, and it dies when it must."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.clockwork import Clockwork
from bot.worker import Finish, Worker
from core.channels.hand import ByHand
from core.ids import Ids, OperationId
from core.payments.driver import Driver
from core.payments.fx.desk import Fixing, RateDesk
from core.ports import UnitOfWork
from core.shop.context import Shop
from storage.migrate import upgrade
from storage.sqlite import SqliteLink, SqliteStore
from storage.unit import Plan
from storage.vault import Vault

if TYPE_CHECKING:
    from tests.simulation.world import World

R = TypeVar("R")

_VAULT = Vault({"1": b"the simulation's 32 byte old key"}, "1", lambda size: bytes(size))


class Crash(BaseException):
    """kill -9, as seen from inside. No `except Exception` holds it up."""


@functools.cache
def _plan() -> Plan:
    return Plan(SqliteLink.dialect, _VAULT)


@functools.cache
def _blank() -> bytes:
    """An empty migrated database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blank.sqlite3"
        upgrade(path)
        return path.read_bytes()


@contextmanager
def database() -> Iterator[Path]:
    """A fresh database file: in memory where the machine has a place for that."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="sampan-story-", dir=place))
    try:
        path = folder / "sampan.sqlite3"
        path.write_bytes(_blank())
        yield path
    finally:
        shutil.rmtree(folder)


class MortalStore(SqliteStore):
    """The real store, inline. The process may die at any commit, before or after it."""

    def __init__(self, path: Path, house: House) -> None:
        self._house = house
        super().__init__(path, _VAULT, inline=True, plan=_plan(), before_commit=self._at_the_brink)

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.write."""
        house = self._house
        await house.world.hesitate(house)
        house.stand()
        result = await super().write(work, *args, **kwargs)
        house.risk("committed")
        return result

    async def read(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.read."""
        self._house.stand()
        return await super().read(work, *args, **kwargs)

    def _at_the_brink(self) -> None:
        self._house.risk("commit")

    def fall(self) -> None:
        """The process is gone: what was not committed is undone by whoever opens the file next."""
        sides, self._sides = self._sides, None
        if sides is not None:
            for side in sides:
                side._connection.close()


class House:
    """One life of the process."""

    def __init__(self, world: World, life: int) -> None:
        self.world, self.life, self.alive = world, life, True
        self.died = asyncio.Event()
        plot = world.plot
        self._dice = plot.dice(f"crash:{life}")
        self._odds = {kind: plot.chance(kind, usual) for kind, usual in world.deadly.items()}
        self.store = MortalStore(world.path, self)
        self.shop = Shop(
            name="Sampan",
            clock=world.clock,
            ids=world.ids,
            policy=world.policy,
            rates=RateDesk(world.policy.fx.max_age),
            methods=world.methods,
            admins=world.admins,
            code_keys=(b"a key of the simulation",),
        )
        channels = {**{name: rail.of(self) for name, rail in world.rails.items()}, "hand": ByHand()}
        self.driver = Driver(self.store, self.shop, channels)
        topics = {"notice": self._notify, "operation": self._operate}
        self.worker = Worker(self.store, world.clock, topics, alone=True, every=1800.0)
        self.clockwork = Clockwork(self.store, self.shop, self.driver, self.worker.poke, None, ())  # type: ignore[arg-type]

    async def open(self) -> None:
        """Start as the wiring does."""
        await self.store.start()
        kept = await self.store.read(lambda uow: uow.fixings.find(newest=False, limit=1000))
        self.shop.rates.learn(Fixing(one.code, one.rate, one.on, one.source) for one in kept)
        self.tasks = [asyncio.create_task(self.guarded(self.worker.run()))]
        for verb, seconds in self.clockwork.ticks():
            self.tasks.append(asyncio.create_task(self.guarded(self._tick(verb, seconds))))

    async def guarded(self, work: Any) -> None:
        """Whatever breaks and is no crash is a defect."""
        try:
            await work
        except (Crash, asyncio.CancelledError):
            return
        except Exception as fault:
            self.world.defect(fault)

    async def _tick(self, verb: Callable[[], Any], seconds: float) -> None:
        """A real clockwork ticks more often: a tick that finds nothing due does nothing, so that is left out."""
        dice = self.world.plot.dice(f"tick:{verb.__name__}:{self.life}")
        mean = self.world.pace(verb.__name__, seconds)
        while True:
            await asyncio.sleep(dice.uniform(0.2, 1.8) * mean)
            await verb()

    async def _operate(self, data: dict[str, str]) -> None:
        try:
            await self.driver.carry(OperationId(data["operation"]))
        except Exception as fault:
            self.world.defect(fault)
            raise

    async def _notify(self, data: dict[str, str]) -> Finish | None:
        self.world.notice(data)
        return None

    # Dying

    def stand(self) -> None:
        """Raises Crash in whatever part of a dead process still moves."""
        if not self.alive:
            raise Crash

    def risk(self, kind: str) -> None:
        """Perhaps the process dies here. Raises Crash."""
        self.stand()
        odds = self._odds[kind]
        if odds and self.world.open and not self.world.quiet and self._dice.random() < odds:
            self.world.crashed(kind)
            self.alive = False
            self.died.set()
            raise Crash

    async def bury(self) -> None:
        """Everything in memory is gone."""
        self.alive = False
        for task in asyncio.all_tasks() - self.world.outside:
            task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.store.fall()


class Ear(logging.Handler):
    """Hears what worker and clockwork would only log: in a story, that is a defect, but for a network that is down."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.WARNING)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log."""
        if "OSError" not in record.getMessage():
            self._world.defect(record.exc_info[1] if record.exc_info else RuntimeError(record.getMessage()))


__all__ = ["Crash", "Ear", "House", "Ids", "UnitOfWork", "database", "random", "replace"]
