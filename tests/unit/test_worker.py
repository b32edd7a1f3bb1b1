"""The outbox worker: what a dead one left is taken up, what is under way is not begun twice, and how an effect ends."""

from __future__ import annotations

import asyncio

import pytest
from telegram.error import NetworkError

from bot.worker import LAST_RETRY, LEASE, MOST_DEFECTS, Worker
from core.ports import Effect, Message
from storage.faults import StorageFault
from storage.memory import MemoryStore
from tests.builders import NOON, HandClock


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


async def test_who_takes_over_from_a_taker_over_waits_for_nobody_either():
    clock, lives = HandClock(), [Errands() for _ in range(4)]
    store = a_store(clock, "tell Maya")
    for errands in lives:
        await a_turn(store, clock, errands, alone=True)
        clock.let_pass(seconds=1)
    assert [errands.done for errands in lives] == [["tell Maya"]] * 4


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


async def test_what_a_transaction_leaves_to_do_is_begun_with_its_commit():
    clock, errands = HandClock(), Errands()
    store = a_store(clock)
    worker = Worker(store, clock, {"errand": errands}, alone=True)
    effect = Effect("card", "errand", "person:1", {"what": "show the card"}, clock.now())
    assert await worker.write(lambda uow, order: uow.outbox.put(effect) or order, "A1") == "A1"
    await asyncio.sleep(0)
    assert errands.done == ["show the card"]
    await worker.work()  # it is leased: nobody begins it again
    errands.go.set()
    await worker.stop()
    assert (errands.done, store.read_now(lambda uow: uow.outbox.waiting())) == (["show the card"], 0)


async def test_what_waits_behind_an_earlier_effect_is_not_begun_with_its_commit():
    clock, errands = HandClock(), Errands()
    store = a_store(clock, "tell Maya")
    worker = await a_turn(store, clock, errands, alone=True)
    effect = Effect("card", "errand", "person:1", {"what": "show the card"}, clock.now())
    await worker.write(lambda uow: uow.outbox.put(effect))
    await asyncio.sleep(0)
    assert errands.done == ["tell Maya"]
    errands.go.set()
    await all_of_it(worker)
    await all_of_it(worker)
    assert errands.done == ["tell Maya", "show the card"]


async def test_among_several_processes_a_person_does_not_wait_for_the_lease():
    clock, errands = HandClock(), Errands()
    store = a_store(clock)
    worker = Worker(store, clock, {"errand": errands})
    effect = Effect("card", "errand", "person:1", {"what": "show the card"}, clock.now())
    await worker.write(lambda uow: uow.outbox.put(effect))
    assert store.read_now(lambda uow: uow.outbox.is_due(clock.now()))
    errands.go.set()
    await all_of_it(worker)
    assert errands.done == ["show the card"]


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


class Counting(MemoryStore):
    """Counts transactions that write, and breaks those it is told to."""

    def __init__(self):
        super().__init__()
        self.written, self.full_disk = 0, 0

    async def write(self, work, /, *args, **kwargs):
        self.written += 1
        if self.full_disk:
            self.full_disk -= 1
            raise StorageFault("FULL")
        return await super().write(work, *args, **kwargs)


def a_counting_store(clock):
    store = Counting()
    effect = Effect("card", "errand", "person:1", {"what": "card"}, clock.now())
    store.write_now(lambda uow: uow.outbox.put(effect))
    return store


async def all_of_it(worker):
    await worker.work()
    while worker._running:
        await asyncio.wait(worker._running)


def heard(store, key):
    return not store.read_now(lambda uow: uow.inbox.is_open("t", key))


async def test_a_look_at_an_outbox_with_nothing_due_writes_nothing():
    clock = HandClock()
    store = a_counting_store(clock)
    clock.let_pass(minutes=-1)
    worker = Worker(store, clock, {"errand": Errands()})
    for _ in range(3):
        assert not await worker.work()
    assert store.written == 0


async def test_what_an_errand_learned_is_written_down_in_the_transaction_that_ends_it():
    clock = HandClock()
    store = a_counting_store(clock)
    store.write_now(lambda uow: uow.inbox.put(Message("t", "1", "", NOON, "")))

    async def errand(data):
        return lambda uow: uow.inbox.settle("t", ["1"])

    await all_of_it(Worker(store, clock, {"errand": errand}))
    assert store.written == 2, "the lease, the end"
    assert heard(store, "1")
    assert store.read_now(lambda uow: uow.outbox.waiting()) == 0


async def test_an_errand_whose_end_could_not_be_written_down_comes_back():
    clock, done = HandClock(), []
    store = a_counting_store(clock)

    async def errand(data):
        done.append(data["what"])
        store.full_disk = 2 if len(done) == 1 else 0  # neither its end nor its return can be kept
        return

    worker = Worker(store, clock, {"errand": errand})
    await all_of_it(worker)
    await all_of_it(worker)
    assert done == ["card"]
    clock.let_pass(seconds=LEASE.total_seconds())
    await all_of_it(worker)
    assert done == ["card", "card"]
    assert store.read_now(lambda uow: uow.outbox.waiting()) == 0
