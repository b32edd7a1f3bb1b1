"""One ordered lane a person: what they send is handled in order, side by side with everybody else's."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

_LOG = logging.getLogger(__name__)


class _Lane(Generic[T]):
    __slots__ = ("refusing", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[T] = deque()
        self.refusing = False


class Lanes(Generic[T]):
    """Runs `handle` on items: those of one key in order and one at a time, at most `parallel` in all.

    A lane keeps at most `depth` items waiting. A slot is taken for one item and given back, first come first served, so
    a person with a full lane holds one slot like anybody else. An exception of `handle` goes to `failed`, and the lane
    goes on; so does it when `failed` raises.
    """

    def __init__(
        self,
        handle: Callable[[T], Awaitable[None]],
        *,
        failed: Callable[[T, Exception], Awaitable[None]],
        depth: int = 32,
        parallel: int = 256,
    ) -> None:
        self._handle, self._failed = handle, failed
        self._depth = depth
        self._slots = asyncio.Semaphore(parallel)
        self._lanes: dict[Hashable, _Lane[T]] = {}
        self._runners: set[asyncio.Task[None]] = set()
        self.size = 0
        """Items waiting or being handled."""

    def put(self, key: Hashable, item: T, *, vital: bool = False) -> bool:
        """Queue an item; False when the lane is full. A `vital` one is always taken."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
            lane.waiting.append(item)
            runner = asyncio.create_task(self._run(key, lane))
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)
        elif len(lane.waiting) >= self._depth and not vital:
            return False
        else:
            lane.waiting.append(item)
        lane.refusing = False
        self.size += 1
        return True

    def first_refusal(self, key: Hashable) -> bool:
        """Whether nobody was told yet that this lane is full; asking makes it told, until the lane takes again."""
        lane = self._lanes.get(key)
        if lane is None or lane.refusing:
            return False
        lane.refusing = True
        return True

    async def drain(self, seconds: float) -> bool:
        """Wait till all lanes are empty; after `seconds` stop what still runs. True when everything was handled."""
        if self._runners:
            _done, late = await asyncio.wait(self._runners, timeout=seconds)
            for runner in late:
                runner.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            return not late
        return True

    async def _run(self, key: Hashable, lane: _Lane[T]) -> None:
        # Without an await between the last look at `waiting` and `del`, no item can slip in unseen.
        try:
            while lane.waiting:
                async with self._slots:
                    await self._one(lane.waiting.popleft())
        finally:
            self.size -= len(lane.waiting)
            del self._lanes[key]

    async def _one(self, item: T) -> None:
        try:
            await self._handle(item)
        except Exception as error:
            await self._tell(item, error)
        finally:
            self.size -= 1

    async def _tell(self, item: T, error: Exception) -> None:
        try:
            await self._failed(item, error)
        except Exception as second:
            # Types only: the texts of both may quote what somebody wrote.
            _LOG.error("%s in a handler, and %s while telling of it", type(error).__name__, type(second).__name__)
