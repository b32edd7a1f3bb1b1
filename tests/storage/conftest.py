"""One store after another: the contract suite runs over memory, SQLite and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage.memory import MemoryStore
from storage.migrate import upgrade
from storage.postgres import PostgresStore
from storage.sqlite import SqliteStore
from storage.vault import Vault
from tests.storage.server import WHY_NOT, Server, binaries


@pytest.fixture
def vault() -> Vault:
    return Vault({"k1": b"1" * 32}, "k1")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "shop.db"
    upgrade(path)
    return path


@pytest.fixture
def shop_file(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file of this test's own."""
    return Path(shutil.copy(migrated_file, tmp_path / "shop.db"))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server's address."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    folder = binaries()
    if folder is None:
        pytest.skip(WHY_NOT)
    server = Server(folder)
    yield server.url
    server.stop()


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _with_name(url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def migrated_database(server: str) -> Iterator[str]:
    """The name of a migrated database to copy from."""
    name = f"sampan_template_{uuid.uuid4().hex[:8]}"
    _administer(server, f'CREATE DATABASE "{name}"')
    upgrade(_with_name(server, name))
    yield name
    _administer(server, f'DROP DATABASE "{name}"')


@pytest.fixture
def shop_database(server: str, migrated_database: str) -> Iterator[str]:
    """The address of a migrated PostgreSQL database of this test's own."""
    name = f"sampan_{uuid.uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{migrated_database}"')
    yield _with_name(server, name)
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


OPEN: dict[str, Callable[[pytest.FixtureRequest, Vault], Any]] = {
    "memory": lambda request, vault: MemoryStore(),
    "sqlite": lambda request, vault: SqliteStore(request.getfixturevalue("shop_file"), vault),
    "sqlite-inline": lambda request, vault: SqliteStore(request.getfixturevalue("shop_file"), vault, inline=True),
    "postgres": lambda request, vault: PostgresStore(request.getfixturevalue("shop_database"), vault),
}


@pytest.fixture(params=list(OPEN))
async def store(request: pytest.FixtureRequest, vault: Vault) -> AsyncIterator[Any]:
    """A started store over an empty shop."""
    store = OPEN[request.param](request, vault)
    await store.start()
    yield store
    await store.stop()
