"""Threads that carry out transactions, and the way their results come back to an event loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from storage.faults import StorageFault


class Job:
    """One transaction asked for: what to run, and the future that waits for it."""

    __slots__ = ("args", "error", "future", "kwargs", "loop", "result", "work")

    def __init__(self, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.work, self.args, self.kwargs = work, args, kwargs
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell the one who waits; on the loop's own thread."""
        if self.future.done():  # whoever waited has gone; the work stands as it is
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def deliver(jobs: Iterable[Job]) -> None:
    """Tell everyone who waits, with one wake-up of each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, mine in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, mine)
        except RuntimeError:
            continue  # the loop has closed: nobody waits any more


def _settle_all(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.settle()


Serve = Callable[[], tuple[Callable[[list[Job]], None], Callable[[], None]]]


class Lane:
    """Threads that take jobs from one queue, as many at a time as are waiting, at most `most`.

    `serve()` is called in each thread and gives the function that carries out a batch, and the one that cleans up.
    """

    def __init__(
        self,
        name: str,
        serve: Serve,
        threads: int,
        most: int,
    ) -> None:
        self._name, self._serve, self._count, self._most = name, serve, threads, most
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._door = threading.Lock()
        self._open = False

    def start(self) -> None:
        """Start the threads. Raises what opening raised."""
        ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        for number in range(self._count):
            thread = threading.Thread(target=self._live, args=(ready,), name=f"{self._name}-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        errors = [error for _ in self._threads if (error := ready.get())]
        self._open = True
        if errors:
            self.stop()
            raise errors[0]

    def put(self, job: Job) -> None:
        """Ask for a job to be done. Raises StorageFault before the start and after the stop."""
        with self._door:
            if not self._open:
                raise StorageFault("the store is closed")
            self._queue.put(job)

    def stop(self) -> None:
        """Finish what was asked for, then end the threads. Blocks."""
        with self._door:  # nothing may come in behind the word to end: nobody would ever answer it
            self._open = False
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _live(self, ready: queue.SimpleQueue[BaseException | None]) -> None:
        try:
            work, close = self._serve()
        except BaseException as error:
            ready.put(error)
            return
        ready.put(None)
        try:
            while batch := self._take():
                work(batch)
                deliver(batch)
        finally:
            close()

    def _take(self) -> list[Job]:
        """What is waiting; empty when it is time to end."""
        first = self._queue.get()
        if first is None:
            return []
        batch = [first]
        while len(batch) < self._most:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)  # the end comes after this batch
                break
            batch.append(more)
        return batch
