"""The desk for the merchant: received Pix, refunds of them, credit transfers from a pain.001."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.sandbox.bank.books import BANK_CODE, WORLD, Account, Books, InsufficientFundsError
from bot.sandbox.bank.checks import creditor_reference_is_valid, iban_is_valid
from bot.sandbox.bank.desk import Desk, MerchantAccounts, Refused, amount_of
from bot.sandbox.bank.messages import Messages
from bot.sandbox.bank.notices import Payment, decimal, iso, pix_object
from bot.sandbox.bank.pain import Batch, Order, Transfer, pain002, pain002_refusing


class Merchants(Desk):
    """`slow_refunds`: a Pix refund is first answered EM_PROCESSAMENTO and settles when it is asked about."""

    def __init__(
        self,
        books: Books,
        messages: Messages,
        merchant: MerchantAccounts,
        clock: Callable[[], float],
        rng: random.Random,
        slow_refunds: bool = False,
    ) -> None:
        super().__init__(books, messages, merchant, clock, rng)
        self.slow_refunds = slow_refunds
        with books.db:
            books.open_account(Account("merchant:EUR", "merchant", merchant.name, "EUR", merchant.iban, None, False))
            books.open_account(
                Account("merchant:BRL", "merchant", merchant.pix_name, "BRL", None, merchant.pix_key, False)
            )

    # ---- the merchant's Pix API ----

    def pix(self, payment_id: str) -> dict[str, Any] | None:
        """A Pix the merchant received, as the API shows it."""
        row = self.books.db.execute(
            "SELECT * FROM payment WHERE id = ? AND rail = 'pix' AND payee = 'merchant:BRL'", (payment_id,)
        ).fetchone()
        return pix_object(self.payment(row), self.refunds(payment_id)) if row else None

    def pix_between(self, start: float, end: float, txid: str | None) -> list[dict[str, Any]]:
        """The Pix the merchant received in a span of time (ends included), oldest first."""
        rows = self.books.db.execute(
            "SELECT * FROM payment WHERE rail = 'pix' AND payee = 'merchant:BRL' AND at BETWEEN ? AND ?"
            " AND (? IS NULL OR reference = ?) ORDER BY at, booking",
            (start, end, txid, txid),
        ).fetchall()
        return [pix_object(self.payment(row), self.refunds(row["id"])) for row in rows]

    def refunds(self, payment_id: str) -> list[dict[str, Any]]:
        rows = self.books.db.execute("SELECT * FROM refund WHERE payment = ? ORDER BY rowid", (payment_id,))
        return [_refund_view(row) for row in rows]

    def refund(self, payment_id: str, refund_id: str, valor: str) -> dict[str, Any]:
        """Gives a Pix back, wholly or in part. The same id and amount again answer what was done."""
        row = self.books.db.execute("SELECT * FROM payment WHERE id = ?", (payment_id,)).fetchone()
        if row is None or self.pix(payment_id) is None:
            raise Refused("PixNaoEncontrado", "No such Pix was received.", 404)
        cents = int(amount_of(valor) * 100)
        known = self._refund_row(payment_id, refund_id)
        if known is not None:
            if known["cents"] != cents:
                raise Refused("PixDevolucaoInvalida", "This id was used for another amount.", 400)
            return self.settle_refund(payment_id, refund_id)
        (given,) = self.books.db.execute(
            "SELECT COALESCE(SUM(cents), 0) FROM refund WHERE payment = ? AND status <> 'NAO_REALIZADO'", (payment_id,)
        ).fetchone()
        if given + cents > row["cents"]:
            raise Refused("PixDevolucaoInvalida", "All refunds together would exceed the Pix.", 400)
        with self.books.db:
            self.books.db.execute(
                "INSERT INTO refund (payment, id, rtr_id, cents, asked, status)"
                " VALUES (?, ?, ?, ?, ?, 'EM_PROCESSAMENTO')",
                (payment_id, refund_id, self.pix_id("D"), cents, self.clock()),
            )
        if self.slow_refunds:
            return _refund_view(self._refund_row(payment_id, refund_id))
        return self.settle_refund(payment_id, refund_id)

    def settle_refund(self, payment_id: str, refund_id: str) -> dict[str, Any]:
        """Executes a refund that is still in process and shows it."""
        row = self._refund_row(payment_id, refund_id)
        if row is None:
            raise Refused("PixDevolucaoNaoEncontrada", "No such refund.", 404)
        if row["status"] == "EM_PROCESSAMENTO":
            payer = self.payment(
                self.books.db.execute("SELECT * FROM payment WHERE id = ?", (payment_id,)).fetchone()
            ).payer
            status, reason = "DEVOLVIDO", None
            with self.books.db:
                try:
                    if payer.closed:
                        raise Refused("account_closed", "The account of the payer is closed.")
                    self.books.book("refund", "Pix refund", "merchant:BRL", payer.id, row["cents"])
                except (InsufficientFundsError, Refused) as fault:
                    status = "NAO_REALIZADO"
                    reason = "Conta encerrada" if isinstance(fault, Refused) else "Saldo insuficiente"
                self.books.db.execute(
                    "UPDATE refund SET status = ?, reason = ?, settled = ? WHERE payment = ? AND id = ?",
                    (status, reason, self.clock(), payment_id, refund_id),
                )
        return _refund_view(self._refund_row(payment_id, refund_id))

    def _refund_row(self, payment_id: str, refund_id: str) -> Any:
        return self.books.db.execute(
            "SELECT * FROM refund WHERE payment = ? AND id = ?", (payment_id, refund_id)
        ).fetchone()

    # ---- the merchant's credit transfers ----

    def transfer(self, order: Order, body: bytes) -> str:
        """Executes a pain.001 and gives the pain.002. Once per MsgId: the same message again gets the same answer."""
        digest = hashlib.sha256(body).hexdigest()
        known = self.books.db.execute("SELECT * FROM pain WHERE msg_id = ?", (order.message_id,)).fetchone()
        if known is not None:
            return str(known["answer"]) if known["digest"] == digest else pain002_refusing(order, "AM05", self.clock())
        with self.books.db:
            if not order.counts_agree:
                answer = pain002_refusing(order, "AM18", self.clock())
            else:
                outcome = [
                    (batch, [(transfer, self._transfer_once(batch, transfer)) for transfer in batch.transfers])
                    for batch in order.batches
                ]
                answer = pain002(order, outcome, self.clock())
            self.books.db.execute("INSERT INTO pain VALUES (?, ?, ?)", (order.message_id, digest, answer))
        return answer

    def _transfer_once(self, batch: Batch, transfer: Transfer) -> str | None:
        """Books one transfer, or gives the ISO 20022 reason why not."""
        debtor = self.books.find("iban", batch.debtor_iban)
        if debtor is None or debtor.owner != "merchant":
            return "AC02"  # invalid debtor account
        if transfer.currency != "EUR":
            return "AM03"  # not a currency of this scheme
        try:
            cents = int(amount_of(transfer.amount) * 100)
        except Refused:
            return "AM12"  # invalid amount
        if not iban_is_valid(transfer.iban):
            return "AC01"  # incorrect account number
        creditor = self.books.find("iban", transfer.iban)
        if creditor is None and transfer.iban[4:12] == BANK_CODE and transfer.iban.startswith("DE"):
            return "AC01"  # it would be one of ours, and is not
        if creditor is None:
            creditor = replace(self.books.get(f"{WORLD}:EUR"), name=transfer.creditor, iban=transfer.iban)
        if creditor.closed:
            return "AC04"  # closed account
        reference = transfer.reference if creditor_reference_is_valid(transfer.reference) else ""
        payment = Payment(
            self.transaction_id(), "sepa", debtor, creditor, cents, reference,
            transfer.text or transfer.reference, self.clock(), transfer.end_to_end_id or "NOTPROVIDED",
        )  # fmt: skip
        try:
            self.post(payment, transfer.text or f"Transfer from {debtor.name}")
        except Refused:
            return "AM04"  # insufficient funds
        self.tell(payment, credit=False)
        if transfer.end_to_end_id:
            self.books.db.execute(
                "INSERT OR IGNORE INTO sent VALUES (?, ?, NULL, NULL)", (transfer.end_to_end_id, payment.id)
            )
        return None

    def send_pix(self, key: str, name: str, valor: str) -> str:
        """A Pix that the merchant's people make on the bank's own screen: booked at once. Gives its endToEndId."""
        cents = int(amount_of(valor) * 100)
        payee = self.books.find("pix_key", key) or replace(self.books.get(f"{WORLD}:BRL"), name=name, pix_key=key)
        if payee.closed:
            raise Refused("account_closed", "The account of the payee is closed.")
        sent = Payment(
            self.pix_id("E"), "pix", self.books.get("merchant:BRL"), payee, cents, "", "", self.clock()
        )  # fmt: skip
        with self.books.db:
            self.post(sent, f"pix payment to {payee.name}")
        return sent.id

    def give_back(self, end_to_end: str, reason: str) -> str:
        """The other bank returns a transfer: booked back, once, and a camt.054 tells. Gives its transaction id."""
        sent = self.books.db.execute("SELECT * FROM sent WHERE end_to_end = ?", (end_to_end,)).fetchone()
        if sent is None:
            raise Refused("unknown_transfer", "No such transfer was sent.", 404)
        if sent["returned"]:
            return str(sent["returned"])
        there = self.payment(self.books.db.execute("SELECT * FROM payment WHERE id = ?", (sent["payment"],)).fetchone())
        back = Payment(
            self.transaction_id(),
            "sepa",
            there.payee,
            there.payer,
            there.cents,
            "",
            "",
            self.clock(),
            end_to_end,
            reason,
        )
        with self.books.db:
            self.post(back, f"Returned transfer ({reason})")
            self.books.db.execute(
                "UPDATE sent SET returned = ?, reason = ? WHERE end_to_end = ?", (back.id, reason, end_to_end)
            )
            self.tell(back, credit=True)
        return back.id


def _refund_view(row: Any) -> dict[str, Any]:
    view: dict[str, Any] = {"id": row["id"], "rtrId": row["rtr_id"], "valor": decimal(row["cents"])}
    view["horario"] = {"solicitacao": iso(row["asked"], milliseconds=True)}
    if row["settled"] is not None and row["status"] == "DEVOLVIDO":
        view["horario"]["liquidacao"] = iso(row["settled"], milliseconds=True)
    view["status"] = row["status"]
    if row["reason"]:
        view["motivo"] = row["reason"]
    return view
