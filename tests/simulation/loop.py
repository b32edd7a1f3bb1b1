"""A loop whose time jumps to the next timer: simulated weeks take seconds, and nothing hangs on the machine's clock."""

from __future__ import annotations

import asyncio
import selectors
from datetime import datetime, timedelta
from typing import Any

from tests.builders import NOON


class Standstill(RuntimeError):
    """Everybody waits, and nothing will ever happen."""


class _Leap(selectors.SelectSelector):
    """Instead of waiting, lets the time pass at once."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Standstill
        self.loop.leap(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """One thread, no sockets, no wall time."""

    def __init__(self) -> None:
        self._at = 0.0
        leap = _Leap()
        leap.loop = self
        super().__init__(leap)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds since the story began."""
        return self._at

    def leap(self, seconds: float) -> None:
        """Let time pass."""
        self._at += max(0.0, seconds)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """There are no threads in a story."""
        raise AssertionError(f"{func} asked for a thread")


class LoopClock:
    """core.clock.Clock on a loop's time, in whole milliseconds."""

    def __init__(self, loop: VirtualLoop, start: datetime = NOON) -> None:
        self._loop, self._start = loop, start

    def now(self) -> datetime:
        """The simulated moment."""
        return self._start + timedelta(milliseconds=int(self._loop.time() * 1000))
