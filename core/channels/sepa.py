"""SEPA credit transfer: an EPC QR with an RF reference, confirmed by camt.054; refunds and payouts as pain.001.

Sources: EPC069-12 (the code), ISO 20022 pain.001.001.03, pain.002 and camt.054 as the EPC guides use them.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

import aiohttp
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from sepaxml import SepaTransfer
from stdnum import iban as iban_number

from core.channels.reading import TooLong, whole
from core.clock import Clock
from core.payments.operations import Operation
from core.ports import Answer, Outcome, Pending, Rejected, Unknown
from core.qr import epc

NAME = "sepa"
# ISO 20022 external status reasons: this message, or a name in it, came before, so its transfer is under way.
DUPLICATES = {"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"}
_NO_BIC = "NOTPROVIDED"


def payment_code(charge: Operation, *, bic: str) -> str:
    """The EPC code of a charge: our own offer, nothing is sent. `bic` may be empty. Raises BadPayload."""
    body = charge.body
    return epc.build(
        name=body["payee"],
        iban=body["account"],
        amount=charge.amount.decimal,
        reference=body["reference"],
        bic=bic,
    )


class Sepa:
    """The rail, for refunds and payouts. `bank_url` takes pain.001 over HTTP; without one the operator makes them."""

    name = NAME
    idempotent = True  # the message id is our key: the bank refuses or repeats a second one
    key_life: timedelta | None = timedelta(days=7)  # banks look that far back for duplicates, at least
    visibility = timedelta(days=2)  # a statement tells of every transfer by then

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Clock,
        *,
        iban: str,
        holder: str,
        bic: str,
        bank_url: str,
        key: str,
        patience: float = 20,
    ) -> None:
        self._session, self._clock = session, clock
        self._iban, self._holder, self._bic = iban, holder, bic
        self._bank_url, self._key = bank_url.rstrip("/"), key
        self._patience = aiohttp.ClientTimeout(total=patience)  # seconds

    async def refund(self, operation: Operation) -> Outcome:
        """Send the pain.001; the camt.054 debit is what proves it."""
        return await self._transfer(operation)

    async def payout(self, operation: Operation) -> Outcome:
        """As a refund: one transfer, to the seller's account."""
        return await self._transfer(operation)

    async def _transfer(self, operation: Operation) -> Outcome:
        account, _, holder = operation.target.partition("\n")
        if operation.amount.asset.code != "EUR":
            return Rejected("SEPA sends euros only")
        if not iban_number.is_valid(account):
            return Rejected("no account to send it to")
        if not self._bank_url:
            return Pending(by_hand=True)
        try:
            async with self._session.post(
                f"{self._bank_url}/sepa/pain001",
                data=self.pain001(operation, account, holder),
                headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/xml"},
                timeout=self._patience,
                allow_redirects=False,
            ) as answer:
                if answer.status not in (200, 201, 202):
                    return Unknown(f"HTTP {answer.status}")
                return _status_report(await whole(answer))
        except (aiohttp.ClientError, TimeoutError, TooLong) as fault:
            return Unknown(type(fault).__name__)

    async def query(self, operation: Operation) -> Answer:
        """There is nothing to ask: the bank's statement tells."""
        return Unknown("cannot be asked")

    def pain001(self, operation: Operation, account: str, holder: str) -> bytes:
        """The credit transfer as a pain.001.001.03 document: MsgId is the operation's key, EndToEndId its reference.

        Made from the operation alone, so that a repeat is the same document to the byte.
        """
        transfer = SepaTransfer(
            {
                "name": self._holder,
                "IBAN": self._iban,
                "BIC": self._bic or _NO_BIC,
                "batch": False,
                "currency": "EUR",
            },
            schema="pain.001.001.03",
            clean=True,
        )
        made = operation.dispatched_at or self._clock.now()
        transfer.add_payment(
            {
                "name": _payee(holder),
                "IBAN": account,
                "amount": operation.amount.minor,
                "execution_date": made.date(),
                "description": _text(operation),
                "endtoend_id": operation.body["reference"],
            }
        )
        document: bytes = transfer.export(validate=False)
        return _frozen(document, operation.key, made)


def _text(operation: Operation) -> str:
    """What the receiver reads beside the amount."""
    payout = operation.body.get("payout")
    return f"Payout {payout}" if payout else f"Refund {operation.body['reference']}"


def _payee(holder: str) -> str:
    """A name that a bank's form takes: something to read, without control characters, at most 70 long."""
    name = "".join(character for character in holder if character.isprintable())[:70]
    return name if any(character.isalnum() for character in name) else "Payer"


def _frozen(document: bytes, key: str, made: datetime) -> bytes:
    """sepaxml makes random ids and reads the machine's clock: here they are the operation's own."""
    for tag, text in (("MsgId", key), ("PmtInfId", key), ("CreDtTm", f"{made:%Y-%m-%dT%H:%M:%S}")):
        document = re.sub(f"<{tag}>[^<]*<".encode(), f"<{tag}>{text}<".encode(), document)
    # The EPC's guide: no BIC is said so in Othr, as every BIC names some bank.
    return document.replace(f"<BIC>{_NO_BIC}</BIC>".encode(), f"<Othr><Id>{_NO_BIC}</Id></Othr>".encode())


def _status_report(document: bytes) -> Outcome:
    """pain.002: RJCT is a refusal with its reason; anything else, a duplicate too, means that the bank has it."""
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return Unknown("unreadable pain.002")
    texts = {_local(element): (element.text or "").strip() for element in root.iter()}
    status = texts.get("TxSts") or texts.get("PmtInfSts") or texts.get("GrpSts") or ""
    reasons = _reasons(root)
    if status == "RJCT" and DUPLICATES.isdisjoint(reasons):
        return Rejected(reasons[-1] if reasons else "RJCT")  # the payment's own comes after its group's
    return Pending(status) if status else Unknown("pain.002 without a status")


def _reasons(root: Element) -> list[str]:
    """The codes of StsRsnInf/Rsn, in the document's order; the original's data repeats other codes all around them."""
    rows = (row for info in root.iter() if _local(info) == "StsRsnInf" for row in info if _local(row) == "Rsn")
    return [(code.text or "").strip() for row in rows for code in row if _local(code) in ("Cd", "Prtry")]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
