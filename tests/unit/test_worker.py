"""The outbox worker: what a dead one left is taken up, and what is under way is not begun twice."""

from __future__ import annotations

import asyncio

from bot.worker import LEASE, Worker
from core.ports import Effect
from storage.memory import MemoryStore
from tests.builders import HandClock


class Errands:
    """A worker's topic that notes what it was asked to do, and holds it until `go`."""

    def __init__(self):
        self.done, self.go = [], asyncio.Event()

    async def __call__(self, data):
        self.done.append(data["what"])
        await self.go.wait()


def a_store(clock, *errands):
    store = MemoryStore()
    for what in errands:
        effect = Effect(what, "errand", "person:1", {"what": what}, clock.now())
        store.write_now(lambda uow, effect=effect: uow.outbox.put(effect))
    return store


async def a_turn(store, clock, errands, **how):
    worker = Worker(store, clock, {"errand": errands}, **how)
    await worker.work()
    await asyncio.sleep(0)
    return worker


async def test_what_a_dead_worker_had_begun_is_done_at_once_by_one_who_is_alone():
    clock, first, second = HandClock(), Errands(), Errands()
    store = a_store(clock, "tell Maya")
    await a_turn(store, clock, first)
    await a_turn(store, clock, second, alone=True)
    assert second.done == ["tell Maya"]


async def test_where_others_may_live_a_lease_is_waited_for():
    clock, first, second = HandClock(), Errands(), Errands()
    store = a_store(clock, "tell Maya")
    await a_turn(store, clock, first)
    worker = await a_turn(store, clock, second)
    assert second.done == []
    clock.let_pass(seconds=LEASE.total_seconds())
    await worker.work()
    await asyncio.sleep(0)
    assert second.done == ["tell Maya"]


async def test_a_lane_that_outlives_its_lease_is_not_begun_again_by_the_same_worker():
    clock, errands = HandClock(), Errands()
    worker = await a_turn(a_store(clock, "tell Maya", "tell her more"), clock, errands, alone=True)
    clock.let_pass(seconds=3 * LEASE.total_seconds())
    await worker.work()
    await asyncio.sleep(0)
    assert errands.done == ["tell Maya"]
    errands.go.set()
    await worker.stop()
    assert errands.done == ["tell Maya", "tell her more"]
