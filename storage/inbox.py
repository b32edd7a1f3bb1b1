"""The inbox: every outside event once, by its natural key; what it says is sealed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Dialect, bindparam, delete, select, update

from core.ports import Altered, Message
from storage.codec import column_form
from storage.link import Link, Sql, compiled
from storage.statements import insert_unless_known
from storage.tables import table
from storage.vault import Vault


class InboxStatements:
    """The SQL of the inbox, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        inbox = table("inbox")
        one = (inbox.c.source == bindparam("s"), inbox.c.key == bindparam("k"))
        columns = ("source", "key", "digest", "body", "received_at", "open")
        self.put = compiled(insert_unless_known(inbox, dialect, columns), dialect).text
        self.digest = compiled(select(inbox.c.digest).where(*one), dialect).text
        self.is_open = compiled(select(inbox.c.open).where(*one), dialect).text
        # Values are named so that they do not share a name with a column of the WHERE.
        self.settle = compiled(
            update(inbox).where(*one).values(open=bindparam("o", type_=inbox.c.open.type)), dialect
        ).text
        self.open: Sql = compiled(
            select(inbox.c.key, inbox.c.body, inbox.c.received_at, inbox.c.digest)
            .where(inbox.c.source == bindparam("s"), inbox.c.open)
            .order_by(inbox.c.received_at, inbox.c.seq)
            .limit(bindparam("limit")),
            dialect,
        )
        self.forget = compiled(
            delete(inbox).where(
                inbox.c.source == bindparam("s"),
                inbox.c.received_at < bindparam("b", type_=inbox.c.received_at.type),
                ~inbox.c.open,
            ),
            dialect,
        ).text
        texts = dialect.name == "sqlite"
        self.moment, self.flag = column_form(datetime, texts=texts), column_form(bool, texts=texts)


class SqlInbox:
    """core.ports.Inbox on one connection."""

    def __init__(self, statements: InboxStatements, link: Link, vault: Vault) -> None:
        self._sql, self._run, self._many, self._vault = statements, link.run, link.many, vault

    def put(self, message: Message) -> bool:
        """core.ports.Inbox.put."""
        context = sealed_for(message.source, message.key)
        body = self._vault.encrypt(message.body.encode(), context)
        at = self._moment(message.received_at)
        row = (message.source, message.key, message.digest, body, at, True)
        if self._run(self._sql.put, row).rowcount == 1:
            return True
        known = self._run(self._sql.digest, (message.source, message.key)).fetchone()
        if known[0] != message.digest:
            raise Altered(message.source)
        return False

    def is_open(self, source: str, key: str) -> bool:
        """core.ports.Inbox.is_open."""
        row = self._run(self._sql.is_open, (source, key)).fetchone()
        return row is not None and bool(row[0])

    def settle(self, source: str, keys: Iterable[str]) -> None:
        """core.ports.Inbox.settle."""
        self._many(self._sql.settle, [(False, source, key) for key in keys])

    def open(self, source: str, limit: int = 1000) -> list[Message]:
        """core.ports.Inbox.open."""
        unpack = self._sql.moment.unpack
        rows = self._run(self._sql.open.text, self._sql.open.bind({"s": source, "limit": limit})).fetchall()
        return [
            Message(source, key, self._vault.decrypt(body, sealed_for(source, key)).decode(), unpack(at), digest)  # type: ignore[misc]
            for key, body, at, digest in rows
        ]

    def forget(self, source: str, before: datetime) -> int:
        """core.ports.Inbox.forget."""
        return self._run(self._sql.forget, (source, self._moment(before))).rowcount

    def _moment(self, moment: datetime) -> object:
        pack = self._sql.moment.pack
        return pack(moment) if pack else moment


def sealed_for(source: str, key: str) -> str:
    """What a message's body is sealed for."""
    return f"inbox.body|{source}|{key}"
