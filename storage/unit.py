"""The unit of work on a database connection: every shelf, the journal, the inbox and the outbox over one link."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect

from storage.inbox import InboxStatements, SqlInbox
from storage.journal import JournalStatements, SqlJournal
from storage.link import Link
from storage.mapping import Mapping
from storage.nouns import nouns
from storage.outbox import OutboxStatements, SqlOutbox
from storage.shelf import SqlShelf
from storage.statements import Statements
from storage.tables import table
from storage.vault import Vault


class Plan:
    """Everything that is worked out once at start-up: mappings and compiled SQL of one dialect, shared by its units."""

    def __init__(self, dialect: Dialect, vault: Vault) -> None:
        texts = dialect.name == "sqlite"
        self.vault = vault
        self.shelves = {
            name: Statements(Mapping(noun, table(name), vault, texts=texts), dialect) for name, noun in nouns().items()
        }
        self.journal = JournalStatements(dialect)
        self.inbox = InboxStatements(dialect)
        self.outbox = OutboxStatements(dialect)


class SqlUnit:
    """core.ports.UnitOfWork on one connection, used for one transaction after another.

    It neither begins nor commits: that is the store's, the only place that does. `writes` is False for a long look,
    which need not remember what it read for a `save` to come. `steady`: nobody else changes the database meanwhile.
    """

    def __init__(self, plan: Plan, link: Link, *, writes: bool = True, steady: bool = False) -> None:
        self.link, self.vault = link, plan.vault
        self._shelves: list[SqlShelf[Any, Any]] = [
            SqlShelf(statements, link, remembers=writes, steady=steady) for statements in plan.shelves.values()
        ]
        for name, shelf in zip(plan.shelves, self._shelves, strict=True):
            setattr(self, name, shelf)
        self.journal = SqlJournal(plan.journal, link)
        self.inbox = SqlInbox(plan.inbox, link, plan.vault)
        self.outbox = SqlOutbox(plan.outbox, link)

    def fresh(self) -> None:
        """A new transaction begins."""
        self.outbox.grown = False
        for shelf in self._shelves:
            if shelf.seen:  # a transaction touches a few of them
                shelf.forget()
