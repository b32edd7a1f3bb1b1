"""Drawing goes on in a process of its own, whatever happens to that process, and ends with the bot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from bot.pictures.process import DrawingProcesses
from bot.pictures.studio import BareCode, Studio


@pytest.fixture
def drawers() -> Iterator[DrawingProcesses]:
    process = DrawingProcesses()
    yield process
    process.shutdown()


async def test_pictures_come_from_another_process(drawers: DrawingProcesses) -> None:
    assert (await Studio(drawers).draw(BareCode("hello"))).startswith(b"\x89PNG")
    assert drawers.submit(os.getpid).result() != os.getpid()


def test_a_process_that_was_killed_is_started_anew(drawers: DrawingProcesses) -> None:
    first = drawers.submit(os.getpid).result()
    with pytest.raises(BrokenProcessPool):
        drawers.submit(os.kill, first, signal.SIGKILL).result()
    assert drawers.submit(os.getpid).result() != first


def test_it_ends_when_it_has_nothing_to_do_and_comes_back_when_it_has(drawers: DrawingProcesses) -> None:
    first = drawers.submit(os.getpid).result()
    drawers.rest(after=3600)
    assert drawers.submit(os.getpid).result() == first
    drawers.rest(after=0)
    assert drawers.submit(os.getpid).result() != first


def test_two_may_draw_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # who reads waits for who writes
    pair = DrawingProcesses(2)
    try:
        reading = pair.submit(Path.read_bytes, pipe)
        pair.submit(Path.write_bytes, pipe, b"both are here")
        assert reading.result(30) == b"both are here"
    finally:
        pair.shutdown()


_BOT = """
import os, sys
from bot.pictures.process import DrawingProcesses
if __name__ == "__main__":
    print(DrawingProcesses().submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


def test_it_dies_with_a_bot_that_is_killed(tmp_path: object) -> None:
    script = f"{tmp_path}/bot_to_kill.py"
    with open(script, "w") as file:  # noqa: PTH123  spawn needs a main module with a path
        file.write(_BOT)
    bot = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
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
