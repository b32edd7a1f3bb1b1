"""The books over their three tables: entries, legs, and balances kept in step with them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import Dialect, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import Gone
from core.ids import OrderId
from core.ledger.journal import Entry, Leg
from core.money import Asset, Money, asset
from core.ports import Duplicate
from storage.codec import column_form
from storage.link import Link, compiled
from storage.statements import insert_unless_known
from storage.tables import table

_LAST = chr(0x10FFFF)  # sorts after every other character


class JournalStatements:
    """The SQL of the books, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        entries, legs, balances = table("entries"), table("legs"), table("balances")
        columns = ("entry", "account", "amount_minor", "amount_asset")
        leg = {name: bindparam(name, type_=legs.c[name].type) for name in columns}
        self.entry = compiled(insert_unless_known(entries, dialect), dialect).text
        self.leg = compiled(legs.insert().values(leg).inline(), dialect).text
        build = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        fold = build(balances).values({c.name: bindparam(c.name, type_=c.type) for c in balances.columns})
        self.balance = compiled(
            fold.on_conflict_do_update(
                index_elements=[balances.c.account, balances.c.asset],
                set_={"minor": balances.c.minor + fold.excluded.minor},
            ),
            dialect,
        ).text
        self.posted = compiled(select(entries.c.kind).where(entries.c.key == bindparam("key")), dialect).text
        self.one = compiled(
            select(entries.c.at, entries.c.kind, entries.c.order).where(entries.c.key == bindparam("key")), dialect
        ).text
        self.legs_of_one = compiled(
            select(legs.c.account, legs.c.amount_minor, legs.c.amount_asset)
            .where(legs.c.entry == bindparam("key"))
            .order_by(legs.c.seq),
            dialect,
        ).text
        self.of = compiled(
            select(balances.c.minor).where(
                balances.c.account == bindparam("account"), balances.c.asset == bindparam("asset")
            ),
            dialect,
        ).text
        self.legs = compiled(
            select(legs.c.account, legs.c.amount_minor, legs.c.amount_asset)
            .join_from(legs, entries, legs.c.entry == entries.c.key)
            .where(entries.c.order == bindparam("order"))
            .order_by(legs.c.seq),
            dialect,
        ).text
        self.totals = compiled(
            select(balances.c.account, balances.c.asset, balances.c.minor)
            .where(balances.c.account >= bindparam("first"), balances.c.account < bindparam("last"))
            .order_by(balances.c.account, balances.c.asset),
            dialect,
        ).text
        self.fold = compiled(
            select(legs.c.account, legs.c.amount_asset, func.sum(legs.c.amount_minor))
            .group_by(legs.c.account, legs.c.amount_asset)
            .order_by(legs.c.account, legs.c.amount_asset),
            dialect,
        ).text
        self.moment = column_form(datetime, texts=dialect.name == "sqlite")


class SqlJournal:
    """core.ports.Journal on one connection."""

    def __init__(self, statements: JournalStatements, link: Link) -> None:
        self._sql, self._link = statements, link

    def post(self, entry: Entry) -> None:
        """core.ports.Journal.post."""
        pack = self._sql.moment.pack
        at = pack(entry.at) if pack else entry.at
        if self._link.run(self._sql.entry, (entry.key, at, entry.kind, entry.order)).rowcount != 1:
            raise Duplicate("entries")
        legs = [(entry.key, leg.account, leg.amount.minor, leg.amount.asset.code) for leg in entry.legs]
        self._link.many(self._sql.leg, legs)
        sums: Counter[tuple[str, str]] = Counter()
        for _, account, minor, code in legs:
            sums[account, code] += minor
        # In one order everywhere, so that two entries that touch the same accounts cannot wait for each other.
        self._link.many(self._sql.balance, [(*account, minor) for account, minor in sorted(sums.items())])

    def posted(self, key: str) -> bool:
        """core.ports.Journal.posted."""
        return self._link.run(self._sql.posted, (key,)).fetchone() is not None

    def entry(self, key: str) -> Entry:
        """core.ports.Journal.entry."""
        found = self._link.run(self._sql.one, (key,)).fetchone()
        if found is None:
            raise Gone
        at, kind, order = found
        unpack = self._sql.moment.unpack
        legs = self._link.run(self._sql.legs_of_one, (key,)).fetchall()
        return Entry(
            key,
            unpack(at) if unpack else at,
            kind,
            tuple(Leg(account, Money(minor, asset(code))) for account, minor, code in legs),
            OrderId(order) if order else None,
        )

    def balance(self, account: str, of: Asset) -> Money:
        """core.ports.Journal.balance."""
        row = self._link.run(self._sql.of, (account, of.code)).fetchone()
        return Money(row[0] if row else 0, of)

    def legs_of(self, order: OrderId) -> list[Leg]:
        """core.ports.Journal.legs_of."""
        rows = self._link.run(self._sql.legs, (order,)).fetchall()
        return [Leg(account, Money(minor, asset(code))) for account, minor, code in rows]

    def totals(self, prefix: str) -> dict[tuple[str, str], int]:
        """core.ports.Journal.totals."""
        rows = self._link.run(self._sql.totals, (prefix, prefix + _LAST)).fetchall()
        return {(account, code): minor for account, code, minor in rows}

    def fold(self) -> dict[tuple[str, str], int]:
        """What the balances must be: every leg there is, summed anew. For audits; reads the whole journal."""
        return {(account, code): int(minor) for account, code, minor in self._link.run(self._sql.fold).fetchall()}
