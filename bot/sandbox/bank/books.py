"""The bank's double-entry books in one SQLite file: accounts, bookings, postings. Amounts are whole cents.

Every booking's postings sum to zero, so all accounts together always do; money comes from "world", the only account
that may go below zero. Methods only run statements: the caller holds the transaction (`with books.db:`).
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from bot.sandbox.bank.checks import make_iban

POCKET_MONEY = {"EUR": 5_000_00, "BRL": 25_000_00}
BANK_CODE = "99990000"  # no German bank has it
WORLD = "world"

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, currency TEXT NOT NULL,
    iban TEXT UNIQUE, pix_key TEXT UNIQUE, closed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS booking (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS posting (
    booking INTEGER NOT NULL REFERENCES booking, account TEXT NOT NULL REFERENCES account,
    cents INTEGER NOT NULL, PRIMARY KEY (booking, account));
CREATE INDEX IF NOT EXISTS posting_account ON posting (account);
CREATE TABLE IF NOT EXISTS payment (
    id TEXT PRIMARY KEY, rail TEXT NOT NULL, booking INTEGER NOT NULL REFERENCES booking,
    payer TEXT NOT NULL REFERENCES account, payee TEXT NOT NULL REFERENCES account, cents INTEGER NOT NULL,
    reference TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refund (
    payment TEXT NOT NULL REFERENCES payment, id TEXT NOT NULL, rtr_id TEXT NOT NULL, cents INTEGER NOT NULL,
    asked REAL NOT NULL, settled REAL, status TEXT NOT NULL, reason TEXT, PRIMARY KEY (payment, id));
CREATE TABLE IF NOT EXISTS pain (msg_id TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent (
    end_to_end TEXT PRIMARY KEY, payment TEXT NOT NULL REFERENCES payment, returned TEXT REFERENCES payment,
    reason TEXT);
CREATE TABLE IF NOT EXISTS planned (id INTEGER PRIMARY KEY, due REAL NOT NULL, request TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, created REAL NOT NULL,
    next_at REAL, tries INTEGER NOT NULL DEFAULT 0, delivered_at REAL);
CREATE TABLE IF NOT EXISTS attempt (
    message INTEGER NOT NULL REFERENCES message, at REAL NOT NULL, kind TEXT NOT NULL, status INTEGER, fault TEXT);
CREATE TABLE IF NOT EXISTS end_to_end (payment TEXT PRIMARY KEY REFERENCES payment, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS statement (id INTEGER PRIMARY KEY, at REAL NOT NULL, last_booking INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reported (kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, id));
"""


class InsufficientFundsError(Exception):
    """The account to be debited holds less than the amount."""


@dataclass(frozen=True)
class Account:
    """One account. `owner` is a person's id, "merchant" or "world"."""

    id: str
    owner: str
    name: str
    currency: str
    iban: str | None
    pix_key: str | None
    closed: bool


class Books:
    """Opens (or makes) the books at `path`; None keeps them in memory. `clock` gives Unix seconds."""

    def __init__(self, path: Path | None, clock: Callable[[], float]) -> None:
        self.clock = clock
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path or ":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.executescript(SCHEMA)
        with self.db:
            for currency in POCKET_MONEY:
                self.open_account(Account(f"{WORLD}:{currency}", WORLD, "Other banks", currency, None, None, False))

    def close(self) -> None:
        self.db.close()

    def hurry(self, hurried: bool) -> None:
        """True: bookings are not waited for until they are on disk, for a past that can be made anew."""
        self.db.execute(f"PRAGMA synchronous={'OFF' if hurried else 'FULL'}")

    # ---- accounts ----

    def open_account(self, account: Account) -> None:
        """Opens it, or brings the name and numbers of an open one up to date."""
        self.db.execute(
            "INSERT INTO account (id, owner, name, currency, iban, pix_key) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, iban = excluded.iban, pix_key = excluded.pix_key",
            (account.id, account.owner, account.name, account.currency, account.iban, account.pix_key),
        )

    def find(self, column: str, value: str) -> Account | None:
        """The account whose id, iban or pix_key is `value`."""
        assert column in ("id", "iban", "pix_key")
        row = self.db.execute(f"SELECT * FROM account WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
        return _account(row) if row else None

    def get(self, account_id: str) -> Account:
        found = self.find("id", account_id)
        if found is None:
            raise KeyError(account_id)
        return found

    def person(self, person: str, name: str | None = None) -> list[Account]:
        """The EUR and BRL accounts of a person, opened with pocket money at the first use. A new `name` is kept."""
        if self.find("id", f"{person}:EUR") is None:
            self._welcome(person, name or f"Customer {person}")
        elif name:
            self.db.execute("UPDATE account SET name = ? WHERE owner = ?", (name[:70], person))
        return [self.get(f"{person}:{currency}") for currency in POCKET_MONEY]

    def _welcome(self, person: str, name: str) -> None:
        number = int(person) % 10**10 if person.isdigit() else uuid5(NAMESPACE_OID, person).int % 10**10
        while self.find("iban", iban := make_iban("DE", f"{BANK_CODE}{number:010d}")):
            number = (number + 1) % 10**10
        key = str(uuid5(NAMESPACE_OID, f"pix {person}"))
        self.open_account(Account(f"{person}:EUR", person, name[:70], "EUR", iban, None, False))
        self.open_account(Account(f"{person}:BRL", person, name[:70], "BRL", None, key, False))
        for currency, cents in POCKET_MONEY.items():
            self.book("pocket_money", "Pocket money", f"{WORLD}:{currency}", f"{person}:{currency}", cents)

    def close_accounts(self, person: str) -> None:
        """What is sent there from now on comes back."""
        self.db.execute("UPDATE account SET closed = 1 WHERE owner = ?", (person,))

    def balance(self, account_id: str) -> int:
        row = self.db.execute("SELECT COALESCE(SUM(cents), 0) FROM posting WHERE account = ?", (account_id,)).fetchone()
        return int(row[0])

    # ---- bookings ----

    def book(self, kind: str, text: str, debit: str, credit: str, cents: int) -> int:
        """Moves `cents` > 0 from `debit` to `credit`; gives the booking's number. InsufficientFundsError when short."""
        assert cents > 0
        assert self.get(debit).currency == self.get(credit).currency
        if self.get(debit).owner != WORLD and self.balance(debit) < cents:
            raise InsufficientFundsError(debit)
        cursor = self.db.execute("INSERT INTO booking (at, kind, text) VALUES (?, ?, ?)", (self.clock(), kind, text))
        booking = int(cursor.lastrowid or 0)
        self.db.executemany(
            "INSERT INTO posting (booking, account, cents) VALUES (?, ?, ?)",
            [(booking, debit, -cents), (booking, credit, cents)],
        )
        return booking

    def entries(self, account_id: str, limit: int = 100) -> list[dict[str, Any]]:
        """The newest entries first: cents with their sign, the other side's name, the balance after each."""
        rows = self.db.execute(
            "SELECT b.id, b.at, b.kind, b.text, p.cents, a.name AS other,"
            " SUM(p.cents) OVER (ORDER BY b.id) AS after FROM posting p JOIN booking b ON b.id = p.booking"
            " JOIN posting q ON q.booking = p.booking AND q.account <> p.account JOIN account a ON a.id = q.account"
            " WHERE p.account = ? ORDER BY b.id DESC LIMIT ?",
            (account_id, limit),
        )
        return [dict(row) for row in rows]

    def whole(self) -> dict[str, Any]:
        """Every account with its balance, every booking with its postings, and the sum per currency (always zero)."""
        accounts = [
            {**_account(row).__dict__, "cents": self.balance(row["id"])}
            for row in self.db.execute("SELECT * FROM account ORDER BY id")
        ]
        bookings: dict[int, dict[str, Any]] = {
            row["id"]: {**dict(row), "postings": {}} for row in self.db.execute("SELECT * FROM booking ORDER BY id")
        }
        for row in self.db.execute("SELECT * FROM posting"):
            bookings[row["booking"]]["postings"][row["account"]] = row["cents"]
        totals = dict.fromkeys(POCKET_MONEY, 0)
        for account in accounts:
            totals[account["currency"]] += account["cents"]
        return {"accounts": accounts, "bookings": list(bookings.values()), "totals": totals}


def _account(row: sqlite3.Row) -> Account:
    return Account(
        row["id"], row["owner"], row["name"], row["currency"], row["iban"], row["pix_key"], bool(row["closed"])
    )
