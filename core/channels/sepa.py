"""SEPA credit transfer: an EPC QR with an RF reference, confirmed by camt.054; refunds as pain.001.

Sources: EPC069-12 (the code), ISO 20022 pain.001.001.03, pain.002 and camt.054 as the EPC guides use them.
"""

from __future__ import annotations

from xml.etree.ElementTree import ParseError

import aiohttp
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from sepaxml import SepaTransfer
from stdnum import iban as iban_number

from core.clock import Clock
from core.payments.operations import Operation
from core.ports import ActionNeeded, Outcome, Pending, Rejected, Unknown
from core.qr import BadPayload, epc

NAME = "sepa"
DUPLICATE = "AM05"  # ISO 20022 external status reason: this message id came before, so its transfer is under way


class Sepa:
    """The rail. `bank_url` takes pain.001 over HTTP; without one the operator uploads the file to their bank."""

    name = NAME
    idempotent = True  # the message id is our key: the bank refuses or repeats a second one

    def __init__(
        self, session: aiohttp.ClientSession, clock: Clock, *, iban: str, holder: str, bic: str, bank_url: str, key: str
    ) -> None:
        self._session, self._clock = session, clock
        self._iban, self._holder, self._bic = iban, holder, bic
        self._bank_url, self._key = bank_url.rstrip("/"), key

    async def charge(self, operation: Operation) -> Outcome:
        """The code is our own offer: nothing is sent."""
        body = operation.body
        try:
            return ActionNeeded(
                epc.build(
                    name=body["payee"],
                    iban=body["account"],
                    amount=operation.amount.decimal,
                    reference=body["reference"],
                    bic=self._bic,
                )
            )
        except BadPayload as fault:
            return Rejected(str(fault)[:64])

    async def refund(self, operation: Operation) -> Outcome:
        """Send the pain.001; the camt.054 debit is what proves it."""
        account, _, holder = operation.target.partition("\n")
        if not iban_number.is_valid(account):
            return Rejected("no account to refund to")
        if not self._bank_url:
            return Pending("by hand")
        try:
            async with self._session.post(
                f"{self._bank_url}/sepa/pain001",
                data=self.pain001(operation, account, holder),
                headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/xml"},
                timeout=aiohttp.ClientTimeout(total=20),
                allow_redirects=False,
            ) as answer:
                if answer.status not in (200, 201, 202):
                    return Unknown(f"HTTP {answer.status}")
                return _status_report(await answer.read())
        except (aiohttp.ClientError, TimeoutError) as fault:
            return Unknown(type(fault).__name__)

    def pain001(self, operation: Operation, account: str, holder: str) -> bytes:
        """The credit transfer as a pain.001.001.03 document: MsgId is the operation's key, EndToEndId its reference."""
        transfer = SepaTransfer(
            {
                "name": self._holder,
                "IBAN": self._iban,
                "BIC": self._bic or "NOTPROVIDED",
                "batch": False,
                "currency": "EUR",
            },
            schema="pain.001.001.03",
            clean=True,
        )
        transfer.add_payment(
            {
                "name": (holder or "Payer")[:70],
                "IBAN": account,
                "amount": operation.amount.minor,
                "execution_date": self._clock.now().date(),
                "description": f"Refund {operation.body['reference']}",
                "endtoend_id": operation.body["reference"],
            }
        )
        document: bytes = transfer.export(validate=False)
        return _with_message_id(document, operation.key)


def _with_message_id(document: bytes, key: str) -> bytes:
    """sepaxml makes a random MsgId; ours is the operation's key, so that a repeat is the same message."""
    start = document.index(b"<MsgId>") + len(b"<MsgId>")
    return document[:start] + key.encode() + document[document.index(b"</MsgId>") :]


def _status_report(document: bytes) -> Outcome:
    """pain.002: RJCT is a refusal with its reason; anything else, a duplicate too, means that the bank has it."""
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return Unknown("unreadable pain.002")
    texts = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    status = texts.get("TxSts") or texts.get("PmtInfSts") or texts.get("GrpSts") or ""
    reason = texts.get("Cd") or texts.get("Prtry") or "RJCT"
    if status == "RJCT" and reason != DUPLICATE:
        return Rejected(reason)
    return Pending(status) if status else Unknown("pain.002 without a status")
