"""The inbox and the outbox on every store: an event happens once, an effect is one worker's at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.ports import Altered, Effect, Message
from tests.storage.things import NOON, later


def _message(key: str = "1", body: str = "hello", minutes: float = 0, source: str = "telegram") -> Message:
    return Message(source, key, body, later(minutes), f"digest of {body}")


async def test_the_same_event_is_kept_once(store: Any) -> None:
    assert await store.write(lambda uow: uow.inbox.put(_message())) is True
    assert await store.write(lambda uow: uow.inbox.put(_message(minutes=5))) is False
    assert await store.write(lambda uow: uow.inbox.put(_message(source="pix"))) is True
    assert await store.read(lambda uow: uow.inbox.open("telegram")) == [_message()]


async def test_the_same_event_with_another_content_is_an_alarm(store: Any) -> None:
    await store.write(lambda uow: uow.inbox.put(_message()))
    with pytest.raises(Altered):
        await store.write(lambda uow: uow.inbox.put(_message(body="another")))
    assert await store.read(lambda uow: uow.inbox.open("telegram")) == [_message()]


async def test_what_is_not_settled_waits_oldest_first(store: Any) -> None:
    def put(uow: Any) -> None:
        for key, minutes in (("10", 1), ("9", 1), ("8", 0), ("7", 2)):
            uow.inbox.put(_message(key, minutes=minutes))
        uow.inbox.settle("telegram", ["7", "unknown"])

    await store.write(put)

    def look(uow: Any) -> Any:
        keys = [message.key for message in uow.inbox.open("telegram")]
        few = [message.key for message in uow.inbox.open("telegram", limit=1)]
        return keys, few, [uow.inbox.is_open("telegram", key) for key in ("10", "7", "none")]

    assert await store.read(look) == (["8", "10", "9"], ["8"], [True, False, False])


async def test_only_settled_events_are_forgotten(store: Any) -> None:
    def put(uow: Any) -> int:
        for key, minutes in (("1", 0), ("2", 0), ("3", 5)):
            uow.inbox.put(_message(key, minutes=minutes))
        uow.inbox.put(_message("1", source="pix"))
        uow.inbox.settle("telegram", ["1", "3"])
        uow.inbox.settle("pix", ["1"])
        return int(uow.inbox.forget("telegram", later(5)))

    assert await store.write(put) == 1
    assert await store.write(lambda uow: uow.inbox.put(_message("1"))) is True
    assert await store.write(lambda uow: [uow.inbox.put(_message(key, minutes=5)) for key in "23"]) == [False, False]


def _effect(key: str, lane: str = "", minutes: float = 0) -> Effect:
    return Effect(key, "tell", lane, {"order": "O1", "to": "maya 你好"}, later(minutes))


async def _lease(store: Any, minutes: float, limit: int = 64) -> list[str]:
    """What a worker gets that leases for one minute."""
    leased = await store.write(lambda uow: uow.outbox.lease(later(minutes), later(minutes + 1), limit))
    return [effect.key for effect in leased]


async def test_an_effect_is_kept_once_and_comes_back_whole(store: Any) -> None:
    def put(uow: Any) -> list[Effect]:
        uow.outbox.put(_effect("a"))
        uow.outbox.put(replace(_effect("a"), topic="other"))
        return list(uow.outbox.lease(NOON, later(1)))

    assert await store.write(put) == [_effect("a")]
    assert await store.read(lambda uow: uow.outbox.waiting()) == 1


async def test_an_effect_is_one_workers_until_its_lease_expires(store: Any) -> None:
    await store.write(lambda uow: [uow.outbox.put(_effect(key, minutes=due)) for key, due in (("a", 0), ("b", 2))])
    assert await _lease(store, -1) == []
    assert await _lease(store, 0) == ["a"]
    assert await _lease(store, 0.9) == []
    assert await _lease(store, 1) == ["a"]
    assert await _lease(store, 3) == ["a", "b"]


async def test_the_leases_of_the_dead_are_ended_and_nothing_becomes_due_by_that(store: Any) -> None:
    await store.write(lambda uow: [uow.outbox.put(_effect(key, minutes=due)) for key, due in (("a", 0), ("b", 2))])
    await _lease(store, 0)
    await store.write(lambda uow: uow.outbox.free())
    assert await _lease(store, 0) == ["a"]
    await store.write(lambda uow: uow.outbox.done(["a"], NOON))
    await store.write(lambda uow: uow.outbox.free())
    assert await _lease(store, 1) == []


async def test_what_is_done_never_happens_again(store: Any) -> None:
    await store.write(lambda uow: uow.outbox.put(_effect("a")))
    await _lease(store, 0)
    await store.write(lambda uow: uow.outbox.done(["a", "unknown"], NOON))
    await store.write(lambda uow: uow.outbox.put(_effect("a")))
    assert await _lease(store, 9) == []
    assert await store.read(lambda uow: uow.outbox.waiting()) == 0


async def test_what_failed_is_tried_later_and_counted(store: Any) -> None:
    await store.write(lambda uow: uow.outbox.put(_effect("a")))
    await _lease(store, 0)
    await store.write(lambda uow: uow.outbox.again("a", later(5), "timeout"))
    assert await _lease(store, 4) == []
    leased = await store.write(lambda uow: uow.outbox.lease(later(5), later(6)))
    assert leased == [replace(_effect("a", minutes=5), attempts=1)]


async def test_a_lane_keeps_its_order_while_others_go_on(store: Any) -> None:
    def put(uow: Any) -> None:
        uow.outbox.put(_effect("first", "maya", minutes=5))
        uow.outbox.put(_effect("second", "maya"))
        uow.outbox.put(_effect("other", "lin"))
        uow.outbox.put(_effect("free"))

    await store.write(put)
    assert await _lease(store, 0) == ["other", "free"]
    assert await _lease(store, 5) == ["first", "second", "other", "free"]
    assert await _lease(store, 5.5) == []
    await store.write(lambda uow: uow.outbox.again("first", later(9), "flood"))
    assert await _lease(store, 8) == ["other", "free"]  # the second's lease is over, but the first has to wait
    await store.write(lambda uow: uow.outbox.done(["first"], later(8)))
    assert await _lease(store, 8) == ["second"]


async def test_workers_at_once_never_hold_the_same_effect_nor_two_of_one_lane(store: Any) -> None:
    def put(uow: Any) -> None:
        for number in range(12):
            uow.outbox.put(_effect(f"maya {number}", "maya"))
            uow.outbox.put(_effect(f"free {number}"))

    await store.write(put)
    rounds = await asyncio.gather(*(_lease(store, 0, limit=3) for _ in range(8)))
    leased = [key for keys in rounds for key in keys]
    assert len(leased) == len(set(leased))
    assert {key for key in leased if key.startswith("free")} == {f"free {number}" for number in range(12)}
    holders = [[key for key in keys if key.startswith("maya")] for keys in rounds]
    # Whoever took the lane first holds its beginning, in order; nobody else got any of it.
    assert [keys for keys in holders if keys] == [["maya 0", "maya 1"]]


async def test_whether_anything_is_due_is_what_a_lease_would_give(store: Any) -> None:
    async def is_due(minutes: float) -> bool:
        return bool(await store.read(lambda uow: uow.outbox.is_due(later(minutes))))

    assert not await is_due(0)
    await store.write(lambda uow: [uow.outbox.put(_effect(key, "maya")) for key in "ab"])
    assert (await is_due(-1), await is_due(0)) == (False, True)
    assert await _lease(store, 0, limit=1) == ["a"]
    assert not await is_due(0.5), "the second waits in its lane for the first"
    assert await is_due(1)
    await store.write(lambda uow: uow.outbox.done(["a", "b"], NOON))
    assert not await is_due(9)
