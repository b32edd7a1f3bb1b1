"""Lanes: each person in order, everybody at once, nobody starved, nothing killed by an error."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from bot.wire.lanes import Lanes

Item = tuple[str, int]


async def nobody_fails(item: Item, error: Exception) -> None:
    raise AssertionError(f"{item} failed") from error


def lanes(
    handle: Callable[[Item], Awaitable[None]],
    failed: Callable[[Item, Exception], Awaitable[None]] = nobody_fails,
    depth: int = 32,
    parallel: int = 256,
) -> Lanes[Item]:
    return Lanes(handle, failed=failed, depth=depth, parallel=parallel)


async def test_each_person_is_served_in_order_and_people_side_by_side() -> None:
    served: list[Item] = []
    together = 0

    async def handle(item: Item) -> None:
        nonlocal together
        together = max(together, len(running := active | {item[0]}))
        assert item[0] not in active, "two of one person at once"
        active.add(item[0])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        active.discard(item[0])
        served.append(item)
        assert running

    active: set[str] = set()
    house = lanes(handle)
    for number in range(5):
        for who in "abc":
            assert house.put(who, (who, number))
    assert await house.drain(5)
    for who in "abc":
        assert [number for name, number in served if name == who] == [0, 1, 2, 3, 4]
    assert together == 3
    assert house.size == 0


async def test_a_hot_person_holds_one_slot_like_anybody_else() -> None:
    served: list[str] = []

    async def handle(item: Item) -> None:
        await asyncio.sleep(0)
        served.append(item[0])

    house = lanes(handle, depth=100, parallel=2)
    for number in range(60):
        house.put("hot", ("hot", number))
    for who in "abc":
        house.put(who, (who, 0))
    await house.drain(5)
    assert len(served) == 63
    assert all(served.index(who) < 10 for who in "abc")


async def test_no_more_than_the_slots_are_served_at_once() -> None:
    now, most = 0, 0

    async def handle(item: Item) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    house = lanes(handle, parallel=3)
    for number in range(20):
        house.put(number, ("x", number))
    assert await house.drain(5)
    assert most == 3


async def test_a_full_lane_refuses_and_takes_again() -> None:
    gate = asyncio.Event()

    async def handle(item: Item) -> None:
        await gate.wait()

    house = lanes(handle, depth=3)
    taken = [house.put("a", ("a", number)) for number in range(3)]
    await asyncio.sleep(0)  # the first is now being handled
    taken += [house.put("a", ("a", number)) for number in range(3, 6)]
    assert taken == [True, True, True, True, False, False]
    assert [house.first_refusal("a"), house.first_refusal("a")] == [True, False]
    assert house.put("a", ("a", 9), vital=True)
    assert house.put("b", ("b", 0))
    assert house.size == 6
    gate.set()
    assert await house.drain(5)
    assert house.put("a", ("a", 10))
    await house.drain(5)


async def test_an_error_is_told_and_the_lane_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    served: list[int] = []
    told: list[tuple[Item, str]] = []

    async def handle(item: Item) -> None:
        if item[1] % 2:
            raise ValueError("my address is Via Roma 1")
        served.append(item[1])

    async def failed(item: Item, error: Exception) -> None:
        told.append((item, type(error).__name__))
        if item[1] == 3:
            raise KeyError("Via Roma 1")

    house = lanes(handle, failed)
    for number in range(6):
        house.put("a", ("a", number))
    with caplog.at_level(logging.DEBUG):
        assert await house.drain(5)
    assert served == [0, 2, 4]
    assert told == [(("a", number), "ValueError") for number in (1, 3, 5)]
    assert "KeyError" in caplog.text
    assert "Roma" not in caplog.text


async def test_draining_ends_even_when_a_handler_does_not() -> None:
    async def handle(item: Item) -> None:
        await asyncio.Event().wait()

    house = lanes(handle)
    house.put("a", ("a", 1))
    house.put("a", ("a", 2))
    assert not await house.drain(0.01)
    assert house.size == 0
