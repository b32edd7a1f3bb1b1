"""Processes to draw in: pictures are a third of a journey's CPU, and the bot's interpreter has better to do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DrawingProcesses(Executor):
    """An executor of at most `most` processes: started when needed, anew when one died, ended when nobody needs them.

    Idle, they cost no memory; at work about 70 MB each (fonts, Pillow). They die with the bot, however the bot dies.
    """

    def __init__(self, most: int = 1) -> None:
        self._most = most
        self._pool: ProcessPoolExecutor | None = None
        self._door = threading.Lock()
        self._pending = 0
        self._last = time.monotonic()

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have `work` (importable) done there. The future fails with BrokenProcessPool when the process dies."""
        with self._door:
            try:
                future = self._started().submit(work, *args, **kwargs)
            except BrokenProcessPool:
                self._pool = None
                future = self._started().submit(work, *args, **kwargs)
            self._pending += 1
        future.add_done_callback(self._done)
        return future

    def rest(self, after: float = 60.0) -> None:
        """End the processes when they have had nothing to do for `after` seconds."""
        with self._door:
            idle = self._pool is not None and not self._pending and time.monotonic() - self._last >= after
            pool, self._pool = (self._pool, None) if idle else (None, self._pool)
        if pool is not None:
            pool.shutdown(wait=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """concurrent.futures.Executor.shutdown."""
        with self._door:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait, cancel_futures=cancel_futures)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context(
                "spawn"
            )  # forking a program with threads is how locks are left locked
            self._pool = ProcessPoolExecutor(self._most, context, initializer=_settle_in)
        return self._pool

    def _done(self, _: Future[Any]) -> None:
        with self._door:
            self._pending -= 1
            self._last = time.monotonic()


def _settle_in() -> None:
    """In the new process: Ctrl+C is the bot's to hear, and nobody is left behind when the bot is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)
