"""One transaction on a database that a running shop may have open, in this thread: for the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from storage.faults import StorageFault
from storage.migrate import database_url, is_newest
from storage.sqlite import SqliteLink, connect
from storage.unit import Plan, SqlUnit
from storage.vault import Vault

R = TypeVar("R")


def is_ready(place: str | Path) -> bool:
    """Whether the database is of this shop's version. Raises StorageFault when it cannot be asked."""
    try:
        return is_newest(place)
    except SQLAlchemyError as error:
        kind = type(error).__name__
    raise StorageFault(kind)


def look(place: str | Path, vault: Vault, work: Callable[[Any], R]) -> R:
    """Run `work` on one snapshot, read-only. Raises StorageFault when there is no database."""
    url = database_url(place)
    if url.drivername == "sqlite":
        return _look_into_file(Path(url.database or ""), vault, work)
    from storage.postgres import look as look_into_server  # psycopg is an extra

    return look_into_server(url, vault, work)


def _look_into_file(path: Path, vault: Vault, work: Callable[[Any], R]) -> R:
    try:
        # mode=ro: this connection cannot write, and folds no log into the file, which is the shop's to do.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)
        with closing(connection):
            connection.execute("PRAGMA cache_size=-32000")
            connection.execute("BEGIN")
            connection.execute(
                "SELECT 1 FROM sqlite_master"
            ).fetchone()  # here the file is opened, and the snapshot made
            return work(SqlUnit(Plan(SqliteLink.dialect, vault), SqliteLink(connection), writes=False))
    except sqlite3.Error as error:
        why = getattr(error, "sqlite_errorname", None) or type(error).__name__
    raise StorageFault(why)


def put(place: str | Path, vault: Vault, work: Callable[[Any], R]) -> R:
    """One short transaction that writes, beside the shop that may be running. Raises StorageFault, Duplicate."""
    url = database_url(place)
    if url.drivername == "sqlite":
        return _put_into_file(Path(url.database or ""), vault, work)
    from storage.postgres import put as put_into_server  # psycopg is an extra

    return put_into_server(url, vault, work)


def _put_into_file(path: Path, vault: Vault, work: Callable[[Any], R]) -> R:
    if not path.exists():
        raise StorageFault("there is no such file")
    try:
        with closing(connect(path, writes=True)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint=0")  # to fold the log into the file is the shop's to do
            connection.execute("BEGIN IMMEDIATE")
            result = work(SqlUnit(Plan(SqliteLink.dialect, vault), SqliteLink(connection)))
            connection.execute("COMMIT")
            return result
    except sqlite3.Error as error:
        why = getattr(error, "sqlite_errorname", None) or type(error).__name__
    raise StorageFault(why)
