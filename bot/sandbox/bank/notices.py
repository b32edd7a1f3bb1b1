"""The bodies of the bank's messages: Bacen's Pix webhook (JSON), camt.054 and camt.053.001.08 (ISO 20022 XML)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bot.sandbox.bank.books import Account
from bot.sandbox.bank.checks import make_cpf

CAMT053 = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
CAMT054 = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
BIC = "PCKTDEFFXXX"  # the pocket bank's own


def decimal(cents: int) -> str:
    """12345 -> "123.45"."""
    return f"{cents // 100}.{cents % 100:02d}"


def iso(at: float, *, milliseconds: bool = False) -> str:
    """Unix seconds as ISO 8601 in UTC with a Z."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Payment:
    """Money that moved between two accounts. `id` is the endToEndId (pix) or the bank's transaction id (sepa)."""

    id: str
    rail: str
    payer: Account
    payee: Account
    cents: int
    reference: str  # RF… or txid; "" when the payer gave none
    text: str
    at: float
    end_to_end_id: str = "NOTPROVIDED"  # what the originator of a credit transfer wrote
    returned: str = ""  # of a transfer that comes back: why (an ISO 20022 reason)
    fee: int = 0  # cents that the bank keeps within the amount


def person_number(account: Account) -> str:
    """A CPF of right form for the owner, always the same for one owner."""
    digits = "".join(character for character in account.owner if character.isdigit())[-9:]
    return make_cpf(f"{int(digits or '1'):09d}")


def pix_object(payment: Payment, refunds: list[dict[str, Any]]) -> dict[str, Any]:
    """A received Pix as the API Pix of Bacen shows it (schema Pix), in webhooks and in lists alike."""
    shown: dict[str, Any] = {"endToEndId": payment.id}
    if payment.reference:
        shown["txid"] = payment.reference
    shown |= {
        "valor": decimal(payment.cents),
        "chave": payment.payee.pix_key,
        "horario": iso(payment.at, milliseconds=True),
        "pagador": {"cpf": person_number(payment.payer), "nome": payment.payer.name},
    }
    if payment.text:
        shown["infoPagador"] = payment.text[:140]
    if refunds:
        shown["devolucoes"] = refunds
    return shown


def pix_webhook(payment: Payment) -> str:
    return json.dumps({"pix": [pix_object(payment, [])]}, ensure_ascii=False)


def grow(parent: Element, path: str, text: str | None = None, **attributes: str) -> Element:
    """Adds the elements of `path` (a/b/c) below `parent`; the last one gets the text and attributes."""
    for name in path.split("/"):
        parent = SubElement(parent, name)
    parent.text = text
    parent.attrib.update(attributes)
    return parent


def camt054(payment: Payment, *, account: Account, credit: bool, number: int) -> str:
    """A debit/credit notification with one entry: `credit` tells the side of `account` (the merchant's)."""
    document = Element("Document", xmlns=CAMT054)
    root = grow(document, "BkToCstmrDbtCdtNtfctn")
    moment = iso(payment.at)
    header = grow(root, "GrpHdr")
    grow(header, "MsgId", f"PCKT054-{number}")
    grow(header, "CreDtTm", moment)
    notification = grow(root, "Ntfctn")
    grow(notification, "Id", f"PCKT054-{number}-1")
    grow(notification, "CreDtTm", moment)
    _own_account(notification, account)
    _entry(notification, payment, account=account, credit=credit)
    return xml_text(document)


def statement(
    entries: list[tuple[int, Payment]], *, account: Account, opening: int, closing: int, number: int, at: float
) -> str:
    """A day's camt.053: balances in cents before and after, and what was booked between, each with its sign."""
    document = Element("Document", xmlns=CAMT053)
    root = grow(document, "BkToCstmrStmt")
    header = grow(root, "GrpHdr")
    grow(header, "MsgId", f"PCKT053-{number}")
    grow(header, "CreDtTm", iso(at))
    part = grow(root, "Stmt")
    grow(part, "Id", f"PCKT053-{number}-1")
    grow(part, "ElctrncSeqNb", str(number))
    grow(part, "CreDtTm", iso(at))
    _own_account(part, account)
    for kind, cents in (("OPBD", opening), ("CLBD", closing)):
        balance = grow(part, "Bal")
        grow(balance, "Tp/CdOrPrtry/Cd", kind)
        grow(balance, "Amt", decimal(abs(cents)), Ccy=account.currency)
        grow(balance, "CdtDbtInd", "CRDT" if cents >= 0 else "DBIT")
        grow(balance, "Dt/Dt", iso(at)[:10])
    for cents, payment in entries:
        _entry(part, payment, account=account, credit=cents > 0)
    return xml_text(document)


def _own_account(part: Element, account: Account) -> None:
    own = grow(part, "Acct")
    grow(own, "Id/IBAN", account.iban)
    grow(own, "Ccy", account.currency)
    grow(own, "Ownr/Nm", account.name)
    grow(own, "Svcr/FinInstnId/BICFI", BIC)


def _entry(part: Element, payment: Payment, *, account: Account, credit: bool) -> None:
    moment, amount = iso(payment.at), decimal(payment.cents)
    entry = grow(part, "Ntry")
    side = "CRDT" if credit else "DBIT"
    grow(entry, "NtryRef", payment.id)
    grow(entry, "Amt", amount, Ccy=account.currency)
    grow(entry, "CdtDbtInd", side)
    grow(entry, "Sts/Cd", "BOOK")
    grow(entry, "BookgDt/DtTm", moment)
    grow(entry, "ValDt/Dt", moment[:10])
    grow(entry, "AcctSvcrRef", payment.id)
    domain = grow(entry, "BkTxCd/Domn")
    grow(domain, "Cd", "PMNT")
    family = grow(domain, "Fmly")
    grow(family, "Cd", "RCDT" if credit else "ICDT")
    grow(family, "SubFmlyCd", "ESCT")
    _details(grow(entry, "NtryDtls/TxDtls"), payment, side, amount, account.currency)


def _details(details: Element, payment: Payment, side: str, amount: str, currency: str) -> None:
    references = grow(details, "Refs")
    grow(references, "AcctSvcrRef", payment.id)
    grow(references, "EndToEndId", payment.end_to_end_id)
    grow(references, "TxId", payment.id)
    grow(details, "Amt", amount, Ccy=currency)
    grow(details, "CdtDbtInd", side)
    if payment.fee:
        record = grow(details, "Chrgs/Rcrd")
        grow(record, "Amt", decimal(payment.fee), Ccy=currency)
        grow(record, "CdtDbtInd", side)
        grow(record, "ChrgInclInd", "true")
    parties = grow(details, "RltdPties")
    for tag, party in (("Dbtr", payment.payer), ("Cdtr", payment.payee)):
        grow(parties, f"{tag}/Pty/Nm", party.name)
        if party.iban:
            grow(parties, f"{tag}Acct/Id/IBAN", party.iban)
    grow(details, "RltdAgts/DbtrAgt/FinInstnId/BICFI", BIC)
    if payment.reference:
        information = grow(details, "RmtInf/Strd/CdtrRefInf")
        grow(information, "Tp/CdOrPrtry/Cd", "SCOR")
        grow(information, "Ref", payment.reference)
    elif payment.text:
        grow(details, "RmtInf/Ustrd", payment.text[:140])
    if payment.returned:
        grow(details, "RtrInf/Rsn/Cd", payment.returned)


def xml_text(document: Element) -> str:
    indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(document, encoding="unicode") + "\n"
