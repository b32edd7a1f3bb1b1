"""Processes to draw in: pictures are a third of a journey's CPU, and the bot's interpreter has better to do."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar, cast

log = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSE = 30.0  # seconds
_HEAD = 4  # bytes in which a frame says how long it is


class Aside(Protocol):
    """Does work (importable, as are its arguments) elsewhere than on the event loop."""

    def __call__(self, work: Callable[..., T], /, *args: Any) -> asyncio.Future[T]:
        """Begin; the future has what `work` returns or raises."""
        ...


def in_threads(executor: Executor) -> Aside:
    """Aside in an executor's threads, which share the interpreter with the loop."""
    return lambda work, /, *args: asyncio.get_running_loop().run_in_executor(executor, work, *args)


class Died(Exception):
    """The process ended before it answered."""


class DrawingProcesses:
    """Aside in at most `most` processes: started when needed, anew when one died, ended when nobody needs them.

    Idle, they cost no memory; at work about 70 MB each (fonts, Pillow). They end with the bot, however the bot ends.
    A new one does `prepare` before anything else.

    Not concurrent.futures: its pool keeps two threads, which wake the loop's and wait for its interpreter lock several
    times a picture. Here work goes straight into the pipe and the loop reads the answer: a third of the CPU that a
    picture costs the bot (0.14 ms instead of 0.43, measured).
    """

    def __init__(self, most: int = 1, prepare: Callable[[], object] = os.getpid) -> None:
        self._most, self._prepare = most, prepare
        self._all: list[_Process] = []
        self._waiting: deque[tuple[bytes, asyncio.Future[Any]]] = deque()
        self._last = time.monotonic()
        self._barred = 0.0  # until when none is started beside another: the last one could not begin

    def __call__(self, work: Callable[..., T], /, *args: Any) -> asyncio.Future[T]:
        """Aside.__call__. The future fails with Died when the process does."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((_frame((work, args)), answer))
        self._hand_out()
        return answer

    async def rest(self, after: float = 60.0) -> None:
        """End the processes when they have had nothing to do for `after` seconds."""
        if time.monotonic() - self._last >= after and not any(one.asked for one in self._all):
            await self._end()

    async def stop(self) -> None:
        """End them now."""
        _fail(answer for _, answer in self._waiting)
        self._waiting.clear()
        await self._end()

    async def _end(self) -> None:
        ending, self._all = self._all, []
        for process in ending:
            process.end()
        await asyncio.gather(*(process.over for process in ending))

    def _hand_out(self) -> None:
        """Give work to who is free. Where all are busy, each has the next piece at hand, so that it need not wait."""
        self._last = time.monotonic()
        while self._waiting:
            if self._may_grow() and all(one.asked for one in self._all):
                self._all.append(_Process(self._hand_out, self._lost, _frame((self._prepare, ()))))
            full = not self._may_grow() and all(one.prepared for one in self._all)
            process = min(self._all, key=lambda one: len(one.asked))
            if len(process.asked) > (1 if full else 0):
                return
            process.ask(*self._waiting.popleft())

    def _may_grow(self) -> bool:
        return not self._all or (len(self._all) < self._most and time.monotonic() >= self._barred)

    def _lost(self, process: _Process) -> None:
        if process not in self._all:
            return
        self._all.remove(process)
        if not process.prepared:  # so would the next one end
            self._barred = time.monotonic() + _PAUSE
            if not self._all:
                _fail(answer for _, answer in self._waiting)
                self._waiting.clear()
        self._hand_out()


class _Process(asyncio.SubprocessProtocol):
    """One of them: what it is asked, in order, and what it answers, in the same order.

    `free` is called after each answer, `lost` when it has ended.
    """

    def __init__(self, free: Callable[[], None], lost: Callable[[_Process], None], prepare: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.asked: deque[asyncio.Future[Any] | None] = deque([None])  # the first is `prepare`: nobody waits for it
        self.over: asyncio.Future[None] = loop.create_future()
        self.prepared = False
        self._free, self._lost, self._first = free, lost, prepare
        self._answers = bytearray()
        self._transport: asyncio.SubprocessTransport | None = None
        self._ending = False
        # With our own path: what it imports is what we run.
        command = sys.executable, "-c", f"import sys; sys.path[:] = {sys.path}; import {__name__} as it; it.serve()"
        self._starting = asyncio.ensure_future(loop.subprocess_exec(lambda: self, *command, stderr=None))
        self._starting.add_done_callback(self._started)

    def ask(self, frame: bytes, answer: asyncio.Future[Any]) -> None:
        """Only of one that is prepared."""
        self.asked.append(answer)
        self._write(frame)

    def end(self) -> None:
        """Now, whatever it does."""
        self._ending = True
        if self._transport is not None:
            self._transport.close()

    def _write(self, frame: bytes) -> None:
        assert self._transport is not None
        pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        pipe.write(frame)

    def _started(self, starting: asyncio.Future[Any]) -> None:
        if not starting.cancelled() and (fault := starting.exception()) is not None:
            log.error("a process to draw in cannot be started: %s", type(fault).__name__)
        if self._transport is None:
            self.connection_lost(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)  # uvloop's is none by its type
        if self._ending:
            transport.close()
        else:
            self._write(self._first)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        self._answers += data
        while len(self._answers) >= _HEAD:
            end = _HEAD + int.from_bytes(self._answers[:_HEAD], "big")
            if len(self._answers) < end:
                return
            good, answer = pickle.loads(self._answers[_HEAD:end])  # noqa: S301  our own process wrote it
            del self._answers[:end]
            self._take(good, answer)

    def _take(self, good: bool, answer: Any) -> None:
        self.prepared = True
        asked = self.asked.popleft()
        self._free()
        if asked is not None and not asked.done():  # else nobody waits any more
            asked.set_result(answer) if good else asked.set_exception(answer)

    def process_exited(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self._lost(self)
        _fail(self.asked)

    def connection_lost(self, exc: Exception | None) -> None:
        self.process_exited()
        if not self.over.done():
            self.over.set_result(None)


def _fail(answers: Iterable[asyncio.Future[Any] | None]) -> None:
    for answer in answers:
        if answer is not None and not answer.done():
            answer.set_exception(Died())


def _frame(thing: object) -> bytes:
    pickled = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    return len(pickled).to_bytes(_HEAD, "big") + pickled


def _sendable(error: Exception) -> Exception:
    """The error itself, where it comes out of a pickle and into a future as it went in."""
    try:
        same = type(pickle.loads(pickle.dumps(error))) is type(error)  # noqa: S301  our own words
    except Exception:
        same = False
    return error if same and not isinstance(error, StopIteration) else RuntimeError(type(error).__name__)


def serve() -> None:
    """In the new process: do what is asked until nobody can ask any more, for the bot is gone."""
    # Both are the bot's to hear; its end is ours. Not by a session of its own, to which Linux would give as much of the
    # machine as to all of the bot's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what some library prints must not be taken for an answer
    while len(head := sys.stdin.buffer.read(_HEAD)) == _HEAD:
        work, args = pickle.loads(sys.stdin.buffer.read(int.from_bytes(head, "big")))  # noqa: S301  the bot wrote it
        try:
            answer = True, work(*args)
        except Exception as error:
            answer = False, _sendable(error)
        frame = _frame(answer)
        try:
            answers.write(frame)
            answers.flush()
        except BrokenPipeError:  # the bot ended meanwhile: there is nobody to tell
            os._exit(0)
