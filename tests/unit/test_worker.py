"""The outbox worker: what a dead one left is taken up, and what is under way is not begun twice."""

from __future__ import annotations

import asyncio

import pytest
from telegram.error import NetworkError

from bot.worker import LAST_RETRY, LEASE, MOST_DEFECTS, Worker
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


class Broken:
    """A topic that fails on one errand, and does the others."""

    def __init__(self, fault):
        self.done, self.tries, self._fault = [], 0, fault

    async def __call__(self, data):
        if data["what"] == "broken":
            self.tries += 1
            raise self._fault
        self.done.append(data["what"])


async def many_tries(errands, topic="notice"):
    clock, store = HandClock(), MemoryStore()
    for what in ("broken", "behind"):
        effect = Effect(what, topic, "person:1", {"what": what}, clock.now())
        store.write_now(lambda uow, effect=effect: uow.outbox.put(effect))
    worker = Worker(store, clock, {topic: errands})
    for _ in range(MOST_DEFECTS + 40):
        await worker.work()
        while worker._running:
            await asyncio.wait(worker._running)
        clock.let_pass(seconds=LAST_RETRY.total_seconds())
    return errands


async def test_a_notice_that_a_fault_of_ours_breaks_does_not_hold_its_lane_for_ever():
    errands = await many_tries(Broken(KeyError("pix")))
    assert (errands.tries, errands.done) == (MOST_DEFECTS, ["behind"])


@pytest.mark.parametrize(
    ("fault", "topic"), [(NetworkError("down"), "notice"), (ConnectionError(), "notice"), (KeyError("x"), "operation")]
)
async def test_a_network_that_is_down_is_waited_for_and_money_is_never_given_up(fault, topic):
    errands = await many_tries(Broken(fault), topic)
    assert errands.tries > MOST_DEFECTS
    assert errands.done == []
