"""The store on SQLite: one writer with group commit, readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
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
READERS = 2
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
    """The one connection that writes. Carries out batches: one COMMIT for all, a SAVEPOINT for each."""

    def __init__(self, path: Path, plan: Plan, before_commit: Callable[[], None]) -> None:
        self._connection = connect(path, writes=True)
        self._unit = SqlUnit(plan, SqliteLink(self._connection))
        self._before_commit = before_commit

    def carry_out(self, jobs: Sequence[Job]) -> None:
        """Run and commit a batch. Then every job has its result or its error, and what succeeded is on disk."""
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            for job in jobs:
                execute("SAVEPOINT job")
                self._attempt(job)
                if job.error is not None:
                    execute("ROLLBACK TO job")
                execute("RELEASE job")
            self._before_commit()
            execute("COMMIT")
        except Exception as error:
            self._abandon(jobs, error)

    def _attempt(self, job: Job) -> None:
        self._unit.fresh()
        try:
            job.result = job.work(self._unit, *job.args, **job.kwargs)
        except BaseException as error:  # whatever it is, it is told to whoever asked; the writer lives on
            job.error = error

    def _abandon(self, jobs: Sequence[Job], error: Exception) -> None:
        """Nothing of the batch is kept, so everyone learns that: a refusal, too, may rest on what is now undone."""
        why = str(_fault(error)) if isinstance(error, sqlite3.Error) else type(error).__name__
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for job in jobs:
            job.result, job.error = None, CommitFailed(why)

    def close(self) -> None:
        """Close the connection; the last one to close folds the log into the file."""
        self._connection.execute("PRAGMA analysis_limit=400")
        self._connection.execute("PRAGMA optimize")  # so that the next start knows which index tells more
        self._connection.close()


class Reader:
    """A connection that cannot write. Each job reads one snapshot."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self._connection = connect(path, writes=False)
        self._unit = SqlUnit(plan, SqliteLink(self._connection))

    def carry_out(self, jobs: Sequence[Job]) -> None:
        """Run each job on a snapshot of its own."""
        for job in jobs:
            self._unit.fresh()
            try:
                self._connection.execute("BEGIN")
                try:
                    job.result = job.work(self._unit, *job.args, **job.kwargs)
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except BaseException as error:  # whatever it is, it is told to whoever asked; the reader lives on
                job.error = error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class SqliteStore:
    """core.ports.Store over one file, which must have been migrated (storage.migrate).

    `inline` runs every transaction at once on the caller's own thread, one COMMIT each: for a deterministic simulation.
    `before_commit` is called on the writer before each COMMIT: a slow disk or a broken one, for tests and benchmarks.
    """

    def __init__(
        self,
        path: Path | str,
        vault: Vault,
        *,
        inline: bool = False,
        readers: int = READERS,
        batch: int = BATCH,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = Path(path)
        self._plan = Plan(SqliteLink.dialect, vault)
        self._inline, self._before_commit = inline, before_commit
        self._writer: Writer | None = None
        self._reader: Reader | None = None
        self._writes = Lane("writer", self._serve_writes, 1, batch)
        self._reads = Lane("reader", self._serve_reads, readers, 1)

    async def start(self) -> None:
        """Open the file."""
        if self._inline:
            self._writer = Writer(self._path, self._plan, self._before_commit)
            self._reader = Reader(self._path, self._plan)
        else:
            await asyncio.to_thread(self._writes.start)
            await asyncio.to_thread(self._reads.start)

    async def stop(self) -> None:
        """Finish what was asked for, then close: the readers first, so that the writer folds the log into the file."""
        await asyncio.to_thread(self._reads.stop)
        await asyncio.to_thread(self._writes.stop)
        for side in (self._reader, self._writer):
            if side is not None:
                side.close()
        self._reader = self._writer = None

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.write. Raises CommitFailed when the database could not keep it."""
        return await self._ask(self._writes, self._writer, work, args, kwargs)

    async def read(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.read."""
        return await self._ask(self._reads, self._reader, work, args, kwargs)

    async def _ask(self, lane: Lane, side: Writer | Reader | None, work: Callable[..., R], args: Any, kwargs: Any) -> R:
        job = Job(work, args, kwargs)
        if side is None:
            lane.put(job)
        else:
            side.carry_out([job])
            job.settle()
        result: R = await job.future
        return result

    def _serve_writes(self) -> tuple[Callable[[list[Job]], None], Callable[[], None]]:
        writer = Writer(self._path, self._plan, self._before_commit)
        return writer.carry_out, writer.close

    def _serve_reads(self) -> tuple[Callable[[list[Job]], None], Callable[[], None]]:
        reader = Reader(self._path, self._plan)
        return reader.carry_out, reader.close
