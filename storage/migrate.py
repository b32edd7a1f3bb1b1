"""Migrations: bring a database up to this shop's tables, and say how far it is.

For developers, after a change of storage/tables:
`python -m storage.migrate revision "what changes"` writes the next script;
`python -m storage.migrate first` writes 0001 anew, which is allowed until the first release.
Then `ruff check --fix storage; ruff format storage`, and read what it wrote.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, NullPool, create_engine, event, inspect, make_url, text

from storage.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic is imported where it is used: a shop whose database is up to date (nearly every start) does without its 8 MB.

_LOCK = 0x53414D50414E  # "SAMPAN": two machines that start at once migrate one after the other
_VERSIONS = Path(__file__).parent / "migrations" / "versions"


class BrokenReferences(RuntimeError):
    """After a migration on SQLite some row pointed at nothing; the migration was rolled back."""


def database_url(place: str | Path) -> URL:
    """A path, or a URL of SQLite or PostgreSQL, as SQLAlchemy takes it. Raises ValueError, without the password."""
    word = str(place)
    if "://" not in word:
        return URL.create("sqlite", database=word)
    name, _, rest = word.partition("://")
    if name in ("postgres", "postgresql"):
        name = "postgresql+psycopg"
    if name not in ("sqlite", "postgresql+psycopg"):
        raise ValueError("a database is a path, sqlite:///… or postgresql://…")
    return make_url(f"{name}://{rest}")


def upgrade(place: str | Path, progress: Callable[[str], None] = lambda line: None) -> None:
    """Bring the database to the newest revision. A new SQLite file is made readable by its owner only."""
    if is_newest(place):
        return
    from alembic import command

    url = database_url(place)
    if url.drivername == "sqlite" and url.database:
        Path(url.database).touch(mode=0o600)

    def applied(step: Any, **_: Any) -> None:
        progress(f"{step.up_revision_id}: {step.up_revision.doc}")

    with _connected(url) as connection:
        config = _config(connection)
        config.attributes["on_version_apply"] = applied
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise BrokenReferences


def is_newest(place: str | Path) -> bool:
    """Whether a database is at the revision of the last script there is."""
    url = database_url(place)
    if url.drivername == "sqlite" and not (url.database and Path(url.database).exists()):
        return False
    newest = max(script.name.partition("_")[0] for script in _VERSIONS.glob("[0-9]*.py"))
    with _connected(url, reads_only=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest]


def current(place: str | Path) -> tuple[str | None, str]:
    """The revision a database is at (None: no tables yet), and the newest one there is."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    url = database_url(place)
    head = ScriptDirectory.from_config(_config(None)).get_current_head() or ""
    if url.drivername == "sqlite" and not (url.database and Path(url.database).exists()):
        return None, head
    with _connected(url, reads_only=True) as connection:
        return MigrationContext.configure(connection).get_current_revision(), head


def differences(place: str | Path) -> list[Any]:
    """What Alembic would still change to make the database what storage/tables says; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with _connected(database_url(place), reads_only=True) as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA))


@contextmanager
def _connected(url: URL, *, reads_only: bool = False) -> Iterator[Connection]:
    """A connection in one transaction, committed when all went well; other migrations wait for it."""
    sqlite = url.drivername == "sqlite"
    options: dict[str, Any] = {"isolation_level": None, "timeout": 60} if sqlite else {}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)
    if sqlite:
        begin = "BEGIN" if reads_only else "BEGIN IMMEDIATE"
        # Foreign keys stay OFF, SQLite's default: moving a parent table would take its children along.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    try:
        with engine.begin() as connection:
            if not sqlite and not reads_only:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
    finally:
        engine.dispose()


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.attributes["connection"] = connection
    return config


def _write_script(message: str, number: str) -> None:
    """Compare the tables with an empty or migrated SQLite file, and write what is missing as a script."""
    from alembic import command

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.db"
        if number != "0001":
            upgrade(path)
        path.touch()
        with _connected(database_url(path)) as connection:
            command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def main(words: list[str]) -> int:
    """`revision MESSAGE` or `first`."""
    if words[:1] == ["first"]:
        for script in _VERSIONS.glob("0001_*.py"):
            script.unlink()
        _write_script("The shop's first tables", "0001")
    elif words[:1] == ["revision"] and len(words) == 2:
        _write_script(words[1], f"{len(list(_VERSIONS.glob('0*.py'))) + 1:04d}")
    else:
        sys.stderr.write(__doc__ or "")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
