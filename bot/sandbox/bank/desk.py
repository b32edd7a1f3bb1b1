"""What every desk of the bank stands on: books, messages, clock, and the posting of one payment."""

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.sandbox.bank.books import Books, InsufficientFundsError
from bot.sandbox.bank.messages import Messages
from bot.sandbox.bank.notices import Payment, camt054, pix_webhook

ISPB = "99990000"  # the bank's number in the Pix system


@dataclass(frozen=True)
class MerchantAccounts:
    """The merchant's two accounts at this bank. The names are those the bank's directory gives a payer."""

    iban: str = "DE59999900001000000001"
    bic: str = "PCKTDEFFXXX"
    name: str = "Sampan Demo Shop"
    pix_key: str = "7f6844d0-de89-47e5-9ef7-e0a35a681615"
    pix_name: str = "Sampan Demo Shop"
    pix_city: str = "Sao Paulo"


@dataclass
class Refused(Exception):
    """The bank does not do it. `code` is for programs, `says` for people, `status` is HTTP's."""

    code: str
    says: str
    status: int = 422


class Desk:
    """The books, the queue of messages, the clock and the dice. Synchronous: every verb is one SQLite transaction."""

    def __init__(
        self,
        books: Books,
        messages: Messages,
        merchant: MerchantAccounts,
        clock: Callable[[], float],
        rng: random.Random,
    ) -> None:
        self.books, self.messages, self.merchant, self.clock, self.rng = books, messages, merchant, clock, rng

    def post(self, payment: Payment, text: str) -> None:
        try:
            booking = self.books.book("payment", text, payment.payer.id, payment.payee.id, payment.cents)
        except InsufficientFundsError:
            raise Refused("insufficient_funds", "There is not enough money on the account.", 409) from None
        self.books.db.execute(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (payment.id, payment.rail, booking, payment.payer.id, payment.payee.id, payment.cents, payment.reference,
             payment.text, payment.at),
        )  # fmt: skip
        self.books.db.execute("INSERT INTO end_to_end VALUES (?, ?)", (payment.id, payment.end_to_end_id))

    def tell(self, payment: Payment, *, credit: bool) -> None:
        if payment.rail == "pix":
            self.messages.add("pix", pix_webhook(payment))
            return
        (number,) = self.books.db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM message").fetchone()
        account = payment.payee if credit else payment.payer
        self.messages.add("camt054", camt054(payment, account=account, credit=credit, number=number))

    def payment(self, row: Any) -> Payment:
        payer, payee = self.books.get(row["payer"]), self.books.get(row["payee"])
        named = self.books.db.execute("SELECT name FROM end_to_end WHERE payment = ?", (row["id"],)).fetchone()
        came_back = self.books.db.execute("SELECT reason FROM sent WHERE returned = ?", (row["id"],)).fetchone()
        return Payment(
            row["id"], row["rail"], payer, payee, row["cents"], row["reference"], row["text"], row["at"],
            named["name"] if named else "NOTPROVIDED", came_back["reason"] if came_back else "",
        )  # fmt: skip

    def pix_id(self, letter: str) -> str:
        """E or D, ISPB, minute in UTC, eleven letters or digits: 32 characters (Pix message catalogue)."""
        minute = datetime.fromtimestamp(self.clock(), UTC).strftime("%Y%m%d%H%M")
        return f"{letter}{ISPB}{minute}" + "".join(self.rng.choices(string.ascii_letters + string.digits, k=11))

    def transaction_id(self) -> str:
        return "PCKT" + "".join(self.rng.choices(string.ascii_uppercase + string.digits, k=16))


def amount_of(text: object) -> Decimal:
    """A positive amount with at most two decimals, or Refused."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", text) or not Decimal(text):
        raise Refused("amount_invalid", "The amount must be positive, with at most two decimals.", 400)
    return Decimal(text)
