"""The payer's bank: a customer disputes a payment; the bank takes it back from the merchant, and decides in the end.

SEPA: the money and a fee are taken at once, and the merchant is told by a message of the bank's own (a case with an
id). Pix: the amount is blocked by the central bank's Mecanismo Especial de Devolução and goes when the merchant loses;
told by the Pix webhook as a devolução with `natureza` MED_FRAUDE. Nobody answers in time: the payer is right.
"""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.sandbox.bank.books import WORLD, InsufficientFundsError
from bot.sandbox.bank.desk import Desk, Refused
from bot.sandbox.bank.notices import Payment, decimal, iso, pix_object

FEE = 15_00  # cents, for a SEPA case
DAYS = 7  # the merchant's time to send evidence
SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (
    id TEXT PRIMARY KEY, payment TEXT NOT NULL UNIQUE REFERENCES payment, reason TEXT NOT NULL, state TEXT NOT NULL,
    at REAL NOT NULL, respond_by REAL NOT NULL, decided REAL, taken INTEGER, back INTEGER);
"""


class Claims(Desk):
    """Opens and decides cases. `state`: opened, won (by the merchant), lost."""

    def prepare(self) -> None:
        """Its table, in books that may be older than it."""
        self.books.db.executescript(SCHEMA)

    def open(self, booking: int, person: str, reason: str = "AM05") -> dict[str, Any]:
        """A customer disputes the payment of one of their entries. Once a payment."""
        db = self.books.db
        with db:
            row = db.execute("SELECT * FROM payment WHERE booking = ?", (booking,)).fetchone()
            if (
                row is None
                or not str(row["payer"]).startswith(f"{person}:")
                or row["payee"].split(":")[0] != "merchant"
            ):
                raise Refused("no_payment", "That is no payment of yours to a shop.", 404)
            if db.execute("SELECT 1 FROM claim WHERE payment = ?", (row["id"],)).fetchone():
                raise Refused("disputed_already", "That payment is disputed already.", 409)
            paid, case = self.payment(row), "CASE" + self.transaction_id()[4:14]
            taken = self._take(paid, FEE) if paid.rail == "sepa" else None
            db.execute(
                "INSERT INTO claim VALUES (?, ?, ?, 'opened', ?, ?, NULL, ?, NULL)",
                (case, paid.id, reason, self.clock(), self.clock() + DAYS * 86_400, taken),
            )
            claim = self._get(case)
            self._tell(claim, paid)
        return claim

    def decide(self, case: str, *, won: bool) -> dict[str, Any]:
        """The bank has looked at what both sides say. `won`: by the merchant."""
        db = self.books.db
        with db:
            claim = self._get(case)
            if claim["state"] != "opened":
                raise Refused("decided", "That case is decided.", 409)
            paid = self._paid(claim)
            if paid.rail == "sepa" and won:
                db.execute("UPDATE claim SET back = ? WHERE id = ?", (self._give(paid), case))
            if paid.rail == "pix" and not won:
                db.execute("UPDATE claim SET taken = ? WHERE id = ?", (self._take(paid, 0), case))
            state = "won" if won else "lost"
            db.execute("UPDATE claim SET state = ?, decided = ? WHERE id = ?", (state, self.clock(), case))
            claim = self._get(case)
            self._tell(claim, paid)
        return claim

    def decide_overdue(self) -> None:
        """The merchant's time is over: for the payer."""
        rows = self.books.db.execute(
            "SELECT id FROM claim WHERE state = 'opened' AND respond_by <= ?", (self.clock(),)
        ).fetchall()
        for row in rows:
            self.decide(row["id"], won=False)

    def all(self) -> list[dict[str, Any]]:
        """Newest first, each with its payment's amount and currency."""
        rows = self.books.db.execute("SELECT * FROM claim ORDER BY at DESC, rowid DESC LIMIT 50").fetchall()
        shown = []
        for row in rows:
            paid = self._paid(row)
            shown.append({**dict(row), "amount": decimal(paid.cents), "currency": paid.payee.currency})
        return shown

    def entry_of(self, booking: int) -> Payment | None:
        """A booking of a case as the statement shows it: taken with its fee, or given back."""
        row = self.books.db.execute("SELECT * FROM claim WHERE taken = ? OR back = ?", (booking, booking)).fetchone()
        if row is None:
            return None
        paid = self._paid(row)
        if row["taken"] == booking:
            taken = replace(paid, id=row["id"], payer=paid.payee, payee=paid.payer, cents=paid.cents + FEE, fee=FEE)
            return replace(taken, at=row["at"], returned=row["reason"], end_to_end_id="NOTPROVIDED")
        return replace(paid, id=f"{row['id']}R", at=row["decided"], returned="FOCR", end_to_end_id="NOTPROVIDED")

    def pix_taken(self) -> list[tuple[str, Payment, float]]:
        """What the MED took: id of the devolução, payment, moment."""
        rows = self.books.db.execute("SELECT * FROM claim WHERE taken IS NOT NULL ORDER BY decided").fetchall()
        found = [(row["id"], self._paid(row), float(row["decided"] or row["at"])) for row in rows]
        return [one for one in found if one[1].rail == "pix"]

    def _get(self, case: str) -> dict[str, Any]:
        row = self.books.db.execute("SELECT * FROM claim WHERE id = ?", (case,)).fetchone()
        if row is None:
            raise Refused("no_case", "There is no such case.", 404)
        return dict(row)

    def _paid(self, claim: Any) -> Payment:
        return self.payment(self.books.db.execute("SELECT * FROM payment WHERE id = ?", (claim["payment"],)).fetchone())

    def _take(self, paid: Payment, fee: int) -> int:
        """From the merchant to the bank, and the amount on to the payer. The booking at the merchant's account."""
        world = f"{WORLD}:{paid.payee.currency}"
        try:
            booking = self.books.book("claim", "disputed payment", paid.payee.id, world, paid.cents + fee)
        except InsufficientFundsError:
            raise Refused("insufficient_funds", "There is not enough money on the shop's account.", 409) from None
        self.books.book("claim_back", "disputed payment", world, paid.payer.id, paid.cents)
        return booking

    def _give(self, paid: Payment) -> int:
        world = f"{WORLD}:{paid.payee.currency}"
        with suppress(InsufficientFundsError):  # spent: the bank's loss
            self.books.book("claim_lost", "disputed payment", paid.payer.id, world, paid.cents)
        return self.books.book("claim_won", "disputed payment", world, paid.payee.id, paid.cents)

    def _tell(self, claim: dict[str, Any], paid: Payment) -> None:
        if paid.rail == "pix":
            status = {"opened": "EM_PROCESSAMENTO", "won": "NAO_REALIZADO", "lost": "DEVOLVIDO"}[claim["state"]]
            returned = {
                "id": claim["id"],
                "rtrId": claim["id"],
                "valor": decimal(paid.cents),
                "natureza": "MED_FRAUDE",
                "horario": {"solicitacao": iso(claim["at"])},
                "status": status,
            }
            self.messages.add("pix", json.dumps({"pix": [pix_object(paid, [returned])]}, ensure_ascii=False))
            return
        told = {
            "case": claim["id"],
            "rail": paid.rail,
            "payment": paid.id,
            "stage": claim["state"],
            "amount": decimal(paid.cents),
            "currency": paid.payee.currency,
            "fee": decimal(FEE),
            "reason": claim["reason"],
            "round": 1,
            "taken": True,
            "at": iso(claim["decided"] or claim["at"]),
            "respond_by": iso(claim["respond_by"]),
        }
        self.messages.add("case", json.dumps(told))
