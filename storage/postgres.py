"""The store on PostgreSQL: a pool of threads with a connection each; a transaction that lost a race is run again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from core.ports import Duplicate
from storage.faults import CommitFailed, CommitUnknown, Conflict, StorageFault
from storage.lane import Job, Lane
from storage.migrate import database_url
from storage.unit import Plan, SqlUnit
from storage.vault import Vault

R = TypeVar("R")

TRIES = 8
_LOST_RACES = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


class PostgresLink:
    """storage.link.Link over psycopg."""

    dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor()

    def run(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """storage.link.Link.run."""
        try:
            return self._cursor.execute(sql, params)
        except psycopg.Error as error:
            fault = _fault(error)
        raise fault  # out here, so that it carries no context: PostgreSQL's messages quote the row

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """storage.link.Link.many."""
        try:
            self._cursor.executemany(sql, rows)
        except psycopg.Error as error:
            fault = _fault(error)
        else:
            return
        raise fault


def _fault(error: psycopg.Error) -> Exception:
    if isinstance(error, errors.UniqueViolation):
        return Duplicate("a unique fact is there already")
    if isinstance(error, _LOST_RACES):
        return Conflict()
    return StorageFault(f"{type(error).__name__} {error.sqlstate or ''}".strip())


class Session:
    """A thread's own connection out of the pool, opened anew when it breaks, and the unit on it."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self._engine, self._plan = engine, plan
        self._open()

    def _open(self) -> None:
        self._fairy = self._engine.raw_connection()
        connection: Any = self._fairy.driver_connection
        self.connection: psycopg.Connection[Any] = connection
        self.unit = SqlUnit(self._plan, PostgresLink(connection))

    def ready(self) -> SqlUnit:
        """The unit for a new transaction."""
        if self.connection.closed:
            self._fairy.invalidate()
            self._open()
        self.unit.fresh()
        return self.unit

    def close(self) -> None:
        """Give the connection back."""
        self._fairy.close()


class PostgresStore:
    """core.ports.Store over a PostgreSQL database, which must have been migrated (storage.migrate).

    `threads` transactions write at once, `readers` read. A transaction that lost a race is run again as a whole, up to
    TRIES times, with a pause that grows and varies; `work` must therefore be free of effects of its own.
    """

    def __init__(
        self,
        url: str | URL,
        vault: Vault,
        *,
        threads: int = 8,
        readers: int = 4,
        pause: Callable[[int], None] | None = None,
    ) -> None:
        self._url = database_url(url) if isinstance(url, str) else url
        self._plan = Plan(PostgresLink.dialect, vault)
        self._pause = pause or _pause
        self._writing = self._engine(threads, reads_only=False)
        self._reading = self._engine(readers, reads_only=True)
        self._writes = Lane("writer", self._serve_writes, threads, 1)
        self._reads = Lane("reader", self._serve_reads, readers, 1)

    def _engine(self, size: int, *, reads_only: bool) -> Engine:
        # hide_parameters: an error names no value.
        engine = create_engine(self._url, pool_size=size, max_overflow=0, hide_parameters=True)

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, _: Any) -> None:
            level = psycopg.IsolationLevel.REPEATABLE_READ if reads_only else psycopg.IsolationLevel.READ_COMMITTED
            connection.isolation_level, connection.read_only = level, reads_only

        return engine

    async def start(self) -> None:
        """Open the connections. Raises StorageFault when the server does not let us in."""
        await asyncio.to_thread(self._writes.start)
        await asyncio.to_thread(self._reads.start)

    async def stop(self) -> None:
        """Finish what was asked for, then close."""
        await asyncio.to_thread(self._reads.stop)
        await asyncio.to_thread(self._writes.stop)
        self._writing.dispose()
        self._reading.dispose()

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.write. Raises Stale after TRIES lost races, CommitUnknown when the line broke in COMMIT."""
        return await self._ask(self._writes, work, args, kwargs)

    async def read(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.read."""
        return await self._ask(self._reads, work, args, kwargs)

    async def survey(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.survey: here every read is off the loop."""
        return await self._ask(self._reads, work, args, kwargs)

    async def _ask(self, lane: Lane, work: Callable[..., R], args: Any, kwargs: Any) -> R:
        job = Job(work, args, kwargs)
        lane.put(job)
        result: R = await job.future
        return result

    def _serve_writes(self) -> tuple[Callable[[list[Job]], None], Callable[[], None]]:
        session = self._session(self._writing)
        return (lambda jobs: self._carry_out(session, jobs, TRIES)), session.close

    def _serve_reads(self) -> tuple[Callable[[list[Job]], None], Callable[[], None]]:
        session = self._session(self._reading)
        return (lambda jobs: self._carry_out(session, jobs, TRIES)), session.close

    def _session(self, engine: Engine) -> Session:
        try:
            return Session(engine, self._plan)
        except Exception as error:
            kind = type(error).__name__
        raise StorageFault(f"no connection: {kind}")

    def _carry_out(self, session: Session, jobs: Sequence[Job], tries: int) -> None:
        for job in jobs:
            for attempt in range(1, tries + 1):
                job.error = None
                try:
                    job.result = self._once(session, job)
                except BaseException as error:  # whatever it is, it is told to whoever asked; the thread lives on
                    job.error = error
                # A Duplicate may be a lost race, too: somebody added what this one had just looked for in vain.
                lost = isinstance(job.error, Conflict) or (isinstance(job.error, Duplicate) and attempt == 1)
                if not lost or attempt == tries:
                    break
                self._pause(attempt)

    def _once(self, session: Session, job: Job) -> Any:
        """One attempt at the transaction: committed, or rolled back and raised."""
        unit = session.ready()
        connection = session.connection
        try:
            result = job.work(unit, *job.args, **job.kwargs)
        except BaseException as error:
            if connection.closed:  # before COMMIT: nothing is kept, so it may be run again on another connection
                raise Conflict from None
            _roll_back(connection)
            raise error
        fault: Exception
        try:
            connection.commit()
        except psycopg.OperationalError as error:
            lost_race = isinstance(error, _LOST_RACES)
            fault = Conflict() if lost_race else CommitUnknown(type(error).__name__)
        except psycopg.Error as error:
            fault = CommitFailed(type(error).__name__)
        else:
            return result
        _roll_back(connection)
        raise fault


def look(url: URL, vault: Vault, work: Callable[[Any], R]) -> R:
    """Run `work` on a snapshot of a connection of its own that cannot write: see storage.look. Raises StorageFault."""
    return _by_itself(url, vault, work, psycopg.IsolationLevel.REPEATABLE_READ, reads_only=True)


def put(url: URL, vault: Vault, work: Callable[[Any], R]) -> R:
    """Run `work` on a connection of its own, and commit: see storage.look. Raises StorageFault."""
    return _by_itself(url, vault, work, psycopg.IsolationLevel.READ_COMMITTED, reads_only=False)


def _by_itself(
    url: URL, vault: Vault, work: Callable[[Any], R], level: psycopg.IsolationLevel, *, reads_only: bool
) -> R:
    try:
        line = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(line) as connection:
            connection.isolation_level, connection.read_only = level, reads_only
            return work(SqlUnit(Plan(PostgresLink.dialect, vault), PostgresLink(connection), writes=not reads_only))
    except psycopg.Error as error:
        kind = type(error).__name__
    raise StorageFault(f"the server: {kind}")


def _roll_back(connection: psycopg.Connection[Any]) -> None:
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()  # the next transaction opens another


def _pause(attempt: int) -> None:
    """Up to 2 ms after the first lost race, doubling to 250 ms."""
    time.sleep(random.random() * min(0.25, 0.002 * 2 ** (attempt - 1)))  # noqa: S311 - no secret
