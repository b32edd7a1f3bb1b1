"""The store on SQLite: one connection that writes, with group commit, and readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.dialects.sqlite import pysqlite

from core.ports import Duplicate
from storage.faults import CommitFailed, StorageFault
from storage.lane import Job, Lane
from storage.unit import Plan, SqlUnit
from storage.vault import Vault

R = TypeVar("R")

BATCH = 64  # transactions that may share one COMMIT
_SNAPSHOT = 0.05  # seconds after which a look sees what another process has written
_CHECKPOINT = 16  # batches between two checkpoints: a log of a few megabytes
_BUSY = 10_000  # milliseconds to wait for another process that writes, such as `sampan migrate`
_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}


def connect(path: Path | str, *, writes: bool) -> sqlite3.Connection:
    """A connection as the shop uses it: WAL, every commit on disk, foreign keys checked, transactions begun by hand.

    Raises StorageFault when the file cannot be opened.
    """
    try:
        return _connect(path, writes=writes)
    except sqlite3.Error as error:
        fault = _fault(error)
    raise fault


def _connect(path: Path | str, *, writes: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA busy_timeout={_BUSY}")
    if writes:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
    else:
        connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA cache_size=-16000")  # KiB
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection


class SqliteLink:
    """storage.link.Link over sqlite3."""

    dialect = pysqlite.dialect()

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, params: Sequence[Any] = ()) -> sqlite3.Cursor:
        """storage.link.Link.run."""
        try:
            return self._connection.execute(sql, params)
        except sqlite3.Error as error:
            fault = _fault(error)
        raise fault  # out here, so that it carries no context with values in it

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """storage.link.Link.many."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            fault = _fault(error)
        else:
            return
        raise fault


def _fault(error: sqlite3.Error) -> Exception:
    if getattr(error, "sqlite_errorcode", None) in _TAKEN:
        return Duplicate("a unique fact is there already")
    return StorageFault(getattr(error, "sqlite_errorname", None) or type(error).__name__)


class Writer:
    """The one connection that writes. A batch has one COMMIT for all, and a SAVEPOINT for each."""

    def __init__(self, path: Path, plan: Plan, before_commit: Callable[[], None], *, durable: bool = True) -> None:
        self._connection = connect(path, writes=True)
        if not durable:
            self._connection.execute("PRAGMA synchronous=OFF")
        self._unit = SqlUnit(plan, SqliteLink(self._connection), steady=True)
        self._before_commit = before_commit

    def begin(self, wait: int) -> bool:
        """Take the write lock; False when another process (`sampan migrate`) holds it for `wait` milliseconds."""
        try:
            self._connection.execute(f"PRAGMA busy_timeout={wait}")
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY and wait < _BUSY:
                return False
            raise
        return True

    def perform(self, jobs: Sequence[Job]) -> None:
        """Run each job in a SAVEPOINT of its own. Then it has its result or its error, and nothing is on disk yet."""
        execute = self._connection.execute
        for job in jobs:
            execute("SAVEPOINT job")
            self._attempt(job)
            if job.error is not None:
                execute("ROLLBACK TO job")
            execute("RELEASE job")

    def commit(self) -> None:
        """Put it on disk. The slow part, and the only one."""
        self._before_commit()
        self._connection.execute("COMMIT")

    def checkpoint_by_hand(self) -> None:
        """From now on only `checkpoint` moves the log into the file: a COMMIT must not make people wait for it."""
        self._connection.execute("PRAGMA wal_autocheckpoint=0")

    def checkpoint(self) -> None:
        """Move the log into the file, as far as nobody reads what was there before."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def carry_out(self, jobs: Sequence[Job]) -> None:
        """All of it at once, on the caller's thread."""
        try:
            self.begin(_BUSY)
            self.perform(jobs)
            self.commit()
        except Exception as error:
            self.abandon(jobs, error)

    def _attempt(self, job: Job) -> None:
        self._unit.fresh()
        try:
            job.result = job.work(self._unit, *job.args, **job.kwargs)
        except BaseException as error:  # whatever it is, it is told to whoever asked; the writer lives on
            job.error = error

    def abandon(self, jobs: Sequence[Job], error: Exception) -> None:
        """Nothing of the batch is kept, so everyone learns that: a refusal, too, may rest on what is now undone."""
        why = str(_fault(error)) if isinstance(error, sqlite3.Error) else type(error).__name__
        for job in jobs:
            job.result, job.error = None, CommitFailed(why)
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):  # nothing more can be done for it, and everyone knows
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the last one to close folds the log into the file."""
        self._connection.execute("PRAGMA analysis_limit=400")
        self._connection.execute("PRAGMA optimize")  # so that the next start knows which index tells more
        self._connection.close()


class Reader:
    """A connection that cannot write. Between two `renew`s all look at one snapshot, and at what was read of it before.

    A busy shop looks many times between two COMMITs, at much the same rows: a new snapshot each time would read them
    again, and throw away the connection's pages.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self._connection = connect(path, writes=False)
        self._unit = SqlUnit(plan, SqliteLink(self._connection), steady=True)
        self._good_until = 0.0

    def look(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """What it finds there."""
        now = time.monotonic()
        if now >= self._good_until:
            self.renew()
            self._connection.execute("BEGIN")
            self._good_until = now + _SNAPSHOT
        return work(self._unit, *args, **kwargs)

    def renew(self) -> None:
        """The next look is at what stands then."""
        self._good_until = 0.0
        self._unit.fresh()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def carry_out(self, jobs: Sequence[Job]) -> None:
        """Each job by itself."""
        for job in jobs:
            try:
                job.result = self.look(job.work, *job.args, **job.kwargs)
            except BaseException as error:  # whatever it is, it is told to whoever asked; the reader lives on
                job.error = error
            self.renew()  # whoever looks at many rows is followed by nobody for long

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class SqliteStore:
    """core.ports.Store over one file, which must have been migrated (storage.migrate).

    Statements run on the event loop's own thread, the COMMIT in another. A verb's statements take tens of microseconds
    each, out of memory; in a writer thread they lost the interpreter lock at every one of them, and a busy bot spent a
    quarter of its CPU on handing it back and forth. What waits for the disk is the COMMIT, and everyone who comes
    meanwhile shares the next one. `survey` reads many rows, in a thread of its own.

    `inline` commits on the caller's thread too: for a deterministic simulation.
    `durable` False waits for no disk: for what is made anew should the machine die meanwhile (the demo's past).
    `before_commit` is called before each COMMIT: a slow disk or a broken one, for tests and benchmarks.
    `plan` spares whoever opens many stores the 0.1 s of compiling the statements each time.
    """

    def __init__(
        self,
        path: Path | str,
        vault: Vault,
        *,
        inline: bool = False,
        durable: bool = True,
        batch: int = BATCH,
        before_commit: Callable[[], None] = lambda: None,
        plan: Plan | None = None,
    ) -> None:
        self._path, self._inline, self._batch, self._before_commit = Path(path), inline, batch, before_commit
        self._durable = durable
        self._plan = plan or Plan(SqliteLink.dialect, vault)
        self._waiting: deque[Job] = deque()
        self._turning: asyncio.Task[None] | None = None
        self._batches = 0
        self._sides: tuple[Writer, Reader] | None = None
        self._surveys = Lane("survey", self._serve_surveys, 1, 1)
        self._disk: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        """Open the file."""
        writer = Writer(self._path, self._plan, self._before_commit, durable=self._durable)
        self._sides = writer, Reader(self._path, self._plan)
        if not self._inline:
            writer.checkpoint_by_hand()
            self._disk = ThreadPoolExecutor(1, "commit")
            await asyncio.to_thread(self._surveys.start)

    async def stop(self) -> None:
        """Finish what was asked for, then close: the readers first, so that the writer folds the log into the file."""
        sides, self._sides = self._sides, None
        if self._turning is not None:
            await self._turning
        if self._disk is not None:
            await asyncio.to_thread(self._surveys.stop)
            self._disk.shutdown()
        if sides is not None:
            writer, reader = sides
            reader.close()
            await asyncio.to_thread(writer.close)

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.write. Raises CommitFailed when the database could not keep it."""
        writer, reader = self._open()
        job = Job(work, args, kwargs)
        if self._disk is None:
            reader.renew()
            writer.carry_out([job])
            job.settle()
        else:
            self._waiting.append(job)
            if self._turning is None or self._turning.done():
                self._turning = asyncio.create_task(self._take_turns(writer, reader, self._disk))
        result: R = await job.future
        return result

    async def read(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.read."""
        _, reader = self._open()
        return reader.look(work, *args, **kwargs)

    async def survey(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.survey."""
        self._open()
        job = Job(work, args, kwargs)
        if self._inline:
            return await self.read(work, *args, **kwargs)
        self._surveys.put(job)
        result: R = await job.future
        return result

    def _open(self) -> tuple[Writer, Reader]:
        if self._sides is None:
            raise StorageFault("the store is closed")
        return self._sides

    async def _take_turns(self, writer: Writer, reader: Reader, disk: ThreadPoolExecutor) -> None:
        """Batch after batch, until nobody waits: those who come during one COMMIT share the next."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            reader.renew()  # the log begins anew only where nobody reads of it
            try:
                if not writer.begin(0):
                    await loop.run_in_executor(disk, writer.begin, _BUSY)
                writer.perform(batch)
                await loop.run_in_executor(disk, writer.commit)
            except Exception as error:
                writer.abandon(batch, error)
            reader.renew()
            for job in batch:
                job.settle()
            self._batches += 1
            if self._batches % _CHECKPOINT == 0:
                with suppress(sqlite3.Error):  # the next one moves more
                    await loop.run_in_executor(disk, writer.checkpoint)

    def _serve_surveys(self) -> tuple[Callable[[list[Job]], None], Callable[[], None]]:
        reader = Reader(self._path, self._plan)
        return reader.carry_out, reader.close
