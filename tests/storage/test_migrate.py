"""Migrations make exactly the tables that storage/tables declares, on both databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage import migrate
from storage.nouns import nouns
from storage.open import open_store
from storage.postgres import PostgresStore
from storage.sqlite import SqliteStore
from storage.tables import table
from storage.vault import Vault


def test_an_empty_file_becomes_a_shop(tmp_path: Path) -> None:
    path, told = tmp_path / "shop.db", []
    assert migrate.current(path)[0] is None
    assert not path.exists()  # asking does not make a file
    migrate.upgrade(path, told.append)
    revision, head = migrate.current(f"sqlite:///{path}")
    assert revision == head != ""
    assert told == ["0001: The shop's first tables."]
    assert migrate.differences(path) == []
    assert path.stat().st_mode & 0o077 == 0  # nobody else's to read
    migrate.upgrade(path, told.append)
    assert len(told) == 1


def test_a_migrated_postgres_has_the_same_tables(shop_database: str) -> None:
    revision, head = migrate.current(shop_database)
    assert revision == head
    assert migrate.differences(shop_database) == []


def test_a_table_that_is_not_as_declared_is_noticed(shop_file: Path) -> None:
    with sqlite3.connect(shop_file) as connection:
        connection.execute("DROP INDEX ux_receipts_fact")
    connection.close()
    assert any("ux_receipts_fact" in str(difference) for difference in migrate.differences(shop_file))


def test_what_must_be_unique_is_unique_in_the_tables_and_in_memory() -> None:
    for name, noun in nouns().items():
        indexes = {tuple(column.name for column in index.columns) for index in table(name).indexes if index.unique}
        assert indexes == {unique.fields for unique in noun.unique}, name


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("shop.db", SqliteStore),
        ("sqlite:///shop.db", SqliteStore),
        ("postgres://a@127.0.0.1/shop", PostgresStore),
        ("postgresql+psycopg://a@127.0.0.1/shop", PostgresStore),
    ],
)
def test_an_address_means_a_store(place: str, kind: type, vault: Vault) -> None:
    assert isinstance(open_store(place, vault), kind)


def test_an_address_of_another_database_is_refused_without_its_password(vault: Vault) -> None:
    with pytest.raises(ValueError, match="a database is") as caught:
        open_store("mysql://shop:s3cret@127.0.0.1/shop", vault)
    assert "s3cret" not in str(caught.value)
