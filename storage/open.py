"""Which store a database's address means."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from core.ports import Store
from storage.migrate import database_url
from storage.sqlite import SqliteStore
from storage.vault import Vault


class OpenStore(Store, Protocol):
    """A store that is started before its first transaction and stopped after its last."""

    async def start(self) -> None:
        """Open the database."""
        ...

    async def stop(self) -> None:
        """Finish what was asked for, then close."""
        ...


def open_store(place: str | Path, vault: Vault, **options: Any) -> OpenStore:
    """The store of a path, `sqlite:///…` or `postgresql://…`; `options` are its own. Start it before use.

    The database must be migrated first: storage.migrate.upgrade.
    """
    url = database_url(place)
    if url.drivername == "sqlite":
        return SqliteStore(url.database or "", vault, **options)
    from storage.postgres import PostgresStore  # psycopg is an extra

    return PostgresStore(url, vault, **options)
