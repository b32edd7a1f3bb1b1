"""Drawing goes on in a process of its own, whatever happens to that process, and ends with the bot."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import uvloop

from bot.pictures.process import Died, DrawingProcesses
from bot.pictures.studio import BareCode, Studio


@pytest.fixture
async def drawers() -> AsyncIterator[DrawingProcesses]:
    process = DrawingProcesses()
    yield process
    await process.stop()


async def test_pictures_come_from_another_process(drawers: DrawingProcesses) -> None:
    assert (await Studio(drawers).draw(BareCode("hello"))).startswith(b"\x89PNG")
    assert await drawers(os.getpid) != os.getpid()


async def test_what_is_asked_together_is_answered_each_with_its_own(drawers: DrawingProcesses) -> None:
    sizes = range(0, 400_000, 50_000)
    assert [len(answer) for answer in await asyncio.gather(*(drawers(bytes, size) for size in sizes))] == list(sizes)


async def test_who_stops_waiting_takes_nobody_elses_answer(drawers: DrawingProcesses) -> None:
    hasty, patient = drawers(abs, -1), drawers(abs, -2)
    hasty.cancel()
    assert await patient == 2


async def test_what_the_work_raises_reaches_who_asked(drawers: DrawingProcesses) -> None:
    with pytest.raises(ZeroDivisionError):
        await drawers(divmod, 1, 0)
    assert await drawers(divmod, 7, 2) == (3, 1)


class Particular(Exception):
    """One that pickles, and cannot be made again without its second word."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one)


def complain() -> None:
    raise Particular("one", "other")


def complain_of_the_end() -> None:
    raise StopIteration


@pytest.mark.parametrize("work", [complain, complain_of_the_end])
async def test_an_error_that_cannot_travel_is_told_by_its_name(
    drawers: DrawingProcesses, work: Callable[[], None]
) -> None:
    with pytest.raises(RuntimeError, match=r"Particular|StopIteration"):
        await asyncio.wait_for(drawers(work), 30)
    assert await drawers(abs, -1) == 1


async def test_what_cannot_be_sent_back_ends_the_process_and_not_the_next_one(drawers: DrawingProcesses) -> None:
    with pytest.raises(Died):
        await drawers(open, os.devnull)
    assert await drawers(abs, -1) == 1


async def test_a_process_that_cannot_begin_takes_nothing_from_one_that_works(tmp_path: Path) -> None:
    first = tmp_path / "first"
    pair = DrawingProcesses(2, partial(begin_once, first))
    try:
        assert await asyncio.wait_for(asyncio.gather(*(pair(abs, -n) for n in range(6))), 30) == list(range(6))
    finally:
        await pair.stop()


def begin_once(first: Path) -> None:
    """The second process that prepares dies of it."""
    try:
        first.touch(exist_ok=False)
    except FileExistsError:
        os._exit(1)


async def test_where_no_process_can_begin_the_work_fails() -> None:
    drawers = DrawingProcesses(1, partial(os._exit, 1))
    with pytest.raises(Died):
        await asyncio.wait_for(drawers(abs, -1), 30)
    await drawers.stop()


async def test_whoever_still_waits_at_the_end_is_told(drawers: DrawingProcesses) -> None:
    waiting = [drawers(time.sleep, 0) for _ in range(5)]
    await drawers.stop()
    assert all(isinstance(one, Died) for one in await asyncio.gather(*waiting, return_exceptions=True))


async def test_what_is_printed_is_no_answer(drawers: DrawingProcesses, capfd: pytest.CaptureFixture[str]) -> None:
    assert await drawers(print, "from a library") is None
    assert await drawers(abs, -1) == 1
    assert capfd.readouterr().err == "from a library\n"


async def test_a_process_that_was_killed_is_started_anew(drawers: DrawingProcesses) -> None:
    first = await drawers(os.getpid)
    killed, behind = drawers(os.kill, first, signal.SIGKILL), drawers(os.getpid)
    for one in (killed, behind):
        with pytest.raises(Died):
            await one
    assert await drawers(os.getpid) != first


async def test_it_ends_when_it_has_nothing_to_do_and_comes_back_when_it_has(drawers: DrawingProcesses) -> None:
    first = await drawers(os.getpid)
    await drawers.rest(after=3600)
    assert await drawers(os.getpid) == first
    await drawers.rest(after=0)
    assert await drawers(os.getpid) != first


async def test_two_may_draw_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # who reads waits for who writes
    pair = DrawingProcesses(2)
    try:
        reading = pair(Path.read_bytes, pipe)
        await asyncio.wait_for(pair(Path.write_bytes, pipe, b"both are here"), 30)
        assert await asyncio.wait_for(reading, 30) == b"both are here"
    finally:
        await pair.stop()


def test_it_works_on_the_loop_that_the_bot_runs_on() -> None:
    async def both() -> tuple[int, int]:
        drawers = DrawingProcesses()
        first = await drawers(os.getpid)
        with pytest.raises(Died):
            await drawers(os.kill, first, signal.SIGKILL)
        second = await drawers(os.getpid)
        await drawers.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(second, 0)
        return first, second

    assert len(set(uvloop.run(both()))) == 2


_BOT = """
import asyncio, os, sys
from bot.pictures.process import DrawingProcesses

async def main():
    drawers = DrawingProcesses()
    print(await drawers(os.getpid), flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


def test_it_dies_with_a_bot_that_is_killed() -> None:
    bot = subprocess.Popen([sys.executable, "-c", _BOT], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert bot.stdout is not None
    child = int(bot.stdout.readline())
    bot.kill()
    bot.wait()
    bot.stdout.close()
    assert bot.stdin is not None
    bot.stdin.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the drawing process outlived its bot")
