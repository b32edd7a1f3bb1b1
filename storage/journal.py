"""The books over their three tables: entries (with their place in the chain), legs, and balances kept in step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Dialect, bindparam, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import Gone
from core.ids import OrderId
from core.ledger.chain import ROOT, Posting, Record
from core.ledger.journal import Entry, Leg
from core.money import Asset, Money, asset
from core.ports import Duplicate
from storage.codec import column_form
from storage.faults import Conflict
from storage.link import Link, Sql, compiled
from storage.statements import insert_unless_known
from storage.tables import table

_LAST = chr(0x10FFFF)  # sorts after every other character


_PAGE = 500  # entries read at once: a walk through the whole journal holds no more in memory


_DAWN, _DUSK = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def _entry(record: Record) -> Entry:
    legs = tuple(Leg(account, Money(minor, asset(code))) for account, minor, code in record.legs)
    return Entry(record.key, record.at, record.kind, legs, OrderId(record.order) if record.order else None)


class JournalStatements:
    """The SQL of the books, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.moment = column_form(datetime, texts=dialect.name == "sqlite")
        self._writing()
        self._reading()
        self._adding_up()
        self._walking()

    def _sql(self, statement: Any) -> Sql:
        return compiled(statement, self._dialect)

    def _writing(self) -> None:
        entries, legs, balances = table("entries"), table("legs"), table("balances")
        columns = ("entry", "account", "amount_minor", "amount_asset")
        leg = {name: bindparam(name, type_=legs.c[name].type) for name in columns}
        new = insert_unless_known(entries, self._dialect, ("key", "at", "kind", "order"))
        self.entry = self._sql(new.returning(entries.c.seq)).text
        self.leg = self._sql(legs.insert().values(leg).inline()).text
        build = postgresql.insert if self._dialect.name == "postgresql" else sqlite.insert
        fold = build(balances).values({c.name: bindparam(c.name, type_=c.type) for c in balances.columns})
        self.balance = self._sql(
            fold.on_conflict_do_update(
                index_elements=[balances.c.account, balances.c.asset],
                set_={"minor": balances.c.minor + fold.excluded.minor},
            )
        ).text
        place = {name: bindparam(f"v_{name}", type_=entries.c[name].type) for name in ("number", "link")}
        unsealed = entries.c.number.is_(None)
        self.chain = self._sql(update(entries).where(entries.c.seq == bindparam("of"), unsealed).values(place))

    def _reading(self) -> None:
        entries, legs, balances = table("entries"), table("legs"), table("balances")
        of_key = entries.c.key == bindparam("key")
        self.posted = self._sql(select(entries.c.kind).where(of_key)).text
        one = select(entries.c.seq, entries.c.at, entries.c.kind, entries.c.order).where(of_key)
        self.one = self._sql(one).text
        parts = (legs.c.account, legs.c.amount_minor, legs.c.amount_asset)
        self.legs_of_one = self._sql(select(*parts).where(legs.c.entry == bindparam("of")).order_by(legs.c.seq)).text
        of_account = (balances.c.account == bindparam("account"), balances.c.asset == bindparam("asset"))
        self.of = self._sql(select(balances.c.minor).where(*of_account)).text
        self.legs = self._sql(
            select(*parts)
            .join_from(legs, entries, legs.c.entry == entries.c.seq)
            .where(entries.c.order == bindparam("order"))
            .order_by(legs.c.seq)
        ).text
        head = select(entries.c.number, entries.c.link).where(entries.c.number.is_not(None))
        self.head = self._sql(head.order_by(entries.c.number.desc()).limit(1))
        self.count = self._sql(select(func.count(), func.count(entries.c.number)).select_from(entries)).text

    def _adding_up(self) -> None:
        entries, legs, balances = table("entries"), table("legs"), table("balances")
        total = func.sum(legs.c.amount_minor)
        then = entries.c.at <= bindparam("at", type_=entries.c.at.type)
        posted_then = select(total).join_from(legs, entries, legs.c.entry == entries.c.seq).where(then)
        place = (legs.c.account, legs.c.amount_asset)
        first: Any = bindparam("first")
        last: Any = bindparam("last")
        self.of_then = self._sql(
            posted_then.where(legs.c.account == bindparam("account"), legs.c.amount_asset == bindparam("asset"))
        )
        self.totals_then = self._sql(
            posted_then.add_columns(*place)
            .where(legs.c.account >= first, legs.c.account < last)
            .group_by(*place)
            .order_by(*place)
        )
        self.totals = self._sql(
            select(balances.c.account, balances.c.asset, balances.c.minor)
            .where(balances.c.account >= first, balances.c.account < last)
            .order_by(balances.c.account, balances.c.asset)
        ).text
        self.fold = self._sql(select(*place, total).group_by(*place).order_by(*place)).text
        after = tuple_(balances.c.account, balances.c.asset) > tuple_(bindparam("account"), bindparam("asset"))
        self.balances = self._sql(
            select(balances.c.account, balances.c.asset, balances.c.minor)
            .where(after)
            .order_by(balances.c.account, balances.c.asset)
            .limit(bindparam("limit"))
        )

    def _walking(self) -> None:
        """Pages of entries with their legs: the sealed ones by number, the others by arrival, and those of an order."""
        entries = table("entries")
        after: Any = bindparam("after")
        limit: Any = bindparam("limit")
        number, seq = entries.c.number, entries.c.seq
        self.sealed = self._page(number > after, number, limit)
        self.unsealed = self._page((number.is_(None)) & (seq > after), seq, limit)
        self.of_order = self._page((entries.c.order == bindparam("order")) & (seq > after), seq, limit)
        at, legs = entries.c.at, table("legs")
        touching = seq.in_(select(legs.c.entry).where(legs.c.account == bindparam("account")))
        within = (at >= bindparam("since", type_=at.type)) & (at < bindparam("until", type_=at.type))
        self.of_account = self._page(touching & within & (seq > after), seq, limit)

    def _page(self, which: Any, order: Any, limit: Any) -> Sql:
        entries, legs = table("entries"), table("legs")
        page = select(entries).where(which).order_by(order).limit(limit).subquery("page")
        names = ("seq", "key", "at", "kind", "order", "number", "link")
        columns = [*(page.c[name] for name in names), legs.c.account, legs.c.amount_minor, legs.c.amount_asset]
        both = page.outerjoin(legs, legs.c.entry == page.c.seq)
        return self._sql(select(*columns).select_from(both).order_by(page.c[order.name], legs.c.seq))


class SqlJournal:
    """core.ports.Journal on one connection."""

    def __init__(self, statements: JournalStatements, link: Link) -> None:
        self._sql, self._link = statements, link

    def post(self, entry: Entry) -> None:
        """core.ports.Journal.post."""
        new = self._link.run(self._sql.entry, (entry.key, self._packed(entry.at), entry.kind, entry.order)).fetchall()
        if not new:
            raise Duplicate("entries")
        seq = new[0][0]
        legs = [(seq, leg.account, leg.amount.minor, leg.amount.asset.code) for leg in entry.legs]
        self._link.many(self._sql.leg, legs)
        sums: Counter[tuple[str, str]] = Counter()
        for _, account, minor, code in legs:
            sums[account, code] += minor
        # In one order everywhere, so that two entries that touch the same accounts cannot wait for each other.
        self._link.many(self._sql.balance, [(*account, minor) for account, minor in sorted(sums.items())])

    def _packed(self, at: datetime) -> Any:
        pack = self._sql.moment.pack
        return pack(at) if pack else at

    def _unpacked(self, at: Any) -> datetime:
        unpack = self._sql.moment.unpack
        moment: datetime = unpack(at) if unpack else at
        return moment

    def posted(self, key: str) -> bool:
        """core.ports.Journal.posted."""
        return self._link.run(self._sql.posted, (key,)).fetchone() is not None

    def entry(self, key: str) -> Entry:
        """core.ports.Journal.entry."""
        found = self._link.run(self._sql.one, (key,)).fetchone()
        if found is None:
            raise Gone
        seq, at, kind, order = found
        legs = self._link.run(self._sql.legs_of_one, (seq,)).fetchall()
        return Entry(
            key,
            self._unpacked(at),
            kind,
            tuple(Leg(account, Money(minor, asset(code))) for account, minor, code in legs),
            OrderId(order) if order else None,
        )

    def balance(self, account: str, of: Asset, at: datetime | None = None) -> Money:
        """core.ports.Journal.balance."""
        if at is None:
            row = self._link.run(self._sql.of, (account, of.code)).fetchone()
        else:
            sql = self._sql.of_then
            values = {"account": account, "asset": of.code, "at": self._packed(at)}
            row = self._link.run(sql.text, sql.bind(values)).fetchone()
        return Money(int(row[0] or 0) if row else 0, of)

    def legs_of(self, order: OrderId) -> list[Leg]:
        """core.ports.Journal.legs_of."""
        rows = self._link.run(self._sql.legs, (order,)).fetchall()
        return [Leg(account, Money(minor, asset(code))) for account, minor, code in rows]

    def totals(self, prefix: str, at: datetime | None = None) -> dict[tuple[str, str], int]:
        """core.ports.Journal.totals."""
        if at is None:
            rows = self._link.run(self._sql.totals, (prefix, prefix + _LAST)).fetchall()
            return {(account, code): minor for account, code, minor in rows}
        sql = self._sql.totals_then
        values = {"first": prefix, "last": prefix + _LAST, "at": self._packed(at)}
        rows = self._link.run(sql.text, sql.bind(values)).fetchall()
        return {(account, code): int(minor) for minor, account, code in rows}

    def fold(self) -> dict[tuple[str, str], int]:
        """What the balances must be: every leg there is, summed anew. For audits; reads the whole journal."""
        return {(account, code): int(minor) for account, code, minor in self._link.run(self._sql.fold).fetchall()}

    def count(self) -> tuple[int, int]:
        """core.ports.Journal.count."""
        entries, sealed = self._link.run(self._sql.count).fetchone()
        return entries, sealed

    def history(self, order: OrderId) -> list[Record]:
        """core.ports.Journal.history."""
        return list(self._pages(self._sql.of_order, "seq", {"order": order}))

    def entries_of(self, account: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """core.ports.Journal.entries_of."""
        span = {"since": self._packed(since or _DAWN), "until": self._packed(until or _DUSK)}
        return [_entry(one) for one in self._pages(self._sql.of_account, "seq", {"account": account, **span})]

    def walk(self) -> Iterator[Record]:
        """core.ports.Journal.walk."""
        yield from self._pages(self._sql.sealed, "number", {})
        yield from self._pages(self._sql.unsealed, "seq", {})

    def balances(self) -> Iterator[Posting]:
        """core.ports.Journal.balances."""
        account = code = ""
        while rows := self._rows(self._sql.balances, {"account": account, "asset": code, "limit": _PAGE}):
            for account, code, minor in rows:
                yield account, minor, code

    def head(self) -> tuple[int, str]:
        """core.ports.Journal.head."""
        rows = self._rows(self._sql.head, {})
        return (rows[0][0], rows[0][1]) if rows else (0, ROOT)

    def unsealed(self, limit: int) -> list[Record]:
        """core.ports.Journal.unsealed."""
        return self._records(self._sql.unsealed, {"after": -(2**63), "limit": limit})

    def chain(self, links: Iterable[tuple[int, int, str]]) -> None:
        """core.ports.Journal.chain."""
        sql = self._sql.chain
        for seq, number, link in links:
            change = self._link.run(sql.text, sql.bind({"of": seq, "v_number": number, "v_link": link}))
            if change.rowcount != 1:
                raise Conflict

    def _pages(self, sql: Sql, by: str, values: dict[str, Any]) -> Iterator[Record]:
        after = -(2**63)  # before everything, whatever somebody has written there
        while page := self._records(sql, values | {"after": after, "limit": _PAGE}):
            yield from page
            after = getattr(page[-1], by)

    def _records(self, sql: Sql, values: dict[str, Any]) -> list[Record]:
        """Rows of a page, one for each leg, put together."""
        records = []
        for (seq, key, at, kind, order, number, link), rows in groupby(self._rows(sql, values), lambda row: row[:7]):
            legs = tuple(row[7:] for row in rows if row[7] is not None)
            records.append(Record(seq, key, self._unpacked(at), kind, order, legs, number, link))
        return records

    def _rows(self, sql: Sql, values: dict[str, Any]) -> Sequence[Any]:
        rows: Sequence[Any] = self._link.run(sql.text, sql.bind(values)).fetchall()
        return rows
