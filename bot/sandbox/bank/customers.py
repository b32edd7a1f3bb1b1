"""The desk for people: what a payment code says, and paying it."""

import json
from dataclasses import replace
from typing import Any

from bot.sandbox.bank.books import WORLD, Account
from bot.sandbox.bank.codes import Problem, Reading, read_code
from bot.sandbox.bank.desk import Desk, Refused, amount_of
from bot.sandbox.bank.notices import Payment, decimal

MODES = ("right", "late", "wrong_amount", "twice", "no_reference")


class Customers(Desk):
    """Reads codes and pays them from a person's account."""

    def holder_of(self, reading: Reading) -> Account | None:
        """Whose account the code names, as far as this bank knows."""
        return self.books.find("iban" if reading.scheme == "epc" else "pix_key", reading.account)

    def view(self, reading: Reading) -> dict[str, Any]:
        """A reading as JSON: what is wrong with the code, and what the payer should know before paying."""
        holder = self.holder_of(reading)
        warnings: list[Problem] = []
        if not reading.problems:
            if holder is None:
                warnings.append(
                    Problem("unknown_payee", "This bank does not know that account and cannot confirm the name.")
                )
            elif holder.name.casefold()[:25] != reading.payee.casefold()[:25]:
                warnings.append(
                    Problem("name_differs", f"The account belongs to {holder.name}, not to {reading.payee}.")
                )
            if reading.amount is None:
                warnings.append(Problem("amount_open", "The code names no amount: type it."))
            if not reading.reference:
                warnings.append(
                    Problem("no_reference", "The code has no reference: the payee may not find your order.")
                )
        return {
            "scheme": reading.scheme,
            "payload": reading.payload,
            "payee": reading.payee,
            "holder": holder.name if holder else None,
            "account": reading.account,
            "account_kind": {"epc": "iban", "pix": "pix_key"}.get(reading.scheme),
            "bic": reading.bic,
            "city": reading.city,
            "amount": f"{reading.amount:.2f}" if reading.amount is not None else None,
            "currency": reading.currency,
            "reference": reading.reference,
            "text": reading.text,
            "problems": [problem.__dict__ for problem in reading.problems],
            "warnings": [warning.__dict__ for warning in warnings],
            "payable": not reading.problems and (reading.scheme == "epc" or holder is not None),
        }

    def pay(
        self, person: str, payload: str, mode: str, amount: str | None, delay: float, name: str | None
    ) -> dict[str, Any]:
        """Pays a code, or plans it when `delay` (seconds of the bank's clock) is given. Refused says why not."""
        if mode not in MODES:
            raise Refused("unknown_mode", f"The mode is one of {', '.join(MODES)}.", 400)
        reading = read_code(payload)
        cents = self._cents_to_pay(reading, mode, amount)
        with self.books.db:
            accounts = self.books.person(person, name)
            if delay > 0:
                request = json.dumps({"person": person, "payload": payload, "mode": mode, "amount": amount})
                due = self.clock() + delay
                self.books.db.execute("INSERT INTO planned (due, request) VALUES (?, ?)", (due, request))
                return {"payments": [], "planned_for": due}
            payer = next(account for account in accounts if account.currency == reading.currency)
            payments = [
                self._pay_once(payer, reading, cents, with_reference=mode != "no_reference")
                for _ in range(2 if mode == "twice" else 1)
            ]
        return {"payments": [self._payment_view(payment) for payment in payments], "planned_for": None}

    def pay_planned(self) -> int:
        """Executes the planned payments that are due; one that is refused by now is dropped. Gives their number."""
        rows = self.books.db.execute("SELECT * FROM planned WHERE due <= ? ORDER BY id", (self.clock(),)).fetchall()
        for row in rows:
            request = json.loads(row["request"])
            with self.books.db:
                self.books.db.execute("DELETE FROM planned WHERE id = ?", (row["id"],))
            try:
                self.pay(request["person"], request["payload"], request["mode"], request["amount"], 0, None)
            except Refused:
                continue
        return len(rows)

    def _cents_to_pay(self, reading: Reading, mode: str, amount: str | None) -> int:
        if reading.problems:
            raise Refused("unpayable_code", reading.problems[0].says)
        asked = None if mode == "wrong_amount" else reading.amount
        if asked is None and amount is None:
            raise Refused("amount_missing", "Say which amount to pay.", 400)
        return int((asked or amount_of(amount)) * 100)

    def _pay_once(self, payer: Account, reading: Reading, cents: int, *, with_reference: bool) -> Payment:
        payee = self.holder_of(reading)
        if payee is None and reading.scheme == "pix":
            raise Refused("unknown_key", "The Pix directory does not know this key.")
        if payee is None:
            payee = replace(self.books.get(f"{WORLD}:EUR"), name=reading.payee, iban=reading.account)
        if payee.closed:
            raise Refused("account_closed", "The account of the payee is closed.")
        if payee.id == payer.id:
            raise Refused("own_account", "This is your own account.")
        identity = self.pix_id("E") if reading.scheme == "pix" else self.transaction_id()
        rail = "pix" if reading.scheme == "pix" else "sepa"
        reference, text = (reading.reference, reading.text) if with_reference else ("", "")
        payment = Payment(identity, rail, payer, payee, cents, reference, text, self.clock())
        self.post(payment, f"{rail} payment to {payee.name}")
        if payee.owner == "merchant":
            self.tell(payment, credit=True)
        return payment

    def _payment_view(self, payment: Payment) -> dict[str, Any]:
        return {
            "id": payment.id,
            "rail": payment.rail,
            "payee": payment.payee.name,
            "amount": decimal(payment.cents),
            "currency": payment.payer.currency,
            "reference": payment.reference,
            "at": payment.at,
        }
