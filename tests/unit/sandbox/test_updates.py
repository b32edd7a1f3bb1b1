"""Updates wait for the bot as they do on Telegram: numbered, confirmed by offset, for a while."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.errors import ApiError
from bot.sandbox.updates import Updates


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def updates(clock):
    return Updates(clock, 100, poll_hold=0)


async def ids(updates, offset=0, limit=100, wait=0):
    return [body["update_id"] for body in await updates.get(offset, limit, wait, webhook=False)]


async def test_an_offset_confirms_everything_before_it(updates):
    for _ in range(3):
        updates.push("message", {}, 1)
    assert await ids(updates) == [101, 102, 103]
    assert await ids(updates, offset=102) == [102, 103]
    assert await ids(updates) == [102, 103]


async def test_a_negative_offset_keeps_the_last_ones(updates):
    for _ in range(4):
        updates.push("message", {}, 1)
    assert await ids(updates, offset=-1) == [104]
    assert await ids(updates) == [104]


async def test_limit_says_how_many(updates):
    for _ in range(4):
        updates.push("message", {}, 1)
    assert await ids(updates, limit=2) == [101, 102]
    assert await ids(updates, limit=0) == [101]


async def test_a_press_is_forgotten_long_before_a_message(updates, clock):
    updates.push("message", {}, 1)
    updates.push("callback_query", {}, 1)
    updates.push("inline_query", {}, 1)
    clock.now += 31
    assert await ids(updates) == [101, 102]
    clock.now += 120
    assert await ids(updates) == [101]
    clock.now += 86_400
    assert await ids(updates) == []


async def test_the_bot_gets_only_the_kinds_it_asked_for_and_the_choice_stays(updates):
    assert updates.push("message_reaction", {}, 1) is None
    updates.subscribe(["message_reaction"])
    assert updates.push("message", {}, 1) is None
    updates.subscribe(None)
    assert updates.push("message_reaction", {}, 1) == 101
    updates.subscribe([])
    assert updates.push("message", {}, 1) == 102
    assert updates.push("chat_member", {}, 1) is None


async def test_a_long_poll_wakes_for_news(updates):
    waiting = asyncio.create_task(ids(updates, wait=50))
    await asyncio.sleep(0)
    updates.push("message", {}, 1)
    assert await asyncio.wait_for(waiting, 5) == [101]


async def test_a_second_getupdates_ends_the_first_with_a_conflict(updates):
    first = asyncio.create_task(ids(updates, wait=50))
    await asyncio.sleep(0)
    second = asyncio.create_task(ids(updates, wait=50))
    with pytest.raises(ApiError, match="Conflict: terminated by other getUpdates request") as refused:
        await asyncio.wait_for(first, 5)
    assert refused.value.code == 409
    updates.push("message", {}, 1)
    assert await asyncio.wait_for(second, 5) == [101]


async def test_getupdates_beside_a_webhook_is_a_conflict(updates):
    with pytest.raises(ApiError, match="can't use getUpdates method while webhook is active"):
        await updates.get(0, 100, 0, webhook=True)


async def test_a_bot_that_asks_again_and_again_for_the_same_is_held_back(clock):
    updates = Updates(clock, 100, poll_hold=3.0)
    updates.push("message", {}, 1)
    updates.push("message", {}, 1)
    assert await ids(updates, offset=5) == [101, 102]
    assert await ids(updates, offset=5) == [101]  # within half a second: one at a time
    clock.now += 1
    assert await ids(updates, offset=5) == [101, 102]
    updates.drop()
    held = asyncio.create_task(ids(updates, offset=5))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not held.done()
    updates.push("message", {}, 1)
    assert await asyncio.wait_for(held, 5) == [103]
