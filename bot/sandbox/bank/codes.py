"""Payment codes as the bank reads them: EPC069-12 (SEPA) and PIX BR Code. Strict; builds nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from bot.sandbox.bank.checks import cnpj_is_valid, cpf_is_valid, crc16, creditor_reference_is_valid, iban_is_valid

PIX_GUI = "br.gov.bcb.pix"
CHARSETS = {"1": "utf-8", "2": "iso8859-1", "3": "iso8859-2", "4": "iso8859-4", "5": "iso8859-5", "6": "iso8859-7",
            "7": "iso8859-10", "8": "iso8859-15"}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a code: a stable name for programs and a sentence for people."""

    code: str
    says: str


@dataclass
class Reading:
    """What one payment code asks for. It may be paid only when `problems` is empty."""

    scheme: str  # "epc", "pix" or "unknown"
    payload: str
    payee: str = ""
    account: str = ""  # an IBAN (epc) or a Pix key (pix)
    bic: str = ""
    city: str = ""
    amount: Decimal | None = None  # None: the payer types it
    currency: str = ""
    reference: str = ""  # the structured one: RF… or the Pix txid
    text: str = ""
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, says: str) -> None:
        self.problems.append(Problem(code, says))

    def must(self, holds: object, code: str, says: str) -> None:
        if not holds:
            self.wrong(code, says)


def read_code(payload: str) -> Reading:
    """Tells the scheme by its first characters and reads it; an unknown one is a Reading with a problem."""
    if payload.startswith("BCD"):
        return _read_epc(payload)
    if payload.startswith("0002"):
        return _read_pix(payload)
    reading = Reading("unknown", payload)
    reading.wrong("unknown_scheme", "This is not a payment code that this bank knows.")
    return reading


def decode_bytes(data: bytes) -> str:
    """The text of a code's bytes: UTF-8, unless an EPC code names another character set in its third line."""
    lines = data.split(b"\n")
    charset = lines[2].strip().decode("ascii", "replace") if data.startswith(b"BCD") and len(lines) > 2 else "1"
    return data.decode(CHARSETS.get(charset, "utf-8"), "replace")


# ---- EPC069-12 ----


def _read_epc(payload: str) -> Reading:
    """Line by line, EPC069-12 v2.1: at most 331 bytes and 12 lines; the only checks inside are those of IBAN and RF."""
    reading = Reading("epc", payload, currency="EUR")
    lines = payload.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    charset = CHARSETS.get(lines[2], "") if len(lines) > 2 else ""
    size = len(payload.encode(charset or "utf-8", "replace"))
    reading.must(size <= 331, "too_long", "The code holds more than the 331 bytes allowed.")
    reading.must(7 <= len(lines) <= 12, "lines", f"The code has {len(lines)} lines; 7 to 12 are allowed.")
    lines += [""] * (12 - len(lines))
    tag, version, _, kind, bic, name, iban, amount, purpose, structured, text, _info = lines[:12]
    reading.must(tag == "BCD" and kind == "SCT", "header", "The first lines do not say BCD and SCT.")
    reading.must(version in ("001", "002"), "version", f"Version {version!r} is not 001 or 002.")
    reading.must(charset, "charset", "The character set is not one of 1 to 8.")
    reading.must(bic or version == "002", "bic_missing", "Version 001 needs a BIC.")
    reading.must(
        not bic or re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", bic), "bic", "The BIC is not well formed."
    )
    reading.must(1 <= len(name) <= 70, "name", "The name of the payee must have 1 to 70 characters.")
    reading.must(iban_is_valid(iban), "iban", "The check digits of the IBAN are wrong.")
    reading.must(re.fullmatch(r"[A-Z0-9]{0,4}", purpose), "purpose", "The purpose is not a code of up to 4 characters.")
    reading.must(not structured or creditor_reference_is_valid(structured), "reference",
                 "The check digits of the RF reference are wrong.")  # fmt: skip
    reading.must(
        not (structured and text), "two_references", "It has a structured reference and a text; one is allowed."
    )
    reading.must(len(text) <= 140, "text", "The text has more than 140 characters.")
    reading.must(payload.replace("\r", "").replace("\n", "").isprintable(), "control", "It has control characters.")
    reading.payee, reading.account, reading.bic = name, iban, bic
    reading.reference, reading.text = structured, text
    reading.amount = _epc_amount(reading, amount)
    return reading


def _epc_amount(reading: Reading, amount: str) -> Decimal | None:
    if not amount:
        return None
    if not re.fullmatch(r"EUR(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?", amount) or Decimal(amount[3:]) < Decimal("0.01"):
        reading.wrong("amount", "The amount is not EUR0.01 to EUR999999999.99.")
        return None
    return Decimal(amount[3:])


# ---- PIX BR Code ----


class _Broken(Exception):
    """The tag-length-value structure ends too early or holds something else than digits."""


def _tlv(text: str) -> Iterator[tuple[str, str]]:
    while text:
        head, length = text[:2], text[2:4]
        if not (re.fullmatch("[0-9]{2}", head) and re.fullmatch("[0-9]{2}", length)) or len(text) < 4 + int(length):
            raise _Broken
        yield head, text[4 : 4 + int(length)]
        text = text[4 + int(length) :]


def _fields(reading: Reading, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        for tag, value in _tlv(text):
            reading.must(tag not in found, "twice", f"Field {tag} is there twice.")
            reading.must(value, "empty", f"Field {tag} is empty.")
            found[tag] = value
    except _Broken:
        reading.wrong("structure", "The code is cut or garbled.")
    return found


def _read_pix(payload: str) -> Reading:
    """EMV merchant-presented code with the account template of br.gov.bcb.pix, static kind (Manual do BR Code)."""
    reading = Reading("pix", payload, currency="BRL")
    fields = _fields(reading, payload)
    _check_envelope(reading, payload, fields)
    templates = [_fields(reading, fields[tag]) for tag in fields if 26 <= int(tag) <= 51]
    accounts = [template for template in templates if template.get("00", "").lower() == PIX_GUI]
    reading.must(len(accounts) == 1, "pix_account", "It must hold exactly one Pix account.")
    account = accounts[0] if accounts else {}
    reading.must(
        ("01" in account) != ("25" in account), "key_or_url", "It must hold a Pix key or a location, not both."
    )
    reading.must("25" not in account, "dynamic", "A dynamic Pix code needs a network; this bank reads static ones.")
    reading.account, reading.text = account.get("01", ""), account.get("02", "")
    if reading.account:
        reading.must(
            pix_key_is_valid(reading.account), "key", "The Pix key is of no known form, or its digits are wrong."
        )
    reading.payee, reading.city = fields.get("59", ""), fields.get("60", "")
    txid = _fields(reading, fields["62"]).get("05", "") if "62" in fields else ""
    reading.must(
        txid == "***" or re.fullmatch("[A-Za-z0-9]{0,25}", txid), "txid", "The txid is not 1 to 25 letters or digits."
    )
    reading.reference = "" if txid == "***" else txid
    reading.amount = _pix_amount(reading, fields.get("54"))
    return reading


def _check_envelope(reading: Reading, payload: str, fields: dict[str, str]) -> None:
    tags = list(fields)
    reading.must(len(payload) <= 512, "too_long", "The code has more than 512 characters.")
    reading.must(tags[:1] == ["00"] and fields["00"] == "01", "format", "The payload format is not 01.")
    reading.must(tags[-1:] == ["63"] and payload[-8:-4] == "6304", "crc_missing", "The checksum is not at the end.")
    given, computed = payload[-4:], f"{crc16(payload[:-4].encode()):04X}"
    reading.must(given == computed, "crc", "The checksum is wrong: the code is damaged or was altered.")
    reading.must(fields.get("01", "11") in ("11", "12"), "initiation", "The kind is neither static nor dynamic.")
    reading.must(re.fullmatch("[0-9]{4}", fields.get("52", "")), "mcc", "The merchant category is not four digits.")
    reading.must(fields.get("53") == "986", "currency", "The currency is not BRL (986).")
    reading.must(fields.get("58") == "BR", "country", "The country is not BR.")
    reading.must(1 <= len(fields.get("59", "")) <= 25, "name", "The name of the payee must have 1 to 25 characters.")
    reading.must(1 <= len(fields.get("60", "")) <= 15, "city", "The city must have 1 to 15 characters.")
    reading.must(payload.isprintable(), "control", "It has control characters.")


def _pix_amount(reading: Reading, amount: str | None) -> Decimal | None:
    if amount is None:
        return None
    if len(amount) > 13 or not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", amount) or not Decimal(amount):
        reading.wrong("amount", "The amount is not a positive number with at most two decimals.")
        return None
    return Decimal(amount)


def pix_key_is_valid(key: str) -> bool:
    """CPF, CNPJ, telephone, e-mail (lower case, at most 77) or a random key (lower-case UUID)."""
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    email = r"[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+"
    return (
        cpf_is_valid(key)
        or cnpj_is_valid(key)
        or bool(re.fullmatch(r"\+[1-9][0-9]{9,14}", key) or re.fullmatch(uuid, key))
        or bool(len(key) <= 77 and re.fullmatch(email, key))
    )
