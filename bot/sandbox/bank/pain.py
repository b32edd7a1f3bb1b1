"""The merchant's credit transfers (pain.001 read, any version, by local names) and the answer (pain.002.001.03)."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError  # defusedxml does the parsing

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.sandbox.bank.notices import grow, iso, xml_text

PAIN002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"


class NotPain001(Exception):
    """The body is no pain.001 that can be answered: not XML, an entity trick, another document, no message id."""


@dataclass(frozen=True)
class Transfer:
    """One credit transfer as ordered; nothing in it is checked yet but its presence."""

    end_to_end_id: str
    instruction_id: str
    amount: str
    currency: str
    creditor: str
    iban: str
    reference: str
    text: str


@dataclass(frozen=True)
class Batch:
    """One PmtInf block: one debtor account, its transfers."""

    id: str
    debtor_iban: str
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True)
class Order:
    """A whole pain.001."""

    message_id: str
    name: str  # e.g. pain.001.001.03
    count: str
    control_sum: str
    batches: tuple[Batch, ...]

    @property
    def counts_agree(self) -> bool:
        """NbOfTxs and, where given, CtrlSum are those of the transfers (ISO 20022 AM10/AM18 otherwise)."""
        transfers = [transfer for batch in self.batches for transfer in batch.transfers]
        try:
            total = sum((Decimal(transfer.amount) for transfer in transfers), Decimal(0))
            return int(self.count) == len(transfers) and (not self.control_sum or Decimal(self.control_sum) == total)
        except (InvalidOperation, ValueError):
            return False


def _at(element: Element | None, path: str) -> str:
    """The stripped text at a path of local names, "" when it is not there."""
    for name in path.split("/"):
        if element is None:
            return ""
        element = next((child for child in element if _local(child) == name), None)
    return (element.text or "").strip() if element is not None else ""


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _every(element: Element, name: str) -> list[Element]:
    return [found for found in element.iter() if _local(found) == name]


def read_pain001(body: bytes) -> Order:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as fault:
        raise NotPain001(f"not readable XML: {type(fault).__name__}") from None
    name = re.fullmatch(r"\{urn:iso:std:iso:20022:tech:xsd:(pain\.001\.001\.[0-9]{2})\}Document", root.tag)
    if name is None or len(root) != 1:
        raise NotPain001("not a pain.001 document")
    header = next(iter(_every(root, "GrpHdr")), None)
    message_id = _at(header, "MsgId")
    if not 1 <= len(message_id) <= 35:
        raise NotPain001("GrpHdr/MsgId must have 1 to 35 characters")
    batches = tuple(_batch(element) for element in _every(root, "PmtInf"))
    return Order(message_id, name[1], _at(header, "NbOfTxs"), _at(header, "CtrlSum"), batches)


def _batch(element: Element) -> Batch:
    transfers = tuple(_transfer(child) for child in _every(element, "CdtTrfTxInf"))
    return Batch(_at(element, "PmtInfId"), _at(element, "DbtrAcct/Id/IBAN"), transfers)


def _transfer(element: Element) -> Transfer:
    amount = next(iter(_every(element, "InstdAmt")), None)
    return Transfer(
        end_to_end_id=_at(element, "PmtId/EndToEndId"),
        instruction_id=_at(element, "PmtId/InstrId"),
        amount=(amount.text or "").strip() if amount is not None else "",
        currency=amount.get("Ccy", "") if amount is not None else "",
        creditor=_at(element, "Cdtr/Nm"),
        iban=_at(element, "CdtrAcct/Id/IBAN"),
        reference=_at(element, "RmtInf/Strd/CdtrRefInf/Ref"),
        text=_at(element, "RmtInf/Ustrd"),
    )


def pain002(order: Order, outcome: list[tuple[Batch, list[tuple[Transfer, str | None]]]], at: float) -> str:
    """The status report. `outcome` gives each transfer its reason of refusal (AC01, AC04, AM04 …) or None: booked."""
    reasons = [reason for _, transfers in outcome for _, reason in transfers]
    refused = sum(reason is not None for reason in reasons)
    group = "ACSC" if not refused else "RJCT" if refused == len(reasons) else "PART"
    document = Element("Document", xmlns=PAIN002)
    report = grow(document, "CstmrPmtStsRpt")
    header = grow(report, "GrpHdr")
    grow(header, "MsgId", f"STS-{order.message_id}"[:35])
    grow(header, "CreDtTm", iso(at))
    original = grow(report, "OrgnlGrpInfAndSts")
    grow(original, "OrgnlMsgId", order.message_id)
    grow(original, "OrgnlMsgNmId", order.name)
    grow(original, "GrpSts", group)
    for batch, transfers in outcome:
        block = grow(report, "OrgnlPmtInfAndSts")
        grow(block, "OrgnlPmtInfId", batch.id or "NOTPROVIDED")
        for transfer, reason in transfers:
            status = grow(block, "TxInfAndSts")
            if transfer.instruction_id:
                grow(status, "OrgnlInstrId", transfer.instruction_id)
            grow(status, "OrgnlEndToEndId", transfer.end_to_end_id or "NOTPROVIDED")
            grow(status, "TxSts", "RJCT" if reason else "ACSC")
            if reason:
                grow(status, "StsRsnInf/Rsn/Cd", reason)
    return xml_text(document)


def pain002_refusing(order: Order, reason: str, at: float) -> str:
    """The whole message refused before any transfer was looked at: AM05 (duplicate), AM18 (wrong count), …"""
    document = Element("Document", xmlns=PAIN002)
    report = grow(document, "CstmrPmtStsRpt")
    header = grow(report, "GrpHdr")
    grow(header, "MsgId", f"STS-{order.message_id}"[:35])
    grow(header, "CreDtTm", iso(at))
    original = grow(report, "OrgnlGrpInfAndSts")
    grow(original, "OrgnlMsgId", order.message_id)
    grow(original, "OrgnlMsgNmId", order.name)
    grow(original, "GrpSts", "RJCT")
    grow(original, "StsRsnInf/Rsn/Cd", reason)
    return xml_text(document)
