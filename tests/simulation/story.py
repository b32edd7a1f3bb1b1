"""A story: faults for some weeks, then quiet until everything has ended; what it came to is judged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulation import people
from tests.simulation.house import database
from tests.simulation.judges import judge, under_way
from tests.simulation.loop import Standstill, VirtualLoop
from tests.simulation.people import ARRIVALS, Admin, Shopper, seller
from tests.simulation.plot import KINDS, Plot
from tests.simulation.world import SELLERS, World

DAY = 86_400.0
FAULTY = ARRIVALS + 2 * DAY
LONGEST = 60 * DAY  # of quiet: what has no end by then never has


@dataclass(frozen=True)
class Ending:
    """How a story ended. `failures` is empty when all is well."""

    plot: Plot
    failures: tuple[str, ...]
    digest: str
    entries: int
    days: float  # simulated
    seconds: float  # of CPU
    seen: Counter[str]
    lines: tuple[str, ...] = field(repr=False, default=())


def tell(plot: Plot) -> Ending:
    """The story of a plot."""
    began = time.process_time()
    loop = VirtualLoop()
    loop.set_exception_handler(lambda loop, context: None)  # tasks of a dead process
    with database() as path:
        world = World(plot, loop, path)
        ending: list[int] = []
        try:
            loop.run_until_complete(_whole(world, ending))
        except Standstill:
            world.defects.append("everybody waits for nobody")
        except Exception as fault:
            world.defect(fault)
        finally:
            _close(world, loop)
    return Ending(
        plot,
        tuple(world.defects),
        world.digest,
        ending[0] if ending else 0,
        loop.time() / DAY,
        time.process_time() - began,
        world.seen,
        tuple(f"{at / DAY:8.4f} {' '.join(map(str, words))}" for at, words in world.lines),
    )


def _close(world: World, loop: VirtualLoop) -> None:
    for name in ("bot.worker", "bot.clockwork"):
        logging.getLogger(name).removeHandler(world.ear)
        logging.getLogger(name).propagate = True
    if world.house is not None:
        world.house.alive = False
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    if world.house is not None:
        world.house.store.fall()
    loop.close()


async def _whole(world: World, ending: list[int]) -> None:
    world.outside.add(asyncio.current_task())  # type: ignore[arg-type]
    world.spawn(world.keep_alive())
    await world.furnish()
    for rail in world.rails.values():
        world.spawn(rail.listen())
    world.spawn(_days(world))
    for who in SELLERS:
        world.spawn(seller(world, who))
    admin = Admin(world)
    world.spawn(admin.live())
    shoppers = [world.spawn(Shopper(world, number).live()) for number in range(world.plot.orders)]
    await _until(world, FAULTY)
    world.calm()
    await asyncio.gather(*shoppers)
    await _ended(world)
    if not world.defects:
        ending.append(await judge(world))


async def _days(world: World) -> None:
    """Every day: rates are fixed, channels settle, the bank sends a statement."""
    for day in range(1, 400):
        await asyncio.sleep(DAY)
        if day % 7 not in (1, 2) and world.plot.dice(f"fixed:{day}").random() < 0.95:
            await world.fix_rates(day)
        for rail in world.rails.values():
            if world.quiet or world.plot.dice(f"settles:{rail.name}:{day}").random() < 0.8:
                await rail.settle()
            await rail.decide()
        await asyncio.sleep(600)
        await world.statement(f"D{day}")


async def _until(world: World, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < seconds and not world.defects:  # noqa: ASYNC110  (weeks of it take a second)
        await asyncio.sleep(min(6 * 3600, max(0.001, seconds - loop.time())))


async def _ended(world: World) -> None:
    """Wait until nothing is under way; a failure when that takes too long."""
    loop = asyncio.get_running_loop()
    last, left = loop.time() + LONGEST, ["?"]
    while left and not world.defects:
        if loop.time() > last:
            world.defects.append(f"does not end: {'; '.join(left[:3])}")
            return
        await asyncio.sleep(12 * 3600)
        left = await world.look(under_way)


def shorten(ending: Ending) -> Ending:
    """The shortest story that fails alike: with fewer orders, and without the kinds of fault it does not need."""
    kind, best = _alike(ending), ending
    orders = best.plot.orders
    while orders > 1:
        fewer = max(1, orders // 2)
        found = tell(Plot(best.plot.seed, fewer, best.plot.without))
        if _alike(found) != kind:
            break
        best, orders = found, fewer
    for name in KINDS:
        found = tell(best.plot.less(name))
        if _alike(found) == kind:
            best = found
    while best.plot.orders > 1:
        found = tell(Plot(best.plot.seed, best.plot.orders - 1, best.plot.without))
        if _alike(found) != kind:
            break
        best = found
    return best


def _alike(ending: Ending) -> str:
    """What kind of failure it is: its first words, without names and figures."""
    if not ending.failures:
        return ""
    words = ending.failures[0]
    return "".join("#" if letter.isdigit() else letter for letter in words)[:24]


__all__ = ["Ending", "people", "shorten", "tell", "timedelta"]
