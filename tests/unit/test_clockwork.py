"""What the clockwork does when it meets what should never be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot import notices
from bot.clockwork import Clockwork
from bot.screens.screen import Screen
from bot.words import Words
from tests.builders import ADA, ROSA
from tests.world import World


@dataclass
class Heard:
    """As much of a notice as this one needs."""

    t: Words
    screens: list[Screen] = field(default_factory=list)

    async def say(self, screen: Screen) -> None:
        self.screens.append(screen)


def test_when_sealing_stops_on_a_broken_chain_the_admins_hear_of_it_once_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(World, "prove", lambda world: None)  # it would find the broken chain before the clockwork
    world = World()
    tea = world.sells(ROSA, "20.00 EUR")
    world.pays(world.orders(tea))
    pokes: list[bool] = []
    clockwork = Clockwork(
        world.store, world.shop, world.driver, lambda: pokes.append(True), cast(Any, None), sources=()
    )
    asyncio.run(clockwork.seal())
    world.news(ADA)
    world.store.unit.drawer.table("seals").clear()  # somebody was at the books
    asyncio.run(clockwork.seal())
    assert "chain_broken" not in world.news(ADA), "nobody asks of books to which nothing comes"
    world.pays(world.orders(tea))
    world.news(ADA)
    for _ in range(3):
        asyncio.run(clockwork.seal())
    assert world.news(ADA) == ["chain_broken"]
    assert pokes == [True]
    restarted = Clockwork(world.store, world.shop, world.driver, lambda: None, cast(Any, None), sources=())
    asyncio.run(restarted.seal())
    assert world.news(ADA) == []
    world.clock.let_pass(hours=24)
    asyncio.run(restarted.seal())
    assert world.news(ADA) == ["chain_broken"]


class Stuck:
    """A store that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def read(self, *_: object) -> None:
        self.asked.set()
        await asyncio.Event().wait()

    write = survey = read


async def test_a_shop_that_stops_in_the_middle_of_a_tick_stops_in_peace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world, store = World(), Stuck()
    clockwork = Clockwork(cast(Any, store), world.shop, world.driver, lambda: None, cast(Any, None), sources=())
    clockwork.start(every=0.01)
    async with asyncio.timeout(10):
        await store.asked.wait()
    await clockwork.stop()
    async with asyncio.timeout(10):
        while not any("cut short" in record.getMessage() for record in caplog.records):  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
async def test_that_word_says_what_to_run(language: str) -> None:
    heard = Heard(Words.of(language))
    await notices.KINDS["chain_broken"](cast(notices.Notice, heard))
    (screen,) = heard.screens
    assert "<code>sampan ledger check</code>" in str(screen.text)
    assert ("sealed" in str(screen.text)) == (language == "en")
