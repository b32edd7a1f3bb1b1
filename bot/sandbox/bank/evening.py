"""The end of the bank's day: the merchant's statement (camt.053) and the report of what Pix brought, and cost.

The report is the CSV that the merchant's system asks for. It may be made to misbehave: to lose a line, to charge
another fee.
"""

import csv
import io
from typing import Any

from bot.sandbox.bank.books import WORLD
from bot.sandbox.bank.claims import Claims
from bot.sandbox.bank.desk import Desk
from bot.sandbox.bank.notices import decimal, iso, statement

PIX_FEE_BP = 99  # of each Pix received, in basis points; at least a cent
COLUMNS = ("account", "type", "id", "settled_at", "gross", "fee", "net", "txid", "our_id", "of", "batch")


class Evening(Desk):
    """Writes the day's reports of the merchant's accounts, from the bank's own books."""

    claims: Claims

    def end_day(self, *, lose: bool = False, fee_bp: int = PIX_FEE_BP) -> list[int]:
        """What was booked since the last day's end is told; the numbers of the messages. A quiet account tells nothing.

        `lose`: the first line of each report is left out, and never told again. `fee_bp`: another Pix fee.
        """
        with self.books.db:
            made = [self._statement(lose=lose), self._pix_report(lose=lose, fee_bp=fee_bp)]
        return [number for number in made if number is not None]

    # ---- the statement ----

    def _statement(self, *, lose: bool) -> int | None:
        db, account = self.books.db, self.books.get("merchant:EUR")
        (since,) = db.execute("SELECT COALESCE(MAX(last_booking), 0) FROM statement").fetchone()
        rows = db.execute(
            "SELECT p.booking, p.cents, b.at, b.text FROM posting p JOIN booking b ON b.id = p.booking"
            " WHERE p.account = ? AND p.booking > ? ORDER BY p.booking",
            (account.id, since),
        ).fetchall()
        if not rows:
            return None
        closing = self.books.balance(account.id)
        opening = closing - sum(row["cents"] for row in rows)
        cursor = db.execute(
            "INSERT INTO statement (at, last_booking) VALUES (?, ?)", (self.clock(), rows[-1]["booking"])
        )
        entries = [(row["cents"], self._payment_of(row["booking"])) for row in rows]
        told = [(cents, payment) for cents, payment in entries if payment is not None][int(lose) :]
        number = int(cursor.lastrowid or 0)
        text = statement(told, account=account, opening=opening, closing=closing, number=number, at=self.clock())
        return self.messages.add("camt053", text)

    def _payment_of(self, booking: int) -> Any:
        row = self.books.db.execute("SELECT * FROM payment WHERE booking = ?", (booking,)).fetchone()
        return self.payment(row) if row else self.claims.entry_of(booking)

    # ---- Pix ----

    def _pix_report(self, *, lose: bool, fee_bp: int) -> int | None:
        rows = [*self._paid(fee_bp), *self._given_back(), *self._sent(), *self._clawed_back()]
        if not rows:
            return None
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[int(lose) :])
        if len(rows) == int(lose):
            return None
        return self.messages.add("pix_report", out.getvalue())

    def _paid(self, fee_bp: int) -> list[dict[str, str]]:
        rows = self.books.db.execute(
            "SELECT * FROM payment WHERE rail = 'pix' AND payee = 'merchant:BRL'"
            " AND id NOT IN (SELECT id FROM reported WHERE kind = 'payment') ORDER BY booking"
        ).fetchall()
        fees = [self._charge(row, fee_bp) for row in rows]
        return [
            self._line("payment", row["id"], row["cents"], row["at"], fee, txid=row["reference"])
            for row, fee in zip(rows, fees, strict=True)
        ]

    def _charge(self, row: Any, fee_bp: int) -> int:
        wanted = max(1, (int(row["cents"]) * fee_bp + 5_000) // 10_000)
        fee = min(wanted, self.books.balance("merchant:BRL"))  # what is not there the bank goes without
        if fee:
            self.books.book("fee", "Pix fee", "merchant:BRL", f"{WORLD}:BRL", fee)
        return fee

    def _given_back(self) -> list[dict[str, str]]:
        rows = self.books.db.execute(
            "SELECT * FROM refund WHERE status = 'DEVOLVIDO'"
            " AND rtr_id NOT IN (SELECT id FROM reported WHERE kind = 'refund') ORDER BY settled, rowid"
        ).fetchall()
        return [
            self._line("refund", row["rtr_id"], -row["cents"], row["settled"], 0, our_id=row["id"], of=row["payment"])
            for row in rows
        ]

    def _sent(self) -> list[dict[str, str]]:
        rows = self.books.db.execute(
            "SELECT * FROM payment WHERE rail = 'pix' AND payer = 'merchant:BRL'"
            " AND id NOT IN (SELECT id FROM reported WHERE kind = 'payout') ORDER BY booking"
        ).fetchall()
        return [self._line("payout", row["id"], -row["cents"], row["at"], 0) for row in rows]

    def _clawed_back(self) -> list[dict[str, str]]:
        told = {row["id"] for row in self.books.db.execute("SELECT id FROM reported WHERE kind = 'chargeback'")}
        return [
            self._line("chargeback", case, -paid.cents, at, 0, of=paid.id)
            for case, paid, at in self.claims.pix_taken()
            if case not in told
        ]

    def _line(self, kind: str, identity: str, cents: int, at: float, fee: int, **more: str) -> dict[str, str]:
        self.books.db.execute("INSERT INTO reported VALUES (?, ?)", (kind, identity))
        return {
            "account": self.merchant.pix_key,
            "type": kind,
            "id": identity,
            "settled_at": iso(at),
            "gross": _signed(cents),
            "fee": _signed(fee),
            "net": _signed(cents - fee),
            **more,
        }


def _signed(cents: int) -> str:
    return f"-{decimal(-cents)}" if cents < 0 else decimal(cents)
