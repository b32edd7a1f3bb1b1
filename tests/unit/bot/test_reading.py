"""The door to the decoder: a turn is counted, a picture that takes too long costs a process and nobody's evening."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from bot.pictures.process import DrawingProcesses, in_threads
from bot.pictures.reading import NoPicture, Reader, TooHard, TooManyCodes
from tests.benchmarks.decoding import code, png, without_a_code
from tests.builders import HandClock
from tests.unit.bot.test_decode import bomb

PICTURE = png(code("00020126PIX", 8, 4))


@pytest.fixture
async def process() -> AsyncIterator[DrawingProcesses]:
    """One process of its own."""
    processes = DrawingProcesses()
    yield processes
    await processes.stop()


async def test_a_picture_is_read_in_another_process(process: DrawingProcesses) -> None:
    assert await Reader(process, HandClock().now, 5).read(PICTURE) == [b"00020126PIX"]


async def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_read(process: DrawingProcesses) -> None:
    with pytest.raises(TooHard):
        await Reader(process, HandClock().now, 5, seconds=0.001).read(without_a_code(0))
    assert await Reader(process, HandClock().now, 5).read(PICTURE) == [b"00020126PIX"]


async def test_who_comes_at_the_same_time_is_read_all_the_same(process: DrawingProcesses) -> None:
    reader = Reader(process, HandClock().now, 5, seconds=0.2)
    grain = Image.effect_noise((490, 490), 90).resize((4900, 4900), Image.Resampling.NEAREST)
    hostile = png(grain.convert("RGB"))  # within the bounds, and slow
    one, other = await asyncio.gather(reader.read(hostile), reader.read(PICTURE), return_exceptions=True)
    assert isinstance(one, TooHard) and other == [b"00020126PIX"]


@pytest.mark.parametrize("data", [b"", b"no picture", bomb(12_000)], ids=["nothing", "words", "a bomb"])
async def test_what_cannot_be_opened_is_refused_in_words(process: DrawingProcesses, data: bytes) -> None:
    with pytest.raises(NoPicture):
        await Reader(process, HandClock().now, 5).read(data)


def test_turns_are_each_person_s_own_and_come_back_after_an_hour() -> None:
    clock = HandClock()
    reader = Reader(in_threads(ThreadPoolExecutor(1)), clock.now, 2)
    for _ in range(2):
        reader.take_turn(1)
    with pytest.raises(TooManyCodes) as refused:
        reader.take_turn(1)
    reader.take_turn(2)
    clock.let_pass(minutes=61)
    assert refused.value.params["renews"] <= clock.now()
    reader.take_turn(1)
